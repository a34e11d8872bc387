//! Models brought to the engine.

use std::sync::Arc;

use image::RgbImage;

use super::sight::Search;
use super::{Analyser, Inner, Settings};
use crate::detect::{CLOSE_LOOK, Detector, FIRST_LOOK, GLANCE, SECOND_LOOK, SMALL_LOOK};
use crate::embed::{Embedder, EmbedderError, Embedders, LoadedEmbedder};
use crate::evidence::FaceBox;
use crate::inference::deferred::Deferred;
use crate::inference::{self, Engine, EngineError, Inference, InferenceError, Loading, Precision};
use crate::memory::MemoryBudget;
use crate::mesh::{self, FaceMesh};
use crate::models::{Model, ModelError, ModelIdentity, ModelStore};
use crate::presentation_attack::PresentationAttackDetector;

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
    /// An operator's embedder is missing or not what its manifest says.
    #[error(transparent)]
    Embedder(#[from] EmbedderError),
    /// The engine does not take an embedder.
    #[error("the engine refuses the embedder {0}: {1}")]
    EmbedderEngine(String, InferenceError),
    /// An embedder does not give what its manifest promises.
    #[error("the embedder {name} gives {found} numbers, and its manifest says output = {wanted}")]
    EmbedderOutput {
        /// Its name.
        name: String,
        /// What it gives.
        found: usize,
        /// What its manifest says.
        wanted: usize,
    },
    /// Two embedders are the same.
    #[error("the embedder {0} is given twice")]
    EmbedderTwice(String),
}

/// Brings models to the engine, now or when they are needed.
struct Loader<'s> {
    store: &'s ModelStore,
    engine: Arc<dyn Engine>,
    loading: Loading,
    /// What was brought.
    models: Vec<ModelIdentity>,
}

impl Loader<'_> {
    /// A model of the manifest, for inputs of each of these shapes. Its digest is checked now.
    fn load<const N: usize>(
        &mut self,
        model: Model,
        shapes: [&[usize]; N],
        precision: Precision,
    ) -> Result<[Box<dyn Inference>; N], LoadError> {
        let published = Arc::new(self.store.read(model.artefact())?);
        self.models.push(model.identity());
        let refused = |e| LoadError::Engine(model.artefact().name, e);
        let onnx = match self.loading {
            Loading::AtStart => model.prepare(&published)?,
            Loading::WhenNeeded => Vec::new(),
        };
        let mut loaded: Vec<Box<dyn Inference>> = Vec::with_capacity(N);
        for shape in shapes {
            loaded.push(match self.loading {
                Loading::AtStart => self.engine.load(&onnx, shape, precision).map_err(refused)?,
                Loading::WhenNeeded => {
                    let (engine, published) = (Arc::clone(&self.engine), Arc::clone(&published));
                    let shape = shape.to_vec();
                    Box::new(Deferred::new(move || {
                        let onnx = model
                            .prepare(&published)
                            .map_err(InferenceError::of_model)?;
                        engine.load(&onnx, &shape, precision)
                    }))
                }
            });
        }
        loaded
            .try_into()
            .map_err(|_| refused(InferenceError::of_model("not every shape was loaded")))
    }

    /// An embedder; an operator's now in any case, and tried out: what its manifest promises may be wrong.
    fn embedder(
        &mut self,
        embedder: &Embedder,
        precision: Precision,
    ) -> Result<LoadedEmbedder, LoadError> {
        let side = embedder.input().side;
        let shape = [1, 3, side, side];
        let inference = match embedder.own_onnx()? {
            None => {
                let [inference] = self.load(Model::SFace, [&shape], precision)?;
                return Ok(LoadedEmbedder::new(embedder.clone(), inference));
            }
            Some(onnx) => self.engine.load(&onnx, &shape, precision),
        };
        let identity = embedder.identity();
        let refused = |e| LoadError::EmbedderEngine(identity.name.clone(), e);
        let loaded = LoadedEmbedder::new(embedder.clone(), inference.map_err(refused)?);
        try_out(&loaded)?;
        self.models.push(identity.clone());
        Ok(loaded)
    }
}

