//! Images in, evidence out.

mod capture;
mod picture;
mod sight;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use image::RgbImage;

pub use capture::{CaptureContext, Closely, Draw, MOST_FRAMES};

use crate::align;
use crate::deadline::Deadline;
use crate::decode::{ImageError, Limits};
use crate::detect::{Detector, FIRST_LOOK, GLANCE, SECOND_LOOK};
use crate::digest;
use crate::evidence::{FaceBox, FaceEvidence, ImageEvidence, Timings};
use crate::inference::{self, EngineChoice, EngineError, Inference, InferenceError, Precision};
use crate::memory::MemoryBudget;
use crate::mesh::{self, FaceMesh};
use crate::metadata;
use crate::models::{Model, ModelError, ModelIdentity, ModelStore};
use crate::presentation_attack::PresentationAttackDetector;
use crate::quality;
use crate::straighten::Stance;
use crate::template::{TEMPLATE_LEN, Template};
use picture::Picture;
use sight::{Search, Sight};

/// Detects, aligns and embeds. Cheap to clone; clones share the models and may work at the same time.
#[derive(Clone)]
pub struct Analyser {
    inner: Arc<Inner>,
}

/// How an analyser is to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Which engine.
    pub engine: EngineChoice,
    /// How exactly it computes templates.
    pub precision: Precision,
    /// Limits on each image.
    pub limits: Limits,
    /// Bytes that all pictures in memory may take together, however many threads analyse: what does not fit waits, and what
    /// never fits is refused.
    pub memory: u64,
    /// How many threads may analyse at the same time; more wait. Each takes memory.
    pub parallel: NonZeroUsize,
}

impl Default for Settings {
    /// The best engine there is, the usual limits, and as many threads as this process may use cores.
    fn default() -> Self {
        Self {
            engine: EngineChoice::Auto,
            precision: Precision::default(),
            limits: Limits::default(),
            memory: Limits::default().memory,
            parallel: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}

struct Inner {
    engine: String,
    glance: Detector,
    first_look: Detector,
    second_look: Detector,
    embedder: Box<dyn Inference>,
    mesh: FaceMesh,
    /// With those of its models that were fetched.
    attacks: PresentationAttackDetector,
    models: Vec<ModelIdentity>,
    template_model: ModelIdentity,
    limits: Limits,
    memory: MemoryBudget,
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
    /// The engine does not start.
    #[error(transparent)]
    Start(EngineError),
    /// The engine does not take the model.
    #[error("the engine refuses the model {0}: {1}")]
    Engine(&'static str, InferenceError),
}

/// A template, and the length that the model's output had before.
struct Embedded {
    template: Template,
    length: f32,
}

/// A face that the detector is not sure is upright, and whose template was shorter than this before it was brought to length 1,
/// lies on its side or shows too little to be compared (docs/decisions/0062-turned-faces.md).
const SHORTEST_OF_DOUBTFUL: f32 = 8.0;

/// Tells one stage's time from the next one's.
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the last lap, or the start.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let took = now.duration_since(self.0).as_secs_f64() * 1000.0;
        self.0 = now;
        took
    }
}

impl Analyser {
    /// Loads and warms up the models.
    ///
    /// # Errors
    /// [`LoadError`] says which model or engine is missing or refused.
    pub fn load(store: &ModelStore, settings: &Settings) -> Result<Self, LoadError> {
        let mut engine = inference::start(settings.engine, store, settings.parallel).map_err(
            |error| match error {
                EngineError::Model(error) => LoadError::Model(error),
                other => LoadError::Start(other),
            },
        )?;
        let detector = store.load(Model::YuNet)?;
        let mut look = |side| {
            engine
                .load(&detector.onnx, &[1, 3, side, side], Precision::F32)
                .map(|model| Detector::new(model, side))
                .map_err(|e| LoadError::Engine("YuNet", e))
        };
        let glance = look(GLANCE)?;
        let (first_look, second_look) = (look(FIRST_LOOK)?, look(SECOND_LOOK)?);
        let embedder = store.load(Model::SFace)?;
        let embed = engine
            .load(
                &embedder.onnx,
                &[1, 3, align::SIDE, align::SIDE],
                settings.precision,
            )
            .map_err(|e| LoadError::Engine("SFace", e))?;
        let mut models = vec![detector.identity, embedder.identity.clone()];
        let mut closer = |model: Model, shape: &[usize]| {
            let loaded = store.load(model)?;
            models.push(loaded.identity);
            engine
                .load(&loaded.onnx, shape, Precision::F32)
                .map_err(|e| LoadError::Engine(model.artefact().name, e))
        };
        let mesh = FaceMesh::new(
            closer(Model::FaceMesh, &[1, 3, mesh::SIDE, mesh::SIDE])?,
            closer(Model::Blendshapes, &[1, mesh::EXPRESSION_POINTS, 2])?,
        );
        let attacks =
            PresentationAttackDetector::load(|model, shape| match closer(model, shape) {
                Ok(model) => Ok(Some(model)),
                Err(LoadError::Model(error @ ModelError::Missing { .. })) => {
                    tracing::warn!(%error, "this model detects no presentation attacks");
                    Ok(None)
                }
                Err(error) => Err(error),
            })?;
        drop((detector.onnx, embedder.onnx));
        let analyser = Self {
            inner: Arc::new(Inner {
                engine: engine.name(settings.precision),
                glance,
                first_look,
                second_look,
                embedder: embed,
                mesh,
                attacks,
                models,
                template_model: embedder.identity,
                limits: settings.limits,
                memory: MemoryBudget::new(settings.memory),
            }),
        };
        analyser.warm_up()?;
        inference::settle();
        Ok(analyser)
    }

