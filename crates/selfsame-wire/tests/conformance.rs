//! The contract that the server and every client pass: see conformance/README.md.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use selfsame_wire::id::PartnerId;
use selfsame_wire::info::ImageRole;
use selfsame_wire::package::{Package, PackageBuilder, PackageLimits};
use selfsame_wire::result::{SignedResult, SignedResultError};
use selfsame_wire::signature::{ApiKey, TimestampWindow, WindowError, sign, verify_answer};
use selfsame_wire::webhook::{self, WebhookHeaders, WebhookSecret};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, ZipArchive};

fn vectors(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../conformance/vectors")
        .join(format!("{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn list(value: &Value) -> &[Value] {
    let list = value.as_array().unwrap();
    assert!(!list.is_empty(), "no vectors");
    list
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

fn partner(value: &Value) -> PartnerId {
    PartnerId::new(text(value, "partner_id")).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn the_code_over_a_callbacks_body() {
    let vectors = vectors("callbacks");
    for v in list(&vectors["secrets"]) {
        let secret = WebhookSecret::derive(&ApiKey::new(text(v, "api_key")));
        assert_eq!(secret.to_text().as_str(), text(v, "secret"));
    }
    let callbacks = &vectors["callbacks"];
    let secret = WebhookSecret::derive(&ApiKey::new(text(callbacks, "api_key")));
    let now: Timestamp = text(callbacks, "now").parse().unwrap();
    let own = list(&callbacks["cases"])
        .iter()
        .find(|v| v["name"] == "the server's own")
        .unwrap();
    let header = |name| text(&own["headers"], name).to_owned();
    let made = secret.sign(&header(webhook::ID), now, text(own, "body").as_bytes());
    let expected = WebhookHeaders {
        id: header(webhook::ID),
        timestamp: header(webhook::TIMESTAMP),
        signature: header(webhook::SIGNATURE),
    };
    assert_eq!(made, expected);
}

#[test]
fn signatures() {
    for v in list(&vectors("signatures")["signatures"]) {
        let (key, partner) = (ApiKey::new(text(v, "api_key")), partner(v));
        let (timestamp, signature) = (text(v, "timestamp"), text(v, "signature"));
        let valid = v["valid"] == true;
        assert_eq!(
            verify_answer(&key, &partner, timestamp, signature),
            valid,
            "{}",
            v["name"]
        );
        if valid {
            assert_eq!(sign(&key, &partner, timestamp), signature, "{}", v["name"]);
        }
    }
}

const fn outcome(window: WindowError) -> &'static str {
    match window {
        WindowError::Unreadable | WindowError::NoOffset => "unreadable",
        WindowError::Stale => "stale",
        WindowError::Future => "future",
    }
}

#[test]
fn timestamps() {
    let signatures = vectors("signatures");
    let set = &signatures["timestamps"];
    let now: Timestamp = text(set, "now").parse().unwrap();
    let window = TimestampWindow {
        past: Duration::from_secs(set["past_seconds"].as_u64().unwrap()),
        future: Duration::from_secs(set["future_seconds"].as_u64().unwrap()),
    };
    for v in list(&set["cases"])
        .iter()
        .chain(list(&signatures["public_clients"]))
    {
        let found = window
            .check(text(v, "timestamp"), now)
            .map_or_else(outcome, |()| "fresh");
        assert_eq!(found, text(v, "outcome"), "{}", v["timestamp"]);
    }
}

#[test]
fn signed_objects() {
    let set = &vectors("signatures")["signed_objects"];
    let (key, partner) = (ApiKey::new(text(set, "api_key")), partner(set));
    let now = text(set, "now").parse().unwrap();
    let window = TimestampWindow::default();
    for v in list(&set["cases"]) {
        let body = text(v, "body").as_bytes();
        let found = match SignedResult::verify(body, &key, &partner, &window, now) {
            Ok(_) => "trusted",
            Err(SignedResultError::NotAnObject(_)) => "not_an_object",
            Err(SignedResultError::Missing(_)) => "missing",
            Err(SignedResultError::WrongSignature) => "wrong_signature",
            Err(SignedResultError::Window(error)) => outcome(error),
        };
        assert_eq!(found, text(v, "outcome"), "{}", v["name"]);
    }
}

const ROLES: [(&str, ImageRole); 4] = [
    ("selfie", ImageRole::Selfie),
    ("liveness", ImageRole::Liveness),
    ("id_card_front", ImageRole::IdCardFront),
    ("id_card_back", ImageRole::IdCardBack),
];

fn role_named(name: &str) -> ImageRole {
    ROLES.iter().find(|(n, _)| *n == name).unwrap().1
}

fn name_of(role: ImageRole) -> &'static str {
    ROLES.iter().find(|(_, r)| *r == role).unwrap().0
}

/// `{}` is absent.
fn present(value: &Value) -> Option<Box<RawValue>> {
    (!value.as_object().unwrap().is_empty()).then(|| to_raw_value(value).unwrap())
}

fn build(input: &Value) -> Vec<u8> {
    let params = serde_json::from_str(&input["partner_params"].to_string()).unwrap();
    let mut package = PackageBuilder::new(params)
        .id_info(present(&input["id_info"]))
        .consent_information(present(&input["consent_information"]))
        .geo_info(present(&input["geo_info"]));
    for (name, value) in input["misc"].as_object().unwrap() {
        package = package.misc(name, value.clone());
    }
    for image in list(&input["images"]) {
        let bytes = STANDARD.decode(text(image, "base64")).unwrap();
        package = package.image(role_named(text(image, "role")), bytes);
    }
    package.build().unwrap()
}

#[test]
fn packages_as_clients_write_them() {
    for v in list(&vectors("packages")["write"]) {
        let zip = build(&v["input"]);
        assert_eq!(zip, build(&v["input"]), "the same input, other bytes");
        let mut archive = ZipArchive::new(Cursor::new(zip.as_slice())).unwrap();
        let expected = text(v, "info_json").replace("LANGUAGE", "rust");
        let info = std::io::read_to_string(archive.by_name("info.json").unwrap()).unwrap();
        assert_eq!(info, expected, "{}", v["name"]);
        assert_eq!(archive.index_for_name("info.json"), Some(0));
        let entries: Vec<Value> = (1..archive.len())
            .map(|at| {
                let entry = archive.by_index(at).unwrap();
                assert_eq!(entry.compression(), CompressionMethod::Stored);
                serde_json::json!({
                    "name": entry.name().unwrap(), "method": "stored", "size": entry.size(),
                    "crc32": format!("{:08x}", entry.crc32()),
                })
            })
            .collect();
        assert_eq!(Value::Array(entries), v["entries"], "{}", v["name"]);
    }
}

#[test]
fn packages_as_the_server_reads_them() {
    for v in list(&vectors("packages")["read"]) {
        let zip = STANDARD.decode(text(v, "zip_base64")).unwrap();
        match Package::read(&zip, &PackageLimits::default()) {
            Ok(package) => {
                let images: Vec<Value> = package
                    .images
                    .iter()
                    .map(|image| {
                        let digest = hex(&Sha256::digest(&image.bytes));
                        serde_json::json!({"role": name_of(image.role), "sha256": digest})
                    })
                    .collect();
                assert_eq!(v["images"], Value::Array(images), "{}", v["name"]);
            }
            Err(error) => {
                let code = error.result_code().code();
                assert_eq!(v["result_code"], code, "{}: {error}", v["name"]);
            }
        }
    }
}
