//! What is submitted, and the forms that it makes.

use std::fmt;

use reqwest::header::HeaderValue;
use selfsame_wire::id::UserId;
use selfsame_wire::info::ImageRole;
use selfsame_wire::v3::USER_ID;
use selfsame_wire::v3::consent::Consent;
use selfsame_wire::v3::product::Product;
use selfsame_wire::v3::user_details::UserDetails;
use serde_json::{Map, Value, json};

use crate::capture::Capture;
use crate::v3::error::Error;
use crate::v3::form::Form;
use crate::v3::tokens::Wanted;

/// Header: the name of a submission that may be repeated.
const IDEMPOTENCY_KEY: &str = "smileid-idempotency-key";

/// What every submission says. What the token fixes may be left out: the token's counts.
#[derive(Clone, Default)]
pub struct Said {
    /// The person's consent. Required, here or in the token.
    pub consent: Option<Consent>,
    /// What the person says of itself. Required, here or in the token.
    pub user_details: Option<UserDetails>,
    /// Where the result goes: https. A server of this project requires it, here or in the token; the public one has a partner's own.
    pub callback_url: Option<String>,
    /// Keys of the partner's own, echoed in the result. Null is absent.
    pub partner_params: Value,
    /// Kept with the job.
    pub metadata: Vec<Metadatum>,
    /// The same for each repetition of one submission, and random: a server of this project makes one job of them, so that a caller who
    /// got no answer may ask again.
    pub idempotency_key: Option<String>,
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Said(redacted)")
    }
}

/// Something that is kept with a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadatum {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// Puts a selfie on file.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The selfie and 6 to 8 frames.
    pub capture: Capture,
    /// The partner's name of the person, in visible ASCII. Made where absent.
    pub user: Option<UserId>,
    /// A person who is enrolled already may enrol again.
    pub allow_new_enroll: bool,
    /// Sandbox only: the result code to force, e.g. 811.
    pub sandbox_result: Option<u16>,
    /// What every submission says.
    pub said: Said,
}

/// What is compared with the selfie on file.
#[derive(Debug, Clone)]
pub enum Presented {
    /// A new selfie and 6 to 8 frames.
    Capture(Capture),
    /// The selfie on file itself. A server of this project refuses that (400): alone it proves nothing.
    EnrolledImage,
}

/// Compares a selfie with the one on file.
#[derive(Debug, Clone)]
pub struct Authentication {
    /// What is compared.
    pub presented: Presented,
    /// Who it should be. May be left out where the token fixes it.
    pub user: Option<UserId>,
    /// Sandbox only: the result code to force, e.g. 821.
    pub sandbox_result: Option<u16>,
    /// What every submission says.
    pub said: Said,
}

/// What kind of picture a selfie is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparisonImageType {
    /// A document's page.
    Document,
    /// The photograph of an ID.
    IdPhoto,
    /// Any other photograph of the person.
    Portrait,
}

impl ComparisonImageType {
    /// The wire's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Document => "DOCUMENT",
            Self::IdPhoto => "ID_PHOTO",
            Self::Portrait => "PORTRAIT",
        }
    }
}

/// The picture that the caller brings.
#[derive(Clone)]
pub struct ComparisonImage {
    /// JPEG or PNG.
    pub image: Vec<u8>,
    /// What it is.
    pub kind: ComparisonImageType,
}

impl fmt::Debug for ComparisonImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ComparisonImage(redacted, {})", self.kind.name())
    }
}

/// Compares a selfie with a picture that the caller brings; a pass puts the selfie on file.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The selfie, with frames or without.
    pub capture: Capture,
    /// What it is compared with.
    pub with: ComparisonImage,
    /// The partner's name of the person. Made where absent.
    pub user: Option<UserId>,
    /// A person who is enrolled already may enrol again.
    pub allow_new_enroll: bool,
    /// Sandbox only: the result code to force, e.g. 811.
    pub sandbox_result: Option<u16>,
    /// What every submission says.
    pub said: Said,
}

