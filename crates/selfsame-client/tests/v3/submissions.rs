//! What is submitted, and what is not.

use selfsame_client::Connection;
use selfsame_client::v3::{
    Authentication, BiometricKyc, Comparison, ComparisonImage, ComparisonImageType, EnhancedKyc,
    Error, Identity, Metadatum, Presented, Product, RefusalReason, Registration, Said, TokenMinter,
};
use serde_json::json;

use super::server::{Server, taken, token};
use super::{JOB, JPEG, authentication, capture, said};

fn identity() -> Identity {
    Identity {
        country: Some("NG".to_owned()),
        id_type: Some("NIN".to_owned()),
        id_number: Some("00000000000".to_owned()),
    }
}

#[tokio::test]
async fn a_submission_is_a_form_as_the_wire_has_it() {
    let server = Server::start(|_, _| taken()).await;
    let png = b"\x89PNG1".to_vec();
    let comparison = Comparison {
        capture: capture(),
        with: ComparisonImage {
            image: png.clone(),
            kind: ComparisonImageType::IdPhoto,
        },
        user: Some("ada".parse().unwrap()),
        allow_new_enroll: true,
        sandbox_result: Some(810),
        said: Said {
            callback_url: Some("https://example.com/c".to_owned()),
            idempotency_key: Some("k-1".to_owned()),
            partner_params: json!({"order": "7"}),
            metadata: vec![Metadatum {
                name: "branch".to_owned(),
                value: json!({"city": "Nairobi"}),
            }],
            ..said()
        },
    };
    let accepted = server.client().compare(&comparison).await.unwrap();
    assert_eq!(
        (accepted.job.as_str(), accepted.user.as_str()),
        (JOB, "ada")
    );
    assert_eq!(
        server.wanted()[0].product,
        Some(Product::SmartSelfieCompare)
    );
    server.asked(0, |asked| {
        assert_eq!(asked.path, "/v3/compare");
        assert_eq!(asked.header("smileid-token"), Some(token(1).as_str()));
        assert_eq!(asked.header("smileid-partner-id"), Some("2343"));
        assert_eq!(asked.header("smileid-source-sdk"), Some("selfsame-rust"));
        assert_eq!(asked.header("smileid-idempotency-key"), Some("k-1"));
        for (name, value) in [
            ("user_id", "ada"),
            ("allow_new_enroll", "true"),
            ("sandbox_result", "810"),
            ("comparison_image_type", "ID_PHOTO"),
            ("callback_url", "https://example.com/c"),
        ] {
            assert_eq!(asked.text(name).as_deref(), Some(value), "{name}");
            let (file, kind, _) = &asked.fields[name][0];
            assert_eq!((file, kind), (&None, &None), "{name} is plain");
        }
        let details = json!({"given_names": "Joe", "last_name": "Léo", "email": "joe@example.com"});
        assert_eq!(asked.json("user_details"), details);
        assert_eq!(asked.json("consent")["notice_language"], "EN");
        assert_eq!(asked.json("partner_params"), json!({"order": "7"}));
        assert_eq!(asked.json("metadata")[0]["value"]["city"], "Nairobi");
        let (file, kind, _) = &asked.fields["consent"][0];
        assert_eq!((file, kind.as_deref()), (&None, Some("application/json")));
        let images = &asked.fields["liveness_images"];
        assert_eq!(images.len(), 2);
        assert!(images.iter().all(|(file, kind, bytes)| file.is_some()
            && kind.as_deref() == Some("image/jpeg")
            && bytes == JPEG));
        let (_, kind, bytes) = &asked.fields["comparison_image"][0];
        assert_eq!((kind.as_deref(), bytes), (Some("image/png"), &png));
    });
}

