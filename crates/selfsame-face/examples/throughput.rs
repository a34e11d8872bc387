//! One side of `make bench`: analyses photographs on one thread and tells what each stage took.
//!
//! `throughput ENGINE PRECISION compare|selfie FILE...` (precision f32 or bf16) loads the engine, prints one line of JSON about
//! itself, and then, for every line on standard input, analyses each file once and prints one line of JSON with the
//! milliseconds of each stage, summed over the files: for what a comparison needs, or all that a job with a selfie alone does.
#![allow(clippy::print_stdout)]

use std::io::{BufRead as _, Write as _};
use std::num::NonZeroUsize;
use std::time::Instant;

use selfsame_face::analyser::{Analyser, CaptureContext, Settings};
use selfsame_face::inference::Precision;
use selfsame_face::models::ModelStore;

const USAGE: &str = "usage: throughput ENGINE f32|bf16 compare|selfie FILE...";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let engine = arguments.next().ok_or(USAGE)?;
    let precision = match arguments.next().as_deref() {
        Some("f32") => Precision::F32,
        Some("bf16") => Precision::Bf16,
        _ => return Err(USAGE.into()),
    };
    let selfie = match arguments.next().as_deref() {
        Some("compare") => false,
        Some("selfie") => true,
        _ => return Err(USAGE.into()),
    };
    let files = arguments
        .map(std::fs::read)
        .collect::<Result<Vec<_>, _>>()?;
    let started = Instant::now();
    let settings = Settings {
        engine: engine.parse()?,
        precision,
        parallel: NonZeroUsize::MIN,
        ..Settings::default()
    };
    let analyser = Analyser::load(&ModelStore::locate(None), &settings)?;
    say(&serde_json::json!({
        "engine": analyser.engine_name(),
        "load_ms": started.elapsed().as_secs_f64() * 1000.0,
        "resident_mib": resident_mib(),
    }))?;
    let context = CaptureContext::default();
    for line in std::io::stdin().lock().lines() {
        line?;
        let (mut decode, mut detect, mut align, mut embed, mut templates) = (0.0, 0.0, 0.0, 0.0, 0);
        let started = Instant::now();
        for file in &files {
            let evidence = if selfie {
                analyser.analyse_capture(file, &[], &context)?.selfie
            } else {
                analyser.analyse(file)?
            };
            let t = evidence.timings;
            decode += t.decode_ms;
            detect += t.detect_ms;
            align += t.align_ms;
            embed += t.embed_ms;
            templates += usize::from(evidence.template.is_some());
        }
        say(&serde_json::json!({
            "decode": decode,
            "detect": detect,
            "align": align,
            "embed": embed,
            "total": started.elapsed().as_secs_f64() * 1000.0,
            "templates": templates,
            "resident_mib": resident_mib(),
        }))?;
    }
    Ok(())
}

fn say(value: &serde_json::Value) -> std::io::Result<()> {
    println!("{value}");
    std::io::stdout().flush()
}

/// Resident memory of this process, where the system tells it.
fn resident_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}
