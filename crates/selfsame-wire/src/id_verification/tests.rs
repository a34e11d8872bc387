//! Bodies as the public clients make them.

use serde_json::{Value, json};

use super::*;

fn read(lookup: Lookup, body: &Value) -> Result<IdVerificationRequest, WireError> {
    let body = body.to_string();
    IdVerificationRequest::parse(body.as_bytes(), lookup, HeaderAuth::default())
}

fn number(request: &IdVerificationRequest) -> &str {
    request.id_info.id_number.as_ref().unwrap().reveal()
}

/// smile-id-core 3.0.1, `IdApi.submit_job`.
fn python() -> Value {
    json!({
        "signature": "c2ln", "timestamp": "2026-01-31T12:00:00.000000+00:00", "partner_id": "2343",
        "partner_params": {"user_id": "u", "job_id": "j", "job_type": 5, "order": [7]},
        "source_sdk": "Python", "source_sdk_version": "3.0.1",
        "first_name": "Joe", "middle_name": "", "last_name": "Leo", "country": "NG", "id_type": "NIN",
        "id_number": "00000000000", "dob": "2000-09-20", "phone_number": "", "entered": true,
    })
}

#[test]
fn reads_what_the_python_client_sends() {
    let request = read(Lookup::Enhanced, &python()).unwrap();
    assert_eq!(number(&request), "00000000000");
    assert_eq!(request.id_info.text("first_name"), Some("Joe"));
    assert_eq!(request.id_info.text("middle_name"), None);
    assert_eq!(request.user_id.unwrap().as_str(), "u");
    assert!(request.partner_params.as_json().contains("\"order\":[7]"));
    assert_eq!(request.callback_url, None);
    assert_eq!(request.source_sdk.as_deref(), Some("Python"));
}

/// smile-identity-core 3.2.1 of npm, `IDApi.submit_job` and `submitAsyncjob`: `job_type` may be text, `entered` too.
#[test]
fn reads_what_the_javascript_client_sends() {
    let mut body = json!({
        "partner_id": "2343", "partner_params": {"user_id": "u", "job_id": "j", "job_type": "5"},
        "first_name": "", "country": "KE", "id_type": "NATIONAL_ID", "id_number": "00000000", "entered": "true",
        "timestamp": "2026-01-31T12:00:00.000Z", "signature": "c2ln",
        "source_sdk": "javascript", "source_sdk_version": "3.2.1",
    });
    let request = read(Lookup::Enhanced, &body).unwrap();
    assert_eq!(request.id_info.country.unwrap().as_str(), "KE");
    body["callback_url"] = "https://example.com/smile".into();
    let request = IdVerificationRequest::parse(
        body.to_string().as_bytes(),
        Lookup::Enhanced,
        HeaderAuth::default(),
    );
    let url = request.unwrap().callback_url;
    assert_eq!(url.as_deref(), Some("https://example.com/smile"));
}

/// smile-identity-core 4.0.3 of PHP always sends its default callback, and says its language.
#[test]
fn reads_what_the_php_client_sends() {
    let body = json!({
        "language": "php", "callback_url": "", "partner_params": {"user_id": "u", "job_id": "j", "job_type": 5},
        "partner_id": "2343", "source_sdk": "php", "source_sdk_version": "4.0.3", "country": "GH", "id_type": "SSNIT",
        "id_number": "C000000000000", "entered": true, "timestamp": "2026-01-31T12:00:00.000+00:00", "signature": "c2ln",
    });
    assert_eq!(
        read(Lookup::Enhanced, &body).unwrap().callback_url,
        None,
        "an empty callback is none"
    );
}

/// smile-identity-core of Ruby writes times as Ruby prints them; in its async form a callback comes along with the ID's fields only.
#[test]
fn reads_what_the_ruby_client_sends() {
    let body = json!({
        "signature": "c2ln", "timestamp": "2026-01-31 12:00:00 +0000", "first_name": "Joe", "country": "NG",
        "id_type": "BANK_ACCOUNT", "id_number": "0000000000", "bank_code": "044", "callback_url": "https://example.com/r",
        "partner_id": "2343", "partner_params": {"user_id": "u", "job_id": "j", "job_type": 5},
        "source_sdk": "Ruby", "source_sdk_version": "2.2.2",
    });
    let request = read(Lookup::Enhanced, &body).unwrap();
    assert_eq!(request.id_info.text("bank_code"), Some("044"));
    assert_eq!(
        request.callback_url.as_deref(),
        Some("https://example.com/r")
    );
}

