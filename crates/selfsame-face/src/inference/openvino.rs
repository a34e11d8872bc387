//! The fast engine: OpenVINO, opened at run time from the model store, and loops of this project's own for what they can run, which is
//! the detector.
//!
//! OpenVINO makes a graph of every model for each size and each thread. Of the detector, at five sizes, they took 97 MiB on two
//! threads, and were no faster: docs/decisions/0161-memory-of-the-fast-engine.md.

mod compiled;
mod plain;

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use openvino::{CompiledModel, Core, DeviceType, InferRequest, PartialShape, RwPropertyKey};

use super::separable::Separable;
use super::{Engine, Inference, InferenceError, Precision, heap, pages};
use crate::onnx;
use compiled::Kept;

pub(super) struct OpenVino {
    core: Mutex<Core>,
    parallel: NonZeroUsize,
    /// Where its libraries are.
    libraries: PathBuf,
    /// Where compiled models are kept, if anywhere.
    compiled: Option<PathBuf>,
}

struct Model {
    /// Requests at rest: as many as threads may infer at the same time.
    idle: Mutex<Vec<InferRequest>>,
    returned: Condvar,
    outputs: usize,
    /// The requests' model, which must outlive them.
    _compiled: Mutex<CompiledModel>,
}

/// What OpenVINO is told. Without instructions for bf16 it would emulate them, slowly.
fn hint(precision: Precision) -> &'static str {
    #[cfg(target_arch = "x86_64")]
    let native = std::arch::is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    let native = false;
    match precision {
        Precision::Bf16 if native => "bf16",
        _ => "f32",
    }
}

fn failed(error: impl std::fmt::Display) -> InferenceError {
    InferenceError {
        engine: "OpenVINO",
        message: error.to_string(),
    }
}

impl OpenVino {
    /// Opens the library, whose digest was checked, and sets the CPU up for `parallel` callers of one thread each.
    pub(super) fn start(
        library: &Path,
        parallel: NonZeroUsize,
        compiled: Option<&Path>,
    ) -> Result<Self, InferenceError> {
        openvino_sys::library::load_from(library).map_err(failed)?;
        let mut core = Core::new().map_err(failed)?;
        let count = parallel.to_string();
        core.set_properties(
            &DeviceType::CPU,
            [
                (RwPropertyKey::NumStreams, count.as_str()),
                (RwPropertyKey::InferenceNumThreads, count.as_str()),
                (RwPropertyKey::HintEnableCpuPinning, "NO"),
            ],
        )
        .map_err(failed)?;
        Ok(Self {
            core: Mutex::new(core),
            parallel,
            libraries: library.parent().unwrap_or(library).to_owned(),
            compiled: compiled.map(Path::to_owned),
        })
    }

    /// Where a model that is compiled so is kept. What cannot be kept is compiled all the same.
    fn kept(&self, onnx: &[u8], shape: &[usize], precision: Precision) -> Option<Kept> {
        let dir = self.compiled.as_deref()?;
        let compiled = format!("{} {} {shape:?}", self.name(precision), self.parallel);
        let kept = Kept::of(dir, onnx, &compiled);
        kept.inspect_err(|error| not_kept(dir, error)).ok()
    }
}

fn not_kept(dir: &Path, error: &dyn std::fmt::Display) {
    tracing::warn!(dir = %dir.display(), %error, "a compiled model is not kept");
}

impl Engine for OpenVino {
    fn name(&self, precision: Precision) -> String {
        let version = openvino::version().build_number;
        let release = version.split('-').next().unwrap_or_default();
        format!("OpenVINO {release}, {}", hint(precision))
    }

