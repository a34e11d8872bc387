//! Look-ups that are asked badly, in odd letters, or about telephones and businesses: each has its clear answer, and nothing breaks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use serde_json::{Value, json};

use crate::support::{Server, add_partner, http};

fn asked(server: &Server, job: &str, job_type: u8, id: &Value) -> Value {
    let mut body = server.signed();
    body["partner_id"] = "p".into();
    body["partner_params"] = json!({"user_id": "ada", "job_id": job, "job_type": job_type});
    for (name, value) in id.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_letters_are_read_or_told() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let long = "1".repeat(129);
    for (at, (id, status, code)) in [
        // Small letters and spaces around are what people write.
        (json!({"country": "ng", "id_type": "nin", "id_number": " 00000000000 "}), 200, "1012"),
        // A number without its quotes.
        (json!({"country": "NG", "id_type": "NIN", "id_number": 12345678901_u64}), 200, "1013"),
        (json!({"country": "NG", "id_type": "NIN", "id_number": "００００００００００００"}), 200, "1014"),
        (json!({"country": "NG", "id_type": "NIN", "id_number": "٠٠٠٠٠٠٠٠٠٠٠"}), 200, "1014"),
        (json!({"country": "NG", "id_type": "NIN", "id_number": "0000000000O"}), 200, "1014"),
        (json!({"country": "NG", "id_type": "NIN", "id_number": "' OR 1=1 --"}), 200, "1014"),
        (json!({"country": "NG", "id_type": "NIN", "id_number": "../../etc/passwd"}), 200, "1014"),
        (json!({"country": "NG", "id_type": "NIN", "id_number": "00000000000", "first_name": "Zoë 👩🏾 \u{202e}"}), 200, "1012"),
        // No such type, no such type there.
        (json!({"country": "NG", "id_type": "LIBRARY_CARD", "id_number": "1"}), 200, "1016"),
        (json!({"country": "XX", "id_type": "NIN", "id_number": "00000000000"}), 200, "1016"),
        (json!({"country": "NGA", "id_type": "NIN", "id_number": "00000000000"}), 400, "2204"),
        (json!({"country": "🇳🇬", "id_type": "NIN", "id_number": "00000000000"}), 400, "2204"),
        (json!({"country": "NG", "id_type": "NIN", "id_number": long}), 400, "2204"),
        (json!({"country": "NG", "id_type": "NIN", "id_number": "000\u{0}"}), 400, "2204"),
        (json!({"country": "NG", "id_type": "NIN", "id_number": ["00000000000"]}), 400, "2204"),
        (json!({"country": "NG", "id_type": "NIN", "id_number": "0", "first_name": "x".repeat(300)}), 400, "2204"),
        (json!({"country": "", "id_type": "NIN", "id_number": "00000000000"}), 400, "2213"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = asked(&server, &format!("job-{at}"), 5, &id);
        let (got, answer) = server.post(&http, "/v1/id_verification", &body).await.unwrap();
        assert_eq!(got, status, "{id}: {answer}");
        let told = if status == 200 { "ResultCode" } else { "code" };
        assert_eq!(answer[told], code, "{id}: {answer}");
    }
    // Bytes that are no JSON, or not in UTF-8; and a mark before it, which is passed over.
    let whole = asked(
        &server,
        "bytes",
        5,
        &json!({"country": "NG", "id_type": "NIN", "id_number": "00000000000"}),
    );
    let text = whole.to_string();
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    let deep = format!(
        "{{\"partner_params\":{}{}}}",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    for (bytes, status) in [
        (utf16, 400),
        (b"\xff\xfe{}".to_vec(), 400),
        (text.as_bytes()[..text.len() - 1].to_vec(), 400),
        (deep.into_bytes(), 400),
        (marked, 200),
    ] {
        let url = format!("{}/v1/id_verification", server.base);
        let answer = http.post(url).body(bytes).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
    // Nothing of it is in the log.
    let log = std::fs::read_to_string(data.path().join("server.log")).unwrap();
    for personal in ["00000000000", "12345678901", "Zoë", "OR 1=1"] {
        assert!(!log.contains(personal), "{personal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_id_is_used_once_and_a_repeat_is_the_same_job() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let id = json!({"country": "NG", "id_type": "NIN", "id_number": "00000000000"});
    let body = asked(&server, "once", 5, &id);
    let (_, first) = server
        .post(&http, "/v1/id_verification", &body)
        .await
        .unwrap();
    let mut other = asked(&server, "once", 5, &id);
    other["id_number"] = "00000000001".into();
    let (status, refused) = server
        .post(&http, "/v1/id_verification", &other)
        .await
        .unwrap();
    assert_eq!(
        (status, &refused["code"]),
        (400, &json!("2215")),
        "{refused}"
    );
    let (_, again) = server
        .post(&http, "/v1/id_verification", &body)
        .await
        .unwrap();
    assert_eq!(again["SmileJobID"], first["SmileJobID"]);
    // The same words to another call are another request: this job is taken.
    let (_, refused) = server.post(&http, "/v2/verify", &body).await.unwrap();
    assert_eq!(refused["code"], "2215", "{refused}");
    // Of two requests that name no job, each has its own.
    let mut nameless = asked(&server, "x", 5, &id);
    nameless["partner_params"] = json!({});
    let (_, one) = server.post(&http, "/v2/verify", &nameless).await.unwrap();
    let mut signed_anew = nameless.clone();
    for (name, value) in server.signed().as_object().unwrap() {
        signed_anew[name] = value.clone();
    }
    signed_anew["source_sdk"] = "another".into();
    let (_, two) = server
        .post(&http, "/v2/verify", &signed_anew)
        .await
        .unwrap();
    assert_ne!(one["SmileJobID"], two["SmileJobID"]);
    assert!(one["PartnerParams"]["job_id"].is_string(), "{one}");
}

/// As integrators ask: the proof in headers, and no names.
#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_has_an_owner() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let ask = async |body: Value, signature: Option<&str>| {
        let signed = server.signed();
        let right = signed["signature"].as_str().unwrap();
        let answer = http
            .post(format!("{}/v2/verify-phone-number", server.base))
            .header("smileid-partner-id", "p")
            .header("smileid-timestamp", signed["timestamp"].as_str().unwrap())
            .header("smileid-request-signature", signature.unwrap_or(right))
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let of = |number: &str, first: &str, other: &str, last: &str| {
        json!({"country": "ZA", "phone_number": number,
               "match_fields": {"first_name": first, "other_name": other, "last_name": last}})
    };
    for (number, [first, other, last], code, names) in [
        ("0000000000", ["Joe", "Doe", "Leo"], "1020", "Exact Match"),
        ("0000000000", ["Ada", "Mary", "Obi"], "1022", "No Match"),
        ("0000000001", ["Joe", "Doe", "Leo"], "1023", "Not Done"),
        ("0000000003", ["Joe", "Doe", "Leo"], "1015", "Not Done"),
    ] {
        let (status, result) = ask(of(number, first, other, last), None).await;
        assert_eq!(status, 200, "{result}");
        assert_eq!(result["ResultCode"], code, "{result}");
        assert_eq!(result["Actions"]["Names"], names, "{result}");
        assert!(result.get("FullName").is_none(), "{result}");
    }
    let (status, refused) = ask(json!({"country": "ZA"}), None).await;
    assert_eq!(
        (status, &refused["code"]),
        (400, &json!("2413")),
        "{refused}"
    );
    let (status, _) = ask(of("0000000000", "Joe", "Doe", "Leo"), Some("AAAA")).await;
    assert_eq!(status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_is_looked_up() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let business = |number: &str| json!({"country": "NG", "id_type": "BUSINESS_REGISTRATION", "id_number": number, "business_type": "co"});
    for (number, code, success, verified) in [
        ("0000000", "1012", true, "Verified"),
        ("0000001", "1013", false, "Not Verified"),
        ("0000003", "1015", false, "Issuer Unavailable"),
    ] {
        let body = asked(&server, number, 7, &business(number));
        let (status, result) = server
            .post(&http, "/v1/business_verification", &body)
            .await
            .unwrap();
        assert_eq!(status, 200, "{result}");
        assert_eq!(result["ResultType"], "Business Verification");
        assert_eq!(
            (&result["ResultCode"], &result["success"]),
            (&json!(code), &json!(success)),
            "{result}"
        );
        assert_eq!(result["Actions"]["Verify_Business"], verified, "{result}");
        let name = &result["company_information"]["legal_name"];
        assert_eq!(name.is_string(), success, "{result}");
        for list in [
            "directors",
            "fiduciaries",
            "beneficial_owners",
            "proprietors",
        ] {
            assert!(result[list].is_array(), "{list}: {result}");
        }
        let ended = server.ended(&http, "ada", number).await;
        assert_eq!(ended["result"]["ResultCode"], code);
    }
    let mut person = asked(&server, "person", 5, &business("0000000"));
    let (_, refused) = server
        .post(&http, "/v1/business_verification", &person)
        .await
        .unwrap();
    assert_eq!(refused["code"], "2212", "{refused}");
    person["partner_params"]["job_type"] = 7.into();
    person["id_number"] = Value::Null;
    let (_, refused) = server
        .post(&http, "/v1/business_verification", &person)
        .await
        .unwrap();
    assert_eq!(refused["code"], "2413", "{refused}");
}
