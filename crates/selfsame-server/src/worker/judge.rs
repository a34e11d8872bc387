//! From evidence to an outcome that is committed: by the policy, by what is on file, and by what was seen before.
//!
//! What a job is judged by may change while it is judged. The store commits an outcome only while all of that is still so;
//! else the job is judged again.

use bytes::Bytes;
use jiff::Timestamp;
use selfsame_face::analyser::Analyser;
use selfsame_face::evidence::CaptureEvidence;
use selfsame_face::template::ComparisonScore;
use selfsame_job::admission::{NotAdmitted, OnFile};
use selfsame_job::identity::IdentityQuery;
use selfsame_job::job::{Api, Job};
use selfsame_job::lockout::Attempt;
use selfsame_job::outcome::{self, Circumstances, Identified, JobOutcome};
use selfsame_job::policy::Policy;
use selfsame_job::portrait::{Portrait, Shows};
use selfsame_job::product::FaceProduct;
use selfsame_job::reason::Response;
use selfsame_job::replay::Recurrence;
use selfsame_job::sandbox::{self, Staging};
use selfsame_job::step::Carried;
use selfsame_job::user::{Reference, UserState};
use selfsame_job::verdict::{Decision, ReferenceGone, Seen, Verdict};
use selfsame_store::error::StoreError;
use selfsame_store::review::NewReview;
use selfsame_store::store::{Barred, Claim, Finished, Outcome};
use selfsame_wire::id::SmileJobId;
use selfsame_wire::result::ResultCode;

use crate::app::App;
use crate::gallery::{Found, Probe};
use crate::worker::examine::{Examined, Portrayed, examine};
use crate::worker::look_up::of_package;

/// What no job of a user passes that was reported for fraud.
const FRAUD_LOCKED: NotAdmitted = NotAdmitted::NoReference(ReferenceGone::FraudLocked);
/// How often a job is judged again before it is put back into the queue: each time, something that it was judged by changed.
const JUDGED_AT_MOST: usize = 16;

/// Ends a job. `None`: the claim was lost, or the job is queued again.
pub(super) async fn process(
    app: &App,
    analyser: &Analyser,
    claim: &Claim,
    face: &'static dyn FaceProduct,
    carried: &Carried,
) -> Result<Option<ResultCode>, StoreError> {
    let job = &claim.job;
    let policy = app.config.policies.of(job.environment(), job.job_type);
    let forced = sandbox::forced_on(face, &job.user, job.job_type, &job.request);
    let barred = match forced {
        Some(_) => Barred::default(),
        None => app.store.barred(&job.user).await?,
    };
    let locked = barred
        .failed
        .filter(|_| !policy.lockout.is_off())
        .and_then(|failed| failed.locked_at(Timestamp::now()));
    let examined = if claim.attempt > app.config.limits.job_attempts {
        Examined::without(Decision::without_evidence(Verdict::SystemError))
    } else if barred.fraud_locked {
        Examined::without(Decision::not_admitted(FRAUD_LOCKED))
    } else if let Some(until) = locked {
        locked_out(job);
        // Its images are not even looked at: what they show must not be told, and costs a core.
        Examined::without(Decision::without_evidence(Verdict::LockedOut(until)))
    } else {
        let examined = match app.store.package_of(claim).await {
            Ok(package) => examine(app, analyser, job, package, carried).await,
            Err(error) => Err(error),
        };
        match examined {
            Ok(examined) => examined,
            Err(error) => Examined::without(beyond_repair(job, error)?),
        }
    };
    // Until the outcome is committed, no other enrolment of the partner may find that it is the first with this face.
    let _turn = if face.looks_for_duplicates() && forced.is_none() {
        Some(app.gallery.turn(job.partner(), job.environment()).await?)
    } else {
        None
    };
    let identity = identified(app, job, &examined, carried).await?;
    let mut case = Case {
        app,
        job,
        face,
        policy,
        identity,
        examined,
        recurrences: Vec::new(),
        others: Found::default(),
        searched_to: None,
        judged: UserState::default(),
        may_enrol: false,
        keeps: Vec::new(),
        forced,
    };
    for _ in 0..JUDGED_AT_MOST {
        let decision = case.decide().await.or_else(|e| beyond_repair(job, e))?;
        if case.measured_another_photo() {
            break;
        }
        let outcome = case.outcome(&decision);
        match app.store.finish_job(claim, &outcome).await? {
            Finished::Committed => return Ok(ResultCode::from_code(&outcome.result_code)),
            Finished::LostClaim => return Ok(None),
            Finished::UserDeleted => {
                tracing::info!(smile_job_id = %job.smile_job_id, "the user was deleted meanwhile; the outcome is withheld");
                let gone = Verdict::ReferenceGone(ReferenceGone::Deleted);
                return Ok(Some(face.codes().of(&gone)));
            }
            Finished::LockedOut(until) => {
                locked_out(job);
                let refused = Decision::without_evidence(Verdict::LockedOut(until));
                case.forget(refused);
            }
            Finished::UserChanged | Finished::OthersChanged | Finished::SeenMeanwhile => {}
        }
    }
    app.store.release_job(claim).await?;
    Ok(None)
}