    /// Runs each model once, so that the first request is not slower than others.
    fn warm_up(&self) -> Result<(), LoadError> {
        let grey = RgbImage::from_pixel(64, 64, image::Rgb([127; 3]));
        self.search(&grey, Search::Glance)
            .map_err(|e| LoadError::Engine("YuNet", e))?;
        self.inner
            .embedder
            .run(&mut |input| input.fill(127.0), &mut |_| ())
            .map_err(|e| LoadError::Engine("SFace", e))?;
        let face = FaceBox {
            x: 16.0,
            y: 16.0,
            width: 32.0,
            height: 32.0,
        };
        self.inner
            .attacks
            .score(&grey, &face)
            .map_err(|e| LoadError::Engine("a detector of presentation attacks", e))?;
        Ok(())
    }

    /// The engine's name and version.
    #[must_use]
    pub fn engine_name(&self) -> &str {
        &self.inner.engine
    }

    /// The models that produce the evidence.
    #[must_use]
    pub fn models(&self) -> &[ModelIdentity] {
        &self.inner.models
    }

    /// The model that makes the templates.
    #[must_use]
    pub fn template_model(&self) -> &ModelIdentity {
        &self.inner.template_model
    }

    /// Whether a model that detects presentation attacks is loaded. Without one no capture has that evidence.
    #[must_use]
    pub fn detects_presentation_attacks(&self) -> bool {
        !self.inner.attacks.is_empty()
    }

    /// Measures the faces in an image and makes a template of its subject.
    ///
    /// # Errors
    /// When the image cannot be used.
    pub fn analyse(&self, bytes: &[u8]) -> Result<ImageEvidence, ImageError> {
        self.analyse_received(bytes, None)
    }

    /// The same, for an image that came at a time that is known: its metadata's dates are held against it.
    ///
    /// # Errors
    /// When the image cannot be used.
    pub fn analyse_received(
        &self,
        bytes: &[u8],
        received: Option<SystemTime>,
    ) -> Result<ImageEvidence, ImageError> {
        self.look(bytes, received, &Deadline::none())
            .map(|(evidence, _)| evidence)
    }

    /// As [`Analyser::analyse_received`], and the pixels too.
    fn look(
        &self,
        bytes: &[u8],
        received: Option<SystemTime>,
        deadline: &Deadline,
    ) -> Result<(ImageEvidence, Picture), ImageError> {
        let Sight {
            picture,
            faces: found,
            turned,
            stance,
            decode_ms,
            detect_ms,
            ..
        } = self.see(bytes, Search::Thorough, deadline)?;
        let mut timings = Timings {
            decode_ms,
            detect_ms,
            ..Timings::default()
        };
        let mut clock = Clock::start();
        let decoded = &picture.decoded;
        let digests = digest::digests(bytes, &decoded.pixels);
        let metadata = metadata::notes(bytes, decoded, &digests, received);
        timings.file_ms = clock.lap();
        let mut faces = Vec::with_capacity(found.len());
        let mut subject = None;
        for detection in &found {
            deadline.check()?;
            let Some(face) = align::align(&decoded.pixels, &detection.landmarks) else {
                continue;
            };
            let grey = face.luminance();
            faces.push(FaceEvidence {
                face_box: detection.face_box,
                landmarks: detection.landmarks,
                detection_score: detection.score,
                inter_eye_distance: detection.landmarks.inter_eye_distance(),
                sharpness: quality::sharpness(&grey),
                exposure: quality::mean_luminance(&grey),
                quality: quality::measure(
                    &face,
                    &grey,
                    &detection.face_box,
                    &detection.landmarks,
                    decoded.pixels.dimensions(),
                ),
                geometry: None,
            });
            subject.get_or_insert(face);
        }
        timings.align_ms = clock.lap();
        let embedded = match subject {
            Some(face) if stance != Stance::Turned => self
                .embed(&face)
                .map_err(|e| ImageError::Analysis(e.to_string()))?
                .filter(|e| stance == Stance::Upright || e.length >= SHORTEST_OF_DOUBTFUL),
            _ => None,
        };
        timings.embed_ms = clock.lap();
        let evidence = ImageEvidence {
            image: decoded.facts,
            faces,
            template_length: embedded.as_ref().map(|e| e.length),
            template: embedded.map(|e| e.template),
            turned,
            digests,
            metadata,
            timings,
        };
        Ok((evidence, picture))
    }

    /// `None` when the embedding has no direction.
    fn embed(&self, face: &align::AlignedFace) -> Result<Option<Embedded>, InferenceError> {
        let mut embedded = None;
        self.inner.embedder.run(
            &mut |input| input.copy_from_slice(face.planes()),
            &mut |outputs| {
                let embedding: Option<&[f32; TEMPLATE_LEN]> =
                    outputs.first().and_then(|o| (*o).try_into().ok());
                embedded = embedding.and_then(|e| {
                    Some(Embedded {
                        template: Template::from_embedding(e).ok()?,
                        length: e.iter().map(|v| v * v).sum::<f32>().sqrt(),
                    })
                });
            },
        )?;
        Ok(embedded)
    }
}
