//! MOSIP's adapter against a stand-in that is written from the specification. `tests/oracle` holds the stand-in to MOSIP's own client.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod ida;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ida::{Call, Ida, JOE, PATH, PICTURE, TRANSACTION, file};
use ring::signature::RSA_PKCS1_SHA256;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use selfsame_authority::config::Place;
use selfsame_authority::mosip::{Mosip, MosipSettings};
use selfsame_authority::{AskError, Asking, Authority as _};
use selfsame_job::identity::{Answer, FieldMatch, FieldMatches, IdentityQuery};
use selfsame_wire::id::{Environment, PartnerId, SmileJobId};
use selfsame_wire::id_info::IdInfo;
use selfsame_wire::partner_params::PartnerParams;
use serde_json::{Value, json};

/// What no error may hold.
const SECRETS: [&str; 8] = [
    "Joe",
    "Leo",
    JOE,
    "1999",
    "0911",
    "licence-key",
    "api-key",
    "111111",
];

fn asking(given: &Value) -> Asking {
    let mut all = json!({"country": "ET", "id_type": "FAYDA", "id_number": JOE});
    all.as_object_mut()
        .unwrap()
        .extend(given.as_object().unwrap().clone());
    let info = IdInfo::parse(all.to_string().as_bytes(), "").unwrap();
    Asking {
        query: IdentityQuery::new(&info).unwrap(),
        partner: PartnerId::new("042").unwrap(),
        environment: Environment::Production,
        smile_job_id: SmileJobId::new("0000000201").unwrap(),
        partner_params: PartnerParams::parse("{}").unwrap(),
    }
}

fn joe() -> Asking {
    asking(&json!({"first_name": "Joe", "last_name": "Leo", "dob": "1999-01-31"}))
}

/// The adapter for an address; `secrets` holds the files of the keys.
fn mosip(address: &str, more: &str, timeout: Duration) -> Mosip {
    let secrets = tempfile::tempdir().unwrap();
    let licence_key = secrets.path().join("licence-key");
    let api_key = secrets.path().join("api-key");
    std::fs::write(&licence_key, "licence-key\n").unwrap();
    std::fs::write(&api_key, "api-key\n").unwrap();
    let settings = format!(
        "address = \"{address}\"\nmisp_licence_key = {{ file = \"{}\" }}\npartner_id = \"partner-1\"\napi_key = {{ file = \"{}\" }}\n\
         ida_certificate = \"test-only-ida.crt.pem\"\npartner_certificate = \"test-only-partner.crt.pem\"\n\
         partner_key = {{ file = \"test-only-partner.key.pem\" }}\nconsent_is_obtained = true\nenv = \"Staging\"\n\
         id_types = {{ FAYDA = \"UIN\" }}\n",
        licence_key.display(),
        api_key.display()
    );
    let mut settings: toml::Table = settings.parse().unwrap();
    settings.extend(more.parse::<toml::Table>().unwrap());
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    let place = Place::file(&keys).within("authority").within("m");
    let settings: MosipSettings = place.read(settings).unwrap();
    Mosip::new(settings, timeout, &place).unwrap()
}