#[tokio::test]
async fn each_call_goes_where_it_belongs_with_its_user_where_the_wire_wants_it() {
    let server = Server::start(|asked, _| {
        if asked.path.ends_with("/sync") {
            (200, json!({"status": "clear"}))
        } else {
            taken()
        }
    })
    .await;
    let client = server.client();
    let ada = || Some("ada".parse().unwrap());
    let registration = Registration {
        capture: capture(),
        user: ada(),
        allow_new_enroll: false,
        sandbox_result: None,
        said: said(),
    };
    client.register(&registration).await.unwrap();
    let enrolled = Authentication {
        presented: Presented::EnrolledImage,
        said: Said::default(),
        ..authentication("ada")
    };
    client.authenticate(&enrolled).await.unwrap();
    let biometric = BiometricKyc {
        capture: capture(),
        identity: identity(),
        user: ada(),
        sandbox_result: None,
        said: said(),
    };
    client.biometric_kyc(&biometric).await.unwrap();
    let enhanced = EnhancedKyc {
        identity: identity(),
        bank_code: Some("044".to_owned()),
        operator: Some("mtn".to_owned()),
        user: ada(),
        said: said(),
    };
    client.enhanced_kyc(&enhanced).await.unwrap();
    assert!(
        client
            .enhanced_kyc_sync(&enhanced)
            .await
            .unwrap()
            .is_clear()
    );
    let expected = [
        ("/v3/registration", Some("ada")),
        ("/v3/authentication", None),
        ("/v3/biometric_kyc", Some("ada")),
        ("/v3/enhanced_kyc", Some("ada")),
        ("/v3/enhanced_kyc/sync", Some("ada")),
    ];
    for (at, (path, user)) in expected.into_iter().enumerate() {
        server.asked(at, |asked| {
            assert_eq!((asked.path.as_str(), asked.header("user-id")), (path, user));
        });
    }
    server.asked(1, |asked| {
        let names: Vec<&str> = asked.fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["use_enrolled_image", "user_id"]);
    });
    server.asked(3, |asked| {
        for (name, value) in [
            ("id_number", "00000000000"),
            ("bank_code", "044"),
            ("operator", "mtn"),
        ] {
            assert_eq!(asked.text(name).as_deref(), Some(value));
        }
    });
    // One token for each purpose; the two lookups share theirs.
    assert_eq!(server.wanted().len(), 4);
}

#[tokio::test]
async fn what_cannot_be_sent_is_not() {
    let server = Server::start(|_, _| taken()).await;
    let client = server.client();
    let registration = |capture, user: &str| Registration {
        capture,
        user: Some(user.parse().unwrap()),
        allow_new_enroll: false,
        sandbox_result: None,
        said: said(),
    };
    let mut keyed = registration(capture(), "ada");
    keyed.said.idempotency_key = Some("a\r\nb".to_owned());
    let challenged = capture().following("chl_AAAAAAAAAAAAAAAAAAAAAA".parse().unwrap());
    let with_card = capture().with_id_card(JPEG.to_vec(), None);
    for wrong in [
        registration(capture(), "zoë"),
        registration(capture(), " ada"),
        keyed,
        registration(challenged, "ada"),
        registration(with_card, "ada"),
    ] {
        let refused = client.register(&wrong).await;
        assert!(matches!(refused, Err(Error::Argument(_))), "{refused:?}");
    }
    let refused = client.status(&"..".parse().unwrap()).await;
    assert!(matches!(refused, Err(Error::Argument(_))), "{refused:?}");
    let minter = |server: &str| {
        TokenMinter::new(Connection {
            server: server.parse().unwrap(),
            partner: "2343".parse().unwrap(),
            api_key: "key-1".to_owned(),
        })
    };
    let clear = minter("http://faces.example.com");
    assert!(matches!(clear, Err(Error::Argument(_))));
    assert!(minter("https://faces.example.com").is_ok());
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn refusals_say_what_they_mean_and_a_submission_is_not_repeated() {
    use RefusalReason as Reason;
    for (http, reason) in [
        (400, Reason::Invalid),
        (402, Reason::NoFunds),
        (403, Reason::Forbidden),
        (404, Reason::NotFound),
        (408, Reason::Unavailable),
        (409, Reason::Conflict),
        (413, Reason::TooLarge),
        (415, Reason::Invalid),
        (418, Reason::Other),
        (424, Reason::Unavailable),
        (429, Reason::TooOften),
        (500, Reason::Failed),
        (503, Reason::Unavailable),
    ] {
        let server = Server::start(move |_, _| (http, json!({"status": "T", "message": "why"})));
        let server = server.await;
        let error = server.client().authenticate(&authentication("ada")).await;
        let error = error.unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.http_status, refusal.reason), (http, reason));
        assert_eq!(refusal.message, "why");
        assert_eq!(refusal.request_id.as_deref(), Some("r1"));
        assert_eq!(server.count(), 1);
    }
    let strange = Server::start(|_, _| (202, json!({"status": "queued"}))).await;
    let error = strange.client().authenticate(&authentication("ada")).await;
    assert!(matches!(error, Err(Error::Answer(_))), "{error:?}");
}
