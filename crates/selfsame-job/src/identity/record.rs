//! What an authority keeps.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// A picture as an authority keeps it: undecoded, of whatever format. Written as base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo(pub Bytes);

impl Photo {
    /// Standard base64 without line breaks.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Photo({} bytes)", self.0.len())
    }
}

impl Serialize for Photo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64())
    }
}

impl<'de> Deserialize<'de> for Photo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
        Ok(Self(bytes.into()))
    }
}

macro_rules! record {
    ($(#[$type_doc:meta])* $type:ident { $($(#[$doc:meta])* $name:ident,)* } and { $($(#[$other_doc:meta])* $other:ident: $other_type:ty,)* }) => {
        $(#[$type_doc])*
        #[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $type {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<String>,)*
            $($(#[$other_doc])* pub $other: $other_type,)*
        }

        impl $type {
            /// The names of the fields that hold text.
            pub const TEXT_FIELDS: &'static [&'static str] = &[$(stringify!($name),)*];

            /// A field that holds text, by its name.
            #[must_use]
            pub fn text(&self, name: &str) -> Option<&str> {
                match name {
                    $(stringify!($name) => self.$name.as_deref(),)*
                    _ => None,
                }
            }

            /// Sets a field that holds text; empty text counts as absent. `false`: there is no such field.
            pub fn set_text(&mut self, name: &str, text: &str) -> bool {
                let text = text.trim();
                let value = (!text.is_empty()).then(|| text.to_owned());
                match name {
                    $(stringify!($name) => self.$name = value,)*
                    _ => return false,
                }
                true
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let there = Self::TEXT_FIELDS.iter().filter(|name| self.text(name).is_some());
                write!(f, "{} ", stringify!($type))?;
                f.debug_set().entries(there).finish()
            }
        }
    };
}

record! {
    /// A person's record. What the authority does not keep is absent. All of it is personal: `Debug` tells only which fields are there.
    IdentityRecord {
        /// The whole name, where the authority keeps it in one.
        full_name,
        /// Given name.
        first_name,
        /// Middle names.
        middle_name,
        /// Family name.
        last_name,
        /// Date of birth, `YYYY-MM-DD`.
        date_of_birth,
        /// `M` or `F`, where it is told.
        gender,
        /// Where the person lives.
        address,
        /// Telephone number.
        phone_number,
        /// Another one.
        phone_number_2,
        /// Email address.
        email,
        /// When the document was issued, `YYYY-MM-DD`.
        issuance_date,
        /// When the document ends, `YYYY-MM-DD`.
        expiration_date,
        /// Another number of the person.
        secondary_id_number,
        /// The number as the authority writes it, where it differs from the one that was asked for.
        id_number,
    } and {
        /// The photograph on file.
        #[serde(skip_serializing_if = "Option::is_none")]
        photo: Option<Photo>,
        /// Whatever else the authority told.
        #[serde(skip_serializing_if = "Map::is_empty")]
        full_data: Map<String, Value>,
    }
}

impl IdentityRecord {
    /// The whole name: as it is kept, or of its parts.
    #[must_use]
    pub fn whole_name(&self) -> Option<String> {
        if let Some(name) = &self.full_name {
            return Some(name.clone());
        }
        let parts: Vec<&str> = [&self.first_name, &self.middle_name, &self.last_name]
            .into_iter()
            .filter_map(Option::as_deref)
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

record! {
    /// A business's record.
    BusinessRecord {
        /// As it is registered.
        legal_name,
        /// Its number.
        registration_number,
        /// When it was registered.
        registration_date,
        /// By what it was found.
        search_number,
        /// Its tax number.
        tax_id,
        /// Whether it is active.
        status,
        /// Where it is.
        address,
        /// The state or province.
        state,
        /// The country.
        country,
        /// Its legal form.
        company_type,
        /// What it does.
        industry,
        /// Its capital.
        authorized_shared_capital,
        /// Telephone number.
        phone,
        /// Email address.
        email,
    } and {
        /// Whoever holds it in trust.
        fiduciaries: Vec<Value>,
        /// Whoever owns it in the end.
        beneficial_owners: Vec<Value>,
        /// Whoever owns it.
        proprietors: Vec<Value>,
        /// Whoever directs it.
        directors: Vec<Value>,
        /// Certificates.
        documents: Map<String, Value>,
    }
}
