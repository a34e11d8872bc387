//! Whether an approval may take effect: the rules of the moment in which a person approves, not of the one in which the job ran.
//!
//! Between the two a user may be enrolled, replaced, disabled or deleted, the same person may enrol under another name, a
//! file may pass in another job, and the policy or the model may change. What a person was not shown, he did not approve.

use selfsame_face::template::{ComparisonScore, TemplateModel};
use selfsame_wire::id::UserId;

use crate::admission::NotAdmitted;
use crate::job::{Job, JobType};
use crate::lockout::Tried;
use crate::policy::{Policies, Policy};
use crate::product::FaceProduct;
use crate::reason::Response;
use crate::replay::Duplicate;
use crate::review::ReviewDecision;
use crate::sandbox::{self, Forced};
use crate::served::Served;
use crate::user::{Reference, User, UserState};

/// Why an approval cannot take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// The user or the policy does not admit the job any more.
    NotAdmitted(NotAdmitted),
    /// The user was enrolled, or enrolled anew, since the job was judged: what the person saw compared is not on file.
    OtherReference,
    /// The template that waited was erased, or none was made.
    NoTemplate,
    /// The template that waited was made by a model that is not in use any more.
    OtherModel,
    /// The policy refuses images that were accepted before, and one of these was.
    Replayed,
    /// The policy minds duplicates, and there is one that the person was not shown.
    Duplicate,
}

impl Hindrance {
    /// What stands in the way and what to do.
    #[must_use]
    pub fn explain(self, job_type: JobType) -> &'static str {
        match self {
            Self::NotAdmitted(why) => why.explain(job_type),
            Self::OtherReference => {
                "this user was enrolled with another photo while the job waited; submit the job again"
            }
            Self::NoTemplate => "the template that waited was erased, or none was made",
            Self::OtherModel => {
                "the template that waited was made by another recognition model; enrol again"
            }
            Self::Replayed => "an image of this capture was used in another job: capture anew",
            Self::Duplicate => {
                "this person was enrolled under another user_id while the job waited"
            }
        }
    }
}

/// A job that a person approves, with all that is known at that moment.
#[derive(Debug)]
pub struct Approval<'a> {
    /// The job.
    pub job: &'a Job,
    /// Its user now.
    pub user: Option<&'a User>,
    /// Its user when the job was judged.
    pub judged: &'a UserState,
    /// The template that waits, of an enrolment.
    pub template: Option<&'a Reference>,
    /// The policies in force.
    pub policies: &'a Policies,
    /// The models that are served, where they are known.
    pub served: Option<&'a Served>,
    /// One of its very files was accepted in another attempt.
    pub replayed: bool,
    /// Other users with this face, as [`duplicates_from`] asks for them.
    pub duplicates: &'a [Duplicate],
    /// Those of them that the person was shown.
    pub shown: &'a [UserId],
}

/// Whether the sandbox forced the job's outcome: then nothing is looked for, as nothing was.
#[must_use]
pub fn is_forced(job: &Job) -> bool {
    let forced = sandbox::forced(
        job.environment(),
        job.request.sandbox_result.as_deref(),
        job.user_id(),
    );
    matches!(forced, Ok(Some(Forced::Result(_))))
}

fn policy<'p>(policies: &'p Policies, job: &Job) -> &'p Policy {
    policies.of(job.environment(), job.job_type)
}

/// From which comparison score on other users are to be looked for, if at all.
#[must_use]
pub fn duplicates_from(job: &Job, policies: &Policies) -> Option<ComparisonScore> {
    let policy = policy(policies, job).duplicates;
    let counts = job.job_type.looks_for_duplicates()
        && policy.response != Response::Report
        && !is_forced(job);
    counts.then(|| ComparisonScore::new(policy.threshold))
}

impl Approval<'_> {
    /// What stands in the way, if anything.
    #[must_use]
    pub fn hindrance(&self) -> Option<Hindrance> {
        let policy = policy(self.policies, self.job);
        if let Err(why) = self.admission(policy) {
            return Some(Hindrance::NotAdmitted(why));
        }
        if UserState::of(self.user) != *self.judged {
            return Some(Hindrance::OtherReference);
        }
        if self.job.job_type.enrols() {
            match self.template {
                None => return Some(Hindrance::NoTemplate),
                Some(t)
                    if self
                        .served
                        .is_some_and(|s| s.primary() != t.template.model()) =>
                {
                    return Some(Hindrance::OtherModel);
                }
                Some(_) => {}
            }
        }
        if is_forced(self.job) {
            return None;
        }
        if self.replayed && policy.replay.exact == Response::Refuse {
            return Some(Hindrance::Replayed);
        }
        let unseen = |d: &Duplicate| !self.shown.contains(&d.user_id);
        let hinders = match policy.duplicates.response {
            Response::Refuse => !self.duplicates.is_empty(),
            Response::Review => self.duplicates.iter().any(unseen),
            Response::Report => false,
        };
        hinders.then_some(Hindrance::Duplicate)
    }

    fn admission(&self, policy: &Policy) -> Result<(), NotAdmitted> {
        // Where the models are not known, the template on file is taken to be of one of them.
        let own = || {
            let reference = self.user?.reference.as_ref()?;
            Some(Served::only(reference.template.model().clone()))
        };
        let served = self.served.cloned().or_else(own);
        let served = served.unwrap_or_else(|| Served::only(TemplateModel::unknown()));
        let Some(face) = self.job.job_type.face() else {
            return Ok(());
        };
        face.admit(
            self.user,
            self.job.request.allow_new_enroll,
            policy,
            &served,
        )
        .map(drop)
    }
}

/// What a decision that takes effect means for the count of the user's failed attempts.
#[must_use]
pub fn tried(job: &Job, decision: ReviewDecision) -> Tried {
    let on_file = (job.job_type.face()).is_some_and(FaceProduct::takes_photo_on_file);
    match decision {
        _ if is_forced(job) || on_file => Tried::Uncounted,
        ReviewDecision::Approve => Tried::Passed,
        ReviewDecision::Reject | ReviewDecision::Spoof => Tried::Failed,
        ReviewDecision::Unusable => Tried::Uncounted,
    }
}

#[cfg(test)]
mod tests;
