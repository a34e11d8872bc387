//! Data keys wrapped by Vault, against a server that does what Vault's documentation of its transit engine says. It stands in for
//! the real one, which no package index of the test machines has; what it cannot show is said in docs/decisions/0091-master-key.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is wrong by failing"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use selfsame_job::audit::Actor;
use selfsame_job::callback_url::CallbackUrls;
use selfsame_job::partner::Partner;
use selfsame_store::error::StoreError;
use selfsame_store::keyring::MasterKey;
use selfsame_store::master_key::WrapKeys as _;
use selfsame_store::master_key::vault::Vault;
use selfsame_store::sqlite::keys::Keys;
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_store::store::*;
use selfsame_wire::id::PartnerId;
use selfsame_wire::signature::ApiKey;
use serde_json::{Value, json};

const TOKEN: &str = "hvs.hush-a-token";

/// A transit engine with one key, `selfsame`.
#[derive(Default)]
struct Transit {
    version: u32,
    least_version: u32,
    /// Answers of 503 that are still to come, as from a sealed Vault.
    sealed: u32,
    asked: u32,
    /// Plaintext by ciphertext: what Vault knows, nobody else does.
    kept: HashMap<String, String>,
}

type Shared = Arc<Mutex<Transit>>;

fn errors(status: u16, why: &[&str]) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, axum::Json(json!({ "errors": why }))).into_response()
}

