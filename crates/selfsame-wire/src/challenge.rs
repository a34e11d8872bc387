//! `/v1/challenge`: head turns that the server draws and the person is to make before the camera.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::id::{IdError, JobId, PartnerId, UserId};
use crate::job_type::JobType;
use crate::upload::Auth;

/// The most turns that a challenge has.
pub const MOST_TURNS: usize = 4;

const PREFIX: &str = "chl_";
/// 128 bits in URL-safe base64.
const SECRET_CHARACTERS: usize = 22;

/// The server's name of a challenge: `chl_` and 128 random bits. It opens nothing by itself; who uses it proves besides that it
/// is the partner's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChallengeId(String);

/// The text is not of the form of a [`ChallengeId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("challenge_id must be as /v1/challenge gave it: \"chl_\" and 22 letters, digits, - or _")]
pub struct NotAChallengeId;

impl ChallengeId {
    /// The name that these random bits make.
    #[must_use]
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bits)))
    }

    /// As it stands on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChallengeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ChallengeId {
    type Error = NotAChallengeId;
    fn try_from(text: String) -> Result<Self, NotAChallengeId> {
        let secret = text.strip_prefix(PREFIX).unwrap_or_default();
        let is_url_safe = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if secret.len() == SECRET_CHARACTERS && secret.bytes().all(is_url_safe) {
            Ok(Self(text))
        } else {
            Err(NotAChallengeId)
        }
    }
}

impl std::str::FromStr for ChallengeId {
    type Err = NotAChallengeId;
    fn from_str(text: &str) -> Result<Self, NotAChallengeId> {
        text.to_owned().try_into()
    }
}

impl From<ChallengeId> for String {
    fn from(id: ChallengeId) -> Self {
        id.0
    }
}

/// One turn of the head. Left and right are the person's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// To the person's own left.
    Left,
    /// To the person's own right.
    Right,
    /// The chin up.
    Up,
}

impl Turn {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Left, Self::Right, Self::Up];

    /// `left`, `right` or `up`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Up => "up",
        }
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Head turns in the order in which they are to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// The server's name for it.
    pub id: ChallengeId,
    /// 1 to [`MOST_TURNS`], none twice in a row.
    pub turns: Vec<Turn>,
    /// The capture must have arrived by then.
    #[serde(with = "milliseconds")]
    pub expires_at: Timestamp,
}

/// A challenge as clients are given it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What was drawn.
    #[serde(flatten)]
    pub challenge: Challenge,
    /// How many seconds it has left, rounded down: devices' clocks are wrong, and what they count is not.
    pub seconds: u64,
}

impl Offer {
    /// A challenge that is given out at a moment.
    #[must_use]
    pub fn at(challenge: Challenge, now: Timestamp) -> Self {
        let left = challenge.expires_at.duration_since(now).as_secs();
        Self {
            seconds: u64::try_from(left).unwrap_or(0),
            challenge,
        }
    }
}

/// ISO 8601 with milliseconds, as the wire's other moments.
mod milliseconds {
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&crate::signature::format_timestamp(*at))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The request for a challenge.
#[derive(Debug, Clone)]
pub struct ChallengeRequest {
    /// Whose user; `None` where a web token says it.
    pub partner_id: Option<PartnerId>,
    /// The proof of that.
    pub auth: Auth,
    /// Who is to turn the head; `None` where a web token says it.
    pub user_id: Option<UserId>,
    /// The one job that it is for; `None`: any job of the user, or the token's.
    pub job_id: Option<JobId>,
    /// What the job will be; `None`: any, or the token's.
    pub job_type: Option<JobType>,
}

impl ChallengeRequest {
    /// Reads a request's body. Unknown fields are left alone. `partner_id` may be written `smile_client_id`, as in
    /// `/v1/upload`.
    ///
    /// # Errors
    /// 2203, 2204, 2205, 2212 or 2213, naming the field.
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let fields = Fields::parse(body)?;
        let wrong = |e: IdError| WireError::new(ErrorCode::WrongType, e.to_string());
        let auth = Auth::read(&fields)?;
        let partner = match fields.identifier("partner_id")? {
            Some(partner) => Some(partner),
            None => fields.identifier("smile_client_id")?,
        };
        let request = Self {
            partner_id: partner.map(PartnerId::new).transpose().map_err(wrong)?,
            user_id: fields
                .identifier("user_id")?
                .map(UserId::new)
                .transpose()
                .map_err(wrong)?,
            job_id: fields
                .identifier("job_id")?
                .map(JobId::new)
                .transpose()
                .map_err(wrong)?,
            job_type: fields
                .whole_number("job_type")?
                .map(|number| JobType::named("job_type", number))
                .transpose()?,
            auth,
        };
        if matches!(request.auth, Auth::Signature { .. }) {
            if request.partner_id.is_none() {
                return Err(WireError::missing("partner_id"));
            }
            if request.user_id.is_none() {
                return Err(WireError::missing("user_id"));
            }
        }
        Ok(request)
    }
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct ChallengeResponse {
    /// What was drawn.
    pub challenge: Offer,
}

