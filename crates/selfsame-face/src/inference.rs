//! The inference engines, behind one small trait.

use tract_onnx::prelude::*;

/// An engine failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{engine}: {message}")]
pub struct InferenceError {
    engine: &'static str,
    message: String,
}

/// A model that is ready to run. One input, some outputs, all f32.
pub(crate) trait Inference: Send + Sync {
    /// Runs the model on one input of the shape that it was loaded for; gives its outputs in the model's order.
    fn run(&self, input: Vec<f32>) -> Result<Vec<Vec<f32>>, InferenceError>;
}

/// The portable engine, in pure Rust.
pub(crate) struct Tract {
    plan: Arc<TypedRunnableModel>,
    shape: [usize; 4],
}

fn failed(error: &TractError) -> InferenceError {
    InferenceError {
        engine: "tract",
        message: format!("{error:#}"),
    }
}

impl Tract {
    /// Optimises an ONNX model for one input shape.
    pub(crate) fn load(onnx: &[u8], shape: [usize; 4]) -> Result<Self, InferenceError> {
        let load = || -> TractResult<_> {
            tract_onnx::onnx()
                .model_for_read(&mut std::io::Cursor::new(onnx))?
                .with_input_fact(0, f32::fact(shape).into())?
                .into_optimized()?
                .into_runnable()
        };
        Ok(Self {
            plan: load().map_err(|e| failed(&e))?,
            shape,
        })
    }
}

impl Inference for Tract {
    fn run(&self, input: Vec<f32>) -> Result<Vec<Vec<f32>>, InferenceError> {
        let run = || -> TractResult<Vec<Vec<f32>>> {
            let input = tract_ndarray::Array4::from_shape_vec(self.shape, input)?.into_tensor();
            let outputs = self.plan.run(tvec!(input.into_tvalue()))?;
            outputs
                .iter()
                .map(|o| Ok(o.to_plain_array_view::<f32>()?.iter().copied().collect()))
                .collect()
        };
        run().map_err(|e| failed(&e))
    }
}
