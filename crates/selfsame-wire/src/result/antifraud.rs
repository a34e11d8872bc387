//! Who else may be the same person.

use serde::{Serialize, Serializer};

use super::ResultCode;
use crate::id::UserId;

/// Why a user is suspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum SuspectReason {
    /// The faces are alike.
    #[serde(rename = "same-person")]
    SamePerson,
    /// The number of the identity is the same.
    #[serde(rename = "same-id-number")]
    SameIdNumber,
}

/// A user who may be the same person as the job's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuspectUser {
    /// Who.
    pub user_id: UserId,
    /// Why.
    pub reason: SuspectReason,
}

/// What was found when the users on file were searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Antifraud {
    /// They were searched; these were found.
    Searched(Vec<SuspectUser>),
    /// The search failed.
    Failed,
}

impl Antifraud {
    /// 5210, 5211 or 5212.
    #[must_use]
    pub const fn code(&self) -> ResultCode {
        match self {
            Self::Searched(found) if found.is_empty() => ResultCode::NoSuspects,
            Self::Searched(_) => ResultCode::SuspectsFound,
            Self::Failed => ResultCode::SuspectsUnknown,
        }
    }

    fn suspects(&self) -> &[SuspectUser] {
        match self {
            Self::Searched(found) => found,
            Self::Failed => &[],
        }
    }
}

#[derive(Serialize)]
struct OnTheWire<'a> {
    summary: Summary,
    smile_secure: SmileSecure<'a>,
    /// Where the search's own callback has them.
    #[serde(rename = "SuspectUsers")]
    suspect_users: &'a [SuspectUser],
}

#[derive(Serialize)]
struct Summary {
    fraud_sources: Vec<&'static str>,
    fraud_detected: bool,
}

#[derive(Serialize)]
struct SmileSecure<'a> {
    #[serde(rename = "ResultCode")]
    result_code: ResultCode,
    #[serde(rename = "ResultText")]
    result_text: &'static str,
    #[serde(rename = "SuspectUsers")]
    suspect_users: &'a [SuspectUser],
}

impl Serialize for Antifraud {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let suspect_users = self.suspects();
        let fraud_detected = !suspect_users.is_empty();
        OnTheWire {
            summary: Summary {
                fraud_sources: if fraud_detected {
                    vec!["smile_secure"]
                } else {
                    Vec::new()
                },
                fraud_detected,
            },
            smile_secure: SmileSecure {
                result_code: self.code(),
                result_text: self.code().text(),
                suspect_users,
            },
            suspect_users,
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspects_stand_where_either_reader_looks() {
        let found = Antifraud::Searched(vec![SuspectUser {
            user_id: UserId::new("u9").unwrap(),
            reason: SuspectReason::SamePerson,
        }]);
        let suspects = serde_json::json!([{"user_id": "u9", "reason": "same-person"}]);
        let told = serde_json::to_value(&found).unwrap();
        assert_eq!(told["SuspectUsers"], suspects);
        assert_eq!(told["smile_secure"]["SuspectUsers"], suspects);
        assert_eq!(told["smile_secure"]["ResultCode"], "5211");
        assert_eq!(told["summary"]["fraud_detected"], true);
        let none = serde_json::to_value(Antifraud::Searched(Vec::new())).unwrap();
        assert_eq!(none["smile_secure"]["ResultCode"], "5210");
        assert_eq!(
            none["summary"],
            serde_json::json!({"fraud_sources": [], "fraud_detected": false})
        );
        let failed = serde_json::to_value(Antifraud::Failed).unwrap();
        assert_eq!(failed["smile_secure"]["ResultCode"], "5212");
    }
}
