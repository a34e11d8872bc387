//! Users: the people whom a partner enrols.

use jiff::Timestamp;
use selfsame_face::template::Template;
use selfsame_wire::id::{Environment, PartnerId, SmileJobId, UserId};
use serde::{Deserialize, Serialize};

/// Names one user: the same `user_id` at another partner or in another environment is another person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserKey {
    /// Whose user.
    pub partner: PartnerId,
    /// In which environment.
    pub environment: Environment,
    /// The partner's name of the user.
    pub user: UserId,
}

/// A user that has been enrolled at some time.
#[derive(Debug, Clone)]
pub struct User {
    /// Who.
    pub key: UserKey,
    /// Whether it may authenticate.
    pub status: UserStatus,
    /// The enrolled face; absent when its photo was erased (2216).
    pub reference: Option<Reference>,
    /// The first enrolment.
    pub enrolled_at: Timestamp,
    /// The latest change.
    pub updated_at: Timestamp,
}

/// Whether a user may authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Enrolled and allowed.
    Active,
    /// Kept, but refused until enabled again (2207).
    Disabled,
    /// Template and photographs erased; the name stays taken (2208).
    Deleted,
}

/// What of a user a job was judged by. It must still be so in the moment that the job's outcome, or a review's, takes effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserState {
    /// Whether it was on record, and how it stood.
    pub status: Option<UserStatus>,
    /// The photograph of the reference on file.
    pub photo: Option<SmileJobId>,
}

impl UserState {
    /// A user's, or that of nobody.
    #[must_use]
    pub fn of(user: Option<&User>) -> Self {
        Self {
            status: user.map(|u| u.status),
            photo: user.and_then(|u| Some(u.reference.as_ref()?.photo.clone())),
        }
    }
}

/// The reference that probes are compared with.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The enrolled template.
    pub template: Template,
    /// SHA-256 (hex) of the model that made it: templates of two models do not compare (2211).
    pub model_digest: String,
    /// The job whose package holds the photograph.
    pub photo: SmileJobId,
}
