//! ID authentication as MOSIP's specification has it, for one partner and two people: it checks and decrypts requests, and answers them.
//! Written apart from the adapter: the requests of MOSIP's own client must pass it too (`tests/oracle`).

#![allow(clippy::unwrap_used, reason = "a stand-in for tests may fail loudly")]

use std::sync::{Arc, Mutex};

use aes_gcm::aead::consts::U16;
use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce};
use axum::Router;
use axum::extract::{Request, State};
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use webpki::EndEntityCert;
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL_BASE64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);

/// Where the eKYC call of the one partner is.
pub const PATH: &str = "/idauthentication/v1/kyc/licence-key/partner-1/api-key";
/// The person that passes, and the one whose number is no longer in force.
pub const JOE: &str = "9830872690";
const BLOCKED: &str = "1111111111";
/// The transaction in which a one-time password was sent, and the password.
pub const TRANSACTION: &str = "otp1234567";
const ONE_TIME_PASSWORD: &str = "111111";
/// The picture on file, as far as it matters here.
pub const PICTURE: &[u8] = b"\x00\x00\x00\x0cjP  \r\n\x87\na face";
/// How far a request's time may be off.
const SECONDS: i64 = 180;

/// A request as it came.
#[derive(Clone)]
pub struct Call {
    pub path: String,
    pub signature: String,
    pub authorization: String,
    pub body: Vec<u8>,
}

pub struct Ida {
    key: rsa::PrivateKey,
    certificate: CertificateDer<'static>,
    partner: CertificateDer<'static>,
    /// All that came.
    pub calls: Mutex<Vec<Call>>,
}

