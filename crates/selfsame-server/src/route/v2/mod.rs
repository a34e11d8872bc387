//! v2: one synchronous call. It goes through the same durable queue as v1 and waits for its end.

mod form;
mod repeat;

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use jiff::Timestamp;
use selfsame_job::job::{Api, Job, JobRequest, JobType};
use selfsame_job::outcome::JobOutcome;
use selfsame_job::user::UserKey;
use selfsame_store::store::{JobResultRecord, NewJob, Prepared};
use selfsame_wire::challenge;
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::{JobId, PartnerId, SmileJobId};
use selfsame_wire::info::ImageRole;
use selfsame_wire::package::PackageBuilder;
use selfsame_wire::partner_params::PartnerParams;
use selfsame_wire::result::ResultCode;
use selfsame_wire::signature;
use selfsame_wire::v2::{self, SmartSelfieJobType, SmartSelfieResponse, Status};

use crate::app::{App, Scope};
use crate::body::Arriving;
use crate::budget::{Holder, Purpose};
use crate::completion::Wait;
use crate::headers;
use crate::intake::{Intake, new_smile_job_id, recorded};
use crate::listen::Activity;
use crate::random::named;
use crate::refusal::Refusal;

pub(crate) async fn enrol(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    request: Request,
) -> Result<Json<SmartSelfieResponse>, Refusal> {
    serve(&app, scope, request, JobType::Enrolment).await
}

pub(crate) async fn authenticate(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    request: Request,
) -> Result<Json<SmartSelfieResponse>, Refusal> {
    serve(&app, scope, request, JobType::Authentication).await
}

fn required(headers: &HeaderMap, name: &str) -> Result<String, Refusal> {
    headers::text(headers, name)
        .ok_or_else(|| WireError::missing(&format!("the header {name}")).into())
}

async fn serve(
    app: &App,
    scope: Scope,
    request: Request,
    job_type: JobType,
) -> Result<Json<SmartSelfieResponse>, Refusal> {
    let limits = &app.config.limits;
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let partner = PartnerId::new(required(headers, v2::PARTNER_ID)?)
        .map_err(|e| Refusal::new(ErrorCode::WrongType, e.to_string()))?;
    let (timestamp, given) = (
        required(headers, v2::TIMESTAMP)?,
        required(headers, v2::SIGNATURE)?,
    );
    // Before the body is read: who is not authorised costs no memory.
    let caller = app.authorise(scope, &partner, &timestamp, &given).await?;
    if let Some(connection) = parts.extensions.get::<Arc<Activity>>() {
        connection.authenticated();
    }
    let (source_sdk, source_sdk_version) = (
        headers::text(headers, v2::SOURCE_SDK),
        headers::text(headers, v2::SOURCE_SDK_VERSION),
    );
    let share = app
        .bodies
        .share(Purpose::Large, Holder::Partner(caller.partner.id.clone()));
    let body = Arriving::new(body, share, limits.package_bytes, limits.body_pace)?;
    let form = form::read(parts, body).await?;
    let digest = repeat::digest(job_type, &form, &timestamp, &given);
    let share = form.share;
    let selfie = form
        .selfie
        .ok_or_else(|| WireError::missing("selfie_image"))?;
    let given = v2::Named::read(
        job_type.product().wire_type(),
        form.user_id.as_deref(),
        form.partner_params.as_deref(),
        form.sandbox_result.as_deref(),
    )?;
    let user = match given.user_id {
        Some(user) => user,
        // Whoever is new may be given a name.
        None if job_type.enrols() => named()?,
        None => return Err(WireError::missing("user_id").into()),
    };
    let job_id: JobId = given.job_id.map_or_else(named, Ok)?;
    let partner_params = given.partner_params.naming(&job_id, &user);
    let mut package = PackageBuilder::new(partner_params.clone())
        .misc("smile_client_id", caller.partner.id.as_str())
        .image(ImageRole::Selfie, selfie);
    for frame in form.frames {
        package = package.image(ImageRole::Liveness, frame);
    }
    let package = package.build().map_err(|e| Refusal::internal(&e))?;
    let job = Intake {
        caller: &caller,
        smile_job_id: new_smile_job_id()?,
        user,
        job_id,
        job_type,
        request: JobRequest {
            callback_url: form.callback_url,
            allow_new_enroll: form.allow_new_enroll,
            sandbox_result: given.sandbox_result,
            source_sdk,
            source_sdk_version,
            synchronous: true,
            ..JobRequest::new(Api::V2, partner_params)
        },
        retry: false,
        challenge_id: challenge::read_id(form.challenge_id)?,
        request_digest: Some(digest),
    }
    .check(app)
    .await;
    let job = match job {
        Ok(job) => job,
        // What stands in its way may be what the first has just brought about.
        Err(refusal) => {
            return match repeat::first(app, &caller, &digest).await? {
                Some(first) => repeat::answer_first(app, first).await,
                None => Err(refusal),
            };
        }
    };
    let wait = app.completions.expect(&job.smile_job_id);
    let prepared = app.store.submit_job(&job, package.into()).await?;
    drop(share);
    if let Prepared::Repeats(first) = &prepared {
        let first = app.store.job(first).await?;
        return repeat::answer_first(app, first.ok_or_else(repeat::gone)?).await;
    }
    recorded(&prepared)?;
    app.job_queued.notify_one();
    answer(app, job.into(), wait).await
}

