//! Workers: package → evidence → verdict → result, one job at a time each.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use selfsame_face::analyser::Analyser;
use selfsame_face::evidence::ImageEvidence;
use selfsame_job::admission::{NotAdmitted, admit_authentication, admit_enrolment};
use selfsame_job::job::{Job, JobKind};
use selfsame_job::outcome::{self, Circumstances};
use selfsame_job::sandbox::{self, Forced};
use selfsame_job::user::Reference;
use selfsame_job::verdict::{Decision, Verdict, judge_authentication, judge_enrolment};
use selfsame_store::error::StoreError;
use selfsame_store::store::{Claim, Ending, Finished};
use selfsame_wire::info::{ImageRole, InfoJson};
use selfsame_wire::package::{Package, PackageLimits};
use selfsame_wire::result::ResultCode;
use selfsame_wire::signature;
use tokio::sync::watch;

use crate::app::App;
use crate::lease::{self, LEASE};

/// How often the queue is looked at when nobody says that something was put into it.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Works until told to stop; the job in hand is finished first.
pub(crate) async fn run(app: Arc<App>, analyser: Analyser, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match app.store.claim_job(LEASE).await {
            Ok(Some(claim)) => {
                // Another job may wait behind this one.
                app.job_queued.notify_one();
                work(&app, &analyser, &claim).await;
            }
            Ok(None) => {
                tokio::select! {
                    () = app.job_queued.notified() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    _ = stop.changed() => {}
                }
            }
            Err(error) => {
                tracing::error!(%error, "cannot claim a job");
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
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
                kind = ?job.kind, result_code = code.code(), milliseconds = began.elapsed().as_millis(), "job ended"
            );
            let kind = if job.kind == JobKind::Enrolment {
                "enrolment"
            } else {
                "authentication"
            };
            metrics::counter!("selfsame_jobs_total", "kind" => kind, "result_code" => code.code())
                .increment(1);
            metrics::histogram!("selfsame_job_seconds", "kind" => kind)
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
        let package = app.store.package(&job.smile_job_id).await?;
        examine(app, analyser, job, package).await
    };
    let mut decision = match examined.ended {
        Some(decision) => decision,
        None => judge(app, job, examined.evidence.as_ref()).await?,
    };
    // Twice at most: the second time the enrolment that came between is known.
    for _ in 0..2 {
        let ending = ending(
            app,
            job,
            &decision,
            &examined.evidence,
            &examined.info,
            forced,
        );
        match app.store.finish_job(claim, &ending).await? {
            Finished::Committed => return Ok(ResultCode::from_code(&ending.result_code)),
            Finished::LostClaim => return Ok(None),
            Finished::AlreadyEnrolled => {
                decision = Decision::without_evidence(Verdict::AlreadyEnrolled)
            }
        }
    }
    Ok(None)
}

/// What a package turned out to hold.
struct Examined {
    /// The decision, where the package itself already brings it about.
    ended: Option<Decision>,
    evidence: Option<ImageEvidence>,
    info: Option<InfoJson>,
}

impl Examined {
    const fn without(decision: Decision) -> Self {
        Self {
            ended: Some(decision),
            evidence: None,
            info: None,
        }
    }
}