/// Whose record is looked up. What the token fixes may be left out.
#[derive(Clone, Default)]
pub struct Identity {
    /// Two letters, e.g. `NG`.
    pub country: Option<String>,
    /// Which of the authority's records, e.g. `NIN`.
    pub id_type: Option<String>,
    /// Which person.
    pub id_number: Option<String>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(redacted)")
    }
}

/// Looks a record up, compares its photograph with a selfie, and enrols the person.
#[derive(Debug, Clone)]
pub struct BiometricKyc {
    /// The selfie and 6 to 8 frames.
    pub capture: Capture,
    /// Whose record.
    pub identity: Identity,
    /// The partner's name of the person, in visible ASCII. Made where absent.
    pub user: Option<UserId>,
    /// Sandbox only: the result code to force, e.g. 811.
    pub sandbox_result: Option<u16>,
    /// What every submission says.
    pub said: Said,
}

/// Looks a record up.
#[derive(Debug, Clone, Default)]
pub struct EnhancedKyc {
    /// Whose record.
    pub identity: Identity,
    /// The bank, where the number is an account's.
    pub bank_code: Option<String>,
    /// The operator, where the number is a telephone's.
    pub operator: Option<String>,
    /// The partner's name of the person, in visible ASCII. Made where absent.
    pub user: Option<UserId>,
    /// What every submission says.
    pub said: Said,
}

/// A submission as it is sent.
pub(crate) struct Prepared {
    pub(crate) path: &'static [&'static str],
    pub(crate) product: Product,
    pub(crate) user: Option<UserId>,
    /// What travels as headers.
    pub(crate) headers: Vec<(&'static str, HeaderValue)>,
    pub(crate) form: Form,
}

impl Prepared {
    /// What a token for it is wanted for.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted {
            product: Some(self.product),
            user: self.user.clone(),
        }
    }
}

/// What can be submitted.
pub(crate) trait Submit {
    fn prepare(&self) -> Result<Prepared, Error>;
}

impl Submit for Registration {
    fn prepare(&self) -> Result<Prepared, Error> {
        let form = Form::default().flag("allow_new_enroll", self.allow_new_enroll);
        let form = selfies(forced(form, self.sandbox_result), &self.capture)?;
        Ok(Prepared {
            path: &["registration"],
            product: Product::SmartSelfieRegistration,
            user: self.user.clone(),
            headers: headers(self.user.as_ref(), &self.said)?,
            form: said(form, &self.said),
        })
    }
}

impl Submit for Authentication {
    fn prepare(&self) -> Result<Prepared, Error> {
        let form = forced(Form::default(), self.sandbox_result);
        let form = match &self.presented {
            Presented::Capture(capture) => selfies(form, capture)?,
            Presented::EnrolledImage => form.flag("use_enrolled_image", true),
        };
        Ok(Prepared {
            path: &["authentication"],
            product: Product::SmartSelfieAuthentication,
            form: said(form.text("user_id", name(self.user.as_ref())), &self.said),
            user: self.user.clone(),
            headers: headers(None, &self.said)?,
        })
    }
}

impl Submit for Comparison {
    fn prepare(&self) -> Result<Prepared, Error> {
        let form = Form::default()
            .text("comparison_image_type", Some(self.with.kind.name()))
            .flag("allow_new_enroll", self.allow_new_enroll)
            .image("comparison_image", None, &self.with.image);
        let form = selfies(forced(form, self.sandbox_result), &self.capture)?;
        Ok(Prepared {
            path: &["compare"],
            product: Product::SmartSelfieCompare,
            form: said(form.text("user_id", name(self.user.as_ref())), &self.said),
            user: self.user.clone(),
            headers: headers(None, &self.said)?,
        })
    }
}

