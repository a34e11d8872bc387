//! `/admin/v1/jobs`: a job's callback, sent once more.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use selfsame_job::audit::Actor;
use selfsame_wire::id::SmileJobId;
use serde_json::{Value, json};

use super::named;
use crate::app::App;
use crate::operate::Operator;
use crate::refusal::Refusal;

/// Queues the callback of a finished job once more.
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Path(job): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let job: SmileJobId = named(&job)?;
    let operator = Operator::new(&*app.store, actor);
    operator.replay_callback(&job).await?;
    app.callback_queued.notify_one();
    Ok(Json(json!({"smile_job_id": job, "replayed": true})))
}
