//! The domain: partner, user, job; and the policy that turns evidence into a verdict.
//!
//! Knows nothing of HTTP, SQL or pixels.

pub mod admission;
pub mod job;
pub mod outcome;
pub mod partner;
pub mod policy;
pub mod sandbox;
pub mod user;
pub mod verdict;
