//! Submits jobs with a token, and follows them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use selfsame_wire::id::{JobId, UserId};
use selfsame_wire::v3::{PARTNER_ID, TOKEN};
use serde_json::{Map, Value};
use tokio::time::Instant;
use url::Url;

use crate::client::{DEFAULT_POLLING, FIRST_PAUSE, LONGEST_PAUSE};
use crate::v3::answer::{self, Accepted, JobStatus, Replayed, Reported};
use crate::v3::error::Error;
use crate::v3::exchange::{Answer, Exchange, RetryPolicy, pause_after};
use crate::v3::form::Form;
use crate::v3::fraud::FraudReport;
use crate::v3::result::WebhookResult;
use crate::v3::submission::{
    Authentication, BiometricKyc, Comparison, EnhancedKyc, Prepared, Registration, Submit,
};
use crate::v3::tokens::{Tokens, Wanted, partner_of};

/// Jobs that are remembered: more are followed by nobody at a time.
const MOST_JOBS: usize = 1000;

/// Submits jobs with a token and follows them: for whatever must not hold an API key.
pub struct Client {
    exchange: Exchange,
    tokens: Tokens,
    retry: RetryPolicy,
    /// What the tokens of the latest jobs were wanted for, the oldest first: a token of another user does not find them.
    jobs: Mutex<VecDeque<(JobId, Wanted)>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v3::Client({})", self.exchange.server())
    }
}

type Object = Map<String, Value>;

impl Client {
    /// A client for a server, whose base URL has no version.
    ///
    /// # Errors
    /// When TLS cannot be set up, or the URL is none of a server.
    pub fn new(server: Url, tokens: Tokens) -> Result<Self, Error> {
        Ok(Self::over(Exchange::new(server)?, tokens))
    }

    /// A client over an HTTP client of one's own, e.g. with a private certificate authority. It should follow no redirects, which would
    /// take the token along.
    ///
    /// # Errors
    /// When the URL is none of a server.
    pub fn with_http(server: Url, tokens: Tokens, http: reqwest::Client) -> Result<Self, Error> {
        Ok(Self::over(Exchange::over(server, http)?, tokens))
    }

    fn over(exchange: Exchange, tokens: Tokens) -> Self {
        Self {
            exchange,
            tokens,
            retry: RetryPolicy::default(),
            jobs: Mutex::default(),
        }
    }

