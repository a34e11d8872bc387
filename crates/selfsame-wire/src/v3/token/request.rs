//! What `/v3/token` is asked to fix.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Bound, Payload, Personal};
use crate::error::{ErrorCode, WireError};
use crate::fields::boolean;
use crate::id::{Environment, PartnerId, UserId};
use crate::id_info::{Country, IdNumber, IdType, MAX_FIELD_BYTES};
use crate::partner_params::PartnerParams;
use crate::v3::consent::Consent;
use crate::v3::product::Product;
use crate::v3::user_details::{is_email, is_name, is_phone};

/// The longest address for results, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// The parts of the form, as they came. Empty text counts as absent. `Debug` tells nothing of them.
#[derive(Clone, Default)]
pub struct TokenParts {
    /// The only user.
    pub user_id: Option<String>,
    /// JSON.
    pub partner_params: Option<String>,
    /// The only product.
    pub product: Option<String>,
    /// Whether jobs may put another face in place of the one on file: `true` or `false`.
    pub allow_new_enroll: Option<String>,
    /// JSON: fields of the later request.
    pub payload: Option<String>,
}

impl std::fmt::Debug for TokenParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenParts(…)")
    }
}

/// What is to be fixed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenRequest {
    user_id: Option<UserId>,
    partner_params: Option<PartnerParams>,
    product: Option<Product>,
    allow_new_enroll: Option<bool>,
    payload: Payload,
}

impl TokenRequest {
    /// Reads the parts.
    ///
    /// # Errors
    /// 2204 and 2203, or 2213 where a field of the consent is missing; each names the field, and nothing that it holds.
    pub fn parse(parts: &TokenParts, now: Timestamp) -> Result<Self, WireError> {
        fn given(text: &Option<String>) -> Option<&str> {
            text.as_deref().filter(|text| !text.is_empty())
        }
        let user_id = given(&parts.user_id).map(UserId::new).transpose();
        Ok(Self {
            user_id: user_id
                .map_err(|error| WireError::new(ErrorCode::WrongType, error.to_string()))?,
            partner_params: given(&parts.partner_params)
                .map(PartnerParams::parse)
                .transpose()?,
            product: given(&parts.product).map(str::parse).transpose()?,
            allow_new_enroll: given(&parts.allow_new_enroll)
                .map(|text| {
                    let wrong = || WireError::wrong_type("allow_new_enroll", "true or false");
                    boolean(text).ok_or_else(wrong)
                })
                .transpose()?,
            payload: given(&parts.payload)
                .map(|json| Payload::parse(json, now))
                .transpose()?
                .unwrap_or_default(),
        })
    }

    /// Where results would go.
    #[must_use]
    pub fn callback_url(&self) -> Option<&str> {
        self.payload.callback_url.as_deref()
    }

    /// What a token of this caller fixes.
    #[must_use]
    pub fn bound(self, partner: PartnerId, environment: Environment) -> Bound {
        Bound {
            partner,
            environment,
            user_id: self.user_id,
            product: self.product,
            partner_params: self.partner_params,
            allow_new_enroll: self.allow_new_enroll,
            payload: self.payload,
        }
    }
}

impl Payload {
    /// Reads the part `payload`.
    fn parse(json: &str, now: Timestamp) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Given<'j> {
            country: Option<String>,
            id_type: Option<String>,
            id_number: Option<String>,
            given_names: Option<String>,
            last_name: Option<String>,
            email: Option<String>,
            phone_number: Option<String>,
            callback_url: Option<String>,
            #[serde(borrow)]
            consent: Option<&'j RawValue>,
        }
        // What serde says of a value may hold it.
        let given: Given<'_> = serde_json::from_str(json).map_err(|_| {
            WireError::new(
                ErrorCode::InvalidJson,
                "payload must be an object of texts, each field once, with consent as an object",
            )
        })?;
        let country = checked("country", given.country, "two letters", |text| {
            Country::new(text).map(String::from)
        })?;
        let id_type = checked(
            "id_type",
            given.id_type,
            "capitals, digits and _, at most 64 of them",
            |text| IdType::new(text).map(String::from),
        )?;
        let id_number = checked(
            "id_number",
            given.id_number,
            "1 to 128 bytes without control characters",
            |text| IdNumber::new(text).map(|number| number.reveal().to_owned()),
        )?;
        let name = |field, value| {
            let wanted =
                "a name, with a letter at least, of at most 256 bytes without control characters";
            checked(field, value, wanted, |text| {
                kept(text, MAX_FIELD_BYTES).filter(|name| is_name(name))
            })
        };
        let email = checked("email", given.email, "an email address", |text| {
            is_email(text).then(|| text.to_owned())
        })?;
        let phone_number = checked(
            "phone_number",
            given.phone_number,
            "+, the country's number and the rest, 7 to 15 digits together",
            |text| is_phone(text).then(|| text.to_owned()),
        )?;
        let callback_url = checked(
            "callback_url",
            given.callback_url,
            "an address of at most 2048 bytes",
            |text| kept(text, MAX_URL_BYTES),
        )?;
        Ok(Self {
            country,
            id_type,
            id_number: id_number.map(Personal),
            given_names: name("given_names", given.given_names)?.map(Personal),
            last_name: name("last_name", given.last_name)?.map(Personal),
            email: email.map(Personal),
            phone_number: phone_number.map(Personal),
            callback_url,
            consent: given
                .consent
                .map(|raw| Consent::parse(raw.get(), now))
                .transpose()?,
        })
    }
}

/// A field where it is there and is what is wanted.
fn checked(
    field: &str,
    value: Option<String>,
    wanted: &str,
    check: impl Fn(&str) -> Option<String>,
) -> Result<Option<String>, WireError> {
    let value = value.as_deref().map(str::trim).filter(|v| !v.is_empty());
    value
        .map(|text| {
            check(text).ok_or_else(|| WireError::wrong_type(&format!("payload.{field}"), wanted))
        })
        .transpose()
}

fn kept(text: &str, most: usize) -> Option<String> {
    let good = text.len() <= most && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
}
