//! Tokens for the operator API: made, listed, withdrawn, and known again.

use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::audit::Actor;
use selfsame_job::operator::{OperatorRole, TokenTerms};
use selfsame_store::store::AdminToken;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{NotDone, Operator};
use crate::random;

/// No token lives longer, unless it is made to live for ever.
pub const LONGEST_TOKEN_DAYS: u32 = 3660;

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken<'t> {
    /// Whose; the audit records it with whatever the token is used for.
    pub name: &'t str,
    /// What it allows.
    pub role: OperatorRole,
    /// How long it lives; for ever where this is absent.
    pub expires_in: Option<Duration>,
}

/// Who holds a token, and what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// By what name the audit records it.
    pub actor: Actor,
    /// What it may do.
    pub role: OperatorRole,
}

/// What is kept of a token.
#[must_use]
pub fn hash_of_token(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn actor_of(name: &str) -> Result<Actor, NotDone> {
    Ok(Actor::new(format!("admin:{name}"))?)
}

impl Operator<'_> {
    /// Makes a token, which is shown this once; one of the same name is replaced.
    ///
    /// # Errors
    /// [`NotDone::TokenName`] and [`NotDone::TokenLife`], or what the store says.
    pub async fn add_token(&self, new: &NewToken<'_>) -> Result<(String, AdminToken), NotDone> {
        // The audit will name it.
        actor_of(new.name)?;
        let now = Timestamp::now();
        let longest = Duration::from_secs(u64::from(LONGEST_TOKEN_DAYS) * 24 * 3600);
        let expires_at = match new.expires_in {
            Some(life) if life.as_secs() == 0 || life > longest => return Err(NotDone::TokenLife),
            Some(life) => Some(now.checked_add(life).map_err(|_| NotDone::TokenLife)?),
            None => None,
        };
        let token = random::secret()?;
        let record = AdminToken {
            name: new.name.to_owned(),
            hash: hash_of_token(&token),
            created_at: now,
            terms: TokenTerms {
                role: Some(new.role),
                expires_at,
            },
        };
        self.store.put_admin_token(&record, &self.actor).await?;
        Ok((token, record))
    }

    /// Every token, by name.
    ///
    /// # Errors
    /// What the store says.
    pub async fn tokens(&self) -> Result<Vec<AdminToken>, NotDone> {
        Ok(self.store.admin_tokens().await?)
    }

    /// Withdraws a token; it is dead at once.
    ///
    /// # Errors
    /// [`NotDone::NoToken`], or what the store says.
    pub async fn remove_token(&self, name: &str) -> Result<(), NotDone> {
        if !self.store.remove_admin_token(name, &self.actor).await? {
            return Err(NotDone::NoToken(name.to_owned()));
        }
        Ok(())
    }
}

impl Holder {
    /// Who holds a token, of those on record and the one whose hash stands in `further`, if that is its own and it lives.
    /// Every token is compared, whichever fits: time does not tell.
    pub(crate) fn of(
        token: &str,
        on_record: &[AdminToken],
        further: Option<&[u8; 32]>,
        now: Timestamp,
    ) -> Option<Self> {
        let given = hash_of_token(token);
        let mut found = None;
        for token in on_record {
            if bool::from(token.hash.ct_eq(&given)) {
                found = Some((token.name.as_str(), token.terms));
            }
        }
        if let Some(hash) = further
            && bool::from(hash.ct_eq(&given))
        {
            // Whoever starts the server with a file stands as those did who made a token before there were roles.
            let terms = TokenTerms {
                role: None,
                expires_at: None,
            };
            found = Some(("token-file", terms));
        }
        let (name, terms) = found.filter(|(_, terms)| !terms.is_expired(now))?;
        Some(Self {
            actor: actor_of(name).ok()?,
            role: terms.role(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_record(name: &str, token: &str, terms: TokenTerms) -> AdminToken {
        AdminToken {
            name: name.to_owned(),
            hash: hash_of_token(token),
            created_at: Timestamp::UNIX_EPOCH,
            terms,
        }
    }

    #[test]
    fn a_token_is_known_with_its_role_until_it_expires() {
        let now = Timestamp::UNIX_EPOCH;
        let second = jiff::SignedDuration::from_secs(1);
        let terms = |role, expires_at| TokenTerms { role, expires_at };
        let all = [
            on_record(
                "eve",
                "one",
                terms(Some(OperatorRole::Operator), Some(now + second)),
            ),
            on_record("old", "two", terms(None, None)),
        ];
        let file = hash_of_token("three");
        let of = |token: &str, now| Holder::of(token, &all, Some(&file), now);
        let held = |token: &str, now| of(token, now).map(|h| (h.actor.to_string(), h.role));
        let known = |name: &str, role| Some((name.to_owned(), role));
        assert_eq!(held("one", now), known("admin:eve", OperatorRole::Operator));
        assert_eq!(held("one", now + second), None);
        assert_eq!(held("two", now), known("admin:old", OperatorRole::Reviewer));
        assert_eq!(
            held("three", now),
            known("admin:token-file", OperatorRole::Reviewer)
        );
        for unknown in ["", "One", "one "] {
            assert_eq!(held(unknown, now), None);
        }
        assert_eq!(Holder::of("three", &all, None, now), None);
    }
}
