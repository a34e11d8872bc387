//! What a result tells of a business, as the authority has it.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

macro_rules! company {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The business itself; what the authority lacks is null.
        #[derive(Clone, Default, PartialEq, Eq, Serialize)]
        pub struct CompanyInformation {
            $($(#[$doc])* pub $name: Option<String>,)*
        }

        impl fmt::Debug for CompanyInformation {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let fields = [$((stringify!($name), self.$name.is_some()),)*];
                let there = fields.iter().filter(|(_, there)| *there).map(|(name, _)| name);
                f.write_str("CompanyInformation ")?;
                f.debug_set().entries(there).finish()
            }
        }
    };
}

company! {
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
}

/// What a result of type 7 has beside the usual. People stand in its lists, so `Debug` tells only how many.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct BusinessInfo {
    /// Whether there is such a business.
    pub success: bool,
    /// The business itself; empty where it was not found.
    pub company_information: CompanyInformation,
    /// Whoever holds it in trust.
    pub fiduciaries: Vec<Value>,
    /// Whoever owns it in the end.
    pub beneficial_owners: Vec<Value>,
    /// Whoever owns it.
    pub proprietors: Vec<Value>,
    /// Whoever directs it.
    pub directors: Vec<Value>,
    /// Certificates.
    pub documents: Map<String, Value>,
}

impl fmt::Debug for BusinessInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusinessInfo")
            .field("success", &self.success)
            .field("company_information", &self.company_information)
            .field("directors", &self.directors.len())
            .finish_non_exhaustive()
    }
}
