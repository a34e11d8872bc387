//! Embedders: the models that make templates of faces. What one wants, and what its scores mean, stands in its manifest: the
//! built-in model's here, an operator's in a file beside the model (docs/embedders.md).

mod calibration;
mod manifest;

use std::path::{Path, PathBuf};

use image::RgbImage;
use sha2::{Digest as _, Sha256};

pub use calibration::{Calibration, CalibrationError};
pub use manifest::EmbedderError;

use crate::align::{self, AlignedFace};
use crate::evidence::{Landmarks, Point};
use crate::fold;
use crate::inference::{Inference, InferenceError};
use crate::models::{Model, ModelIdentity};
use crate::template::{ModelThresholds, TEMPLATE_LEN, Template, TemplateModel};

/// The comparison thresholds of the built-in model; where they come from stands in docs/policy.md.
const BUILT_IN_THRESHOLDS: ModelThresholds = ModelThresholds {
    same: 0.52,
    review: 0.42,
    duplicate: 0.55,
};

/// What makes SFace's templates tell people apart better; how it was learned: models/calibration/README.md.
const BUILT_IN_CALIBRATION: &[u8] = include_bytes!("models/calibration/sface-lfw.selfcal");

/// In which order a model wants colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Blue, green, red.
    Bgr,
}

/// How a model's input is made of a face: planes of `(value − mean) · scale`, value 0 to 255, in the model's order of colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Input {
    /// Side of the square, in pixels.
    pub side: usize,
    /// The order of colours, of `mean` and `scale` too.
    pub channels: Channels,
    /// What is taken away first.
    pub mean: [f32; 3],
    /// What it is multiplied by then.
    pub scale: [f32; 3],
    /// Where the landmarks are brought to: eyes, nose, corners of the mouth, as seen in the picture; pixels of the square.
    pub alignment: [Point; 5],
}

/// An embedder as its manifest describes it; nothing is loaded yet.
#[derive(Debug, Clone)]
pub struct Embedder {
    identity: ModelIdentity,
    licence: String,
    input: Input,
    /// Numbers that the model gives.
    output: usize,
    calibration: Option<Calibration>,
    thresholds: Option<ModelThresholds>,
    /// `None`: the built-in one, from the model store.
    file: Option<PathBuf>,
    model: TemplateModel,
    /// The same model without its calibration.
    plain: TemplateModel,
}

/// The embedders of an analyser.
#[derive(Debug, Clone)]
pub struct Embedders {
    /// Makes the templates of all that is enrolled, and of every probe.
    pub primary: Embedder,
    /// Make templates of every selfie besides, so that users whom they enrolled can still be compared.
    pub also: Vec<Embedder>,
}

impl Default for Embedders {
    /// The built-in one alone.
    fn default() -> Self {
        Self {
            primary: Embedder::built_in(),
            also: Vec::new(),
        }
    }
}

impl Embedders {
    /// All of them, the primary first.
    pub fn iter(&self) -> impl Iterator<Item = &Embedder> {
        std::iter::once(&self.primary).chain(&self.also)
    }
}

impl Embedder {
    /// SFace, as the model store has it, with its calibration.
    #[must_use]
    pub fn built_in() -> Self {
        let plain = Self::built_in_plain();
        let calibration = Calibration::from_bytes(BUILT_IN_CALIBRATION).ok();
        // Part of the build; a test holds that it is read.
        match calibration.map(|calibration| plain.clone().with_calibration(calibration)) {
            Some(Ok(calibrated)) => calibrated,
            Some(Err(_)) | None => plain,
        }
    }

