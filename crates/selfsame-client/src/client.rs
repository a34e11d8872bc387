//! Submits jobs and follows them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use selfsame_wire::id::{JobId, PartnerId, UserId};
use selfsame_wire::package::PackageBuilder;
use selfsame_wire::partner_params::PartnerParams;
use selfsame_wire::result::SignedResult;
use selfsame_wire::signature::{self, ApiKey, TimestampWindow};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use url::Url;

use crate::capture::Capture;
use crate::challenge::{self, Offer};
use crate::error::ClientError;
use crate::id_info;
use crate::lookup::Lookup;
use crate::progress::{self, Listener, Progress};
use crate::result::JobStatus;

/// How long a job is followed when the caller sets no time.
pub(crate) const DEFAULT_POLLING: Duration = Duration::from_secs(60);
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(100);
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Which server, as whom.
#[derive(Clone)]
pub struct Connection {
    /// The server's base URL, without a version.
    pub server: Url,
    /// The partner.
    pub partner: PartnerId,
    /// The API key of the environment that jobs are submitted to.
    pub api_key: String,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({} as {})", self.server, self.partner)
    }
}

/// A job to submit: the arguments of the mobile call, with `{}`, `""` and 0 as absent.
#[derive(Debug, Clone)]
pub struct Submission<'a> {
    /// Names the capture.
    pub tag: &'a str,
    /// 2 authenticates, 4 registers, 1 registers with an ID number.
    pub job_type: u8,
    /// Production rather than the sandbox.
    pub is_production: bool,
    /// `job_id`, `user_id` and any further keys; names that are missing are made.
    pub partner_params: Value,
    /// ID information. Job type 1 needs `country`, `id_type` and `id_number`; or `entered: false` and an ID card's image.
    pub id_info: Value,
    /// Geo information.
    pub geo_info: Value,
    /// Where the result is to be posted.
    pub callback_url: &'a str,
    /// How long to follow the job. When it passes first, the status says so and the rest comes to the callback. 0: a minute.
    pub job_status_polling_timeout_millis: u64,
}

/// What may be said of one submission beside the mobile call's arguments.
#[derive(Debug, Clone, Default)]
pub struct SubmitOptions {
    /// A person who is enrolled already may enrol again.
    pub allow_new_enroll: bool,
    /// Use the photo on file, for the job types that can.
    pub use_enrolled_image: bool,
    /// Sandbox only: the result code to force.
    pub sandbox_result: Option<String>,
    /// What the person agreed to, where an ID type needs that: it goes along with the ID information. `{}` and null are absent.
    pub consent_information: Value,
}

/// A client with its captures.
pub struct Client {
    connection: Connection,
    key: ApiKey,
    http: reqwest::Client,
    captures: HashMap<String, Capture>,
    listener: Listener,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("connection", &self.connection)
            .field("captures", &self.captures)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client for a server.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(connection: Connection) -> Result<Self, ClientError> {
        Self::with_http(connection, http_builder().build()?)
    }

    /// A client over an HTTP client of one's own, e.g. with a private certificate authority.
    ///
    /// # Errors
    /// When the server's URL cannot be a base.
    pub fn with_http(connection: Connection, http: reqwest::Client) -> Result<Self, ClientError> {
        if connection.server.cannot_be_a_base() {
            return Err(ClientError::Argument(format!(
                "{} cannot be a server's URL",
                connection.server
            )));
        }
        let key = ApiKey::new(connection.api_key.clone());
        Ok(Self {
            connection,
            key,
            http,
            captures: HashMap::new(),
            listener: Arc::new(|_| {}),
        })
    }

    /// Keeps a capture under a tag, and gives the tag; one that was kept under it before is replaced. An empty tag is
    /// absent: one is made.
    pub fn keep(&mut self, tag: impl Into<String>, capture: Capture) -> String {
        let mut tag = tag.into();
        if tag.is_empty() {
            tag = uuid::Uuid::new_v4().to_string();
        }
        self.captures.insert(tag.clone(), capture);
        tag
    }

