//! Receives results: put it before whatever a partner's service does with them.
//!
//! [`CallbackVerifier`] tells the server's own results from others; with the feature `axum`, `VerifiedResult` does so as
//! an extractor, and `VerifiedV3Result` for the results of v3 jobs. [`Received`] tells which results have come before.

#[cfg(feature = "axum")]
mod extract;
mod received;
mod verify;

#[cfg(feature = "axum")]
pub use extract::{NotVerified, VerifiedResult, VerifiedV3Result};
pub use received::Received;
pub use verify::{CallbackError, CallbackVerifier};
