//! What proves a caller, and what does not: web tokens, signatures of answers, the demo's page.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test"
)]

mod answers;
mod demo;
mod web_tokens;
