//! Tokens, questions, and what else is asked.

use std::time::Duration;

use selfsame_client::Connection;
use selfsame_client::v3::{
    Binding, Decision, FraudKind, FraudReport, Payload, Product, RefusalReason, TokenMinter, Wanted,
};
use serde_json::json;

use super::server::{AT_ONCE, Server, status, taken, token};
use super::{JOB, authentication, said};

#[tokio::test]
async fn a_token_that_is_not_taken_is_fetched_once_more_and_no_more() {
    let refusal = || {
        let body = json!({"status": "Unauthorized", "message": "expired"});
        (401, body)
    };
    let server = Server::start(move |_, nth| if nth == 0 { refusal() } else { taken() }).await;
    let accepted = server.client().authenticate(&authentication("ada")).await;
    assert_eq!(accepted.unwrap().job.as_str(), JOB);
    assert_eq!((server.count(), server.wanted().len()), (2, 2));
    server.asked(1, |asked| {
        assert_eq!(asked.header("smileid-token"), Some(token(2).as_str()));
        assert!(asked.fields.contains_key("selfie_image"), "the whole of it");
    });
    let never = Server::start(move |_, _| refusal()).await;
    let error = never.client().authenticate(&authentication("ada")).await;
    let error = error.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.reason, RefusalReason::Unauthenticated);
    assert_eq!(refusal.message, "expired");
    assert_eq!((never.count(), never.wanted().len()), (2, 2));
}

#[tokio::test]
async fn a_token_goes_nowhere_but_to_the_server() {
    let thief = Server::start(|_, _| taken()).await;
    let to = format!("{}/v3/authentication", thief.base);
    let server = Server::start(move |_, _| (307, to.as_str().into())).await;
    let error = server.client().authenticate(&authentication("ada")).await;
    let error = error.unwrap_err();
    assert_eq!(error.refusal().unwrap().reason, RefusalReason::Other);
    assert_eq!(thief.count(), 0);
}

#[tokio::test]
async fn questions_are_asked_again() {
    let server = Server::start(|_, nth| match nth {
        0 => (429, json!({"message": "slow"})),
        1 => (503, json!({})),
        _ => status("block"),
    })
    .await;
    let job = JOB.parse().unwrap();
    let said = server.client().status(&job).await.unwrap();
    assert_eq!(
        (said.status(), said.is_complete(), said.is_clear()),
        ("block", true, false)
    );
    assert_eq!(said.decision(), Some(Decision::Block));
    assert_eq!(server.count(), 3);
    let down = Server::start(|_, _| (503, json!({}))).await;
    assert!(down.client().status(&job).await.is_err());
    assert_eq!(down.count(), 3);
}

#[tokio::test]
async fn a_job_is_followed_until_it_ends_or_the_time_has_passed() {
    let job = JOB.parse().unwrap();
    let server = Server::start(|_, nth| match nth {
        0 => status("not_found"),
        1 => status("processing"),
        2 => (503, json!({})),
        _ => status("clear"),
    })
    .await;
    let client = server.client();
    let ended = client.wait_until_complete(&job, Duration::ZERO);
    let ended = ended.await.unwrap();
    assert!(ended.is_clear() && ended.is_complete());
    assert_eq!((server.count(), server.wanted().len()), (4, 1));
    assert_eq!(server.wanted()[0], Wanted::default());

    let short = Duration::from_millis(50);
    let slow = Server::start(|_, _| status("processing")).await;
    let last = slow
        .client()
        .wait_until_complete(&job, short)
        .await
        .unwrap();
    assert_eq!((last.status(), last.is_complete()), ("processing", false));
    let down = Server::start(|_, _| (503, json!({}))).await;
    let error = down.client().wait_until_complete(&job, short).await;
    assert!(error.is_err());
    let two = Server::start(|asked, nth| match nth {
        0 | 1 => {
            let mut taken = taken();
            taken.1["job_id"] = format!("job_{}", asked.text("user_id").unwrap()).into();
            taken
        }
        _ => status("clear"),
    })
    .await;
    // A job is asked after with its own user's token: another's does not find it.
    let client = two.client();
    let ada = client.authenticate(&authentication("ada")).await.unwrap();
    let bob = client.authenticate(&authentication("bob")).await.unwrap();
    client.status(&ada.job).await.unwrap();
    client.status(&bob.job).await.unwrap();
    let tokens =
        (0..4).map(|at| two.asked(at, |asked| asked.header("smileid-token").map(str::to_owned)));
    let tokens: Vec<_> = tokens.collect();
    assert_eq!(tokens[2..], tokens[..2]);
    assert_eq!(two.wanted().len(), 2);

    let elsewhere = Server::start(|_, _| (404, json!({"status": "Not Found"}))).await;
    let client = elsewhere.client();
    let error = client.wait_until_complete(&job, Duration::ZERO);
    let error = error.await.unwrap_err();
    assert_eq!(error.refusal().unwrap().reason, RefusalReason::NotFound);
}

