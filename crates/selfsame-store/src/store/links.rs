//! Links that partners send to people.

use async_trait::async_trait;
use jiff::Timestamp;
use selfsame_wire::id::{Environment, PartnerId, UserId};
use selfsame_wire::v3::smile_link::{LinkRef, LinkState, Terms};

use crate::error::StoreError;

/// A link about to be recorded.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// What opens it.
    pub reference: LinkRef,
    /// Whose.
    pub partner: PartnerId,
    /// In which environment its jobs are.
    pub environment: Environment,
    /// Whose jobs it makes; `None`: each job has a user of its own.
    pub user: Option<UserId>,
    /// Whether one job uses it up.
    pub single_use: bool,
    /// When its time is over.
    pub expires_at: Timestamp,
    /// What it lets a person do.
    pub terms: Terms,
}

/// A link on record.
#[derive(Debug, Clone)]
pub struct Link {
    /// Whose.
    pub partner: PartnerId,
    /// In which environment its jobs are.
    pub environment: Environment,
    /// Whose jobs it makes; `None`: each job has a user of its own.
    pub user: Option<UserId>,
    /// Whether one job uses it up.
    pub single_use: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its time is over.
    pub expires_at: Timestamp,
    /// How many jobs were begun there.
    pub uses: u64,
    /// Where it stands, by the time that all who write share.
    pub state: LinkState,
    /// What it lets a person do.
    pub terms: Terms,
}

/// What recording a link came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It is on record.
    Recorded,
    /// Nothing was recorded: another link of the same user is open.
    UserHasOne,
}

/// Links on record.
///
/// A job takes its link in the transaction that records it (`Prepared::LinkTaken` where it cannot): a link that is good for one job is
/// taken by one, whoever else opened it. A job whose package never came gives it back, and gives way to the next that is begun there.
#[async_trait]
pub trait Links: Send + Sync {
    /// Records a link, unless its user has another that is open. Of two at once, one is recorded.
    async fn make_link(&self, new: &NewLink) -> Result<Made, StoreError>;
    /// A link by its name.
    async fn link(&self, reference: &LinkRef) -> Result<Option<Link>, StoreError>;
    /// Forgets links that expired before. Returns how many.
    async fn expire_links(&self, before: Timestamp) -> Result<u64, StoreError>;
}