/// Reads a `challenge_id` that a client sent.
///
/// # Errors
/// 2204 where it is not of the form of one.
pub fn read_id(text: Option<String>) -> Result<Option<ChallengeId>, WireError> {
    text.map(ChallengeId::try_from)
        .transpose()
        .map_err(|e| WireError::new(ErrorCode::WrongType, e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_one_form_only() {
        let id = ChallengeId::from_random([0xfb; 16]);
        assert_eq!(id.as_str(), "chl_-_v7-_v7-_v7-_v7-_v7-w");
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        for wrong in [
            "",
            "chl_",
            "chl_-_v7-_v7-_v7-_v7-_v7-",
            "chl_-_v7-_v7-_v7-_v7-_v7-ww",
            "chl_-_v7-_v7-_v7-_v7-_v7-=",
            "CHL_-_v7-_v7-_v7-_v7-_v7-w",
            "chl_é_v7-_v7-_v7-_v7-_v7-",
        ] {
            assert_eq!(
                wrong.parse::<ChallengeId>(),
                Err(NotAChallengeId),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_challenge_is_written_as_clients_read_it() {
        let challenge = Challenge {
            id: ChallengeId::from_random([0; 16]),
            turns: vec![Turn::Left, Turn::Up],
            expires_at: Timestamp::from_millisecond(1_795_694_400_000).unwrap(),
        };
        let now = Timestamp::from_millisecond(1_795_694_280_500).unwrap();
        let json = serde_json::to_value(ChallengeResponse {
            challenge: Offer::at(challenge.clone(), now),
        })
        .unwrap();
        assert_eq!(
            json,
            serde_json::json!({"challenge": {
                "id": "chl_AAAAAAAAAAAAAAAAAAAAAA", "turns": ["left", "up"], "expires_at": "2026-11-26T12:00:00.000Z",
                "seconds": 119,
            }})
        );
        let read: Challenge = serde_json::from_value(json["challenge"].clone()).unwrap();
        assert_eq!(read, challenge);
        let late = Offer::at(challenge, Timestamp::from_second(1_800_000_000).unwrap());
        assert_eq!(late.seconds, 0);
    }

    fn code(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut body = serde_json::json!({
            "partner_id": "p", "timestamp": "t", "signature": "s", "user_id": "u",
        });
        change(&mut body);
        ChallengeRequest::parse(body.to_string().as_bytes())
            .map_or_else(|e| e.to_string(), |_| "ok".to_owned())
    }

    #[test]
    fn a_signature_names_partner_and_user_and_a_token_need_not() {
        assert_eq!(code(|_| {}), "ok");
        assert_eq!(code(|b| b["job_id"] = 7.into()), "ok");
        assert_eq!(code(|b| b["job_type"] = "4".into()), "ok");
        assert!(code(|b| b["job_type"] = 99.into()).starts_with("2212"));
        let null = serde_json::Value::Null;
        for name in ["partner_id", "user_id", "signature", "timestamp"] {
            assert_eq!(
                code(|b| b[name] = null.clone()),
                format!("2213: {name} is required")
            );
        }
        assert_eq!(code(|b| *b = serde_json::json!({"token": "x"})), "ok");
        assert!(code(|b| b["job_id"] = serde_json::json!({})).starts_with("2204"));
        assert!(code(|b| b["user_id"] = "a\nb".into()).starts_with("2204"));
        let named = code(|b| {
            b["smile_client_id"] = b["partner_id"].take();
        });
        assert_eq!(named, "ok");
    }

    #[test]
    fn an_id_of_another_form_is_refused_with_a_word() {
        assert_eq!(read_id(None), Ok(None));
        let error = read_id(Some("1".to_owned())).unwrap_err().to_string();
        assert!(error.starts_with("2204: challenge_id must be"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            let _ = ChallengeRequest::parse(&bytes);
        }
    }
}
