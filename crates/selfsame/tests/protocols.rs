//! `selfsame eval` over people: folds, all pairs, groups, turns, stills, and a table that a fusion is fitted to.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;

use serde_json::Value;

use crate::support::{photographs, selfsame};

/// LFW's layout with three photographs of one person and one of another, prepared by the command.
fn prepared(folder: &Path) -> Option<()> {
    let photographs = photographs()?;
    let from = folder.join("lfw/images_deepfunneled");
    for (n, bytes) in photographs.iter().enumerate() {
        let (person, number) = if n < 3 { ("One", n + 1) } else { ("Two", 1) };
        std::fs::create_dir_all(from.join(person)).unwrap();
        let file = format!("{person}/{person}_{number:04}.jpg");
        std::fs::write(from.join(file), bytes).unwrap();
    }
    // Two folds: each a genuine pair and an impostor pair.
    let pairs = "2\t1\nOne\t1\t2\nOne\t1\tTwo\t1\nOne\t2\t3\nOne\t3\tTwo\t1\n";
    std::fs::write(folder.join("lfw/pairs.txt"), pairs).unwrap();
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let done = eval(&[
        "prepare",
        "lfw",
        "--from",
        &at("lfw"),
        "--out",
        &at("prepared"),
    ]);
    assert_eq!(done["parts"][0]["holds"], "4 images of 2 people");
    Some(())
}

fn eval(arguments: &[&str]) -> Value {
    let all: Vec<&str> = ["eval"].iter().chain(arguments).copied().collect();
    selfsame(&all).remove(0)
}

#[test]
fn people_are_told_apart_by_every_protocol() {
    let folder = tempfile::tempdir().unwrap();
    if prepared(folder.path()).is_none() {
        return;
    }
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (people, cache, out) = (at("prepared/people"), at("cache"), at("out"));
    let folds = eval(&[
        "folds",
        "--pairs",
        &at("prepared/pairs.txt"),
        "--people",
        &people,
        "--cache",
        &cache,
    ]);
    assert_eq!(folds["folds"]["mean"], 1.0);
    assert_eq!(folds["folds"]["folds"].as_array().unwrap().len(), 2);

    std::fs::write(
        folder.path().join("errors.csv"),
        "image,reason\nOne/One_0003.jpg,left out to see it left out\n",
    )
    .unwrap();
    let all = eval(&[
        "all-pairs",
        "--people",
        &people,
        "--label-errors",
        &at("errors.csv"),
        "--cache",
        &cache,
        "--out",
        &out,
    ]);
    let all = &all["all_pairs"];
    assert_eq!(
        (
            all["all"]["genuine"].as_u64(),
            all["all"]["impostor"].as_u64()
        ),
        (Some(1), Some(2))
    );
    assert_eq!(all["left_out"][0]["image"], "One/One_0003.jpg");
    // Two impostor comparisons show no FMR that is asked for.
    assert_eq!(all["all"]["at_fmr"], serde_json::json!([]));
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(
        page.contains("left out to see it left out"),
        "the report names what is left out"
    );

    std::fs::write(
        folder.path().join("groups.csv"),
        "name,kind\nOne,a\nTwo,b\n",
    )
    .unwrap();
    let groups = eval(&[
        "groups",
        "--people",
        &people,
        "--groups",
        &at("groups.csv"),
        "--cache",
        &cache,
    ]);
    let first = &groups["groups"]["groupings"][0]["groups"][0];
    assert_eq!(
        (first["group"].as_str(), first["fnmr"]["trials"].as_u64()),
        (Some("a"), Some(3))
    );
    assert_eq!(first["refusals"]["quality"]["trials"], 3);

    let turned = eval(&[
        "turned", "--people", &people, "--tries", "3", "--cache", &cache,
    ]);
    let upright = &turned["turned"]["turns"][0];
    assert_eq!(upright["strangers_accepted"]["count"], 0);
    assert_eq!(upright["genuine_accepted"]["count"], 3);
    assert_eq!(turned["turned"]["turns"].as_array().unwrap().len(), 4);
}

#[test]
fn a_fusion_is_fitted_to_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    if prepared(folder.path()).is_none() {
        return;
    }
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let photos = at("prepared/people/One");
    let table = at("table.csv");
    // Two live sequences and two attacks, made of photographs: too few for a rule, enough to see that one comes out.
    let report = eval(&[
        "pad",
        "--made-of",
        &photos,
        "--most",
        "2",
        "--species",
        "live-sequence,still-repeated",
        "--table",
        &table,
    ]);
    assert_eq!(
        report["presentation_attack"]["presentations"]["still-repeated"],
        2
    );
    let text = std::fs::read_to_string(&table).unwrap();
    let heads = text.lines().next().unwrap();
    assert!(
        heads.starts_with("name,person,species,bona_fide"),
        "{heads}"
    );
    assert!(
        heads.contains(",passive,") && heads.contains(",movement"),
        "{heads}"
    );
    let found = eval(&["fit", "--train", &table, "--check", &table, "--l2", "0.01"]);
    assert_eq!(found["fitted"]["fitted_to"], serde_json::json!([2, 2]));
    assert_eq!(found["checked"].as_array().unwrap().len(), 2);
    // Movement tells a repeated still from a live person, in the direction that it means.
    let terms = found["fitted"]["policy"]["terms"].as_object().unwrap();
    assert!(
        terms
            .values()
            .all(|term| term["weight"].as_f64().unwrap() >= 0.0)
    );
    assert!(
        terms["movement"]["weight"].as_f64().unwrap() > 0.0,
        "{terms:?}"
    );
    let checked = &found["checked"][1][1];
    assert_eq!(checked["at_bpcer"][0]["mean"], 0.0, "{checked}");
}
