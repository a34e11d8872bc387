//! Products: what a job can be for. One folder each.
//!
//! A product says whether an authority is asked, and whether a face is judged. Of a face it says what it admits, how it judges,
//! which codes and checks come of it, and what a person's decision makes of it. Whatever works on jobs asks the product, and does
//! not know which there are: adding one is adding a folder, and a line to the list below.

pub mod authentication;
pub mod biometric_kyc;
pub mod biometric_kyc_on_file;
mod codes;
pub mod compare;
pub mod lookup;
pub mod registration;
pub mod update_photo;
pub mod user_info;

use std::fmt;

use selfsame_wire::job_type::JobType as WireJobType;
use serde::{Deserialize, Serialize};

pub use codes::Codes;

use crate::admission::{NotAdmitted, OnFile};
use crate::outcome::Checks;
use crate::policy::Policy;
use crate::review::ReviewDecision;
use crate::served::Served;
use crate::step::Step;
use crate::user::{User, UserStanding};
use crate::verdict::{Decision, Seen};

macro_rules! products {
    ($($(#[$doc:meta])* $name:ident: $product:expr;)*) => {
        /// What a job is for. Only what this build performs: other wire job types never become jobs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum JobType { $($(#[$doc])* $name,)* }

        impl JobType {
            /// Every type that this build performs.
            pub const ALL: [Self; [$(JobType::$name,)*].len()] = [$(Self::$name,)*];

            /// What such a job is.
            #[must_use]
            pub const fn product(self) -> &'static dyn Product {
                match self { $(Self::$name => &$product,)* }
            }
        }
    };
}

// The policy in force is written, and its digest made, in this order.
products! {
    /// Job type 4: make a template of a new user.
    Enrolment: registration::Registration;
    /// Job type 2: compare with the template on file.
    Authentication: authentication::Authentication;
    /// Job type 1: look an identity up, compare with its photograph, make a template of a new user.
    BiometricKyc: biometric_kyc::BiometricKyc;
    /// Job type 5: look an identity up.
    EnhancedKyc: lookup::EnhancedKyc;
    /// Job type 5 over v2: compare what is said of a person with its record.
    BasicKyc: lookup::BasicKyc;
    /// Job type 5 over v2: compare what is said of a person with a telephone operator's record.
    PhoneVerification: lookup::PhoneVerification;
    /// Job type 7: look a business up.
    BusinessVerification: lookup::BusinessVerification;
    /// v3's compare, a job type 1 that asks nobody: compare with a photograph that the caller brings, make a template of a new user.
    Compare: compare::Compare;
    /// Job type 8: compare with the photograph on file, and put the new one in its place.
    UpdatePhoto: update_photo::UpdatePhoto;
    /// Job type 9: compare what a package says of a person with its record.
    CompareUserInfo: user_info::CompareUserInfo;
    /// Job type 1 with `use_enrolled_image`: look an identity up, compare its photograph with the one on file.
    BiometricKycOnFile: biometric_kyc_on_file::BiometricKycOnFile;
}

impl JobType {
    /// The wire's number.
    #[must_use]
    pub fn number(self) -> u8 {
        self.product().wire_type().number()
    }

    /// The type of a job that the wire asks for; `None` where this build does not perform it.
    #[must_use]
    pub fn performed(asked: WireJobType) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|job_type| job_type.product().wire_type() == asked)
    }

    /// How such a job judges a face; `None` where it judges none.
    #[must_use]
    pub fn face(self) -> Option<&'static dyn FaceProduct> {
        self.product().face()
    }

    /// Every type that judges a face, in the order of [`JobType::ALL`].
    pub fn judged() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|t| t.face().is_some())
    }

    /// Whether such a job puts a template on file.
    #[must_use]
    pub fn enrols(self) -> bool {
        self.face().is_some_and(FaceProduct::enrols)
    }

    /// Whether such a job looks for other users with the face.
    #[must_use]
    pub fn looks_for_duplicates(self) -> bool {
        self.face().is_some_and(FaceProduct::looks_for_duplicates)
    }

    /// Its place among [`JobType::ALL`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// What a job can be for.
pub trait Product: fmt::Debug + Sync {
    /// What the wire calls such jobs.
    fn wire_type(&self) -> WireJobType;
    /// Its word in policy files, in metrics and on record.
    fn name(&self) -> &'static str;
    /// What people call it.
    fn called(&self) -> &'static str;
    /// What its results are headed with.
    fn title(&self) -> &'static str;
    /// What an authority is asked for, where one is.
    fn looks_up(&self) -> Option<Wanted> {
        None
    }
    /// How a face is judged, where one is.
    fn face(&self) -> Option<&'static dyn FaceProduct> {
        None
    }
    /// The type of job whose layers of the policy file hold for its jobs too, below its own: what an operator said of that, nobody
    /// gets around by asking for this.
    fn judged_as(&self) -> Option<JobType> {
        None
    }
    /// The type of job whose challenge its jobs must answer too, where such jobs must.
    fn challenged_as(&self) -> Option<JobType> {
        None
    }
    /// Whether its jobs come as packages.
    fn comes_packaged(&self) -> bool {
        self.face().is_some()
    }
    /// The step that its jobs begin with.
    fn first_step(&self) -> Step {
        if self.looks_up().is_some() {
            Step::LookUp
        } else {
            Step::Judge
        }
    }
}

