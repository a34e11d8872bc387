//! v3's names of jobs and users: TypeIDs, `job_` or `user_` before a UUID version 7 in lower-case Crockford base32.

use std::str::FromStr as _;

use type_safe_id::{DynamicType, StaticType, TypeSafeId};
use uuid::Uuid;

use crate::error::WireError;
use crate::id::{IdError, JobId, SmileJobId, UserId};

#[derive(Default)]
struct Job;

impl StaticType for Job {
    const TYPE: &'static str = "job";
}

#[derive(Default)]
struct User;

impl StaticType for User {
    const TYPE: &'static str = "user";
}

/// What v3 calls a job. `None` for a job whose name is no UUID: no build of this server makes such.
#[must_use]
pub fn of_job(job: &SmileJobId) -> Option<JobId> {
    let uuid = Uuid::parse_str(job.as_str()).ok()?;
    JobId::new(TypeSafeId::<Job>::from_uuid(uuid).to_string()).ok()
}

/// Which job v3 calls so.
///
/// # Errors
/// 2204 where it is no TypeID of a job.
pub fn to_job(name: &str) -> Result<SmileJobId, WireError> {
    let refuse = || WireError::wrong_type("job_id", "a TypeID: job_ and 26 characters");
    // Any prefix is read first, so that no text of the library stands in the refusal.
    // The library cuts the text by bytes, and panics within a character that has several.
    let ascii = Some(name)
        .filter(|name| name.is_ascii())
        .ok_or_else(refuse)?;
    let id = TypeSafeId::<DynamicType>::from_str(ascii).map_err(|_| refuse())?;
    if id.type_prefix() != Job::TYPE {
        return Err(refuse());
    }
    SmileJobId::new(id.uuid().simple().to_string()).map_err(|_| refuse())
}

/// A name for a user whom the caller does not name.
///
/// # Errors
/// Never: a TypeID is an identifier.
pub fn new_user() -> Result<UserId, IdError> {
    UserId::new(TypeSafeId::<User>::new().to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_job_is_found_by_its_name(bits: u128) {
            let job = SmileJobId::new(Uuid::from_u128(bits).simple().to_string()).unwrap();
            let name = of_job(&job).unwrap();
            prop_assert!(name.as_str().starts_with("job_") && name.as_str().len() == 30);
            prop_assert_eq!(to_job(name.as_str()).unwrap(), job);
        }

        #[test]
        fn anything_else_is_refused_in_the_wires_words(text in ".{0,40}") {
            if let Err(error) = to_job(&text) {
                prop_assert_eq!(error.code.code(), "2204");
                prop_assert!(error.message.contains("job_id"));
            }
        }
    }

    #[test]
    fn what_is_nearly_one_is_none() {
        for text in [
            "",
            "job_",
            "user_01jd8qk3fxe1x8p2v5w7y9z0ab",
            "job_81jd8qk3fxe1x8p2v5w7y9z0ab",
            "job_01JD8QK3FXE1X8P2V5W7Y9Z0AB",
            "job_01jd8qk3fxe1x8p2v5w7y9z0a",
            "job_01jd8qk3fxe1x8p2v5w7y9z0abc",
            "job_01jd8qk3fxe1x8p2v5w7y9z0al",
            "01jd8qk3fxe1x8p2v5w7y9z0ab",
            "job_01jd8qk3fxe1x8p2v5w7y9zéab",
            "é1jd8qk3fxe1x8p2v5w7y9z0abcd",
        ] {
            assert!(to_job(text).is_err(), "{text}");
        }
        assert!(to_job("job_01jd8qk3fxe1x8p2v5w7y9z0ab").is_ok());
        assert!(new_user().unwrap().as_str().starts_with("user_"));
    }
}
