//! Whether a result is the server's.

use jiff::Timestamp;
use selfsame_wire::id::PartnerId;
use selfsame_wire::result::{SignedResult, SignedResultError};
use selfsame_wire::signature::{ApiKey, TimestampWindow};

use crate::result::JobResult;

/// Verifies the results that a server posts.
#[derive(Debug, Clone)]
pub struct CallbackVerifier {
    partner: PartnerId,
    key: ApiKey,
    window: TimestampWindow,
}

impl CallbackVerifier {
    /// For a partner's results, with the API key of the environment they come from.
    #[must_use]
    pub fn new(partner: PartnerId, api_key: impl Into<String>) -> Self {
        Self {
            partner,
            key: ApiKey::new(api_key),
            window: TimestampWindow::default(),
        }
    }

    /// Believes results that were signed at most so long ago, and so far ahead. An hour and five minutes by default: the
    /// server signs anew at each try, so that a minute is enough where clocks agree.
    #[must_use]
    pub const fn within(mut self, window: TimestampWindow) -> Self {
        self.window = window;
        self
    }

    /// Gives the result that a body carries, if it is the server's and fresh.
    ///
    /// The signature covers the timestamp and the partner, not the rest of the body (the wire has it so): receive
    /// callbacks over HTTPS, and ask `job_status` before a decision that matters. A callback may come more than once:
    /// [`Received`](super::Received) tells.
    ///
    /// # Errors
    /// When the body is no signed result, or not to be trusted.
    pub fn verify(&self, body: &[u8]) -> Result<JobResult, SignedResultError> {
        let signed = SignedResult::verify(
            body,
            &self.key,
            &self.partner,
            &self.window,
            Timestamp::now(),
        )?;
        serde_json::from_str(signed.as_json())
            .map(JobResult::new)
            .map_err(|e| SignedResultError::NotAnObject(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_the_servers_own_results_pass() {
        let partner: PartnerId = "p".parse().unwrap();
        let sign = |age: i64| {
            let at = Timestamp::now() - jiff::SignedDuration::from_secs(age);
            let result = br#"{"ResultCode":"0820"}"#;
            SignedResult::sign(result, &ApiKey::new("k"), &partner, at)
                .unwrap()
                .into_bytes()
        };
        let verifier = CallbackVerifier::new(partner.clone(), "k");
        let result = verifier.verify(&sign(0)).unwrap();
        assert_eq!(result.result_code(), Some("0820"));
        let other = CallbackVerifier::new(partner.clone(), "other");
        assert!(other.verify(&sign(0)).is_err());
        assert!(verifier.verify(b"{}").is_err());
        assert!(verifier.verify(&sign(7200)).is_err());
        assert!(verifier.verify(&sign(120)).is_ok());
        let minute = Duration::from_secs(60);
        let strict = verifier.within(TimestampWindow {
            past: minute,
            future: minute,
        });
        assert!(strict.verify(&sign(120)).is_err());
    }
}
