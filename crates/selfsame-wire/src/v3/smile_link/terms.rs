//! What a link lets a person do, and how its page looks.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id_info::{Country, IdType};
use crate::partner_params::PartnerParams;
use crate::product::Product;
use crate::v3::https_url::HttpsUrl;

/// How an ID is verified at a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationMethod {
    /// The number is looked up, and a selfie compared with the record's photograph.
    BiometricKyc,
    /// The number is looked up.
    EnhancedKyc,
}

impl VerificationMethod {
    /// Those that this server performs.
    pub const ALL: [Self; 2] = [Self::BiometricKyc, Self::EnhancedKyc];

    /// The wire's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BiometricKyc => "biometric_kyc",
            Self::EnhancedKyc => "enhanced_kyc",
        }
    }

    /// What a web token for it is for.
    #[must_use]
    pub const fn product(self) -> Product {
        match self {
            Self::BiometricKyc => Product::BiometricKyc,
            Self::EnhancedKyc => Product::EnhancedKyc,
        }
    }
}

/// One kind of ID that may be verified at a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkIdType {
    /// Whose.
    pub country: Country,
    /// Which.
    pub id_type: IdType,
    /// How.
    pub verification_method: VerificationMethod,
}

/// A colour as the web writes it: `#` and six digits, small letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ThemeColor(String);

/// The text is no such colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a colour as #rrggbb")]
pub struct NotAColor;

impl ThemeColor {
    /// Reads one; capitals become small letters.
    ///
    /// # Errors
    /// [`NotAColor`].
    pub fn new(text: &str) -> Result<Self, NotAColor> {
        let digits = text.strip_prefix('#').ok_or(NotAColor)?;
        let good = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if good {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NotAColor)
        }
    }

    /// `#rrggbb`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ThemeColor {
    type Error = NotAColor;
    fn try_from(text: String) -> Result<Self, NotAColor> {
        Self::new(&text)
    }
}

impl From<ThemeColor> for String {
    fn from(color: ThemeColor) -> Self {
        color.0
    }
}

/// What a link lets a person do, and how its page looks. Its texts may name a person: `Debug` tells the kinds of ID only.
#[derive(Clone, Serialize, Deserialize)]
pub struct Terms {
    /// What may be verified there.
    pub id_types: Vec<LinkIdType>,
    /// What the page is headed.
    pub name: String,
    /// What the page says below.
    pub description: Option<String>,
    /// Where the person can read what becomes of the data.
    pub notice_privacy_policy_url: HttpsUrl,
    /// Where results go; nowhere where it is absent.
    pub callback_url: Option<String>,
    /// The partner's logo.
    pub logo_url: Option<HttpsUrl>,
    /// Where the page leads afterwards.
    pub redirect_url: Option<HttpsUrl>,
    /// The page's colour.
    pub theme_color: Option<ThemeColor>,
    /// What stands in the jobs' partner parameters.
    pub partner_params: Option<PartnerParams>,
}

impl Terms {
    /// What of it a person chose.
    #[must_use]
    pub fn chosen(&self, country: Country, id_type: &IdType) -> Option<&LinkIdType> {
        let mut all = self.id_types.iter();
        all.find(|each| each.country == country && each.id_type == *id_type)
    }
}

impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terms")
            .field("id_types", &self.id_types)
            .finish_non_exhaustive()
    }
}
