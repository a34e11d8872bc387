//! MOSIP's ID authentication: its eKYC call proves a person by what it says of itself or by a one-time password, and tells the
//! attributes that the partner may see.
//!
//! No biometrics are sent: the photograph comes back, and is compared here. `docs/authorities/mosip.md` is the operator's page.

mod answer;
mod envelope;
mod keys;
mod photo;
mod proof;
mod record;
mod refusal;
mod request;
mod settings;
mod signature;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use selfsame_job::identity::Answer;
use url::Url;

use crate::asking::Asking;
use crate::authority::{AskError, Authority};
use crate::config::{ConfigError, Place};
use crate::service;
use keys::Keys;
use proof::Proof;
use request::Partner;
pub use settings::{Demographic, IndividualIdType, MosipSettings};

/// The longest answer, in bytes: a photograph of about 3 MiB, twice in base64.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

/// An installation of MOSIP.
pub struct Mosip {
    client: reqwest::Client,
    /// With the partner's keys in its path: never shown.
    url: Url,
    authorization: HeaderValue,
    keys: Arc<Keys>,
    partner: Partner,
    settings: MosipSettings,
}

impl fmt::Debug for Mosip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "Mosip({host}, partner {})", self.settings.partner_id)
    }
}

impl Mosip {
    /// Reads the keys and certificates that the settings name. `timeout` is for one try, from connecting to the answer's end.
    ///
    /// # Errors
    /// The first setting that is wrong, or a secret, key or certificate that cannot be used.
    pub fn new(
        settings: MosipSettings,
        timeout: Duration,
        place: &Place,
    ) -> Result<Self, ConfigError> {
        settings.check(place)?;
        let base = service::address(&settings.address, "address", place)?;
        let licence_key = settings.misp_licence_key.fetch(place, "misp_licence_key")?;
        let api_key = settings.api_key.fetch(place, "api_key")?;
        let parts = [
            "idauthentication",
            "v1",
            "kyc",
            licence_key.reveal(),
            &settings.partner_id,
            api_key.reveal(),
        ];
        if parts.iter().any(|part| matches!(*part, "." | "..")) {
            return Err(place.wrong("partner_id", "and the keys must be more than dots"));
        }
        let authorization = match &settings.authorization {
            None => "Authorization".to_owned(),
            Some(source) => source.fetch(place, "authorization")?.reveal().to_owned(),
        };
        let mut authorization = HeaderValue::from_str(&authorization)
            .map_err(|_| place.wrong("authorization", "leads to what no header may hold"))?;
        authorization.set_sensitive(true);
        Ok(Self {
            client: service::client(&[&base], settings.ca.as_deref(), timeout, place)?,
            url: service::beneath(&base, &parts),
            authorization,
            keys: Arc::new(Keys::read(&settings, place)?),
            partner: Partner::of(&settings, &base),
            settings,
        })
    }
}

#[async_trait]
impl Authority for Mosip {
    async fn ask(&self, asking: &Asking) -> Result<Answer, AskError> {
        let given = &asking.query.given;
        let proof = match Proof::of(given, &self.settings.demographics, &self.settings.language) {
            Ok(proof) => proof,
            Err(why) => return Ok(Answer::Malformed(why)),
        };
        let transaction = proof.transaction(asking.smile_job_id.as_str());
        let plain = request::Plain {
            partner: &self.partner,
            individual_id: asking.query.id_number.reveal(),
            individual_id_type: self.settings.individual_id_type(&asking.query.id_type),
            transaction: &transaction,
            at: Timestamp::now(),
            proof: &proof,
        };
        let block = plain.block()?;
        // RSA takes milliseconds: not where other tasks wait.
        let keys = Arc::clone(&self.keys);
        let sealed = apart(move || envelope::seal(&block, &keys.ida)).await?;
        let body = plain.body(&sealed, &self.keys.ida.thumbprint)?;
        let keys = Arc::clone(&self.keys);
        let (body, signature) = apart(move || {
            let signature = signature::detached(&body, &keys.partner)?;
            Ok((body, signature))
        })
        .await?;
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, self.authorization.clone())
            .header("signature", signature)
            .body(body);
        let received = service::receive(request, MAX_ANSWER).await?;
        let answered = match answer::read(&received, &transaction)? {
            answer::Said::Faults(faults) => return refusal::outcome(&faults, &proof),
            answer::Said::Passed(None) => return Ok(Answer::Compared(proof.passed())),
            answer::Said::Passed(Some(sealed)) => sealed,
        };
        let keys = Arc::clone(&self.keys);
        let identity = apart(move || envelope::open(&answered, &keys.partner)).await?;
        let record = record::read(&identity, &self.settings)?;
        Ok(Answer::Found(Box::new(record)))
    }
}

/// Runs what computes for long on a thread of its own.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AskError> + Send + 'static,
) -> Result<T, AskError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(AskError::Unreachable("the server is stopping".to_owned())))
}
