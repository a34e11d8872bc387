//! What a client asks before it submits: banks, ID types, how an authority answers of late, and what forms hold.
//!
//! The first three are the same for everybody and need no token; `/v3/services/config` is one token's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id_info::{Country, IdType};
use crate::offerings::ByCountry;
use crate::signature::format_timestamp;

/// Banks that accounts can be looked up with: `/v3/services/bank_codes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3BankCodes")
)]
pub struct BankCodes {
    /// By country, then by name.
    pub bank_codes: Vec<BankCode>,
}

/// A bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3BankCode")
)]
pub struct BankCode {
    /// What a request calls it.
    pub code: String,
    /// Where it is.
    pub country: Country,
    /// What a person calls it.
    pub name: String,
}

/// ID types that can be looked up: `/v3/services/supported_id_types`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3SupportedIdTypes")
)]
pub struct SupportedIdTypes {
    /// By country, then by type. An account's type stands there once for each bank.
    pub id_types: Vec<SupportedIdType>,
}

/// An ID type, as a form must know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3SupportedIdType")
)]
pub struct SupportedIdType {
    /// The bank whose accounts these are; only with accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<String>,
    /// Whose.
    pub country: Country,
    /// What a person calls it.
    pub label: String,
    /// What a number looks like, as a regular expression.
    pub regex: String,
    /// Every field that a look-up of this type holds.
    pub required_fields: Vec<String>,
    /// What a request calls it.
    #[serde(rename = "type")]
    pub id_type: IdType,
}

/// How an authority answers of late: `/v3/services/id_status`. What nobody has seen is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3IdStatus")
)]
pub struct IdStatus {
    /// When the authority was last asked, as RFC 3339 writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_checked: Option<String>,
    /// Whether it answered then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_check_status: Option<CheckStatus>,
    /// How many questions of the last hour were answered: `95%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]{1,3}%$")))]
    pub last_hour_success_rate: Option<String>,
    /// How it stands, as the last question found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_known_status: Option<KnownStatus>,
    /// How many tries of the last question were answered: a question is asked again where that may help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]{1,3}%$")))]
    pub last_check_success_rate: Option<String>,
}

/// Whether a question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3CheckStatus")
)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// It was, be it with "there is nobody".
    Success,
    /// It was not.
    Failure,
}

/// How an authority stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3KnownStatus")
)]
#[serde(rename_all = "lowercase")]
pub enum KnownStatus {
    /// It answers.
    Online,
    /// It does not.
    Offline,
}

impl IdStatus {
    /// With the last question: when it was asked, whether it was answered, and after how many tries.
    #[must_use]
    pub fn with_last(self, at: Timestamp, answered: bool, tries: u32) -> Self {
        let (check, known) = if answered {
            (CheckStatus::Success, KnownStatus::Online)
        } else {
            (CheckStatus::Failure, KnownStatus::Offline)
        };
        Self {
            last_checked: Some(format_timestamp(at)),
            last_check_status: Some(check),
            last_known_status: Some(known),
            last_check_success_rate: percentage(u32::from(answered), tries),
            ..self
        }
    }

    /// With the last hour: how many questions were answered, and how many were asked.
    #[must_use]
    pub fn with_hour(self, answered: u32, asked: u32) -> Self {
        Self {
            last_hour_success_rate: percentage(answered, asked),
            ..self
        }
    }
}

/// Rounded down, so that only all is 100%. `None` of nothing.
fn percentage(part: u32, whole: u32) -> Option<String> {
    let hundredths = u64::from(part.min(whole)) * 100;
    let percent = hundredths.checked_div(u64::from(whole))?;
    Some(format!("{percent}%"))
}

/// What the holder of a token may do, and what its forms hold: `/v3/services/config`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3Config")
)]
pub struct Config {
    /// ID types by country that need the person's consent.
    #[serde(rename = "consentRequired")]
    pub consent_required: ByCountry<Vec<IdType>>,
    /// Names of fields that a person is still to be asked for: what forms need and the token does not fix.
    pub fields_to_collect: Vec<String>,
    /// ID types by country that a person may choose, by product.
    #[serde(rename = "idSelection")]
    pub id_selection: IdSelection,
    /// Forms, by product and country.
    pub products: BTreeMap<String, ByCountry<Vec<Form>>>,
    /// Names of fields that the token fixes: a submission may leave them out.
    pub token_provided_fields: Vec<String>,
    /// Those of them that are no secret and name no person, and what the token fixes them to.
    pub token_provided_values: BTreeMap<String, String>,
}

/// Products and, for each, ID types by country. Every product stands there: clients insist on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3IdSelection")
)]
pub struct IdSelection {
    /// Basic KYC.
    pub basic_kyc: ByCountry<Vec<IdType>>,
    /// Biometric KYC.
    pub biometric_kyc: ByCountry<Vec<IdType>>,
    /// Document verification.
    pub doc_verification: ByCountry<Vec<IdType>>,
    /// Enhanced document verification.
    pub enhanced_document_verification: ByCountry<Vec<IdType>>,
    /// Enhanced KYC.
    pub enhanced_kyc: ByCountry<Vec<IdType>>,
}

/// What is asked of a person with one ID type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3Form")
)]
pub struct Form {
    /// The ID type.
    pub key_name: IdType,
    /// What a person calls it.
    pub label: String,
    /// In the order in which they are asked for.
    pub fields: Vec<Field>,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3Field")
)]
pub struct Field {
    /// What a submission calls it.
    pub key_name: String,
    /// What a person calls it.
    pub label: String,
    /// How it is written.
    pub field_type: FieldType,
    /// What an empty field shows; may be empty.
    pub placeholder_text: String,
    /// Whether it must be filled in.
    pub required: bool,
    /// What its text looks like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// One field of those with the same group must be filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of_group: Option<String>,
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3FieldType")
)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// Any text.
    Text,
    /// An email address.
    Email,
    /// A telephone number.
    Phone,
}

#[cfg(test)]
mod tests;
