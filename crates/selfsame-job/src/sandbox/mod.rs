//! Forced outcomes in the sandbox, so that partners can test each branch.
//!
//! Three ways, none of them in production: `sandbox_result` in the request, a test identity ([`staged`]), or a `user_id` of the
//! form `test-CODE`. CODE is a result code (`test-0821`), which the job then ends with, or an error code (`test-2207`), with
//! which the request is refused.

mod identities;

use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::{Environment, UserId};
use selfsame_wire::result::ResultCode;

pub use identities::{Staged, Staging, staged};

use crate::job::{JobRequest, JobType};
use crate::product::FaceProduct;
use crate::user::UserKey;

/// What is forced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forced {
    /// The job ends with this result.
    Result(ResultCode),
    /// The request is refused with this error.
    Error(ErrorCode),
}

/// Why nothing can be forced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForceError {
    /// `sandbox_result` outside the sandbox.
    #[error("sandbox_result is only for the sandbox")]
    NotSandbox,
    /// Neither a result code nor an error code.
    #[error(
        "sandbox_result {0:?} is neither a result code nor an error code that this server knows"
    )]
    UnknownCode(String),
}

/// The prefix of test users.
pub const TEST_USER_PREFIX: &str = "test-";

/// What a request forces, if anything. An explicit `sandbox_result` wins over a test user; a user whose name merely
/// begins like a test user's is an ordinary user.
///
/// # Errors
/// [`ForceError`] for a `sandbox_result` that cannot be honoured.
pub fn forced(
    environment: Environment,
    sandbox_result: Option<&str>,
    user: &UserId,
) -> Result<Option<Forced>, ForceError> {
    if let Some(code) = sandbox_result {
        if environment != Environment::Sandbox {
            return Err(ForceError::NotSandbox);
        }
        return parse(code)
            .map(Some)
            .ok_or_else(|| ForceError::UnknownCode(code.to_owned()));
    }
    if environment != Environment::Sandbox {
        return Ok(None);
    }
    Ok(user.as_str().strip_prefix(TEST_USER_PREFIX).and_then(parse))
}

/// What a job that judges a face ends with, whatever its images show; `None`: it is judged.
#[must_use]
pub fn forced_on(
    face: &dyn FaceProduct,
    user: &UserKey,
    job_type: JobType,
    request: &JobRequest,
) -> Option<Staging> {
    let result = |forced| match forced {
        Ok(Some(Forced::Result(code))) => Some(Staging::from(code)),
        _ => None,
    };
    let asked = request.sandbox_result.as_deref();
    let by_request = asked.and_then(|_| result(forced(user.environment, asked, &user.user)));
    by_request
        .or_else(|| {
            staged(user.environment, request.details.as_ref(), job_type)
                .map(|staged| staged.of_face(face))
        })
        .or_else(|| result(forced(user.environment, None, &user.user)))
}

fn parse(code: &str) -> Option<Forced> {
    ResultCode::from_code(code)
        .map(Forced::Result)
        .or_else(|| ErrorCode::from_code(code).map(Forced::Error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(
        environment: Environment,
        result: Option<&str>,
        user: &str,
    ) -> Result<Option<String>, ForceError> {
        forced(environment, result, &UserId::new(user).unwrap()).map(|forced| {
            forced.map(|f| match f {
                Forced::Result(code) => format!("result {}", code.code()),
                Forced::Error(code) => format!("error {}", code.code()),
            })
        })
    }

    #[test]
    fn test_users_and_sandbox_result_force_codes_in_the_sandbox_only() {
        use Environment::{Production, Sandbox};
        assert_eq!(of(Sandbox, None, "ada"), Ok(None));
        assert_eq!(
            of(Sandbox, None, "test-0821"),
            Ok(Some("result 0821".to_owned()))
        );
        assert_eq!(
            of(Sandbox, None, "test-2207"),
            Ok(Some("error 2207".to_owned()))
        );
        assert_eq!(of(Sandbox, None, "test-tube"), Ok(None));
        assert_eq!(
            of(Sandbox, Some("0820"), "test-0821"),
            Ok(Some("result 0820".to_owned()))
        );
        assert_eq!(of(Production, None, "test-0821"), Ok(None));
        assert_eq!(
            of(Production, Some("0821"), "ada"),
            Err(ForceError::NotSandbox)
        );
        assert!(matches!(
            of(Sandbox, Some("9999"), "ada"),
            Err(ForceError::UnknownCode(_))
        ));
    }
}
