//! Every command, with nobody reading what it prints (`selfsame … | true`): it does its work, says nothing of it and ends
//! with the code that shells give to tools that a closed pipe ends. And its options may stand in any order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};

use selfsame_testing::{Need, left_out};

use crate::support::{self, add_partner};

/// 128 + SIGPIPE.
const CLOSED_PIPE: i32 = 141;

fn selfsame(arguments: &[&str]) -> Command {
    let mut command = support::store::command(arguments);
    command
        .env_remove("SELFSAME_API_KEY")
        .env_remove("SELFSAME_DATA");
    command
}

/// Runs a command whose standard output, and errors if asked, nobody reads.
fn unread(arguments: &[&str], errors_too: bool) -> Output {
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let mut command = selfsame(arguments);
    command
        .stdout(closed())
        .stderr(if errors_too { closed() } else { Stdio::piped() });
    command.spawn().unwrap().wait_with_output().unwrap()
}

/// The commands that do something, by their names, as the help lists them.
fn listed(path: &[&str], found: &mut BTreeSet<String>) {
    let help = selfsame(&[path, &["--help"]].concat()).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|name| *name != "help" && name.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter(|name| help.contains(&format!("\n  {name}")))
        .collect();
    if commands.is_empty() {
        found.insert(path.join(" "));
    }
    for name in commands {
        listed(&[path, &[name]].concat(), found);
    }
}

/// Every command with what it needs: once as it succeeds where that is quick, else as it fails, which prints too.
fn every_command(data: &str, out: &str) -> Vec<(&'static str, Vec<String>)> {
    let nowhere = "/nonesuch";
    [
        ("demo", format!("--home {nowhere}")),
        (
            "compare",
            format!("{nowhere}.jpg {nowhere}.jpg --home {nowhere}"),
        ),
        (
            "enrol",
            format!("--partner p --user u --selfie {nowhere}.jpg"),
        ),
        (
            "authenticate",
            format!("--partner p --user u --selfie {nowhere}.jpg"),
        ),
        ("challenge", "--partner p --user u".to_owned()),
        (
            "lookup",
            "--partner p --country NG --id-type NIN --id-number 1".to_owned(),
        ),
        ("job list", format!("--data {data}")),
        ("job show", format!("--data {data} none")),
        ("job callbacks", format!("--data {data} none")),
        ("job replay", format!("--data {data} none")),
        ("partner add", format!("--id new --data {data}")),
        ("partner list", format!("--data {data}")),
        (
            "partner rotate-key",
            format!("--data {data} --id p --environment sandbox"),
        ),
        (
            "partner mobile-config",
            format!("--data {data} --id p --server http://127.0.0.1"),
        ),
        (
            "partner production",
            format!("--data {data} --id p --enabled true"),
        ),
        (
            "partner signatures",
            format!("--data {data} --id p --required true"),
        ),
        ("partner callback", format!("--data {data} --id p --none")),
        ("policy default", String::new()),
        ("policy show", String::new()),
        ("policy check", format!("{nowhere}.toml")),
        ("review list", format!("--data {data}")),
        ("review show", format!("--data {data} none")),
        ("review decide", format!("--data {data} none reject")),
        ("audit verify", format!("--data {data}")),
        ("audit list", format!("--data {data}")),
        ("audit head", format!("--data {data}")),
        ("audit resume", format!("--data {data}")),
        ("admin token add", format!("--data {data} --name ada")),
        ("admin token list", format!("--data {data}")),
        ("admin token remove", format!("--data {data} --name nobody")),
        ("user list", format!("--data {data} --partner p")),
        ("user show", format!("--data {data} --partner p nobody")),
        ("user unlock", format!("--data {data} --partner p nobody")),
        ("user disable", format!("--data {data} --partner p nobody")),
        ("user enable", format!("--data {data} --partner p nobody")),
        (
            "user clear",
            format!("--data {data} --partner p nobody --why settled"),
        ),
        ("user delete", format!("--data {data} --partner p nobody")),
        (
            "register import",
            format!("--data {data} {nowhere}.csv --name none"),
        ),
        ("register list", format!("--data {data}")),
        (
            "register remove",
            format!("--data {data} --name none --all"),
        ),
        ("templates status", format!("--data {data}")),
        (
            "templates remake",
            format!("--data {data} --embedder {nowhere}.toml"),
        ),
        ("templates forget", format!("--data {data}")),
        ("keys list", format!("--data {data}")),
        ("keys rotate", format!("--data {data}")),
        ("keys rotate-token", format!("--data {data}")),
        ("keys reencrypt", format!("--data {data}")),
        ("receipt keys", format!("--data {data}")),
        ("receipt rotate", format!("--data {data}")),
        ("receipt verify", format!("--data {data} {nowhere}.html")),
        ("models fetch", String::new()),
        ("models list", String::new()),
        ("models verify", String::new()),
        ("eval prepare", format!("lfw --from {nowhere} --out {out}")),
        ("eval fit", format!("--train {nowhere}.csv")),
        (
            "eval folds",
            format!("--pairs {nowhere}.txt --people {nowhere} --home {nowhere}"),
        ),
        (
            "eval all-pairs",
            format!("--people {nowhere} --home {nowhere}"),
        ),
        (
            "eval groups",
            format!("--people {nowhere} --groups {nowhere}.csv --home {nowhere}"),
        ),
        (
            "eval turned",
            format!("--people {nowhere} --home {nowhere}"),
        ),
        (
            "eval captures",
            format!("--captures {nowhere} --home {nowhere}"),
        ),
        (
            "eval turns",
            format!("--captures {nowhere} --home {nowhere}"),
        ),
        (
            "eval compare",
            format!("--people {nowhere} --home {nowhere}"),
        ),
        ("eval pad", format!("--made-of {nowhere} --home {nowhere}")),
        (
            "eval robustness",
            format!("--people {nowhere} --home {nowhere}"),
        ),
        (
            "eval generate",
            format!("--photos {nowhere} --out {out} --species list"),
        ),
        (
            "eval report",
            format!("--people {nowhere} --out {out} --home {nowhere}"),
        ),
        ("ready", "--at http://127.0.0.1:1".to_owned()),
        (
            "migrate",
            format!("--from {nowhere} --to postgres://{nowhere}"),
        ),
        ("completions", "bash".to_owned()),
    ]
    .into_iter()
    .map(|(name, more)| {
        let words = name.split(' ').chain(more.split_whitespace());
        (name, words.map(str::to_owned).collect())
    })
    .collect()
}

