//! Jobs and their states.
//!
//! ```text
//! AwaitingUpload ──package on disk──▶ Queued ──claimed──▶ Running ──committed──▶ Done
//!                                       ▲ ▲                  │
//!                                       │ └── lease lost ────┤
//!                                       └── Waiting ◀────────┘ an authority is down
//! ```

use jiff::Timestamp;
use selfsame_wire::challenge::Challenge;
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};
use selfsame_wire::id_info::IdInfo;
use selfsame_wire::partner_params::PartnerParams;
use selfsame_wire::v3::smile_link::AtLink;
use selfsame_wire::v3::user_details::UserDetails;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use crate::product::JobType;
use crate::user::UserKey;

/// Which wire API accepted the job; its result is shaped for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// Upload, poll, callback.
    V1,
    /// One synchronous call.
    V2,
    /// A form, a status without details, a webhook.
    V3,
}

/// What the partner asked, kept whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobRequest {
    /// Which API accepted it.
    pub api: Api,
    /// Echoed byte for byte.
    pub partner_params: PartnerParams,
    /// Where the result goes; absent when the partner polls.
    pub callback_url: Option<String>,
    /// A known user may be enrolled again (`allow_new_enroll`, `allow_re_enroll`).
    pub allow_new_enroll: bool,
    /// Authenticate against the photo on file (the default for authentication; 2216 without one).
    pub use_enrolled_image: bool,
    /// Sandbox only: the result code to produce, whatever the images say.
    pub sandbox_result: Option<String>,
    /// Name of the client library, as it says (`source_sdk`).
    pub source_sdk: Option<String>,
    /// Its version (`source_sdk_version`).
    pub source_sdk_version: Option<String>,
    /// The challenge that the capture answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
    /// What the request itself says of an identity; a package may say more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_info: Option<IdInfo>,
    /// What the person says of itself, beside the identity that is looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<UserDetails>,
    /// What the client says of the device and the capture, as it gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
    /// The person's consent, as the request gave it (`consent_information`; v3's `consent`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Box<RawValue>>,
    /// The link where the job was begun, and what the person chose there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<AtLink>,
    /// The caller waits for the end: the job comes before others of its partner, and does not wait for an authority that is down.
    #[serde(default)]
    pub synchronous: bool,
}

impl JobRequest {
    /// A request that asks for nothing but what every job needs.
    #[must_use]
    pub const fn new(api: Api, partner_params: PartnerParams) -> Self {
        Self {
            api,
            partner_params,
            callback_url: None,
            allow_new_enroll: false,
            use_enrolled_image: false,
            sandbox_result: None,
            source_sdk: None,
            source_sdk_version: None,
            challenge: None,
            id_info: None,
            details: None,
            metadata: None,
            consent: None,
            link: None,
            synchronous: false,
        }
    }
}

impl JobRequest {
    /// What was said of an identity, held to what the job may be about: at a link to the kind of ID that was chosen there, by its number.
    /// A card of one's own must not take the record's place, nor another kind of ID that of the chosen one.
    #[must_use]
    pub fn held_to_link(&self, said: Option<IdInfo>) -> Option<IdInfo> {
        let Some(at) = &self.link else {
            return said;
        };
        Some(IdInfo {
            country: Some(at.country),
            id_type: Some(at.id_type.clone()),
            entered: Some(true),
            ..said.unwrap_or_default()
        })
    }
}

/// A job as it is on record.
#[derive(Debug, Clone)]
pub struct Job {
    /// The server's name for it.
    pub smile_job_id: SmileJobId,
    /// Whose user it concerns.
    pub user: UserKey,
    /// The partner's name for it.
    pub job_id: JobId,
    /// What it is for.
    pub job_type: JobType,
    /// What was asked.
    pub request: JobRequest,
    /// Where it stands.
    pub state: JobState,
    /// When it was prepared.
    pub created_at: Timestamp,
    /// The latest change of state.
    pub updated_at: Timestamp,
}

impl Job {
    /// Whose job.
    #[must_use]
    pub const fn partner(&self) -> &PartnerId {
        &self.user.partner
    }

    /// In which environment.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.user.environment
    }

    /// The user that the job concerns.
    #[must_use]
    pub const fn user_id(&self) -> &UserId {
        &self.user.user
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Prepared; its package has not arrived.
    AwaitingUpload,
    /// Its package is on disk; a worker will take it.
    Queued,
    /// A worker has it.
    Running,
    /// It waits for something outside, and is queued again at a set time.
    Waiting,
    /// It ended; its result is on record.
    Done,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_at_a_link_is_about_what_was_chosen_there() {
        let params = || serde_json::from_str("{}").unwrap();
        let said = |json: &[u8]| Some(IdInfo::parse(json, "").unwrap());
        let anywhere = JobRequest::new(Api::V1, params());
        let card = said(br#"{"country":"KE","id_type":"PASSPORT","entered":"false"}"#);
        assert_eq!(anywhere.held_to_link(card.clone()), card);
        assert_eq!(anywhere.held_to_link(None), None);
        let at = r#"{"ref_id":"AAAAAAAAAAAAAAAAAAAAAA","country":"NG","id_type":"NIN"}"#;
        let there = JobRequest {
            link: Some(serde_json::from_str(at).unwrap()),
            ..JobRequest::new(Api::V3, params())
        };
        let nothing = said(br#"{"country":"NG","id_type":"NIN","entered":true}"#);
        for given in [None, card] {
            assert_eq!(there.held_to_link(given), nothing);
        }
        let number = said(br#"{"id_number":"1","first_name":"Joe"}"#);
        let held = there.held_to_link(number).unwrap();
        assert_eq!(held.id_number.unwrap().reveal(), "1");
        assert_eq!(held.first_name.as_deref(), Some("Joe"));
        let kept = serde_json::to_string(&there).unwrap();
        let read: JobRequest = serde_json::from_str(&kept).unwrap();
        assert_eq!(read.link, there.link);
    }
}
