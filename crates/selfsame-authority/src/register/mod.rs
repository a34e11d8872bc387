//! A register of the operator's own: people that were imported into the store.

pub mod import;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use selfsame_job::identity::Answer;
use selfsame_store::store::{EntryKey, RegisterName, Registers};

use crate::asking::Asking;
use crate::authority::{AskError, Authority};

/// Answers from one register.
pub struct Register {
    name: RegisterName,
    store: Arc<dyn Registers>,
}

impl Register {
    /// The register of this name. One that nobody imported into knows nobody.
    #[must_use]
    pub fn new(name: RegisterName, store: Arc<dyn Registers>) -> Self {
        Self { name, store }
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Register({})", self.name)
    }
}

#[async_trait]
impl Authority for Register {
    async fn ask(&self, asking: &Asking) -> Result<Answer, AskError> {
        let query = &asking.query;
        let Some(key) = EntryKey::new(query.country, query.id_type.clone(), &query.id_number)
        else {
            return Ok(Answer::NotFound);
        };
        let found = self.store.register_entry(&self.name, &key).await;
        let found = found.map_err(|error| {
            if error.is_unreadable() {
                AskError::Nonsense(error.to_string())
            } else {
                AskError::Unreachable(error.to_string())
            }
        })?;
        Ok(match found {
            None => Answer::NotFound,
            Some(mut record) => {
                // Told only where it is written otherwise than it was asked for.
                record.id_number = record
                    .id_number
                    .filter(|number| number != query.id_number.reveal());
                Answer::Found(Box::new(record))
            }
        })
    }
}

#[cfg(test)]
mod tests;