/// What a look-up is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The record itself.
    Record,
    /// How what is said of the person compares with the record, and nothing of the record.
    Comparison,
}

/// How a product judges a face.
pub trait FaceProduct: fmt::Debug + Sync {
    /// Whether it puts a template on file.
    fn enrols(&self) -> bool;
    /// Whether other users with the face are looked for.
    fn looks_for_duplicates(&self) -> bool {
        self.enrols()
    }
    /// Whether the photograph of an identity is compared with: an authority's, or one that the job brings.
    fn compares_with_portrait(&self) -> bool {
        false
    }
    /// Whether the photograph on file stands in the selfie's place.
    fn takes_photo_on_file(&self) -> bool {
        false
    }
    /// The codes that its jobs end with.
    fn codes(&self) -> &'static Codes;

    /// Whether a job may begin for a user that stands so; `None`: nobody of that name is on record.
    ///
    /// None may for one that is locked for fraud. Where a deletion is told besides, it is told first.
    ///
    /// This is the only rule about that. Intake, the worker, an approval and a deletion ask it, each with the user as it is
    /// at that moment; the store holds no rule, and commits only while the user still is as it was judged.
    ///
    /// # Errors
    /// [`NotAdmitted`] says why not.
    fn may_begin(
        &self,
        user: Option<UserStanding>,
        allow_new_enroll: bool,
    ) -> Result<(), NotAdmitted>;

    /// Admits a job by its user, and gives what is on file for the new face to be judged against. `served` are the models that
    /// make its templates.
    ///
    /// # Errors
    /// [`NotAdmitted`] says why not.
    fn admit<'u>(
        &self,
        user: Option<&'u User>,
        allow_new_enroll: bool,
        policy: &Policy,
        served: &'u Served,
    ) -> Result<OnFile<'u>, NotAdmitted>;

    /// Judges a capture.
    fn judge(&self, seen: &Seen<'_>, policy: &Policy) -> Decision;

    /// What came of enrolment and comparison by a decision; `awaits`: a person decides about the comparison.
    fn check(&self, decision: &Decision, awaits: bool, checks: &mut Checks);

    /// What a person's decision makes of enrolment and comparison.
    fn rule(&self, decision: ReviewDecision, checks: &mut Checks);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::user::UserStatus;
    use crate::verdict::ReferenceGone;

    #[test]
    fn each_product_has_its_own_names_and_its_type_keeps_its_place() {
        let distinct = |of: fn(&'static dyn Product) -> &'static str| {
            let names: HashSet<_> = JobType::ALL.iter().map(|t| of(t.product())).collect();
            names.len()
        };
        assert_eq!(distinct(|product| product.name()), JobType::ALL.len());
        // The two of job type 1 have one.
        assert_eq!(distinct(|product| product.title()), JobType::ALL.len() - 1);
        for (index, job_type) in JobType::ALL.into_iter().enumerate() {
            assert_eq!(job_type.index(), index);
            let product = job_type.product();
            let performed = JobType::performed(product.wire_type()).unwrap();
            assert_eq!(performed.number(), job_type.number());
            // What stands on record is what the policy file says.
            assert_eq!(serde_json::json!(job_type), product.name());
        }
        assert_eq!(JobType::performed(WireJobType::DocumentVerification), None);
        assert_eq!(
            JobType::performed(WireJobType::EnhancedKyc),
            Some(JobType::EnhancedKyc)
        );
    }

    #[test]
    fn a_deleted_user_comes_back_by_an_enrolment_that_may_bring_it_back_only() {
        for job_type in JobType::ALL {
            let Some(face) = job_type.face() else {
                continue;
            };
            let deleted = UserStanding::unlocked(UserStatus::Deleted);
            let begins = |allowed| face.may_begin(Some(deleted), allowed).is_ok();
            assert!(!begins(false), "{job_type:?}");
            // An update takes the place of what is on file, and there is nothing.
            let brings_back = face.enrols() && job_type != JobType::UpdatePhoto;
            assert_eq!(begins(true), brings_back, "{job_type:?}");
        }
    }

    /// Whatever a product admits, it does not admit a locked user; and what hinders nothing but the lock is told as that.
    #[test]
    fn no_product_begins_for_a_locked_user() {
        use UserStatus::{Active, Deleted, Disabled};
        let judged = JobType::ALL.into_iter().filter_map(JobType::face);
        for face in judged {
            for (status, allowed) in [Active, Disabled, Deleted]
                .into_iter()
                .flat_map(|status| [(status, false), (status, true)])
            {
                let locked = UserStanding {
                    status,
                    fraud_locked: true,
                };
                let gone = face.may_begin(Some(locked), allowed).unwrap_err();
                let lock = NotAdmitted::NoReference(ReferenceGone::FraudLocked);
                let unlocked = face.may_begin(Some(UserStanding::unlocked(status)), allowed);
                if status == Deleted && unlocked.is_err() {
                    assert_eq!(Err(gone), unlocked);
                } else {
                    assert_eq!(gone, lock, "{face:?} {status:?}");
                }
            }
        }
    }
}
