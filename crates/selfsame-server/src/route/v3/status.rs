//! `GET /v3/status/{job_id}`: where a job stands, or the decision.
//!
//! Any job has a status here, whichever API it came by. The reason, and all else, goes to the partner's server alone.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use selfsame_job::job::Job;
use selfsame_job::outcome::JobOutcome;
use selfsame_wire::error::WireError;
use selfsame_wire::id::JobId;
use selfsame_wire::signature::format_timestamp;
use selfsame_wire::v3::decision::JobStatus;
use selfsame_wire::v3::job_status::{API_VERSION, JOB_ID, StatusAnswer, USER_ID, VERSION};
use selfsame_wire::v3::type_id;

use super::Refused;
use super::admitted::{Admitted, admit};
use super::result::{self, Decision};
use crate::app::{App, Scope};
use crate::refusal::Refusal;

pub(super) async fn status(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Refused> {
    let admitted = admit(&app, scope, &headers).await?;
    let name = named(path)?;
    let answer = match job_of(&app, &admitted, &name).await? {
        Some(job) => stands(&app, &job).await?,
        None => StatusAnswer::not_found(name),
    };
    Ok(respond(&answer))
}

/// The job that a path names.
pub(super) fn named(path: Result<Path<String>, PathRejection>) -> Result<JobId, Refused> {
    let unreadable = || WireError::wrong_type("job_id", "a TypeID: job_ and 26 characters");
    let Path(name) = path.map_err(|_| unreadable())?;
    type_id::to_job(&name)?;
    Ok(JobId::new(name).map_err(|_| unreadable())?)
}

/// The job of that name that the caller may know of.
pub(super) async fn job_of(
    app: &App,
    admitted: &Admitted,
    name: &JobId,
) -> Result<Option<Job>, Refused> {
    let id = type_id::to_job(name.as_str())?;
    let Admitted { caller, bound } = admitted;
    let job = app.store.job(&id).await?;
    Ok(job.filter(|job| {
        *job.partner() == caller.partner.id
            && job.environment() == caller.environment
            && bound
                .user_id
                .as_ref()
                .is_none_or(|user| user == job.user_id())
    }))
}

async fn stands(app: &App, job: &Job) -> Result<StatusAnswer, Refused> {
    let status = match app.store.result(&job.smile_job_id).await? {
        None => JobStatus::Processing,
        Some(record) => {
            let outcome = JobOutcome::read(&record.result).map_err(|e| Refusal::internal(&e))?;
            Decision::of(&outcome).status()
        }
    };
    let created_at = format_timestamp(job.created_at);
    Ok(StatusAnswer::of(
        status,
        result::name(job),
        job.user_id(),
        created_at,
    ))
}

fn respond(answer: &StatusAnswer) -> Response {
    let status = StatusCode::from_u16(answer.http_status()).unwrap_or(StatusCode::OK);
    let mut response = (status, Json(answer)).into_response();
    for (name, value) in [
        (API_VERSION, VERSION),
        (JOB_ID, answer.job_id.as_str()),
        (USER_ID, &answer.user_id),
    ] {
        // A user's name may hold any letters: they go as UTF-8.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            let headers = response.headers_mut();
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_its_headers_and_its_status() {
        let name = || JobId::new("job_01jd8qk3fxe1x8p2v5w7y9z0ab").unwrap();
        let user = "zoë".parse().unwrap();
        for (status, http) in [
            (JobStatus::Processing, 202),
            (JobStatus::Clear, 200),
            (JobStatus::Block, 200),
            (JobStatus::Attention, 200),
            (JobStatus::Error, 200),
        ] {
            let response = respond(&StatusAnswer::of(status, name(), &user, String::new()));
            assert_eq!(response.status().as_u16(), http);
            assert_eq!(response.headers()["user_id"].as_bytes(), "zoë".as_bytes());
        }
        let none = respond(&StatusAnswer::not_found(name()));
        assert_eq!(none.status(), StatusCode::NOT_FOUND);
        assert_eq!(none.headers()["user_id"], "unknown");
        assert_eq!(none.headers()["job_id"], name().as_str());
        assert_eq!(none.headers()["api_version"], "v3");
    }

    #[test]
    fn a_path_that_names_no_job_is_refused() {
        assert!(named(Ok(Path("job_01jd8qk3fxe1x8p2v5w7y9z0ab".to_owned()))).is_ok());
        for path in ["", "job_", "j1", "user_01jd8qk3fxe1x8p2v5w7y9z0ab"] {
            assert!(named(Ok(Path(path.to_owned()))).is_err(), "{path}");
        }
    }
}
