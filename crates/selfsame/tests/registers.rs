//! `selfsame register`: a table becomes a register, is listed without what it holds, and is erased.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{self, selfsame};

const TABLE: &str = "id_number,first_name,last_name,dob,photo,team\n\
                     QX-1234,Ada,Lovelace,1815-12-10,ada.jpg,Engines\n\
                     QX-1235,PLANTED,Bad,10.12.1815,,\n\
                     QX-1236,Bob,Good,,,\n";

fn register(data: &Path, action: &[&str]) -> Vec<Value> {
    let data = data.to_str().unwrap();
    selfsame(&[&["register", "--data", data], action].concat())
}

/// Whether a number of the table is told, as it is written or brought to one form. Letters that no digest has go before it.
fn tells_a_number(lines: &[Value]) -> bool {
    let told = format!("{lines:?}").to_lowercase();
    told.contains("qx1") || told.contains("qx-")
}

/// What a command that ends with this code prints.
fn ended(code: i32, arguments: &[&str]) -> Vec<Value> {
    let output = support::store::command(arguments)
        .arg("--json")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let told = [output.stdout.as_slice(), &output.stderr].concat();
    assert!(!String::from_utf8_lossy(&told).contains("PLANTED"));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_table_becomes_a_register_and_is_erased() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let photos = dir.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    std::fs::write(photos.join("ada.jpg"), b"\xff\xd8\xff\xe0 a small picture").unwrap();
    let table = dir.path().join("staff.csv");
    std::fs::write(&table, TABLE).unwrap();
    let import = [
        "register",
        "import",
        table.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
        "--name",
        "staff",
        "--country",
        "NG",
        "--id-type",
        "STAFF",
        "--photos",
        photos.to_str().unwrap(),
    ];
    let bad_line = json!({
        "line": 3, "not_imported": "date_of_birth must be a day, written YYYY-MM-DD",
    });
    let counts = |new: u64, unchanged: u64| {
        json!({
            "register": "staff", "new": new, "replaced": 0, "unchanged": unchanged, "not_imported": 1,
        })
    };
    let stopping = [&import[..], &["--stop-at-first"]].concat();
    assert_eq!(ended(1, &stopping), [bad_line.clone(), counts(1, 0)]);
    assert_eq!(ended(1, &import), [bad_line.clone(), counts(1, 1)]);
    assert_eq!(ended(1, &import), [bad_line, counts(0, 2)]);

    let listed = register(&data, &["list"]);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (
            &listed[0]["register"],
            &listed[0]["entries"],
            &listed[0]["photos"]
        ),
        (&json!("staff"), &json!(2), &json!(1))
    );
    let entries = register(&data, &["list", "--name", "staff"]);
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0]["has_photo"], true);
    assert!(!tells_a_number(&listed) && !tells_a_number(&entries));

    let one = [
        "remove",
        "--name",
        "staff",
        "--country",
        "ng",
        "--id-type",
        "staff",
        "--id-number",
        "qx1234",
    ];
    let gone = json!({"register": "staff", "removed": 1});
    assert_eq!(register(&data, &one), std::slice::from_ref(&gone));
    let data_name = data.to_str().unwrap();
    let again = [&["register", "--data", data_name], &one[..]].concat();
    assert_eq!(ended(2, &again).len(), 1);
    // Everything needs to be asked for by name.
    let without = ["register", "--data", data_name, "remove", "--name", "staff"];
    let refused = support::store::command(&without).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(
        register(&data, &["remove", "--name", "staff", "--all"]),
        [gone]
    );
    assert!(register(&data, &["list"]).is_empty());

    let records = selfsame(&["audit", "--data", data_name, "list"]);
    let actions: Vec<&str> = records
        .iter()
        .filter(|r| r["subject"] == "register staff")
        .map(|r| r["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "register_imported",
            "register_imported",
            "register_entry_removed",
            "register_removed"
        ]
    );
    assert!(!tells_a_number(&records));
}

#[test]
fn a_table_that_cannot_be_read_is_told_and_nothing_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let data = data.to_str().unwrap();
    for (name, table, why) in [
        ("staff.txt", "id_number\n1\n", "give --format"),
        ("none.csv", "", "the table is empty"),
        ("headless.csv", "PLANTED,1\n", "names no column id_number"),
    ] {
        let file = dir.path().join(name);
        std::fs::write(&file, table).unwrap();
        let file = file.to_str().unwrap();
        let told = ended(
            2,
            &[
                "register", "--data", data, "import", file, "--name", "staff",
            ],
        );
        let told = told[0]["error"].as_str().unwrap();
        assert!(told.contains(why), "{told}");
    }
    assert!(selfsame(&["register", "--data", data, "list"]).is_empty());
}
