//! Users: the people whom a partner enrols.

use jiff::Timestamp;
use selfsame_face::template::{Template, TemplateModel};
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
    /// It was reported for fraud, and no operator has cleared it since. It stays so whatever becomes of the status.
    pub fraud_locked: bool,
    /// The enrolled face: the template that the latest enrolment made. Absent when its photo was erased (2216).
    pub reference: Option<Reference>,
    /// Further templates of the same person: of earlier enrolments that the latest one matched, and of its photo by other
    /// models. None where there is no `reference`.
    pub further: Vec<Reference>,
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

/// How a user stands: what lets its jobs begin, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserStanding {
    /// Whether it may authenticate.
    pub status: UserStatus,
    /// It was reported for fraud, and not cleared since.
    pub fraud_locked: bool,
}

impl UserStanding {
    /// That of a user that nobody reported.
    #[must_use]
    pub const fn unlocked(status: UserStatus) -> Self {
        Self {
            status,
            fraud_locked: false,
        }
    }
}

/// What of a user a job was judged by. It must still be so in the moment that the job's outcome, or a review's, takes effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserState {
    /// Whether it was on record, and how it stood.
    pub status: Option<UserStatus>,
    /// It was reported for fraud, and not cleared since.
    pub fraud_locked: bool,
    /// The photograph of the reference on file.
    pub photo: Option<SmileJobId>,
}

impl UserState {
    /// A user's, or that of nobody.
    #[must_use]
    pub fn of(user: Option<&User>) -> Self {
        Self {
            status: user.map(|u| u.status),
            fraud_locked: user.is_some_and(|u| u.fraud_locked),
            photo: user.and_then(|u| Some(u.reference.as_ref()?.photo.clone())),
        }
    }
}

/// The reference that probes are compared with.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The enrolled template, of whichever model it is.
    pub template: Template,
    /// The job whose package holds the photograph. It is kept for a user's `reference` only.
    pub photo: SmileJobId,
}

/// How many enrolments of a user each model has templates of, the latest included.
pub const CAPTURES: usize = 3;

impl User {
    /// How it stands.
    #[must_use]
    pub const fn standing(&self) -> UserStanding {
        UserStanding {
            status: self.status,
            fraud_locked: self.fraud_locked,
        }
    }

    /// All templates on file, the latest enrolment's first.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.reference.iter().chain(&self.further)
    }

    /// Those of one model.
    pub fn references_by<'u>(
        &'u self,
        model: &'u TemplateModel,
    ) -> impl Iterator<Item = &'u Reference> + use<'u> {
        self.references()
            .filter(move |r| r.template.model() == model)
    }

    /// Which earlier enrolments' templates stay beside that of a new one, by their photos.
    ///
    /// Where the new face was found to be that on file (`matched`): the latest of the same model, so that there are
    /// [`CAPTURES`] together. Else none: whoever was enrolled before must not be let in as the new face.
    #[must_use]
    pub fn kept_beside(&self, new: &TemplateModel, matched: bool) -> Vec<SmileJobId> {
        if !matched {
            return Vec::new();
        }
        self.references_by(new)
            .map(|r| r.photo.clone())
            .take(CAPTURES - 1)
            .collect()
    }
}
