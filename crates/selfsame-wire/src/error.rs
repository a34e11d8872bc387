//! Error codes and the body that carries them.

use serde::Serialize;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal;)*) => {
        /// A request's error, as the wire numbers it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Four digits.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

error_codes! {
    /// 2201: the server failed or is busy.
    SystemError = "2201", 500;
    /// 2203: the body is not JSON.
    InvalidJson = "2203", 400;
    /// 2204: a value has the wrong type or form.
    WrongType = "2204", 400;
    /// 2205: the signature or token is not right.
    Unauthorised = "2205", 403;
    /// 2207: the user is disabled.
    UserDisabled = "2207", 400;
    /// 2208: the user is deleted.
    UserDeleted = "2208", 400;
    /// 2209: the user is enrolled already.
    AlreadyEnrolled = "2209", 400;
    /// 2210: no enrolled user has this id.
    NotEnrolled = "2210", 400;
    /// 2211: the user must enrol again.
    MustReEnrol = "2211", 400;
    /// 2212: no such job type, or not performed here.
    InvalidJobType = "2212", 400;
    /// 2213: a required value is missing.
    Missing = "2213", 400;
    /// 2215: the job id is taken.
    JobExists = "2215", 400;
    /// 2216: the enrolled user has no photo on file.
    NoPhoto = "2216", 400;
    /// 2220: production is not enabled for the partner.
    ProductionNotEnabled = "2220", 403;
    /// 2301: the server failed while asked for a status.
    StatusSystemError = "2301", 500;
    /// 2304: no job has these names.
    UnknownJob = "2304", 404;
    /// 2314: no zip was received for such a job.
    NoZip = "2314", 404;
    /// 2401: the server failed in another request.
    OtherSystemError = "2401", 500;
    /// 2405: not authorised for another request.
    OtherUnauthorised = "2405", 403;
    /// 2413: a value that another request requires is missing.
    OtherMissing = "2413", 400;
}

impl ErrorCode {
    /// The code of four digits, if it is known.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.code() == code)
    }
}

/// An error as the wire carries it: `{"error": …, "code": …}`, and `reason` where clients act on more than the code tells.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.code())]
pub struct WireError {
    /// The number.
    pub code: ErrorCode,
    /// What was wrong, where, and what to do.
    pub message: String,
    /// One word for a program.
    pub reason: Option<&'static str>,
}

impl WireError {
    /// An error with a text.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            reason: None,
        }
    }

    /// The same with a word for a program.
    #[must_use]
    pub const fn with_reason(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// 2213: a required value is missing or empty.
    #[must_use]
    pub fn missing(name: &str) -> Self {
        Self::new(ErrorCode::Missing, format!("{name} is required"))
    }

    /// 2204: a value has the wrong type.
    #[must_use]
    pub fn wrong_type(name: &str, wanted: &str) -> Self {
        Self::new(ErrorCode::WrongType, format!("{name} must be {wanted}"))
    }
}

impl Serialize for WireError {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let fields = 2 + usize::from(self.reason.is_some());
        let mut body = serializer.serialize_struct("WireError", fields)?;
        body.serialize_field("error", &self.message)?;
        body.serialize_field("code", self.code.code())?;
        if let Some(reason) = self.reason {
            body.serialize_field("reason", reason)?;
        }
        body.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_wires() {
        let json = serde_json::to_string(&WireError::missing("user_id")).unwrap();
        assert_eq!(json, r#"{"error":"user_id is required","code":"2213"}"#);
        let told = WireError::new(ErrorCode::WrongType, "late").with_reason("expired");
        assert_eq!(
            serde_json::to_string(&told).unwrap(),
            r#"{"error":"late","code":"2204","reason":"expired"}"#
        );
    }

    #[test]
    fn codes_come_back_and_are_distinct() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_code(code.code()), Some(*code));
            assert!((400..=599).contains(&code.http_status()));
        }
        assert_eq!(ErrorCode::from_code("0000"), None);
    }
}
