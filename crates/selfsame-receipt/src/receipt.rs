//! What a receipt holds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::masked::MaskedNumber;

/// Most characters of a text.
pub const MAX_TEXT: usize = 512;
/// Most entries of a list.
pub const MAX_ENTRIES: usize = 64;

/// Which of the two environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// For trying things out: nobody was checked.
    Sandbox,
    /// Real.
    Production,
}

/// What the authority was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Whose authority: two letters.
    pub country: String,
    /// Which of its records.
    pub id_type: String,
    /// The end of the number, where it may be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<MaskedNumber>,
    /// Who answered: the name of the authority in the operator's configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The result's code.
    pub code: String,
    /// The result's text.
    pub text: String,
}

/// A name and what is to be said of it: a check and how it ended, a field and how it compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Of what.
    pub name: String,
    /// What.
    pub value: String,
}

/// That the person agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// When.
    pub granted_at: Timestamp,
    /// Who told it.
    pub by: String,
    /// To what, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// What decided, so that the decision can be repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Digests {
    /// Models, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub engine: Vec<Entry>,
    /// The policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// A receipt of one job. No photograph, no whole number, no date of birth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// By what it is found again.
    pub reference: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// For whom.
    pub partner: String,
    /// Whether it was real.
    pub environment: Environment,
    /// The job.
    pub job_id: String,
    /// The user.
    pub user_id: String,
    /// What kind of check.
    pub product: String,
    /// What an authority was asked, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// What came of it.
    pub outcome: Outcome,
    /// Each check, and how it ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Entry>,
    /// Each field that was compared with the record, and how it compares: never what it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matched: Vec<Entry>,
    /// That the person agreed, where it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// What decided.
    #[serde(default)]
    pub digests: Digests,
}

/// Why something cannot be a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A text is too long.
    #[error("`{0}` is longer than {MAX_TEXT} characters")]
    TooLong(&'static str),
    /// A list is too long.
    #[error("`{0}` has more than {MAX_ENTRIES} entries")]
    TooMany(&'static str),
    /// What must be said is not.
    #[error("`{0}` is empty")]
    Empty(&'static str),
}

impl Receipt {
    /// Whether each text and list is within its limit.
    ///
    /// # Errors
    /// [`Unfit`] names the first that is not.
    pub fn check(&self) -> Result<(), Unfit> {
        let mut texts = vec![
            ("partner", &self.partner),
            ("user_id", &self.user_id),
            ("product", &self.product),
            ("outcome.code", &self.outcome.code),
            ("outcome.text", &self.outcome.text),
        ];
        let needed = [("reference", &self.reference), ("job_id", &self.job_id)];
        if let Some((name, _)) = needed.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(Unfit::Empty(name));
        }
        texts.extend(needed);
        if let Some(asked) = &self.asked {
            texts.push(("asked.country", &asked.country));
            texts.push(("asked.id_type", &asked.id_type));
            texts.extend(asked.authority.iter().map(|text| ("asked.authority", text)));
        }
        if let Some(consent) = &self.consent {
            texts.push(("consent.by", &consent.by));
            texts.extend(consent.purpose.iter().map(|text| ("consent.purpose", text)));
        }
        texts.extend(
            self.digests
                .policy
                .iter()
                .map(|text| ("digests.policy", text)),
        );
        for (name, list) in [
            ("checks", &self.checks),
            ("matched", &self.matched),
            ("digests.engine", &self.digests.engine),
        ] {
            if list.len() > MAX_ENTRIES {
                return Err(Unfit::TooMany(name));
            }
            let entries = list.iter().flat_map(|entry| [&entry.name, &entry.value]);
            texts.extend(entries.map(|text| (name, text)));
        }
        match texts
            .iter()
            .find(|(_, text)| text.chars().count() > MAX_TEXT)
        {
            Some((name, _)) => Err(Unfit::TooLong(name)),
            None => Ok(()),
        }
    }
}