    /// SFace without its calibration.
    #[must_use]
    pub fn built_in_plain() -> Self {
        let artefact = Model::SFace.artefact();
        let built_in = Self {
            identity: ModelIdentity {
                name: artefact.name.to_owned(),
                version: artefact.version.to_owned(),
                sha256: artefact.sha256.to_owned(),
            },
            licence: artefact.licence.to_owned(),
            input: Input {
                side: align::SIDE,
                channels: Channels::Rgb,
                mean: [0.0; 3],
                scale: [1.0; 3],
                alignment: align::REFERENCE,
            },
            output: TEMPLATE_LEN,
            calibration: None,
            thresholds: Some(BUILT_IN_THRESHOLDS),
            file: None,
            model: TemplateModel::unknown(),
            plain: TemplateModel::unknown(),
        };
        built_in.named()
    }

    /// Reads an operator's manifest; the model's file is read and its digest checked when it is loaded.
    ///
    /// # Errors
    /// [`EmbedderError`] names the file and what is wrong in it.
    pub fn read(manifest: &Path) -> Result<Self, EmbedderError> {
        manifest::read(manifest)
    }

    /// The same with a calibration, and so of another name: its templates do not compare with those made without.
    ///
    /// # Errors
    /// When it is not for as many numbers as the model gives.
    pub fn with_calibration(mut self, calibration: Calibration) -> Result<Self, CalibrationError> {
        if calibration.input() != self.output {
            return Err(CalibrationError::OtherLength {
                calibration: calibration.input(),
                model: self.output,
            });
        }
        self.calibration = Some(calibration);
        Ok(self.named())
    }

    /// Gives it the name of its templates' model.
    fn named(mut self) -> Self {
        self.plain = self.name_with(None);
        self.model = self.name_with(self.calibration.as_ref());
        self
    }

    fn name_with(&self, calibration: Option<&Calibration>) -> TemplateModel {
        let name = if self.file.is_none() && calibration.is_none() {
            // What every template on file was made by before there were others.
            self.identity.sha256.clone()
        } else {
            hex::encode(self.shape_digest(calibration))
        };
        // A digest in hexadecimal always is a name.
        TemplateModel::new(&name).unwrap_or_else(|_| TemplateModel::unknown())
    }

    /// SHA-256 of all that shapes its templates. Names, licence and thresholds may change without making others of them.
    fn shape_digest(&self, calibration: Option<&Calibration>) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"selfsame template model 1\n");
        hasher.update(self.identity.sha256.as_bytes());
        let input = &self.input;
        hasher.update((input.side as u64).to_le_bytes());
        hasher.update([u8::from(input.channels == Channels::Bgr)]);
        let points = input.alignment.iter().flat_map(|p| [p.x, p.y]);
        for number in input.mean.into_iter().chain(input.scale).chain(points) {
            hasher.update(number.to_le_bytes());
        }
        if let Some(calibration) = calibration {
            hasher.update(calibration.to_bytes());
        }
        hasher.finalize().into()
    }

    /// Its name, version and file, as results record them.
    #[must_use]
    pub const fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    /// The licence of its weights, as its manifest gives it.
    #[must_use]
    pub fn licence(&self) -> &str {
        &self.licence
    }

    /// The name of its templates' model.
    #[must_use]
    pub const fn model(&self) -> &TemplateModel {
        &self.model
    }

    /// The names of templates on file that its own compare with: that name; and, where it is calibrated, the one from before.
    pub fn models(&self) -> impl Iterator<Item = &TemplateModel> {
        let plain = (self.plain != self.model).then_some(&self.plain);
        std::iter::once(&self.model).chain(plain)
    }

    /// How its input is made.
    #[must_use]
    pub const fn input(&self) -> &Input {
        &self.input
    }

    /// How many numbers its templates have.
    #[must_use]
    pub fn template_len(&self) -> usize {
        self.calibration
            .as_ref()
            .map_or(self.output, Calibration::output)
    }

    /// Where its scores divide, as its manifest says.
    #[must_use]
    pub const fn thresholds(&self) -> Option<&ModelThresholds> {
        self.thresholds.as_ref()
    }

    /// Whether it is the built-in one.
    #[must_use]
    pub const fn is_built_in(&self) -> bool {
        self.file.is_none()
    }

    /// A template that this model's file made without its calibration, calibrated: it then compares with this embedder's own.
    /// `None` for every other template. No photograph is needed for it.
    #[must_use]
    pub fn calibrate(&self, plain: &Template) -> Option<Template> {
        let calibration = self.calibration.as_ref()?;
        if *plain.model() != self.plain {
            return None;
        }
        let values = calibration.apply(plain.values())?;
        Template::new(&values, &self.model)
            .ok()
            .map(|t| t.with_raw_length(plain.raw_length()))
    }

    /// An operator's model prepared for the engines, its digest checked. `None` for the built-in one, which is the manifest's.
    pub(crate) fn own_onnx(&self) -> Result<Option<Vec<u8>>, EmbedderError> {
        let Some(path) = &self.file else {
            return Ok(None);
        };
        let published = manifest::model_file(path, &self.identity.sha256)?;
        let prepared = fold::prepare(&published).map_err(|problem| EmbedderError::Model {
            path: path.clone(),
            problem,
        })?;
        Ok(Some(prepared))
    }
}