/// The mobile SDKs of version 11: times as milliseconds, the consent, and metadata of any kind.
#[test]
fn reads_what_the_mobile_sdks_send() {
    let body = json!({
        "country": "NG", "id_type": "BVN_MFA", "id_number": "00000000000", "first_name": null, "dob": null, "bank_code": null,
        "session_id": "s-1", "callback_url": null,
        "partner_params": {"job_id": "j", "user_id": "u", "job_type": 5}, "partner_id": "2343", "source_sdk": "android",
        "source_sdk_version": "11.1.0", "timestamp": "1769860800000", "signature": "c2ln",
        "consent_information": {"consented": {"consent_granted_date": "2026-01-31T12:00:00.000Z", "personal_details": true,
            "contact_information": true, "document_information": true}},
        "metadata": [{"name": "device_model", "value": "x", "timestamp": "t"}, {"name": "n", "value": [1, {"a": true}]}],
    });
    let request = read(Lookup::Enhanced, &body).unwrap();
    assert_eq!(request.id_info.text("session_id"), Some("s-1"));
    assert!(
        request
            .consent
            .unwrap()
            .get()
            .contains("\"personal_details\":true")
    );
    assert!(request.metadata.unwrap().get().contains("device_model"));
}

/// The public web embed proves itself with a token, which says where the result goes.
#[test]
fn reads_what_the_embed_sends() {
    let body = json!({
        "token": "a.b.c", "partner_id": "2343", "partner_params": {"user_id": "u", "job_id": "j", "job_type": 5},
        "country": "NG", "id_type": "NIN", "id_number": "00000000000", "first_name": "Joe", "last_name": "Leo",
        "dob": "2000-09-20", "day": "20", "month": "09", "year": "2000", "gender": "M", "source_sdk": "hosted_web",
        "consent_information": {"consented": {"personal_details": true}},
    });
    for lookup in [Lookup::Enhanced, Lookup::Basic] {
        let request = IdVerificationRequest::parse(
            body.to_string().as_bytes(),
            lookup,
            HeaderAuth::default(),
        )
        .unwrap();
        assert_eq!(request.auth, Auth::Token("a.b.c".to_owned()));
        assert_eq!(request.id_info.text("year"), Some("2000"));
        assert_eq!(request.callback_url, None);
    }
}

/// smile-id-core 3.0.1, `BusinessVerification.submit_job`.
#[test]
fn reads_what_is_asked_of_a_business() {
    let mut body = json!({
        "signature": "c2ln", "timestamp": "2026-01-31T12:00:00+00:00", "partner_id": "2343",
        "partner_params": {"user_id": "u", "job_id": "j", "job_type": 7}, "source_sdk": "Python", "source_sdk_version": "3.0.1",
        "country": "NG", "id_type": "BUSINESS_REGISTRATION", "id_number": "0000000", "business_type": "co",
    });
    let request = read(Lookup::Business, &body).unwrap();
    assert_eq!(request.id_info.text("business_type"), Some("co"));
    body["id_number"] = "".into();
    let error = read(Lookup::Business, &body).unwrap_err();
    assert_eq!(error.to_string(), "2413: id_number is required");
    body["partner_params"]["job_type"] = 5.into();
    let error = read(Lookup::Business, &body).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2212: partner_params.job_type must be 7 here, and is 5"
    );
}

/// As integrators call it: the proof in headers, no partner parameters.
#[test]
fn reads_what_is_asked_of_a_telephone_number() {
    let body = json!({
        "callback_url": "https://example.com/p", "country": "ZA", "phone_number": "0000000000", "operator": null,
        "match_fields": {"first_name": "Joe", "last_name": "Leo", "other_name": "Doe", "id_number": "0000000000000"},
    });
    let headers = HeaderAuth {
        partner_id: Some("2343"),
        timestamp: Some("2026-01-31T12:00:00Z"),
        signature: Some("c2ln"),
    };
    let parse = |body: &Value| {
        IdVerificationRequest::parse(body.to_string().as_bytes(), Lookup::Phone, headers)
    };
    let request = parse(&body).unwrap();
    assert_eq!(number(&request), "0000000000");
    assert_eq!(
        request.id_info.id_type.as_ref().unwrap().as_str(),
        "PHONE_NUMBER"
    );
    for (field, value) in [
        ("first_name", "Joe"),
        ("last_name", "Leo"),
        ("middle_name", "Doe"),
        ("owner_id_number", "0000000000000"),
    ] {
        assert_eq!(request.id_info.text(field), Some(value), "{field}");
    }
    assert_eq!(request.id_info.text("phone_number"), None);
    assert!(request.job_id.is_none() && request.user_id.is_none());
    let missing = parse(&json!({"country": "ZA", "callback_url": "https://example.com/p"}));
    assert_eq!(
        missing.unwrap_err().to_string(),
        "2413: phone_number is required"
    );
    let other = json!({"partner_id": "9", "country": "ZA", "phone_number": "1"});
    assert!(
        parse(&other)
            .unwrap_err()
            .message
            .contains("smileid-partner-id")
    );
}

