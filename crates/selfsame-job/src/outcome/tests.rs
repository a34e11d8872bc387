use jiff::Timestamp;
use selfsame_face::evidence::{
    CaptureEvidence, ContinuityEvidence, HeadPose, ImageDigests, ImageEvidence, ImageFacts,
    ImageFormat, SurroundingsEvidence, Timings, Turn, TurnEvidence,
};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};
use serde_json::{Value, json};

use super::*;
use crate::challenge;
use crate::job::{Api, Job, JobRequest, JobState};
use crate::liveness::{LivenessOutcome, Side};
use crate::policy::Policies;
use crate::product::JobType;
use crate::user::UserKey;
use crate::verdict::{Decision, Verdict};

fn job(job_type: JobType) -> Job {
    Job {
        smile_job_id: SmileJobId::new("s").unwrap(),
        user: UserKey {
            partner: PartnerId::new("p").unwrap(),
            environment: Environment::Production,
            user: UserId::new("u").unwrap(),
        },
        job_id: JobId::new("j").unwrap(),
        job_type,
        request: JobRequest::new(Api::V1, serde_json::from_str(r#"{"a":1}"#).unwrap()),
        state: JobState::Running,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        updated_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn decision(verdict: Verdict, reasons: &[Reason], passive: Side) -> Decision {
    Decision {
        reasons: reasons.to_vec(),
        liveness: LivenessOutcome {
            performed: passive != Side::NotPerformed,
            passive,
            motion: Side::NotPerformed,
            fused: None,
            not_performed: Vec::new(),
        },
        ..Decision::without_evidence(verdict)
    }
}

fn of(decision: &Decision, job_type: JobType, detector: bool) -> JobOutcome {
    of_capture(decision, &job(job_type), None, detector)
}

/// By way of what is kept.
fn of_capture(
    decision: &Decision,
    job: &Job,
    evidence: Option<&CaptureEvidence>,
    detector: bool,
) -> JobOutcome {
    let outcome = of_decision(
        job.job_type.face().unwrap(),
        decision,
        Circumstances {
            job,
            evidence,
            recurrences: &[],
            duplicates: &[],
            searched_to: None,
            policies: &Policies::default(),
            detects_presentation_attacks: detector,
            engine: Value::Null,
            identity: None,
            id_info: None,
            geo_info: None,
            forced: false,
        },
    );
    let bytes = outcome.to_bytes();
    let kept = JobOutcome::read(&bytes).unwrap();
    assert_eq!(kept.to_bytes(), bytes);
    kept
}

fn told(outcome: &JobOutcome, part: &str) -> Value {
    outcome.evidence.get(part).unwrap_or_default()
}

/// A job of a user that was reported: what it came to is told by code and text without saying of what, and by a reason for
/// those who may know.
#[test]
fn a_locked_users_job_fails_and_evidence_does_not_say_of_what_it_was_reported() {
    use crate::admission::NotAdmitted;
    use crate::lockout::Tried;
    use crate::verdict::ReferenceGone;

    let locked = NotAdmitted::NoReference(ReferenceGone::FraudLocked);
    let decision = Decision::not_admitted(locked);
    assert_eq!(decision.tried(), Tried::Uncounted);
    for job_type in JobType::judged() {
        let outcome = of(&decision, job_type, true);
        assert_eq!(outcome.code, job_type.face().unwrap().codes().fail);
        assert!(outcome.is_final && !outcome.code.is_success());
        assert_eq!(outcome.reasons, [Reason::AccountLockedFraud]);
        assert_eq!(told(&outcome, "reasons"), json!([]));
        assert_eq!(told(&outcome, "advice"), json!([]));
        let text = outcome.text();
        assert!(text.contains("an operator clears it"), "{text}");
        let evidence = outcome.evidence.to_raw();
        assert!(!text.contains("fraud") && !evidence.get().contains("fraud"));
    }
    let deleted = Decision::not_admitted(NotAdmitted::NoReference(ReferenceGone::Deleted));
    assert!(deleted.reasons.is_empty());
}

#[test]
fn liveness_passes_only_where_it_was_performed() {
    use CheckState::{Failed, Inconclusive, NotPerformed, Passed, UnderReview};
    let check = |verdict, reasons: &[Reason], passive, detector| {
        let decision = decision(verdict, reasons, passive);
        of(&decision, JobType::Authentication, detector)
            .checks
            .of(Checked::PresentationAttack)
    };
    assert_eq!(check(Verdict::Pass, &[], Side::NotPerformed, false), None);
    assert_eq!(check(Verdict::Pass, &[], Side::Passed, true), Some(Passed));
    assert_eq!(
        check(Verdict::Pass, &[], Side::Reported, true),
        Some(Inconclusive)
    );
    assert_eq!(
        check(
            Verdict::Provisional,
            &[Reason::LivenessUnclear],
            Side::UnderReview,
            true
        ),
        Some(UnderReview)
    );
    assert_eq!(
        check(
            Verdict::PossibleSpoof,
            &[Reason::ReplayedImage],
            Side::Passed,
            true
        ),
        Some(Failed)
    );
    assert_eq!(
        check(
            Verdict::PoorQuality,
            &[Reason::Blurred],
            Side::NotPerformed,
            true
        ),
        Some(NotPerformed)
    );
}

#[test]
fn a_spoof_says_which() {
    let outcome = of(
        &decision(
            Verdict::PossibleSpoof,
            &[Reason::PrintOrScreen],
            Side::Failed,
        ),
        JobType::Enrolment,
        true,
    );
    assert_eq!((outcome.code.code(), outcome.is_final), ("0907", true));
    assert_eq!(
        outcome.text(),
        "Possible spoof: the picture looks like a print or a screen: capture a live face"
    );
    assert_eq!(outcome.reasons, [Reason::PrintOrScreen]);
    assert_eq!(told(&outcome, "reasons")[0], "print_or_screen");
    assert_eq!(told(&outcome, "liveness")["reasons"][0], "print_or_screen");
    assert_eq!(told(&outcome, "policy")["name"], "built-in");
    let of = |checked| outcome.checks.of(checked);
    assert_eq!(of(Checked::SampleQuality), Some(CheckState::Passed));
    assert_eq!(of(Checked::Enrolment), Some(CheckState::Failed));
}

#[test]
fn a_provisional_job_says_what_a_person_is_asked() {
    use CheckState::{Completed, ProvisionallyApproved, Referred, UnderReview};
    let provisional = |reason, job_type| {
        of(
            &decision(Verdict::Provisional, &[reason], Side::Passed),
            job_type,
            true,
        )
    };
    let outcome = provisional(Reason::NearlyReplayedImage, JobType::Enrolment);
    assert_eq!((outcome.code.code(), outcome.is_final), ("0842", false));
    let of = |checked| outcome.checks.of(checked);
    assert_eq!(of(Checked::Enrolment), Some(UnderReview));
    assert_eq!(of(Checked::ReviewOfPresentationAttack), Some(Referred));
    assert_eq!(of(Checked::ReviewOfComparison), None);
    let outcome = provisional(Reason::BetweenThresholds, JobType::Authentication);
    assert_eq!(outcome.code.code(), "0822");
    let of = |checked| outcome.checks.of(checked);
    assert_eq!(
        of(Checked::ReferenceComparison),
        Some(ProvisionallyApproved)
    );
    assert_eq!(of(Checked::ReviewOfComparison), Some(Referred));
    let outcome = provisional(Reason::Blurred, JobType::Authentication);
    let of = |checked| outcome.checks.of(checked);
    assert_eq!(of(Checked::SampleQuality), Some(UnderReview));
    assert_eq!(of(Checked::ReferenceComparison), Some(Completed));
}

#[test]
fn a_duplicate_is_an_enrolment_that_failed() {
    let outcome = of(
        &decision(Verdict::Duplicate, &[Reason::Duplicate], Side::Passed),
        JobType::Enrolment,
        true,
    );
    assert_eq!(outcome.code.code(), "0841");
    assert_eq!(
        outcome.checks.of(Checked::PresentationAttack),
        Some(CheckState::Passed)
    );
}

/// A selfie that lay on its side, with frames in which the head may be turned.
fn capture() -> CaptureEvidence {
    let selfie = ImageEvidence {
        image: ImageFacts {
            format: ImageFormat::Jpeg,
            width: 480,
            height: 640,
        },
        faces: Vec::new(),
        template: None,
        template_length: Some(11.5),
        turned: Turn::Quarter,
        further_templates: Vec::new(),
        digests: ImageDigests::default(),
        metadata: Vec::new(),
        timings: Timings::default(),
    };
    CaptureEvidence {
        continuity: Some(ContinuityEvidence {
            likeness_of_neighbours: None,
            largest_cut: 0.5,
            mean_cut: 0.25,
            selfie_cut: None,
            largest_scene_cut: None,
            mean_scene_cut: None,
            largest_light_change: 0.0,
            mean_light_change: 0.0,
            largest_tint_change: 0.0,
            largest_picture_change: 12,
            mirrored: None,
            mirrored_pictures: 128,
        }),
        surroundings: Some(SurroundingsEvidence {
            movement: 0.125,
            flatness: 0.25,
            unexplained: None,
            as_one: None,
            apart: Some(0.0625),
            neighbours_apart: None,
            neighbours_movement: 0.0,
        }),
        turns: Some(TurnEvidence {
            selfie: HeadPose::default(),
            frames: vec![None],
        }),
        ..CaptureEvidence::alone(selfie)
    }
}

#[test]
fn what_was_measured_of_a_capture_is_told_once() {
    let passed = decision(Verdict::Pass, &[], Side::Passed);
    let mut job = job(JobType::Authentication);
    let capture = capture();
    let outcome = |job: &Job| of_capture(&passed, job, Some(&capture), true);
    let unasked = outcome(&job);
    assert_eq!(told(&unasked, "selfie")["turned"], "quarter");
    assert_eq!(told(&unasked, "selfie")["template_length"], 11.5);
    assert_eq!(told(&unasked, "continuity")["largest_cut"], 0.5);
    assert_eq!(told(&unasked, "surroundings")["apart"], 0.0625);
    assert_eq!(told(&unasked, "turns")["frames"], json!([null]));
    assert_eq!(unasked.evidence.get::<Value>("challenge"), None);
    // A challenge tells the turns beside what it makes of them.
    let policy = Policies::default()
        .of(job.environment(), job.job_type)
        .liveness
        .challenge;
    let drawn = challenge::draw(&[7; challenge::DRAW_BYTES], &policy, Timestamp::UNIX_EPOCH);
    job.request.challenge = Some(drawn);
    let asked = outcome(&job);
    assert_eq!(told(&asked, "challenge")["turns"], told(&unasked, "turns"));
    assert_eq!(asked.evidence.get::<Value>("turns"), None);
}
