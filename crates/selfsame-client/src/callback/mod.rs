//! Verifies callbacks: put it before whatever a partner's service does with a result.

use jiff::Timestamp;
use selfsame_wire::id::PartnerId;
use selfsame_wire::result::{SignedResult, SignedResultError};
use selfsame_wire::signature::{ApiKey, TimestampWindow};
use serde_json::Value;

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

    /// Gives the result that a body carries, if it is the server's and fresh.
    ///
    /// A callback may come more than once: its `SmileJobID` tells.
    ///
    /// # Errors
    /// When the body is no signed result, or not to be trusted.
    pub fn verify(&self, body: &[u8]) -> Result<Value, SignedResultError> {
        let signed = SignedResult::verify(
            body,
            &self.key,
            &self.partner,
            &self.window,
            Timestamp::now(),
        )?;
        serde_json::from_str(signed.as_json())
            .map_err(|e| SignedResultError::NotAnObject(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_own_results_pass() {
        let partner: PartnerId = "p".parse().unwrap();
        let signed = SignedResult::sign(
            br#"{"ResultCode":"0820"}"#,
            &ApiKey::new("k"),
            &partner,
            Timestamp::now(),
        );
        let body = signed.unwrap().into_bytes();
        let verifier = CallbackVerifier::new(partner.clone(), "k");
        assert_eq!(verifier.verify(&body).unwrap()["ResultCode"], "0820");
        assert!(
            CallbackVerifier::new(partner, "other")
                .verify(&body)
                .is_err()
        );
        assert!(verifier.verify(b"{}").is_err());
    }
}
