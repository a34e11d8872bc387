//! What an ID type is good for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a look-up is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Product {
    /// `basic_kyc`: what a person says is compared with the record.
    BasicKyc,
    /// `enhanced_kyc`: the record is returned.
    EnhancedKyc,
    /// `biometric_kyc`: a selfie is compared with the record's photograph.
    BiometricKyc,
    /// `phone`: what a person says is compared with whose telephone number it is.
    Phone,
    /// `business`: the record of a business is returned.
    Business,
}

impl Product {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::BasicKyc,
        Self::EnhancedKyc,
        Self::BiometricKyc,
        Self::Phone,
        Self::Business,
    ];

    /// As files and lists name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BasicKyc => "basic_kyc",
            Self::EnhancedKyc => "enhanced_kyc",
            Self::BiometricKyc => "biometric_kyc",
            Self::Phone => "phone",
            Self::Business => "business",
        }
    }

    /// The product of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.name() == name)
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for Product {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        Self::named(&name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            format!("{name:?} is no product; there are {}", names.join(", "))
        })
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
    fn names_come_back_and_others_are_told_what_there_is() {
        for product in Product::ALL {
            assert_eq!(Product::named(product.name()), Some(product));
        }
        let error = Product::try_from("kyc".to_owned()).unwrap_err();
        assert!(
            error.contains("kyc") && error.contains("biometric_kyc"),
            "{error}"
        );
    }
}
