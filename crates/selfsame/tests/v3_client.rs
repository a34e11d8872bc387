//! The Rust client's v3 half against the real server: a token from the partner's service, a submission from where the key is not, the
//! result by webhook.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::time::Duration;

use jiff::Timestamp;
use selfsame_client::callback::CallbackVerifier;
use selfsame_client::v3::{
    Accepted, Authentication, Binding, Client, Consent, EnhancedKyc, Error, FraudKind, FraudReport,
    Payload, Presented, Product, RefusalReason, Registration, RetryPolicy, Said, TokenMinter,
    Tokens, UserDetails, Wanted,
};
use selfsame_client::{Capture, Connection};
use serde_json::json;

use crate::support::{self, Server, add_partner, photographs};

const NOBODYS: &str = "job_01jd8qk3fxe1x8p2v5w7y9z0ab";

fn minter(server: &Server) -> TokenMinter {
    TokenMinter::new(Connection {
        server: server.base.parse().unwrap(),
        partner: support::partner(),
        api_key: server.key.expose().to_owned(),
    })
    .unwrap()
}

/// What runs where the key is not, for a service that binds each token as the function says.
fn holder(server: &Server, bind: impl Fn(Wanted) -> Binding + Send + Sync + 'static) -> Client {
    let minter = minter(server);
    let tokens = Tokens::from_fn(move |wanted| {
        let (minter, binding) = (minter.clone(), bind(wanted));
        async move { minter.mint(&binding).await }
    });
    Client::new(server.base.parse().unwrap(), tokens).unwrap()
}

/// Bound to what is asked for.
fn as_wanted(wanted: Wanted) -> Binding {
    Binding {
        user: wanted.user,
        product: wanted.product,
        ..Binding::default()
    }
}

fn consent() -> Consent {
    Consent {
        granted: true,
        granted_at: Timestamp::now().to_string(),
        notice_language: "EN".to_owned(),
        notice_privacy_policy_url: "https://example.com/privacy".to_owned(),
    }
}

/// A person whom the sandbox knows: what becomes of it is certain.
fn person(given_names: &str, last_name: &str, email: &str) -> UserDetails {
    UserDetails {
        given_names: given_names.to_owned(),
        last_name: last_name.to_owned(),
        email: Some(email.to_owned()),
        phone_number: None,
    }
}

fn clear() -> UserDetails {
    person("Amina Fatou", "Clearwater", "amina.clearwater@example.com")
}

/// A person whom the sandbox does not know: judged for real.
fn anybody() -> UserDetails {
    person("Ann", "Example", "ann@example.com")
}

fn high_risk() -> UserDetails {
    person(
        "Rashid Omar",
        "Dangerfield",
        "rashid.dangerfield@example.com",
    )
}

fn said(details: UserDetails) -> Said {
    Said {
        consent: Some(consent()),
        user_details: Some(details),
        ..Said::default()
    }
}

fn registration(photo: &[u8], user: &str, details: UserDetails) -> Registration {
    Registration {
        capture: capture(photo),
        user: Some(user.parse().unwrap()),
        allow_new_enroll: false,
        sandbox_result: None,
        said: said(details),
    }
}

fn authentication(photo: &[u8], user: &str, details: UserDetails) -> Authentication {
    Authentication {
        presented: Presented::Capture(capture(photo)),
        user: Some(user.parse().unwrap()),
        sandbox_result: None,
        said: said(details),
    }
}

fn capture(photo: &[u8]) -> Capture {
    Capture::from_selfie(photo.to_vec()).with_frames(vec![photo.to_vec(); 8])
}

async fn decided(client: &Client, taken: &Accepted) -> String {
    let status = client.wait_until_complete(&taken.job, Duration::ZERO);
    let status = status.await.unwrap();
    assert!(status.is_complete(), "{status}");
    assert_eq!(status.job_id(), Some(taken.job.as_str()));
    status.status().to_owned()
}