#[tokio::test]
async fn results_are_sent_again_and_fraud_is_reported() {
    let server = Server::start(|_, _| taken()).await;
    let client = server.client();
    let job = JOB.parse().unwrap();
    assert_eq!(client.replay(&job, None).await.unwrap().message, "m");
    client
        .replay(&job, Some("https://example.com/again"))
        .await
        .unwrap();
    let user = "a/b".parse().unwrap();
    let report = FraudReport::Fraud {
        kind: FraudKind::MuleAccount,
        notes: None,
    };
    client
        .report_fraud(&user, "ops@example.com", &report)
        .await
        .unwrap();
    let cleared = FraudReport::NoFraud {
        notes: "a mistake".to_owned(),
    };
    client
        .report_fraud(&user, "ops@example.com", &cleared)
        .await
        .unwrap();
    // That it was none is not said by a token of the user's; that of the replays is held already.
    let of_user = Wanted {
        product: None,
        user: Some(user.clone()),
    };
    assert_eq!(server.wanted(), [Wanted::default(), of_user]);
    server.asked(0, |asked| {
        assert_eq!(asked.path, format!("/v3/replay/{JOB}"));
        assert_eq!(asked.header("content-type"), None, "no body at all");
    });
    let again = server.asked(1, |asked| asked.text("callback_url"));
    assert_eq!(again.as_deref(), Some("https://example.com/again"));
    server.asked(2, |asked| {
        assert_eq!(asked.path, "/v3/users/a%2Fb/report_fraud");
        assert_eq!(asked.text("is_fraud").as_deref(), Some("true"));
        assert_eq!(asked.text("reason").as_deref(), Some("MULE_ACCOUNT"));
        assert_eq!(
            asked.text("reported_by").as_deref(),
            Some("ops@example.com")
        );
    });
    server.asked(3, |asked| {
        assert_eq!(asked.text("is_fraud").as_deref(), Some("false"));
        assert_eq!(
            (asked.text("reason"), asked.text("notes").as_deref()),
            (None, Some("a mistake"))
        );
    });
}

