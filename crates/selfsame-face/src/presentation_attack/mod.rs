//! Passive presentation-attack detection: models that look at one image's face and what surrounds it.

mod minifas;
mod silent_face;

use image::RgbImage;

use crate::evidence::{FaceBox, ModelScores, PresentationAttackEvidence};
use crate::inference::{Inference, InferenceError};
use crate::models::Model;

/// The models, each of which the system can do without. The first that is there gives
/// [`PresentationAttackEvidence::fused`].
pub(crate) const MODELS: [Model; 3] = [Model::MiniFas, Model::SilentFaceNear, Model::SilentFaceFar];

/// One image's scores by model, in the order of [`MODELS`].
pub(crate) type Scores = [Option<f32>; MODELS.len()];

/// Scores faces one by one.
#[derive(Default)]
pub(crate) struct PresentationAttackDetector {
    models: [Option<Box<dyn Inference>>; MODELS.len()],
}

impl PresentationAttackDetector {
    /// Loads what `load` gives of the models: `None` for one that was not fetched.
    pub(crate) fn load<E>(
        mut load: impl FnMut(Model, &[usize]) -> Result<Option<Box<dyn Inference>>, E>,
    ) -> Result<Self, E> {
        let mut detector = Self::default();
        for (model, place) in MODELS.into_iter().zip(&mut detector.models) {
            let side = match model {
                Model::MiniFas => minifas::SIDE,
                _ => silent_face::SIDE,
            };
            *place = load(model, &[1, 3, side, side])?;
        }
        Ok(detector)
    }

    /// The models that are not there.
    pub(crate) fn missing(&self) -> impl Iterator<Item = Model> {
        let models = MODELS.into_iter().zip(&self.models);
        models.filter_map(|(model, loaded)| loaded.is_none().then_some(model))
    }

    /// Each model's score: above 0 speaks for a live face. `None` for a model that is not there, or when the box is no box.
    pub(crate) fn score(&self, image: &RgbImage, face: &FaceBox) -> Result<Scores, InferenceError> {
        let mut scores = Scores::default();
        for ((kind, model), score) in MODELS.into_iter().zip(&self.models).zip(&mut scores) {
            let Some(model) = model.as_deref() else {
                continue;
            };
            *score = match kind {
                Model::SilentFaceNear => silent_face::score(model, image, face, silent_face::NEAR)?,
                Model::SilentFaceFar => silent_face::score(model, image, face, silent_face::FAR)?,
                _ => minifas::score(model, image, face)?,
            };
        }
        Ok(scores)
    }
}

/// What all images say together, the selfie's scores first. `None` where no model scored any of them.
pub(crate) fn evidence(images: &[Scores]) -> Option<PresentationAttackEvidence> {
    let models: Vec<ModelScores> = MODELS
        .into_iter()
        .enumerate()
        .filter_map(|(at, model)| {
            let images: Vec<Option<f32>> = images.iter().map(|scores| scores[at]).collect();
            let found: Vec<f32> = images.iter().copied().flatten().collect();
            Some(ModelScores {
                model: model.artefact().name.to_owned(),
                lower_half: fuse(&found)?,
                mean: found.iter().sum::<f32>() / found.len() as f32,
                images,
            })
        })
        .collect();
    let first = models.first()?;
    Some(PresentationAttackEvidence {
        scores: first.images.iter().copied().flatten().collect(),
        fused: first.lower_half,
        models,
    })
}

/// The mean of the lower half of the scores (the middle one included): more than half of the images must look bona fide to
/// raise it, and one poor image lowers it by no more than its share. `None` without scores.
fn fuse(scores: &[f32]) -> Option<f32> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.truncate(scores.len().div_ceil(2));
    (!sorted.is_empty()).then(|| sorted.iter().sum::<f32>() / sorted.len() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_image_alone_does_not_raise_the_fused_score() {
        assert_eq!(fuse(&[]), None);
        assert_eq!(fuse(&[3.0]), Some(3.0));
        assert_eq!(fuse(&[-5.0, 40.0]), Some(-5.0));
        assert_eq!(fuse(&[-5.0, -3.0, 40.0, -4.0]), Some(-4.5));
        // Nor does one poor image bring a good capture below zero.
        assert!(fuse(&[8.0, 9.0, -2.0, 7.0, 8.0]).unwrap() > 0.0);
    }

    #[test]
    fn scores_stay_with_their_image_and_model() {
        assert_eq!(evidence(&[]), None);
        assert_eq!(evidence(&[[None; 3]; 4]), None);
        let images = [
            [Some(4.0), None, Some(1.0)],
            [None; 3],
            [Some(2.0), None, Some(-3.0)],
        ];
        let seen = evidence(&images).unwrap();
        assert_eq!((&seen.scores[..], seen.fused), (&[4.0, 2.0][..], 2.0));
        let names: Vec<&str> = seen.models.iter().map(|m| &*m.model).collect();
        assert_eq!(names, ["MiniFAS", "Silent-Face far"]);
        assert_eq!(seen.models[0].images, [Some(4.0), None, Some(2.0)]);
        assert_eq!(
            (seen.models[1].lower_half, seen.models[1].mean),
            (-3.0, -1.0)
        );
        // Without the first model the next one stands for it.
        let fewer = evidence(&[[None, None, Some(1.0)]]).unwrap();
        assert_eq!((fewer.fused, fewer.models.len()), (1.0, 1));
    }
}
