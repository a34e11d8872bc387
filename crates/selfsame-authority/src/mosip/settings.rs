//! What the operator's file says of an installation of MOSIP.

use std::collections::BTreeMap;
use std::path::PathBuf;

use selfsame_job::identity::IdentityRecord;
use selfsame_wire::id_info::IdType;
use serde::Deserialize;

use crate::config::{ConfigError, Place, SecretSource};

/// Settings of an installation of MOSIP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MosipSettings {
    /// The address before `/idauthentication`.
    pub address: String,
    /// Certificates that the address's own must come from; absent: those of the system.
    pub ca: Option<PathBuf>,
    /// The licence key of the infrastructure provider (MISP).
    pub misp_licence_key: SecretSource,
    /// Who asks: the eKYC partner's name at MOSIP.
    pub partner_id: String,
    /// The partner's key, which belongs to a policy.
    pub api_key: SecretSource,
    /// The `Authorization` header, which must not be empty; absent: the word itself, which installations that do not use it accept.
    pub authorization: Option<SecretSource>,
    /// IDA's certificate: requests are encrypted to it. PEM or DER.
    pub ida_certificate: PathBuf,
    /// The partner's certificate as MOSIP gave it back: answers are encrypted to it, and it goes with each signature. PEM or DER.
    pub partner_certificate: PathBuf,
    /// The private key of that certificate, in PEM without a passphrase.
    pub partner_key: SecretSource,
    /// That whoever sends a job has the person's consent. MOSIP answers nobody without, and is told so in each request.
    pub consent_is_obtained: bool,
    /// `env` of each request.
    #[serde(default = "production")]
    pub env: String,
    /// `domainUri` of each request; absent: the address.
    pub domain_uri: Option<String>,
    /// The language of names, as MOSIP writes it: three letters.
    #[serde(default = "english")]
    pub language: String,
    /// By what a person passes who has no one-time password. All of it is required of each request.
    #[serde(default = "name_and_birth")]
    pub demographics: Vec<Demographic>,
    /// What MOSIP calls an ID type; those that are not named here are sent by their own name.
    #[serde(default)]
    pub id_types: BTreeMap<IdType, IndividualIdType>,
    /// In which attribute this installation keeps a field of the record, where it is not one of the usual ones.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// What a person says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demographic {
    /// First, middle and last name.
    Name,
    /// Date of birth.
    Dob,
    /// Telephone number.
    PhoneNumber,
    /// Email address.
    Email,
}

/// `individualIdType` of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum IndividualIdType {
    /// The number for life.
    Uin,
    /// A number that stands for it, for a time or for one use.
    Vid,
    /// A name that stands for it.
    Handle,
}

impl IndividualIdType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Uin => "UIN",
            Self::Vid => "VID",
            Self::Handle => "HANDLE",
        }
    }
}

impl MosipSettings {
    /// What the types alone do not tell.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub(super) fn check(&self, place: &Place) -> Result<(), ConfigError> {
        if !self.consent_is_obtained {
            return Err(place.wrong(
                "consent_is_obtained",
                "must be true: MOSIP answers only where the person agreed, and is told so in each request. Make consent a \
                 requirement of the ID type, and say true once your partners ask for it",
            ));
        }
        let letters = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase());
        if self.language.len() != 3 || !letters(&self.language) {
            return Err(place.wrong("language", "must be three small letters, such as \"eng\""));
        }
        let all = &self.demographics;
        if all.is_empty() {
            return Err(place.wrong(
                "demographics",
                "must name at least one: who says nothing cannot pass",
            ));
        }
        if all
            .iter()
            .enumerate()
            .any(|(at, one)| all[..at].contains(one))
        {
            return Err(place.wrong("demographics", "names one twice"));
        }
        if !all
            .iter()
            .any(|d| matches!(d, Demographic::Name | Demographic::Dob))
        {
            return Err(place.wrong(
                "demographics",
                "must hold \"name\" or \"dob\": who knows a telephone number is not yet its owner",
            ));
        }
        if let Some(name) = self
            .attributes
            .keys()
            .find(|n| !IdentityRecord::TEXT_FIELDS.contains(&n.as_str()))
        {
            let problem = format!(
                "names {name:?}, which is no field of a record: those are {}",
                IdentityRecord::TEXT_FIELDS.join(", ")
            );
            return Err(place.wrong("attributes", problem));
        }
        for (name, text) in [
            ("partner_id", Some(&self.partner_id)),
            ("env", Some(&self.env)),
            ("domain_uri", self.domain_uri.as_ref()),
        ] {
            if text.is_some_and(|t| t.trim().is_empty() || t.len() > 256) {
                return Err(place.wrong(name, "must be a text of 1 to 256 bytes"));
            }
        }
        Ok(())
    }

    pub(super) fn individual_id_type<'a>(&self, id_type: &'a IdType) -> &'a str {
        let named = self.id_types.get(id_type);
        named.map_or_else(|| id_type.as_str(), |named| named.as_str())
    }
}

fn production() -> String {
    "Production".to_owned()
}

fn english() -> String {
    "eng".to_owned()
}

fn name_and_birth() -> Vec<Demographic> {
    vec![Demographic::Name, Demographic::Dob]
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::*;

    /// The least that the file must say.
    pub(in crate::mosip) const LEAST: &str = r#"
        address = "https://mosip.example"
        misp_licence_key = { env = "A" }
        partner_id = "p"
        api_key = { env = "B" }
        ida_certificate = "ida.pem"
        partner_certificate = "partner.pem"
        partner_key = { file = "partner.key.pem" }
        consent_is_obtained = true
    "#;

    pub(in crate::mosip) fn read(more: &str) -> Result<MosipSettings, ConfigError> {
        let place = Place::file(Path::new("/")).within("authority").within("m");
        let mut table: toml::Table = LEAST.parse().unwrap();
        table.extend(more.parse::<toml::Table>().unwrap());
        let settings: MosipSettings = place.read(table)?;
        settings.check(&place)?;
        Ok(settings)
    }

    #[test]
    fn id_types_have_a_name_at_mosip() {
        let settings = read("id_types = { fayda = \"UIN\", FAN = \"VID\" }").unwrap();
        let name = |t: &str| {
            let id_type = IdType::new(t).unwrap();
            settings.individual_id_type(&id_type).to_owned()
        };
        assert_eq!(name("FAYDA"), "UIN");
        assert_eq!(name("FAN"), "VID");
        assert_eq!(name("HANDLE"), "HANDLE");
        assert_eq!(settings.demographics, [Demographic::Name, Demographic::Dob]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, said) in [
            (
                "consent_is_obtained = false",
                "consent_is_obtained must be true",
            ),
            ("language = \"en\"", "language must be three"),
            ("demographics = []", "demographics must name"),
            (
                "demographics = [\"name\", \"name\"]",
                "demographics names one twice",
            ),
            (
                "demographics = [\"phone_number\"]",
                "demographics must hold",
            ),
            ("demographics = [\"face\"]", "demographics[0] is wrong"),
            (
                "attributes = { surname = \"x\" }",
                "attributes names \"surname\"",
            ),
            ("id_types = { X = \"PASSPORT\" }", "id_types.X is wrong"),
            ("partner_id = \" \"", "partner_id must be"),
            ("api_key = \"s3cret\"", "api_key is wrong"),
            ("more = 1", "more is wrong"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(
                error.contains(&format!("authority.m.{said}")),
                "{text}: {error}"
            );
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