#[tokio::test]
async fn what_can_be_looked_up_is_told() {
    let server = Server::start(|asked, nth| {
        let endpoint = asked.path.split(['/', '?']).nth(3).unwrap();
        let answer = match endpoint {
            "bank_codes" if nth == 0 => return (503, json!({})),
            "bank_codes" => json!({"bank_codes": [{"code": "044", "country": "NG", "name": "Access Bank"}, {"code": 7}]}),
            "supported_id_types" => json!({"id_types": [{"country": "NG", "type": "BVN", "regex": "^[0-9]{11}$", "required_fields": ["id_number"]}, 5]}),
            "supported_documents" => json!({"valid_documents": [{"country": {"code": "GH", "name": "Ghana"},
                "id_types": [{"code": "PASSPORT", "name": "Passport", "has_back": false}]}]}),
            "id_status" => json!({"last_known_status": "online"}),
            "config" => json!({"consentRequired": {"NG": ["BVN"]}, "idSelection": {"biometric_kyc": {"NG": ["NIN"]}}, "token_provided_fields": ["country"]}),
            _ => return (400, json!({"error": "no such question", "code": "2204"})),
        };
        (200, answer)
    })
    .await;
    let client = server.client();
    let banks = client.bank_codes(Some("NG")).await.unwrap();
    assert_eq!((banks.len(), banks[0].code.as_str()), (1, "044"));
    let types = client.supported_id_types(None).await.unwrap();
    assert_eq!(
        (types[0].name.as_str(), types[0].label.as_str()),
        ("BVN", "BVN")
    );
    assert_eq!(types[0].required_fields, ["id_number"]);
    let documents = client
        .supported_documents(Some("GH"), Some("fr-FR"))
        .await
        .unwrap();
    assert_eq!(documents[0].documents[0].code, "PASSPORT");
    assert!(server.wanted().is_empty(), "these are open to everybody");
    let of_late = client.id_status("NG", "BVN").await.unwrap();
    assert_eq!(of_late.last_known_status.as_deref(), Some("online"));
    let config = client.config(&Wanted::default()).await.unwrap();
    assert!(config.consent_required("NG", "BVN"));
    assert_eq!(config.id_types(Product::BiometricKyc, "NG"), ["NIN"]);
    assert_eq!(config.token_provided_fields(), ["country"]);
    let paths: Vec<String> = (0..6)
        .map(|at| server.asked(at, |asked| asked.path.clone()))
        .collect();
    let expected = [
        "bank_codes?country=NG",
        "bank_codes?country=NG",
        "supported_id_types",
        "supported_documents?country_code=GH&locale=fr-FR",
        "id_status?country=NG&id_type=BVN",
        "config",
    ];
    assert_eq!(paths, expected.map(|path| format!("/v3/services/{path}")));
}

#[tokio::test]
async fn tokens_are_minted_with_the_key_and_bound() {
    let server = Server::start(|_, nth| match nth {
        0 => (503, json!({})),
        3 => (
            401,
            json!({"status": "Unauthorized", "message": "no such key"}),
        ),
        _ => (200, json!({"token": "a.b.c"})),
    })
    .await;
    let minter = TokenMinter::new(Connection {
        server: server.base.parse().unwrap(),
        partner: "2343".parse().unwrap(),
        api_key: "key-1".to_owned(),
    });
    let minter = minter.unwrap().retrying(AT_ONCE);
    assert!(!format!("{minter:?}").contains("key-1"));
    assert_eq!(minter.mint(&Binding::default()).await.unwrap(), "a.b.c");
    server.asked(1, |asked| {
        assert_eq!(asked.path, "/v3/token");
        assert_eq!(asked.header("smileid-partner-id"), Some("2343"));
        assert_eq!(asked.header("smileid-api-key"), Some("key-1"));
        assert_eq!(
            asked.header("content-type"),
            None,
            "nothing is bound: no body"
        );
    });
    let binding = Binding {
        user: Some("ada".parse().unwrap()),
        product: Some(Product::EnhancedKyc),
        partner_params: json!({"order": "7"}),
        allow_new_enroll: Some(false),
        payload: Payload {
            country: Some("NG".to_owned()),
            consent: said().consent,
            ..Payload::default()
        },
    };
    minter.mint(&binding).await.unwrap();
    server.asked(2, |asked| {
        assert_eq!(asked.text("user_id").as_deref(), Some("ada"));
        assert_eq!(asked.text("product").as_deref(), Some("enhanced_kyc"));
        assert_eq!(asked.json("partner_params"), json!({"order": "7"}));
        assert_eq!(asked.text("allow_new_enroll").as_deref(), Some("false"));
        let payload = asked.json("payload");
        assert_eq!(
            (
                payload["country"].as_str(),
                payload["consent"]["granted"].as_bool()
            ),
            (Some("NG"), Some(true))
        );
        assert_eq!(
            payload.as_object().unwrap().len(),
            2,
            "what is not fixed is not there"
        );
    });
    let error = minter.mint(&binding).await.unwrap_err();
    assert_eq!(
        error.refusal().unwrap().reason,
        RefusalReason::Unauthenticated
    );
    assert_eq!(server.count(), 4);
}
