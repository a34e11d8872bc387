//! Jobs, outcomes and stores to test with.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use selfsame_face::template::{TEMPLATE_LEN, Template, TemplateModel};
use selfsame_job::audit::Actor;
use selfsame_job::callback_url::{CallbackUrl, CallbackUrls};
use selfsame_job::job::{Api, JobRequest, JobType};
use selfsame_job::partner::Partner;
use selfsame_job::user::{Reference, UserKey, UserState};
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};
use selfsame_wire::signature::ApiKey;

pub use crate::place::{Kind, Limits, Place};

pub const LEASE: Duration = Duration::from_secs(60);

/// Room for whatever a test queues.
pub const LIMITS: DeliveryLimits = DeliveryLimits {
    slots: 64,
    per_environment: 16,
    per_endpoint: 4,
    failing_per_environment: 4,
};

pub fn new_job(job: &str, user: &str) -> NewJob {
    NewJob {
        smile_job_id: SmileJobId::new(uuid::Uuid::new_v4().to_string()).unwrap(),
        user: UserKey {
            partner: PartnerId::new("p").unwrap(),
            environment: Environment::Sandbox,
            user: UserId::new(user).unwrap(),
        },
        job_id: JobId::new(job).unwrap(),
        job_type: JobType::Enrolment,
        request: JobRequest {
            callback_url: Some("https://PLANTED-url.example/".to_owned()),
            ..JobRequest::new(
                Api::V1,
                serde_json::from_str(r#"{"secret": "PLANTED-params"}"#).unwrap(),
            )
        },
        retry: false,
        request_digest: None,
    }
}

pub fn grant(n: u8) -> UploadGrant {
    UploadGrant {
        token_hash: [n; 32],
        expires_at: Timestamp::now() + SignedDuration::from_secs(60),
    }
}

pub fn template() -> Template {
    template_by("m")
}

/// The same numbers, of a model of this name.
pub fn template_by(model: &str) -> Template {
    let numbers = std::array::from_fn::<f32, TEMPLATE_LEN, _>(|n| n as f32 - 40.0);
    Template::new(&numbers, &TemplateModel::new(model).unwrap()).unwrap()
}

pub fn outcome(job: &NewJob) -> Outcome {
    Outcome {
        result: Bytes::from_static(br#"{"text":"PLANTED-result"}"#),
        success: true,
        result_code: "0840".to_owned(),
        enrol: Some(Reference {
            template: template(),
            photo: job.smile_job_id.clone(),
        }),
        callback_url: job.request.callback_url.clone(),
        ..Outcome::default()
    }
}

/// Whether these bytes are among those, as they are or in hexadecimal digits.
pub fn holds(all: &[u8], bytes: &[u8]) -> bool {
    let digits = hex::encode(bytes);
    [bytes, digits.as_bytes()]
        .iter()
        .any(|wanted| all.windows(wanted.len()).any(|w| w == *wanted))
}

pub fn by() -> Actor {
    Actor::new("cli:ada").unwrap()
}

pub fn partner() -> Partner {
    Partner {
        id: PartnerId::new("p").unwrap(),
        name: "P".to_owned(),
        production_enabled: false,
        signs_bodies: false,
        callback_urls: CallbackUrls {
            sandbox: CallbackUrl::new("https://default.example/PLANTED-path").ok(),
            production: None,
        },
        sandbox_key: ApiKey::new("PLANTED-sandbox-key"),
        production_key: ApiKey::new("PLANTED-production-key"),
        created_at: Timestamp::now(),
    }
}

/// What somebody can do who has the database, but not the master key.
pub async fn tamper(place: &Place, statements: &str) {
    place.try_tamper(statements).await.unwrap();
}

pub async fn open(place: &Place) -> Arc<dyn Store> {
    place.serve().await
}

/// The user as it is now: as a job would be judged.
pub async fn state(store: &Arc<dyn Store>, user: &UserKey) -> UserState {
    UserState::of(store.user(user).await.unwrap().as_ref())
}

/// Submits a job and ends it, judged by its user as it is then; gives what it came to.
pub async fn end(store: &Arc<dyn Store>, job: &NewJob, outcome: &Outcome) -> Finished {
    let submitted = store
        .submit_job(job, Bytes::from_static(b"PLANTED-package"))
        .await
        .unwrap();
    assert_eq!(submitted, Prepared::Recorded);
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    let outcome = Outcome {
        judged: state(store, &job.user).await,
        ..outcome.clone()
    };
    store.finish_job(&claim, &outcome).await.unwrap()
}

pub async fn finished(store: &Arc<dyn Store>, job: &NewJob) {
    assert_eq!(end(store, job, &outcome(job)).await, Finished::Committed);
}

/// A port on which nobody listens, and which nobody else takes, for as long as this is held.
pub fn nobodys_port() -> tokio::net::TcpSocket {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    socket
}