/// The identity that a job is about, where it looks one up.
async fn identified(
    app: &App,
    job: &Job,
    examined: &Examined,
    carried: &Carried,
) -> Result<Option<Identified>, StoreError> {
    let Some(wanted) = job.job_type.product().looks_up() else {
        return Ok(None);
    };
    let given = examined
        .info
        .as_ref()
        .and_then(|info| of_package(info, &job.request).ok().flatten());
    let query = given.and_then(|given| IdentityQuery::new(&given).ok());
    let mut identity = Identified::new(query, carried.lookup.clone(), wanted);
    if let Some(query) = &identity.query {
        identity.earlier_registrants = app.store.registered_before(&job.user, query).await?;
    }
    Ok(Some(identity))
}

/// Ends a job at once that needs something which cannot be read: another attempt would not read it either.
fn beyond_repair(job: &Job, error: StoreError) -> Result<Decision, StoreError> {
    if !error.is_unreadable() {
        return Err(error);
    }
    tracing::error!(smile_job_id = %job.smile_job_id, %error, "the job ends as a system error");
    Ok(Decision::without_evidence(Verdict::SystemError))
}

fn locked_out(job: &Job) {
    tracing::warn!(
        smile_job_id = %job.smile_job_id, partner = %job.partner(), environment = %job.environment(),
        "the job's user is locked: too many attempts failed"
    );
}

/// A job with all that it is judged by.
struct Case<'a> {
    app: &'a App,
    job: &'a Job,
    face: &'static dyn FaceProduct,
    policy: &'a Policy,
    /// The identity that it is about.
    identity: Option<Identified>,
    examined: Examined,
    recurrences: Vec<Recurrence>,
    others: Found,
    /// Who was enrolled before was among those looked through.
    searched_to: Option<Timestamp>,
    judged: UserState,
    /// The user's state lets an enrolment that passes be put on file.
    may_enrol: bool,
    /// Earlier enrolments whose templates stay beside a new one's.
    keeps: Vec<SmileJobId>,
    forced: Option<Staging>,
}

