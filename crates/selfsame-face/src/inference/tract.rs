//! The portable engine, in pure Rust.

use tract_onnx::prelude::*;

use super::{Engine, Inference, InferenceError, Precision};

pub(crate) struct Tract;

struct Model {
    plan: Arc<TypedRunnableModel>,
    shape: Vec<usize>,
}

fn failed(error: &TractError) -> InferenceError {
    InferenceError {
        engine: "tract",
        message: format!("{error:#}"),
    }
}

impl Engine for Tract {
    fn name(&self, _precision: Precision) -> String {
        "tract 0.23, f32".to_owned()
    }

    fn load(
        &self,
        onnx: &[u8],
        shape: &[usize],
        _precision: Precision,
    ) -> Result<Box<dyn Inference>, InferenceError> {
        let load = || -> TractResult<_> {
            tract_onnx::onnx()
                .model_for_read(&mut std::io::Cursor::new(onnx))?
                .with_input_fact(0, f32::fact(shape).into())?
                .into_optimized()?
                .into_runnable()
        };
        Ok(Box::new(Model {
            plan: load().map_err(|e| failed(&e))?,
            shape: shape.to_vec(),
        }))
    }
}

impl Inference for Model {
    fn run(
        &self,
        fill: &mut dyn FnMut(&mut [f32]),
        read: &mut dyn FnMut(&[&[f32]]),
    ) -> Result<(), InferenceError> {
        let mut run = || -> TractResult<()> {
            let mut input = vec![0.0; self.shape.iter().product()];
            fill(&mut input);
            let input =
                tract_ndarray::ArrayD::from_shape_vec(self.shape.as_slice(), input)?.into_tensor();
            let outputs = self.plan.run(tvec!(input.into_tvalue()))?;
            let views = outputs
                .iter()
                .map(|o| {
                    o.to_plain_array_view::<f32>()?
                        .to_slice()
                        .ok_or_else(|| TractError::msg("an output is not contiguous"))
                })
                .collect::<TractResult<Vec<&[f32]>>>()?;
            read(&views);
            Ok(())
        };
        run().map_err(|e| failed(&e))
    }
}
