//! What operators do, once for all who ask: the command line, the operator API, and whatever comes after them.
//!
//! Who asks has been let in already, and names who acts: each action that changes something is on the audit's record under that
//! name, in the transaction that changes it.

mod jobs;
mod partners;
mod receipts;
mod registers;
pub mod reviews;
mod token_keys;
mod tokens;
mod users;

use selfsame_job::audit::{Actor, NotAnActor};
use selfsame_job::fraud::NoClearing;
use selfsame_store::error::StoreError;
use selfsame_store::store::{RegisterName, Store};
use selfsame_wire::id::{PartnerId, SmileJobId, UserId};

pub use partners::NewPartner;
pub use tokens::{Holder, LONGEST_TOKEN_DAYS, NewToken, hash_of_token};
pub use users::UserShown;

use crate::callback::target::TargetError;
use crate::random::NoRandomness;

/// Somebody who acts on a store.
#[derive(Debug, Clone)]
pub struct Operator<'s> {
    store: &'s dyn Store,
    actor: Actor,
}

/// Why something was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// There is no such partner.
    #[error("there is no partner {0}")]
    NoPartner(PartnerId),
    /// The id is taken.
    #[error("there is a partner {0} already")]
    PartnerExists(PartnerId),
    /// Nobody is known of this name.
    #[error("there is no user {0}")]
    NoUser(UserId),
    /// Nothing is left to change.
    #[error("there is no user {0}, or it was deleted and nothing is left of it")]
    UserGone(UserId),
    /// There is nothing to forget.
    #[error("no attempt of {0} failed since its last success")]
    NothingFailed(UserId),
    /// There is nothing to lift.
    #[error("the user {0} is not locked for fraud")]
    NotReported(UserId),
    /// Nobody would know later why.
    #[error(transparent)]
    NoClearing(#[from] NoClearing),
    /// Callbacks may not go there.
    #[error(transparent)]
    CallbackUrl(#[from] TargetError),
    /// There is nothing to send.
    #[error(
        "the job {0} has not ended, or has no callback URL (nor its partner), or what it held was erased"
    )]
    NoCallback(SmileJobId),
    /// There is no such token.
    #[error("there is no token of the name {0}")]
    NoToken(String),
    /// There is no such register.
    #[error("there is no register {0}")]
    NoRegister(RegisterName),
    /// There is no such entry.
    #[error("the register {0} has no entry of this number")]
    NoEntry(RegisterName),
    /// The audit cannot name whoever holds the token.
    #[error("the token's name: {0}")]
    TokenName(#[from] NotAnActor),
    /// The token would live too long, or not at all.
    #[error("a token lives at least a second and at most {LONGEST_TOKEN_DAYS} days")]
    TokenLife,
    /// No secret can be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<'s> Operator<'s> {
    /// Acts on a store under this name.
    #[must_use]
    pub const fn new(store: &'s dyn Store, actor: Actor) -> Self {
        Self { store, actor }
    }
}

#[cfg(test)]
mod tests;
