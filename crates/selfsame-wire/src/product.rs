//! What a web token is asked for, as `/v1/token` and the web embed name it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::WireError;
use crate::job_type::JobType;

/// A product of the web embed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
#[non_exhaustive]
pub enum Product {
    /// `authentication`: a selfie is compared with the one on file.
    Authentication,
    /// `smartselfie`: a selfie is put on file.
    SmartSelfie,
    /// `basic_kyc`, or `identity_verification`.
    BasicKyc,
    /// `biometric_kyc`, or `ekyc_smartselfie`.
    BiometricKyc,
    /// `enhanced_kyc`.
    EnhancedKyc,
    /// `doc_verification`.
    DocumentVerification,
    /// `enhanced_document_verification`.
    EnhancedDocumentVerification,
    /// `e_signature`.
    ESignature,
}

/// Every name; a product's first is the one that is written.
const NAMES: [(&str, Product); 10] = [
    ("authentication", Product::Authentication),
    ("smartselfie", Product::SmartSelfie),
    ("basic_kyc", Product::BasicKyc),
    ("identity_verification", Product::BasicKyc),
    ("biometric_kyc", Product::BiometricKyc),
    ("ekyc_smartselfie", Product::BiometricKyc),
    ("enhanced_kyc", Product::EnhancedKyc),
    ("doc_verification", Product::DocumentVerification),
    (
        "enhanced_document_verification",
        Product::EnhancedDocumentVerification,
    ),
    ("e_signature", Product::ESignature),
];

impl Product {
    /// The wire's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, product)| *product == self)
            .map_or("", |(name, _)| name)
    }

    /// The jobs that it is made of; `None` where this API has no number for them.
    #[must_use]
    pub const fn job_type(self) -> Option<JobType> {
        match self {
            Self::Authentication => Some(JobType::SmartSelfieAuthentication),
            Self::SmartSelfie => Some(JobType::SmartSelfieRegistration),
            Self::BasicKyc | Self::EnhancedKyc => Some(JobType::EnhancedKyc),
            Self::BiometricKyc => Some(JobType::BiometricKyc),
            Self::DocumentVerification => Some(JobType::DocumentVerification),
            Self::EnhancedDocumentVerification => Some(JobType::EnhancedDocumentVerification),
            Self::ESignature => None,
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Product {
    type Err = WireError;

    fn from_str(text: &str) -> Result<Self, WireError> {
        NAMES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, product)| *product)
            .ok_or_else(|| {
                let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
                WireError::wrong_type("product", &format!("one of {}", names.join(", ")))
            })
    }
}

impl TryFrom<String> for Product {
    type Error = WireError;
    fn try_from(text: String) -> Result<Self, WireError> {
        text.parse()
    }
}

impl From<Product> for &'static str {
    fn from(product: Product) -> Self {
        product.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_nothing_else_is_a_product() {
        for (name, product) in NAMES {
            assert_eq!(name.parse::<Product>(), Ok(product));
            assert_eq!(product.name().parse::<Product>(), Ok(product));
        }
        for text in ["", "Authentication", "authentication ", "x", "4"] {
            let error = text.parse::<Product>().unwrap_err();
            assert_eq!(error.code.code(), "2204");
            assert!(error.message.contains("product") && error.message.contains("smartselfie"));
        }
    }

    #[test]
    fn a_product_is_one_job_type() {
        let number = |name: &str| {
            let product: Product = name.parse().unwrap();
            product.job_type().map(JobType::number)
        };
        assert_eq!(number("authentication"), Some(2));
        assert_eq!(number("smartselfie"), Some(4));
        assert_eq!(number("ekyc_smartselfie"), Some(1));
        assert_eq!(number("identity_verification"), Some(5));
        assert_eq!(number("doc_verification"), Some(6));
        assert_eq!(number("enhanced_document_verification"), Some(11));
        assert_eq!(number("e_signature"), None);
    }
}
