//! The form of `POST /v3/smile_links`.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::terms::{LinkIdType, Terms, ThemeColor, VerificationMethod};
use crate::error::{ErrorCode, WireError};
use crate::fields::boolean;
use crate::id::UserId;
use crate::id_info::{Country, IdType};
use crate::partner_params::PartnerParams;
use crate::v3::https_url::HttpsUrl;

/// The parts that are read.
pub const PARTS: [&str; 12] = [
    "id_types",
    "name",
    "notice_privacy_policy_url",
    "is_single_use",
    "callback_url",
    "description",
    "expires_at",
    "logo_url",
    "redirect_url",
    "theme_color",
    "partner_params",
    "user_id",
];

/// The most kinds of ID of one link.
pub const MAX_ID_TYPES: usize = 50;
/// The longest name, in characters.
const MAX_NAME: usize = 100;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 1000;
/// The most that partner parameters may take, in bytes.
const MAX_PARAMS_BYTES: usize = 2048;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a link lives that does not say.
const LIFETIME: Duration = DAY.saturating_mul(30);
/// The longest that one may live.
const LONGEST_LIFETIME: Duration = DAY.saturating_mul(365);

/// A link that is asked for.
#[derive(Debug, Clone)]
pub struct SmileLinkRequest {
    /// What it lets a person do.
    pub terms: Terms,
    /// Whether one job uses it up.
    pub is_single_use: bool,
    /// When its time is over.
    pub expires_at: Timestamp,
    /// Whose jobs it makes, where the caller says.
    pub user_id: Option<UserId>,
}

impl SmileLinkRequest {
    /// Reads the form; `part` gives the text of a part by its name, and nothing for one that is absent or empty.
    ///
    /// # Errors
    /// 2203, 2204 or 2213, naming the part; 2212 for a verification method that is not performed.
    pub fn read<'f>(
        part: impl Fn(&str) -> Option<&'f str>,
        now: Timestamp,
    ) -> Result<Self, WireError> {
        let required = |name: &str| part(name).ok_or_else(|| WireError::missing(name));
        let url = |name: &str| {
            part(name)
                .map(|text| HttpsUrl::of_field(name, text))
                .transpose()
        };
        let terms = Terms {
            id_types: id_types(required("id_types")?)?,
            name: line("name", required("name")?, MAX_NAME, false)?,
            description: part("description")
                .map(|text| line("description", text, MAX_DESCRIPTION, true))
                .transpose()?,
            notice_privacy_policy_url: HttpsUrl::of_field(
                "notice_privacy_policy_url",
                required("notice_privacy_policy_url")?,
            )?,
            callback_url: part("callback_url").map(str::to_owned),
            logo_url: url("logo_url")?,
            redirect_url: url("redirect_url")?,
            theme_color: part("theme_color")
                .map(ThemeColor::new)
                .transpose()
                .map_err(|wanted| WireError::wrong_type("theme_color", &wanted.to_string()))?,
            partner_params: part("partner_params").map(params).transpose()?,
        };
        let is_single_use = match part("is_single_use") {
            None => false,
            Some(text) => boolean(text)
                .ok_or_else(|| WireError::wrong_type("is_single_use", "true or false"))?,
        };
        let user_id = part("user_id")
            .map(UserId::new)
            .transpose()
            .map_err(|e| WireError::new(ErrorCode::WrongType, e.to_string()))?;
        Ok(Self {
            terms,
            is_single_use,
            expires_at: expiry(part("expires_at"), now)?,
            user_id,
        })
    }
}

/// A text that people read. What makes letters stand in another order than they are written could make a page say what nobody wrote.
fn line(name: &str, text: &str, most: usize, breaks: bool) -> Result<String, WireError> {
    let text = text.trim();
    let unwanted = |c: char| {
        (c.is_control() && !(breaks && matches!(c, '\n' | '\r')))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.is_empty() {
        return Err(WireError::missing(name));
    }
    if text.chars().count() > most || text.chars().any(unwanted) {
        return Err(WireError::wrong_type(
            name,
            &format!("at most {most} characters, none of them a control character"),
        ));
    }
    Ok(text.to_owned())
}

fn params(text: &str) -> Result<PartnerParams, WireError> {
    if text.len() > MAX_PARAMS_BYTES {
        return Err(WireError::wrong_type(
            "partner_params",
            &format!("at most {MAX_PARAMS_BYTES} bytes long"),
        ));
    }
    PartnerParams::parse(text)
}

fn expiry(given: Option<&str>, now: Timestamp) -> Result<Timestamp, WireError> {
    let after = |time: Duration| now.checked_add(time).unwrap_or(Timestamp::MAX);
    let Some(text) = given else {
        return Ok(after(LIFETIME));
    };
    let wrong = |wanted| Err(WireError::wrong_type("expires_at", wanted));
    let Ok(at) = text.parse::<Timestamp>() else {
        return wrong("a time as RFC 3339 writes it, with its zone");
    };
    if at <= now {
        return wrong("a time that has not come");
    }
    if at > after(LONGEST_LIFETIME) {
        return wrong("at most 365 days ahead");
    }
    Ok(at)
}

fn id_types(json: &str) -> Result<Vec<LinkIdType>, WireError> {
    #[derive(Deserialize)]
    struct Given {
        country: String,
        id_type: String,
        verification_method: String,
    }
    let wrong = |name: &str, wanted: &str| WireError::wrong_type(name, wanted);
    let given: Vec<Given> = serde_json::from_str(json).map_err(|_| {
        wrong(
            "id_types",
            "a JSON list of {country, id_type, verification_method}, each a text",
        )
    })?;
    if given.is_empty() || given.len() > MAX_ID_TYPES {
        return Err(wrong("id_types", &format!("a list of 1 to {MAX_ID_TYPES}")));
    }
    let mut all: Vec<LinkIdType> = Vec::with_capacity(given.len());
    for (at, each) in given.iter().enumerate() {
        let name = |field: &str| format!("id_types[{at}].{field}");
        let country = Country::new(&each.country)
            .ok_or_else(|| wrong(&name("country"), "two letters, as ISO 3166-1 has them"))?;
        let id_type = IdType::new(&each.id_type)
            .ok_or_else(|| wrong(&name("id_type"), "capitals, digits and _, at most 64"))?;
        let verification_method = method(&name("verification_method"), &each.verification_method)?;
        if all
            .iter()
            .any(|other| other.country == country && other.id_type == id_type)
        {
            return Err(wrong(
                &name("id_type"),
                "named once: a link verifies each kind of ID in one way; make another link for another way",
            ));
        }
        all.push(LinkIdType {
            country,
            id_type,
            verification_method,
        });
    }
    Ok(all)
}

fn method(name: &str, text: &str) -> Result<VerificationMethod, WireError> {
    let known = VerificationMethod::ALL
        .into_iter()
        .find(|method| method.name() == text);
    let performed = VerificationMethod::ALL
        .map(VerificationMethod::name)
        .join(", ");
    known.ok_or_else(|| match text {
        "doc_verification" | "enhanced_document_verification" => WireError::new(
            ErrorCode::InvalidJobType,
            format!("{name}: {text} is not performed by this server yet; it performs {performed}"),
        ),
        _ => WireError::wrong_type(name, &format!("one of {performed}")),
    })
}