    /// Tries questions so often where the network breaks or the server is busy. Submissions are sent once.
    #[must_use]
    pub const fn retrying(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Puts a selfie on file. A submission is sent once: where the connection broke, whether the server took it is not known. With an
    /// [`idempotency_key`](crate::v3::Said::idempotency_key) it may be submitted again.
    ///
    /// # Errors
    /// [`Error`]; of a refusal the [`reason`](crate::v3::Refusal::reason) says what it means.
    pub async fn register(&self, submission: &Registration) -> Result<Accepted, Error> {
        self.begin(submission.prepare()?).await
    }

    /// Compares a selfie with the one on file. Sent once.
    ///
    /// # Errors
    /// As [`Client::register`].
    pub async fn authenticate(&self, submission: &Authentication) -> Result<Accepted, Error> {
        self.begin(submission.prepare()?).await
    }

    /// Compares a selfie with a picture that the caller brings. Sent once.
    ///
    /// # Errors
    /// As [`Client::register`].
    pub async fn compare(&self, submission: &Comparison) -> Result<Accepted, Error> {
        self.begin(submission.prepare()?).await
    }

    /// Looks a record up and compares its photograph with a selfie. Sent once.
    ///
    /// # Errors
    /// As [`Client::register`].
    pub async fn biometric_kyc(&self, submission: &BiometricKyc) -> Result<Accepted, Error> {
        self.begin(submission.prepare()?).await
    }

    /// Looks a record up; the result comes to the callback. Sent once.
    ///
    /// # Errors
    /// As [`Client::register`].
    pub async fn enhanced_kyc(&self, submission: &EnhancedKyc) -> Result<Accepted, Error> {
        self.begin(submission.prepare()?).await
    }

    /// Looks a record up and waits for the result. Sent once.
    ///
    /// # Errors
    /// As [`Client::register`]; `Unavailable` where the authority is slow or fails.
    pub async fn enhanced_kyc_sync(
        &self,
        submission: &EnhancedKyc,
    ) -> Result<WebhookResult, Error> {
        let prepared = Prepared {
            path: &["enhanced_kyc", "sync"],
            ..submission.prepare()?
        };
        let answer = self.submit(prepared).await?;
        Ok(WebhookResult::new(answer.into()))
    }

    /// Asks how a job stands. One that the server does not know, or that is not the user's whom the token is for, is no error: its status
    /// is `not_found`.
    ///
    /// # Errors
    /// [`Error`] when the server refuses or cannot be reached.
    pub async fn status(&self, job: &JobId) -> Result<JobStatus, Error> {
        let mut tries = self.retry.begin();
        loop {
            match self.ask_status(job).await {
                Err(error) => tries.again(error).await?,
                status => return status,
            }
        }
    }

    /// Asks how a job stands until it has ended or the time has passed; a zero time is a minute. A job that is not found is one that is
    /// not known yet. The last status says whether it is complete; the result comes to the callback all the same.
    ///
    /// # Errors
    /// [`Error`] when the server refuses, or no question was answered.
    pub async fn wait_until_complete(
        &self,
        job: &JobId,
        timeout: Duration,
    ) -> Result<JobStatus, Error> {
        let timeout = if timeout.is_zero() {
            DEFAULT_POLLING
        } else {
            timeout
        };
        let until = Instant::now() + timeout;
        let mut pause = FIRST_PAUSE;
        let mut last = None;
        loop {
            let (failure, wait) = match self.ask_status(job).await {
                Ok(status) if status.is_complete() => return Ok(status),
                Ok(status) => {
                    last = Some(status);
                    (None, pause)
                }
                // The server has the job and will end it, though this one question failed: ask again.
                Err(error) if error.is_passing() => {
                    let wait = pause_after(&error, pause);
                    (Some(error), wait)
                }
                Err(error) => return Err(error),
            };
            if Instant::now() + wait > until {
                return match (last, failure) {
                    (None, Some(error)) => Err(error),
                    (last, _) => last.ok_or_else(|| Error::Answer("none came".to_owned())),
                };
            }
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Has a job's result sent again: to the callback that it had, or to another.
    ///
    /// # Errors
    /// [`Error`]; of its refusals `Conflict` means that the job has not ended.
    pub async fn replay(&self, job: &JobId, callback_url: Option<&str>) -> Result<Replayed, Error> {
        let form = Form::default().text("callback_url", callback_url);
        let path = ["replay", job.as_str()];
        let answer = self.authorised(Wanted::default(), || {
            with(self.exchange.request(Method::POST, &path)?, &form)
        });
        let message = answer::message(&answer.await?.accepted(|_, _| false)?);
        Ok(Replayed { message })
    }

    /// Reports that a user committed fraud, or did not after all. `reported_by` is an email address. The token that is asked for is of
    /// this user; where it did not after all, of nobody: the server takes no such word by a token that the user may hold.
    ///
    /// # Errors
    /// [`Error`]; of its refusals `NotFound` means that there is no such user.
    pub async fn report_fraud(
        &self,
        user: &UserId,
        reported_by: &str,
        report: &FraudReport,
    ) -> Result<Reported, Error> {
        let form = report.form(reported_by);
        let path = ["users", user.as_str(), "report_fraud"];
        let wanted = Wanted {
            product: None,
            user: report.is_fraud().then(|| user.clone()),
        };
        let answer = self.authorised(wanted, || {
            with(self.exchange.request(Method::POST, &path)?, &form)
        });
        let message = answer::message(&answer.await?.accepted(|_, _| false)?);
        Ok(Reported { message })
    }

    async fn begin(&self, prepared: Prepared) -> Result<Accepted, Error> {
        let wanted = prepared.wanted();
        let taken = Accepted::read(&self.submit(prepared).await?)?;
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.push_back((taken.job.clone(), wanted));
        if jobs.len() > MOST_JOBS {
            jobs.pop_front();
        }
        Ok(taken)
    }

    /// What the token of a job was wanted for, as far as that is remembered.
    fn wanted_for(&self, job: &JobId) -> Wanted {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let known = jobs.iter().rfind(|(known, _)| known == job);
        known.map(|(_, wanted)| wanted.clone()).unwrap_or_default()
    }

    async fn submit(&self, prepared: Prepared) -> Result<Object, Error> {
        let answer = self.authorised(prepared.wanted(), || {
            let mut request = self.exchange.request(Method::POST, prepared.path)?;
            for (name, value) in &prepared.headers {
                request = request.header(*name, value.clone());
            }
            with(request, &prepared.form)
        });
        answer.await?.accepted(|_, _| false)
    }

    /// Asks once. A 404 that says `not_found` is an answer.
    async fn ask_status(&self, job: &JobId) -> Result<JobStatus, Error> {
        let path = ["status", job.as_str()];
        let wanted = self.wanted_for(job);
        let answer = self.authorised(wanted, || self.exchange.request(Method::GET, &path));
        let object = answer.await?.accepted(|status, said| {
            status == 404 && said.get("status") == Some(&"not_found".into())
        })?;
        Ok(JobStatus::new(object.into()))
    }

    /// Asks what is open to everybody.
    pub(crate) async fn open(
        &self,
        endpoint: &str,
        query: &[(&str, Option<&str>)],
    ) -> Result<Value, Error> {
        let mut tries = self.retry.begin();
        loop {
            let answer = Answer::to(self.exchange.question(endpoint, query)?).await;
            match answer.and_then(|answer| answer.accepted(|_, _| false)) {
                Err(error) => tries.again(error).await?,
                Ok(answer) => return Ok(answer.into()),
            }
        }
    }

    /// Asks what a token is needed for.
    pub(crate) async fn question(
        &self,
        endpoint: &str,
        query: &[(&str, Option<&str>)],
        wanted: &Wanted,
    ) -> Result<Value, Error> {
        let mut tries = self.retry.begin();
        loop {
            let request = || self.exchange.question(endpoint, query);
            let answer = self.authorised(wanted.clone(), request).await;
            match answer.and_then(|answer| answer.accepted(|_, _| false)) {
                Err(error) => tries.again(error).await?,
                Ok(answer) => return Ok(answer.into()),
            }
        }
    }

    /// Sends a request with a token, once more with a fresh one where the server does not take it: nothing was done then.
    async fn authorised(
        &self,
        wanted: Wanted,
        request: impl Fn() -> Result<RequestBuilder, Error>,
    ) -> Result<Answer, Error> {
        let token = self.tokens.get(wanted.clone()).await?;
        let answer = Answer::to(carrying(request()?, &token)).await?;
        if !answer.is_unauthenticated() {
            return Ok(answer);
        }
        self.tokens.drop(&token).await;
        let token = self.tokens.get(wanted).await?;
        Answer::to(carrying(request()?, &token)).await
    }
}

/// With a token, and with whose it is: some calls of the service want to be told so beside it.
fn carrying(request: RequestBuilder, token: &str) -> RequestBuilder {
    let request = request.header(TOKEN, token);
    match partner_of(token) {
        Some(partner) => request.header(PARTNER_ID, partner),
        None => request,
    }
}

fn with(request: RequestBuilder, form: &Form) -> Result<RequestBuilder, Error> {
    if form.is_empty() {
        return Ok(request);
    }
    Ok(request.multipart(form.to_body()?))
}
