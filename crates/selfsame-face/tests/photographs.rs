//! Real photographs decided by real models, on each engine.
#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use selfsame_face::analyser::{Analyser, LoadError, Settings};
use selfsame_face::inference::{EngineChoice, Precision};
use selfsame_face::models::{ModelError, ModelStore, PHOTOGRAPHS};
use selfsame_face::template::Template;
use selfsame_testing::{Need, left_out, shared_faces};

/// The built-in review threshold: below it nobody is the same person, so that each pair must lie on its side.
const THRESHOLD: f32 = 0.42;
/// Between two engines the same face may differ by this much in cosine; the margin around the threshold is far wider.
const ENGINE_TOLERANCE: f32 = 0.005;

/// And between precisions by this much.
const PRECISION_TOLERANCE: f32 = 0.01;

/// `None`, with a message, where the models or the engine were not fetched.
fn analyser(engine: EngineChoice) -> Option<Analyser> {
    load(&Settings {
        engine,
        precision: Precision::F32,
        ..Settings::default()
    })
}

fn load(settings: &Settings) -> Option<Analyser> {
    match Analyser::load(&ModelStore::locate(None), settings) {
        Ok(analyser) => Some(analyser),
        Err(LoadError::Model(error @ ModelError::Missing { .. })) => {
            left_out(Need::Models, &format!("{}: {error}", settings.engine));
            None
        }
        Err(LoadError::Model(error @ ModelError::NoSuchPlatform)) => {
            left_out(Need::Platform, &format!("{}: {error}", settings.engine));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn one_person_matches(engine: EngineChoice) {
    let settings = Settings {
        engine,
        ..Settings::default()
    };
    let Some(analyser) = load(&settings) else {
        return;
    };
    let store = ModelStore::locate(None);
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
        assert!(
            a.compare(b).unwrap().value() >= THRESHOLD,
            "{:?}",
            a.compare(b)
        );
    }
    for other in [obama, obama2, obama3] {
        assert!(
            biden.compare(other).unwrap().value() < THRESHOLD,
            "{:?}",
            biden.compare(other)
        );
    }
}

/// A photograph turned about its middle, clockwise; saved without loss.
fn turned(photograph: &[u8], degrees: f32) -> Vec<u8> {
    let picture = image::load_from_memory(photograph).unwrap().into_rgb8();
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let turned = image::RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let (dx, dy) = (x as f32 - width / 2.0, y as f32 - height / 2.0);
        let from = (
            dx * cos + dy * sin + width / 2.0,
            dy * cos - dx * sin + height / 2.0,
        );
        image::imageops::interpolate_bilinear(&picture, from.0, from.1)
            .unwrap_or(image::Rgb([127; 3]))
    });
    let mut file = std::io::Cursor::new(Vec::new());
    turned.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

#[test]
fn a_tilted_head_is_still_the_same_person() {
    let Some(analyser) = load(&Settings::default()) else {
        return;
    };
    let store = ModelStore::locate(None);
    let template = |bytes: &[u8]| analyser.analyse(bytes).unwrap().template.unwrap();
    let [first, second, ..] = PHOTOGRAPHS;
    let reference = template(&store.read(&first).unwrap());
    let probe = store.read(&second).unwrap();
    let upright = reference.compare(&template(&probe)).unwrap().value();
    for degrees in [-50.0, -30.0, -15.0, 15.0, 30.0, 50.0] {
        let seen = analyser.analyse(&turned(&probe, degrees)).unwrap();
        // Further than any policy lets a head lean, a face may be taken for one on its side, and is asked for again.
        if seen.template.is_none() && degrees.abs() > 40.0 {
            continue;
        }
        let score = reference.compare(&seen.template.unwrap()).unwrap().value();
        println!("{degrees}: {score:.3}, upright {upright:.3}");
        assert!(
            score > upright - 0.1,
            "{degrees}: {score}, upright {upright}"
        );
    }
}

#[test]
fn rten_matches_one_person_and_no_other() {
    one_person_matches(EngineChoice::Rten);
}

#[test]
fn openvino_matches_one_person_and_no_other() {
    one_person_matches(EngineChoice::OpenVino);
}

/// The labelled pairs of the development photographs.
struct Labelled {
    folder: PathBuf,
    pairs: Vec<(String, String, bool)>,
}

fn labelled() -> Option<Labelled> {
    let folder = shared_faces()?;
    let text = std::fs::read_to_string(folder.join("master.csv")).unwrap();
    let pairs: Vec<_> = text
        .lines()
        .skip(1)
        .filter_map(|line| {
            let [x, y, decision] = line.split(',').map(str::trim).collect::<Vec<_>>()[..] else {
                return None;
            };
            Some((x.to_owned(), y.to_owned(), decision == "Yes"))
        })
        .collect();
    assert!(pairs.len() >= 300, "{}", pairs.len());
    Some(Labelled { folder, pairs })
}

impl Labelled {
    fn templates(&self, analyser: &Analyser) -> BTreeMap<&str, Template> {
        let mut templates = BTreeMap::new();
        for name in self.pairs.iter().flat_map(|(x, y, _)| [x, y]) {
            templates.entry(name.as_str()).or_insert_with(|| {
                let bytes = std::fs::read(self.folder.join(name)).unwrap();
                let evidence = analyser.analyse(&bytes).unwrap();
                evidence
                    .template
                    .unwrap_or_else(|| panic!("no face in {name}"))
            });
        }
        templates
    }

    /// The score of each pair.
    fn scores(&self, analyser: &Analyser) -> Vec<f32> {
        let templates = self.templates(analyser);
        self.pairs
            .iter()
            .map(|(x, y, _)| {
                templates[x.as_str()]
                    .compare(&templates[y.as_str()])
                    .unwrap()
                    .value()
            })
            .collect()
    }

    fn check(&self, engine: &str, scores: &[f32]) {
        let of = |genuine: bool| {
            let scored = self.pairs.iter().zip(scores);
            scored.filter_map(move |(pair, score)| (pair.2 == genuine).then_some(*score))
        };
        let lowest_genuine = of(true).fold(1.0, f32::min);
        let highest_impostor = of(false).fold(-1.0, f32::max);
        println!(
            "{engine}: {} pairs, lowest genuine {lowest_genuine:.3}, highest impostor {highest_impostor:.3}",
            scores.len()
        );
        assert!(lowest_genuine >= THRESHOLD, "{lowest_genuine}");
        assert!(highest_impostor < THRESHOLD, "{highest_impostor}");
    }
}

fn furthest(one: &[f32], other: &[f32]) -> f32 {
    let differences = one.iter().zip(other).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}

#[test]
fn every_labelled_pair_is_decided_rightly_by_both_engines_alike() {
    let Some(labelled) = labelled() else { return };
    let Some(rten) = analyser(EngineChoice::Rten) else {
        return;
    };
    let portable = labelled.scores(&rten);
    labelled.check("rten", &portable);
    let Some(openvino) = analyser(EngineChoice::OpenVino) else {
        return;
    };
    let fast = labelled.scores(&openvino);
    labelled.check("OpenVINO", &fast);
    let difference = furthest(&portable, &fast);
    println!("largest difference in cosine between the engines: {difference:.6}");
    assert!(difference < ENGINE_TOLERANCE, "{difference}");
    let coarse = load(&Settings {
        engine: EngineChoice::OpenVino,
        precision: Precision::Bf16,
        ..Settings::default()
    });
    let coarse = labelled.scores(&coarse.unwrap());
    labelled.check("OpenVINO with bf16", &coarse);
    let difference = furthest(&portable, &coarse);
    println!("largest difference in cosine between f32 and bf16: {difference:.6}");
    assert!(difference < PRECISION_TOLERANCE, "{difference}");
}