impl Submit for BiometricKyc {
    fn prepare(&self) -> Result<Prepared, Error> {
        let form = forced(identity(&self.identity), self.sandbox_result);
        Ok(Prepared {
            path: &["biometric_kyc"],
            product: Product::BiometricKyc,
            user: self.user.clone(),
            headers: headers(self.user.as_ref(), &self.said)?,
            form: said(selfies(form, &self.capture)?, &self.said),
        })
    }
}

impl Submit for EnhancedKyc {
    fn prepare(&self) -> Result<Prepared, Error> {
        let form = identity(&self.identity)
            .text("bank_code", self.bank_code.as_deref())
            .text("operator", self.operator.as_deref());
        Ok(Prepared {
            path: &["enhanced_kyc"],
            product: Product::EnhancedKyc,
            user: self.user.clone(),
            headers: headers(self.user.as_ref(), &self.said)?,
            form: said(form, &self.said),
        })
    }
}

fn name(user: Option<&UserId>) -> Option<&str> {
    user.map(UserId::as_str)
}

/// The headers of a submission, of which some calls have the user's name among them.
fn headers(user: Option<&UserId>, said: &Said) -> Result<Vec<(&'static str, HeaderValue)>, Error> {
    let user = user.map(|user| ("user", USER_ID, user.as_str()));
    let key = said.idempotency_key.as_deref();
    let key = key.map(|key| ("idempotency_key", IDEMPOTENCY_KEY, key));
    let given = user.into_iter().chain(key);
    given
        .map(|(argument, name, text)| Ok((name, visible(argument, text)?)))
        .collect()
}

/// Text as a header carries it whole: without spaces at its ends, which would be lost on the way.
fn visible(argument: &str, text: &str) -> Result<HeaderValue, Error> {
    let text = Some(text).filter(|text| !text.is_empty() && text.trim() == *text);
    text.and_then(|text| HeaderValue::from_str(text).ok())
        .filter(|value| value.to_str().is_ok())
        .ok_or_else(|| {
            Error::Argument(format!(
                "{argument} must be visible ASCII for this call: it travels as a header"
            ))
        })
}

fn forced(form: Form, sandbox_result: Option<u16>) -> Form {
    let code = sandbox_result.map(|code| code.to_string());
    form.text("sandbox_result", code.as_deref())
}

fn identity(identity: &Identity) -> Form {
    Form::default()
        .text("country", identity.country.as_deref())
        .text("id_type", identity.id_type.as_deref())
        .text("id_number", identity.id_number.as_deref())
}

fn selfies(mut form: Form, capture: &Capture) -> Result<Form, Error> {
    if capture.challenge().is_some() || capture.has_id_card() {
        let wrong =
            "v3's forms have no place for head turns and ID cards: submit the capture by v1";
        return Err(Error::Argument(wrong.to_owned()));
    }
    let mut frames = 0..;
    for (role, bytes) in capture.images() {
        form = match role {
            ImageRole::Liveness => form.image("liveness_images", frames.next(), bytes),
            _ => form.image("selfie_image", None, bytes),
        };
    }
    Ok(form)
}

fn said(form: Form, said: &Said) -> Form {
    let of_consent = |consent: &Consent| present(json!(consent));
    let of_person = |details: &UserDetails| present(json!(details));
    let metadata = said.metadata.iter();
    let metadata: Vec<Value> = metadata
        .map(|datum| json!({"name": datum.name, "value": datum.value}))
        .collect();
    let form = form
        .text("callback_url", said.callback_url.as_deref())
        .json("consent", &said.consent.as_ref().map(of_consent).into())
        .json(
            "user_details",
            &said.user_details.as_ref().map(of_person).into(),
        )
        .json("partner_params", &said.partner_params);
    if metadata.is_empty() {
        form
    } else {
        form.json("metadata", &metadata.into())
    }
}

/// An object without what is null: the service takes text or nothing.
pub(crate) fn present(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other,
    }
}
