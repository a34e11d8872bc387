//! Makes the templates of a folder of pictures, for measurements that are done elsewhere.
//!
//! `templates FOLDER OUT [ENGINE [f32|bf16 [plain]]]` looks at every JPEG and PNG file under the folder, in the order of their
//! names, and writes two files: `OUT.f32`, one template a picture as little-endian f32 (zeros where there is none), and
//! `OUT.csv`, one line a picture: its path in the folder, the template's length (0 where there is none), the raw output's
//! length, how many faces, and of the first face its detection score, inter-eye distance, sharpness, box and landmarks (eyes,
//! nose, corners of the mouth, as seen in the picture); then how long it took. `plain` leaves the built-in calibration out:
//! another one is learned on what the model gives.
//!
//! Templates are biometric data: keep the files where the pictures are kept, and no longer.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use selfsame_face::analyser::{Analyser, Settings};
use selfsame_face::embed::{Embedder, Embedders};
use selfsame_face::evidence::ImageEvidence;
use selfsame_face::inference::Precision;
use selfsame_face::models::ModelStore;

const USAGE: &str = "usage: templates FOLDER OUT [ENGINE [f32|bf16 [plain]]]";

/// What is kept of one picture.
struct Row {
    at: usize,
    line: String,
    template: Vec<f32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or(USAGE)?);
    let out = arguments.next().ok_or(USAGE)?;
    let mut settings = Settings::default();
    if let Some(engine) = arguments.next() {
        settings.engine = engine.parse()?;
    }
    settings.precision = match arguments.next().as_deref() {
        None | Some("f32") => Precision::F32,
        Some("bf16") => Precision::Bf16,
        Some(_) => return Err(USAGE.into()),
    };
    let primary = match arguments.next().as_deref() {
        None => Embedder::built_in(),
        Some("plain") => Embedder::built_in_plain(),
        Some(_) => return Err(USAGE.into()),
    };
    let embedders = Embedders {
        primary,
        also: Vec::new(),
    };
    let analyser = Analyser::load_with(&ModelStore::locate(None), &settings, &embedders)?;
    eprintln!("{}", analyser.engine_name());
    let mut files = Vec::new();
    pictures(&folder, &mut files)?;
    files.sort();
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..settings.parallel.get() {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = files.get(at) else { break };
                    if at % 1000 == 999 {
                        eprintln!("{} of {}", at + 1, files.len());
                    }
                    let row = row(&analyser, &folder, file, at);
                    rows.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(row);
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|row| row.at);
    let longest = rows.iter().map(|r| r.template.len()).max().unwrap_or(0);
    let mut numbers = BufWriter::new(std::fs::File::create(format!("{out}.f32"))?);
    let mut table = BufWriter::new(std::fs::File::create(format!("{out}.csv"))?);
    writeln!(
        table,
        "file,template,raw_length,faces,detection_score,inter_eye_distance,sharpness,x,y,width,height,left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y,mouth_left_x,mouth_left_y,mouth_right_x,mouth_right_y,ms"
    )?;
    for row in &rows {
        writeln!(table, "{}", row.line)?;
        for at in 0..longest {
            let value = row.template.get(at).copied().unwrap_or(0.0);
            numbers.write_all(&value.to_le_bytes())?;
        }
    }
    numbers.flush()?;
    table.flush()?;
    println!(
        "{} pictures, {} templates of {longest} numbers",
        rows.len(),
        rows.iter().filter(|r| !r.template.is_empty()).count()
    );
    Ok(())
}

fn pictures(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // Other systems' notes beside the pictures.
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            pictures(&path, into)?;
            continue;
        }
        let kind = path.extension().and_then(|e| e.to_str());
        if kind.is_some_and(|k| matches!(&*k.to_ascii_lowercase(), "jpg" | "jpeg" | "png")) {
            into.push(path);
        }
    }
    Ok(())
}

fn row(analyser: &Analyser, folder: &Path, file: &Path, at: usize) -> Row {
    let name = file.strip_prefix(folder).unwrap_or(file);
    let mut line = name.display().to_string();
    let started = std::time::Instant::now();
    let read = std::fs::read(file).map_err(|e| e.to_string());
    let evidence = match read.and_then(|b| analyser.analyse(&b).map_err(|e| e.to_string())) {
        Ok(evidence) => evidence,
        Err(error) => {
            eprintln!("left out: {}: {error}", file.display());
            line.push_str(",0,,0,,,,,,,,,,,,,,,,,,");
            let template = Vec::new();
            return Row { at, line, template };
        }
    };
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    describe(&evidence, ms, &mut line);
    let template = evidence.template;
    Row {
        at,
        line,
        template: template.map_or_else(Vec::new, |t| t.values().to_vec()),
    }
}

fn describe(evidence: &ImageEvidence, ms: f64, line: &mut String) {
    let length = evidence.template.as_ref().map_or(0, |t| t.values().len());
    let raw = evidence
        .template_length
        .map_or_else(String::new, |l| format!("{l:.4}"));
    // Writing to a string does not fail.
    let _ = write!(line, ",{length},{raw},{}", evidence.faces.len());
    if let Some(face) = evidence.faces.first() {
        let b = face.face_box;
        let _ = write!(
            line,
            ",{:.4},{:.2},{:.2},{:.1},{:.1},{:.1},{:.1}",
            face.detection_score,
            face.inter_eye_distance,
            face.sharpness,
            b.x,
            b.y,
            b.width,
            b.height
        );
        for point in face.landmarks.points() {
            let _ = write!(line, ",{:.3},{:.3}", point.x, point.y);
        }
    } else {
        line.push_str(",,,,,,,,,,,,,,,,,");
    }
    let _ = write!(line, ",{ms:.2}");
}
