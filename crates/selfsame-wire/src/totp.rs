//! A person's consent by one-time password, as a Nigerian BVN wants it: `/v1/totp_consent` begins, `/mode` says where the password
//! goes, `/otp` brings it. The session's name then goes with the number into a look-up (`BVN_MFA`).

use std::fmt;

use serde::{Serialize, Serializer};

use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::id::PartnerId;
use crate::id_info::{Country, IdInfo, IdNumber, IdType};
use crate::signature::Signed;
use crate::upload::Auth;

/// The ID type that wants it.
pub const ID_TYPE: &str = "BVN_MFA";
/// The longest session name, mode and password, in bytes.
const MAX_SESSION_BYTES: usize = 512;
const MAX_MODE_BYTES: usize = 64;
const MAX_PASSWORD_BYTES: usize = 64;

/// What all three requests say.
#[derive(Debug, Clone)]
pub struct TotpConsent {
    /// Whose person.
    pub partner_id: PartnerId,
    /// The proof of that.
    pub auth: Auth,
    /// Whose authority.
    pub country: Country,
    /// Which of its records.
    pub id_type: IdType,
    /// Which person.
    pub id_number: IdNumber,
}

/// `/v1/totp_consent/mode`: where the password is to go.
#[derive(Debug, Clone)]
pub struct TotpMode {
    /// Of whom.
    pub consent: TotpConsent,
    /// As the first answer named it.
    pub session_id: String,
    /// As the first answer named it, `sms` for example.
    pub mode: String,
}

/// `/v1/totp_consent/otp`: the password.
#[derive(Debug, Clone)]
pub struct TotpPassword {
    /// Of whom.
    pub consent: TotpConsent,
    /// As the first answer named it.
    pub session_id: String,
    /// What the person was told.
    pub password: OneTimePassword,
}

/// A one-time password: never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimePassword(String);

impl OneTimePassword {
    /// The password itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimePassword(…)")
    }
}

impl TotpConsent {
    /// Reads the first request's body. Unknown fields are left alone.
    ///
    /// # Errors
    /// 2203, 2204, 2205 or 2213, naming the field.
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        Self::read(&Fields::parse(body)?)
    }

    fn read(fields: &Fields<'_>) -> Result<Self, WireError> {
        let partner_id = PartnerId::new(fields.required_identifier("partner_id")?)
            .map_err(|e| WireError::new(ErrorCode::WrongType, e.to_string()))?;
        let auth = Auth::read(fields)?;
        let info = IdInfo::read(fields, "")?;
        let id_type = info.id_type.ok_or_else(|| WireError::missing("id_type"))?;
        if id_type.as_str() != ID_TYPE {
            return Err(WireError::wrong_type(
                "id_type",
                &format!("{ID_TYPE}: no other type wants a one-time password"),
            ));
        }
        Ok(Self {
            partner_id,
            auth,
            country: info.country.ok_or_else(|| WireError::missing("country"))?,
            id_type,
            id_number: info
                .id_number
                .ok_or_else(|| WireError::missing("id_number"))?,
        })
    }
}

impl TotpMode {
    /// Reads the second request's body.
    ///
    /// # Errors
    /// As [`TotpConsent::parse`].
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let fields = Fields::parse(body)?;
        Ok(Self {
            consent: TotpConsent::read(&fields)?,
            session_id: required_short(&fields, "session_id", MAX_SESSION_BYTES)?,
            mode: required_short(&fields, "mode", MAX_MODE_BYTES)?,
        })
    }
}

impl TotpPassword {
    /// Reads the third request's body.
    ///
    /// # Errors
    /// As [`TotpConsent::parse`].
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let fields = Fields::parse(body)?;
        Ok(Self {
            consent: TotpConsent::read(&fields)?,
            session_id: required_short(&fields, "session_id", MAX_SESSION_BYTES)?,
            password: OneTimePassword(required_short(&fields, "otp", MAX_PASSWORD_BYTES)?),
        })
    }
}

fn required_short(fields: &Fields<'_>, name: &str, most: usize) -> Result<String, WireError> {
    let text = fields.required_identifier(name)?;
    if text.len() > most || text.chars().any(char::is_control) {
        return Err(WireError::wrong_type(
            name,
            &format!("at most {most} bytes without control characters"),
        ));
    }
    Ok(text)
}

/// Where a password may go, with the most of the address hidden.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordPath {
    /// `sms` or `email`.
    pub mode: &'static str,
    /// `080*****12`.
    pub masked: String,
}

