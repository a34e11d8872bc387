//! The domain: partner, user, job; and the policy that turns evidence into a verdict.
//!
//! Knows nothing of HTTP, SQL or pixels.

pub mod job;
pub mod partner;
pub mod user;
