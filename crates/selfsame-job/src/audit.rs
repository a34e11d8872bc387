//! What operators do, and what partners do to users, put on record: who did what to whom, when.

use jiff::Timestamp;
use selfsame_wire::id::PartnerId;
use serde::{Deserialize, Serialize};

/// Who acts: `cli:NAME` on the command line, `admin:NAME` by the operator API, `partner:ID` by the wire API, `server`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Actor(String);

/// The text names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name must be 1 to 100 bytes without control characters")]
pub struct NotAnActor;

impl Actor {
    /// Accepts 1 to 100 bytes without control characters.
    ///
    /// # Errors
    /// For any other text.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAnActor> {
        let text = text.into();
        if text.is_empty() || text.len() > 100 || text.chars().any(char::is_control) {
            return Err(NotAnActor);
        }
        Ok(Self(text))
    }

    /// The server itself.
    #[must_use]
    pub fn server() -> Self {
        Self("server".to_owned())
    }

    /// A partner, by its id. One with an id that is too long is named by what it acted on.
    #[must_use]
    pub fn partner(id: &PartnerId) -> Self {
        Self::new(format!("partner:{id}")).unwrap_or_else(|_| Self("partner".to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Actor {
    type Error = NotAnActor;
    fn try_from(text: String) -> Result<Self, NotAnActor> {
        Self::new(text)
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.0
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// The chain begins.
    AuditBegun,
    /// A partner was added.
    PartnerAdded,
    /// Production was enabled or disabled for a partner.
    PartnerProductionSet,
    /// Signatures over what a partner submits were demanded, or no longer.
    PartnerSignaturesSet,
    /// Where results go of jobs that name no callback URL was set, or nowhere; the details tell the origin, without path and query.
    PartnerCallbackSet,
    /// An API key was replaced.
    PartnerKeyReplaced,
    /// A user was disabled.
    UserDisabled,
    /// A user was enabled again.
    UserEnabled,
    /// A user was deleted.
    UserDeleted,
    /// A user's failed attempts were forgotten, and with them its lock.
    UserUnlocked,
    /// A user was reported as a fraud, or as none.
    UserReported,
    /// An operator lifted the lock that a report of fraud brought.
    UserCleared,
    /// A review was decided.
    ReviewDecided,
    /// A callback was sent once more.
    CallbackReplayed,
    /// An authority was asked about an identity, for a job.
    IdentityLookedUp,
    /// A policy came into force: the server started.
    PolicyInForce,
    /// A token for the operator API was made or replaced.
    AdminTokenAdded,
    /// A token for the operator API was withdrawn.
    AdminTokenRemoved,
    /// A new data key encrypts what is written from now on.
    DataKeyRotated,
    /// A new key makes v3 tokens from now on; the details tell how many older ones were erased.
    TokenKeyReplaced,
    /// Another master key wraps the data keys.
    MasterKeyReplaced,
    /// Older data was encrypted anew, and the keys that encrypted it erased.
    DataReencrypted,
    /// Making templates anew by another model began.
    TemplatesRemakeBegun,
    /// Templates were made anew by another model; the details tell how many.
    TemplatesRemade,
    /// Templates of other models than the one in use were erased.
    TemplatesForgotten,
    /// Entries were put into a register; the details tell how many.
    RegisterImported,
    /// An entry of a register was erased.
    RegisterEntryRemoved,
    /// A register was erased; the details tell how many entries it had.
    RegisterRemoved,
    /// A new key signs receipts from now on; the details tell how many older ones were forgotten.
    ReceiptKeyRotated,
    /// Everything was moved here from a data directory; the details tell how many rows and packages.
    StoreMoved,
    /// The chain was broken; a new segment begins behind the break that the details name.
    AuditSegmentBegun,
}

/// Something to put on record.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Who did it.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
    /// To whom or what, e.g. `partner 2343` or `user 2343/production/ada`.
    pub subject: String,
    /// Whatever else is to be remembered; no secrets, no biometrics, no free text.
    pub details: serde_json::Value,
}

/// Something on record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditRecord {
    /// Its place in the chain, from 1 without gaps.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What, as [`AuditAction`] is written.
    pub action: String,
    /// To whom or what.
    pub subject: String,
    /// Whatever else; JSON.
    pub details: String,
    /// The code of the record before it; zeros for the first of a segment. Hexadecimal.
    pub previous: String,
    /// HMAC-SHA256 over all of the above, by a key that is not in the database. Hexadecimal.
    pub code: String,
}