impl Case<'_> {
    async fn decide(&mut self) -> Result<Decision, StoreError> {
        let (store, engine) = (&self.app.store, &self.app.engine);
        let user = self.app.user(&self.job.user).await?;
        self.judged = UserState::of(user.as_ref());
        self.may_enrol = false;
        self.keeps.clear();
        if self.forced.is_none() && user.as_ref().is_some_and(|user| user.fraud_locked) {
            // Before all else: whatever else is the matter with such a job, it ends as that.
            let refused = Decision::not_admitted(FRAUD_LOCKED);
            self.forget(refused.clone());
            return Ok(refused);
        }
        if let Some(decision) = &self.examined.ended {
            return Ok(decision.clone());
        }
        let Some(capture) = &self.examined.capture else {
            return Ok(Decision::without_evidence(Verdict::SystemError));
        };
        // What is forced tells nothing about images, and must not make them known either.
        if self.forced.is_none() {
            self.recurrences = store
                .recurrences(
                    self.job,
                    &self.examined.fingerprints,
                    self.policy.replay.max_distance,
                )
                .await?;
            if self.face.looks_for_duplicates() {
                // The gallery is brought to the store's state before it is searched.
                self.searched_to = Some(Timestamp::now());
                self.others = self.look_for_others(capture).await?;
            }
        }
        let policies = &self.app.config.policies;
        let seen = Seen {
            capture,
            detects_presentation_attacks: self.app.engine.detects_presentation_attacks,
            recurrences: &self.recurrences,
            duplicates: &self.others.duplicates,
            challenge: self.job.request.challenge.as_ref(),
            portrait: self.portrait(),
            on_file: (
                OnFile::Nobody,
                policies.replacement_thresholds(self.job.environment()),
            ),
        };
        let admitted = self.face.admit(
            user.as_ref(),
            self.job.request.allow_new_enroll,
            self.policy,
            &engine.served,
        );
        let mut may_enrol = false;
        let decision = admitted.map(|on_file| {
            let on_file = match on_file {
                OnFile::Face(enrolled) => OnFile::Face(engine.judged(enrolled)),
                other => other,
            };
            // What the sandbox forces compares nothing, and so replaces nobody.
            let replaces_nobody = matches!(on_file, OnFile::Nobody);
            may_enrol = self.face.enrols() && (self.forced.is_none() || replaces_nobody);
            let on_file = (on_file, seen.on_file.1);
            self.face.judge(&Seen { on_file, ..seen }, self.policy)
        });
        self.may_enrol = may_enrol;
        if let (Some(user), Ok(decision)) = (&user, &decision) {
            self.keeps = user.kept_beside(engine.served.primary(), decision.matched());
        }
        Ok(decision.unwrap_or_else(Decision::not_admitted))
    }

    /// Whether another photograph is on file by now than the one that was measured. Then the job begins anew: else it would be
    /// committed against a photograph that nobody looked at.
    fn measured_another_photo(&self) -> bool {
        let measured = self.examined.photo.as_ref();
        measured.is_some() && measured != self.judged.photo.as_ref()
    }

    /// Ends the job with this, and with nothing of what was seen.
    fn forget(&mut self, decision: Decision) {
        self.examined = Examined::without(decision);
        self.recurrences.clear();
        self.others = Found::default();
        self.searched_to = None;
    }

    /// Other users with this face, by each model that is served.
    async fn look_for_others(&self, capture: &CaptureEvidence) -> Result<Found, StoreError> {
        let engine = &self.app.engine;
        let probes: Vec<Probe<'_>> = engine
            .served
            .models()
            .filter_map(|model| {
                let own = engine.thresholds(model).map(|t| t.duplicate);
                Some(Probe {
                    template: capture.probe_by(model)?,
                    at_least: ComparisonScore::new(own.unwrap_or(self.policy.duplicates.threshold)),
                    threshold: own,
                })
            })
            .collect();
        let gallery = &self.app.gallery;
        gallery.duplicates(&self.job.user, &probes).await
    }

    /// The identity's photograph, as the selfie is compared with it.
    fn portrait(&self) -> Option<Portrait<'_>> {
        let (source, portrayed) = self.examined.portrait.as_ref()?;
        let engine = &self.app.engine;
        let shows = match portrayed {
            Portrayed::Absent => Shows::Nothing,
            Portrayed::Unusable => Shows::NoUsableFace,
            Portrayed::Face(evidence) => match evidence.probe_by(engine.served.primary()) {
                Some(template) => Shows::Face(engine.judged(template.into())),
                None => Shows::NoUsableFace,
            },
        };
        Some(Portrait {
            source: *source,
            shows,
        })
    }

    fn outcome(&self, decision: &Decision) -> Outcome {
        let Self {
            app,
            job,
            face,
            forced,
            ..
        } = self;
        let info = self.examined.info.as_ref();
        let circumstances = Circumstances {
            job,
            evidence: self.examined.capture.as_ref(),
            recurrences: &self.recurrences,
            duplicates: &self.others.duplicates,
            searched_to: self.searched_to,
            policies: &app.config.policies,
            detects_presentation_attacks: app.engine.detects_presentation_attacks,
            engine: serde_json::to_value(&app.engine).unwrap_or_default(),
            id_info: info.and_then(|i| i.id_info.clone()),
            geo_info: info.and_then(|i| i.geo_info.clone()),
            identity: self.identity.clone(),
            forced: forced.is_some(),
        };
        let ended = match *forced {
            Some(staging) => outcome::of_forced_code(*face, staging, decision, circumstances),
            None => outcome::of_decision(*face, decision, circumstances),
        };
        let code = ended.code;
        let template = self
            .examined
            .capture
            .as_ref()
            .and_then(|c| c.probe().cloned());
        let reference = template
            .filter(|_| face.enrols())
            .map(|template| Reference {
                template,
                photo: job.smile_job_id.clone(),
            });
        let accepted =
            forced.is_none() && matches!(decision.verdict, Verdict::Pass | Verdict::Provisional);
        // A job that takes the photo on file brings no face: it counts as no failed attempt, and ends no lock either.
        let limited = forced.is_none()
            && !face.takes_photo_on_file()
            && !matches!(
                decision.verdict,
                Verdict::LockedOut(_)
                    | Verdict::ReferenceGone(ReferenceGone::FraudLocked)
                    | Verdict::SystemError
            );
        // Under the number is who is enrolled with it, or was found to be its owner by the photograph on file.
        let owns = face.takes_photo_on_file() && forced.is_none();
        let may_register = code.is_success() && (self.may_enrol || owns);
        Outcome {
            result: ended.to_bytes().into(),
            success: code.is_success(),
            result_code: code.code().to_owned(),
            judged: self.judged.clone(),
            // Where duplicates are only reported, who came since does not matter.
            searched: (accepted
                && face.looks_for_duplicates()
                && self.policy.duplicates.response != Response::Report)
                .then_some(self.others.as_of),
            attempt: Attempt::new(decision.tried(), self.policy.lockout).filter(|_| limited),
            enrol: reference
                .clone()
                .filter(|_| code.is_success() && self.may_enrol),
            keeps: self.keeps.clone(),
            registers: self
                .identity
                .as_ref()
                .and_then(|i| i.query.clone())
                .filter(|_| may_register || (!ended.is_final && (face.enrols() || owns))),
            review: (!ended.is_final).then_some(NewReview { enrol: reference }),
            accepted: if accepted {
                self.examined.fingerprints.clone()
            } else {
                Vec::new()
            },
            // One that is known already was answered by the policy.
            only_if_new: self.policy.replay.exact != Response::Report
                && !self.recurrences.iter().any(|r| r.exact),
            beside: self.suspects(&ended),
            callback_url: job.request.callback_url.clone(),
        }
    }

    /// What the search for other users came to, where it is told by itself.
    fn suspects(&self, ended: &JobOutcome) -> Option<(Bytes, String)> {
        let searched = self.searched_to.is_some() && self.forced.is_none();
        let told = searched && self.policy.duplicates.own_result && self.job.request.api == Api::V1;
        told.then(|| {
            let found = outcome::of_suspects(ended);
            (found.to_bytes().into(), found.code.code().to_owned())
        })
    }
}
