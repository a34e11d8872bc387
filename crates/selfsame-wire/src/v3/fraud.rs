//! `POST /v3/users/{user_id}/report_fraud`: somebody says that a user is a fraud, or that it is none.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::WireError;
use crate::id::UserId;
use crate::v3::user_details::is_email;

/// The longest notes, in characters.
pub const MAX_NOTES: usize = 500;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// Why a user is held to be a fraud.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum FraudReason { $($(#[$doc])* $name,)* }

        impl FraudReason {
            /// Every reason that the wire names.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The wire's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
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
    /// Something else, which the notes tell.
    Other = "OTHER";
}

impl fmt::Display for FraudReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for FraudReason {
    type Err = WireError;

    fn from_str(text: &str) -> Result<Self, WireError> {
        let found = Self::ALL.iter().copied().find(|r| r.name() == text);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|reason| reason.name()).collect();
            WireError::wrong_type("reason", &format!("one of {}", names.join(", ")))
        })
    }
}

impl TryFrom<String> for FraudReason {
    type Error = WireError;
    fn try_from(text: String) -> Result<Self, WireError> {
        text.parse()
    }
}

impl From<FraudReason> for &'static str {
    fn from(reason: FraudReason) -> Self {
        reason.name()
    }
}

/// What is said of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is a fraud, and why.
    Fraud(FraudReason),
    /// It is none.
    NoFraud,
}

/// The parts of the form, as they came.
#[derive(Default)]
pub struct ReportForm {
    is_fraud: Option<String>,
    reported_by: Option<String>,
    reason: Option<String>,
    notes: Option<String>,
}

impl ReportForm {
    /// Where the text of a part goes; `None` for a part that the form does not have.
    pub fn part(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "is_fraud" => &mut self.is_fraud,
            "reported_by" => &mut self.reported_by,
            "reason" => &mut self.reason,
            "notes" => &mut self.notes,
            _ => return None,
        })
    }
}

/// A report that says all that it must. `Debug` tells neither who reported nor the notes.
#[derive(Clone, PartialEq, Eq)]
pub struct FraudReport {
    claim: Claim,
    reported_by: String,
    notes: Option<String>,
}

impl fmt::Debug for FraudReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FraudReport({:?}, …)", self.claim)
    }
}