/// A code, and what it says.
type Fault = (&'static str, String);

fn fault<T>(code: &'static str, message: &str) -> Result<T, Fault> {
    Err((code, message.to_owned()))
}

/// What lies in `tests/keys`.
pub fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!(
        "{}/tests/keys/test-only-{name}.pem",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

impl Ida {
    pub fn new() -> Self {
        let PrivateKeyDer::Pkcs8(key) = PrivateKeyDer::from_pem_slice(&file("ida.key")).unwrap()
        else {
            panic!("the key is none of PKCS #8");
        };
        Self {
            key: rsa::PrivateKey::from_pkcs8_der(key.secret_pkcs8_der()).unwrap(),
            certificate: CertificateDer::from_pem_slice(&file("ida.crt")).unwrap(),
            partner: CertificateDer::from_pem_slice(&file("partner.crt")).unwrap(),
            calls: Mutex::default(),
        }
    }

    /// Answers, as IDA always does, with HTTP 200.
    pub fn answer(&self, call: &Call) -> Value {
        let told: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let (response, errors) = match self.checked(call) {
            Ok(identity) => (self.sealed(&identity), Value::Null),
            Err((code, message)) => {
                let response = json!({"kycStatus": false, "authToken": null, "identity": null, "sessionKey": null, "thumbprint": null});
                (
                    response,
                    json!([{"errorCode": code, "errorMessage": message, "actionMessage": null}]),
                )
            }
        };
        json!({
            "id": "mosip.identity.kyc", "version": "1.0", "transactionID": told["transactionID"],
            "responseTime": Timestamp::now().to_string(), "response": response, "errors": errors,
        })
    }

    /// The identity of a request that is right in every way.
    fn checked(&self, call: &Call) -> Result<Value, Fault> {
        if call.path != PATH {
            return fault("IDA-MPA-009", "Partner is not registered");
        }
        self.check_signature(call)?;
        let missing = |what: &str| ("IDA-MLC-006", format!("Missing Input Parameter - {what}"));
        let invalid = |what: &str| ("IDA-MLC-009", format!("Invalid Input Parameter - {what}"));
        if call.authorization.is_empty() {
            return Err(missing("Authorization - header"));
        }
        let body: Map<String, Value> =
            serde_json::from_slice(&call.body).map_err(|_| invalid("body"))?;
        let text = |name: &str| {
            body.get(name)
                .and_then(Value::as_str)
                .ok_or_else(|| missing(name))
        };
        if text("id")? != "mosip.identity.kyc" {
            return Err(invalid("id"));
        }
        if !matches!(text("version")?, "1.0" | "1.0.0") {
            return Err(invalid("version"));
        }
        let transaction = text("transactionID")?;
        if transaction.len() != 10 || !transaction.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(invalid("transactionID"));
        }
        in_time(text("requestTime")?).ok_or((
            "IDA-MLC-001",
            "Request to be received within 180 seconds".to_owned(),
        ))?;
        if text("env")? != "Staging" || text("domainUri")?.is_empty() {
            return Err(invalid("env"));
        }
        if body.get("consentObtained") != Some(&Value::Bool(true)) {
            return fault("IDA-MLC-012", "Individual's Consent is not available");
        }
        let block = self.opened(
            text("thumbprint")?,
            text("requestSessionKey")?,
            text("request")?,
            text("requestHMAC")?,
        )?;
        let block: Map<String, Value> =
            serde_json::from_slice(&block).map_err(|_| invalid("request"))?;
        let timestamp = block
            .get("timestamp")
            .and_then(Value::as_str)
            .unwrap_or_default();
        in_time(timestamp).ok_or_else(|| invalid("request/timestamp"))?;
        if block
            .get("biometrics")
            .is_some_and(|b| b.as_array().is_none_or(|all| !all.is_empty()))
        {
            return fault("IDA-MPA-006", "Biometrics usage not allowed as per policy");
        }
        let kind = text("individualIdType")?;
        let number = text("individualId")?;
        if kind != "UIN" {
            return fault("IDA-MLC-015", "Identity Type - not configured");
        }
        if number.len() != 10 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return fault("IDA-MLC-002", "Invalid UIN");
        }
        match number {
            JOE => proved(&block, transaction)?,
            BLOCKED => return fault("IDA-MLC-022", "UIN is deactivated/blocked"),
            _ => return fault("IDA-MLC-018", "UIN not available in database"),
        }
        let record = [b"FAC\x00010\0".as_slice(), &[0; 48], PICTURE].concat();
        Ok(json!({
            "name_eng": "Joe Leo", "name_fra": "Joël Léo", "dob": "1999/01/31", "gender_eng": "Male", "phoneNumber": "0911234567",
            "fullAddress_eng": "1 Road, Town", "photo": base64::engine::general_purpose::STANDARD.encode(record),
        }))
    }

    /// The detached JWS over the body, of the partner and nobody else.
    fn check_signature(&self, call: &Call) -> Result<(), Fault> {
        let wrong = || {
            (
                "IDA-MPA-001",
                "Digital signature verification failed for signature header".to_owned(),
            )
        };
        let parts: Vec<&str> = call.signature.split('.').collect();
        let [header, "", signature] = parts[..] else {
            return Err(wrong());
        };
        let told = URL_BASE64.decode(header).map_err(|_| wrong())?;
        let told: Value = serde_json::from_slice(&told).map_err(|_| wrong())?;
        // With line breaks, and PEM within it, as MOSIP's own client writes it; IDA reads both.
        let x5c: String = told["x5c"][0]
            .as_str()
            .ok_or_else(wrong)?
            .split_whitespace()
            .collect();
        let bytes = BASE64.decode(x5c).map_err(|_| wrong())?;
        let certificate =
            CertificateDer::from_pem_slice(&bytes).unwrap_or_else(|_| CertificateDer::from(bytes));
        let key = EndEntityCert::try_from(&certificate).map_err(|_| wrong())?;
        let signed = format!(
            "{header}.{}",
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&call.body)
        );
        let signature = URL_BASE64.decode(signature).map_err(|_| wrong())?;
        let verified =
            key.verify_signature(RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature);
        if told["alg"] != "RS256" || verified.is_err() {
            return Err(wrong());
        }
        if certificate != self.partner {
            return fault(
                "IDA-MPA-021",
                "Partner (Auth) Certificate not matching with signature header certificate.",
            );
        }
        Ok(())
    }

    /// The block of a request, decrypted, its digest compared.
    fn opened(
        &self,
        thumbprint: &str,
        session_key: &str,
        request: &str,
        hmac: &str,
    ) -> Result<Vec<u8>, Fault> {
        let unreadable = || ("IDA-MPA-003", "Unable to decrypt Request".to_owned());
        let own = Sha256::digest(&self.certificate);
        let told = unhex(thumbprint).or_else(|| URL_BASE64.decode(thumbprint).ok());
        if told.as_deref() != Some(own.as_slice()) {
            return Err(unreadable());
        }
        let bytes = |text: &str| URL_BASE64.decode(text).map_err(|_| unreadable());
        let key = self
            .key
            .oaep_decrypt::<Sha256>(&bytes(session_key)?)
            .map_err(|_| unreadable())?;
        let cipher = AesGcm::<Aes256, U16>::new_from_slice(&key).map_err(|_| unreadable())?;
        let open = |sealed: Vec<u8>| {
            let (sealed, nonce) = sealed.split_last_chunk::<16>().ok_or_else(unreadable)?;
            cipher
                .decrypt(&Nonce::<U16>::from(*nonce), sealed)
                .map_err(|_| unreadable())
        };
        let digest = open(bytes(hmac)?)?;
        let block = open(bytes(request)?)?;
        let expected: String = Sha256::digest(&block)
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        if digest != expected.as_bytes() {
            return fault("IDA-MPA-016", "HMAC Validation failed");
        }
        Ok(block)
    }

    /// An identity, encrypted to the partner.
    fn sealed(&self, identity: &Value) -> Value {
        let key = [42_u8; 32];
        let nonce = [7_u8; 16];
        let cipher = AesGcm::<Aes256, U16>::new_from_slice(&key).unwrap();
        let mut sealed = cipher
            .encrypt(&Nonce::<U16>::from(nonce), identity.to_string().as_bytes())
            .unwrap();
        sealed.extend_from_slice(&nonce);
        let info = EndEntityCert::try_from(&self.partner)
            .unwrap()
            .subject_public_key_info();
        let partner = rsa::PublicKey::from_public_key_der(&info).unwrap();
        let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let thumbprint: String = Sha256::digest(&self.partner)
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        json!({
            "kycStatus": true, "authToken": "2884703256", "thumbprint": thumbprint, "identity": encode(&sealed),
            "sessionKey": encode(&partner.oaep_encrypt::<Sha256>(&key).unwrap()),
        })
    }
}

