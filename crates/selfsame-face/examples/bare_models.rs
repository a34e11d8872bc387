//! One side of `make bench`: runs models by themselves on one thread, without decoding, alignment or anything else.
//!
//! `bare_models ENGINE f32|bf16 NAME=SHAPE=FILE...` (a shape as 1x3x320x320, a file as the example `models` wrote it) loads the models,
//! prints one line of JSON about itself, and then, for every line on standard input, runs each model some times over and prints
//! one line of JSON: milliseconds of processor time that a run of each took.
#![allow(clippy::print_stdout)]

use std::io::{BufRead as _, Write as _};

use selfsame_face::inference::Precision;
use selfsame_face::inference::bare::{BareEngine, BareModel};
use selfsame_face::models::ModelStore;

const USAGE: &str = "usage: bare_models ENGINE f32|bf16 NAME=SHAPE=FILE...";
/// Runs of each model at a time: the clock counts no finer than what a small one takes.
const RUNS: u32 = 10;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let choice = arguments.next().ok_or(USAGE)?.parse()?;
    let precision = match arguments.next().as_deref() {
        Some("f32") => Precision::F32,
        Some("bf16") => Precision::Bf16,
        _ => return Err(USAGE.into()),
    };
    let engine = BareEngine::start(choice, &ModelStore::locate(None))?;
    let models = arguments
        .map(|words| load(&engine, precision, &words))
        .collect::<Outcome<Vec<_>>>()?;
    say(&serde_json::json!({ "engine": engine.name(precision) }))?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let mut took = serde_json::Map::new();
        for (name, model) in &models {
            let started = cpu_ms();
            for _ in 0..RUNS {
                model.run(&mut fill)?;
            }
            took.insert(
                name.clone(),
                ((cpu_ms() - started) / f64::from(RUNS)).into(),
            );
        }
        say(&serde_json::Value::Object(took))?;
    }
    Ok(())
}

fn load(engine: &BareEngine, precision: Precision, words: &str) -> Outcome<(String, BareModel)> {
    let mut parts = words.splitn(3, '=');
    let mut part = || parts.next().ok_or(USAGE);
    let (name, shape, file) = (part()?, part()?, part()?);
    let shape = shape
        .split('x')
        .map(str::parse)
        .collect::<Result<Vec<usize>, _>>()?;
    let model = engine.load(&std::fs::read(file)?, &shape, precision)?;
    if !model.run(&mut fill)?.is_finite() {
        return Err(format!("{name} gives no number").into());
    }
    Ok((name.to_owned(), model))
}

/// Numbers as pixels are, 0 to 255; no engine is quicker for what they are.
fn fill(input: &mut [f32]) {
    for (at, value) in input.iter_mut().enumerate() {
        *value = (at * 37 % 256) as f32;
    }
}

fn say(value: &serde_json::Value) -> std::io::Result<()> {
    println!("{value}");
    std::io::stdout().flush()
}

/// Processor time of all of this process's threads, which other processes hardly disturb.
fn cpu_ms() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    spent.tv_sec as f64 * 1e3 + spent.tv_nsec as f64 / 1e6
}