    /// The tags under which captures are kept, in no order.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.captures.keys().map(String::as_str)
    }

    /// Tells how far each job has come that is submitted from now on. Called on the task that submits: be quick.
    pub fn on_progress(&mut self, listener: impl Fn(Progress) + Send + Sync + 'static) {
        self.listener = Arc::new(listener);
    }

    /// Forgets a capture.
    pub fn forget(&mut self, tag: &str) -> Option<Capture> {
        self.captures.remove(tag)
    }

    /// Draws a challenge: head turns that the person makes while the frames are taken. For the capture that is about to begin:
    /// it ends soon after, and serves one job of this user. Nobody but the server chooses the turns.
    ///
    /// # Errors
    /// [`ClientError`] when the server refuses, e.g. because its policy judges no challenges; when it cannot be reached, or
    /// its answer holds no challenge that this client knows.
    pub async fn draw_challenge(
        &self,
        user: &UserId,
        job_type: u8,
        is_production: bool,
    ) -> Result<Offer, ClientError> {
        let (timestamp, signature) = self.sign();
        let question = json!({
            "partner_id": self.connection.partner, "user_id": user, "job_type": job_type,
            "timestamp": timestamp, "signature": signature,
        });
        let answer = self
            .post(prefix(is_production), "v1", "challenge", &question)
            .await?;
        serde_json::from_slice(&answer)
            .ok()
            .and_then(|answer: Value| challenge::read(&answer, Timestamp::now()))
            .ok_or_else(|| ClientError::Answer("no challenge that this client knows".to_owned()))
    }

    /// Submits a job and follows it until it ends or the polling time passes; then the status says that it is not
    /// complete, and the result comes to the callback.
    ///
    /// # Errors
    /// [`ClientError`] when nothing was captured under the tag, the job was refused, the server cannot be reached or an
    /// answer cannot be trusted.
    pub async fn submit_job(&self, submission: &Submission<'_>) -> Result<JobStatus, ClientError> {
        self.submit_job_with(submission, &SubmitOptions::default())
            .await
    }

    /// The same, with what the mobile call has no argument for.
    ///
    /// # Errors
    /// As [`Client::submit_job`].
    pub async fn submit_job_with(
        &self,
        submission: &Submission<'_>,
        options: &SubmitOptions,
    ) -> Result<JobStatus, ClientError> {
        let capture = self
            .captures
            .get(submission.tag)
            .ok_or_else(|| ClientError::UnknownTag(submission.tag.to_owned()))?;
        let (job, user, partner_params) =
            name_job(&submission.partner_params, submission.job_type)?;
        // Arguments are checked before the server is asked: once it has the job, the job's name is taken.
        let id_info = id_info::for_job(
            submission.job_type,
            object(&submission.id_info, "id_info")?,
            capture.has_id_card(),
        )?;
        let id_info = id_info.as_ref().map(raw).transpose()?;
        let geo_info = present(&submission.geo_info, "geo_info")?;
        let consent = present(&options.consent_information, "consent_information")?;
        let prefix = prefix(submission.is_production);
        let (timestamp, signature) = self.sign();
        let mut request = json!({
            "file_name": "selfie.zip", "smile_client_id": self.connection.partner,
            "partner_params": partner_params, "model_parameters": {}, "callback_url": submission.callback_url,
            "source_sdk": "selfsame-rust", "source_sdk_version": env!("CARGO_PKG_VERSION"),
            "timestamp": timestamp, "signature": signature,
        });
        if let Some(challenge) = capture.challenge() {
            request["challenge_id"] = challenge.as_str().into();
        }
        for (name, wanted) in [
            ("allow_new_enroll", options.allow_new_enroll),
            ("use_enrolled_image", options.use_enrolled_image),
        ] {
            if wanted {
                request[name] = true.into();
            }
        }
        if let Some(code) = &options.sandbox_result {
            request["sandbox_result"] = code.as_str().into();
        }
        let prepared = self.post(prefix, "v1", "upload", &request).await?;
        let prepared: Value =
            serde_json::from_slice(&prepared).map_err(|e| ClientError::Answer(e.to_string()))?;
        let upload_url = prepared["upload_url"]
            .as_str()
            .ok_or_else(|| ClientError::Answer("no upload_url".to_owned()))?;
        let mut package = PackageBuilder::new(partner_params)
            .misc("smile_client_id", self.connection.partner.as_str())
            .misc("timestamp", timestamp)
            .misc("signature", signature)
            .misc("callback_url", submission.callback_url)
            .id_info(id_info)
            .consent_information(consent)
            .geo_info(geo_info);
        for (role, image) in capture.images() {
            package = package.image(role, image.to_vec());
        }
        let package = package
            .build()
            .map_err(|e| ClientError::Argument(e.to_string()))?;
        (self.listener)(Progress::Prepared);
        let upload = self
            .http
            .put(upload_url)
            .header("content-type", "application/zip")
            .header("content-length", package.len())
            .body(progress::body(package, Arc::clone(&self.listener)));
        accept(upload.send().await?)
            .await
            .map_err(|error| of_challenge(error, capture))?;
        (self.listener)(Progress::Uploaded);
        let wait = match submission.job_status_polling_timeout_millis {
            0 => DEFAULT_POLLING,
            millis => Duration::from_millis(millis),
        };
        self.follow(prefix, &user, &job, Instant::now() + wait)
            .await
    }

    /// Asks once how a job stands, with the results of all its attempts and steps: [`JobStatus::results`].
    ///
    /// # Errors
    /// [`ClientError`] when the server refuses or cannot be reached, or its answer cannot be trusted.
    pub async fn history(
        &self,
        user: &UserId,
        job: &JobId,
        is_production: bool,
    ) -> Result<JobStatus, ClientError> {
        self.job_status(prefix(is_production), user, job, true)
            .await
    }

    /// Looks identities up, without a selfie.
    #[must_use]
    pub const fn lookup(&self, is_production: bool) -> Lookup<'_> {
        Lookup::new(self, is_production)
    }

    async fn follow(
        &self,
        prefix: &str,
        user: &UserId,
        job: &JobId,
        until: Instant,
    ) -> Result<JobStatus, ClientError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let status = match self.job_status(prefix, user, job, false).await {
                // The server has the job and will end it, though this one question failed: ask again.
                Err(error) if error.is_passing() && Instant::now() + pause <= until => None,
                other => Some(other?),
            };
            if let Some(status) = status
                && (status.job_complete() || Instant::now() + pause > until)
            {
                return Ok(status);
            }
            (self.listener)(Progress::Waiting);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn job_status(
        &self,
        prefix: &str,
        user: &UserId,
        job: &JobId,
        history: bool,
    ) -> Result<JobStatus, ClientError> {
        let (timestamp, signature) = self.sign();
        let question = json!({
            "partner_id": self.connection.partner, "user_id": user, "job_id": job, "image_links": false, "history": history,
            "timestamp": timestamp, "signature": signature,
        });
        let answer = self.post(prefix, "v1", "job_status", &question).await?;
        self.verified(&answer).map(JobStatus::new)
    }

    /// An answer that the partner's key signed.
    pub(crate) fn verified(&self, answer: &[u8]) -> Result<Value, ClientError> {
        let window = TimestampWindow::default();
        let signed = SignedResult::verify(
            answer,
            &self.key,
            &self.connection.partner,
            &window,
            Timestamp::now(),
        )?;
        serde_json::from_str(signed.as_json()).map_err(|e| ClientError::Answer(e.to_string()))
    }

    pub(crate) const fn partner(&self) -> &PartnerId {
        &self.connection.partner
    }

    pub(crate) fn sign(&self) -> (String, String) {
        let signed = signature::sign_request(&self.key, &self.connection.partner, Timestamp::now());
        (signed.timestamp, signed.signature)
    }

    pub(crate) async fn post(
        &self,
        prefix: &str,
        version: &str,
        endpoint: &str,
        body: &Value,
    ) -> Result<Vec<u8>, ClientError> {
        let url = self.url([prefix, version, endpoint])?;
        accept(self.http.post(url).json(body).send().await?).await
    }

    pub(crate) async fn get(
        &self,
        prefix: &str,
        version: &str,
        endpoint: &str,
    ) -> Result<Vec<u8>, ClientError> {
        let url = self.url([prefix, version, endpoint])?;
        accept(self.http.get(url).send().await?).await
    }

    fn url(&self, path: [&str; 3]) -> Result<Url, ClientError> {
        let mut url = self.connection.server.clone();
        url.path_segments_mut()
            .map_err(|()| ClientError::Argument("the server's URL has no path".to_owned()))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }
}