/// Whether an embedder gives what its manifest promises.
fn try_out(loaded: &LoadedEmbedder) -> Result<(), LoadError> {
    let name = &loaded.embedder().identity().name;
    let found = loaded
        .try_out()
        .map_err(|e| LoadError::EmbedderEngine(name.clone(), e))?;
    if found == loaded.output() {
        Ok(())
    } else {
        Err(LoadError::EmbedderOutput {
            name: name.clone(),
            found,
            wanted: loaded.output(),
        })
    }
}

impl Analyser {
    /// Loads the models, with the built-in embedder.
    ///
    /// # Errors
    /// [`LoadError`] says which model or engine is missing or refused.
    pub fn load(store: &ModelStore, settings: &Settings) -> Result<Self, LoadError> {
        Self::load_with(store, settings, &Embedders::default())
    }

    /// The same with these embedders.
    ///
    /// # Errors
    /// [`LoadError`] says which model, embedder or engine is missing or refused.
    pub fn load_with(
        store: &ModelStore,
        settings: &Settings,
        embedders: &Embedders,
    ) -> Result<Self, LoadError> {
        let engine = inference::start(settings.engine, store, settings.parallel).map_err(
            |error| match error {
                EngineError::Model(error) => LoadError::Model(error),
                other => LoadError::Start(other),
            },
        )?;
        let mut loader = Loader {
            store,
            engine: Arc::clone(&engine),
            loading: settings.loading,
            models: Vec::new(),
        };
        let sides = [GLANCE, SMALL_LOOK, CLOSE_LOOK, FIRST_LOOK, SECOND_LOOK];
        let shapes = sides.map(|side| [1, 3, side, side]);
        let [glance, small, close, first, second] = &shapes;
        let [glance, small, close, first, second] = loader.load(
            Model::YuNet,
            [glance, small, close, first, second],
            Precision::F32,
        )?;
        let embedder = loader.embedder(&embedders.primary, settings.precision)?;
        let mut also = Vec::new();
        for further in &embedders.also {
            let mut loaded = std::iter::once(&embedder).chain(&also);
            if loaded.any(|e| e.embedder().model() == further.model()) {
                let name = further.identity().name.clone();
                return Err(LoadError::EmbedderTwice(name));
            }
            also.push(loader.embedder(further, settings.precision)?);
        }
        let mut exactly = |model: Model, shape: &[usize]| {
            let [loaded] = loader.load(model, [shape], Precision::F32)?;
            Ok::<_, LoadError>(loaded)
        };
        let mesh = FaceMesh::new(
            exactly(Model::FaceMesh, &[1, 3, mesh::SIDE, mesh::SIDE])?,
            exactly(Model::Blendshapes, &[1, mesh::EXPRESSION_POINTS, 2])?,
        );
        let attacks =
            PresentationAttackDetector::load(|model, shape| match exactly(model, shape) {
                Ok(model) => Ok(Some(model)),
                Err(LoadError::Model(error @ ModelError::Missing { .. })) => {
                    tracing::warn!(%error, "presentation attacks are not fully detected");
                    Ok(None)
                }
                Err(error) => Err(error),
            })?;
        let analyser = Self {
            inner: Arc::new(Inner {
                engine: engine.name(settings.precision),
                glance: Detector::new(glance, GLANCE),
                small_look: Detector::new(small, SMALL_LOOK),
                close_look: Detector::new(close, CLOSE_LOOK),
                first_look: Detector::new(first, FIRST_LOOK),
                second_look: Detector::new(second, SECOND_LOOK),
                embedder,
                also,
                mesh,
                attacks,
                models: loader.models,
                limits: settings.limits,
                memory: MemoryBudget::new(settings.memory),
                closely: settings.closely,
            }),
        };
        if settings.loading == Loading::AtStart {
            analyser.warm_up()?;
            engine.settle();
        }
        Ok(analyser)
    }

    /// Runs models once, so that the first request is not slower than others.
    fn warm_up(&self) -> Result<(), LoadError> {
        let grey = RgbImage::from_pixel(64, 64, image::Rgb([127; 3]));
        self.search(&grey, Search::Glance)
            .map_err(|e| LoadError::Engine("YuNet", e))?;
        try_out(&self.inner.embedder)?;
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
}