async fn listening(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// The stand-in, and the adapter for it.
async fn pair(more: &str) -> (Arc<Ida>, Mosip) {
    let ida = Arc::new(Ida::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(ida::serve(Arc::clone(&ida), listener));
    (ida, mosip(&address, more, Duration::from_secs(60)))
}

fn tells_nothing(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_person_passes_and_its_record_comes_back() {
    let (ida, mosip) = pair("").await;
    tells_nothing(&format!("{mosip:?}"));
    let proofs = [
        joe(),
        asking(&json!({"session_id": format!("{TRANSACTION}:111111")})),
    ];
    for asking in &proofs {
        let Ok(Answer::Found(record)) = mosip.ask(asking).await else {
            panic!("not found");
        };
        assert_eq!(record.full_name.as_deref(), Some("Joe Leo"));
        assert_eq!(record.date_of_birth.as_deref(), Some("1999-01-31"));
        assert_eq!(record.gender.as_deref(), Some("M"));
        assert_eq!(record.phone_number.as_deref(), Some("0911234567"));
        assert_eq!(record.address.as_deref(), Some("1 Road, Town"));
        assert_eq!(record.photo.as_ref().unwrap().0.as_ref(), PICTURE);
        assert_eq!(record.full_data["name_fra"], "Joël Léo");
    }
    // A question that is repeated is the same transaction, and is encrypted anew.
    mosip.ask(&joe()).await.unwrap();
    let calls = ida.calls.lock().unwrap();
    let body = |at: usize| serde_json::from_slice::<Value>(&calls[at].body).unwrap();
    assert_eq!(body(0)["transactionID"], body(2)["transactionID"]);
    assert_ne!(body(0)["request"], body(2)["request"]);
    assert_ne!(body(0)["requestSessionKey"], body(2)["requestSessionKey"]);
    assert_eq!(body(1)["transactionID"], TRANSACTION);
    let sent = String::from_utf8(calls[0].body.clone()).unwrap();
    // As words: a few letters may stand inside base64 by chance.
    let mut words = sent.split(|c: char| !c.is_ascii_alphanumeric());
    assert!(
        !words.any(|word| ["Joe", "Leo", "1999"].contains(&word)) && !sent.contains("19990131"),
        "what a person says goes encrypted: {sent}"
    );
}

#[tokio::test]
async fn who_does_not_pass_is_told_why() {
    let (_, mosip) = pair("").await;
    let person = |number: &str, last_name: &str, dob: &str| {
        asking(
            &json!({"id_number": number, "first_name": "Joe", "last_name": last_name, "dob": dob}),
        )
    };
    let compared = |names: FieldMatch, dob: FieldMatch| {
        Answer::Compared(FieldMatches {
            names,
            dob,
            ..FieldMatches::NOT_DONE
        })
    };
    for (asking, expected) in [
        (person("2222222222", "Leo", "1999-01-31"), Answer::NotFound),
        (person("1111111111", "Leo", "1999-01-31"), Answer::NotFound),
        (
            person(JOE, "Lee", "1999-01-31"),
            compared(FieldMatch::NoMatch, FieldMatch::Exact),
        ),
        (
            person(JOE, "Leo", "1999-01-30"),
            compared(FieldMatch::Exact, FieldMatch::NoMatch),
        ),
    ] {
        assert_eq!(mosip.ask(&asking).await, Ok(expected));
    }
    for (asking, said) in [
        (person("123", "Leo", "1999-01-31"), "the number is none"),
        (person(JOE, "Leo", ""), "dob must be given"),
        (
            asking(&json!({"session_id": format!("{TRANSACTION}:222222")})),
            "the one-time password is wrong",
        ),
        (
            asking(&json!({"session_id": "0000000000:111111"})),
            "the one-time password is wrong",
        ),
        (
            asking(&json!({"session_id": "111111"})),
            "session_id must be",
        ),
    ] {
        let Ok(Answer::Malformed(why)) = mosip.ask(&asking).await else {
            panic!("{said}: another answer");
        };
        assert!(why.starts_with(said), "{why}");
    }
}

#[tokio::test]
async fn wrong_settings_are_told_from_wrong_people() {
    for (more, code) in [
        ("partner_id = \"partner-2\"", "IDA-MPA-009"),
        ("env = \"Developer\"", "IDA-MLC-009"),
        ("id_types = {}", "IDA-MLC-015"),
        (
            "ida_certificate = \"test-only-stranger.crt.pem\"",
            "IDA-MPA-003",
        ),
        (
            "partner_certificate = \"test-only-stranger.crt.pem\"\npartner_key = { file = \"test-only-stranger.key.pem\" }",
            "IDA-MPA-021",
        ),
    ] {
        let (_, mosip) = pair(more).await;
        let error = mosip.ask(&joe()).await.unwrap_err();
        assert!(
            matches!(&error, AskError::Refused(why) if why.starts_with(code)),
            "{more}: {error}"
        );
        tells_nothing(&error.to_string());
    }
}

/// Signs another body as the partner.
fn signed_again(body: &Value, by: &str) -> Call {
    let PrivateKeyDer::Pkcs8(key) =
        PrivateKeyDer::from_pem_slice(&file(&format!("{by}.key"))).unwrap()
    else {
        panic!("the key is none of PKCS #8");
    };
    let key = ring::rsa::KeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let certificate = base64::engine::general_purpose::STANDARD.encode(file(&format!("{by}.crt")));
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": "RS256", "x5c": [certificate]}).to_string());
    let body = body.to_string().into_bytes();
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(&body));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &ring::rand::SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    Call {
        path: PATH.to_owned(),
        signature: format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature)),
        authorization: "x".to_owned(),
        body,
    }
}

