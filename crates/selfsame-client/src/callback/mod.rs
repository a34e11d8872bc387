//! Receives results: put it before whatever a partner's service does with them.
//!
//! [`CallbackVerifier`] tells the server's own results from others; with the feature `axum`, `VerifiedResult` does so as
//! an extractor. [`Received`] tells which results have come before.

#[cfg(feature = "axum")]
mod extract;
mod received;
mod verify;

#[cfg(feature = "axum")]
pub use extract::{NotVerified, VerifiedResult};
pub use received::Received;
pub use verify::{CallbackError, CallbackVerifier};
