//! Runs networks of separable convolutions, as the detector is one: a layer mixes channels at each pixel, then filters each channel by
//! itself. rten filters number by number, and a browser's hints wait for that; here every loop is one that the compiler turns into SIMD.

mod layers;
mod plan;

use std::sync::{Mutex, PoisonError};

use self::layers::{Planes, Shape};
use self::plan::{Plan, Step};
use super::{Inference, InferenceError};
use crate::onnx;

/// A network that is ready to run.
pub(crate) struct Separable {
    plan: Plan,
    /// What runs write to, kept from run to run: as many as ever ran at the same time.
    idle: Mutex<Vec<Workspace>>,
}

struct Workspace {
    input: Vec<f32>,
    /// The input's rows, the odd columns apart from the even ones.
    phases: Vec<f32>,
    values: Vec<Planes>,
    /// Channels that were mixed and are not yet filtered.
    mixed: Vec<f32>,
    outputs: Vec<Vec<f32>>,
}

impl Separable {
    /// Prepares a model for one shape of input.
    ///
    /// # Errors
    /// Names what in the model is of another kind than this runs.
    pub(crate) fn load(onnx: &[u8], shape: &[usize]) -> Result<Self, InferenceError> {
        let failed = |message| InferenceError {
            engine: "the engine of separable convolutions",
            message,
        };
        let model = onnx::read(onnx).map_err(failed)?;
        let &[1, channels, height, width] = shape else {
            return Err(failed(format!("{shape:?} is not one picture's shape")));
        };
        let input = Shape {
            channels,
            height,
            width,
        };
        Ok(Self {
            plan: Plan::of(model.graph.unwrap_or_default(), input).map_err(failed)?,
            idle: Mutex::default(),
        })
    }
}

impl Workspace {
    fn of(plan: &Plan) -> Self {
        Self {
            input: vec![0.0; plan.input.pixels()],
            phases: vec![0.0; layers::phases(plan.input)],
            values: plan.values.iter().copied().map(Planes::new).collect(),
            mixed: vec![
                0.0;
                plan.values
                    .iter()
                    .copied()
                    .map(layers::mixed)
                    .max()
                    .unwrap_or(0)
            ],
            outputs: plan
                .outputs
                .iter()
                .map(|length| vec![0.0; *length])
                .collect(),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Strided { to, layer } => {
                layers::part(&self.input, &mut self.phases, self.values[*to].shape());
                layer.run(&self.phases, &mut self.values[*to]);
            }
            Step::Separable { from, to, layer } => {
                let mut out = self.take(*to);
                layer.run(&self.values[*from], &mut self.mixed, &mut out);
                self.values[*to] = out;
            }
            Step::Halve { from, to } => {
                let mut out = self.take(*to);
                layers::halve(&self.values[*from], &mut out);
                self.values[*to] = out;
            }
            Step::AddDoubled { large, small, to } => {
                let mut out = self.take(*to);
                layers::add_doubled(&self.values[*large], &self.values[*small], &mut out);
                self.values[*to] = out;
            }
            Step::List {
                from,
                output,
                sigmoid,
            } => layers::list(&self.values[*from], *sigmoid, &mut self.outputs[*output]),
        }
    }

    fn take(&mut self, value: usize) -> Planes {
        std::mem::take(&mut self.values[value])
    }
}

impl Inference for Separable {
    fn run(
        &self,
        fill: &mut dyn FnMut(&mut [f32]),
        read: &mut dyn FnMut(&[&[f32]]),
    ) -> Result<(), InferenceError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut space = kept.unwrap_or_else(|| Workspace::of(&self.plan));
        fill(&mut space.input);
        for step in &self.plan.steps {
            space.step(step);
        }
        let outputs: Vec<&[f32]> = space.outputs.iter().map(Vec::as_slice).collect();
        read(&outputs);
        idle().push(space);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
