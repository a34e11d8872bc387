//! The wire's codes and words by name. A server may send others: results give them as text.

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $wire:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $wire;)*

        /// All of them, by name.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $wire),)*];
    };
}

/// What results' codes mean.
pub mod result_code {
    names! {
        /// Data invalid: an image could not be used, or the authority has no photo.
        UNUSABLE = "0001";
        /// Job type 1: the selfie shows the person of the record.
        KYC_PASS = "0810";
        /// The faces do not match.
        KYC_FAIL = "0811";
        /// Provisional: a person decides.
        KYC_PROVISIONAL = "0812";
        /// A possible spoof.
        KYC_SPOOF = "0813";
        /// Provisional: a possible spoof, and a person decides.
        KYC_PROVISIONAL_SPOOF = "0814";
        /// Provisional: the machine is not sure of the comparison.
        KYC_PROVISIONAL_UNSURE = "0815";
        /// Pending: a possible spoof, and a person decides.
        KYC_PENDING_SPOOF = "0816";
        /// Job type 2: the same person.
        AUTHENTICATE_PASS = "0820";
        /// The faces do not match.
        AUTHENTICATE_FAIL = "0821";
        /// Provisional: a person decides.
        AUTHENTICATE_PROVISIONAL = "0822";
        /// Job type 4: enrolled.
        ENROL_PASS = "0840";
        /// Not enrolled.
        ENROL_FAIL = "0841";
        /// Provisional: a person decides.
        ENROL_PROVISIONAL = "0842";
        /// No face was found.
        KYC_NO_FACE = "0911";
        /// The face does not match.
        KYC_FACE_UNLIKE = "0912";
        /// The authority knows the number.
        ID_VALID = "1012";
        /// The authority knows no such number.
        ID_NOT_FOUND = "1013";
        /// The number does not fit its type.
        ID_MALFORMED = "1014";
        /// The authority is unavailable.
        ID_AUTHORITY_UNAVAILABLE = "1015";
        /// The ID type is not enabled for this partner.
        ID_TYPE_NOT_ENABLED = "1016";
        /// Basic KYC: what was said is what the record says.
        FIELDS_MATCH = "1020";
        /// Some of it is.
        FIELDS_MATCH_PARTLY = "1021";
        /// Nothing of it is.
        FIELDS_DIFFER = "1022";
        /// The authority knows no such number.
        FIELDS_NOT_FOUND = "1023";
        /// A person decided: passed.
        REVIEW_KYC_PASS = "1210";
        /// A person decided: the faces differ.
        REVIEW_KYC_FACES_DIFFER = "1211";
        /// A person decided: a spoof.
        REVIEW_KYC_SPOOF = "1212";
        /// A person decided: an image cannot be used.
        REVIEW_KYC_UNUSABLE = "1213";
        /// No other user looks like the same person.
        NO_SUSPECTS = "5210";
        /// Other users look like the same person.
        SUSPECTS_FOUND = "5211";
        /// It could not be told.
        SUSPECTS_UNKNOWN = "5212";
    }
}

/// The names of actions, for [`JobResult::action`](crate::JobResult::action).
pub mod action {
    names! {
        /// Whether the authority knows the number.
        VERIFY_ID_NUMBER = "Verify_ID_Number";
        /// Whether the record was given.
        RETURN_PERSONAL_INFO = "Return_Personal_Info";
        /// Whether somebody is there.
        LIVENESS_CHECK = "Liveness_Check";
        /// Whether the selfie is of use.
        SELFIE_CHECK = "Selfie_Check";
        /// Whether there is a selfie.
        SELFIE_PROVIDED = "Selfie_Provided";
        /// Whether the person was enrolled.
        REGISTER_SELFIE = "Register_Selfie";
        /// The selfie with the authority's photo.
        SELFIE_TO_ID_AUTHORITY_COMPARE = "Selfie_To_ID_Authority_Compare";
        /// The selfie with the ID card's photo.
        SELFIE_TO_ID_CARD_COMPARE = "Selfie_To_ID_Card_Compare";
        /// The selfie with the one on file.
        SELFIE_TO_REGISTERED_SELFIE_COMPARE = "Selfie_To_Registered_Selfie_Compare";
        /// A person's comparison.
        HUMAN_REVIEW_COMPARE = "Human_Review_Compare";
        /// A person's word on whether somebody is there.
        HUMAN_REVIEW_LIVENESS_CHECK = "Human_Review_Liveness_Check";
        /// A person's word on a new selfie.
        HUMAN_REVIEW_UPDATE_SELFIE = "Human_Review_Update_Selfie";
        /// Whether the selfie on file was replaced.
        UPDATE_REGISTERED_SELFIE_ON_FILE = "Update_Registered_Selfie_On_File";
        /// Basic KYC: the names.
        NAMES = "Names";
        /// Basic KYC: the date of birth.
        DOB = "DOB";
        /// Basic KYC: the gender.
        GENDER = "Gender";
        /// Basic KYC: the telephone number.
        PHONE_NUMBER = "Phone_Number";
        /// Basic KYC: the number.
        ID_VERIFICATION = "ID_Verification";
    }
}
