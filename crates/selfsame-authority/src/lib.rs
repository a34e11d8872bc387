//! Asks authorities about identities.
//!
//! An authority answers a question about one person: the record, or that there is none. Which authority answers for which partner,
//! country and ID type stands in the operator's file ([`Authorities`]).

mod asking;
mod authorities;
mod authority;
pub mod camara;
pub mod config;
mod guard;
mod http;
pub mod id_types;
mod kinds;
pub mod mosip;
pub mod offering;
mod photo_text;
pub mod register;
mod sandbox;
mod service;

pub use asking::Asking;
pub use authorities::{Asked, Authorities, Offered};
pub use authority::{AskError, Authority};
pub use guard::{Availability, LastQuestion};
pub use photo_text::{NotBase64, photo_of_text};
