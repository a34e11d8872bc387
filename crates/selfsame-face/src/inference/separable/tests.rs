//! What runs here gives what rten gives.
#![cfg(feature = "engine")]

use selfsame_testing::{Need, left_out};

use super::Separable;
use crate::fold;
use crate::inference::rten::Rten;
use crate::inference::{Engine as _, Inference, Precision};
use crate::models::{Model, ModelStore};

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

#[test]
fn the_detector_gives_what_rten_gives() {
    let Some(onnx) = yunet() else { return };
    for side in [64, 96, 256, 320] {
        let shape = [1, 3, side, side];
        let ours = Separable::load(&onnx, &shape).unwrap();
        let rten = Rten::default().load(&onnx, &shape, Precision::F32).unwrap();
        // The second run works in the first one's memory.
        let (first, ours, rten) = (outputs(&ours), outputs(&ours), outputs(&*rten));
        assert_eq!(first, ours);
        assert_eq!((ours.len(), rten.len()), (12, 12));
        for (at, (ours, rten)) in ours.iter().zip(&rten).enumerate() {
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
