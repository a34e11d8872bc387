//! `sandbox_result`: what a request in the sandbox asks its job to end with.

use crate::job_type::JobType;
use crate::result::ResultCode;
use crate::v2::sandbox_code;

/// The code that v1's `sandbox_result` stands for, in the body or in `partner_params`: `0` approved, `1` rejected and
/// `2` provisional, for the job's type; any other number is a code, as [`sandbox_code`] reads it. What is no
/// code comes back as it is, for the sandbox to refuse.
#[must_use]
pub fn code(asked: &str, job_type: JobType) -> String {
    use ResultCode::{
        AuthenticateFail, AuthenticatePass, AuthenticateProvisional, EnrolFail, EnrolPass,
        EnrolProvisional, KycFail, KycPass, KycProvisional,
    };
    let [approved, rejected, provisional] = match job_type {
        JobType::SmartSelfieAuthentication | JobType::UpdatePhoto => {
            [AuthenticatePass, AuthenticateFail, AuthenticateProvisional]
        }
        JobType::SmartSelfieRegistration => [EnrolPass, EnrolFail, EnrolProvisional],
        JobType::BiometricKyc => [KycPass, KycFail, KycProvisional],
        // Not judged by a face, or not performed: there is nothing to force.
        _ => return sandbox_code(asked),
    };
    match asked.trim() {
        "0" => approved.code().to_owned(),
        "1" => rejected.code().to_owned(),
        "2" => provisional.code().to_owned(),
        other => sandbox_code(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_stand_for_what_the_job_type_makes_of_them() {
        let of = |asked, job_type| code(asked, job_type);
        for (asked, enrolment, authentication, kyc) in [
            ("0", "0840", "0820", "0810"),
            ("1", "0841", "0821", "0811"),
            ("2", "0842", "0822", "0812"),
            ("921", "0921", "0921", "0921"),
            ("0001", "0001", "0001", "0001"),
            ("2207", "2207", "2207", "2207"),
        ] {
            assert_eq!(of(asked, JobType::BiometricKyc), kyc);
            assert_eq!(of(asked, JobType::SmartSelfieRegistration), enrolment);
            assert_eq!(
                of(asked, JobType::SmartSelfieAuthentication),
                authentication
            );
        }
    }
}
