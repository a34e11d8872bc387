//! `/admin/v1/reviews`: provisional jobs, their evidence, and the decision.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use selfsame_job::audit::Actor;
use selfsame_job::review::ReviewDecision;
use selfsame_store::error::StoreError;
use selfsame_store::review::{Review, ReviewFilter};
use selfsame_wire::id::{Environment, PartnerId, SmileJobId};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{named, read, wrong};
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::operate::reviews::{NotDecided, Reviews};
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::route::v1::result::v1_result;

/// The most that are listed at once.
const MOST: u32 = 1000;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Filter {
    /// `pending` (the default) or `decided`.
    state: Option<String>,
    partner: Option<PartnerId>,
    environment: Option<Environment>,
    limit: Option<u32>,
}

fn unknown() -> Refusal {
    wrong("no review was ever opened for this job").with_status(StatusCode::NOT_FOUND)
}

fn summary(review: &Review) -> Value {
    let job = &review.job;
    json!({
        "smile_job_id": job.smile_job_id, "partner_id": job.partner(), "environment": job.environment(),
        "user_id": job.user_id(), "job_id": job.job_id, "job_type": job.job_type.number(),
        "opened_at": review.opened_at, "outcome": review.outcome,
    })
}

/// Reviews, oldest first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    filter: Result<Query<Filter>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(filter) = filter.map_err(|e| wrong(e.body_text()))?;
    let decided = match filter.state.as_deref() {
        None | Some("pending") => false,
        Some("decided") => true,
        Some(_) => return Err(wrong("state must be pending or decided")),
    };
    let reviews = app
        .store
        .reviews(&ReviewFilter {
            decided,
            partner: filter.partner,
            environment: filter.environment,
            limit: filter.limit.unwrap_or(100).clamp(1, MOST),
        })
        .await?;
    let list: Vec<Value> = reviews.iter().map(summary).collect();
    Ok(Json(json!({"reviews": list})))
}

/// One review with the job's results, newest first, and links to its images.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    origin: Origin,
    Path(job): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let job: SmileJobId = named(&job)?;
    let review = app.store.review(&job).await?.ok_or_else(unknown)?;
    let partner = app
        .store
        .partner(review.job.partner())
        .await?
        .ok_or_else(unknown)?;
    let links = app.images.links(&partner, &review.job, &origin).await?;
    // The photo on file, which the selfie was compared with.
    let enrolled = match app
        .store
        .user(&review.job.user)
        .await?
        .and_then(|u| u.reference)
    {
        Some(reference) if reference.photo != job => match app.store.job(&reference.photo).await? {
            Some(photo) => {
                app.images
                    .links(&partner, &photo, &origin)
                    .await?
                    .selfie_image
            }
            None => None,
        },
        _ => None,
    };
    let record = app.store.result(&job).await?.ok_or_else(unknown)?;
    let result = v1_result(&review.job, &record.result).map_err(|e| Refusal::internal(&e))?;
    let result: Box<RawValue> =
        serde_json::from_slice(&result).map_err(|e| Refusal::internal(&e))?;
    let mut answer = summary(&review);
    answer["result"] = serde_json::to_value(result).map_err(|e| Refusal::internal(&e))?;
    answer["images"] = json!(links);
    answer["enrolled_image"] = json!(enrolled);
    Ok(Json(answer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decide {
    decision: ReviewDecision,
    #[serde(default)]
    note: Option<String>,
}

/// Decides a review.
pub(crate) async fn decide(
    State(app): State<Arc<App>>,
    Extension(reviewer): Extension<Actor>,
    Path(job): Path<String>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let wanted = "{\"decision\": \"approve|reject|spoof|unusable\", \"note\": TEXT}";
    let asked: Decide = read(&app, client, body, wanted).await?;
    let job: SmileJobId = named(&job)?;
    let reviews = Reviews::within(
        &*app.store,
        app.followed_gallery(),
        &app.config.policies,
        &app.engine.served,
    );
    let code = reviews
        .decide(&job, asked.decision, reviewer, asked.note)
        .await
        .map_err(|why| match why {
            NotDecided::Unknown(_) => unknown(),
            NotDecided::Decided(_) => wrong(why.to_string()).with_status(StatusCode::CONFLICT),
            NotDecided::NoteTooLong => wrong(why.to_string()),
            NotDecided::Store(StoreError::AuditBroken(_)) => Refusal::audit_broken(&why),
            NotDecided::Busy(_) => Refusal::busy("this partner's users change all the while"),
            NotDecided::Store(error) => error.into(),
            NotDecided::Unreadable(_) | NotDecided::Policy(_) => Refusal::internal(&why),
        })?;
    tracing::info!(smile_job_id = %job, result_code = code.code(), "review decided");
    metrics::counter!("selfsame_reviews_total", "result_code" => code.code()).increment(1);
    app.callback_queued.notify_one();
    Ok(Json(
        json!({"smile_job_id": job, "result_code": code.code()}),
    ))
}