async fn transit(
    State(transit): State<Shared>,
    Path((doing, key)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut transit = transit.lock().unwrap();
    transit.asked += 1;
    if transit.sealed > 0 {
        transit.sealed -= 1;
        return errors(503, &["Vault is sealed"]);
    }
    if headers.get("x-vault-token").is_none_or(|t| t != TOKEN) {
        return errors(403, &["permission denied"]);
    }
    if headers
        .get("x-vault-namespace")
        .is_some_and(|n| n != "faces")
    {
        return errors(404, &[]);
    }
    if key != "selfsame" {
        return errors(400, &["encryption key not found"]);
    }
    let body: Value = serde_json::from_str(&body).unwrap();
    let data = match doing.as_str() {
        "encrypt" => {
            let plaintext = body["plaintext"].as_str().unwrap();
            STANDARD
                .decode(plaintext)
                .expect("plaintext comes as base64");
            let random = STANDARD.encode(uuid::Uuid::new_v4().as_bytes());
            let ciphertext = format!("vault:v{}:{random}", transit.version);
            transit
                .kept
                .insert(ciphertext.clone(), plaintext.to_owned());
            json!({ "ciphertext": ciphertext, "key_version": transit.version })
        }
        "decrypt" => {
            let ciphertext = body["ciphertext"].as_str().unwrap();
            let number = ciphertext.strip_prefix("vault:v").unwrap();
            let number: u32 = number.split(':').next().unwrap().parse().unwrap();
            if number < transit.least_version {
                return errors(
                    400,
                    &["ciphertext or signature version is disallowed by policy (too old)"],
                );
            }
            match transit.kept.get(ciphertext) {
                Some(plaintext) => json!({ "plaintext": plaintext }),
                None => return errors(400, &["cipher: message authentication failed"]),
            }
        }
        _ => return errors(404, &[]),
    };
    axum::Json(json!({"request_id": "1", "lease_id": "", "renewable": false, "data": data}))
        .into_response()
}

/// Starts it; gives its address.
async fn start(transit_engine: &Shared) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new()
        .route("/v1/transit/{doing}/{key}", post(transit))
        .route(
            "/v1/other/{doing}/{key}",
            post(async || "<html>a page</html>"),
        )
        .route(
            "/v1/moved/{doing}/{key}",
            post(async || {
                (
                    StatusCode::TEMPORARY_REDIRECT,
                    [("location", "http://elsewhere.example/")],
                )
            }),
        )
        .with_state(Arc::clone(transit_engine));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

fn engine() -> Shared {
    Arc::new(Mutex::new(Transit {
        version: 1,
        ..Transit::default()
    }))
}

fn vault(address: &str, key: &str, more: &[(&str, &str)]) -> Result<Vault, StoreError> {
    let given: HashMap<&str, &str> = [("VAULT_ADDR", address), ("VAULT_TOKEN", TOKEN)]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    Vault::new(key.parse().unwrap(), |name| {
        given.get(name).map(|v| (*v).to_owned())
    })
}

/// Variables of the environment: names and values.
type Variables<'a> = &'a [(&'a str, &'a str)];

#[tokio::test]
async fn a_data_key_comes_back_for_its_own_purpose_only() {
    let transit = engine();
    let address = start(&transit).await;
    let vault = vault(
        &address,
        "transit/selfsame",
        &[("VAULT_NAMESPACE", "faces")],
    )
    .unwrap();
    vault.check().await.unwrap();
    let wrapped = vault.wrap("data key 1", &[7; 32]).await.unwrap();
    assert!(wrapped.starts_with(b"vault:v1:"));
    assert!(!wrapped.windows(32).any(|w| w == [7; 32]));
    assert_eq!(
        *vault.unwrap("data key 1", &wrapped).await.unwrap(),
        [7; 32]
    );
    let other = vault.unwrap("data key 2", &wrapped).await;
    assert!(matches!(other, Err(StoreError::Corrupt(..))), "{other:?}");
    for changed in [
        &b"vault:v1:AAAA"[..],
        b"not of vault",
        b"vault:",
        &[0, 159, 146, 150],
    ] {
        let refused = vault.unwrap("data key 1", changed).await;
        assert!(
            matches!(refused, Err(StoreError::MasterKey(_))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_no_secret() {
    let transit = engine();
    let address = start(&transit).await;
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let closed = crate::fixture::nobodys_port();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    let cases: [(&str, &str, Variables<'_>, &str); 8] = [
        (
            &address,
            "transit/selfsame",
            &[("VAULT_TOKEN", "hush-another")],
            "the token must be valid",
        ),
        (
            &address,
            "transit/selfsame",
            &[("VAULT_NAMESPACE", "voices")],
            "no such engine",
        ),
        (&address, "transit/none", &[], "encryption key not found"),
        (&address, "missing/selfsame", &[], "no such engine"),
        (&address, "other/selfsame", &[], "none of Vault's"),
        (&address, "moved/selfsame", &[], "active node"),
        (
            &address,
            "transit/selfsame",
            &[("VAULT_TOKEN_FILE", empty.to_str().unwrap())],
            "token is empty",
        ),
        (&nobody, "transit/selfsame", &[], "does not answer"),
    ];
    for (address, key, more, why) in cases {
        let vault = vault(address, key, more).unwrap();
        let told = vault.check().await.unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
        assert!(!told.contains("hush"), "{told}");
        assert!(!format!("{vault:?}").contains("hush"));
    }
    let refused: [(&str, Variables<'_>, &str); 4] = [
        ("http://vault.example:8200", &[], "https://"),
        ("vault.example", &[], "VAULT_ADDR"),
        (&address, &[("VAULT_TOKEN", "")], "VAULT_TOKEN_FILE"),
        (
            &address,
            &[("VAULT_CACERT", empty.to_str().unwrap())],
            "no certificate",
        ),
    ];
    for (address, more, why) in refused {
        let told = vault(address, "transit/selfsame", more)
            .unwrap_err()
            .to_string();
        assert!(told.contains(why), "{told}");
    }
}

#[tokio::test]
async fn a_vault_that_is_not_ready_is_asked_again_but_not_for_ever() {
    let transit = engine();
    let address = start(&transit).await;
    let vault = vault(&address, "transit/selfsame", &[]).unwrap();
    transit.lock().unwrap().sealed = 2;
    let wrapped = vault.wrap("s", &[1; 32]).await.unwrap();
    transit.lock().unwrap().sealed = 1000;
    let before = transit.lock().unwrap().asked;
    let told = vault.unwrap("s", &wrapped).await.unwrap_err().to_string();
    assert!(told.contains("Vault is sealed"), "{told}");
    assert_eq!(transit.lock().unwrap().asked - before, 3);
}

#[tokio::test]
async fn a_token_is_read_anew_each_time() {
    let transit = engine();
    let address = start(&transit).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let more = [("VAULT_TOKEN_FILE", file.to_str().unwrap())];
    std::fs::write(&file, "old").unwrap();
    let vault = vault(&address, "transit/selfsame", &more).unwrap();
    assert!(vault.check().await.is_err());
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    vault.check().await.unwrap();
}

fn partner() -> Partner {
    Partner {
        id: PartnerId::new("p").unwrap(),
        name: String::new(),
        production_enabled: false,
        signs_bodies: false,
        callback_urls: CallbackUrls::default(),
        sandbox_key: ApiKey::new("sandbox-key"),
        production_key: ApiKey::new("production-key"),
        created_at: Timestamp::now(),
    }
}

/// A data directory moves from its own key to Vault, and to a newer version of Vault's key; its data stays readable throughout, and
/// the key it came from opens it no more.
#[tokio::test]
async fn a_store_moves_to_vault_and_to_its_next_key() {
    let transit = engine();
    let address = start(&transit).await;
    let dir = tempfile::tempdir().unwrap();
    let actor = Actor::new("cli:ada").unwrap();
    let own = Options::new(dir.path());
    let store = SqliteStore::open(&own).await.unwrap();
    store.create_partner(&partner(), &actor).await.unwrap();
    drop(store);

    let held = || MasterKey::held_by(Arc::new(vault(&address, "transit/selfsame", &[]).unwrap()));
    let with_vault = Options {
        master_key: Some(held()),
        ..own.clone()
    };
    let early = SqliteStore::open(&with_vault).await;
    assert!(matches!(early, Err(StoreError::MasterKey(_))));
    let mut keys = Keys::open(&own).await.unwrap();
    keys.rewrap(&held(), &actor).await.unwrap();
    assert_eq!(keys.rotate(&actor).await.unwrap(), 2);
    drop(keys);
    let late = SqliteStore::open(&own).await;
    assert!(matches!(late, Err(StoreError::MasterKey(_))));

    // The key of Vault is rotated, all is wrapped with the new version, and the old one is withdrawn.
    transit.lock().unwrap().version = 2;
    let mut keys = Keys::open(&with_vault).await.unwrap();
    keys.rewrap(&held(), &actor).await.unwrap();
    drop(keys);
    transit.lock().unwrap().least_version = 2;
    let store = SqliteStore::open(&with_vault).await.unwrap();
    let found = store.partner(&partner().id).await.unwrap().unwrap();
    assert_eq!(found.production_key, partner().production_key);
    drop(store);

    transit.lock().unwrap().least_version = 3;
    let told = SqliteStore::open(&with_vault)
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("too old"), "{told}");
}
