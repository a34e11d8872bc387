//! A request's two layers: the block that is encrypted, and the body around it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use super::envelope::Sealed;
use super::proof::Proof;
use super::settings::MosipSettings;
use crate::authority::AskError;

/// What is the same in every request.
pub(super) struct Partner {
    env: String,
    domain_uri: String,
}

impl Partner {
    pub(super) fn of(settings: &MosipSettings, address: &Url) -> Self {
        let own = || address.as_str().trim_end_matches('/').to_owned();
        Self {
            env: settings.env.clone(),
            domain_uri: settings.domain_uri.clone().unwrap_or_else(own),
        }
    }
}

/// A request before it is encrypted.
pub(super) struct Plain<'a> {
    pub(super) partner: &'a Partner,
    pub(super) individual_id: &'a str,
    pub(super) individual_id_type: &'a str,
    pub(super) transaction: &'a str,
    pub(super) at: Timestamp,
    pub(super) proof: &'a Proof,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    id: &'a str,
    version: &'a str,
    spec_version: &'a str,
    individual_id: &'a str,
    individual_id_type: &'a str,
    #[serde(rename = "transactionID")]
    transaction_id: &'a str,
    request_time: String,
    env: &'a str,
    domain_uri: &'a str,
    thumbprint: &'a str,
    /// Which proofs there are. Only older versions read it.
    requested_auth: serde_json::Value,
    consent_obtained: bool,
    request: &'a str,
    #[serde(rename = "requestHMAC")]
    request_hmac: &'a str,
    request_session_key: &'a str,
}

impl Plain<'_> {
    /// The block: the proof, and when it was given.
    pub(super) fn block(&self) -> Result<Zeroizing<Vec<u8>>, AskError> {
        let timestamp = self.time();
        let block = match self.proof {
            Proof::Demographics(attributes, _) => {
                json!({ "timestamp": timestamp, "demographics": attributes })
            }
            Proof::OneTimePassword { password, .. } => {
                json!({ "timestamp": timestamp, "otp": password.as_str() })
            }
        };
        written(&block).map(Zeroizing::new)
    }

    /// The body, with the block encrypted.
    pub(super) fn body(&self, sealed: &Sealed, thumbprint: &str) -> Result<Vec<u8>, AskError> {
        let demo = matches!(self.proof, Proof::Demographics(..));
        written(&Body {
            id: "mosip.identity.kyc",
            version: "1.0",
            spec_version: "1.0",
            individual_id: self.individual_id,
            individual_id_type: self.individual_id_type,
            transaction_id: self.transaction,
            request_time: self.time(),
            env: &self.partner.env,
            domain_uri: &self.partner.domain_uri,
            thumbprint,
            requested_auth: json!({ "demo": demo, "otp": !demo, "bio": false, "pin": false }),
            consent_obtained: true,
            request: &sealed.request,
            request_hmac: &sealed.hmac,
            request_session_key: &sealed.session_key,
        })
    }

    /// To the millisecond: MOSIP reads no other form.
    fn time(&self) -> String {
        self.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }
}

fn written(value: &impl Serialize) -> Result<Vec<u8>, AskError> {
    serde_json::to_vec(value)
        .map_err(|_| AskError::Unreachable("a request cannot be written".to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;
    use crate::mosip::settings::Demographic;
    use crate::mosip::settings::tests::read;

    #[test]
    fn both_layers_are_as_the_specification_has_them() {
        let settings = read("").unwrap();
        let partner = Partner::of(&settings, &Url::parse("https://mosip.example/").unwrap());
        let mut attributes = Map::new();
        attributes.insert("dob".to_owned(), json!("1999/01/31"));
        let proof = Proof::Demographics(attributes, vec![Demographic::Dob]);
        let plain = Plain {
            partner: &partner,
            individual_id: "9830872690593682",
            individual_id_type: "VID",
            transaction: "1234567890",
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
            proof: &proof,
        };
        let block: Value = serde_json::from_slice(&plain.block().unwrap()).unwrap();
        assert_eq!(
            block,
            json!({"timestamp": "2026-01-02T03:04:05.000Z", "demographics": {"dob": "1999/01/31"}})
        );
        let sealed = Sealed {
            request: "r".to_owned(),
            session_key: "s".to_owned(),
            hmac: "h".to_owned(),
        };
        let body: Value = serde_json::from_slice(&plain.body(&sealed, "AB").unwrap()).unwrap();
        assert_eq!(
            body,
            json!({
                "id": "mosip.identity.kyc", "version": "1.0", "specVersion": "1.0", "individualId": "9830872690593682",
                "individualIdType": "VID", "transactionID": "1234567890", "requestTime": "2026-01-02T03:04:05.000Z",
                "env": "Production", "domainUri": "https://mosip.example", "thumbprint": "AB",
                "requestedAuth": {"demo": true, "otp": false, "bio": false, "pin": false}, "consentObtained": true,
                "request": "r", "requestHMAC": "h", "requestSessionKey": "s",
            })
        );
    }
}
