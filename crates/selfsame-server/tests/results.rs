//! The result of every verdict, as it goes over the wire before it is signed: `cargo insta review` shows what a change
//! does to them.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use jiff::Timestamp;
use selfsame_face::template::ComparisonScore;
use selfsame_job::audit::Actor;
use selfsame_job::erasure::{Erasure, JobNames};
use selfsame_job::job::{Api, Job, JobRequest, JobState, JobType};
use selfsame_job::outcome::{self, Circumstances, JobOutcome};
use selfsame_job::policy::{Policies, Policy};
use selfsame_job::reason::Reason;
use selfsame_job::review::{ReviewDecision, Ruling, final_outcome};
use selfsame_job::user::UserKey;
use selfsame_job::verdict::{Comparison, Decision, ReferenceGone, Verdict};
use selfsame_server::v1_result;
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
        request: JobRequest::new(Api::V1, serde_json::from_str(&params.to_string()).unwrap()),
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

/// What a decision comes to, or a sandbox request forces, as it is kept.
fn outcome(job: &Job, decision: &Decision, forced: Option<ResultCode>) -> Vec<u8> {
    let circumstances = Circumstances {
        job,
        evidence: None,
        recurrences: &[],
        duplicates: &[],
        searched_to: None,
        policies: &Policies::default(),
        detects_presentation_attacks: true,
        engine: json!("[engine]"),
        identity: None,
        id_info: None,
        geo_info: None,
        forced: forced.is_some(),
    };
    let face = job.job_type.face().unwrap();
    let outcome = match forced {
        Some(code) => outcome::of_forced_code(face, code.into(), decision, circumstances),
        None => outcome::of_decision(face, decision, circumstances),
    };
    outcome.to_bytes()
}

/// The result of a decision, or the one that a sandbox request forces, as it is told.
fn result(job_type: JobType, decision: &Decision, forced: Option<ResultCode>) -> Value {
    let job = job(job_type);
    let told = v1_result(&job, &outcome(&job, decision, forced)).unwrap();
    read_alike(&job, &told);
    let mut result: Value = serde_json::from_slice(&told).unwrap();
    result["evidence"]["policy"]["sha256"] = "[sha256]".into();
    result
}

/// Builds before outcomes kept what v1 tells. That is told on byte for byte; and made an outcome of, as a review does and an
/// erasure, it comes to the same.
fn read_alike(job: &Job, told: &[u8]) {
    let as_text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(as_text(&v1_result(job, told).unwrap()), as_text(told));
    let outcome = JobOutcome::read(told).unwrap().to_bytes();
    assert_eq!(as_text(&v1_result(job, &outcome).unwrap()), as_text(told));
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

/// A result as the build before outcomes left it on record, with names that were not yet added and what no build ever wrote.
const EARLIER: &[u8] = br#"{"JSONVersion":"1.0.0","SmileJobID":"s","PartnerParams":{ "kept" : 1.0e2 },"ResultType":"Earlier",
 "ResultText":"In other words","ResultCode":"0822","IsFinalResult":"false","IsMachineResult":"true","ConfidenceValue":"31.25",
 "Actions":{"Liveness_Check":"Passed","Human_Review_Compare":"Sent to Human Review"},"Source":"Selfsame","Other":[1.50],
 "id_info":{ "n" : 1.0e2 },"evidence":{"version":1,"engine":{ "name":"E" },"comparison":{"score":0.25,"match_threshold":0.5,"review_threshold":0.2}}}"#;

#[test]
fn what_earlier_builds_left_is_told_as_it_stands() {
    let told = v1_result(&job(JobType::Authentication), EARLIER).unwrap();
    assert_eq!(told, EARLIER);
    let unreadable = v1_result(&job(JobType::Authentication), br#"{"outcome":2}"#).unwrap_err();
    assert!(
        unreadable.to_string().contains("newer build"),
        "{unreadable}"
    );
}

fn ruling(decision: ReviewDecision) -> Ruling {
    Ruling {
        decision,
        reviewer: Actor::new("cli:ada").unwrap(),
        note: None,
        at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn a_review_changes_what_was_decided_and_nothing_else() {
    let job = job(JobType::Authentication);
    let clear = decision(
        Verdict::Provisional,
        Some(0.45),
        &[Reason::BetweenThresholds],
    );
    let provisional = outcome(&job, &clear, None);
    let before: Value = serde_json::from_slice(&v1_result(&job, &provisional).unwrap()).unwrap();
    let reviewed = final_outcome(
        &provisional,
        job.job_type,
        &ruling(ReviewDecision::Reject),
        None,
    );
    let told = v1_result(&job, &reviewed.unwrap().to_bytes()).unwrap();
    let mut after: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(after["ResultCode"], "1221");
    assert_eq!(after["ResultText"], "Not authenticated after review");
    assert_eq!(after["IsFinalResult"], "true");
    assert_eq!(after["IsMachineResult"], "false");
    assert_eq!(after["Actions"]["Human_Review_Compare"], "Rejected");
    assert_eq!(
        after["Actions"]["Selfie_To_Registered_Selfie_Compare"],
        "Rejected"
    );
    assert_eq!(after["evidence"]["review"]["decision"], "reject");
    after["evidence"].as_object_mut().unwrap().remove("review");
    for changed in [
        "ResultCode",
        "ResultText",
        "IsFinalResult",
        "IsMachineResult",
        "Actions",
    ] {
        after[changed] = before[changed].clone();
    }
    assert_eq!(after, before);
    assert!(String::from_utf8(told).unwrap().contains(r#""kept":[1]"#));
    // One that an earlier build left to a person: what it says of the job comes from the request on record.
    let reviewed = final_outcome(
        EARLIER,
        job.job_type,
        &ruling(ReviewDecision::Approve),
        None,
    );
    let told = v1_result(&job, &reviewed.unwrap().to_bytes()).unwrap();
    let text = String::from_utf8(told).unwrap();
    for stays in [
        r#""id_info":{ "n" : 1.0e2 }"#,
        r#""engine":{ "name":"E" }"#,
        r#""ConfidenceValue":"31.25""#,
        r#""kept":[1]"#,
        r#""Human_Review_Compare":"Approved""#,
        r#""ResultText":"Authenticated after review""#,
    ] {
        assert!(text.contains(stays), "{stays}: {text}");
    }
}

#[test]
fn an_erased_result_tells_names_code_and_actions_alone() {
    let job = job(JobType::Enrolment);
    let passed = decision(Verdict::Pass, None, &[]);
    let kept = outcome(&job, &passed, None);
    let earlier = v1_result(&job, &kept).unwrap();
    for on_record in [kept, earlier] {
        let (code, erased) =
            JobNames::of(&job).erased_result(Some(&on_record), Erasure::UserDeleted);
        assert_eq!(code, ResultCode::EnrolPass);
        let told = v1_result(&job, &erased).unwrap();
        let mut told: Value = serde_json::from_slice(&told).unwrap();
        told["evidence"]["policy"]["sha256"] = "[sha256]".into();
        insta::assert_json_snapshot!("erased", told);
    }
}
