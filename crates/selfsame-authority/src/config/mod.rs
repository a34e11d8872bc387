//! The operator's file: which authorities there are, how they may be asked, and for whom each answers.

mod error;
mod file;
mod limits;
mod one_or_many;
mod place;
mod routes;
mod secret;

pub use error::ConfigError;
pub(crate) use file::{Described, File, Kind};
pub use limits::Limits;
pub(crate) use one_or_many::OneOrMany;
pub use place::Place;
pub(crate) use routes::Routes;
pub use secret::{Secret, SecretSource};
