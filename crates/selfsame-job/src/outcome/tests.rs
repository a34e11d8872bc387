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
    let job = job(job_type);
    result(
        decision,
        Circumstances {
            job: &job,
            evidence: None,
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