#[test]
fn basic_kyc_may_leave_the_job_type_out() {
    let mut body = python();
    body["partner_params"] = json!({"job_id": "j", "user_id": "u"});
    assert!(read(Lookup::Basic, &body).is_ok());
    let v1 = read(Lookup::Enhanced, &body).unwrap_err();
    assert_eq!(v1.to_string(), "2213: partner_params.job_type is required");
}

#[test]
fn each_fault_has_its_code() {
    let fault = |change: &dyn Fn(&mut Value)| {
        let mut body = python();
        change(&mut body);
        read(Lookup::Enhanced, &body).map_or_else(|e| e.to_string(), |_| "ok".to_owned())
    };
    assert_eq!(fault(&|_| {}), "ok");
    for name in ["country", "id_type", "id_number", "partner_id", "signature"] {
        let absent = fault(&|b| b[name] = Value::Null);
        assert_eq!(absent, format!("2213: {name} is required"));
    }
    for name in ["partner_params.job_id", "partner_params.user_id"] {
        let within = name.split('.').next_back().unwrap();
        let absent = fault(&|b| b["partner_params"][within] = "".into());
        assert_eq!(absent, format!("2213: {name} is required"));
    }
    assert!(fault(&|b| b["partner_params"] = Value::Null).starts_with("2213"));
    assert!(fault(&|b| b["country"] = "Nigeria".into()).starts_with("2204: country must be"));
    assert!(fault(&|b| b["id_number"] = json!(["1"])).starts_with("2204: id_number"));
    assert!(fault(&|b| b["consent_information"] = "yes".into()).starts_with("2204: consent"));
    assert!(fault(&|b| b["metadata"] = json!({})).starts_with("2204: metadata must be a list"));
    assert!(fault(&|b| b["partner_params"]["job_type"] = 1.into()).starts_with("2212"));
    assert!(
        fault(&|b| {
            b["signature"] = Value::Null;
            b["sec_key"] = "x".into();
        })
        .starts_with("2205")
    );
}

#[test]
fn a_result_that_is_told_nowhere_else_needs_a_callback() {
    let needs = |request: &IdVerificationRequest, delivery, default| {
        request
            .needs_callback(delivery, default)
            .map_err(|e| e.to_string())
    };
    let mut request = read(Lookup::Enhanced, &python()).unwrap();
    assert_eq!(
        needs(&request, Delivery::Callback, false).unwrap_err(),
        "2213: callback_url is required"
    );
    assert_eq!(needs(&request, Delivery::Callback, true), Ok(()));
    assert_eq!(needs(&request, Delivery::Answer, false), Ok(()));
    request.lookup = Lookup::Business;
    assert_eq!(
        needs(&request, Delivery::Callback, false).unwrap_err(),
        "2413: callback_url is required"
    );
    request.callback_url = Some("https://a.example/".to_owned());
    assert_eq!(needs(&request, Delivery::Callback, false), Ok(()));
    request.callback_url = None;
    request.auth = Auth::Token("a.b.c".to_owned());
    assert_eq!(needs(&request, Delivery::Callback, false), Ok(()));
}

#[test]
fn nothing_personal_is_printed() {
    let printed = format!("{:?}", read(Lookup::Enhanced, &python()).unwrap());
    for secret in ["Joe", "00000000000", "2000-09-20"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_break_it(bytes: Vec<u8>, phone: bool) {
        let lookup = if phone { Lookup::Phone } else { Lookup::Enhanced };
        let _ = IdVerificationRequest::parse(&bytes, lookup, HeaderAuth::default());
    }

    #[test]
    fn whatever_the_texts_are_it_reads_or_names_a_field(name in "[a-z_]{1,20}", text in "\\PC{0,300}") {
        let mut body = python();
        body[name] = text.into();
        if let Err(error) = read(Lookup::Enhanced, &body) {
            proptest::prop_assert!(["2204", "2205", "2213"].contains(&error.code.code()), "{error}");
        }
    }
}
