//! One image in, its evidence out.

use std::sync::Arc;
use std::time::Instant;

use image::RgbImage;

use crate::align;
use crate::decode::{ImageError, Limits, decode};
use crate::detect::{Detection, Detector, FIRST_LOOK, SECOND_LOOK};
use crate::evidence::{FaceEvidence, ImageEvidence, Timings};
use crate::inference::{Inference, InferenceError, Tract};
use crate::models::{Model, ModelError, ModelIdentity, ModelStore};
use crate::template::{TEMPLATE_LEN, Template};

/// Detects, aligns and embeds. Cheap to clone; clones share the models and may work at the same time.
#[derive(Clone)]
pub struct Analyser {
    inner: Arc<Inner>,
}

struct Inner {
    first_look: Detector,
    second_look: Detector,
    embedder: Box<dyn Inference>,
    models: [ModelIdentity; 2],
    limits: Limits,
}

impl std::fmt::Debug for Analyser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyser")
            .field("models", &self.inner.models)
            .finish_non_exhaustive()
    }
}

/// Why an analyser cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A model is missing or not what the manifest says.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The engine does not take the model.
    #[error("the engine refuses the model {0}: {1}")]
    Engine(&'static str, InferenceError),
}

impl Analyser {
    /// Loads and warms up the models.
    ///
    /// # Errors
    /// [`LoadError`] says which model is missing or refused.
    pub fn load(store: &ModelStore, limits: Limits) -> Result<Self, LoadError> {
        let detector = store.load(Model::YuNet)?;
        let embedder = store.load(Model::SFace)?;
        let look = |side| {
            Tract::load(&detector.onnx, [1, 3, side, side])
                .map(|model| Detector::new(Box::new(model), side))
                .map_err(|e| LoadError::Engine("YuNet", e))
        };
        let analyser = Self {
            inner: Arc::new(Inner {
                first_look: look(FIRST_LOOK)?,
                second_look: look(SECOND_LOOK)?,
                embedder: Box::new(
                    Tract::load(&embedder.onnx, [1, 3, align::SIDE, align::SIDE])
                        .map_err(|e| LoadError::Engine("SFace", e))?,
                ),
                models: [detector.identity, embedder.identity],
                limits,
            }),
        };
        analyser
            .embed(vec![127.0; 3 * align::SIDE * align::SIDE])
            .map_err(|e| LoadError::Engine("SFace", e))?;
        Ok(analyser)
    }

    /// The engine's name.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        "tract"
    }

    /// The models that produce the evidence.
    #[must_use]
    pub fn models(&self) -> &[ModelIdentity] {
        &self.inner.models
    }

    /// The model that makes the templates.
    #[must_use]
    pub fn template_model(&self) -> &ModelIdentity {
        &self.inner.models[1]
    }

    /// Measures the faces in an image and makes a template of the largest.
    ///
    /// # Errors
    /// When the image cannot be used.
    pub fn analyse(&self, bytes: &[u8]) -> Result<ImageEvidence, ImageError> {
        let mut timings = Timings::default();
        let mut clock = Instant::now();
        let mut lap = || {
            let took = clock.elapsed().as_secs_f64() * 1000.0;
            clock = Instant::now();
            took
        };
        let decoded = decode(bytes, &self.inner.limits)?;
        timings.decode_ms = lap();
        let found = self
            .find(&decoded.pixels)
            .map_err(|e| ImageError::Analysis(e.to_string()))?;
        timings.detect_ms = lap();
        let mut faces = Vec::with_capacity(found.len());
        let mut largest = None;
        for detection in &found {
            let Some(face) = align::align(&decoded.pixels, &detection.landmarks) else {
                continue;
            };
            let (sharpness, exposure) = face.quality();
            faces.push(FaceEvidence {
                face_box: detection.face_box,
                landmarks: detection.landmarks,
                detection_score: detection.score,
                inter_eye_distance: detection.landmarks.inter_eye_distance(),
                sharpness,
                exposure,
            });
            largest.get_or_insert(face);
        }
        timings.align_ms = lap();
        let template = match largest {
            Some(face) => Some(
                self.embed(face.into_input())
                    .map_err(|e| ImageError::Analysis(e.to_string()))?,
            ),
            None => None,
        };
        timings.embed_ms = lap();
        Ok(ImageEvidence {
            image: decoded.facts,
            faces,
            template: template.flatten(),
            timings,
        })
    }

    /// The first look; then a finer one; then one with an empty margin, for a face that fills the frame.
    fn find(&self, image: &RgbImage) -> Result<Vec<Detection>, InferenceError> {
        let looks = [
            (&self.inner.first_look, 0.0),
            (&self.inner.second_look, 0.0),
            (&self.inner.first_look, 0.25),
        ];
        for (detector, margin) in looks {
            let found = detector.detect(image, margin)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// `None` when the embedding has no direction.
    fn embed(&self, input: Vec<f32>) -> Result<Option<Template>, InferenceError> {
        let outputs = self.inner.embedder.run(input)?;
        let embedding: Option<&[f32; TEMPLATE_LEN]> =
            outputs.first().and_then(|o| o.as_slice().try_into().ok());
        Ok(embedding.and_then(|e| Template::from_embedding(e).ok()))
    }
}
