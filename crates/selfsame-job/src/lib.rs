//! The domain: partner, user, job; and the policy that turns evidence into a verdict.
//!
//! Knows nothing of HTTP, SQL or pixels.

pub mod admission;
pub mod approval;
pub mod audit;
pub mod callback_url;
pub mod challenge;
pub mod erasure;
pub mod fraud;
pub mod fusion;
pub mod identity;
pub mod job;
pub mod liveness;
pub mod lockout;
pub mod operator;
pub mod outcome;
pub mod partner;
pub mod policy;
pub mod portrait;
pub mod product;
mod quality;
pub mod reason;
pub mod replay;
pub mod review;
pub mod sandbox;
pub mod served;
pub mod step;
pub mod user;
pub mod verdict;
