//! What every back end must do, written against the interface.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

#[macro_use]
pub mod place;

mod attempts;
mod audit;
mod challenges;
mod consent_sessions;
mod delivery_turns;
mod erasure;
mod faces;
pub mod fixture;
mod fraud;
mod images;
mod jobs;
mod links;
mod nodes;
mod partners;
mod receipt_keys;
mod registers;
mod repeats;
mod replays;
mod reviews;
mod secrecy;
mod steps;
mod sweep;
mod templates;
mod together;
mod token_keys;
mod turns;
mod unreadable;
