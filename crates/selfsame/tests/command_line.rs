//! What scripts rely on: help for everything, JSON everywhere, exit codes, completions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::path::Path;
use std::process::{Command, Output};

use selfsame_face::models::{ModelStore, PHOTOGRAPHS};
use serde_json::Value;

use crate::support::{self, Server, add_partner, photographs};

fn run(arguments: &[&str]) -> Output {
    support::store::command(arguments)
        .env_remove("SELFSAME_API_KEY")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every line of a command's output as JSON, and its exit code.
fn json(arguments: &[&str]) -> (Vec<Value>, i32) {
    let output = run(&[&["--json"], arguments].concat());
    let lines = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{arguments:?}: {line}")))
        .collect();
    (lines, output.status.code().unwrap())
}

#[test]
fn completions_are_made_for_each_shell() {
    for (shell, mark) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef selfsame"),
        ("fish", "complete -c selfsame"),
    ] {
        let output = run(&["completions", shell]);
        assert!(output.status.success());
        let script = text(&output.stdout);
        assert!(script.contains(mark), "{shell}");
        for command in ["serve", "authenticate", "mobile-config"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
        // Where the shell is installed it must be able to read its own script.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("completions");
        std::fs::write(&file, script).unwrap();
        if let Ok(read) = Command::new(shell).arg("-n").arg(&file).output() {
            assert!(read.status.success(), "{shell}: {}", text(&read.stderr));
        }
    }
}

#[test]
fn what_cannot_be_carried_out_is_said_and_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let job: [&str; 5] = ["job", "--data", data, "show", "nonesuch"];
    let user: [&str; 7] = ["user", "--data", data, "--partner", "p", "show", "nobody"];
    let rotate = [
        "partner",
        "--data",
        data,
        "rotate-key",
        "--id",
        "q",
        "--environment",
        "sandbox",
    ];
    let submit = [
        "enrol",
        "--partner",
        "p",
        "--user",
        "u",
        "--selfie",
        "/nonesuch.jpg",
    ];
    let compare = ["compare", "/nonesuch.jpg", "/nonesuch.jpg"];
    for arguments in [&job[..], &user, &rotate, &submit, &compare] {
        let (lines, code) = json(arguments);
        assert_eq!(code, 2, "{arguments:?}");
        assert!(lines[0]["error"].is_string(), "{arguments:?}: {lines:?}");
        let plain = run(arguments);
        assert!(text(&plain.stderr).starts_with("error: "), "{arguments:?}");
        assert!(plain.stdout.is_empty(), "{arguments:?}");
    }
    // So does what cannot be understood.
    let misspelt = run(&["partner", "--data", data, "ad"]);
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(text(&misspelt.stderr).contains("add"));
}

fn photograph(at: usize) -> String {
    let store = ModelStore::locate(None);
    store.path(&PHOTOGRAPHS[at]).to_str().unwrap().to_owned()
}

#[test]
fn compare_exits_with_0_for_the_same_person_and_1_for_another() {
    if photographs().is_none() {
        return;
    }
    let (obama, obama2, biden) = (photograph(0), photograph(1), photograph(3));
    let (same, code) = json(&["compare", &obama, &obama2]);
    assert_eq!(code, 0);
    assert_eq!(same[0]["verdict"], "same person");
    let (other, code) = json(&["compare", &obama, &biden]);
    assert_eq!(code, 1);
    assert_eq!(other[0]["verdict"], "another person");
}

/// Runs a command against a server.
fn submit(
    server: &Server,
    key: &Path,
    command: &str,
    user: &str,
    photo: &str,
) -> (Vec<Value>, i32) {
    json(&[
        command,
        "--server",
        &server.base,
        "--partner",
        "p",
        "--api-key-file",
        key.to_str().unwrap(),
        "--user",
        user,
        "--selfie",
        photo,
    ])
}

