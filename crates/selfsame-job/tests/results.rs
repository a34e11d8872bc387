//! The result of every verdict, as it goes over the wire before it is signed: `cargo insta review` shows what a change
//! does to them.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use jiff::Timestamp;
use selfsame_face::template::ComparisonScore;
use selfsame_job::job::{Api, Job, JobRequest, JobState, JobType};
use selfsame_job::outcome::{self, Circumstances};
use selfsame_job::policy::{Policies, Policy};
use selfsame_job::reason::Reason;
use selfsame_job::user::UserKey;
use selfsame_job::verdict::{Comparison, Decision, ReferenceGone, Verdict};
use selfsame_wire::id::{Environment, PartnerId, SmileJobId, UserId};
use selfsame_wire::result::ResultCode;
use serde_json::{Value, json};

fn job(job_type: JobType) -> Job {
    let params = json!({"job_id": "j", "user_id": "u", "job_type": job_type.number(), "kept": [1]});
    Job {
        smile_job_id: SmileJobId::new("s").unwrap(),
        user: UserKey {
            partner: PartnerId::new("p").unwrap(),
            environment: Environment::Sandbox,
            user: UserId::new("u").unwrap(),
        },
        job_id: "j".parse().unwrap(),
        job_type,
        request: JobRequest {
            api: Api::V1,
            partner_params: serde_json::from_str(&params.to_string()).unwrap(),
            callback_url: None,
            allow_new_enroll: false,
            use_enrolled_image: false,
            sandbox_result: None,
            source_sdk: None,
            source_sdk_version: None,
            challenge: None,
        },
        state: JobState::Running,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn decision(verdict: Verdict, score: Option<f32>, reasons: &[Reason]) -> Decision {
    Decision {
        comparison: score.map(|score| Comparison {
            score: ComparisonScore::new(score),
            thresholds: Policy::default().comparison,
        }),
        reasons: reasons.to_vec(),
        ..Decision::without_evidence(verdict)
    }
}

/// The result of a decision, or the one that a sandbox request forces.
fn result(job_type: JobType, decision: &Decision, forced: Option<ResultCode>) -> Value {
    let job = job(job_type);
    let circumstances = Circumstances {
        job: &job,
        evidence: None,
        recurrences: &[],
        duplicates: &[],
        policies: &Policies::default(),
        detects_presentation_attacks: true,
        engine: json!("[engine]"),
        id_info: None,
        geo_info: None,
        forced: forced.is_some(),
    };
    let result = match forced {
        Some(code) => outcome::forced_result(code, decision, circumstances),
        None => outcome::result(decision, circumstances).1,
    };
    // By way of its text, as it is stored: what is echoed is raw JSON.
    let mut result: Value = serde_json::from_str(&serde_json::to_string(&result).unwrap()).unwrap();
    result["evidence"]["policy"]["sha256"] = "[sha256]".into();
    result
}

fn verdicts() -> Vec<(&'static str, Decision)> {
    use Verdict as V;
    let said = |text: &str| text.to_owned();
    let gone = V::ReferenceGone(ReferenceGone::Disabled);
    let blurred = [Reason::Blurred, Reason::TooDark];
    vec![
        ("pass", decision(V::Pass, Some(0.7), &[])),
        (
            "provisional",
            decision(V::Provisional, Some(0.4), &[Reason::BetweenThresholds]),
        ),
        (
            "no_match",
            decision(V::NoMatch, Some(0.1), &[Reason::OtherPerson]),
        ),
        (
            "possible_spoof",
            decision(V::PossibleSpoof, None, &[Reason::PrintOrScreen]),
        ),
        (
            "duplicate",
            decision(V::Duplicate, None, &[Reason::Duplicate]),
        ),
        ("no_face", decision(V::NoFace, None, &[Reason::NoFace])),
        (
            "several_faces",
            decision(V::SeveralFaces, None, &[Reason::SeveralFaces]),
        ),
        ("poor_quality", decision(V::PoorQuality, None, &blurred)),
        (
            "unusable_image",
            decision(V::UnusableImage(said("it is no image")), None, &[]),
        ),
        (
            "corrupt_package",
            decision(V::CorruptPackage(said("it has no info.json")), None, &[]),
        ),
        ("already_enrolled", decision(V::AlreadyEnrolled, None, &[])),
        (
            "locked_out",
            decision(V::LockedOut(Timestamp::UNIX_EPOCH), None, &[]),
        ),
        ("disabled_meanwhile", decision(gone, None, &[])),
        ("system_error", decision(V::SystemError, None, &[])),
    ]
}

#[test]
fn the_result_of_every_verdict() {
    for (verdict, decision) in verdicts() {
        if verdict != "duplicate" {
            let name = format!("authentication_{verdict}");
            let of = |decision| result(JobType::Authentication, decision, None);
            insta::assert_json_snapshot!(name, of(&decision));
        }
        // An enrolment compares nothing.
        if verdict == "no_match" {
            continue;
        }
        let decision = Decision {
            comparison: None,
            ..decision
        };
        let name = format!("enrolment_{verdict}");
        let of = |decision| result(JobType::Enrolment, decision, None);
        insta::assert_json_snapshot!(name, of(&decision));
    }
}

#[test]
fn an_enrolment_that_would_replace_a_face_tells_the_comparison() {
    let mismatch = decision(
        Verdict::Provisional,
        Some(0.1),
        &[Reason::ReplacementMismatch],
    );
    let awaits = result(JobType::Enrolment, &mismatch, None);
    insta::assert_json_snapshot!("enrolment_replacement_mismatch", awaits);
}

#[test]
fn what_every_forced_code_says() {
    let nothing = Decision::without_evidence(Verdict::Pass);
    let all: serde_json::Map<String, Value> = ResultCode::ALL
        .iter()
        .map(|code| {
            let forced = result(JobType::Authentication, &nothing, Some(*code));
            assert_eq!(forced["evidence"]["forced"], true);
            let said = ["ResultText", "IsFinalResult", "IsMachineResult", "Actions"]
                .map(|name| (name.to_owned(), forced[name].clone()));
            (
                code.code().to_owned(),
                Value::Object(said.into_iter().collect()),
            )
        })
        .collect();
    insta::assert_json_snapshot!("forced", Value::Object(all));
}