/// Whether a person passes: by one-time password, by demographics, or not.
fn proved(block: &Map<String, Value>, transaction: &str) -> Result<(), Fault> {
    let password = block
        .get("otp")
        .and_then(Value::as_str)
        .filter(|otp| !otp.is_empty());
    if let Some(password) = password {
        return match (transaction, password) {
            (TRANSACTION, ONE_TIME_PASSWORD) => Ok(()),
            (TRANSACTION, _) => fault("IDA-OTA-004", "OTP is invalid"),
            _ => fault(
                "IDA-OTA-005",
                "Input transactionID does not match transactionID of OTP Request",
            ),
        };
    }
    let Some(told) = block.get("demographics").and_then(Value::as_object) else {
        return fault("IDA-MLC-008", "No authentication type selected");
    };
    let differs = |what: &str| {
        (
            "IDA-DEA-001",
            format!("Demographic data {what} did not match"),
        )
    };
    if let Some(names) = told.get("name") {
        let right = json!([{"language": "eng", "value": "Joe Leo"}]);
        if *names != right {
            return Err(differs("name in eng"));
        }
    }
    match told.get("dob") {
        Some(dob) if *dob != "1999/01/31" => Err(differs("dob")),
        None if !told.contains_key("name") => {
            fault("IDA-MLC-008", "No authentication type selected")
        }
        _ => Ok(()),
    }
}

fn in_time(text: &str) -> Option<()> {
    let then: Timestamp = text.parse().ok()?;
    // To the millisecond, as the specification writes it.
    let exact = text.len() >= 24
        && text.as_bytes()[19] == b'.'
        && (text.ends_with('Z') || text.contains('+'));
    let off = (Timestamp::now().as_second() - then.as_second()).abs();
    (exact && off <= SECONDS).then_some(())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(byte).collect()
}

/// Answers whoever connects.
pub async fn serve(ida: Arc<Ida>, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    async fn kyc(State(ida): State<Arc<Ida>>, request: Request) -> axum::Json<Value> {
        let (head, body) = request.into_parts();
        let header = |name: &str| {
            let value = head.headers.get(name).and_then(|v| v.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (path, signature, authorization) = (
            head.uri.path().to_owned(),
            header("signature"),
            header("authorization"),
        );
        let body = axum::body::to_bytes(body, 1024 * 1024)
            .await
            .unwrap_or_default();
        let call = Call {
            path,
            signature,
            authorization,
            body: body.to_vec(),
        };
        let answer = ida.answer(&call);
        ida.calls.lock().unwrap().push(call);
        axum::Json(answer)
    }
    axum::serve(listener, Router::new().fallback(kyc).with_state(ida)).await
}