async fn examine(app: &App, analyser: &Analyser, job: &Job, package: Option<Bytes>) -> Examined {
    let Some(package) = package else {
        return Examined::without(Decision::without_evidence(Verdict::CorruptPackage(
            "the package was erased".to_owned(),
        )));
    };
    let partner = app.store.partner(job.partner()).await.ok().flatten();
    let key = partner.map(|p| p.key(job.environment()).clone());
    let (analyser, job) = (analyser.clone(), job.clone());
    let looked = tokio::task::spawn_blocking(move || {
        let package = match Package::read(&package, &PackageLimits::default()) {
            Ok(package) => package,
            Err(error) => {
                let verdict = match error.result_code() {
                    ResultCode::CorruptZip => Verdict::CorruptPackage(error.to_string()),
                    _ => Verdict::UnusableImage(error.to_string()),
                };
                return Examined::without(Decision::without_evidence(verdict));
            }
        };
        let signed_by_another = match (&package.info.signature, &key) {
            (Some((timestamp, given)), Some(key)) => {
                !signature::verify(key, job.partner(), timestamp, given)
            }
            _ => false,
        };
        let of_another = package
            .info
            .partner_id
            .as_deref()
            .is_some_and(|id| id != job.partner().as_str());
        if signed_by_another || of_another {
            let why =
                "info.json is signed by, or names, another partner than the upload".to_owned();
            return Examined::without(Decision::without_evidence(Verdict::UnusableImage(why)));
        }
        let selfie = package.image(ImageRole::Selfie).unwrap_or_default();
        match analyser.analyse(selfie) {
            Ok(evidence) => Examined {
                ended: None,
                evidence: Some(evidence),
                info: Some(package.info),
            },
            Err(error) => Examined {
                ended: Some(Decision::without_evidence(Verdict::UnusableImage(
                    error.to_string(),
                ))),
                evidence: None,
                info: Some(package.info),
            },
        }
    })
    .await;
    // A panic in a decoder or an engine is the image's doing: it would come again.
    looked.unwrap_or_else(|error| {
        tracing::error!(%error, "the analysis panicked");
        Examined::without(Decision::without_evidence(Verdict::SystemError))
    })
}

async fn judge(
    app: &App,
    job: &Job,
    evidence: Option<&ImageEvidence>,
) -> Result<Decision, StoreError> {
    let Some(evidence) = evidence else {
        return Ok(Decision::without_evidence(Verdict::SystemError));
    };
    let policy = &app.config.policy;
    let user = app.store.user(&job.user).await?;
    let refused = |why| {
        Decision::without_evidence(match why {
            NotAdmitted::AlreadyEnrolled => Verdict::AlreadyEnrolled,
            NotAdmitted::NoReference(why) => Verdict::ReferenceGone(why),
        })
    };
    Ok(match job.kind {
        JobKind::Enrolment => match admit_enrolment(user.as_ref(), job.request.allow_new_enroll) {
            Ok(()) => judge_enrolment(evidence, policy),
            Err(why) => refused(why),
        },
        JobKind::Authentication => {
            match admit_authentication(user.as_ref(), &app.engine.template_model) {
                Ok(reference) => judge_authentication(evidence, &reference.template, policy),
                Err(why) => refused(why),
            }
        }
    })
}

fn ending(
    app: &App,
    job: &Job,
    decision: &Decision,
    evidence: &Option<ImageEvidence>,
    info: &Option<InfoJson>,
    forced: Option<ResultCode>,
) -> Ending {
    let circumstances = Circumstances {
        job,
        evidence: evidence.as_ref(),
        engine: serde_json::to_value(&app.engine).unwrap_or_default(),
        id_info: info.as_ref().and_then(|i| i.id_info.clone()),
        geo_info: info.as_ref().and_then(|i| i.geo_info.clone()),
        forced: forced.is_some(),
    };
    let (code, result) = match forced {
        Some(code) => (code, outcome::forced_result(code, decision, circumstances)),
        None => outcome::result(decision, circumstances),
    };
    let enrols = job.kind == JobKind::Enrolment && code.is_success();
    let template = evidence.as_ref().and_then(|e| e.template.clone());
    Ending {
        result: serde_json::to_vec(&result).unwrap_or_default().into(),
        success: code.is_success(),
        result_code: code.code().to_owned(),
        enrol: template.filter(|_| enrols).map(|template| Reference {
            template,
            model_digest: app.engine.template_model.clone(),
            photo: job.smile_job_id.clone(),
        }),
        callback_url: job.request.callback_url.clone(),
    }
}
