//! Every test of the store from outside, in one binary: each binary links both databases' drivers anew.
//! `cargo nextest run -p selfsame-store --test suite blobs::` runs one file's.

mod blobs;
mod changes;
#[path = "conformance/main.rs"]
mod conformance;
mod keys;
mod migrations;
mod moving;
mod vault;

use conformance::{fixture, place};
