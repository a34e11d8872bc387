//! `selfsame keys`, beside a server and without one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, selfsame};

fn keys(data: &Path, action: &[&str]) -> Vec<Value> {
    let data = data.to_str().unwrap();
    selfsame(&[&["keys", "--data", data], action].concat())
}

/// What a command that cannot be carried out says.
fn refusal(arguments: &[&str]) -> String {
    let output = support::store::command(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn keys_rotate_without_a_server_and_are_listed_beside_one() {
    let why = "its keys are changed beside its nodes, as the store's suite does";
    if support::store::has_no_data_directory(why) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let key = add_partner(data);
    if support::photographs().is_some() {
        let server = Server::start(data, &key, &[]);
        let found = keys(data, &["list"]);
        let expected = json!({"number": 1, "current": true, "values": 6, "packages": 0});
        assert_eq!(found, [expected]);
        let data = data.to_str().unwrap();
        for action in ["rotate", "reencrypt"] {
            assert!(refusal(&["keys", "--data", data, action]).contains("in use"));
        }
        let unmade = dir.path().join("unmade.key");
        let file = unmade.to_str().unwrap();
        let master = ["keys", "--data", data, "rotate", "--master", file];
        assert!(refusal(&master).contains("in use"));
        assert!(!unmade.exists());
        server.kill();
    }
    assert_eq!(keys(data, &["rotate"]), [json!({"data_key": 2})]);
    // The record of the rotation was sealed with the new key already.
    let done = json!({"encrypted_anew": 5, "unreadable": 0});
    assert_eq!(keys(data, &["reencrypt"]), [done]);
    let expected = json!({"number": 2, "current": true, "values": 6, "packages": 0});
    assert_eq!(keys(data, &["list"]), [expected]);
    let file = data.join("new.key");
    let file = file.to_str().unwrap();
    assert_eq!(
        keys(data, &["rotate", "--master", file]),
        [json!({"master_key_file": file})]
    );
    let data = data.to_str().unwrap();
    assert!(refusal(&["partner", "--data", data, "list"]).contains("master key"));
    let list = ["partner", "--data", data, "--master-key-file", file, "list"];
    assert_eq!(selfsame(&list)[0]["partner_id"], "p");
    let audit = |action| {
        let opened = ["audit", "--data", data, "--master-key-file", file, action];
        selfsame(&opened)
    };
    let records = audit("list");
    let told: Vec<_> = records.iter().map(|r| &r["action"]).rev().take(3).collect();
    assert_eq!(
        told,
        [
            "master_key_replaced",
            "data_reencrypted",
            "data_key_rotated"
        ]
    );
    assert_eq!(audit("verify")[0]["intact"], true);
}

#[test]
fn the_master_key_comes_from_a_command_or_a_variable_and_is_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    add_partner(&data);
    let data = data.to_str().unwrap();
    let file = dir.path().join("new.key");
    let file = file.to_str().unwrap();
    selfsame(&["keys", "--data", data, "rotate", "--master", file]);
    let key = std::fs::read_to_string(file).unwrap();
    let run = |source: &str| {
        support::store::command(&["partner", "--data", data, "--master-key", source, "list"])
            .env("SOME_KEY", &key)
            .output()
            .unwrap()
    };
    for source in [
        format!("command:cat {file}"),
        "env:SOME_KEY".to_owned(),
        format!("file:{file}"),
    ] {
        assert!(run(&source).status.success(), "{source}");
    }
    // Given where a source belongs, the key is refused, and not repeated.
    for source in [key.clone(), format!("env:{key}")] {
        let output = run(&source);
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(
            told.contains("--master-key") && !told.contains(&key),
            "{told}"
        );
    }
    let told = refusal(&[
        "partner",
        "--data",
        data,
        "--blobs",
        "s3://key:hush@b",
        "list",
    ]);
    assert!(told.contains("--blobs") && !told.contains("hush"), "{told}");
}
