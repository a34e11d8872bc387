//! `info.json`: what a package says about itself.

use serde_json::value::RawValue;

use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::partner_params::PartnerParams;

/// One image that `info.json` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageEntry {
    /// What it shows and how it is carried.
    pub image_type: ImageType,
    /// Base64, for the types that carry it so.
    pub image: String,
    /// The file in the zip, for the types that are files.
    pub file_name: String,
}

/// What an image shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageRole {
    /// The selfie.
    Selfie,
    /// A frame of the capture around the selfie.
    Liveness,
    /// An ID card's front.
    IdCardFront,
    /// An ID card's back.
    IdCardBack,
}

/// `image_type_id`: a role, carried as a file or as base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageType {
    /// What it shows.
    pub role: ImageRole,
    /// Base64 in `info.json` rather than a file in the zip.
    pub base64: bool,
}

const TYPES: [(ImageRole, bool); 8] = [
    (ImageRole::Selfie, false),
    (ImageRole::IdCardFront, false),
    (ImageRole::Selfie, true),
    (ImageRole::IdCardFront, true),
    (ImageRole::Liveness, false),
    (ImageRole::IdCardBack, false),
    (ImageRole::Liveness, true),
    (ImageRole::IdCardBack, true),
];

impl ImageType {
    /// The type of a number, 0 to 7.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        let (role, base64) = *TYPES.get(usize::try_from(number).ok()?)?;
        Some(Self { role, base64 })
    }

    /// The wire's number.
    #[must_use]
    pub fn number(self) -> u8 {
        let at = TYPES
            .iter()
            .position(|t| *t == (self.role, self.base64))
            .unwrap_or(0);
        u8::try_from(at).unwrap_or(0)
    }
}

/// What `info.json` says, as far as the server needs it.
#[derive(Debug, Clone)]
pub struct InfoJson {
    /// Whose package, as it says.
    pub partner_id: Option<String>,
    /// Timestamp and signature, as it says.
    pub signature: Option<(String, String)>,
    /// The partner parameters, as it says.
    pub partner_params: Option<PartnerParams>,
    /// ID information, byte for byte.
    pub id_info: Option<Box<RawValue>>,
    /// The person's consent, byte for byte.
    pub consent: Option<Box<RawValue>>,
    /// Geo information, byte for byte.
    pub geo_info: Option<Box<RawValue>>,
    /// The images.
    pub images: Vec<ImageEntry>,
}

