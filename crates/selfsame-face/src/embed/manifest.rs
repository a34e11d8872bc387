//! An operator's manifest: a TOML file beside the model's.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Calibration, CalibrationError, Channels, Embedder, Input};
use crate::align;
use crate::evidence::Point;
use crate::models::ModelIdentity;
use crate::template::{MAX_TEMPLATE_LEN, MIN_TEMPLATE_LEN, ModelThresholds, TemplateModel};

/// The longest manifest that is read, in bytes.
const MAX_MANIFEST: u64 = 64 * 1024;
/// The largest model that is read, in bytes.
const MAX_MODEL: u64 = 1024 * 1024 * 1024;
/// The largest calibration that is read: a matrix of the longest templates, and some.
const MAX_CALIBRATION: u64 = 80 * 1024 * 1024;
/// Sides of the input that are taken, in pixels.
const SIDES: std::ops::RangeInclusive<usize> = 32..=512;

/// Why an operator's embedder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EmbedderError {
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A file is too large.
    #[error("{}: it is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What is read at most.
        limit: u64,
    },
    /// The manifest does not say what it must.
    #[error("{}: {problem}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong, where, and what would be right.
        problem: String,
    },
    /// A file is not the one that the manifest names.
    #[error("{} has the SHA-256 {found}, and the manifest says {wanted}: it is another file than the manifest describes", path.display())]
    WrongDigest {
        /// The file.
        path: PathBuf,
        /// Its digest.
        found: String,
        /// The manifest's.
        wanted: String,
    },
    /// The calibration's file holds none.
    #[error("{}: {error}", path.display())]
    Calibration {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: CalibrationError,
    },
    /// The model's file cannot be prepared for an engine.
    #[error("{}: {problem}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    version: String,
    licence: String,
    file: String,
    sha256: String,
    output: usize,
    input: FileInput,
    thresholds: Option<ModelThresholds>,
    calibration: Option<FileCalibration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileInput {
    side: usize,
    #[serde(default)]
    channels: Channels,
    #[serde(default)]
    mean: [f32; 3],
    #[serde(default = "one")]
    scale: [f32; 3],
    alignment: Option<[[f32; 2]; 5]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCalibration {
    file: String,
    sha256: String,
}

const fn one() -> [f32; 3] {
    [1.0; 3]
}

fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, EmbedderError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|error| EmbedderError::Unreadable {
            path: path.to_owned(),
            error,
        })?;
    if bytes.len() as u64 > limit {
        return Err(EmbedderError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

fn verified(path: &Path, limit: u64, wanted: &str) -> Result<Vec<u8>, EmbedderError> {
    let bytes = read_at_most(path, limit)?;
    let found = hex::encode(Sha256::digest(&bytes));
    if found != wanted {
        return Err(EmbedderError::WrongDigest {
            path: path.to_owned(),
            found,
            wanted: wanted.to_owned(),
        });
    }
    Ok(bytes)
}

/// The model's file, its digest checked.
pub(super) fn model_file(path: &Path, sha256: &str) -> Result<Vec<u8>, EmbedderError> {
    verified(path, MAX_MODEL, sha256)
}

pub(super) fn read(path: &Path) -> Result<Embedder, EmbedderError> {
    let wrong = |problem: String| EmbedderError::Manifest {
        path: path.to_owned(),
        problem,
    };
    let text = String::from_utf8(read_at_most(path, MAX_MANIFEST)?)
        .map_err(|_| wrong("it is not UTF-8 text".to_owned()))?;
    let file: File =
        toml::from_str(&text).map_err(|e| wrong(e.to_string().trim_end().to_owned()))?;
    file.check().map_err(wrong)?;
    // Names only, so that what belongs together lies together.
    let beside = |field: &str, name: &str| match Path::new(name).file_name() {
        Some(plain) if plain == name => Ok(path.with_file_name(name)),
        _ => Err(wrong(format!(
            "{field} must be the name of a file beside the manifest, without a path"
        ))),
    };
    let calibration = match &file.calibration {
        None => None,
        Some(FileCalibration { file: name, sha256 }) => {
            let path = beside("calibration.file", name)?;
            let bytes = verified(&path, MAX_CALIBRATION, sha256)?;
            let wrong = |error| EmbedderError::Calibration {
                path: path.clone(),
                error,
            };
            Some((Calibration::from_bytes(&bytes).map_err(wrong)?, path))
        }
    };
    let model = beside("file", &file.file)?;
    let points = file
        .input
        .alignment
        .map(|points| points.map(|[x, y]| Point { x, y }));
    let embedder = Embedder {
        identity: ModelIdentity {
            name: file.name,
            version: file.version,
            sha256: file.sha256,
        },
        licence: file.licence,
        input: Input {
            side: file.input.side,
            channels: file.input.channels,
            mean: file.input.mean,
            scale: file.input.scale,
            alignment: points.unwrap_or_else(|| arcface(file.input.side)),
        },
        output: file.output,
        calibration: None,
        thresholds: file.thresholds,
        file: Some(model),
        model: TemplateModel::unknown(),
        plain: TemplateModel::unknown(),
    };
    match calibration {
        None => Ok(embedder.named()),
        Some((calibration, path)) => embedder
            .with_calibration(calibration)
            .map_err(|error| EmbedderError::Calibration { path, error }),
    }
}

/// The five points of ArcFace, which are for 112 pixels, for another side.
fn arcface(side: usize) -> [Point; 5] {
    let scale = side as f32 / align::SIDE as f32;
    align::REFERENCE.map(|p| Point {
        x: p.x * scale,
        y: p.y * scale,
    })
}

fn is_digest(text: &str) -> bool {
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.len() == 64 && text.bytes().all(lower)
}

impl File {
    /// The first thing that is wrong, with its dotted field.
    fn check(&self) -> Result<(), String> {
        for (field, text) in [
            ("name", &self.name),
            ("version", &self.version),
            ("licence", &self.licence),
        ] {
            if text.is_empty() || text.len() > 100 || text.chars().any(char::is_control) {
                return Err(format!(
                    "{field} must be 1 to 100 bytes without control characters"
                ));
            }
        }
        let mut digests = vec![("sha256", &self.sha256)];
        digests.extend(
            self.calibration
                .iter()
                .map(|c| ("calibration.sha256", &c.sha256)),
        );
        for (field, digest) in digests {
            if !is_digest(digest) {
                return Err(format!("{field} must be 64 lower-case hexadecimal digits"));
            }
        }
        if !(MIN_TEMPLATE_LEN..=MAX_TEMPLATE_LEN).contains(&self.output) {
            return Err(format!(
                "output must be {MIN_TEMPLATE_LEN} to {MAX_TEMPLATE_LEN} numbers"
            ));
        }
        let input = &self.input;
        if !SIDES.contains(&input.side) {
            let (least, most) = (SIDES.start(), SIDES.end());
            return Err(format!("input.side must be {least} to {most} pixels"));
        }
        if !input.mean.iter().all(|m| m.abs() <= 255.0) {
            return Err("input.mean must be three numbers of -255 to 255".to_owned());
        }
        if !input.scale.iter().all(|s| (1e-6..=255.0).contains(s)) {
            return Err("input.scale must be three numbers of 0.000001 to 255".to_owned());
        }
        let within = |v: &f32| (0.0..=input.side as f32).contains(v);
        if !input.alignment.iter().flatten().flatten().all(within) {
            return Err("input.alignment must be five points within the input".to_owned());
        }
        self.thresholds
            .map_or(Ok(()), |t| t.check().map_err(ToOwned::to_owned))
    }
}
