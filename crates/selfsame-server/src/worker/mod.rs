//! Workers: package → evidence → verdict → result, one job at a time each.

mod claims;
mod examine;

use std::sync::Arc;

use selfsame_face::analyser::Analyser;
use selfsame_face::template::ComparisonScore;
use selfsame_job::admission::{NotAdmitted, admit_authentication, admit_enrolment};
use selfsame_job::job::{Job, JobType};
use selfsame_job::outcome::{self, Circumstances};
use selfsame_job::policy::Policy;
use selfsame_job::reason::Response;
use selfsame_job::replay::{Duplicate, Recurrence};
use selfsame_job::sandbox::{self, Forced};
use selfsame_job::user::Reference;
use selfsame_job::verdict::{
    Decision, ReferenceGone, Seen, Verdict, judge_authentication, judge_enrolment,
};
use selfsame_store::error::StoreError;
use selfsame_store::review::NewReview;
use selfsame_store::store::{Claim, Finished, Outcome};
use selfsame_wire::result::ResultCode;
use tokio::sync::watch;

use crate::app::App;
use crate::lease;
use crate::supervise::Role;
use crate::worker::examine::{Examined, examine};

/// Jobs in hand for each analysis that may go on at a time: while one has the core, another waits for storage
/// (docs/decisions/0034-memory-and-cores.md).
pub(crate) const JOBS_PER_CORE: usize = 2;
/// What workers are called where background tasks are listed.
pub(crate) const NAME: &str = "jobs";

/// Works until told to stop; the job in hand is finished first.
pub(crate) async fn run(app: Arc<App>, analyser: Analyser, stop: watch::Receiver<bool>) {
    let queue = claims::JobQueue {
        store: Arc::clone(&app.store),
        queued: Arc::clone(&app.job_queued),
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
        work(&self.app, &self.analyser, claim).await;
    }
}

async fn work(app: &App, analyser: &Analyser, claim: &Claim) {
    let job = &claim.job;
    let began = std::time::Instant::now();
    let processed = tokio::select! {
        processed = process(app, analyser, claim) => processed,
        never = lease::keep(&*app.store, claim, lease::Pace::default()) => match never {},
    };
    match processed {
        Ok(Some(code)) => {
            tracing::info!(
                smile_job_id = %job.smile_job_id, partner = %job.partner(), environment = %job.environment(),
                job_type = ?job.job_type, result_code = code.code(), milliseconds = began.elapsed().as_millis(), "job ended"
            );
            let job_type = if job.job_type == JobType::Enrolment {
                "enrolment"
            } else {
                "authentication"
            };
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
            tracing::warn!(smile_job_id = %job.smile_job_id, "the claim was lost; another worker has the job")
        }
        Err(error) => {
            // The lease brings it back; a later attempt may succeed, and the last one ends it.
            tracing::error!(smile_job_id = %job.smile_job_id, %error, attempt = claim.attempt, "job failed");
        }
    }
}

/// Ends a job. `None`: the claim was lost.
async fn process(
    app: &App,
    analyser: &Analyser,
    claim: &Claim,
) -> Result<Option<ResultCode>, StoreError> {
    let job = &claim.job;
    let forced = match sandbox::forced(
        job.environment(),
        job.request.sandbox_result.as_deref(),
        job.user_id(),
    ) {
        Ok(Some(Forced::Result(code))) => Some(code),
        _ => None,
    };
    let examined = if claim.attempt > app.config.limits.job_attempts {
        Examined::without(Decision::without_evidence(Verdict::SystemError))
    } else {
        match app.store.package(&job.smile_job_id).await {
            Ok(package) => examine(app, analyser, job, package).await,
            Err(error) => Examined::without(beyond_repair(job, error)?),
        }
    };
    // Until the outcome is committed, no other enrolment of the partner may find that it is the first with this face.
    let _turn = match job.job_type {
        JobType::Enrolment if forced.is_none() => {
            Some(app.gallery.turn(job.partner(), job.environment()).await?)
        }
        _ => None,
    };
    let mut case = Case {
        app,
        job,
        policy: app.config.policies.of(job.environment(), job.job_type),
        examined,
        recurrences: Vec::new(),
        duplicates: Vec::new(),
        forced,
    };
    let mut decision = case.decide().await.or_else(|e| beyond_repair(job, e))?;
    // What came between is known the second time, and the two things that can come between come once each.
    for _ in 0..3 {
        let outcome = case.outcome(&decision);
        match app.store.finish_job(claim, &outcome).await? {
            Finished::Committed => return Ok(ResultCode::from_code(&outcome.result_code)),
            Finished::LostClaim => return Ok(None),
            Finished::UserDeleted => {
                tracing::info!(smile_job_id = %job.smile_job_id, "the user was deleted meanwhile; the outcome is withheld");
                return Ok(Some(outcome::result_code(
                    &Verdict::ReferenceGone(ReferenceGone::Deleted),
                    job.job_type,
                )));
            }
            Finished::AlreadyEnrolled => {
                decision = Decision::without_evidence(Verdict::AlreadyEnrolled)
            }
            Finished::SeenMeanwhile => {
                decision = case.decide().await.or_else(|e| beyond_repair(job, e))?;
            }
        }
    }
    Ok(None)
}