fn reason<T: std::fmt::Debug>(outcome: Result<T, Error>) -> RefusalReason {
    let error = outcome.unwrap_err();
    error.refusal().unwrap_or_else(|| panic!("{error}")).reason
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_submits_and_follows_and_the_webhook_tells_why() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &["--allow-private-callbacks"]);
    let (callback_url, mut callbacks) = support::callbacks().await;
    let to = callback_url.clone();
    // The callback is the service's own, whatever the token's holder says.
    let client = holder(&server, move |wanted| Binding {
        payload: Payload {
            callback_url: Some(to.clone()),
            ..Payload::default()
        },
        ..as_wanted(wanted)
    });
    let mut enrolment = registration(&photo, "ada", clear());
    enrolment.said.partner_params = json!({"order": "7"});
    let taken = client.register(&enrolment).await.unwrap();
    assert_eq!(taken.user.as_str(), "ada");
    assert_eq!(decided(&client, &taken).await, "clear");

    let verifier = CallbackVerifier::new(support::partner(), key.expose());
    let verified = |callback: &support::Callback| {
        let header = |name: &str| callback.headers.get(name)?.to_str().ok();
        verifier.verify_v3(header, &callback.body).unwrap()
    };
    let called = callbacks.recv().await.unwrap();
    let result = verified(&called);
    assert!(result.is_clear(), "{result}");
    assert_eq!(result.product(), Some(Product::SmartSelfieRegistration));
    assert_eq!(
        (result.job_id(), result.user_id()),
        (Some(taken.job.as_str()), Some("ada"))
    );
    assert_eq!(result.partner_params().unwrap()["order"], "7");
    // The one is not taken for the other.
    let header = |name: &str| called.headers.get(name)?.to_str().ok();
    assert!(verifier.verify(header, &called.body).is_err());

    let again = authentication(&photo, "ada", high_risk());
    let taken = client.authenticate(&again).await.unwrap();
    assert_eq!(decided(&client, &taken).await, "block");
    let result = verified(&callbacks.recv().await.unwrap());
    assert_eq!(result.reason(), Some("high_risk"), "{result}");
    support::store::callbacks_are_on_record(data.path()).await;
    client.replay(&taken.job, None).await.unwrap();
    let replayed = verified(&callbacks.recv().await.unwrap());
    assert_eq!(
        (replayed.job_id(), replayed.reason()),
        (result.job_id(), result.reason())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_fixes_may_be_left_out() {
    // Models are not needed, but the server does not start without.
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let (callback_url, _callbacks) = support::callbacks().await;
    let details = clear();
    let client = holder(&server, move |wanted| Binding {
        payload: Payload {
            country: Some("NG".to_owned()),
            id_type: Some("NIN".to_owned()),
            id_number: Some("00000000000".to_owned()),
            given_names: Some(details.given_names.clone()),
            last_name: Some(details.last_name.clone()),
            email: details.email.clone(),
            phone_number: None,
            callback_url: Some(callback_url.clone()),
            consent: Some(consent()),
        },
        ..as_wanted(wanted)
    });
    let taken = client.enhanced_kyc(&EnhancedKyc::default()).await.unwrap();
    assert_eq!(decided(&client, &taken).await, "clear");
    let config = client.config(&Wanted::default()).await.unwrap();
    let fixed = config.token_provided_fields();
    assert!(fixed.contains(&"country"), "{fixed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_they_mean() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &["--allow-private-callbacks"]);
    let (callback_url, _callbacks) = support::callbacks().await;
    let client = holder(&server, as_wanted);
    let mut unknown = authentication(&photo, "nobody", anybody());
    unknown.said.callback_url = Some(callback_url.clone());
    let of = |callback_url: &str, mut enrolment: Registration| {
        enrolment.said.callback_url = Some(callback_url.to_owned());
        enrolment
    };
    assert_eq!(
        reason(client.authenticate(&unknown).await),
        RefusalReason::NotFound
    );
    let mut without = of(&callback_url, registration(&photo, "ada", clear()));
    without.said.consent = None;
    let error = client.register(&without).await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.reason, RefusalReason::Invalid, "{error}");
    assert!(refusal.message.contains("consent"), "{error}");
    assert!(refusal.request_id.is_some());

    // Nobody whom the sandbox knows: those are admitted, whoever is on file.
    let ada = of(&callback_url, registration(&photo, "ada", anybody()));
    let taken = client.register(&ada).await.unwrap();
    assert_eq!(decided(&client, &taken).await, "clear");
    assert_eq!(reason(client.register(&ada).await), RefusalReason::Conflict);
    // Bound to another user, or to another product.
    let of_bob = holder(&server, |wanted| Binding {
        user: Some("bob".parse().unwrap()),
        ..as_wanted(wanted)
    });
    assert_eq!(
        reason(of_bob.register(&ada).await),
        RefusalReason::Forbidden
    );
    let looks_up = holder(&server, |wanted| Binding {
        product: Some(Product::EnhancedKyc),
        ..as_wanted(wanted)
    });
    assert_eq!(
        reason(looks_up.register(&ada).await),
        RefusalReason::Forbidden
    );
    let unknown = client.status(&NOBODYS.parse().unwrap()).await.unwrap();
    assert_eq!(
        (unknown.status(), unknown.is_complete()),
        ("not_found", false)
    );

    let wrong = TokenMinter::new(Connection {
        server: server.base.parse().unwrap(),
        partner: support::partner(),
        api_key: "wrong".to_owned(),
    });
    let minted = wrong.unwrap().mint(&Binding::default()).await;
    assert_eq!(reason(minted), RefusalReason::Unauthenticated);
    let down = Client::new(
        "http://127.0.0.1:1".parse().unwrap(),
        Tokens::from_fn(|_| async { Ok::<_, std::io::Error>("a.b.c".to_owned()) }),
    );
    let down = down.unwrap().retrying(RetryPolicy {
        attempts: 1,
        ..RetryPolicy::default()
    });
    let error = down.status(&NOBODYS.parse().unwrap()).await;
    assert!(matches!(error, Err(Error::Transport(_))), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_reported_for_fraud_is_blocked_until_cleared() {
    let Some([photo, same, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &["--allow-private-callbacks"]);
    let (callback_url, mut callbacks) = support::callbacks().await;
    let client = holder(&server, move |wanted| Binding {
        payload: Payload {
            callback_url: Some(callback_url.clone()),
            ..Payload::default()
        },
        ..as_wanted(wanted)
    });
    // What the sandbox knows of a person would come before the lock.
    let enrolment = registration(&photo, "ada", anybody());
    let taken = client.register(&enrolment).await;
    assert_eq!(decided(&client, &taken.unwrap()).await, "clear");
    callbacks.recv().await.unwrap();
    let report = FraudReport::Fraud {
        kind: FraudKind::AccountTakeover,
        notes: None,
    };
    let ops = "ops@example.com";
    let ada = "ada".parse().unwrap();
    client.report_fraud(&ada, ops, &report).await.unwrap();
    let taken = client
        .authenticate(&authentication(&same, "ada", anybody()))
        .await
        .unwrap();
    assert_eq!(decided(&client, &taken).await, "block");
    let callback = callbacks.recv().await.unwrap();
    let header = |name: &str| callback.headers.get(name)?.to_str().ok();
    let result = CallbackVerifier::new(support::partner(), key.expose())
        .verify_v3(header, &callback.body)
        .unwrap();
    assert_eq!(result.reason(), Some("account_locked_fraud"), "{result}");
    let nobody = "nobody".parse().unwrap();
    let unknown = client.report_fraud(&nobody, ops, &report).await;
    assert_eq!(reason(unknown), RefusalReason::NotFound);
}
