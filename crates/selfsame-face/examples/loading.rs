//! What starting costs, in milliseconds of processor: `cargo run --release -p selfsame-face --example loading [FOLDER]`, where FOLDER
//! is to keep compiled models (a new one: the first round fills it). With two photographs after it, also what comparing them
//! costs with models that are prepared when they are needed.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};
use selfsame_face::analyser::{Analyser, Settings};
use selfsame_face::inference::Loading;
use selfsame_face::models::{CompiledModels, Model, ModelStore};

/// Milliseconds of processor that this process has used.
fn used() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as f64 * 1e3 + used.tv_nsec as f64 / 1e6
}

/// Does something three times, and says what it took.
fn measured<T>(
    what: &str,
    mut work: impl FnMut() -> Result<T, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    for _ in 0..3 {
        let (began, before) = (Instant::now(), used());
        std::hint::black_box(work()?);
        println!(
            "{what:44} {:6.0} ms of processor, {:6.0} ms",
            used() - before,
            began.elapsed().as_secs_f64() * 1e3
        );
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let compiled = arguments.next();
    let photographs: Vec<Vec<u8>> = arguments.map(std::fs::read).collect::<Result<_, _>>()?;
    let store = ModelStore::locate(None);
    measured("OpenVINO's digests", || Ok(store.openvino()?))?;
    measured("SFace read, verified, prepared", || {
        Ok(store.load(Model::SFace)?)
    })?;
    let at_start = Settings::default();
    let when_needed = Settings {
        loading: Loading::WhenNeeded,
        ..at_start
    };
    let stores = [
        ("", store.clone()),
        (
            ", kept compiled",
            store.keeping_compiled(compiled.map_or(CompiledModels::Nowhere, |folder| {
                CompiledModels::In(folder.into())
            })),
        ),
    ];
    for (how, store) in stores {
        measured(&format!("all at the start{how}"), || {
            Ok(Analyser::load(&store, &at_start)?)
        })?;
        measured(&format!("when needed, and nothing was{how}"), || {
            Ok(Analyser::load(&store, &when_needed)?)
        })?;
        if !photographs.is_empty() {
            measured(&format!("when needed, to compare{how}"), || {
                let analyser = Analyser::load(&store, &when_needed)?;
                for photograph in &photographs {
                    analyser.analyse(photograph)?;
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}
