use std::collections::BTreeSet;

use selfsame_job::job::{Api, JobRequest, JobState};
use selfsame_job::user::UserKey;
use selfsame_wire::id::{Environment, PartnerId, SmileJobId, UserId};
use selfsame_wire::result::ResultCode;
use selfsame_wire::v3::decision::DecisionReason as Reason;
use selfsame_wire::v3::user_details::UserDetails;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;

/// An outcome on record, with these members beside the usual ones.
fn recorded(code: &str, more: Value) -> Vec<u8> {
    let mut outcome = json!({
        "outcome": 1, "code": code, "is_final": true, "checks": {"acquisition": "passed"}, "reasons": [], "evidence": {},
    });
    for (name, value) in more.as_object().unwrap() {
        outcome[name] = value.clone();
    }
    outcome.to_string().into_bytes()
}

fn decided(code: &str, more: Value) -> (JobStatus, Option<Reason>) {
    let outcome = JobOutcome::read(&recorded(code, more)).unwrap();
    let decision = Decision::of(&outcome);
    (decision.status(), decision.reason())
}

fn job(job_type: JobType) -> Job {
    let params = r#"{"order":"7","user_id":"victim"}"#;
    let details = r#"{"given_names":"Joe","last_name":"Leo","email":"joe@example.com"}"#;
    Job {
        smile_job_id: SmileJobId::new("0193459a8defe9ba1e8ac5b9e0fe2554").unwrap(),
        user: UserKey {
            partner: PartnerId::new("2343").unwrap(),
            environment: Environment::Sandbox,
            user: UserId::new("ada").unwrap(),
        },
        job_id: JobId::new("another name").unwrap(),
        job_type,
        request: JobRequest {
            details: Some(UserDetails::parse(details).unwrap()),
            consent: Some(RawValue::from_string(r#"{ "granted":true}"#.to_owned()).unwrap()),
            ..JobRequest::new(Api::V3, serde_json::from_str(params).unwrap())
        },
        state: JobState::Done,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn told(job_type: JobType, code: &str, more: Value) -> Value {
    let recorded = recorded(code, more);
    let told = webhook(
        &job(job_type),
        &recorded,
        Timestamp::UNIX_EPOCH,
        Beside::default(),
    );
    json!(told.unwrap())
}

#[test]
fn every_code_has_its_decision() {
    use JobStatus::{Attention, Block, Clear, Error};
    let table = [
        ("0001", Error, Some(Reason::ImageUnavailableOrInvalid)),
        ("0810", Clear, None),
        ("0811", Block, Some(Reason::HighRisk)),
        ("0812", Attention, Some(Reason::MediumRisk)),
        ("0813", Block, Some(Reason::SpoofDetected)),
        ("0820", Clear, None),
        ("0821", Block, Some(Reason::HighRisk)),
        ("0822", Attention, Some(Reason::MediumRisk)),
        ("0840", Clear, None),
        ("0841", Block, Some(Reason::HighRisk)),
        ("0842", Attention, Some(Reason::MediumRisk)),
        ("0903", Error, Some(Reason::ImageUnavailableOrInvalid)),
        ("0907", Block, Some(Reason::SpoofDetected)),
        ("0911", Error, Some(Reason::ImageUnavailableOrInvalid)),
        ("0912", Block, Some(Reason::FaceVerificationFailed)),
        ("0921", Error, Some(Reason::ImageUnavailableOrInvalid)),
        ("0922", Error, Some(Reason::ImageUnavailableOrInvalid)),
        ("0941", Error, Some(Reason::ImageUnavailableOrInvalid)),
        ("0942", Error, Some(Reason::ImageUnavailableOrInvalid)),
        ("1012", Clear, None),
        ("1013", Block, Some(Reason::IdentifierNotFound)),
        ("1014", Error, Some(Reason::InvalidIdNumber)),
        ("1015", Error, Some(Reason::ServiceUnavailable)),
        ("1016", Error, Some(Reason::ServiceUnavailable)),
        ("1020", Clear, None),
        ("1021", Attention, Some(Reason::MediumRisk)),
        ("1022", Block, Some(Reason::NameMismatch)),
        ("1023", Block, Some(Reason::IdentifierNotFound)),
        ("1210", Clear, None),
        ("1211", Block, Some(Reason::FaceVerificationFailed)),
        ("1212", Block, Some(Reason::SpoofDetected)),
        ("1213", Error, Some(Reason::ImageUnavailableOrInvalid)),
        ("1220", Clear, None),
        ("1221", Block, Some(Reason::FaceVerificationFailed)),
        ("1222", Block, Some(Reason::SpoofDetected)),
        ("1223", Error, Some(Reason::ImageUnavailableOrInvalid)),
        ("5210", Clear, None),
        ("5211", Block, Some(Reason::HighRisk)),
        ("5212", Error, Some(Reason::InternalError)),
        ("2401", Error, Some(Reason::InternalError)),
    ];
    for (code, status, reason) in table {
        assert_eq!(decided(code, json!({})), (status, reason), "{code}");
    }
    let listed: BTreeSet<&str> = table.iter().map(|(code, ..)| *code).collect();
    let known: BTreeSet<&str> = ResultCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(listed, known);
    assert_eq!(table.len(), known.len());
}

#[test]
fn nothing_that_v1_calls_a_success_is_blocked_and_nothing_else_is_clear() {
    for code in ResultCode::ALL {
        let (status, _) = decided(code.code(), json!({}));
        if code.is_success() {
            assert!(
                matches!(status, JobStatus::Clear | JobStatus::Attention),
                "{}",
                code.code()
            );
        } else if *code != ResultCode::NoSuspects {
            assert_ne!(status, JobStatus::Clear, "{}", code.code());
        }
    }
}

#[test]
fn a_failure_is_told_by_what_spoke_against_it() {
    let reason = |code, more| decided(code, more).1.unwrap();
    for (code, more, expected) in [
        (
            "0821",
            json!({"reasons": ["other_person"]}),
            Reason::FaceVerificationFailed,
        ),
        (
            "0811",
            json!({"reasons": ["other_person_than_portrait"]}),
            Reason::FaceVerificationFailed,
        ),
        ("0841", json!({"reasons": ["duplicate"]}), Reason::HighRisk),
        // Nothing was compared: the user is locked.
        (
            "0821",
            json!({"remark": {"because": "locked"}, "checks": {"reference_comparison": "not_performed"}}),
            Reason::HighRisk,
        ),
        (
            "0841",
            json!({"forced": true}),
            Reason::FaceVerificationFailed,
        ),
        ("1211", json!({"reasons": ["duplicate"]}), Reason::HighRisk),
        (
            "1221",
            json!({"evidence": {"review": {"decision": "approve", "at": "x", "hindrance": "the user is disabled"}}}),
            Reason::HighRisk,
        ),
        (
            "1221",
            json!({"evidence": {"review": {"decision": "reject", "at": "x", "hindrance": null}}}),
            Reason::FaceVerificationFailed,
        ),
        // Reported for fraud: before it was judged, and while it waited for a person.
        (
            "0821",
            json!({"reasons": ["account_locked_fraud"]}),
            Reason::AccountLockedFraud,
        ),
        (
            "1211",
            json!({"reasons": ["account_locked_fraud", "duplicate"],
                   "evidence": {"review": {"decision": "approve", "at": "x", "hindrance": "the user is locked"}}}),
            Reason::AccountLockedFraud,
        ),
        (
            "1221",
            json!({"reasons": ["account_locked_fraud"],
                   "evidence": {"review": {"decision": "approve", "at": "x", "hindrance": "the user is locked"}}}),
            Reason::AccountLockedFraud,
        ),
    ] {
        assert_eq!(reason(code, more.clone()), expected, "{code} {more}");
    }
}

/// What was erased keeps the decision that its code and checks tell; where they tell none, it is an error.
#[test]
fn what_was_erased_is_decided_by_what_is_left_of_it() {
    let erased =
        |code, checks: Value| decided(code, json!({"erased": "expired", "checks": checks}));
    assert_eq!(erased("0820", json!({})).0, JobStatus::Clear);
    assert_eq!(erased("0907", json!({})).1, Some(Reason::SpoofDetected));
    assert_eq!(
        erased("0821", json!({"reference_comparison": "failed"})).1,
        Some(Reason::FaceVerificationFailed)
    );
    for (code, checks) in [
        ("0841", json!({"enrolment": "not_performed"})),
        ("0822", json!({})),
        ("2401", json!({})),
    ] {
        assert_eq!(
            erased(code, checks).1,
            Some(Reason::InternalError),
            "{code}"
        );
    }
}

fn identity() -> Value {
    json!({
        "query": {
            "country": "NG", "id_type": "NIN", "id_number": "00000000000",
            "given": {"country": "NG", "id_type": "NIN", "id_number": "00000000000"},
        },
        "lookup": {
            "answer": {"found": {"first_name": "Joe", "last_name": "Leo", "gender": "M", "phone_number": "PLANTED", "full_data": {}}},
            "authority": "a", "at": "2026-01-02T03:04:05Z",
        },
        "earlier_registrants": ["u9", "u8"],
    })
}

#[test]
fn a_webhook_names_the_job_and_tells_the_record_and_who_was_found() {
    let evidence = json!({"search": {"complete_to": "2026-01-02T03:04:05Z"}, "duplicates": [{"user_id": "u9", "score": 0.9}]});
    let more = json!({"identity": identity(), "evidence": evidence});
    let clear = told(JobType::BiometricKyc, "0810", more.clone());
    assert_eq!(clear["status"], "clear");
    assert_eq!(clear["product"], "biometric_kyc");
    // What the caller wrote in the place of the user's name does not pass for it.
    assert_eq!(
        clear["partner_params"],
        json!({"order": "7", "user_id": "ada", "job_id": name(&job(JobType::BiometricKyc))})
    );
    assert!(
        clear["partner_params"]["job_id"]
            .as_str()
            .unwrap()
            .starts_with("job_")
    );
    assert_eq!(clear["id_fields"]["full_name"], "Joe Leo");
    assert_eq!(clear["id_fields"]["id_number"], "00000000000");
    assert_eq!(clear["id_fields"]["address"], Value::Null);
    assert!(!clear.to_string().contains("PLANTED"));
    assert_eq!(clear["user_provided_info"]["email"], "joe@example.com");
    assert_eq!(clear["consent"], json!({"granted": true}));
    assert_eq!(
        clear["antifraud"]["smile_secure"],
        json!({"status": "attention", "suspect_users": [
            {"user_id": "u9", "reasons": ["same-face", "same-id-number"]}, {"user_id": "u8", "reasons": ["same-id-number"]},
        ]})
    );
    // Of whoever did not pass nothing of the record is told.
    for code in ["0811", "0813", "0001"] {
        let refused = told(JobType::BiometricKyc, code, more.clone());
        assert_eq!(refused["id_fields"], Value::Null, "{code}");
        assert!(!refused.to_string().contains("00000000000"), "{code}");
    }
    let waits = told(JobType::BiometricKyc, "0812", more);
    assert_eq!(waits["id_fields"]["last_name"], "Leo");
}

#[test]
fn where_nobody_was_looked_for_nothing_is_said_of_fraud() {
    let nobody = json!({"evidence": {"duplicates": []}});
    let authentication = told(JobType::Authentication, "0820", nobody);
    assert_eq!(authentication["antifraud"], Value::Null);
    assert_eq!(authentication["id_fields"], Value::Null);
    // A look-up, whether it is the whole job or ended one, looks for no users.
    let look_up = json!({"identity": identity(), "checks": {"identity_number": "passed"}});
    for job_type in [JobType::EnhancedKyc, JobType::BiometricKyc] {
        let told = told(job_type, "1012", look_up.clone());
        assert_eq!(told["antifraud"], Value::Null);
    }
    let enrolment =
        json!({"evidence": {"search": {"complete_to": "2026-01-02T03:04:05Z"}, "duplicates": []}});
    let enrolment = told(JobType::Enrolment, "0840", enrolment);
    assert_eq!(enrolment["antifraud"]["summary"]["fraud_detected"], false);
}

#[test]
fn whoever_may_only_compare_is_told_nothing_of_the_record() {
    let more = json!({"identity": identity(), "checks": {"identity_number": "passed"}});
    let told = told(JobType::BasicKyc, "1020", more);
    assert_eq!(
        (&told["status"], &told["id_fields"]),
        (&json!("clear"), &Value::Null)
    );
}

#[test]
fn of_what_was_erased_the_names_are_left() {
    let told = told(
        JobType::Enrolment,
        "0840",
        json!({"erased": "user_deleted"}),
    );
    for gone in ["user_provided_info", "consent", "antifraud"] {
        assert_eq!(told[gone], Value::Null, "{gone}");
    }
    assert_eq!(told["partner_params"]["order"], Value::Null);
    assert_eq!(told["partner_params"]["user_id"], "ada");
}

#[test]
fn a_receipt_is_told_unless_the_job_came_to_nothing() {
    let receipt = |code| {
        let beside = Beside {
            kyc_receipt: Some("https://example.com/r".to_owned()),
            ..Beside::default()
        };
        let recorded = recorded(code, json!({}));
        let told = webhook(
            &job(JobType::EnhancedKyc),
            &recorded,
            Timestamp::UNIX_EPOCH,
            beside,
        );
        told.unwrap().kyc_receipt
    };
    assert!(receipt("1012").is_some() && receipt("1013").is_some());
    assert_eq!(receipt("1015"), None);
}

#[test]
fn what_is_no_result_is_told() {
    let told = webhook(
        &job(JobType::Enrolment),
        b"[]",
        Timestamp::UNIX_EPOCH,
        Beside::default(),
    );
    assert!(told.is_err());
}
