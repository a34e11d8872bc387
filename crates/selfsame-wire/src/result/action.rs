//! Actions: what a job did, one by one, and which of them each kind of result lists.

use serde::{Deserialize, Serialize, Serializer};

/// What came of one action of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionValue {
    /// It was done and the person passed.
    Passed,
    /// It was done.
    Completed,
    /// A person approved.
    Approved,
    /// It was verified.
    Verified,
    /// It may change on review.
    #[serde(rename = "Provisionally Approved")]
    ProvisionallyApproved,
    /// Data was returned.
    Returned,
    /// No data was returned.
    #[serde(rename = "Not Returned")]
    NotReturned,
    /// It was done and the person did not pass.
    Failed,
    /// A person rejected.
    Rejected,
    /// A person looks at it.
    #[serde(rename = "Under Review")]
    UnderReview,
    /// It was tried without an outcome.
    #[serde(rename = "Unable To Determine")]
    UnableToDetermine,
    /// It is no part of this job, or this server does not perform it.
    #[serde(rename = "Not Applicable")]
    NotApplicable,
    /// It was not verified.
    #[serde(rename = "Not Verified")]
    NotVerified,
    /// It is part of this job but was not reached.
    #[serde(rename = "Not Done")]
    NotDone,
    /// The issuer does not answer.
    #[serde(rename = "Issuer Unavailable")]
    IssuerUnavailable,
    /// The issuer has no photo.
    #[serde(rename = "ID Authority Photo Not Available")]
    IdAuthorityPhotoNotAvailable,
    /// A person will look at it.
    #[serde(rename = "Sent to Human Review")]
    SentToHumanReview,
    /// What was given is what the authority has.
    #[serde(rename = "Exact Match")]
    ExactMatch,
    /// It is nearly that, or a part of it.
    #[serde(rename = "Partial Match")]
    PartialMatch,
    /// It is the same parts in another order.
    Transposed,
    /// It is something else.
    #[serde(rename = "No Match")]
    NoMatch,
    /// Nothing was given to compare.
    #[serde(rename = "Not Provided")]
    NotProvided,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $wire:literal;)*) => {
        /// Something that a job may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The wire's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $wire,)* }
            }
        }
    };
}

actions! {
    /// Whether a live person was before the camera.
    LivenessCheck = "Liveness_Check";
    /// Whether the selfie shows one face, well enough.
    SelfieCheck = "Selfie_Check";
    /// Whether a selfie came.
    SelfieProvided = "Selfie_Provided";
    /// Whether the selfie was put on file.
    RegisterSelfie = "Register_Selfie";
    /// How the comparison with the selfie on file went.
    SelfieToRegisteredSelfieCompare = "Selfie_To_Registered_Selfie_Compare";
    /// How the comparison with the authority's photo went.
    SelfieToIdAuthorityCompare = "Selfie_To_ID_Authority_Compare";
    /// How the comparison with the photo on a card went.
    SelfieToIdCardCompare = "Selfie_To_ID_Card_Compare";
    /// Whether the authority knows the number.
    VerifyIdNumber = "Verify_ID_Number";
    /// Whether the document is genuine.
    VerifyDocument = "Verify_Document";
    /// Whether the document can be read.
    DocumentCheck = "Document_Check";
    /// Whether the authority's data came along.
    ReturnPersonalInfo = "Return_Personal_Info";
    /// Whether the selfie on file was replaced.
    UpdateRegisteredSelfieOnFile = "Update_Registered_Selfie_On_File";
    /// What a person says of the comparison.
    HumanReviewCompare = "Human_Review_Compare";
    /// What a person says of the liveness evidence.
    HumanReviewLivenessCheck = "Human_Review_Liveness_Check";
    /// What a person says of the selfie.
    HumanReviewSelfieCheck = "Human_Review_Selfie_Check";
    /// What a person says of the document.
    HumanReviewDocumentCheck = "Human_Review_Document_Check";
    /// What a person says of the replacement.
    HumanReviewUpdateSelfie = "Human_Review_Update_Selfie";
    /// How the names compare.
    Names = "Names";
    /// How the date of birth compares.
    Dob = "DOB";
    /// How the gender compares.
    Gender = "Gender";
    /// How the telephone number compares.
    PhoneNumber = "Phone_Number";
    /// How all that was given compares.
    IdVerification = "ID_Verification";
    /// Whether the authority knows the business.
    VerifyBusiness = "Verify_Business";
    /// Whether the authority's data of the business came along.
    ReturnBusinessInfo = "Return_Business_Info";
}