/// Print nothing where there is nothing to list.
const SILENT: [&str; 5] = [
    "job list",
    "job callbacks",
    "review list",
    "user list",
    "register list",
];

#[test]
fn every_command_bears_that_nobody_reads() {
    let data = tempfile::tempdir().unwrap();
    add_partner(data.path());
    let (at, out) = (data.path().to_str().unwrap(), data.path().join("out"));
    let commands = every_command(at, out.to_str().unwrap());
    let mut listed_commands = BTreeSet::new();
    listed(&[], &mut listed_commands);
    // It prints one line and serves on: the tests of the server read that line.
    assert!(listed_commands.remove("serve"));
    let tried: BTreeSet<String> = commands
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(listed_commands, tried, "a command is not tried");

    for (name, arguments) in &commands {
        // Fetching is tried where all is there already: it must not use the network.
        if *name == "models fetch" && !selfsame(&["models", "verify"]).status().unwrap().success() {
            left_out(
                Need::OptionalModels,
                &"models fetch: it would use the network",
            );
            continue;
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        for json in [&["--json"][..], &[]] {
            let output = unread(&[json, &arguments].concat(), false);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!said.contains("panicked"), "{arguments:?}: {said}");
            let code = output.status.code();
            if json.is_empty() || SILENT.contains(name) {
                // For people, an error goes to the error output, and some commands say nothing.
                assert!(
                    matches!(code, Some(0 | 1 | 2 | CLOSED_PIPE)),
                    "{arguments:?}: {code:?} {said}"
                );
            } else {
                assert_eq!(code, Some(CLOSED_PIPE), "{arguments:?}: {said}");
                assert!(!said.contains("error"), "{arguments:?}: {said}");
            }
            let code = unread(&[json, &arguments].concat(), true).status.code();
            assert!(
                matches!(code, Some(0 | 1 | 2 | CLOSED_PIPE)),
                "{arguments:?}: {code:?}"
            );
        }
    }
}

#[test]
fn a_full_disk_is_told() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        println!("left out: this system has no /dev/full");
        return;
    };
    let output = selfsame(&["policy", "default"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("could not be written"), "{said}");
}

#[test]
fn options_are_taken_before_and_after_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let good = |arguments: &[&str]| {
        let output = selfsame(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    good(&["partner", "add", "--id", "1", "--data", data]);
    good(&["partner", "--data", data, "add", "--id", "2"]);
    good(&["partner", "add", "--data", data, "--id", "3", "--json"]);
    for arguments in [
        ["partner", "list", "--data", data],
        ["partner", "--data", data, "list"],
    ] {
        assert_eq!(good(&arguments).lines().count(), 3, "{arguments:?}");
    }
    for arguments in [
        [
            "user",
            "--data",
            data,
            "--partner",
            "1",
            "list",
            "--environment",
            "production",
        ],
        [
            "user",
            "list",
            "--environment",
            "production",
            "--partner",
            "1",
            "--data",
            data,
        ],
        [
            "user",
            "--environment",
            "production",
            "list",
            "--data",
            data,
            "--partner",
            "1",
        ],
    ] {
        assert_eq!(good(&arguments), "", "{arguments:?}");
    }
    good(&["admin", "token", "add", "--name", "ada", "--data", data]);
    assert!(good(&["admin", "token", "--data", data, "list"]).contains("ada"));
    let nobody = selfsame(&["user", "list", "--data", data])
        .output()
        .unwrap();
    assert_eq!(nobody.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("--partner is required"));
}
