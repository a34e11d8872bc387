//! Runs networks of separable convolutions, as the detector is one: a layer mixes channels at each pixel, then filters each channel by
//! itself. rten filters number by number; here every loop is one that the compiler turns into SIMD. It serves the browser and, beside
//! rten, the server: docs/decisions/0153-own-loops-for-the-detector.md and 0156-the-detector-without-openvino.md.

mod layers;
mod plan;

use std::sync::{Mutex, PoisonError};

#[cfg(feature = "engine")]
use multiversion::{multiversion, target::match_target};

#[cfg(feature = "engine")]
use self::layers::WIDEST;
use self::layers::{PORTABLE, Planes, Shape};
use self::plan::{Plan, Step};
use super::{Inference, InferenceError};
use crate::onnx::{self, GraphProto};

/// A network of a larger input keeps no memory from run to run: a look at 640 writes to some 24 MB, and is rare.
const MOST_KEPT: usize = 1 << 20;

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
    /// Memory of values that nothing needs any more, what was used last at the end: it is still in the cache.
    spare: Vec<Vec<f32>>,
    /// Rows of channels that were mixed and are not yet filtered.
    mixed: Vec<f32>,
    outputs: Vec<Vec<f32>>,
}

fn failed(message: String) -> InferenceError {
    InferenceError {
        engine: "the engine of separable convolutions",
        message,
    }
}

impl Separable {
    /// Prepares a model for one shape of input.
    ///
    /// # Errors
    /// Names what in the model is of another kind than this runs.
    pub(crate) fn load(onnx: &[u8], shape: &[usize]) -> Result<Self, InferenceError> {
        let model = onnx::read(onnx).map_err(failed)?;
        Self::of(&model.graph.unwrap_or_default(), shape)
    }

    /// The same of a graph.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(crate) fn of(graph: &GraphProto, shape: &[usize]) -> Result<Self, InferenceError> {
        let &[1, channels, height, width] = shape else {
            return Err(failed(format!("{shape:?} is not one picture's shape")));
        };
        let input = Shape {
            channels,
            height,
            width,
        };
        Ok(Self {
            plan: Plan::of(graph, input).map_err(failed)?,
            idle: Mutex::default(),
        })
    }
}

impl Workspace {
    fn of(plan: &Plan) -> Self {
        Self {
            input: vec![0.0; plan.input.pixels()],
            phases: vec![0.0; layers::phases(plan.input)],
            values: plan.values.iter().map(|_| Planes::default()).collect(),
            spare: Vec::new(),
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

    #[inline(always)]
    fn run<const TILE: usize>(&mut self, plan: &Plan) {
        for (step, spent) in plan.steps.iter().zip(&plan.spent) {
            self.step::<TILE>(step, &plan.values);
            for value in spent {
                let planes = std::mem::take(&mut self.values[*value]);
                self.spare.push(planes.into_numbers());
            }
        }
    }

    #[inline(always)]
    fn step<const TILE: usize>(&mut self, step: &Step, shapes: &[Shape]) {
        match step {
            Step::Strided { to, layer } => {
                let mut out = self.planes(shapes[*to]);
                layers::part(&self.input, &mut self.phases, shapes[*to]);
                layer.run::<TILE>(&self.phases, &mut out);
                self.values[*to] = out;
            }
            Step::Separable { from, to, layer } => {
                let mut out = self.planes(shapes[*to]);
                layer.run::<TILE>(&self.values[*from], &mut self.mixed, &mut out);
                self.values[*to] = out;
            }
            Step::Halve { from, to } => {
                let mut out = self.planes(shapes[*to]);
                layers::halve(&self.values[*from], &mut out);
                self.values[*to] = out;
            }
            Step::AddDoubled { large, small, to } => {
                let mut out = self.planes(shapes[*to]);
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

    fn planes(&mut self, shape: Shape) -> Planes {
        Planes::of(shape, self.spare.pop().unwrap_or_default())
    }
}

/// With the best of the instructions that this processor has.
#[cfg(feature = "engine")]
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma"))]
fn run(plan: &Plan, space: &mut Workspace) {
    match_target! {
        "x86_64+avx512f" => space.run::<WIDEST>(plan),
        "x86_64+avx2+fma" => space.run::<16>(plan),
        _ => space.run::<PORTABLE>(plan),
    }
}

/// A browser's instructions are known when this is compiled.
#[cfg(not(feature = "engine"))]
fn run(plan: &Plan, space: &mut Workspace) {
    space.run::<PORTABLE>(plan);
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
        run(&self.plan, &mut space);
        let outputs: Vec<&[f32]> = space.outputs.iter().map(Vec::as_slice).collect();
        read(&outputs);
        if self.plan.input.pixels() <= MOST_KEPT {
            idle().push(space);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
