//! Against the same networks as another converter wrote them, which lie beside the project.

use std::path::PathBuf;

use selfsame_testing::{Need, left_out, shared_models};

use super::*;
use crate::inference::rten::Rten;
use crate::inference::{Engine as _, Precision};
use crate::models::Model;

fn logits(onnx: &[u8], fill: &mut dyn FnMut(&mut [f32])) -> Vec<f32> {
    let network = Rten::default()
        .load(onnx, &[1, 3, SIDE, SIDE], Precision::F32)
        .unwrap();
    let mut logits = Vec::new();
    network
        .run(fill, &mut |outputs| logits = outputs[0].to_vec())
        .unwrap();
    logits
}

/// The published weights and the other converter's file.
fn published(model: Model, converted: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let folder: PathBuf = shared_models()?;
    let read = |name: &str| std::fs::read(folder.join(name));
    match (read(model.artefact().file_name), read(converted)) {
        (Ok(weights), Ok(onnx)) => Some((weights, onnx)),
        (Err(error), _) | (_, Err(error)) => {
            left_out(Need::Platform, &format!("{}: {error}", folder.display()));
            None
        }
    }
}

#[test]
fn both_networks_say_what_another_conversion_says() {
    let files = [
        (Model::SilentFaceNear, "silent_27_v2.onnx"),
        (Model::SilentFaceFar, "silent_40_v1se.onnx"),
    ];
    for (model, converted) in files {
        let Some((weights, other)) = published(model, converted) else {
            return;
        };
        let onnx = to_onnx(&weights).unwrap();
        for seed in 0..4u32 {
            // Smooth structure and noise, as pictures have both.
            let mut fill = |input: &mut [f32]| {
                let mut state = seed;
                for (at, value) in input.iter_mut().enumerate() {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let noise = (state >> 24) as f32 / 4.0;
                    let wave = ((at % SIDE) as f32 / (5.0 + seed as f32)).sin();
                    *value = (96.0 + 64.0 * wave + noise).clamp(0.0, 255.0).round();
                }
            };
            let (ours, theirs) = (logits(&onnx, &mut fill), logits(&other, &mut fill));
            assert_eq!((ours.len(), theirs.len()), (3, 3));
            for (a, b) in ours.iter().zip(&theirs) {
                assert!((a - b).abs() < 1e-4, "{model:?}: {ours:?} {theirs:?}");
            }
        }
    }
}

#[test]
fn weights_that_are_missing_are_named() {
    let mut network = Network {
        weights: Weights::new(),
        nodes: Vec::new(),
        constants: Vec::new(),
    };
    let error = network.active("conv1", "input", 2).unwrap_err();
    assert!(error.contains("conv1.conv.weight"), "{error}");
    network.weights.insert(
        "conv1.conv.weight".to_owned(),
        Tensor {
            shape: vec![1, 0, 3, 3],
            values: Vec::new(),
        },
    );
    assert!(network.active("conv1", "input", 2).is_err());
}
