//! Look-ups without a face: the authority's answer is the result.

use selfsame_wire::job_type::JobType as WireJobType;

use super::{Product, Wanted};

macro_rules! lookups {
    ($($(#[$doc:meta])* $name:ident: $wire_type:ident, $word:literal, $called:literal, $title:literal, $wanted:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $name;

            impl Product for $name {
                fn wire_type(&self) -> WireJobType {
                    WireJobType::$wire_type
                }

                fn name(&self) -> &'static str {
                    $word
                }

                fn called(&self) -> &'static str {
                    $called
                }

                fn title(&self) -> &'static str {
                    $title
                }

                fn looks_up(&self) -> Option<Wanted> {
                    Some(Wanted::$wanted)
                }
            }
        )*
    };
}

lookups! {
    /// Job type 5: the record of a number.
    EnhancedKyc: EnhancedKyc, "enhanced_kyc", "Enhanced KYC", "ID Verification", Record;
    /// Job type 5 over v2: whether what is said of a person agrees with its record.
    BasicKyc: EnhancedKyc, "basic_kyc", "Basic KYC", "Basic KYC", Comparison;
    /// Job type 5 over v2: the same, of a telephone number.
    PhoneVerification: EnhancedKyc, "phone_verification", "phone number verification", "Phone Number Verification", Comparison;
    /// Job type 7: the record of a business.
    BusinessVerification: BusinessVerification, "business_verification", "business verification", "Business Verification", Record;
}