/// Which actions a result lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Every action of jobs with a face or a document: the jobs of type 1, 2, 4, 6, 8, 9 and 11.
    Face,
    /// An identity's record: type 5, and the first result of type 1.
    Identity,
    /// A comparison with a record: basic KYC, and telephone numbers.
    Comparison,
    /// A business's record: type 7.
    Business,
}

impl Listed {
    /// The actions, in the order in which they are written.
    #[must_use]
    pub const fn actions(self) -> &'static [Action] {
        use Action::{
            Dob, DocumentCheck, Gender, HumanReviewCompare, HumanReviewDocumentCheck,
            HumanReviewLivenessCheck, HumanReviewSelfieCheck, HumanReviewUpdateSelfie,
            IdVerification, LivenessCheck, Names, PhoneNumber, RegisterSelfie, ReturnBusinessInfo,
            ReturnPersonalInfo, SelfieCheck, SelfieProvided, SelfieToIdAuthorityCompare,
            SelfieToIdCardCompare, SelfieToRegisteredSelfieCompare, UpdateRegisteredSelfieOnFile,
            VerifyBusiness, VerifyDocument, VerifyIdNumber,
        };
        match self {
            Self::Face => &[
                LivenessCheck,
                SelfieCheck,
                SelfieProvided,
                RegisterSelfie,
                SelfieToRegisteredSelfieCompare,
                SelfieToIdAuthorityCompare,
                SelfieToIdCardCompare,
                VerifyIdNumber,
                VerifyDocument,
                DocumentCheck,
                ReturnPersonalInfo,
                UpdateRegisteredSelfieOnFile,
                HumanReviewCompare,
                HumanReviewLivenessCheck,
                HumanReviewSelfieCheck,
                HumanReviewDocumentCheck,
                HumanReviewUpdateSelfie,
            ],
            Self::Identity => &[VerifyIdNumber, ReturnPersonalInfo],
            Self::Comparison => &[Names, Dob, Gender, PhoneNumber, IdVerification],
            Self::Business => &[VerifyBusiness, ReturnBusinessInfo],
        }
    }
}

/// What came of each action that a result lists, and of no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actions(Vec<(Action, ActionValue)>);

impl Actions {
    /// Of each action that is listed.
    #[must_use]
    pub fn of(listed: Listed, value: impl Fn(Action) -> ActionValue) -> Self {
        let actions = listed.actions().iter();
        Self(actions.map(|action| (*action, value(*action))).collect())
    }

    /// Each action that is listed, and what came of it.
    #[must_use]
    pub fn entries(&self) -> &[(Action, ActionValue)] {
        &self.0
    }
}

impl Serialize for Actions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(action, value)| (action.name(), value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_its_own_name_and_is_listed_somewhere() {
        let names: std::collections::HashSet<_> = Action::ALL.iter().map(|a| a.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        let lists = [
            Listed::Face,
            Listed::Identity,
            Listed::Comparison,
            Listed::Business,
        ];
        for action in Action::ALL {
            assert!(
                lists.iter().any(|list| list.actions().contains(action)),
                "{action:?}"
            );
        }
    }

    /// The words of the public clients' own lists.
    #[test]
    fn values_are_written_in_the_wires_words() {
        use ActionValue as V;
        for (value, text) in [
            (V::ExactMatch, "Exact Match"),
            (V::PartialMatch, "Partial Match"),
            (V::Transposed, "Transposed"),
            (V::NoMatch, "No Match"),
            (V::NotProvided, "Not Provided"),
            (V::NotDone, "Not Done"),
            (V::IssuerUnavailable, "Issuer Unavailable"),
        ] {
            assert_eq!(serde_json::to_value(value).unwrap(), text);
            let read: ActionValue = serde_json::from_value(text.into()).unwrap();
            assert_eq!(read, value);
        }
    }
}