/// An embedder that is ready to run.
pub(crate) struct LoadedEmbedder {
    embedder: Embedder,
    inference: Box<dyn Inference>,
}

impl LoadedEmbedder {
    pub(crate) fn new(embedder: Embedder, inference: Box<dyn Inference>) -> Self {
        Self {
            embedder,
            inference,
        }
    }

    pub(crate) const fn embedder(&self) -> &Embedder {
        &self.embedder
    }

    /// How many numbers the model gives: of its first output, for a grey picture.
    pub(crate) fn try_out(&self) -> Result<usize, InferenceError> {
        let mut length = 0;
        self.inference
            .run(&mut |input| input.fill(0.5), &mut |outputs| {
                length = outputs.first().map_or(0, |o| o.len())
            })?;
        Ok(length)
    }

    /// How many numbers its manifest promises.
    pub(crate) const fn output(&self) -> usize {
        self.embedder.output
    }

    /// The template of a face; `aligned` is that face as the built-in model wants it, where it was cut out already. `None`
    /// where the landmarks fall together, or the embedding has no direction.
    pub(crate) fn embed(
        &self,
        image: &RgbImage,
        landmarks: &Landmarks,
        aligned: Option<&AlignedFace>,
    ) -> Result<Option<Template>, InferenceError> {
        let Input {
            side,
            alignment,
            channels,
            mean,
            scale,
        } = &self.embedder.input;
        let own;
        let planes = match aligned {
            Some(face) if *side == align::SIDE && *alignment == align::REFERENCE => face.planes(),
            _ => match align::cut_out(image, landmarks, alignment, *side) {
                Some(planes) => {
                    own = planes;
                    &own[..]
                }
                None => return Ok(None),
            },
        };
        let plane = side * side;
        let mut template = None;
        self.inference.run(
            &mut |input| {
                for (at, target) in input.chunks_exact_mut(plane).enumerate().take(3) {
                    let from = match channels {
                        Channels::Rgb => at,
                        Channels::Bgr => 2 - at,
                    };
                    let source = &planes[from * plane..(from + 1) * plane];
                    let (mean, scale) = (mean[at], scale[at]);
                    for (target, value) in target.iter_mut().zip(source) {
                        *target = (value - mean) * scale;
                    }
                }
            },
            &mut |outputs| template = outputs.first().and_then(|o| self.template(o)),
        )?;
        Ok(template)
    }

    fn template(&self, output: &[f32]) -> Option<Template> {
        if output.len() != self.embedder.output {
            return None;
        }
        let raw = Template::new(output, &self.embedder.model).ok()?;
        match &self.embedder.calibration {
            None => Some(raw),
            Some(calibration) => {
                let values = calibration.apply(raw.values())?;
                let calibrated = Template::new(&values, &self.embedder.model).ok()?;
                Some(calibrated.with_raw_length(raw.raw_length()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
