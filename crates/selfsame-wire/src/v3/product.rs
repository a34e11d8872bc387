//! v3's products.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::WireError;

macro_rules! products {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What a v3 token may be bound to, and what a webhook says that a job was.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Product { $($(#[$doc])* $name,)* }

        impl Product {
            /// Every product that the wire names.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The wire's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

products! {
    /// A person is looked for on lists of sanctions.
    Aml = "aml";
    /// The same, once.
    OneTimeAml = "one_time_aml";
    /// What is said of a person is compared with its record.
    BasicKyc = "basic_kyc";
    /// A record is looked up, its photograph compared with a selfie, the person enrolled.
    BiometricKyc = "biometric_kyc";
    /// An address is compared with a record.
    AddressVerification = "address_verification";
    /// A document is read and compared with a selfie.
    DocumentVerification = "document_verification";
    /// The same, and its number is looked up.
    EnhancedDocumentVerification = "enhanced_document_verification";
    /// A passport and its visa are read and compared with a selfie.
    ResidencyDocumentVerification = "residency_document_verification";
    /// A record is looked up.
    EnhancedKyc = "enhanced_kyc";
    /// The owner of a telephone number is looked up.
    PhoneNumberVerification = "phone_number_verification";
    /// A selfie is compared with the one on file.
    SmartSelfieAuthentication = "smart_selfie_authentication";
    /// A selfie is put on file.
    SmartSelfieRegistration = "smart_selfie_registration";
    /// A selfie is compared with a photograph that the caller brings, and put on file.
    SmartSelfieCompare = "smart_selfie_compare";
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Product {
    type Err = WireError;

    fn from_str(text: &str) -> Result<Self, WireError> {
        Self::ALL
            .iter()
            .copied()
            .find(|product| product.name() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::ALL.iter().map(|product| product.name()).collect();
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
    fn names_come_back() {
        for product in Product::ALL {
            assert_eq!(product.name().parse::<Product>(), Ok(*product));
        }
        assert!("smartselfie".parse::<Product>().is_err());
    }
}
