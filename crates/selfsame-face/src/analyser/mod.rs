//! Images in, evidence out.

mod capture;
mod doubt;
mod load;
mod picture;
mod portrait;
mod sight;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use image::RgbImage;

pub use capture::{CaptureContext, Closely, Draw, MOST_FRAMES};
pub use load::LoadError;

use crate::align;
use crate::deadline::Deadline;
use crate::decode::{ImageError, Limits};
use crate::detect::Detector;
use crate::digest;
use crate::embed::{Embedder, LoadedEmbedder};
use crate::evidence::{FaceEvidence, ImageEvidence, Landmarks, Timings};
use crate::inference::{EngineChoice, InferenceError, Loading, Precision};
use crate::memory::MemoryBudget;
use crate::mesh::FaceMesh;
use crate::metadata;
use crate::models::ModelIdentity;
use crate::presentation_attack::PresentationAttackDetector;
use crate::quality;
use crate::straighten::Stance;
use crate::template::{Template, TemplateModel};
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
    /// When models are prepared.
    pub loading: Loading,
    /// How many frames of a capture are looked at more closely at first.
    pub closely: Closely,
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
            loading: Loading::default(),
            closely: Closely::default(),
        }
    }
}

struct Inner {
    engine: String,
    glance: Detector,
    small_look: Detector,
    close_look: Detector,
    first_look: Detector,
    second_look: Detector,
    embedder: LoadedEmbedder,
    /// Those that are served besides.
    also: Vec<LoadedEmbedder>,
    mesh: FaceMesh,
    /// With those of its models that were fetched.
    attacks: PresentationAttackDetector,
    models: Vec<ModelIdentity>,
    limits: Limits,
    memory: MemoryBudget,
    closely: Closely,
}

impl std::fmt::Debug for Analyser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyser")
            .field("models", &self.inner.models)
            .finish_non_exhaustive()
    }
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
    pub fn template_model(&self) -> &TemplateModel {
        self.inner.embedder.embedder().model()
    }

    /// The embedders, the one that makes the templates first.
    pub fn embedders(&self) -> impl Iterator<Item = &Embedder> {
        let loaded = std::iter::once(&self.inner.embedder).chain(&self.inner.also);
        loaded.map(LoadedEmbedder::embedder)
    }

    /// Whether all models that detect presentation attacks are loaded: what is fitted to all of them tells little by a part.
    #[must_use]
    pub fn detects_presentation_attacks(&self) -> bool {
        self.inner.attacks.missing().next().is_none()
    }

    /// The names of those that are not.
    #[must_use]
    pub fn missing_attack_models(&self) -> Vec<&'static str> {
        let missing = self.inner.attacks.missing();
        missing.map(|model| model.artefact().name).collect()
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
        self.look(bytes, received, Search::Template, &Deadline::none())
            .map(|(evidence, _)| evidence)
    }

    /// As [`Analyser::analyse_received`], and the pixels too. A selfie is searched thoroughly, an authority's photograph as one.
    fn look(
        &self,
        bytes: &[u8],
        received: Option<SystemTime>,
        search: Search,
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
        } = self.see(bytes, search, deadline)?;
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
            subject.get_or_insert((face, detection.landmarks));
        }
        timings.align_ms = clock.lap();
        let (mut template, mut further_templates) = (None, Vec::new());
        if let Some((face, landmarks)) = &subject
            && stance != Stance::Turned
        {
            let failed = |e: InferenceError| ImageError::Analysis(e.to_string());
            template = self
                .embed(&decoded.pixels, landmarks, Some(face))
                .map_err(failed)?
                .filter(|t| stance == Stance::Upright || self.is_long_enough(t));
            if template.is_some() {
                for also in &self.inner.also {
                    let made = also.embed(&decoded.pixels, landmarks, Some(face));
                    further_templates.extend(made.map_err(failed)?);
                }
            }
        }
        timings.embed_ms = clock.lap();
        let evidence = ImageEvidence {
            image: decoded.facts,
            faces,
            template_length: template.as_ref().and_then(Template::raw_length),
            template,
            further_templates,
            turned,
            digests,
            metadata,
            timings,
        };
        Ok((evidence, picture))
    }

    /// Whether a doubtful face shows enough to be compared; of another embedder nothing is known.
    fn is_long_enough(&self, template: &Template) -> bool {
        !self.inner.embedder.embedder().is_built_in()
            || template
                .raw_length()
                .is_none_or(|length| length >= SHORTEST_OF_DOUBTFUL)
    }

    /// The template of a face; `aligned` is the face cut out, where that was done already. `None` when the landmarks fall
    /// together, or the embedding has no direction.
    fn embed(
        &self,
        image: &RgbImage,
        landmarks: &Landmarks,
        aligned: Option<&align::AlignedFace>,
    ) -> Result<Option<Template>, InferenceError> {
        self.inner.embedder.embed(image, landmarks, aligned)
    }
}
