//! Every measure of many captures, as CSV on standard output:
//!
//! `cargo run --release -p selfsame-face --example capture_measures -- FOLDER [--frames N] [--seed N] [--engine NAME] \
//!     [--scored N] [--compared N]`
//!
//! FOLDER holds one folder for each presentation, with its JPEGs or PNGs in the order of their names. The first is the selfie;
//! N frames (8 unless told) are taken evenly from the rest. A line holds the presentation's name, why it could not be
//! analysed (else nothing), and each measure of `CaptureEvidence::measures`, empty where the capture does not give it. All
//! cores work; the lines come in the order of the names, and are the same for the same seed. `--scored` and
//! `--compared` tell how many frames are scored for presentation attacks and compared at first; where these leave a doubt, all are.
#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use selfsame_face::analyser::{Analyser, CaptureContext, Closely, Draw, MOST_FRAMES, Settings};
use selfsame_face::evidence::CaptureEvidence;
use selfsame_face::inference::EngineChoice;
use selfsame_face::models::ModelStore;

const USAGE: &str = "usage: capture_measures FOLDER [--frames N] [--seed N] [--engine NAME] [--scored N] [--compared N]";

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

struct Arguments {
    folder: PathBuf,
    frames: usize,
    seed: u64,
    engine: EngineChoice,
    closely: Closely,
}

impl Arguments {
    fn read() -> Outcome<Self> {
        let mut words = std::env::args().skip(1);
        let mut read = Self {
            folder: words.next().ok_or(USAGE)?.into(),
            frames: 8,
            seed: 1,
            engine: EngineChoice::Auto,
            closely: Closely::default(),
        };
        while let Some(word) = words.next() {
            let value = words.next().ok_or(USAGE)?;
            match word.as_str() {
                "--frames" => read.frames = value.parse::<usize>()?.min(MOST_FRAMES),
                "--seed" => read.seed = value.parse()?,
                "--engine" => read.engine = value.parse()?,
                "--scored" => read.closely.scored = value.parse()?,
                "--compared" => read.closely.compared = value.parse()?,
                _ => return Err(USAGE.into()),
            }
        }
        Ok(read)
    }
}

fn main() -> Outcome<()> {
    let arguments = Arguments::read()?;
    let settings = Settings {
        engine: arguments.engine,
        closely: arguments.closely,
        ..Settings::default()
    };
    let threads = settings.parallel.get();
    let analyser = Analyser::load(&ModelStore::locate(None), &settings)?;
    let folders = inside(&arguments.folder, Path::is_dir)?;
    let next = AtomicUsize::new(0);
    let seen = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(folder) = folders.get(at) else {
                        return;
                    };
                    let measured = measured(&analyser, folder, &arguments);
                    if let Ok(mut seen) = seen.lock() {
                        seen.push((at, measured));
                    }
                }
            });
        }
    });
    let mut seen = seen.into_inner().map_err(|_| "a thread failed")?;
    seen.sort_by_key(|(at, _)| *at);
    print(&folders, &seen);
    Ok(())
}

/// The paths in a folder that are wanted, by their names.
fn inside(folder: &Path, wanted: fn(&Path) -> bool) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if wanted(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    ["jpg", "jpeg", "png"].contains(&extension.to_lowercase().as_str())
}

fn measured(analyser: &Analyser, folder: &Path, arguments: &Arguments) -> Outcome<CaptureEvidence> {
    let pictures = inside(folder, is_picture)?;
    let (selfie, rest) = pictures.split_first().ok_or("no pictures")?;
    let count = arguments.frames.min(rest.len());
    let frames = (0..count)
        .map(|n| std::fs::read(&rest[evenly(n, count, rest.len())]))
        .collect::<Result<Vec<_>, _>>()?;
    let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let context = CaptureContext {
        draw: Draw::Seeded(arguments.seed),
        ..CaptureContext::default()
    };
    Ok(analyser.analyse_capture(&std::fs::read(selfie)?, &frames, &context)?)
}

/// The `n`th of `count` places spread over a length, the first and the last included.
fn evenly(n: usize, count: usize, length: usize) -> usize {
    if count < 2 {
        return 0;
    }
    n * (length - 1) / (count - 1)
}

fn print(folders: &[PathBuf], seen: &[(usize, Outcome<CaptureEvidence>)]) {
    let Some(names) = seen
        .iter()
        .find_map(|(_, measured)| Some(measured.as_ref().ok()?.measures()))
    else {
        println!("presentation,error");
        return;
    };
    let mut header = "presentation,error".to_owned();
    for measure in &names {
        let _ = write!(header, ",{}", measure.name);
    }
    println!("{header}");
    for (at, measured) in seen {
        let name = folders[*at].file_name().unwrap_or_default();
        let mut line = name.to_string_lossy().replace([',', '"', '\n'], "_");
        match measured {
            Ok(evidence) => {
                line.push(',');
                for measure in evidence.measures() {
                    line.push(',');
                    if let Some(value) = measure.value {
                        let _ = write!(line, "{value}");
                    }
                }
            }
            Err(error) => {
                let _ = write!(
                    line,
                    ",{}",
                    error.to_string().replace([',', '"', '\n'], " ")
                );
                line.push_str(&",".repeat(names.len()));
            }
        }
        println!("{line}");
    }
}
