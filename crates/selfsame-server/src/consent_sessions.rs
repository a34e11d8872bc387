//! Sessions in which a person consents to a look-up by a one-time password: their names, and whether the password was right.
//!
//! A name is signed, and opens with the identity that it was made for alone; that its password was right is on record.

use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::identity::IdentityQuery;
use selfsame_job::job::Job;
use selfsame_store::error::StoreError;
use selfsame_wire::id::Environment;
use selfsame_wire::id_info::{Country, IdNumber, IdType};
use selfsame_wire::signature::ApiKey;
use selfsame_wire::totp;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::random::{NoRandomness, secret};
use crate::sealed_link;

/// How long a session lasts: within it the job that it goes with must have been submitted.
const SESSION: Duration = Duration::from_secs(15 * 60);
/// How long it is remembered that its password was right: jobs wait for an authority that is down.
const KEEP: Duration = Duration::from_secs(48 * 3600);

/// What a session's name holds beside its time. Whose it is, is in the code over it.
#[derive(Debug, Serialize, Deserialize)]
struct Session {
    /// Keeps two sessions apart.
    nonce: String,
}

/// The identity that a session is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) country: Country,
    pub(crate) id_type: &'a IdType,
    pub(crate) id_number: &'a IdNumber,
}

impl About<'_> {
    /// What a session is good for. The number goes into the code only, so that no session's name tells it.
    fn purpose(&self) -> String {
        let (country, id_type) = (self.country, self.id_type);
        format!(
            "one-time password\n{country}\n{id_type}\n{}",
            self.id_number.reveal()
        )
    }

    /// The name of a new session. `None`: it cannot be made.
    pub(crate) fn begin(&self, key: &ApiKey) -> Result<Option<String>, NoRandomness> {
        let session = Session { nonce: secret()? };
        let expires = Timestamp::now() + SESSION;
        Ok(sealed_link::seal(key, &self.purpose(), &session, expires))
    }

    /// Whether a session of this name was open at this moment.
    pub(crate) fn is_open(&self, key: &ApiKey, name: &str, at: Timestamp) -> bool {
        sealed_link::open::<Session>(key, &self.purpose(), name, at).is_some()
    }
}

/// Remembers that a session's password was right.
pub(crate) async fn pass(app: &App, name: &str) -> Result<(), StoreError> {
    app.store.pass_consent_session(name, KEEP).await
}

/// Why a job may not look its identity up, where a one-time password is wanted and the job's session has not passed it. Where no
/// session is named, the ID type's own rule says so. In production no session is made here: what one is worth is for the operator's
/// authority to say, which is given its name.
pub(crate) async fn refused(
    app: &App,
    job: &Job,
    query: &IdentityQuery,
) -> Result<Option<&'static str>, StoreError> {
    if job.environment() != Environment::Sandbox {
        return Ok(None);
    }
    let Some(name) = query.given.session_id.as_deref() else {
        return Ok(None);
    };
    if query.id_type.as_str() != totp::ID_TYPE {
        return Ok(None);
    }
    let Some(partner) = app.store.partner(job.partner()).await? else {
        return Ok(None);
    };
    let about = About {
        country: query.country,
        id_type: &query.id_type,
        id_number: &query.id_number,
    };
    if !about.is_open(partner.key(job.environment()), name, job.created_at) {
        return Ok(Some(
            "session_id is not of this number, or had expired when the job came",
        ));
    }
    Ok((!app.store.consent_session_passed(name).await?)
        .then_some("the session has not passed its one-time password"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_its_identitys_alone_and_ends() {
        let (key, id_type) = (ApiKey::new("k"), IdType::new("BVN_MFA").unwrap());
        let number = |text| IdNumber::new(text).unwrap();
        let (mine, other) = (number("00000000000"), number("00000000004"));
        let about = |id_number| About {
            country: Country::new("NG").unwrap(),
            id_type: &id_type,
            id_number,
        };
        let name = about(&mine).begin(&key).unwrap().unwrap();
        let now = Timestamp::now();
        assert!(about(&mine).is_open(&key, &name, now));
        assert!(!about(&other).is_open(&key, &name, now));
        assert!(!about(&mine).is_open(&ApiKey::new("o"), &name, now));
        assert!(!about(&mine).is_open(&key, &name, now + SESSION + SESSION));
    }
}
