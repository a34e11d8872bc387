//! Results on their way to partners.

mod address;
pub mod backoff;
pub(crate) mod deliver;
pub mod effort;
mod message;
pub mod target;
