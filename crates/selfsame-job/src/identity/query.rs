//! What an authority is asked.

use selfsame_wire::id_info::{Country, IdInfo, IdNumber, IdType};
use serde::{Deserialize, Serialize};

use super::canonical_number;

/// A question to an authority: the record of this number, of this type, in this country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityQuery {
    /// Whose authority.
    pub country: Country,
    /// Which of its records.
    pub id_type: IdType,
    /// Which person.
    pub id_number: IdNumber,
    /// All that the request said of the identity, these three included: some types need more, and it is compared with the record.
    pub given: IdInfo,
}

/// A field that a question cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is required to look an identity up")]
pub struct IncompleteQuery(pub &'static str);

impl IdentityQuery {
    /// What `given` asks.
    ///
    /// # Errors
    /// [`IncompleteQuery`] names the field that is missing.
    pub fn new(given: &IdInfo) -> Result<Self, IncompleteQuery> {
        Ok(Self {
            country: given.country.ok_or(IncompleteQuery("country"))?,
            id_type: (given.id_type.clone()).ok_or(IncompleteQuery("id_type"))?,
            id_number: (given.id_number.clone()).ok_or(IncompleteQuery("id_number"))?,
            given: given.clone(),
        })
    }

    /// The number in the form by which two questions are about the same person, however they write it.
    #[must_use]
    pub fn canonical_number(&self) -> IdNumber {
        canonical_number(&self.id_number)
    }
}
