//! `/admin/v1/users`: one user, shown, disabled, enabled, unlocked, cleared or erased.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_job::audit::Actor;
use selfsame_job::user::{UserKey, UserStatus};
use selfsame_wire::id::Environment;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{named, read, wrong};
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::operate::Operator;
use crate::refusal::Refusal;

/// The path's partner, environment and user.
type Whose = Path<(String, String, String)>;

fn key(Path((partner, environment, user)): Whose) -> Result<UserKey, Refusal> {
    let environment: Environment = environment
        .parse()
        .map_err(|_| wrong("the environment must be sandbox or production"))?;
    Ok(UserKey {
        partner: named(&partner)?,
        environment,
        user: named(&user)?,
    })
}

/// How one user stands; nothing of its face.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    whose: Whose,
) -> Result<Json<Value>, Refusal> {
    let key = key(whose)?;
    let shown = Operator::new(&*app.store, actor).user(&key).await?;
    let (user, failed) = (shown.user.as_ref(), shown.failed);
    Ok(Json(json!({
        "user_id": key.user,
        "status": user.map(|user| user.status),
        "photo_on_file": user.is_some_and(|user| user.reference.is_some()),
        "enrolled_at": user.map(|user| user.enrolled_at),
        "updated_at": user.map(|user| user.updated_at),
        "failed_attempts": failed.map_or(0, |failed| failed.count),
        "last_failed_at": failed.map(|failed| failed.last_at),
        "locked_until": failed.and_then(|failed| failed.locked_at(Timestamp::now())),
        "fraud_locked": user.is_some_and(|user| user.fraud_locked),
        "fraud_records": shown.fraud.len(),
    })))
}

/// What was said of a user's honesty, with who said it and the notes.
pub(crate) async fn fraud(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    whose: Whose,
) -> Result<Json<Value>, Refusal> {
    let key = key(whose)?;
    let shown = Operator::new(&*app.store, actor).user(&key).await?;
    Ok(Json(json!({
        "user_id": key.user,
        "fraud_locked": shown.user.is_some_and(|user| user.fraud_locked),
        "records": shown.fraud,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clear {
    why: String,
}

/// Lifts the lock that a report of fraud brought.
pub(crate) async fn clear(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    whose: Whose,
    client: ClientAddress,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let Clear { why } = read(&app, client, body, "{\"why\": TEXT}").await?;
    let key = key(whose)?;
    let operator = Operator::new(&*app.store, actor);
    operator.clear_user(&key, &why).await?;
    Ok(Json(json!({"user_id": key.user, "cleared": true})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    status: UserStatus,
}

/// Disables a user, enables it, or erases it for good.
pub(crate) async fn set_status(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    whose: Whose,
    client: ClientAddress,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let wanted = "{\"status\": \"active|disabled|deleted\"}";
    let Set { status } = read(&app, client, body, wanted).await?;
    let key = key(whose)?;
    let operator = Operator::new(&*app.store, actor);
    operator.set_user_status(&key, status).await?;
    Ok(Json(json!({"user_id": key.user, "status": status})))
}

/// Forgets a user's failures, and lifts the lock that they brought.
pub(crate) async fn unlock(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    whose: Whose,
) -> Result<Json<Value>, Refusal> {
    let key = key(whose)?;
    Operator::new(&*app.store, actor).unlock_user(&key).await?;
    Ok(Json(json!({"user_id": key.user, "unlocked": true})))
}
