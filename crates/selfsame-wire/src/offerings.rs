//! What a server offers beside selfies: `/v1/services`, `/v1/products_config`, `/v1/valid_documents`.
//!
//! The mobile SDKs ask before they show a person which documents they may choose from. A server that performs no job
//! with a document says so with lists that are empty.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::id::PartnerId;
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

/// ID types by country, by product: `/v1/services`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Services {
    /// Banks that accounts can be checked with.
    pub bank_codes: Vec<Value>,
    /// Products.
    pub hosted_web: HostedWeb,
}

/// Products and, for each, ID types by country.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HostedWeb {
    /// Basic KYC.
    pub basic_kyc: Map<String, Value>,
    /// Biometric KYC.
    pub biometric_kyc: Map<String, Value>,
    /// Enhanced KYC.
    pub enhanced_kyc: Map<String, Value>,
    /// Document verification.
    pub doc_verification: Map<String, Value>,
    /// Enhanced KYC with a selfie.
    pub ekyc_smartselfie: Map<String, Value>,
    /// Enhanced document verification.
    pub enhanced_document_verification: Map<String, Value>,
}

/// What a partner may use: `/v1/products_config`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProductsConfig {
    /// ID types by country that need the person's consent.
    #[serde(rename = "consentRequired")]
    pub consent_required: Map<String, Value>,
    /// ID types by country, by product.
    #[serde(rename = "idSelection")]
    pub id_selection: IdSelection,
}

/// Products and, for each, ID types by country.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IdSelection {
    /// Basic KYC.
    pub basic_kyc: Map<String, Value>,
    /// Biometric KYC.
    pub biometric_kyc: Map<String, Value>,
    /// Enhanced KYC.
    pub enhanced_kyc: Map<String, Value>,
    /// Document verification.
    pub doc_verification: Map<String, Value>,
}

/// Documents that can be verified: `/v1/valid_documents`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ValidDocuments {
    /// By country.
    pub valid_documents: Vec<Value>,
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
}
