//! Results on their way to partners.

mod address;
pub mod backoff;
pub(crate) mod deliver;
pub mod target;
