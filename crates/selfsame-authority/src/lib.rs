//! Asks authorities about identities.
//!
//! An authority answers a question about one person: the record, or that there is none. Which authority answers for which partner,
//! country and ID type stands in the operator's file ([`Authorities`]).

mod asking;
mod authority;

pub use asking::Asking;
pub use authority::{AskError, Authority};
