//! Workers: package → evidence → verdict → result, one job at a time each.

mod claims;
mod examine;
mod judge;
mod look_up;
mod wake;

use std::sync::Arc;
use std::time::Duration;

use selfsame_face::analyser::Analyser;
use selfsame_job::step::Step;
use selfsame_store::error::StoreError;
use selfsame_store::store::Claim;
use selfsame_wire::result::ResultCode;
use tokio::sync::watch;
use tracing::Instrument as _;

use crate::app::App;
use crate::lease;
use crate::supervise::Role;

/// Jobs in hand for each analysis that may go on at a time: while one has the core, another waits for storage
/// (docs/decisions/0034-memory-and-cores.md).
pub(crate) const JOBS_PER_CORE: usize = 2;
/// How long a worker rests where storage does not answer.
const OUTAGE_PAUSE: Duration = Duration::from_secs(5);
/// What workers are called where background tasks are listed.
pub(crate) const NAME: &str = "jobs";
/// How often a node's workers look into the queue when nothing rings. In one process whoever queues a job rings; other nodes do so
/// too, unless they are of an earlier build or cannot be heard just now.
const LOOK_ALONE: Duration = Duration::from_millis(500);
const LOOK_AMONG_NODES: Duration = Duration::from_millis(50);

pub(crate) use claims::Lookout;
pub(crate) use wake::run as wake;

/// Works until told to stop; the job in hand is finished first.
pub(crate) async fn run(app: Arc<App>, analyser: Analyser, stop: watch::Receiver<bool>) {
    let queue = claims::JobQueue {
        store: Arc::clone(&app.store),
        queued: Arc::clone(&app.job_queued),
        lookout: app.lookout.clone(),
        look_every: if app.store.is_shared() {
            LOOK_AMONG_NODES
        } else {
            LOOK_ALONE
        },
        health: app.tasks.of(NAME, Role::Essential),
        attempts: app.config.limits.job_attempts,
    };
    queue.hand_out(stop, &Worker { app, analyser }).await;
}

struct Worker {
    app: Arc<App>,
    analyser: Analyser,
}

impl claims::Work for Worker {
    async fn work(&self, claim: &Claim) {
        let span = tracing::info_span!(
            "job", smile_job_id = %claim.job.smile_job_id, attempt = claim.attempt, result_code = tracing::field::Empty
        );
        work(&self.app, &self.analyser, claim)
            .instrument(span)
            .await;
    }
}

/// Does the step that the job stands at, and those behind it. `None`: the job has not ended, or not here.
async fn steps(
    app: &App,
    analyser: &Analyser,
    claim: &Claim,
) -> Result<Option<ResultCode>, StoreError> {
    let job_type = claim.job.job_type;
    let mut standing = claim.standing.clone();
    if standing.step == Step::LookUp
        && let Some(wanted) = job_type.product().looks_up()
    {
        match look_up::process(app, claim, wanted).await? {
            look_up::Done::Ended(code) => return Ok(Some(code)),
            look_up::Done::LetGo => return Ok(None),
            look_up::Done::GoesOn(further) => standing = further,
        }
    }
    match job_type.face() {
        Some(face) => judge::process(app, analyser, claim, face, &standing.carried).await,
        None => Err(StoreError::Corrupt(
            "step",
            "the job judges no face, and its look-up is behind it".to_owned(),
        )),
    }
}

async fn work(app: &App, analyser: &Analyser, claim: &Claim) {
    let job = &claim.job;
    let began = std::time::Instant::now();
    let processed = tokio::select! {
        processed = steps(app, analyser, claim) => processed,
        never = lease::keep(&*app.store, claim, lease::Pace::default()) => match never {},
    };
    match processed {
        Ok(Some(code)) => {
            tracing::Span::current().record("result_code", code.code());
            tracing::info!(
                smile_job_id = %job.smile_job_id, partner = %job.partner(), environment = %job.environment(),
                job_type = ?job.job_type, result_code = code.code(), milliseconds = began.elapsed().as_millis(), "job ended"
            );
            let job_type = job.job_type.product().name();
            metrics::counter!("selfsame_jobs_total", "job_type" => job_type, "result_code" => code.code())
                .increment(1);
            metrics::histogram!("selfsame_job_seconds", "job_type" => job_type)
                .record(began.elapsed().as_secs_f64());
            app.completions.announce(&job.smile_job_id);
            if job.request.callback_url.is_some() {
                app.callback_queued.notify_one();
            }
        }
        Ok(None) => {
            tracing::info!(smile_job_id = %job.smile_job_id, "the job waits, or another worker has it")
        }
        // An outage is no fault of the job's, and must not use up its attempts, however long it lasts.
        Err(error) if error.is_outage() => {
            tracing::error!(smile_job_id = %job.smile_job_id, %error, "storage does not answer; the job waits for it");
            tokio::time::sleep(OUTAGE_PAUSE).await;
            if let Err(error) = app.store.release_job(claim).await {
                tracing::error!(smile_job_id = %job.smile_job_id, %error, "cannot put a job back; its lease brings it back");
            }
        }
        Err(error) => {
            // The lease brings it back; a later attempt may succeed, and the last one ends it.
            tracing::error!(smile_job_id = %job.smile_job_id, %error, attempt = claim.attempt, "job failed");
        }
    }
}