impl fmt::Debug for PasswordPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordPath({})", self.mode)
    }
}

impl Serialize for PasswordPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.mode, &self.masked)])
    }
}

/// The answer to each of the three; the first one's has session and paths.
#[derive(Debug, Clone, Serialize)]
pub struct TotpResponse {
    success: bool,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modes: Option<Vec<PasswordPath>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

impl TotpResponse {
    /// A session has begun.
    #[must_use]
    pub fn begun(session_id: String, modes: Vec<PasswordPath>, signed: Option<Signed>) -> Self {
        Self {
            session_id: Some(session_id),
            modes: Some(modes),
            ..Self::done("choose where the one-time password goes", signed)
        }
    }

    /// A step of the session is done. Only who signed the request is answered with a signature.
    #[must_use]
    pub fn done(message: &'static str, signed: Option<Signed>) -> Self {
        let (timestamp, signature) = signed
            .map(|signed| (signed.timestamp, signed.signature))
            .unzip();
        Self {
            success: true,
            message,
            session_id: None,
            modes: None,
            timestamp,
            signature,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::signature::{ApiKey, sign_answer};

    /// The web components' `totp-consent` sends a token; the mobile SDKs sign milliseconds.
    fn embed() -> Value {
        json!({"country": "NG", "id_number": "00000000000", "id_type": "BVN_MFA", "partner_id": "2343", "token": "a.b.c",
               "session_id": "s", "mode": "sms", "otp": "012345"})
    }

    fn mobile() -> Value {
        let mut body = embed();
        body["token"] = Value::Null;
        body["timestamp"] = "1769860800000".into();
        body["signature"] = "c2ln".into();
        body
    }

    #[test]
    fn reads_what_the_public_clients_send() {
        for body in [embed(), mobile()] {
            let body = body.to_string();
            let consent = TotpConsent::parse(body.as_bytes()).unwrap();
            assert_eq!(consent.id_number.reveal(), "00000000000");
            assert_eq!(TotpMode::parse(body.as_bytes()).unwrap().mode, "sms");
            let entered = TotpPassword::parse(body.as_bytes()).unwrap();
            assert_eq!(entered.password.reveal(), "012345");
            assert!(!format!("{entered:?}").contains("012345"));
        }
    }

    #[test]
    fn each_fault_has_its_code() {
        let fault = |name: &str, value: Value| {
            let mut body = mobile();
            body[name] = value;
            let body = body.to_string();
            TotpPassword::parse(body.as_bytes()).map_or_else(|e| e.to_string(), |_| "ok".to_owned())
        };
        for name in ["country", "id_type", "id_number", "session_id", "otp"] {
            assert_eq!(
                fault(name, Value::Null),
                format!("2213: {name} is required")
            );
        }
        assert!(fault("id_type", "BVN".into()).starts_with("2204: id_type must be BVN_MFA"));
        assert!(fault("otp", "1".repeat(65).into()).starts_with("2204: otp"));
        assert_eq!(fault("otp", 123_456.into()), "ok");
    }

    #[test]
    fn the_answers_are_the_wires() {
        let partner = PartnerId::new("p").unwrap();
        let signed = || {
            let key = ApiKey::new("k");
            Some(sign_answer(&key, &partner, Timestamp::UNIX_EPOCH))
        };
        let modes = vec![
            PasswordPath {
                mode: "sms",
                masked: "080*****12".to_owned(),
            },
            PasswordPath {
                mode: "email",
                masked: "j***@example.com".to_owned(),
            },
        ];
        let begun = TotpResponse::begun("s".to_owned(), modes, signed());
        let begun = serde_json::to_value(begun).unwrap();
        assert_eq!(
            begun["modes"],
            json!([{"sms": "080*****12"}, {"email": "j***@example.com"}])
        );
        assert_eq!(begun["success"], true);
        let done = serde_json::to_value(TotpResponse::done("sent", signed())).unwrap();
        let names: Vec<_> = done.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["success", "message", "timestamp", "signature"]);
        // A page that came with a web token could hand the signature on.
        let unsigned = serde_json::to_value(TotpResponse::done("sent", None)).unwrap();
        let names: Vec<_> = unsigned.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["success", "message"]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            let _ = TotpConsent::parse(&bytes);
            let _ = TotpMode::parse(&bytes);
            let _ = TotpPassword::parse(&bytes);
        }
    }
}
