//! Real photographs decided by real models.
#![cfg(feature = "engine")]

use std::path::PathBuf;

use selfsame_face::analyser::{Analyser, LoadError, Settings};
use selfsame_face::models::{ModelError, ModelStore, PHOTOGRAPHS};
use selfsame_face::template::Template;

fn analyser() -> Option<(ModelStore, Analyser)> {
    let store = ModelStore::locate(None);
    match Analyser::load(&store, &Settings::default()) {
        Ok(analyser) => Some((store, analyser)),
        Err(LoadError::Model(error @ ModelError::Missing { .. })) => {
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn one_person_matches_and_another_does_not() {
    let Some((store, analyser)) = analyser() else {
        return;
    };
    let templates: Vec<Template> = PHOTOGRAPHS
        .iter()
        .map(|photograph| {
            let evidence = analyser.analyse(&store.read(photograph).unwrap()).unwrap();
            assert_eq!(evidence.faces.len(), 1, "{}", photograph.name);
            evidence.template.unwrap()
        })
        .collect();
    let [obama, obama2, obama3, biden] = templates.as_slice() else {
        panic!("four photographs")
    };
    for (a, b) in [(obama, obama2), (obama, obama3), (obama2, obama3)] {
        assert!(a.compare(b).value() >= 0.45, "{:?}", a.compare(b));
    }
    for other in [obama, obama2, obama3] {
        assert!(
            biden.compare(other).value() < 0.363,
            "{:?}",
            biden.compare(other)
        );
    }
}

#[test]
fn every_labelled_pair_is_decided_rightly() {
    let shared = std::env::var_os("SELFSAME_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("faces/genuine-impostor");
    let Ok(pairs) = std::fs::read_to_string(folder.join("master.csv")) else {
        println!("skipped: no labelled photographs at {}", folder.display());
        return;
    };
    let Some((_, analyser)) = analyser() else {
        return;
    };
    let mut templates = std::collections::HashMap::new();
    let (mut lowest_genuine, mut highest_impostor, mut count) = (1.0f32, -1.0f32, 0);
    for line in pairs.lines().skip(1) {
        let [x, y, decision] = line.split(',').map(str::trim).collect::<Vec<_>>()[..] else {
            continue;
        };
        let mut template = |name: &str| -> Template {
            templates
                .entry(name.to_owned())
                .or_insert_with(|| {
                    let bytes = std::fs::read(folder.join(name)).unwrap();
                    analyser
                        .analyse(&bytes)
                        .unwrap()
                        .template
                        .unwrap_or_else(|| panic!("no face in {name}"))
                })
                .clone()
        };
        let score = template(x).compare(&template(y)).value();
        count += 1;
        if decision == "Yes" {
            lowest_genuine = lowest_genuine.min(score);
        } else {
            highest_impostor = highest_impostor.max(score);
        }
    }
    println!(
        "{count} pairs: lowest genuine {lowest_genuine:.3}, highest impostor {highest_impostor:.3}"
    );
    assert!(count >= 300, "{count}");
    assert!(lowest_genuine >= 0.45, "{lowest_genuine}");
    assert!(highest_impostor < 0.363, "{highest_impostor}");
}
