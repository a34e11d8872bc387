//! A request to look an identity up, in one flat JSON object: `/v1/id_verification`, `/v1/business_verification`, `/v2/verify`,
//! telephone numbers, and their forms that answer to the callback.

use serde_json::value::RawValue;

use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::id::{IdError, JobId, PartnerId, UserId};
use crate::id_info::{IdInfo, IdNumber, IdType, short_text};
use crate::job_type::JobType;
use crate::partner_params::PartnerParams;
use crate::sandbox_result;
use crate::upload::Auth;
use crate::v3::smile_link::AtLink;

/// The ID type of a telephone number.
const PHONE_NUMBER: &str = "PHONE_NUMBER";

/// What is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// A person's record: `/v1/id_verification`.
    Enhanced,
    /// Whether what is given is what the record says: `/v2/verify`.
    Basic,
    /// Whose a telephone number is: `/v2/verify-phone-number`.
    Phone,
    /// A business's record: `/v1/business_verification`.
    Business,
}

impl Lookup {
    /// The job type that its results have.
    #[must_use]
    pub const fn job_type(self) -> JobType {
        match self {
            Self::Enhanced | Self::Basic | Self::Phone => JobType::EnhancedKyc,
            Self::Business => JobType::BusinessVerification,
        }
    }

    /// v1's bodies name job and user; of v2's the server makes the names that are absent.
    const fn names_its_job(self) -> bool {
        matches!(self, Self::Enhanced | Self::Business)
    }

    /// The code that says which value is missing.
    const fn missing(self) -> ErrorCode {
        match self {
            Self::Enhanced | Self::Basic => ErrorCode::Missing,
            Self::Phone | Self::Business => ErrorCode::OtherMissing,
        }
    }
}

/// How the result is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// In the answer.
    Answer,
    /// To the callback.
    Callback,
}

/// The headers that carry the proof where the body does not: bodies about telephone numbers name no partner.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeaderAuth<'h> {
    /// `smileid-partner-id`.
    pub partner_id: Option<&'h str>,
    /// `smileid-timestamp`.
    pub timestamp: Option<&'h str>,
    /// `smileid-request-signature`.
    pub signature: Option<&'h str>,
}

/// The request.
#[derive(Debug, Clone)]
pub struct IdVerificationRequest {
    /// What is looked up.
    pub lookup: Lookup,
    /// Whose job.
    pub partner_id: PartnerId,
    /// The proof of that.
    pub auth: Auth,
    /// Echoed whole; an empty object where a v2 body has none.
    pub partner_params: PartnerParams,
    /// From the partner parameters; v1's bodies always name it.
    pub job_id: Option<JobId>,
    /// From the partner parameters; v1's bodies always name it.
    pub user_id: Option<UserId>,
    /// Where the result goes. A partner may have a place of its own for what names none: see [`IdVerificationRequest::needs_callback`].
    pub callback_url: Option<String>,
    /// What is asked: country, ID type and number are there.
    pub id_info: IdInfo,
    /// The person's consent, byte for byte.
    pub consent: Option<Box<RawValue>>,
    /// What the client says of the device, byte for byte.
    pub metadata: Option<Box<RawValue>>,
    /// In the body or in the partner parameters; a result or error code.
    pub sandbox_result: Option<String>,
    /// The link where the job is begun. Only a web token says so.
    pub link: Option<AtLink>,
    /// The client's name.
    pub source_sdk: Option<String>,
    /// The client's version.
    pub source_sdk_version: Option<String>,
}

impl IdVerificationRequest {
    /// Reads a request's body. Unknown fields are left alone.
    ///
    /// # Errors
    /// 2203, 2204, 2205, 2212 or 2213 (2413 of businesses and telephone numbers), naming the field.
    pub fn parse(body: &[u8], lookup: Lookup, headers: HeaderAuth<'_>) -> Result<Self, WireError> {
        Self::read(body, lookup, headers).map_err(|error| match error.code {
            ErrorCode::Missing => WireError {
                code: lookup.missing(),
                ..error
            },
            _ => error,
        })
    }

    /// Demands a callback URL of a request whose result is told nowhere else, where the partner has none of its own (`default`).
    ///
    /// A token says where the result goes, whatever the page says; one that says nothing leaves it to `job_status`.
    ///
    /// # Errors
    /// 2213 (2413 of businesses and telephone numbers).
    pub fn needs_callback(&self, delivery: Delivery, default: bool) -> Result<(), WireError> {
        let bound = matches!(self.auth, Auth::Token(_));
        if delivery == Delivery::Answer || default || bound || self.callback_url.is_some() {
            return Ok(());
        }
        Err(WireError {
            code: self.lookup.missing(),
            ..WireError::missing("callback_url")
        })
    }

