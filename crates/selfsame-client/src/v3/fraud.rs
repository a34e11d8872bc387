//! A user committed fraud, or did not after all.

use std::fmt;

use crate::v3::form::Form;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What a user is reported for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FraudKind { $($(#[$doc])* $name,)* }

        impl FraudKind {
            /// The wire's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// The person deceives under its own name.
    FirstParty = "FIRST_PARTY_FRAUD";
    /// The person lends its name to another.
    SecondParty = "SECOND_PARTY_FRAUD";
    /// Somebody else uses the person's name.
    ThirdParty = "THIRD_PARTY_FRAUD";
    /// There is no such person.
    SyntheticIdentity = "SYNTHETIC_IDENTITY";
    /// Somebody took the account over.
    AccountTakeover = "ACCOUNT_TAKEOVER";
    /// The document is forged.
    DocumentForgery = "DOCUMENT_FORGERY";
    /// Identities are collected and used in numbers.
    IdentityFarming = "IDENTITY_FARMING";
    /// The account passes money on for others.
    MuleAccount = "MULE_ACCOUNT";
}

/// What is reported of a user.
#[derive(Clone, PartialEq, Eq)]
pub enum FraudReport {
    /// It committed fraud.
    Fraud {
        /// Of which kind.
        kind: FraudKind,
        /// What else is to be said.
        notes: Option<String>,
    },
    /// It committed fraud of a kind that the notes tell.
    OtherFraud {
        /// Which.
        notes: String,
    },
    /// It did not.
    NoFraud {
        /// How that is known.
        notes: String,
    },
}

impl fmt::Debug for FraudReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FraudReport(redacted)")
    }
}

impl FraudReport {
    pub(crate) const fn is_fraud(&self) -> bool {
        matches!(self, Self::Fraud { .. } | Self::OtherFraud { .. })
    }

    pub(crate) fn form(&self, reported_by: &str) -> Form {
        let (is_fraud, reason, notes) = match self {
            Self::Fraud { kind, notes } => ("true", Some(kind.name()), notes.as_deref()),
            Self::OtherFraud { notes } => ("true", Some("OTHER"), Some(notes.as_str())),
            Self::NoFraud { notes } => ("false", None, Some(notes.as_str())),
        };
        Form::default()
            .text("is_fraud", Some(is_fraud))
            .text("reported_by", Some(reported_by))
            .text("reason", reason)
            .text("notes", notes)
    }
}
