//! `selfsame eval` on the public photographs, from files to report.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{photographs, selfsame};

/// Three photographs of one person and one of another, and a CSV file that says so.
fn people(folder: &Path) -> Option<()> {
    let photographs = photographs()?;
    let [first, second] = ["obama", "biden"].map(|person| folder.join("people").join(person));
    for person in [&first, &second] {
        std::fs::create_dir_all(person).unwrap();
    }
    for (n, bytes) in photographs.iter().enumerate() {
        let person = if n < 3 { &first } else { &second };
        std::fs::write(person.join(format!("{n}.jpg")), bytes).unwrap();
    }
    let csv = "file_x,file_y,Decision\nobama/0.jpg,obama/1.jpg,Yes\nobama/0.jpg,biden/3.jpg,No\n";
    std::fs::write(folder.join("people/pairs.csv"), csv).unwrap();
    Some(())
}

fn eval(arguments: &[&str]) -> Value {
    let all: Vec<&str> = ["eval"].iter().chain(arguments).copied().collect();
    selfsame(&all).remove(0)
}

#[test]
fn pairs_are_compared_alike_from_folders_from_a_cache_and_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    if people(folder.path()).is_none() {
        return;
    }
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (people, cache, out) = (at("people"), at("cache"), at("out"));
    let one = eval(&[
        "compare",
        "--people",
        &people,
        "--threads",
        "1",
        "--cache",
        &cache,
        "--out",
        &out,
    ]);
    let comparison = &one["comparison"];
    assert_eq!(
        (
            comparison["genuine"].as_u64(),
            comparison["impostor"].as_u64()
        ),
        (Some(3), Some(3))
    );
    assert_eq!(comparison["equal_error_rate"]["rate"], 0.0);
    assert_eq!(comparison["failure_to_acquire"]["count"], 0);
    // Three impostor comparisons establish nothing, and the policy says so.
    assert_eq!(
        comparison["operating_points"][0]["established"],
        Value::Null
    );
    assert_eq!(comparison["operating_points"][0]["needs"], 299);
    assert_eq!(one["models"][1]["name"], "SFace");
    assert_eq!(
        one,
        eval(&["compare", "--people", &people, "--threads", "3"])
    );
    assert_eq!(
        one,
        eval(&["compare", "--people", &people, "--cache", &cache])
    );
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(
        page.contains("too few: needs at least 299"),
        "says where the data are too few"
    );
    assert!(!page.contains("data:image"), "no face without being asked");
    assert!(
        !page.contains("http://") || !page.contains("src=\"http"),
        "nothing is loaded"
    );
    let policy = std::fs::read_to_string(folder.path().join("out/policy.toml")).unwrap();
    assert!(policy.contains("match_threshold = 0.52"), "{policy}");
    assert!(folder.path().join("out/comparison-det.svg").is_file());

    let csv = at("people/pairs.csv");
    let shown = eval(&[
        "compare",
        "--pairs",
        &csv,
        "--cache",
        &cache,
        "--out",
        &out,
        "--thumbnails",
    ]);
    assert_eq!(shown["comparison"]["genuine"], 1);
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(
        page.contains("data:image/jpeg;base64,"),
        "faces where they are asked for"
    );
}

#[test]
fn attacks_are_made_once_labelled_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    if people(folder.path()).is_none() {
        return;
    }
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (photos, made) = (at("people/biden"), at("made"));
    let species = "print-photo,still-repeated,live-sequence";
    let generate = |seed: &str| {
        let arguments = [
            "eval",
            "generate",
            "--photos",
            &photos,
            "--out",
            &made,
            "--species",
            species,
            "--seed",
            seed,
            "--json",
        ];
        Command::new(env!("CARGO_BIN_EXE_selfsame"))
            .args(arguments)
            .output()
            .unwrap()
    };
    let told =
        |output: std::process::Output| -> Value { serde_json::from_slice(&output.stdout).unwrap() };
    assert_eq!(told(generate("1"))["made"], 3);
    let again = told(generate("1"));
    assert_eq!(
        (again["made"].as_u64(), again["kept"].as_u64()),
        (Some(0), Some(3))
    );
    let other = generate("2");
    assert_eq!(other.status.code(), Some(2));
    assert!(
        told(other)["error"]
            .as_str()
            .unwrap()
            .contains("another seed")
    );

    let (bona_fide, attack) = (at("made/bona_fide"), at("made/attack"));
    let report = eval(&["pad", "--bona-fide", &bona_fide, "--attacks", &attack]);
    let attacks = &report["presentation_attack"];
    assert_eq!(attacks["synthetic"], true);
    assert_eq!(
        attacks["presentations"],
        serde_json::json!({"bona fide": 1, "print-photo": 1, "still-repeated": 1})
    );
    let measures = attacks["sequences"].as_array().unwrap();
    let files = measures
        .iter()
        .find(|m| m["measure"] == "distinct files")
        .unwrap();
    // The repeated still is an attack at this measure; the live sequence is not.
    assert_eq!(files["at_threshold"]["types"][0]["apcer"]["count"], 0);
    assert_eq!(files["at_threshold"]["bpcer"]["count"], 0);
    // The same presentations, made in memory.
    let in_memory = eval(&[
        "pad",
        "--bona-fide",
        &bona_fide,
        "--made-of",
        &photos,
        "--species",
        "print-photo,still-repeated",
    ]);
    assert_eq!(
        in_memory["presentation_attack"]["sequences"],
        attacks["sequences"]
    );
}

#[test]
fn a_degraded_probe_scores_lower_and_lower() {
    let folder = tempfile::tempdir().unwrap();
    if people(folder.path()).is_none() {
        return;
    }
    let csv = folder.path().join("people/pairs.csv");
    let report = eval(&["robustness", "--pairs", csv.to_str().unwrap()]);
    let robustness = &report["robustness"];
    assert_eq!(robustness["pairs"], 1);
    let clean = robustness["undegraded"]["mean"].as_f64().unwrap();
    assert!(clean > 0.5, "{clean}");
    let blur = robustness["factors"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["factor"] == "blur")
        .unwrap();
    let strongest = blur["levels"].as_array().unwrap().last().unwrap();
    // Either no face is found in it any more, or it is less like the reference.
    assert!(
        strongest["mean"]
            .as_f64()
            .is_none_or(|mean| mean < clean - 0.1),
        "{strongest}"
    );
}

#[test]
fn wrong_input_is_named() {
    let folder = tempfile::tempdir().unwrap();
    if people(folder.path()).is_none() {
        return;
    }
    let csv = folder.path().join("people/pairs.csv");
    std::fs::write(
        &csv,
        "file_x,file_y,Decision\nobama/0.jpg,obama/9.jpg,Yes\n",
    )
    .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_selfsame"))
        .args(["eval", "compare", "--pairs"])
        .arg(&csv)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("line 2") && told.contains("9.jpg"), "{told}");
}
