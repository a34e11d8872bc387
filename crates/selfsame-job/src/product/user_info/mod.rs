//! Comparison of a user's information: what a package says of a person is compared with the authority's record, field by field.
//!
//! It is basic KYC that comes as a package. What images there are is not looked at.

use selfsame_wire::job_type::JobType as WireJobType;

use super::{Product, Wanted};

/// Job type 9.
#[derive(Debug)]
pub struct CompareUserInfo;

impl Product for CompareUserInfo {
    fn wire_type(&self) -> WireJobType {
        WireJobType::CompareUserInfo
    }

    fn name(&self) -> &'static str {
        "compare_user_info"
    }

    fn called(&self) -> &'static str {
        "comparison of user information"
    }

    fn title(&self) -> &'static str {
        "User Information Comparison"
    }

    fn looks_up(&self) -> Option<Wanted> {
        Some(Wanted::Comparison)
    }

    fn comes_packaged(&self) -> bool {
        true
    }
}