#[tokio::test]
async fn the_stand_in_refuses_what_is_altered() {
    let (ida, mosip) = pair("").await;
    for _ in 0..2 {
        mosip.ask(&joe()).await.unwrap();
    }
    let calls = ida.calls.lock().unwrap().clone();
    let code = |call: &Call| {
        ida.answer(call)["errors"][0]["errorCode"]
            .as_str()
            .map(str::to_owned)
    };
    assert_eq!(code(&calls[0]), None);

    // Without a new signature nothing may change, and nobody else may sign.
    let mut altered = calls[0].clone();
    let at = altered.body.len() / 2;
    altered.body[at] ^= 1;
    assert_eq!(code(&altered).as_deref(), Some("IDA-MPA-001"));
    let swapped = Call {
        signature: calls[1].signature.clone(),
        ..calls[0].clone()
    };
    assert_eq!(code(&swapped).as_deref(), Some("IDA-MPA-001"));
    let mut attached = calls[0].clone();
    attached.signature = attached.signature.replacen("..", ".e30.", 1);
    assert_eq!(code(&attached).as_deref(), Some("IDA-MPA-001"));
    let bare = Call {
        authorization: String::new(),
        ..calls[0].clone()
    };
    assert_eq!(code(&bare).as_deref(), Some("IDA-MLC-006"));

    let body: Value = serde_json::from_slice(&calls[0].body).unwrap();
    let other: Value = serde_json::from_slice(&calls[1].body).unwrap();
    assert_eq!(code(&signed_again(&body, "partner")), None);
    assert_eq!(
        code(&signed_again(&body, "stranger")).as_deref(),
        Some("IDA-MPA-021")
    );
    for (field, value, expected) in [
        (
            "requestSessionKey",
            other["requestSessionKey"].clone(),
            "IDA-MPA-003",
        ),
        ("request", other["request"].clone(), "IDA-MPA-003"),
        ("requestHMAC", other["requestHMAC"].clone(), "IDA-MPA-003"),
        ("requestHMAC", body["request"].clone(), "IDA-MPA-016"),
        ("thumbprint", json!("00"), "IDA-MPA-003"),
        ("consentObtained", json!(false), "IDA-MLC-012"),
        (
            "requestTime",
            json!("2020-01-01T00:00:00.000Z"),
            "IDA-MLC-001",
        ),
        ("transactionID", json!("123"), "IDA-MLC-009"),
        ("id", json!("mosip.identity.auth"), "IDA-MLC-009"),
    ] {
        let mut altered = body.clone();
        altered[field] = value;
        assert_eq!(
            code(&signed_again(&altered, "partner")).as_deref(),
            Some(expected),
            "{field}"
        );
    }
}

#[tokio::test]
async fn nonsense_is_told_from_answers() {
    // An answer of another request, and one to another partner.
    let (ida, other) = pair("").await;
    other.ask(&joe()).await.unwrap();
    let mut right = ida.answer(&ida.calls.lock().unwrap()[0].clone());
    let mut misled = right.clone();
    misled["transactionID"] = json!("0987654321");
    let (mut unreadable, mut garbled) = (right.clone(), right.clone());
    unreadable["response"]["identity"] = json!("Joe Leo");
    garbled["response"]["identity"] = json!("A".repeat(64));
    right["response"]["thumbprint"] = json!("00".repeat(32));
    let own = [
        (misled.to_string(), "to another request"),
        (unreadable.to_string(), "no base64"),
        (garbled.to_string(), "cannot be decrypted"),
        (right.to_string(), "encrypts to another certificate"),
        ("<html>Joe Leo</html>".to_owned(), "none of IDA's"),
        (String::new(), "none of IDA's"),
        (
            r#"{"errors":[{"errorCode":"Joe Leo"}]}"#.to_owned(),
            "no error of IDA's",
        ),
        (
            r#"{"response":{"kycStatus":true,"identity":"AAAA"}}"#.to_owned(),
            "without its key",
        ),
    ];
    for (body, said) in own {
        let routes = Router::new().fallback(move || async move { body });
        let mosip = mosip(&listening(routes).await, "", Duration::from_secs(60));
        let error = mosip.ask(&joe()).await.unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
        tells_nothing(&error);
    }
}

#[tokio::test]
async fn answers_have_limits() {
    let huge = Router::new().fallback(|| async { Bytes::from(vec![b' '; 50_000_000]) });
    // Of a length that is not told.
    let endless = Router::new().fallback(|| async {
        let chunks = futures::stream::repeat_with(|| {
            Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 65536]))
        });
        Response::new(Body::from_stream(chunks))
    });
    let elsewhere = Router::new()
        .fallback(|| async { axum::response::Redirect::temporary("http://127.0.0.1:1/") });
    let silent = Router::new().fallback(|| async { std::future::pending::<&str>().await });
    let broken =
        Router::new().fallback(|| async { (axum::http::StatusCode::BAD_GATEWAY, "Joe Leo") });
    for (routes, seconds, said) in [
        (huge, 60, "longer than"),
        (endless, 60, "longer than"),
        (elsewhere, 60, "points elsewhere"),
        (silent, 1, "no answer in time"),
        (broken, 60, "HTTP 502"),
    ] {
        let mosip = mosip(&listening(routes).await, "", Duration::from_secs(seconds));
        let error = mosip.ask(&joe()).await.unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
        tells_nothing(&error);
    }
    let nobody = mosip("http://127.0.0.1:1", "", Duration::from_secs(60));
    assert!(matches!(
        nobody.ask(&joe()).await,
        Err(AskError::Unreachable(_))
    ));
}
