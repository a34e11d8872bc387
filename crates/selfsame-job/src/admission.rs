//! Whether a job may run at all, told before any pixel is looked at: what a product's admission comes to
//! ([`FaceProduct::admit`](crate::product::FaceProduct::admit)).

use crate::job::Api;
use crate::product::JobType;
use crate::served::Enrolled;
use crate::verdict::ReferenceGone;

/// Why a job is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAdmitted {
    /// The user is enrolled and the job may not replace the enrolment (2209).
    AlreadyEnrolled,
    /// The user is enrolled and no job may replace an enrolment (2209).
    NeverReplaced,
    /// There is nothing to compare with.
    NoReference(ReferenceGone),
}

/// What is on file of the job's user: what a probe is compared with, or an enrolment would replace.
#[derive(Debug, Clone, Copy)]
pub enum OnFile<'u> {
    /// Nobody: the user is new, or was deleted.
    Nobody,
    /// A face that the new one compares with.
    Face(Enrolled<'u>),
    /// An enrolled user whose face cannot be compared with: only of models that are not served, or none on file.
    Incomparable,
}

impl NotAdmitted {
    /// Whether the caller is refused at once. v3 tells of a locked user by the job's result, and by nothing else.
    #[must_use]
    pub const fn refuses_at_once(self, api: Api) -> bool {
        !matches!(
            (self, api),
            (Self::NoReference(ReferenceGone::FraudLocked), Api::V3)
        )
    }

