//! The inference engines, behind one small trait.

#[cfg(feature = "engine")]
pub mod bare;
#[cfg(feature = "engine")]
pub(crate) mod deferred;
#[cfg(feature = "engine")]
mod heap;
#[cfg(feature = "engine")]
mod openvino;
#[cfg(feature = "engine")]
mod pages;
#[cfg(feature = "engine")]
pub(crate) mod rten;
pub(crate) mod separable;

use std::fmt;
#[cfg(feature = "engine")]
use std::num::NonZeroUsize;
use std::str::FromStr;
#[cfg(feature = "engine")]
use std::sync::Arc;

use serde::{Deserialize, Serialize};

#[cfg(feature = "engine")]
pub use self::heap::share_heaps;
#[cfg(feature = "engine")]
use crate::models::{ModelError, ModelStore};

/// Which engine runs the models.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// OpenVINO where it was fetched and works, else rten.
    #[default]
    Auto,
    /// The portable engine in pure Rust.
    Rten,
    /// The fast engine; loading fails where it is not there.
    OpenVino,
}

/// How exactly the recognition model is computed; detection is always exact, for its landmarks move every score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats everywhere.
    F32,
    /// 16-bit brain floats where the engine is OpenVINO and the CPU has instructions for them, else 32-bit floats. Much
    /// faster; scores move by less than 0.01 (docs/decisions/0004-engines.md).
    #[default]
    Bf16,
}

/// When models are prepared for the engine. Their digests are checked at the start either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Loading {
    /// All of them at the start: what the engine refuses is known then, and the first request waits for none.
    #[default]
    AtStart,
    /// Each when something is first asked of it: for what may ask little, and is not to wait for the rest.
    WhenNeeded,
}

/// No engine has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no engine is called `{0}`; choose auto, rten or openvino")]
pub struct UnknownEngine(String);

impl FromStr for EngineChoice {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, UnknownEngine> {
        match name {
            "auto" => Ok(Self::Auto),
            "rten" => Ok(Self::Rten),
            "openvino" => Ok(Self::OpenVino),
            other => Err(UnknownEngine(other.to_owned())),
        }
    }
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Rten => "rten",
            Self::OpenVino => "openvino",
        })
    }
}

/// An engine failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{engine}: {message}")]
pub struct InferenceError {
    engine: &'static str,
    message: String,
}

/// A model that is ready to run. One input, some outputs, all f32.
pub(crate) trait Inference: Send + Sync {
    /// Runs the model once: `fill` writes the input of the shape that the model was loaded for, `read` gets the outputs
    /// in the model's order. Several threads may call it at the same time.
    fn run(
        &self,
        fill: &mut dyn FnMut(&mut [f32]),
        read: &mut dyn FnMut(&[&[f32]]),
    ) -> Result<(), InferenceError>;
}

/// An engine that can load models.
#[cfg(feature = "engine")]
pub(crate) trait Engine: Send + Sync {
    /// Its name, version and how exactly it computes, as results record it.
    fn name(&self, precision: Precision) -> String;

    /// Prepares an ONNX model for one input shape.
    fn load(
        &self,
        onnx: &[u8],
        shape: &[usize],
        precision: Precision,
    ) -> Result<Box<dyn Inference>, InferenceError>;

    /// To be called when all models were loaded: gives memory back that only loading needed. Where they are loaded one by one it is not, for
    /// the next would need the same pages again.
    fn settle(&self);
}

/// Why an engine cannot be started.
#[cfg(feature = "engine")]
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Its libraries are missing or changed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// It does not start.
    #[error(transparent)]
    Inference(#[from] InferenceError),
}

impl InferenceError {
    /// What is wrong with a model before an engine sees it.
    #[cfg(feature = "engine")]
    pub(crate) fn of_model(problem: impl fmt::Display) -> Self {
        Self {
            engine: "a model",
            message: problem.to_string(),
        }
    }
}

/// Starts an engine that is to serve `parallel` threads at the same time, and keeps compiled models where the store says.
#[cfg(feature = "engine")]
pub(crate) fn start(
    choice: EngineChoice,
    store: &ModelStore,
    parallel: NonZeroUsize,
) -> Result<Arc<dyn Engine>, EngineError> {
    let fast = || -> Result<Arc<dyn Engine>, EngineError> {
        let library = store.openvino()?;
        let compiled = store.compiled();
        let engine = openvino::OpenVino::start(&library, parallel, compiled)?;
        Ok(Arc::new(engine))
    };
    match choice {
        EngineChoice::OpenVino => fast(),
        EngineChoice::Rten => Ok(Arc::new(rten::Rten::default())),
        EngineChoice::Auto => Ok(fast().unwrap_or_else(|error| {
            tracing::info!(%error, "OpenVINO is not used; rten is");
            Arc::new(rten::Rten::default())
        })),
    }
}
