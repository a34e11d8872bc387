//! What a server offers beside selfies: `/v1/services`, `/v1/products_config`, `/v1/valid_documents`.
//!
//! The mobile SDKs and the web embed ask before they show a person which identities and documents they may choose from. What is
//! not offered is absent; the products themselves always stand there, for the clients insist on them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::id::PartnerId;
use crate::id_info::{Country, IdType};
use crate::upload::Auth;

/// A question that names nothing but the partner: signed by the mobile SDKs, with a web token from pages.
#[derive(Debug, Clone)]
pub struct OfferingsRequest {
    /// Whose.
    pub partner_id: PartnerId,
    /// The proof of that.
    pub auth: Auth,
}

impl OfferingsRequest {
    /// Reads a request's body.
    ///
    /// # Errors
    /// 2203, 2204, 2205 or 2213, naming the field.
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let fields = Fields::parse(body)?;
        Ok(Self {
            partner_id: PartnerId::new(fields.required_scalar("partner_id")?)
                .map_err(|e| WireError::new(ErrorCode::WrongType, e.to_string()))?,
            auth: Auth::read(&fields)?,
        })
    }
}

/// Countries by code, and what is offered for each. In the order of the codes, so that the same offer is always the same text.
pub type ByCountry<T> = BTreeMap<Country, T>;

/// ID types by country, by product: `/v1/services`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Services {
    /// Banks that accounts can be checked with.
    pub bank_codes: Vec<Bank>,
    /// Products.
    pub hosted_web: HostedWeb,
}

/// A bank, as `bank_code` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bank {
    /// What a person calls it.
    pub name: String,
    /// What a request calls it.
    pub code: String,
}

/// Products and, for each, ID types by country.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostedWeb {
    /// Basic KYC.
    pub basic_kyc: ByCountry<CountryServices>,
    /// Biometric KYC.
    pub biometric_kyc: ByCountry<CountryServices>,
    /// Enhanced KYC.
    pub enhanced_kyc: ByCountry<CountryServices>,
    /// Document verification.
    pub doc_verification: ByCountry<CountryServices>,
    /// Enhanced KYC with a selfie.
    pub ekyc_smartselfie: ByCountry<CountryServices>,
    /// Enhanced document verification.
    pub enhanced_document_verification: ByCountry<CountryServices>,
}

/// What a product offers in one country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryServices {
    /// The country, in the language that was asked for.
    pub name: String,
    /// By the ID type's name.
    pub id_types: BTreeMap<IdType, IdTypeService>,
}

/// What a form must know of one ID type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTypeService {
    /// What a person calls it, in the language that was asked for.
    pub label: String,
    /// Every field that a request of this type holds.
    pub required_fields: Vec<String>,
    /// The number that the sandbox knows.
    pub test_data: String,
    /// What a number looks like, as a regular expression.
    pub id_number_regex: String,
}

/// What a partner may use: `/v1/products_config`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductsConfig {
    /// ID types by country that need the person's consent.
    #[serde(rename = "consentRequired")]
    pub consent_required: ByCountry<Vec<IdType>>,
    /// ID types by country, by product.
    #[serde(rename = "idSelection")]
    pub id_selection: IdSelection,
}

/// Products and, for each, ID types by country.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdSelection {
    /// Basic KYC.
    pub basic_kyc: ByCountry<Vec<IdType>>,
    /// Biometric KYC.
    pub biometric_kyc: ByCountry<Vec<IdType>>,
    /// Enhanced KYC.
    pub enhanced_kyc: ByCountry<Vec<IdType>>,
    /// Document verification.
    pub doc_verification: ByCountry<Vec<IdType>>,
}

/// Documents that can be verified: `/v1/valid_documents`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidDocuments {
    /// By country.
    pub valid_documents: Vec<CountryDocuments>,
}

/// The documents of one country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryDocuments {
    /// Which country.
    pub country: DocumentCountry,
    /// Its documents.
    pub id_types: Vec<DocumentType>,
}

