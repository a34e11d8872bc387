//! The wire's job types.

use crate::error::{ErrorCode, WireError};

/// What a job is for, as the wire numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobType {
    /// 1: Enhanced KYC + SmartSelfie.
    BiometricKyc,
    /// 2: compare a selfie with the one on file.
    SmartSelfieAuthentication,
    /// 4: put a selfie on file.
    SmartSelfieRegistration,
    /// 5: enhanced or basic KYC, no selfie.
    EnhancedKyc,
    /// 6: document verification.
    DocumentVerification,
    /// 7: business verification.
    BusinessVerification,
    /// 8: replace the photo on file.
    UpdatePhoto,
    /// 9: compare user information.
    CompareUserInfo,
    /// 11: enhanced document verification.
    EnhancedDocumentVerification,
}

const ALL: [(u8, JobType); 9] = [
    (1, JobType::BiometricKyc),
    (2, JobType::SmartSelfieAuthentication),
    (4, JobType::SmartSelfieRegistration),
    (5, JobType::EnhancedKyc),
    (6, JobType::DocumentVerification),
    (7, JobType::BusinessVerification),
    (8, JobType::UpdatePhoto),
    (9, JobType::CompareUserInfo),
    (11, JobType::EnhancedDocumentVerification),
];

impl JobType {
    /// The type of a number, if there is one.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        ALL.iter()
            .find(|(n, _)| u64::from(*n) == number)
            .map(|(_, kind)| *kind)
    }

    /// The type of the number in a field.
    ///
    /// # Errors
    /// 2212, naming the field, when there is no such type.
    pub fn named(name: &str, number: u64) -> Result<Self, WireError> {
        Self::from_number(number).ok_or_else(|| {
            WireError::new(
                ErrorCode::InvalidJobType,
                format!("{name} {number} is not a job type"),
            )
        })
    }

    /// The wire's number.
    #[must_use]
    pub fn number(self) -> u8 {
        ALL.iter()
            .find(|(_, kind)| *kind == self)
            .map_or(0, |(n, _)| *n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for (number, kind) in ALL {
            assert_eq!(JobType::from_number(u64::from(number)), Some(kind));
            assert_eq!(kind.number(), number);
        }
        for gap in [0, 3, 10, 12, 258] {
            assert_eq!(JobType::from_number(gap), None);
        }
    }
}