    /// The wire's error code.
    #[must_use]
    pub const fn error_code(self) -> &'static str {
        match self {
            Self::AlreadyEnrolled | Self::NeverReplaced => "2209",
            Self::NoReference(ReferenceGone::Disabled | ReferenceGone::FraudLocked) => "2207",
            Self::NoReference(ReferenceGone::Deleted) => "2208",
            Self::NoReference(ReferenceGone::NotEnrolled) => "2210",
            Self::NoReference(ReferenceGone::OtherModel) => "2211",
            Self::NoReference(ReferenceGone::NoPhoto) => "2216",
        }
    }

    /// What was wrong and what to do.
    #[must_use]
    pub fn explain(self, job_type: JobType) -> &'static str {
        match self {
            Self::AlreadyEnrolled => {
                "this user_id is already enrolled; authenticate it instead, or set allow_new_enroll to replace it"
            }
            Self::NeverReplaced => {
                "this user_id is already enrolled, and this server's policy lets no face be replaced; delete the user first"
            }
            Self::NoReference(ReferenceGone::Disabled) => {
                "this user is disabled; enable it before further jobs"
            }
            // Whoever asks may be the very person: neither why it is locked nor who had it locked is told.
            Self::NoReference(ReferenceGone::FraudLocked) => {
                "this user is locked, and an operator of this server must clear it before further jobs"
            }
            Self::NoReference(ReferenceGone::Deleted) if job_type.enrols() => {
                "this user was deleted; set allow_new_enroll to enrol the user_id anew"
            }
            Self::NoReference(ReferenceGone::Deleted) => "this user was deleted",
            Self::NoReference(ReferenceGone::NotEnrolled) => {
                "no enrolled user has this user_id; register it first"
            }
            Self::NoReference(ReferenceGone::OtherModel) => {
                "this user was enrolled with another recognition model and must be enrolled again"
            }
            Self::NoReference(ReferenceGone::NoPhoto) => {
                "this user has no photo on file; enrol it again with allow_new_enroll"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use selfsame_face::template::{TEMPLATE_LEN, Template, TemplateModel};
    use selfsame_wire::id::{Environment, PartnerId, SmileJobId, UserId};

    use super::*;
    use crate::policy::{Policy, ReplacementMode};
    use crate::served::Served;
    use crate::user::{Reference, User, UserKey, UserStatus};

    fn admit_enrolment<'u>(
        user: Option<&'u User>,
        allow_new_enroll: bool,
        mode: ReplacementMode,
        served: &'u Served,
    ) -> Result<OnFile<'u>, NotAdmitted> {
        let mut policy = Policy::default();
        policy.replacement.mode = mode;
        let product = JobType::Enrolment.face().unwrap();
        product.admit(user, allow_new_enroll, &policy, served)
    }

    fn admit_authentication<'u>(
        user: Option<&'u User>,
        served: &'u Served,
    ) -> Result<OnFile<'u>, NotAdmitted> {
        let product = JobType::Authentication.face().unwrap();
        product.admit(user, false, &Policy::default(), served)
    }

    fn served(model: &str) -> Served {
        Served::only(TemplateModel::new(model).unwrap())
    }

    fn user(status: UserStatus, photo: bool) -> User {
        User {
            key: UserKey {
                partner: PartnerId::new("p").unwrap(),
                environment: Environment::Sandbox,
                user: UserId::new("u").unwrap(),
            },
            status,
            fraud_locked: false,
            reference: photo.then(|| Reference {
                template: Template::new(&[1.0; TEMPLATE_LEN], served("m1").primary()).unwrap(),
                photo: SmileJobId::new("j").unwrap(),
            }),
            further: Vec::new(),
            enrolled_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn enrolment() {
        use UserStatus::{Active, Deleted, Disabled};
        let code = |u: Option<User>, again| {
            admit_enrolment(u.as_ref(), again, ReplacementMode::Match, &served("m1"))
                .err()
                .map(NotAdmitted::error_code)
        };
        assert_eq!(code(None, false), None);
        assert_eq!(code(Some(user(Active, true)), false), Some("2209"));
        assert_eq!(code(Some(user(Active, true)), true), None);
        assert_eq!(code(Some(user(Disabled, true)), true), Some("2207"));
        assert_eq!(code(Some(user(Deleted, false)), false), Some("2208"));
        assert_eq!(code(Some(user(Deleted, false)), true), None);
    }

    #[test]
    fn a_locked_user_is_refused_whatever_its_status_and_v3_is_told_by_the_result() {
        use UserStatus::{Active, Deleted, Disabled};
        let gone = NotAdmitted::NoReference(ReferenceGone::FraudLocked);
        for status in [Active, Disabled, Deleted] {
            let locked = User {
                fraud_locked: true,
                ..user(status, status != Deleted)
            };
            let served = served("m1");
            for mode in [ReplacementMode::Match, ReplacementMode::Allow] {
                let again = admit_enrolment(Some(&locked), true, mode, &served);
                assert_eq!(again.map(drop), Err(gone), "{status:?}");
            }
            let probe = admit_authentication(Some(&locked), &served).map(drop);
            let expected = if status == Deleted {
                NotAdmitted::NoReference(ReferenceGone::Deleted)
            } else {
                gone
            };
            assert_eq!(probe, Err(expected));
        }
        assert_eq!(gone.error_code(), "2207");
        let told = gone.explain(JobType::Authentication);
        assert!(
            told.contains("operator") && !told.contains("fraud"),
            "{told}"
        );
        assert!(gone.refuses_at_once(Api::V1) && gone.refuses_at_once(Api::V2));
        assert!(!gone.refuses_at_once(Api::V3));
        assert!(NotAdmitted::NoReference(ReferenceGone::Disabled).refuses_at_once(Api::V3));
    }

    #[test]
    fn what_an_enrolment_replaces() {
        use ReplacementMode::{Allow, Match, Refuse, Review};
        use UserStatus::{Active, Deleted};
        let replaces = |user: Option<User>, mode, model: &str| {
            admit_enrolment(user.as_ref(), true, mode, &served(model)).map(
                |replaces| match replaces {
                    OnFile::Nobody => "nobody",
                    OnFile::Face(_) => "a face",
                    OnFile::Incomparable => "incomparable",
                },
            )
        };
        for mode in [Match, Review, Allow, Refuse] {
            assert_eq!(replaces(None, mode, "m1"), Ok("nobody"));
            assert_eq!(
                replaces(Some(user(Deleted, false)), mode, "m1"),
                Ok("nobody")
            );
        }
        for mode in [Match, Review, Allow] {
            assert_eq!(replaces(Some(user(Active, true)), mode, "m1"), Ok("a face"));
            assert_eq!(
                replaces(Some(user(Active, true)), mode, "m2"),
                Ok("incomparable")
            );
            assert_eq!(
                replaces(Some(user(Active, false)), mode, "m1"),
                Ok("incomparable")
            );
        }
        assert_eq!(
            replaces(Some(user(Active, true)), Refuse, "m1"),
            Err(NotAdmitted::NeverReplaced)
        );
    }

    #[test]
    fn authentication() {
        use UserStatus::{Active, Deleted, Disabled};
        let code = |u: Option<User>| {
            admit_authentication(u.as_ref(), &served("m1"))
                .err()
                .map(NotAdmitted::error_code)
        };
        assert_eq!(code(None), Some("2210"));
        assert_eq!(code(Some(user(Active, true))), None);
        assert_eq!(code(Some(user(Active, false))), Some("2216"));
        assert_eq!(code(Some(user(Disabled, true))), Some("2207"));
        assert_eq!(code(Some(user(Deleted, false))), Some("2208"));
        let other = user(Active, true);
        assert_eq!(
            admit_authentication(Some(&other), &served("m2"))
                .err()
                .map(NotAdmitted::error_code),
            Some("2211")
        );
    }
}
