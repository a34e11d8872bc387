//! Identifiers that travel on the wire, each its own type so that one cannot stand for another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest identifier that is accepted, in bytes.
pub const MAX_ID_BYTES: usize = 256;

/// Why a string is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The string is empty.
    #[error("{kind} is empty")]
    Empty {
        /// The wire's name of the identifier.
        kind: &'static str,
    },
    /// The string is longer than [`MAX_ID_BYTES`].
    #[error("{kind} is {len} bytes long; at most {MAX_ID_BYTES} are accepted")]
    TooLong {
        /// The wire's name of the identifier.
        kind: &'static str,
        /// Its length in bytes.
        len: usize,
    },
    /// The string holds a control character.
    #[error("{kind} holds a control character")]
    Control {
        /// The wire's name of the identifier.
        kind: &'static str,
    },
}

macro_rules! wire_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Accepts 1 to [`MAX_ID_BYTES`] bytes without control characters.
            ///
            /// # Errors
            /// [`IdError`] says which of these the string is not.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                if text.is_empty() {
                    return Err(IdError::Empty { kind: $kind });
                }
                if text.len() > MAX_ID_BYTES {
                    return Err(IdError::TooLong { kind: $kind, len: text.len() });
                }
                if text.chars().any(char::is_control) {
                    return Err(IdError::Control { kind: $kind });
                }
                Ok(Self(text))
            }

            /// The identifier as the caller wrote it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

wire_id!(
    /// The organisation that integrates the service (`partner_id`, `smile_client_id`).
    PartnerId,
    "partner_id"
);
wire_id!(
    /// A person, named by the partner (`user_id`).
    UserId,
    "user_id"
);
wire_id!(
    /// A job, named by the partner (`job_id`); used once per partner and environment.
    JobId,
    "job_id"
);
wire_id!(
    /// A job, named by the server (`smile_job_id`, `SmileJobID`, `ref_id`); never used twice.
    SmileJobId,
    "smile_job_id"
);

/// Which of a server's two separate environments a request belongs to.
///
/// They share a process and nothing else: users, jobs, templates and keys are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// For integration and tests: outcomes can be forced.
    Sandbox,
    /// For people.
    Production,
}

impl Environment {
    /// Both, sandbox first.
    pub const ALL: [Self; 2] = [Self::Sandbox, Self::Production];

    /// The one that was named, or both where none was.
    #[must_use]
    pub fn these(named: Option<&Self>) -> &[Self] {
        named.map_or(&Self::ALL, std::slice::from_ref)
    }

    /// `sandbox` or `production`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Environment {
    type Err = UnknownEnvironment;
    fn from_str(text: &str) -> Result<Self, UnknownEnvironment> {
        match text {
            "sandbox" => Ok(Self::Sandbox),
            "production" => Ok(Self::Production),
            _ => Err(UnknownEnvironment),
        }
    }
}

/// The text is neither `sandbox` nor `production`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the environment must be \"sandbox\" or \"production\"")]
pub struct UnknownEnvironment;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_an_identifier() {
        assert_eq!(UserId::new(""), Err(IdError::Empty { kind: "user_id" }));
        assert_eq!(
            UserId::new("a\nb"),
            Err(IdError::Control { kind: "user_id" })
        );
        assert!(matches!(
            JobId::new("x".repeat(257)),
            Err(IdError::TooLong { len: 257, .. })
        ));
        assert!(JobId::new("x".repeat(256)).is_ok());
    }

    #[test]
    fn json_is_checked_as_well() {
        assert!(serde_json::from_str::<UserId>("\"\"").is_err());
        let id: UserId = serde_json::from_str("\"ada\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"ada\"");
    }
}
