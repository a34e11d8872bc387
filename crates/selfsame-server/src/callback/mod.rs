//! Results on their way to partners.

pub mod backoff;
pub(crate) mod deliver;
pub mod target;