    fn load(
        &self,
        onnx: &[u8],
        shape: &[usize],
        precision: Precision,
    ) -> Result<Box<dyn Inference>, InferenceError> {
        let mut model = onnx::read(onnx).ok();
        if let Some(graph) = model.as_mut().and_then(|model| model.graph.as_mut()) {
            if let Ok(own) = Separable::of(graph, shape) {
                return Ok(Box::new(own));
            }
            plain::make_plain(graph, shape);
        }
        // What cannot be read is left as it is, for OpenVINO to say so.
        let written = model.and_then(|model| onnx::write(&model).ok());
        let onnx = written.map_or(Cow::Borrowed(onnx), Cow::Owned);
        let kept = self.kept(&onnx, shape, precision);
        // A thread that panicked while it held the lock left the engine itself whole.
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.set_property(
            &DeviceType::CPU,
            &RwPropertyKey::HintInferencePrecision,
            hint(precision),
        )
        .map_err(failed)?;
        if self.compiled.is_some() {
            let dir = kept.as_ref().map(|kept| kept.dir().to_string_lossy());
            let dir = dir.as_deref().unwrap_or_default();
            core.set_property(&DeviceType::CPU, &RwPropertyKey::CacheDir, dir)
                .map_err(failed)?;
        }
        let mut model = core.read_model_from_buffer(&onnx, None).map_err(failed)?;
        let dims: Vec<i64> = shape
            .iter()
            .map(|d| i64::try_from(*d).unwrap_or(i64::MAX))
            .collect();
        let rank = i64::try_from(dims.len()).unwrap_or(i64::MAX);
        let wanted = PartialShape::new_static(rank, &dims).map_err(failed)?;
        model.reshape_single_input(&wanted).map_err(failed)?;
        let mut compiled = match (
            core.compile_model(&model, DeviceType::CPU),
            kept,
            &self.compiled,
        ) {
            (Ok(compiled), Some(kept), Some(dir)) => {
                if let Err(error) = kept.finish() {
                    not_kept(dir, &error);
                }
                compiled
            }
            // A copy that another process writes or removes at this moment makes OpenVINO fail: without one it does not.
            (Err(error), Some(_), Some(dir)) => {
                not_kept(dir, &error);
                core.set_property(&DeviceType::CPU, &RwPropertyKey::CacheDir, "")
                    .map_err(failed)?;
                core.compile_model(&model, DeviceType::CPU)
                    .map_err(failed)?
            }
            (compiled, ..) => compiled.map_err(failed)?,
        };
        drop(core);
        let idle = (0..self.parallel.get())
            .map(|_| compiled.create_infer_request().map_err(failed))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Box::new(Model {
            idle: Mutex::new(idle),
            returned: Condvar::new(),
            outputs: compiled.get_output_size().map_err(failed)?,
            _compiled: Mutex::new(compiled),
        }))
    }

    fn settle(&self) {
        heap::trim();
        let compiled = self.compiled.as_deref();
        let folders: Vec<_> = compiled.into_iter().chain([&*self.libraries]).collect();
        pages::give_back(&folders);
    }
}

/// A request taken from the idle ones; goes back whatever happens.
struct Lease<'m> {
    model: &'m Model,
    request: Option<InferRequest>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.request.take() {
            self.model
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(request);
            self.model.returned.notify_one();
        }
    }
}

impl Model {
    /// Waits for a request.
    fn lease(&self) -> Lease<'_> {
        // A thread that panicked while it held the lock left the list itself whole.
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut idle = self
            .returned
            .wait_while(idle, |idle| idle.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        Lease {
            model: self,
            request: idle.pop(),
        }
    }

    fn infer(
        &self,
        request: &mut InferRequest,
        fill: &mut dyn FnMut(&mut [f32]),
        read: &mut dyn FnMut(&[&[f32]]),
    ) -> Result<(), openvino::InferenceError> {
        let mut input = request.get_input_tensor()?;
        fill(input.get_data_mut::<f32>()?);
        request.infer()?;
        let tensors = (0..self.outputs)
            .map(|at| request.get_output_tensor_by_index(at))
            .collect::<Result<Vec<_>, _>>()?;
        let views = tensors
            .iter()
            .map(|t| t.get_data::<f32>())
            .collect::<Result<Vec<_>, _>>()?;
        read(&views);
        Ok(())
    }
}

impl Inference for Model {
    fn run(
        &self,
        fill: &mut dyn FnMut(&mut [f32]),
        read: &mut dyn FnMut(&[&[f32]]),
    ) -> Result<(), InferenceError> {
        let mut lease = self.lease();
        let Some(request) = lease.request.as_mut() else {
            return Err(failed("no request is at rest"));
        };
        self.infer(request, fill, read).map_err(failed)
    }
}