/// A job that was begun, as the answer names it.
struct Begun {
    smile_job_id: SmileJobId,
    user: UserKey,
    job_id: JobId,
    job_type: JobType,
    partner_params: PartnerParams,
    created_at: Timestamp,
}

impl From<NewJob> for Begun {
    fn from(job: NewJob) -> Self {
        Self {
            smile_job_id: job.smile_job_id,
            user: job.user,
            job_id: job.job_id,
            job_type: job.job_type,
            partner_params: job.request.partner_params,
            created_at: Timestamp::now(),
        }
    }
}

impl From<Job> for Begun {
    fn from(job: Job) -> Self {
        Self {
            smile_job_id: job.smile_job_id,
            user: job.user,
            job_id: job.job_id,
            job_type: job.job_type,
            partner_params: job.request.partner_params,
            created_at: job.created_at,
        }
    }
}

/// Waits until a job has ended, and answers with its result.
async fn answer(
    app: &App,
    job: Begun,
    mut wait: Wait,
) -> Result<Json<SmartSelfieResponse>, Refusal> {
    let in_time = tokio::time::timeout(app.config.limits.synchronous_wait, wait.ended())
        .await
        .is_ok();
    let record = app.store.result(&job.smile_job_id).await?;
    respond(job, record, in_time)
}

fn respond(
    job: Begun,
    record: Option<JobResultRecord>,
    in_time: bool,
) -> Result<Json<SmartSelfieResponse>, Refusal> {
    let created_at = job.created_at;
    let code = record
        .as_ref()
        .and_then(|r| ResultCode::from_code(&r.result_code));
    let (status, message) = match (&record, code) {
        (Some(record), Some(code)) => {
            let outcome = JobOutcome::read(&record.result).map_err(|e| Refusal::internal(&e))?;
            (Status::of(code), outcome.text())
        }
        _ if in_time => return Err(Refusal::internal(&"a job ended without a result")),
        _ => (
            Status::Pending,
            "The job is still being processed; its result follows by callback".to_owned(),
        ),
    };
    let updated_at = record.as_ref().map_or(created_at, |r| r.finished_at);
    Ok(Json(SmartSelfieResponse {
        code: record.map_or_else(|| "2202".to_owned(), |r| r.result_code),
        created_at: signature::format_timestamp(created_at),
        job_id: job.job_id,
        // v2 has these two calls.
        job_type: if job.job_type.enrols() {
            SmartSelfieJobType::SmartSelfieEnrollment
        } else {
            SmartSelfieJobType::SmartSelfieAuthentication
        },
        message,
        partner_id: job.user.partner,
        partner_params: job.partner_params,
        status,
        updated_at: signature::format_timestamp(updated_at),
        user_id: job.user.user,
    }))
}