    fn read(body: &[u8], lookup: Lookup, headers: HeaderAuth<'_>) -> Result<Self, WireError> {
        let fields = Fields::parse(body)?;
        let (partner_id, auth) = proof(&fields, headers)?;
        let partner_params = match fields.raw("partner_params") {
            Some(raw) => PartnerParams::new(raw.to_owned())?,
            None if lookup.names_its_job() => return Err(WireError::missing("partner_params")),
            None => PartnerParams::default(),
        };
        let job_type = lookup.job_type();
        if lookup.names_its_job() {
            // Both must be there.
            partner_params.job_id()?;
            partner_params.user_id()?;
        }
        check_job_type(&partner_params, lookup)?;
        let callback_url = fields.text("callback_url")?;
        let id_info = identity(&fields, lookup)?;
        let sandbox_result = match fields.scalar("sandbox_result")? {
            Some(asked) => Some(asked),
            None => partner_params.sandbox_result()?,
        }
        .map(|asked| sandbox_result::code(&asked, job_type));
        Ok(Self {
            lookup,
            partner_id,
            auth,
            job_id: partner_params.job_id_if_given()?,
            user_id: partner_params.user_id_if_given()?,
            partner_params,
            callback_url,
            id_info,
            consent: fields.kept_object("consent_information")?,
            metadata: fields.kept_list("metadata")?,
            link: None,
            sandbox_result,
            source_sdk: fields.text("source_sdk")?,
            source_sdk_version: fields.text("source_sdk_version")?,
        })
    }
}

/// The body's proof, or the headers'.
fn proof(fields: &Fields<'_>, headers: HeaderAuth<'_>) -> Result<(PartnerId, Auth), WireError> {
    let wrong = |e: IdError| WireError::new(ErrorCode::WrongType, e.to_string());
    let in_body = ["signature", "sec_key", "token"]
        .iter()
        .any(|name| fields.raw(name).is_some());
    let partner_id = match (fields.identifier("partner_id")?, headers.partner_id) {
        (Some(body), Some(header)) if body != header => {
            return Err(WireError::new(
                ErrorCode::WrongType,
                "partner_id is not the partner of the smileid-partner-id header; send one of them, or the same in both",
            ));
        }
        (Some(id), _) => PartnerId::new(id),
        (None, Some(id)) => PartnerId::new(id),
        (None, None) => return Err(WireError::missing("partner_id")),
    }
    .map_err(wrong)?;
    let auth = match (headers.timestamp, headers.signature) {
        (Some(timestamp), Some(signature)) if !in_body => Auth::Signature {
            timestamp: timestamp.to_owned(),
            signature: signature.to_owned(),
        },
        _ => Auth::read(fields)?,
    };
    Ok((partner_id, auth))
}

fn check_job_type(params: &PartnerParams, lookup: Lookup) -> Result<(), WireError> {
    let wanted = lookup.job_type();
    let Some(given) = params.job_type_if_given()? else {
        return if lookup.names_its_job() {
            Err(WireError::missing("partner_params.job_type"))
        } else {
            Ok(())
        };
    };
    if given == wanted {
        return Ok(());
    }
    Err(WireError::new(
        ErrorCode::InvalidJobType,
        format!(
            "partner_params.job_type must be {} here, and is {}",
            wanted.number(),
            given.number()
        ),
    ))
}

fn identity(fields: &Fields<'_>, lookup: Lookup) -> Result<IdInfo, WireError> {
    let info = match lookup {
        Lookup::Phone => owner_of_phone(fields)?,
        Lookup::Enhanced | Lookup::Basic | Lookup::Business => IdInfo::read(fields, "")?,
    };
    let number = match lookup {
        Lookup::Phone => "phone_number",
        _ => "id_number",
    };
    for (name, there) in [
        ("country", info.country.is_some()),
        ("id_type", info.id_type.is_some()),
        (number, info.id_number.is_some()),
    ] {
        if !there {
            return Err(WireError::missing(name));
        }
    }
    Ok(info)
}

/// The number is what is looked up, and `match_fields` says what it is compared with: `first_name`, `last_name`, `other_name`,
/// `id_number`. Callers that write the names flat are read alike.
fn owner_of_phone(fields: &Fields<'_>) -> Result<IdInfo, WireError> {
    let mut info = IdInfo::read(fields, "")?;
    let given = match fields.raw("match_fields") {
        Some(raw) => Some(
            Fields::parse(raw.get().as_bytes())
                .map_err(|_| WireError::wrong_type("match_fields", "an object"))?
                .within("match_fields."),
        ),
        None => None,
    };
    // Not the number that is looked up: that of the owner's identity card.
    let mut owner = info.id_number.take();
    if let Some(given) = given {
        let named = IdInfo::read(&given, "match_fields.")?;
        owner = named.id_number.or(owner);
        info.first_name = named.first_name.or(info.first_name);
        info.last_name = named.last_name.or(info.last_name);
        info.middle_name = named.middle_name.or(info.middle_name);
        if info.middle_name.is_none() {
            info.middle_name = short_text(&given, "other_name")?;
        }
        info.dob = named.dob.or(info.dob);
        info.gender = named.gender.or(info.gender);
    }
    info.owner_id_number = owner.map(|number| number.reveal().to_owned());
    // What is looked up is not compared as well: the owner would agree in part whoever is named.
    let number = info.phone_number.take();
    info.id_number = number.as_deref().and_then(IdNumber::new);
    info.id_type = IdType::new(PHONE_NUMBER);
    Ok(info)
}

#[cfg(test)]
mod tests;