/// A country that documents are from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentCountry {
    /// Its code.
    pub code: Country,
    /// Its name, in the language that was asked for.
    pub name: String,
    /// `AFRICA` and so on.
    pub continent: String,
}

/// A kind of document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentType {
    /// `PASSPORT`; empty for whatever the list does not name.
    pub code: String,
    /// What a person calls it.
    pub name: String,
    /// What it is called on the document itself, in each of its forms.
    pub example: Vec<String>,
    /// Whether its back is photographed too.
    pub has_back: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_the_mobile_sdks_insist_on_is_there() {
        let services = serde_json::to_value(Services::default()).unwrap();
        assert_eq!(services["hosted_web"].as_object().unwrap().len(), 6);
        assert!(services["bank_codes"].is_array());
        let config = serde_json::to_value(ProductsConfig::default()).unwrap();
        assert_eq!(config["idSelection"].as_object().unwrap().len(), 4);
        assert!(config["consentRequired"].is_object());
        assert!(OfferingsRequest::parse(br#"{"partner_id":"p","timestamp":"t"}"#).is_err());
        let embed = br#"{"partner_id":"p","token":"t","partner_params":{"user_id":"u"}}"#;
        let request = OfferingsRequest::parse(embed).unwrap();
        assert_eq!(request.auth, Auth::Token("t".to_owned()));
    }

    fn nin() -> (Country, CountryServices) {
        let service = IdTypeService {
            label: "NIN".to_owned(),
            required_fields: ["country", "id_type", "id_number"]
                .map(str::to_owned)
                .to_vec(),
            test_data: "00000000000".to_owned(),
            id_number_regex: "^[0-9]{11}$".to_owned(),
        };
        let services = CountryServices {
            name: "Nigeria".to_owned(),
            id_types: BTreeMap::from([(IdType::new("NIN").unwrap(), service)]),
        };
        (Country::new("NG").unwrap(), services)
    }

    #[test]
    fn services_as_the_embed_reads_them() {
        let services = Services {
            bank_codes: vec![Bank {
                name: "Access Bank".to_owned(),
                code: "044".to_owned(),
            }],
            hosted_web: HostedWeb {
                enhanced_kyc: BTreeMap::from([nin()]),
                ..HostedWeb::default()
            },
        };
        insta::assert_json_snapshot!(services);
        let text = serde_json::to_string(&services).unwrap();
        assert_eq!(serde_json::from_str::<Services>(&text).unwrap(), services);
    }

    #[test]
    fn the_configuration_as_the_mobile_sdks_read_it() {
        let types = |names: &[&str]| -> Vec<IdType> {
            names.iter().filter_map(|name| IdType::new(name)).collect()
        };
        let (nigeria, ghana) = (Country::new("NG").unwrap(), Country::new("GH").unwrap());
        let config = ProductsConfig {
            consent_required: BTreeMap::from([(nigeria, types(&["BVN_MFA"]))]),
            id_selection: IdSelection {
                enhanced_kyc: BTreeMap::from([
                    (nigeria, types(&["NIN", "BVN"])),
                    (ghana, types(&["SSNIT"])),
                ]),
                ..IdSelection::default()
            },
        };
        insta::assert_json_snapshot!(config);
    }

    #[test]
    fn documents_as_the_mobile_sdks_read_them() {
        let documents = ValidDocuments {
            valid_documents: vec![CountryDocuments {
                country: DocumentCountry {
                    code: Country::new("GH").unwrap(),
                    name: "Ghana".to_owned(),
                    continent: "AFRICA".to_owned(),
                },
                id_types: vec![DocumentType {
                    code: "PASSPORT".to_owned(),
                    name: "Passport".to_owned(),
                    example: vec!["Passport".to_owned()],
                    has_back: false,
                }],
            }],
        };
        insta::assert_json_snapshot!(documents);
    }
}