/// An HTTP client with this client's limits.
pub(crate) fn http_builder() -> reqwest::ClientBuilder {
    // Whoever installed a provider first has chosen; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(120))
}

async fn accept(response: reqwest::Response) -> Result<Vec<u8>, ClientError> {
    let status = response.status();
    let body = response.bytes().await?;
    if status.is_success() {
        return Ok(body.into());
    }
    let error: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    if error["reason"] == "challenge_expired" {
        let message = text("error");
        return Err(ClientError::ChallengeExpired { message });
    }
    Err(ClientError::Refused {
        http_status: status.as_u16(),
        code: text("code"),
        message: text("error"),
    })
}

pub(crate) const fn prefix(is_production: bool) -> &'static str {
    if is_production {
        "production"
    } else {
        "sandbox"
    }
}

/// Tells a package's refusal that means the capture's challenge: an upload URL lives no longer than it.
fn of_challenge(error: ClientError, capture: &Capture) -> ClientError {
    match error {
        ClientError::Refused {
            http_status,
            message,
            ..
        } if capture.challenge().is_some() && http_status == 410 => {
            ClientError::ChallengeExpired { message }
        }
        other => other,
    }
}

/// The partner parameters with the names that were missing, and the job type.
pub(crate) fn name_job(
    partner_params: &Value,
    job_type: u8,
) -> Result<(JobId, UserId, PartnerParams), ClientError> {
    let wrong = |e: &dyn std::fmt::Display| ClientError::Argument(e.to_string());
    let mut params = object(partner_params, "partner_params")?
        .cloned()
        .unwrap_or_default();
    for name in ["job_id", "user_id"] {
        let given = params
            .entry(name)
            .or_insert_with(|| uuid::Uuid::new_v4().to_string().into());
        // The server takes numbers too; the contract for clients does not, because results are read by text.
        if !given.is_string() {
            return Err(ClientError::Argument(format!(
                "partner_params.{name} must be a string"
            )));
        }
    }
    params.insert("job_type".to_owned(), job_type.into());
    let raw = to_raw_value(&params).map_err(|e| wrong(&e))?;
    let params = PartnerParams::new(raw).map_err(|e| wrong(&e))?;
    Ok((
        params.job_id().map_err(|e| wrong(&e))?,
        params.user_id().map_err(|e| wrong(&e))?,
        params,
    ))
}

/// `{}` and null are absent.
pub(crate) fn object<'v>(
    value: &'v Value,
    name: &str,
) -> Result<Option<&'v Map<String, Value>>, ClientError> {
    match value {
        Value::Null => Ok(None),
        Value::Object(map) => Ok(Some(map).filter(|map| !map.is_empty())),
        _ => Err(ClientError::Argument(format!("{name} must be an object"))),
    }
}

fn present(value: &Value, name: &str) -> Result<Option<Box<RawValue>>, ClientError> {
    object(value, name)?.map(raw).transpose()
}

fn raw(map: &Map<String, Value>) -> Result<Box<RawValue>, ClientError> {
    to_raw_value(map).map_err(|e| ClientError::Argument(e.to_string()))
}
