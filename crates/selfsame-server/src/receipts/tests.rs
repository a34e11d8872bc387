use selfsame_job::callback_url::CallbackUrls;
use selfsame_job::identity::{Answer, IdentityQuery, IdentityRecord, Lookup};
use selfsame_job::job::{Api, JobRequest, JobState};
use selfsame_job::outcome::{Identified, of_lookup};
use selfsame_job::product::Wanted;
use selfsame_job::user::UserKey;
use selfsame_receipt::VerifyError;
use selfsame_wire::id::{Environment, JobId, PartnerId, UserId};
use selfsame_wire::id_info::{Country, IdInfo, IdNumber, IdType};
use selfsame_wire::signature::ApiKey;
use serde_json::{Value, json};

use super::*;

fn partner() -> Partner {
    Partner {
        id: PartnerId::new("p").unwrap(),
        name: "Example Bank".to_owned(),
        production_enabled: true,
        signs_bodies: false,
        callback_urls: CallbackUrls::default(),
        sandbox_key: ApiKey::new("s"),
        production_key: ApiKey::new("k"),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn job(job_type: JobType) -> Job {
    let mut request = JobRequest::new(Api::V1, serde_json::from_str("{}").unwrap());
    let consent =
        r#"{"consented":{"consent_granted_date":"2026-11-01T10:00:00Z","personal_details":true}}"#;
    request.consent = Some(serde_json::from_str(consent).unwrap());
    Job {
        smile_job_id: SmileJobId::new("s1").unwrap(),
        user: UserKey {
            partner: PartnerId::new("p").unwrap(),
            environment: Environment::Production,
            user: UserId::new("PLANTED-user").unwrap(),
        },
        job_id: JobId::new("j1").unwrap(),
        job_type,
        request,
        state: JobState::Done,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn outcome(answer: Answer, wanted: Wanted) -> JobOutcome {
    let given = IdInfo {
        country: Country::new("NG"),
        id_type: IdType::new("NIN"),
        id_number: IdNumber::new("12345678901"),
        first_name: Some("Joe".to_owned()),
        last_name: Some("Plantedname".to_owned()),
        ..IdInfo::default()
    };
    let lookup = Lookup {
        answer,
        authority: "register".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    };
    let query = IdentityQuery::new(&given).unwrap();
    of_lookup(Identified::new(Some(query), Some(lookup), wanted), true)
}

fn found() -> Answer {
    Answer::Found(Box::new(IdentityRecord {
        full_name: Some("Joe Plantedname".to_owned()),
        date_of_birth: Some("1990-PLANTED".to_owned()),
        ..IdentityRecord::default()
    }))
}

fn policies(mode: &str) -> Policies {
    let text = format!("name = \"a\"\nversion = \"1\"\n[defaults.receipt]\nmode = \"{mode}\"\n");
    Policies::parse(&text).unwrap()
}

fn link(policies: &Policies, job: &Job, outcome: &JobOutcome) -> Option<String> {
    let base = Origin("https://selfie.example".to_owned());
    let links = ReceiptLinks {
        policies,
        ttl: Duration::from_secs(60),
        base: &base,
    };
    links.link(&partner(), job, outcome)
}

#[test]
fn what_an_authority_answered_has_a_receipt_and_nothing_else() {
    let full = policies("full");
    let enhanced = job(JobType::EnhancedKyc);
    let has = |answer| link(&full, &enhanced, &outcome(answer, Wanted::Record)).is_some();
    assert!(has(found()) && has(Answer::NotFound));
    assert!(!has(Answer::Unavailable) && !has(Answer::NotEnabled));
    assert!(!has(Answer::Malformed("so".to_owned())));
    let answered = outcome(found(), Wanted::Record);
    assert_eq!(link(&policies("off"), &enhanced, &answered), None);
    // The first step of a job with a face ends nothing.
    let mut step = outcome(found(), Wanted::Record);
    step.is_final = false;
    assert_eq!(link(&full, &job(JobType::BiometricKyc), &step), None);
    let erased = answered.erased(selfsame_job::erasure::Erasure::UserDeleted);
    assert_eq!(link(&full, &enhanced, &erased), None);
}

#[test]
fn a_link_opens_for_its_partner_until_it_ends() {
    let enhanced = job(JobType::EnhancedKyc);
    let answered = outcome(found(), Wanted::Record);
    let link = link(&policies("full"), &enhanced, &answered).unwrap();
    let sealed = link
        .strip_prefix("https://selfie.example/v1/receipt/")
        .unwrap();
    let now = Timestamp::now();
    let open = |key: &ApiKey, at| sealed_link::open::<SmileJobId>(key, PURPOSE, sealed, at);
    let partner = partner();
    assert_eq!(
        open(&partner.production_key, now),
        Some(enhanced.smile_job_id)
    );
    assert_eq!(open(&partner.sandbox_key, now), None);
    let later = now + Duration::from_secs(61);
    assert_eq!(open(&partner.production_key, later), None);
}

#[test]
fn a_consent_that_was_withheld_is_in_no_receipt() {
    const AT: &str = "2026-11-01T10:00:00Z";
    let told = |consent: &Value| {
        let mut job = job(JobType::EnhancedKyc);
        job.request.consent = Some(serde_json::from_str(&consent.to_string()).unwrap());
        let outcome = outcome(found(), Wanted::Record);
        let full = ReceiptMode::Full;
        contents::receipt(&partner(), &job, &outcome, Timestamp::UNIX_EPOCH, full).consent
    };
    for given in [
        json!({"consented": {"consent_granted_date": AT}}),
        json!({"consented": {"consent_granted_date": AT, "personal_details": "TRUE", "contact_information": false}}),
        json!({"consent_granted_date": AT, "personal_details": null, "document_information": true}),
        json!({"granted": true, "granted_at": AT}),
    ] {
        assert!(told(&given).is_some(), "{given}");
    }
    let none = json!({"consent_granted_date": AT, "personal_details": false, "contact_information": false, "document_information": false});
    for withheld in [
        json!({"consented": none}),
        none,
        json!({"consented": {"consent_granted_date": AT, "personal_details": "false"}}),
        json!({"granted": false, "granted_at": AT}),
        json!({"consented": {"personal_details": true}}),
    ] {
        assert!(told(&withheld).is_none(), "{withheld}");
    }
}

#[test]
fn a_receipt_tells_what_the_policy_lets_it_and_is_the_same_each_time() {
    let key = SigningKey::from_seed(&[7; 32]).unwrap();
    let enhanced = job(JobType::EnhancedKyc);
    let signed = |mode| {
        let outcome = outcome(found(), Wanted::Record);
        let ended = Timestamp::UNIX_EPOCH;
        contents::receipt(&partner(), &enhanced, &outcome, ended, mode)
            .sign(&key)
            .unwrap()
    };
    let full = signed(ReceiptMode::Full);
    assert_eq!(full.token(), signed(ReceiptMode::Full).token());
    let asked = json!({
        "country": "NG", "id_type": "NIN", "number": "••••8901", "authority": "register", "answered_at": "1970-01-01T00:00:00Z",
    });
    let mut expected = json!({
        "reference": "s1", "issued_at": "1970-01-01T00:00:00Z", "partner": "Example Bank", "environment": "production",
        "job_id": "j1", "user_id": "PLANTED-user", "product": "Enhanced KYC", "asked": asked,
        "outcome": {"code": "1012", "text": "ID number validated"},
        "checks": [
            {"name": "Verify ID Number", "value": "Verified"}, {"name": "Return Personal Info", "value": "Returned"},
        ],
        "matched": [{"name": "Names", "value": "the same"}],
        "consent": {"granted_at": "2026-11-01T10:00:00Z", "by": "the request"},
        "digests": {},
    });
    assert_eq!(json!(full.receipt()), expected);
    let bare = signed(ReceiptMode::Outcome);
    expected["user_id"] = "".into();
    let hidden = expected["asked"].as_object_mut().unwrap();
    hidden.remove("number");
    expected.as_object_mut().unwrap().remove("matched");
    assert_eq!(json!(bare.receipt()), expected);
    for shown in [full.to_html(), bare.to_html()] {
        assert!(!shown.contains("Plantedname") && !shown.contains("1990"));
        assert!(!shown.contains("12345678901"));
    }
    assert!(!bare.to_html().contains("PLANTED") && !bare.to_html().contains("8901"));
    for file in [full.to_html().into_bytes(), full.to_pdf()] {
        let read = SignedReceipt::verify(&file, &[*key.public()]).unwrap();
        assert_eq!(read.receipt(), full.receipt());
        let other = SigningKey::from_seed(&[8; 32]).unwrap();
        assert!(matches!(
            SignedReceipt::verify(&file, &[*other.public()]),
            Err(VerifyError::UnknownKey(_))
        ));
    }
}
