//! Identities: what an authority is asked about a person, and what it answers.
//!
//! An authority is whoever keeps records of people under numbers: a national register, a bank, a company's staff office. The
//! `selfsame-authority` crate asks them; here is what is said.

mod canonical;
mod comparing;
mod lookup;
mod matches;
mod query;
mod record;

pub use canonical::canonical_number;
pub use lookup::{Answer, Lookup};
pub use matches::{FieldMatch, FieldMatches};
pub use query::{IdentityQuery, IncompleteQuery};
pub use record::{BusinessRecord, IdentityRecord, Photo};
