//! How long loading takes, and what of it is spent on preparing SFace: `cargo run --release -p selfsame-face --example loading`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::{Duration, Instant};

use selfsame_face::analyser::{Analyser, Settings};
use selfsame_face::models::{Model, ModelStore};
use sha2::{Digest as _, Sha256};

/// The shortest of five times: what the work takes when nothing disturbs it.
fn shortest<T>(
    mut work: impl FnMut() -> Result<T, Box<dyn Error>>,
) -> Result<Duration, Box<dyn Error>> {
    let mut shortest = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        std::hint::black_box(work()?);
        shortest = shortest.min(began.elapsed());
    }
    Ok(shortest)
}

fn main() -> Result<(), Box<dyn Error>> {
    let store = ModelStore::locate(None);
    let prepared = store.load(Model::SFace)?.onnx;
    let dir = std::env::temp_dir().join(format!("selfsame-loading-{}", std::process::id()));
    std::fs::write(&dir, &prepared)?;
    let read = shortest(|| Ok(store.read(Model::SFace.artefact())?))?;
    let load = shortest(|| Ok(store.load(Model::SFace)?))?;
    let again = shortest(|| Ok(Sha256::digest(std::fs::read(&dir)?)))?;
    std::fs::remove_file(&dir)?;
    let whole = shortest(|| Ok(Analyser::load(&store, &Settings::default())?))?;
    println!("SFace: read and verified        {read:>10.1?}");
    println!("SFace: read, verified, prepared {load:>10.1?}");
    println!(
        "SFace: read as prepared, verified {again:>8.1?} ({} MB)",
        prepared.len() / 1_000_000
    );
    println!("both models, engine ready       {whole:>10.1?}");
    Ok(())
}
