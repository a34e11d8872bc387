use selfsame_face::evidence::{
    ContinuityEvidence, HeadPose, ImageDigests, ImageEvidence, ImageFacts, ImageFormat,
    SurroundingsEvidence, Timings, Turn, TurnEvidence,
};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};
use selfsame_wire::result::ActionValue;

use super::*;
use crate::job::{Api, JobRequest, JobState};
use crate::liveness::{LivenessOutcome, Side};
use crate::reason::Reason;
use crate::user::UserKey;

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
        request: JobRequest {
            api: Api::V1,
            partner_params: serde_json::from_str(r#"{"a":1}"#).unwrap(),
            callback_url: None,
            allow_new_enroll: false,
            use_enrolled_image: false,
            sandbox_result: None,
            source_sdk: None,
            source_sdk_version: None,
            challenge: None,
        },
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

fn of(decision: &Decision, job_type: JobType, detector: bool) -> (ResultCode, JobResult) {
    of_capture(decision, &job(job_type), None, detector)
}

fn of_capture(
    decision: &Decision,
    job: &Job,
    evidence: Option<&CaptureEvidence>,
    detector: bool,
) -> (ResultCode, JobResult) {
    result(
        decision,
        Circumstances {
            job,
            evidence,
            recurrences: &[],
            duplicates: &[],
            policies: &Policies::default(),
            detects_presentation_attacks: detector,
            engine: Value::Null,
            id_info: None,
            geo_info: None,
            forced: false,
        },
    )
}

#[test]
fn liveness_passes_only_where_it_was_performed() {
    use ActionValue::{Failed, NotApplicable, NotDone, Passed, UnableToDetermine, UnderReview};
    let check = |verdict, reasons: &[Reason], passive, detector| {
        of(
            &decision(verdict, reasons, passive),
            JobType::Authentication,
            detector,
        )
        .1
        .actions
        .liveness_check
    };
    assert_eq!(
        check(Verdict::Pass, &[], Side::NotPerformed, false),
        NotApplicable
    );
    assert_eq!(check(Verdict::Pass, &[], Side::Passed, true), Passed);
    assert_eq!(
        check(Verdict::Pass, &[], Side::Reported, true),
        UnableToDetermine
    );
    assert_eq!(
        check(
            Verdict::Provisional,
            &[Reason::LivenessUnclear],
            Side::UnderReview,
            true
        ),
        UnderReview
    );
    assert_eq!(
        check(
            Verdict::PossibleSpoof,
            &[Reason::ReplayedImage],
            Side::Passed,
            true
        ),
        Failed
    );
    assert_eq!(
        check(
            Verdict::PoorQuality,
            &[Reason::Blurred],
            Side::NotPerformed,
            true
        ),
        NotDone
    );
}

#[test]
fn a_spoof_says_which() {
    let (code, result) = of(
        &decision(
            Verdict::PossibleSpoof,
            &[Reason::PrintOrScreen],
            Side::Failed,
        ),
        JobType::Enrolment,
        true,
    );
    assert_eq!((code.code(), result.is_final_result), ("0907", "true"));
    assert_eq!(
        result.result_text,
        "Possible spoof: the picture looks like a print or a screen: capture a live face"
    );
    assert_eq!(result.evidence["reasons"][0], "print_or_screen");
    assert_eq!(result.evidence["liveness"]["reasons"][0], "print_or_screen");
    assert_eq!(result.evidence["policy"]["name"], "built-in");
    assert_eq!(result.actions.selfie_check, ActionValue::Passed);
    assert_eq!(result.actions.register_selfie, ActionValue::Failed);
}

#[test]
fn a_provisional_job_says_what_a_person_is_asked() {
    let provisional = |reason, job_type| {
        of(
            &decision(Verdict::Provisional, &[reason], Side::Passed),
            job_type,
            true,
        )
    };
    let (code, result) = provisional(Reason::NearlyReplayedImage, JobType::Enrolment);
    assert_eq!((code.code(), result.is_final_result), ("0842", "false"));
    assert_eq!(result.actions.register_selfie, ActionValue::UnderReview);
    assert_eq!(
        result.actions.human_review_liveness_check,
        ActionValue::SentToHumanReview
    );
    assert_eq!(
        result.actions.human_review_compare,
        ActionValue::NotApplicable
    );
    let (code, result) = provisional(Reason::BetweenThresholds, JobType::Authentication);
    assert_eq!(code.code(), "0822");
    assert_eq!(
        result.actions.selfie_to_registered_selfie_compare,
        ActionValue::ProvisionallyApproved
    );
    assert_eq!(
        result.actions.human_review_compare,
        ActionValue::SentToHumanReview
    );
    let (_, result) = provisional(Reason::Blurred, JobType::Authentication);
    assert_eq!(result.actions.selfie_check, ActionValue::UnderReview);
    assert_eq!(
        result.actions.selfie_to_registered_selfie_compare,
        ActionValue::Completed
    );
}

#[test]
fn a_duplicate_is_an_enrolment_that_failed() {
    let (code, result) = of(
        &decision(Verdict::Duplicate, &[Reason::Duplicate], Side::Passed),
        JobType::Enrolment,
        true,
    );
    assert_eq!(code.code(), "0841");
    assert_eq!(result.actions.liveness_check, ActionValue::Passed);
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
    let told = |job: &Job| of_capture(&passed, job, Some(&capture), true).1.evidence;
    let unasked = told(&job);
    assert_eq!(unasked["selfie"]["turned"], "quarter");
    assert_eq!(unasked["selfie"]["template_length"], 11.5);
    assert_eq!(unasked["continuity"]["largest_cut"], 0.5);
    assert_eq!(unasked["surroundings"]["apart"], 0.0625);
    assert_eq!(unasked["turns"]["frames"], json!([null]));
    assert_eq!(unasked.get("challenge"), None);
    // A challenge tells the turns beside what it makes of them.
    let policy = Policies::default()
        .of(job.environment(), job.job_type)
        .liveness
        .challenge;
    let drawn = challenge::draw(&[7; challenge::DRAW_BYTES], &policy, Timestamp::UNIX_EPOCH);
    job.request.challenge = Some(drawn);
    let asked = told(&job);
    assert_eq!(asked["challenge"]["turns"], unasked["turns"]);
    assert_eq!(asked.get("turns"), None);
}
