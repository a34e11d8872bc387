//! The portable engine, in pure Rust: rten, and loops of this project's own for what they can run, which is the detector.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use rten::{ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueView};

use super::separable::Separable;
use super::{Engine, Inference, InferenceError, Precision, heap, pages};
use crate::onnx::{self, ModelProto};

/// The engine. Its models share threads: each run has one for itself, and as many wait as ever ran at the same time.
#[derive(Default)]
pub(crate) struct Rten {
    idle: Arc<Idle>,
}

/// Threads that run nothing, each a pool of one.
type Idle = Mutex<Vec<Arc<ThreadPool>>>;

pub(super) struct Model {
    model: rten::Model,
    shape: Vec<usize>,
    input: NodeId,
    outputs: Vec<NodeId>,
    idle: Arc<Idle>,
}

fn failed(error: impl Display) -> InferenceError {
    InferenceError {
        engine: "rten",
        message: error.to_string(),
    }
}

impl Engine for Rten {
    fn name(&self, _precision: Precision) -> String {
        "rten 0.27, f32".to_owned()
    }

    fn load(
        &self,
        onnx: &[u8],
        shape: &[usize],
        _precision: Precision,
    ) -> Result<Box<dyn Inference>, InferenceError> {
        let file = onnx::read(onnx).map_err(failed)?;
        let own = |graph| Separable::of(graph, shape).ok();
        Ok(match file.graph.as_ref().and_then(own) {
            Some(own) => Box::new(own),
            None => Box::new(self.model(file, shape)?),
        })
    }

    fn settle(&self) {
        heap::trim();
        pages::give_back(&[]);
    }
}

impl Rten {
    /// Prepares a model that rten itself runs.
    pub(super) fn model(
        &self,
        mut file: ModelProto,
        shape: &[usize],
    ) -> Result<Model, InferenceError> {
        if let Some(graph) = &mut file.graph {
            onnx::set_input(graph, shape);
        }
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load(onnx::write(&file).map_err(failed)?)
            .map_err(failed)?;
        let [input] = model.input_ids()[..] else {
            return Err(failed("a model needs one input"));
        };
        Ok(Model {
            input,
            outputs: model.output_ids().to_vec(),
            model,
            shape: shape.to_vec(),
            idle: Arc::clone(&self.idle),
        })
    }
}

impl Model {
    fn with_a_thread<T>(&self, run: impl FnOnce(&Arc<ThreadPool>) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = idle().pop();
        let thread = thread.unwrap_or_else(|| Arc::new(ThreadPool::with_num_threads(1)));
        let ran = run(&thread);
        idle().push(thread);
        ran
    }
}

impl Inference for Model {
    fn run(
        &self,
        fill: &mut dyn FnMut(&mut [f32]),
        read: &mut dyn FnMut(&[&[f32]]),
    ) -> Result<(), InferenceError> {
        let mut numbers = vec![0.0; self.shape.iter().product()];
        fill(&mut numbers);
        let input = ValueView::from_shape(&self.shape[..], &numbers).map_err(failed)?;
        let outputs = self.with_a_thread(|thread| {
            let options = RunOptions::default().with_thread_pool(Some(Arc::clone(thread)));
            let inputs = vec![(self.input, input.into())];
            self.model.run(inputs, &self.outputs, Some(options))
        });
        let outputs: Vec<Vec<f32>> = outputs
            .map_err(failed)?
            .into_iter()
            .map(|output| match output {
                Value::FloatTensor(tensor) => Ok(tensor.into_data()),
                _ => Err(failed("an output is not of 32-bit floats")),
            })
            .collect::<Result<_, _>>()?;
        let views: Vec<&[f32]> = outputs.iter().map(Vec::as_slice).collect();
        read(&views);
        Ok(())
    }
}