/// Ends a job at once that needs something which cannot be read: another attempt would not read it either.
fn beyond_repair(job: &Job, error: StoreError) -> Result<Decision, StoreError> {
    if !error.is_unreadable() {
        return Err(error);
    }
    tracing::error!(smile_job_id = %job.smile_job_id, %error, "the job ends as a system error");
    Ok(Decision::without_evidence(Verdict::SystemError))
}

/// A job with all that it is judged by.
struct Case<'a> {
    app: &'a App,
    job: &'a Job,
    policy: &'a Policy,
    examined: Examined,
    recurrences: Vec<Recurrence>,
    duplicates: Vec<Duplicate>,
    forced: Option<ResultCode>,
}

impl Case<'_> {
    async fn decide(&mut self) -> Result<Decision, StoreError> {
        if let Some(decision) = &self.examined.ended {
            return Ok(decision.clone());
        }
        let Some(capture) = &self.examined.capture else {
            return Ok(Decision::without_evidence(Verdict::SystemError));
        };
        let store = &self.app.store;
        // What is forced tells nothing about images, and must not make them known either.
        if self.forced.is_none() {
            self.recurrences = store
                .recurrences(
                    self.job,
                    &self.examined.fingerprints,
                    self.policy.replay.max_distance,
                )
                .await?;
            if let (JobType::Enrolment, Some(template)) =
                (self.job.job_type, &capture.selfie.template)
            {
                let at_least = ComparisonScore::new(self.policy.duplicates.threshold);
                self.duplicates = self
                    .app
                    .gallery
                    .duplicates(&self.job.user, template, at_least)
                    .await?;
            }
        }
        let user = store.user(&self.job.user).await?;
        let refused = |why| {
            Decision::without_evidence(match why {
                NotAdmitted::AlreadyEnrolled => Verdict::AlreadyEnrolled,
                NotAdmitted::NoReference(why) => Verdict::ReferenceGone(why),
            })
        };
        let seen = Seen {
            capture,
            detects_presentation_attacks: self.app.engine.detects_presentation_attacks,
            recurrences: &self.recurrences,
            duplicates: &self.duplicates,
        };
        let again = self.job.request.allow_new_enroll;
        Ok(match self.job.job_type {
            JobType::Enrolment => match admit_enrolment(user.as_ref(), again) {
                Ok(()) => judge_enrolment(&seen, self.policy),
                Err(why) => refused(why),
            },
            JobType::Authentication => {
                match admit_authentication(user.as_ref(), &self.app.engine.template_model) {
                    Ok(reference) => judge_authentication(&seen, &reference.template, self.policy),
                    Err(why) => refused(why),
                }
            }
        })
    }

    fn outcome(&self, decision: &Decision) -> Outcome {
        let Self {
            app, job, forced, ..
        } = self;
        let info = self.examined.info.as_ref();
        let circumstances = Circumstances {
            job,
            evidence: self.examined.capture.as_ref(),
            recurrences: &self.recurrences,
            duplicates: &self.duplicates,
            policies: &app.config.policies,
            detects_presentation_attacks: app.engine.detects_presentation_attacks,
            engine: serde_json::to_value(&app.engine).unwrap_or_default(),
            id_info: info.and_then(|i| i.id_info.clone()),
            geo_info: info.and_then(|i| i.geo_info.clone()),
            forced: forced.is_some(),
        };
        let (code, result) = match *forced {
            Some(code) => (code, outcome::forced_result(code, decision, circumstances)),
            None => outcome::result(decision, circumstances),
        };
        let template = self
            .examined
            .capture
            .as_ref()
            .and_then(|c| c.selfie.template.clone());
        let reference = template
            .filter(|_| job.job_type == JobType::Enrolment)
            .map(|template| Reference {
                template,
                model_digest: app.engine.template_model.clone(),
                photo: job.smile_job_id.clone(),
            });
        let accepted =
            forced.is_none() && matches!(decision.verdict, Verdict::Pass | Verdict::Provisional);
        Outcome {
            result: serde_json::to_vec(&result).unwrap_or_default().into(),
            success: code.is_success(),
            result_code: code.code().to_owned(),
            enrol: reference.clone().filter(|_| code.is_success()),
            review: (!code.is_final()).then_some(NewReview { enrol: reference }),
            accepted: if accepted {
                self.examined.fingerprints.clone()
            } else {
                Vec::new()
            },
            // One that is known already was answered by the policy.
            only_if_new: self.policy.replay.exact != Response::Report
                && !self.recurrences.iter().any(|r| r.exact),
            callback_url: job.request.callback_url.clone(),
        }
    }
}
