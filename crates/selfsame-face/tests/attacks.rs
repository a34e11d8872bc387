//! What the detector of presentation attacks says of photographs that are none:
//! `cargo nextest run -p selfsame-face --test suite attacks:: --no-capture`.
#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use selfsame_face::analyser::{Analyser, CaptureContext, LoadError, Settings};
use selfsame_face::decode::ImageError;
use selfsame_face::inference::EngineChoice;
use selfsame_face::models::{ModelError, ModelStore, PHOTOGRAPHS};
use selfsame_testing::{Need, left_out, shared_faces};

/// Between engines a score may differ by this much.
const ENGINE_TOLERANCE: f32 = 0.05;

fn analyser(engine: EngineChoice) -> Option<Analyser> {
    let settings = Settings {
        engine,
        ..Settings::default()
    };
    match Analyser::load(&ModelStore::locate(None), &settings) {
        Ok(analyser) if analyser.detects_presentation_attacks() => Some(analyser),
        Ok(_) => {
            left_out(
                Need::OptionalModels,
                &"the model of presentation attacks was not fetched",
            );
            None
        }
        Err(LoadError::Model(error @ ModelError::Missing { .. })) => {
            left_out(Need::Models, &format!("{engine}: {error}"));
            None
        }
        Err(LoadError::Model(error @ ModelError::NoSuchPlatform)) => {
            left_out(Need::Platform, &format!("{engine}: {error}"));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The fetched photographs, and those beside the project where they are.
fn photographs() -> Vec<(String, Vec<u8>)> {
    let store = ModelStore::locate(None);
    let fetched = PHOTOGRAPHS
        .iter()
        .filter_map(|p| Some((p.name.to_owned(), store.read(p).ok()?)));
    let mut all: Vec<_> = fetched.collect();
    if let Some(folder) = shared_faces() {
        let paths = std::fs::read_dir(folder)
            .unwrap()
            .map(|f| f.unwrap().path());
        let jpegs = paths.filter(|p| p.extension().is_some_and(|e| e == "jpg"));
        all.extend(jpegs.map(|p| (p.display().to_string(), std::fs::read(&p).unwrap())));
    }
    all
}

/// Above this a regular pattern stands out.
const PATTERN: f32 = 13.0;
/// And below this score a person is asked.
const REVIEWED: f32 = 2.0;

/// Each photograph's score; photographs without a face are left out.
fn scores(analyser: &Analyser, photographs: &[(String, Vec<u8>)]) -> Vec<(String, f32)> {
    let mut patterns = Vec::new();
    let mut score = |(name, file): &(String, Vec<u8>)| {
        let seen = match analyser.analyse_capture(file, &[], &CaptureContext::default()) {
            // Some of the files beside the project are of other formats than their names tell.
            Err(ImageError::UnknownFormat | ImageError::OtherFormat(_)) => return None,
            seen => seen.unwrap(),
        };
        patterns.extend(seen.pattern);
        Some((name.clone(), seen.presentation_attack?.fused))
    };
    let mut scores: Vec<_> = photographs.iter().filter_map(&mut score).collect();
    patterns.sort_by(f32::total_cmp);
    let strongest = patterns.last().copied().unwrap();
    println!(
        "{} patterns, median {:.1}, strongest {strongest:.1}",
        patterns.len(),
        patterns[patterns.len() / 2]
    );
    assert!(strongest < PATTERN, "{strongest}");
    scores.sort_by(|a, b| a.0.cmp(&b.0));
    scores
}

fn summary(name: &str, scores: &[(String, f32)]) {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let at = |part: f32| sorted[((sorted.len() - 1) as f32 * part) as usize].1;
    println!(
        "{name}: {} scores; lowest {:.2} ({}), 5 % {:.2}, median {:.2}",
        sorted.len(),
        at(0.0),
        sorted[0].0,
        at(0.05),
        at(0.5)
    );
    assert!(at(0.0) >= REVIEWED, "{:?}", sorted[0]);
}

#[test]
fn no_photograph_of_a_person_is_taken_for_an_attack() {
    let photographs = photographs();
    let Some(fast) = analyser(EngineChoice::OpenVino) else {
        return;
    };
    let fast = scores(&fast, &photographs);
    summary("OpenVINO", &fast);
}

#[test]
fn both_engines_score_alike() {
    let (Some(fast), Some(portable)) = (
        analyser(EngineChoice::OpenVino),
        analyser(EngineChoice::Rten),
    ) else {
        return;
    };
    let mut some = photographs();
    some.truncate(12);
    let (fast, portable) = (scores(&fast, &some), scores(&portable, &some));
    summary("rten", &portable);
    assert_eq!(fast.len(), portable.len());
    let differences = fast.iter().zip(&portable).map(|(a, b)| (a.1 - b.1).abs());
    let furthest = differences.fold(0.0, f32::max);
    println!("largest difference between the engines: {furthest:.5}");
    assert!(furthest < ENGINE_TOLERANCE, "{furthest}");
}
