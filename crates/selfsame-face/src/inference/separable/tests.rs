//! What runs here gives what rten gives.
#![cfg(feature = "engine")]

use std::num::NonZeroUsize;

use selfsame_testing::{Need, left_out};

use super::layers::{PORTABLE, WIDEST};
use super::{Separable, Workspace};
use crate::fold;
use crate::inference::rten::Rten;
use crate::inference::{
    Engine as _, EngineChoice, EngineError, Inference, InferenceError, Precision, start,
};
use crate::models::{Model, ModelError, ModelStore};
use crate::onnx;

/// More than the order of sums can change, in numbers of which most are between −5 and 5.
const TOLERANCE: f32 = 2e-4;

fn yunet() -> Option<Vec<u8>> {
    let Ok(published) = ModelStore::locate(None).read(Model::YuNet.artefact()) else {
        left_out(Need::Models, &"no models; run `selfsame models fetch`");
        return None;
    };
    Some(fold::prepare(&published).unwrap())
}

fn outputs(model: &dyn Inference) -> Vec<Vec<f32>> {
    let mut outputs = Vec::new();
    // Waves of several lengths, as bright as pixels are: every pixel differs from its neighbours, and the edges from the middle.
    let fill = &mut |input: &mut [f32]| {
        for (at, number) in input.iter_mut().enumerate() {
            let at = at as f32;
            *number = 128.0 + 70.0 * (at / 3.0).sin() + 50.0 * (at / 701.0).cos();
        }
    };
    let read = &mut |given: &[&[f32]]| outputs = given.iter().map(|o| o.to_vec()).collect();
    model.run(fill, read).unwrap();
    outputs
}

fn assert_alike(ours: &[Vec<f32>], rten: &[Vec<f32>], side: usize) {
    assert_eq!((ours.len(), rten.len()), (12, 12));
    for (at, (ours, rten)) in ours.iter().zip(rten).enumerate() {
        assert_eq!(ours.len(), rten.len(), "output {at} at {side}");
        let difference = |(a, b): (&f32, &f32)| (a - b).abs() / (1.0 + b.abs());
        let largest = ours.iter().zip(rten).map(difference).fold(0.0, f32::max);
        assert!(largest < TOLERANCE, "output {at} at {side}: {largest}");
        assert!(
            rten.iter().any(|number| *number != rten[0]),
            "output {at} says nothing"
        );
    }
}

fn by_rten(onnx: &[u8], shape: &[usize]) -> Vec<Vec<f32>> {
    let model = onnx::read(onnx).unwrap();
    outputs(&Rten::default().model(model, shape).unwrap())
}

#[test]
fn the_detector_gives_what_rten_gives() {
    let Some(onnx) = yunet() else { return };
    for side in [64, 96, 128, 192, 256, 320, 640] {
        let shape = [1, 3, side, side];
        let ours = Separable::load(&onnx, &shape).unwrap();
        // The second run works in the first one's memory.
        let (first, ours) = (outputs(&ours), outputs(&ours));
        assert_eq!(first, ours);
        // To the bit: the portable engine detects with these loops.
        let engine = Rten::default().load(&onnx, &shape, Precision::F32).unwrap();
        assert_eq!(outputs(&*engine), ours);
        assert_alike(&ours, &by_rten(&onnx, &shape), side);
    }
}

#[test]
fn the_fast_engine_detects_with_these_loops() {
    let Some(onnx) = yunet() else { return };
    let store = ModelStore::locate(None);
    let engine = match start(EngineChoice::OpenVino, &store, NonZeroUsize::MIN) {
        Ok(engine) => engine,
        Err(error @ EngineError::Model(ModelError::NoSuchPlatform)) => {
            return left_out(Need::Platform, &error);
        }
        Err(error @ EngineError::Model(ModelError::Missing { .. })) => {
            return left_out(Need::Models, &error);
        }
        Err(error) => panic!("{error}"),
    };
    let shape = [1, 3, 128, 128];
    let ours = Separable::load(&onnx, &shape).unwrap();
    let fast = engine.load(&onnx, &shape, Precision::F32).unwrap();
    assert_eq!(outputs(&*fast), outputs(&ours));
}

/// The loops as they are compiled for one kind of processor, whichever this one is.
struct Tiled<const TILE: usize>(Separable);

impl<const TILE: usize> Inference for Tiled<TILE> {
    fn run(
        &self,
        fill: &mut dyn FnMut(&mut [f32]),
        read: &mut dyn FnMut(&[&[f32]]),
    ) -> Result<(), InferenceError> {
        let mut space = Workspace::of(&self.0.plan);
        fill(&mut space.input);
        space.run::<TILE>(&self.0.plan);
        let outputs: Vec<&[f32]> = space.outputs.iter().map(Vec::as_slice).collect();
        read(&outputs);
        Ok(())
    }
}

#[test]
fn tiles_of_each_width_give_what_rten_gives() {
    let Some(onnx) = yunet() else { return };
    // Half of this side is no multiple of the widest tile.
    let side = 96;
    let shape = [1, 3, side, side];
    let rten = by_rten(&onnx, &shape);
    let load = || Separable::load(&onnx, &shape).unwrap();
    assert_alike(&outputs(&Tiled::<PORTABLE>(load())), &rten, side);
    assert_alike(&outputs(&Tiled::<16>(load())), &rten, side);
    assert_alike(&outputs(&Tiled::<WIDEST>(load())), &rten, side);
}

#[test]
fn a_model_of_another_kind_is_refused_with_what_is_wrong() {
    let Some(onnx) = yunet() else { return };
    let wrong = |shape: &[usize]| Separable::load(&onnx, shape).err().unwrap().to_string();
    assert!(wrong(&[1, 3, 64]).contains("[1, 3, 64]"));
    assert!(wrong(&[1, 3, 63, 64]).contains("halved"));
    assert!(wrong(&[1, 4, 64, 64]).contains("weights"));
    assert!(Separable::load(b"no model", &[1, 3, 64, 64]).is_err());
}
