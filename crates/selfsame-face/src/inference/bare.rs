//! Models by themselves, without what goes before and after: the bound that measurements hold the rest to.

use std::num::NonZeroUsize;
use std::sync::Arc;

use super::{Engine, EngineChoice, EngineError, Inference, InferenceError, Precision, start};
use crate::models::ModelStore;

/// An engine for one thread that runs prepared models on any numbers.
pub struct BareEngine(Arc<dyn Engine>);

/// A prepared model, for inputs of one shape.
pub struct BareModel(Box<dyn Inference>);

impl BareEngine {
    /// Starts an engine.
    ///
    /// # Errors
    /// Where its libraries are missing, changed, or do not start.
    pub fn start(choice: EngineChoice, store: &ModelStore) -> Result<Self, EngineError> {
        start(choice, store, NonZeroUsize::MIN).map(Self)
    }

    /// Its name, version and how exactly it computes.
    #[must_use]
    pub fn name(&self, precision: Precision) -> String {
        self.0.name(precision)
    }

    /// Prepares an ONNX model for one input shape.
    ///
    /// # Errors
    /// Where the engine refuses it.
    pub fn load(
        &self,
        onnx: &[u8],
        shape: &[usize],
        precision: Precision,
    ) -> Result<BareModel, InferenceError> {
        self.0.load(onnx, shape, precision).map(BareModel)
    }
}

impl BareModel {
    /// Runs the model once. What it gives is a number of its output, so that nothing is computed for nothing.
    ///
    /// # Errors
    /// Where the engine fails.
    pub fn run(&self, fill: &mut dyn FnMut(&mut [f32])) -> Result<f32, InferenceError> {
        let mut first = f32::NAN;
        self.0.run(fill, &mut |outputs| {
            if let Some(number) = outputs.first().and_then(|output| output.first()) {
                first = *number;
            }
        })?;
        Ok(first)
    }
}

impl std::fmt::Debug for BareEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BareEngine")
    }
}

impl std::fmt::Debug for BareModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BareModel")
    }
}