impl FraudReport {
    /// Reads the form. A reason counts only where the user is said to be a fraud.
    ///
    /// # Errors
    /// 2204, or 2213 where a part is missing, naming the part and nothing that it holds.
    pub fn parse(form: ReportForm) -> Result<Self, WireError> {
        let given = |text: Option<String>| {
            let text = text.as_deref().map(str::trim).unwrap_or_default();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let is_fraud = match given(form.is_fraud).as_deref() {
            Some("true") => true,
            Some("false") => false,
            Some(_) => return Err(WireError::wrong_type("is_fraud", "true or false")),
            None => return Err(WireError::missing("is_fraud")),
        };
        let reported_by =
            given(form.reported_by).ok_or_else(|| WireError::missing("reported_by"))?;
        if !is_email(&reported_by) {
            return Err(WireError::wrong_type("reported_by", "an email address"));
        }
        let claim = if is_fraud {
            let reason = given(form.reason).ok_or_else(|| WireError::missing("reason"))?;
            Claim::Fraud(reason.parse()?)
        } else {
            Claim::NoFraud
        };
        let notes = given(form.notes);
        if notes.as_deref().is_some_and(|notes| !are_notes(notes)) {
            let wanted = format!(
                "text of at most {MAX_NOTES} characters without control characters but line ends and tabs"
            );
            return Err(WireError::wrong_type("notes", &wanted));
        }
        match (claim, &notes) {
            (Claim::NoFraud | Claim::Fraud(FraudReason::Other), None) => {
                Err(WireError::missing("notes"))
            }
            _ => Ok(Self {
                claim,
                reported_by,
                notes,
            }),
        }
    }

    /// What is said.
    #[must_use]
    pub const fn claim(&self) -> Claim {
        self.claim
    }

    /// Who says it: an email address.
    #[must_use]
    pub fn reported_by(&self) -> &str {
        &self.reported_by
    }

    /// What else is said. It is there where the reason is [`FraudReason::Other`], and where there is none.
    #[must_use]
    pub fn notes(&self) -> Option<&str> {
        self.notes.as_deref()
    }
}

/// Whether a text may be kept as notes: somebody will read it in a terminal.
#[must_use]
pub fn are_notes(text: &str) -> bool {
    text.chars().count() <= MAX_NOTES
        && !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// The answer: the report is on record.
#[derive(Debug, Clone, Serialize)]
pub struct ReportTaken<'a> {
    status: &'static str,
    /// What follows of it.
    pub message: &'a str,
    /// Of whom it is.
    pub user_id: &'a UserId,
}

impl<'a> ReportTaken<'a> {
    /// The answer with what follows.
    #[must_use]
    pub const fn new(user_id: &'a UserId, message: &'a str) -> Self {
        Self {
            status: "accepted",
            message,
            user_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(parts: &[(&str, &str)]) -> Result<FraudReport, String> {
        let mut form = ReportForm::default();
        for (name, text) in parts {
            *form.part(name).unwrap() = Some((*text).to_owned());
        }
        FraudReport::parse(form).map_err(|error| error.message)
    }

    const WHO: (&str, &str) = ("reported_by", " eve@example.com ");

    #[test]
    fn a_report_says_what_who_and_why() {
        let yes = ("is_fraud", "true");
        for reason in FraudReason::ALL {
            let report = parse(&[yes, WHO, ("reason", reason.name()), ("notes", "n")]).unwrap();
            assert_eq!(report.claim(), Claim::Fraud(*reason));
            assert_eq!(
                (report.reported_by(), report.notes()),
                ("eve@example.com", Some("n"))
            );
            let alone = parse(&[yes, WHO, ("reason", reason.name()), ("notes", " ")]);
            assert_eq!(
                alone.is_err(),
                *reason == FraudReason::Other,
                "notes are wanted with OTHER: {reason}"
            );
        }
        let none = parse(&[("is_fraud", "false"), WHO, ("notes", "a\nb")]).unwrap();
        assert_eq!((none.claim(), none.notes()), (Claim::NoFraud, Some("a\nb")));
        // What the reason would be of no fraud is nobody's business.
        let odd = parse(&[
            ("is_fraud", "false"),
            WHO,
            ("notes", "n"),
            ("reason", "LUCK"),
        ]);
        assert_eq!(
            odd.unwrap(),
            parse(&[("is_fraud", "false"), WHO, ("notes", "n")]).unwrap()
        );
    }

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        let (yes, no) = (("is_fraud", "true"), ("is_fraud", "false"));
        let mule = ("reason", "MULE_ACCOUNT");
        let long = "é".repeat(MAX_NOTES + 1);
        assert!(parse(&[yes, WHO, mule, ("notes", &long[2..])]).is_ok());
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[WHO, mule], "is_fraud is required"),
            (&[("is_fraud", ""), WHO, mule], "is_fraud is required"),
            (&[("is_fraud", "PLANTED"), WHO, mule], "is_fraud must be"),
            (&[("is_fraud", "True"), WHO, mule], "is_fraud must be"),
            (&[yes, mule], "reported_by is required"),
            (
                &[yes, ("reported_by", "PLANTED"), mule],
                "reported_by must be",
            ),
            (
                &[yes, ("reported_by", "PLANTED@"), mule],
                "reported_by must be",
            ),
            (
                &[yes, ("reported_by", "a b@PLANTED"), mule],
                "reported_by must be",
            ),
            (&[yes, WHO], "reason is required"),
            (&[yes, WHO, ("reason", "PLANTED")], "reason must be"),
            (&[yes, WHO, ("reason", "mule_account")], "reason must be"),
            (&[yes, WHO, ("reason", "OTHER")], "notes is required"),
            (&[no, WHO], "notes is required"),
            (&[no, WHO, ("notes", "\n")], "notes is required"),
            (&[no, WHO, ("notes", &long)], "notes must be"),
            (&[no, WHO, ("notes", "PLANTED\u{1b}[2J")], "notes must be"),
        ];
        for (parts, wanted) in cases {
            let error = parse(parts).unwrap_err();
            assert!(error.starts_with(wanted), "{error}: {wanted}");
            assert!(!error.contains("PLANTED"), "{error}");
        }
        assert!(ReportForm::default().part("user_id").is_none());
        let told = format!("{:?}", parse(&[no, WHO, ("notes", "PLANTED")]).unwrap());
        assert_eq!(told, "FraudReport(NoFraud, …)");
    }

    #[test]
    fn the_answer_is_the_wires() {
        let user = UserId::new("ada").unwrap();
        assert_eq!(
            serde_json::to_string(&ReportTaken::new(&user, "m")).unwrap(),
            r#"{"status":"accepted","message":"m","user_id":"ada"}"#
        );
        assert_eq!(
            serde_json::json!(FraudReason::AccountTakeover),
            "ACCOUNT_TAKEOVER"
        );
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_report_or_an_error_that_names_a_part(
            texts in proptest::collection::vec(proptest::option::of(".{0,520}"), 4),
            fraud: bool,
        ) {
            let mut form = ReportForm::default();
            for (name, text) in ["is_fraud", "reported_by", "reason", "notes"].iter().zip(texts) {
                *form.part(name).unwrap() = text;
            }
            *form.part("is_fraud").unwrap() = Some(fraud.to_string());
            *form.part("reported_by").unwrap() = Some("eve@example.com".to_owned());
            match FraudReport::parse(form) {
                Ok(report) => {
                    prop_assert!(report.notes().is_none_or(are_notes));
                    prop_assert!(report.notes().is_some() || report.claim() != Claim::NoFraud);
                }
                Err(error) => prop_assert!(
                    ["reason", "notes"].iter().any(|part| error.message.starts_with(part))
                ),
            }
        }
    }
}
