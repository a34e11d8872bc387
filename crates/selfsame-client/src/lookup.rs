//! Looks identities up, without a selfie.

use selfsame_wire::id::{JobId, UserId};
use selfsame_wire::job_type::JobType;
use serde_json::{Map, Value, json};

use crate::client::{Client, name_job, object, prefix};
use crate::error::ClientError;
use crate::id_info;
use crate::result::JobResult;
use crate::services::{ProductsConfig, Services};

/// Who is looked up, and for which job. `{}` and null are absent.
#[derive(Clone, Default)]
pub struct Question {
    /// `job_id`, `user_id` and any further keys; names that are missing are made.
    pub partner_params: Value,
    /// At least `country`, `id_type` and `id_number`; for basic KYC also what is to be compared with the record.
    pub id_info: Value,
    /// What the person agreed to, where the ID type needs that.
    pub consent_information: Value,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Question(redacted)")
    }
}

/// Looks identities up in one environment. A number that the authority does not know is a result, not an error: its code says so.
#[derive(Debug)]
pub struct Lookup<'c> {
    client: &'c Client,
    is_production: bool,
}

impl<'c> Lookup<'c> {
    pub(crate) const fn new(client: &'c Client, is_production: bool) -> Self {
        Self {
            client,
            is_production,
        }
    }

    /// Enhanced KYC (job type 5): the authority's record of a person.
    ///
    /// # Errors
    /// [`ClientError`] when something is missing, the server refuses or cannot be reached, or its answer cannot be trusted.
    pub async fn id_verification(&self, question: &Question) -> Result<JobResult, ClientError> {
        self.result("v1", "id_verification", question).await
    }

    /// The same by callback: the server takes the question and posts the result. `""`: to the web token's callback, or to the
    /// partner's own at the public service; without any, a server of this project refuses (2213). Gives the job that the result
    /// will name.
    ///
    /// # Errors
    /// As [`Lookup::id_verification`].
    pub async fn async_id_verification(
        &self,
        question: &Question,
        callback_url: &str,
    ) -> Result<(UserId, JobId), ClientError> {
        let (user, job, mut body) = self.body(question)?;
        if !callback_url.is_empty() {
            body.insert("callback_url".to_owned(), callback_url.into());
        }
        let answer = self
            .post("v1", "async_id_verification", &body.into())
            .await?;
        // Some servers of this API write it as text.
        if answer["success"] == true || answer["success"] == "true" {
            Ok((user, job))
        } else {
            Err(ClientError::Answer(
                "it does not say that the question was taken".to_owned(),
            ))
        }
    }

    /// Basic KYC: compares what is said of a person with the authority's record, and tells nothing else of it.
    ///
    /// # Errors
    /// As [`Lookup::id_verification`].
    pub async fn verify(&self, question: &Question) -> Result<JobResult, ClientError> {
        self.result("v2", "verify", question).await
    }

    /// What the server looks up: ID types with their numbers' patterns, by product and country. Open to everybody.
    ///
    /// # Errors
    /// [`ClientError`] when the server refuses, cannot be reached, or answers no object.
    pub async fn services(&self) -> Result<Services, ClientError> {
        let answer = self
            .client
            .get(prefix(self.is_production), "v1", "services")
            .await?;
        parsed(&answer).map(Services::new)
    }

    /// What this partner may use of it, and where the person must consent.
    ///
    /// # Errors
    /// As [`Lookup::services`].
    pub async fn products_config(&self) -> Result<ProductsConfig, ClientError> {
        let (timestamp, signature) = self.client.sign();
        let question = json!({
            "partner_id": self.client.partner(), "timestamp": timestamp, "signature": signature,
        });
        let answer = self.post("v1", "products_config", &question).await?;
        Ok(ProductsConfig::new(answer))
    }

    async fn result(
        &self,
        version: &str,
        endpoint: &str,
        question: &Question,
    ) -> Result<JobResult, ClientError> {
        let (_, _, body) = self.body(question)?;
        let prefix = prefix(self.is_production);
        let answer = self
            .client
            .post(prefix, version, endpoint, &body.into())
            .await?;
        self.client.verified(&answer).map(JobResult::new)
    }

    async fn post(
        &self,
        version: &str,
        endpoint: &str,
        body: &Value,
    ) -> Result<Value, ClientError> {
        let prefix = prefix(self.is_production);
        parsed(&self.client.post(prefix, version, endpoint, body).await?)
    }

    /// One flat object. What is said of the person does not stand in for who asks.
    fn body(
        &self,
        question: &Question,
    ) -> Result<(UserId, JobId, Map<String, Value>), ClientError> {
        /// Fields that a request may go without, and that ID information must not add.
        const OURS: [&str; 3] = ["token", "callback_url", "consent_information"];
        let mut body = object(&question.id_info, "id_info")?
            .cloned()
            .unwrap_or_default();
        id_info::check_identity(&body)?;
        for name in OURS {
            body.remove(name);
        }
        let consent = object(&question.consent_information, "consent_information")?;
        let job_type = JobType::EnhancedKyc.number();
        let (job, user, partner_params) = name_job(&question.partner_params, job_type)?;
        let (timestamp, signature) = self.client.sign();
        let fields = json!({
            "partner_id": self.client.partner(), "partner_params": partner_params,
            "source_sdk": "selfsame-rust", "source_sdk_version": env!("CARGO_PKG_VERSION"),
            "timestamp": timestamp, "signature": signature,
        });
        if let Value::Object(fields) = fields {
            body.extend(fields);
        }
        if let Some(consent) = consent {
            body.insert("consent_information".to_owned(), consent.clone().into());
        }
        Ok((user, job, body))
    }
}

fn parsed(answer: &[u8]) -> Result<Value, ClientError> {
    serde_json::from_slice(answer)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| ClientError::Answer("it is not a JSON object".to_owned()))
}