impl InfoJson {
    /// Reads `info.json`. Unknown fields are left alone; `server_information` may be anything.
    ///
    /// # Errors
    /// 2203, 2204 or 2213, naming the field.
    pub fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let fields = Fields::parse(bytes)?;
        let misc = match fields.raw("misc_information") {
            Some(raw) => Some(Fields::parse(raw.get().as_bytes())?),
            None => None,
        };
        let text = |name| misc.as_ref().map_or(Ok(None), |m| m.text(name));
        let partner_params = match misc.as_ref().and_then(|m| m.raw("partner_params")) {
            Some(raw) => Some(PartnerParams::new(raw.to_owned())?),
            None => None,
        };
        let entries: Vec<&RawValue> = fields
            .raw("images")
            .ok_or_else(|| WireError::missing("images"))
            .and_then(|raw| {
                serde_json::from_str(raw.get())
                    .map_err(|_| WireError::wrong_type("images", "a list"))
            })?;
        let geo = |m: &Fields<'_>| {
            ["geo_info", "geo_information", "geolocation"]
                .iter()
                .find_map(|n| m.raw(n).map(ToOwned::to_owned))
        };
        Ok(Self {
            partner_id: misc
                .as_ref()
                .filter(|m| m.raw("smile_client_id").is_some())
                .map(|m| m.required_identifier("smile_client_id"))
                .transpose()?,
            signature: match (
                misc.as_ref()
                    .filter(|m| m.raw("timestamp").is_some())
                    .map(|m| m.required_scalar("timestamp"))
                    .transpose()?,
                text("signature")?,
            ) {
                (Some(timestamp), Some(signature)) => Some((timestamp, signature)),
                _ => None,
            },
            partner_params,
            id_info: fields.raw("id_info").map(ToOwned::to_owned),
            consent: match fields.kept_object("consent_information")? {
                Some(beside) => Some(beside),
                None => consent_within(&fields)?,
            },
            geo_info: geo(&fields).or_else(|| misc.as_ref().and_then(geo)),
            images: entries
                .iter()
                .enumerate()
                .map(|(at, raw)| entry(at, raw))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// The public web embed has the consent among the fields of `id_info`.
fn consent_within(fields: &Fields<'_>) -> Result<Option<Box<RawValue>>, WireError> {
    let Some(id_info) = fields.raw("id_info") else {
        return Ok(None);
    };
    // What else stands there is read where an identity is looked up; other jobs only echo it.
    Fields::parse(id_info.get().as_bytes()).map_or(Ok(None), |within| {
        within.within("id_info.").kept_object("consent_information")
    })
}

fn entry(at: usize, raw: &RawValue) -> Result<ImageEntry, WireError> {
    let fields = Fields::parse(raw.get().as_bytes())
        .map_err(|_| WireError::wrong_type(&format!("images[{at}]"), "an object"))?
        .within(format!("images[{at}]."));
    let number = fields.required_whole_number("image_type_id")?;
    let image_type = ImageType::from_number(number).ok_or_else(|| {
        WireError::new(
            ErrorCode::WrongType,
            format!("images[{at}].image_type_id must be a number from 0 to 7"),
        )
    })?;
    let text = |field: &str| fields.text(field).map(Option::unwrap_or_default);
    Ok(ImageEntry {
        image_type,
        image: text("image")?,
        file_name: text("file_name")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_public_clients_send() {
        let json = br#"{"package_information":{"language":"python"},"misc_information":{"signature":"s","timestamp":"t",
            "retry":"false","partner_params":{"job_id":"j"},"smile_client_id":"2343","userData":{}},
            "id_info":{"entered": false,"dob":null},"geo_info":{"latitude": 1.50},
            "images":[{"image_type_id":0,"image":"","file_name":"a.jpg"},{"image_type_id":"2.0","image":"QQ==","file_name":""}],
            "server_information":"https://x/"}"#;
        let info = InfoJson::parse(json).unwrap();
        assert_eq!(
            info.images[1].image_type,
            ImageType {
                role: ImageRole::Selfie,
                base64: true
            }
        );
        assert_eq!(info.geo_info.unwrap().get(), r#"{"latitude": 1.50}"#);
        assert_eq!(
            info.id_info.unwrap().get(),
            r#"{"entered": false,"dob":null}"#
        );
        assert_eq!(info.signature, Some(("t".to_owned(), "s".to_owned())));
    }

    #[test]
    fn the_consent_stands_beside_the_id_info_or_in_it() {
        let consented = r#"{ "consented":{"personal_details":true}}"#;
        for json in [
            format!(r#"{{"images":[],"id_info":{{}},"consent_information":{consented}}}"#),
            format!(r#"{{"images":[],"id_info":{{"consent_information":{consented}}}}}"#),
        ] {
            let info = InfoJson::parse(json.as_bytes()).unwrap();
            assert_eq!(info.consent.unwrap().get(), consented);
        }
        let absent = r#"{"images":[],"id_info":"x","consent_information":null}"#;
        assert!(
            InfoJson::parse(absent.as_bytes())
                .unwrap()
                .consent
                .is_none()
        );
        let wrong = r#"{"images":[],"consent_information":"yes"}"#;
        assert_eq!(
            InfoJson::parse(wrong.as_bytes()).unwrap_err().to_string(),
            "2204: consent_information must be an object"
        );
    }

    #[test]
    fn a_mark_may_stand_before_it() {
        let info = InfoJson::parse(
            b"\xef\xbb\xbf{\"images\":[{\"image_type_id\":4.0,\"file_name\":\"a\"}]}",
        );
        assert_eq!(info.unwrap().images[0].image_type.role, ImageRole::Liveness);
    }

    #[test]
    fn faults_are_named() {
        let message = |json: &str| InfoJson::parse(json.as_bytes()).unwrap_err().to_string();
        assert_eq!(message("{}"), "2213: images is required");
        assert_eq!(message(r#"{"images":{}}"#), "2204: images must be a list");
        assert_eq!(
            message(r#"{"images":[{}]}"#),
            "2213: images[0].image_type_id is required"
        );
        assert_eq!(
            message(r#"{"images":[{"image_type_id":9}]}"#),
            "2204: images[0].image_type_id must be a number from 0 to 7"
        );
        assert_eq!(
            message(r#"{"images":[3]}"#),
            "2204: images[0] must be an object"
        );
    }

    #[test]
    fn numbers_come_back() {
        for number in 0..8u8 {
            assert_eq!(
                ImageType::from_number(u64::from(number)).unwrap().number(),
                number
            );
        }
        assert_eq!(ImageType::from_number(8), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "\\PC*") {
            let _ = InfoJson::parse(text.as_bytes());
        }
    }
}