#[test]
fn a_challenge_by_command_line() {
    if photographs().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let key = add_partner(folder.path());
    let key_file = folder.path().join("api.key");
    std::fs::write(&key_file, key.expose()).unwrap();
    let server = Server::start(folder.path(), &key, &[]);
    let ada = [
        "--server",
        &server.base,
        "--partner",
        "p",
        "--api-key-file",
        key_file.to_str().unwrap(),
        "--user",
        "ada",
    ];
    let (drawn, code) = json(&[&["challenge", "--enrol"], &ada[..]].concat());
    assert_eq!(code, 0, "{drawn:?}");
    assert!(!drawn[0]["turns"].as_array().unwrap().is_empty());
    let photo = photograph(0);
    let id = drawn[0]["id"].as_str().unwrap();
    let follow = [
        "enrol",
        "--selfie",
        &photo,
        "--liveness",
        &photo,
        "--challenge",
        id,
    ];
    let (still, code) = json(&[&follow[..], &ada[..]].concat());
    let reasons = still[0]["result"]["evidence"]["reasons"].to_string();
    assert_eq!(code, 1, "{still:?}");
    assert!(reasons.contains("challenge_not_followed"), "{reasons}");
    let (used, code) = json(&[&follow[..], &ada[..]].concat());
    assert_eq!(code, 2);
    let error = used[0]["error"].as_str().unwrap();
    assert!(error.contains("draw another"), "{error}");
    // A selfie alone follows nothing.
    let alone = ["enrol", "--selfie", &photo, "--challenge", id];
    let refused = run(&[&alone[..], &ada[..]].concat());
    assert!(text(&refused.stderr).contains("--liveness"));
}

#[test]
fn a_story_by_command_line() {
    if photographs().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let key = add_partner(folder.path());
    let key_file = folder.path().join("api.key");
    std::fs::write(&key_file, key.expose()).unwrap();
    let server = Server::start(folder.path(), &key, &[]);
    let data = folder.path().to_str().unwrap();
    let act = |command, user, at| submit(&server, &key_file, command, user, &photograph(at));
    let (enrolled, code) = act("enrol", "ada", 0);
    assert_eq!(
        (code, &enrolled[0]["result"]["ResultCode"]),
        (0, &"0840".into())
    );
    let (same, code) = act("authenticate", "ada", 1);
    assert_eq!((code, &same[0]["job_success"]), (0, &true.into()));
    let (other, code) = act("authenticate", "ada", 3);
    assert_eq!((code, &other[0]["job_success"]), (1, &false.into()));
    let (refused, code) = act("authenticate", "nobody", 1);
    assert_eq!(code, 2);
    assert!(refused[0]["error"].as_str().unwrap().contains("2210"));

    let (jobs, code) = json(&["job", "--data", data, "list"]);
    assert_eq!((jobs.len(), code), (3, 0));
    let job = jobs[2]["smile_job_id"].as_str().unwrap();
    let (shown, _) = json(&["job", "--data", data, "show", job]);
    assert_eq!(shown[0]["ResultCode"], "0840");
    let (callbacks, code) = json(&["job", "--data", data, "callbacks", job]);
    assert_eq!((callbacks.len(), code), (0, 0), "no callback URL was given");
    let (replayed, code) = json(&["job", "--data", data, "replay", job]);
    assert_eq!(code, 2);
    assert!(replayed[0]["error"].is_string());

    let user = ["user", "--data", data, "--partner", "p"];
    let of = |more: &[&str]| json(&[&user[..], more].concat());
    assert_eq!(of(&["list"]).0[0]["photo_on_file"], true);
    for (action, status) in [
        ("disable", "disabled"),
        ("enable", "active"),
        ("delete", "deleted"),
    ] {
        let (said, code) = of(&[action, "ada"]);
        assert_eq!((code, &said[0]["status"]), (0, &status.into()), "{said:?}");
        assert_eq!(of(&["show", "ada"]).0[0]["status"], status);
    }
    let partner = |more: &[&str]| json(&[&["partner", "--data", data][..], more].concat());
    let (enabled, code) = partner(&["production", "--id", "p", "--enabled", "true"]);
    assert_eq!((code, &enabled[0]["production_enabled"]), (0, &true.into()));
    assert_eq!(partner(&["list"]).0[0]["production_enabled"], true);
}
