//! Data sets of real people, brought from the folder that somebody has into the layouts that the evaluation reads.
//!
//! Nothing is downloaded; files are linked, or copied where the file system does not link. No picture is changed but those of
//! people who turn their heads, where it says so.
//! Where each set comes from, and under which terms: docs/evaluation/data.md.

mod lfw;
mod london;
mod place;
mod recaptures;
mod replay;
mod turning;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::EvalError;
use crate::progress::Progress;
use place::Place;

pub use lfw::KNOWN_LABEL_ERRORS;

/// A file beside what was prepared, by which a later run knows its own folder.
const MANIFEST: &str = "prepared.json";

/// A data set that can be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataSet {
    /// Labeled Faces in the Wild, deep-funneled.
    Lfw,
    /// The Face Research Lab London Set, neutral and smiling.
    London,
    /// Replay-Attack's frames.
    ReplayAttack,
    /// Recaptures of CelebA-Spoof.
    Recaptures,
    /// The Karolinska Directed Emotional Faces: frontal and turned by 45 degrees.
    Kdef,
    /// The IMM Face Database: frontal and turned by about 30 degrees.
    Imm,
    /// The FEI Face Database: from one profile to the other.
    Fei,
    /// CMU Face Images: straight, left, right and up.
    CmuFaces,
}

/// A part of Replay-Attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// To fit on.
    Train,
    /// To check on.
    Devel,
    /// What a result is measured on, once. It opens by name only.
    Test,
}

/// How to prepare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Which parts of Replay-Attack; the other sets have one.
    pub splits: Vec<Split>,
    /// The test split may be opened.
    pub open_the_closed_split: bool,
}

/// What was prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// Which set.
    pub data_set: DataSet,
    /// Under which terms it may be used.
    pub terms: String,
    /// What lies where, below the folder.
    pub parts: Vec<Part>,
    /// What is not as the set's authors say, or is to be known.
    pub notes: Vec<String>,
}

/// One part of a prepared folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The folder or file, relative.
    pub path: String,
    /// What it holds, with how many.
    pub holds: String,
}

impl DataSet {
    /// Every set.
    pub const ALL: [Self; 8] = [
        Self::Lfw,
        Self::London,
        Self::ReplayAttack,
        Self::Recaptures,
        Self::Kdef,
        Self::Imm,
        Self::Fei,
        Self::CmuFaces,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lfw => "lfw",
            Self::London => "london",
            Self::ReplayAttack => "replay-attack",
            Self::Recaptures => "recaptures",
            Self::Kdef => "kdef",
            Self::Imm => "imm",
            Self::Fei => "fei",
            Self::CmuFaces => "cmu-faces",
        }
    }

    /// Under which terms it may be used, in short; docs/evaluation/data.md says more.
    #[must_use]
    pub const fn terms(self) -> &'static str {
        match self {
            Self::Lfw => {
                "for research; figures may be published with their source, pictures may not"
            }
            Self::London => {
                "CC BY 4.0: DeBruine, L. and Jones, B., Face Research Lab London Set; figures and pictures may be published with this credit"
            }
            Self::ReplayAttack => {
                "Idiap's licence agreement: internal measurement only; figures may be published with their source, pictures may not"
            }
            Self::Recaptures => {
                "CelebA-Spoof, non-commercial research: measurement only; pictures may not be published"
            }
            Self::Kdef => {
                "non-commercial research, with its source: Lundqvist, D., Flykt, A. and Öhman, A. (1998); measurement only"
            }
            Self::Imm => {
                "education and research, with its source: Stegmann, Ersbøll and Larsen, IEEE Trans. on Medical Imaging 22(10), 2003"
            }
            Self::Fei => {
                "research, with its source: FEI Face Database, Thomaz and Giraldi (2010); measurement only"
            }
            Self::CmuFaces => {
                "education, with its source: Mitchell, T., CMU Face Images (UCI Machine Learning Repository, 1999); measurement only"
            }
        }
    }
}

impl std::str::FromStr for DataSet {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|set| set.name() == name)
            .ok_or_else(|| format!("{name:?} is none of {known}"))
    }
}

impl Split {
    /// Every split.
    pub const ALL: [Self; 3] = [Self::Train, Self::Devel, Self::Test];

    /// Its name, in the data set and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Devel => "devel",
            Self::Test => "test",
        }
    }
}

impl std::str::FromStr for Split {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|split| split.name() == name)
            .ok_or_else(|| format!("{name:?} is none of train, devel, test"))
    }
}

impl Default for Options {
    /// What may be looked at as often as one likes: train and devel.
    fn default() -> Self {
        Self {
            splits: vec![Split::Train, Split::Devel],
            open_the_closed_split: false,
        }
    }
}

/// What opening the test split means: said to whoever asks for it without, and with, the flag.
pub const CLOSED_SPLIT: &str = "Replay-Attack's test split is closed: results are measured on it once, when nothing is \
    changed any more. Whoever looks at it to choose a threshold, a model or a rule has no test set left, and the figures \
    published before mean nothing. --open-the-closed-split opens it";

/// Prepares a data set from the folder `from` in the folder `out`, which must be new, empty, or made by an earlier run for
/// the same set. The same source gives the same layout.
///
/// # Errors
/// When `from` is not that set, `out` holds something else or lies within `from`, a file cannot be read or written, or the
/// test split is asked for without the flag that opens it.
pub fn prepare(
    set: DataSet,
    from: &Path,
    out: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Prepared, EvalError> {
    let place = Place::make(set, from, out)?;
    let (parts, notes) = match set {
        DataSet::Lfw => lfw::prepare(from, &place, progress)?,
        DataSet::London => london::prepare(from, &place, progress)?,
        DataSet::ReplayAttack => replay::prepare(from, &place, options, progress)?,
        DataSet::Recaptures => recaptures::prepare(from, &place, progress)?,
        DataSet::Kdef | DataSet::Imm | DataSet::Fei | DataSet::CmuFaces => {
            turning::prepare(set, from, &place, progress)?
        }
    };
    let prepared = Prepared {
        data_set: set,
        terms: set.terms().to_owned(),
        parts,
        notes,
    };
    place.note(&prepared)?;
    Ok(prepared)
}

/// What the parts of the module hand back: what lies where, and notes.
type Layout = (Vec<Part>, Vec<String>);

fn part(path: &str, holds: impl Into<String>) -> Part {
    Part {
        path: path.to_owned(),
        holds: holds.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Quiet;

    fn write(folder: &Path, file: &str, text: &str) {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn recaptures(folder: &Path) {
        for n in 1..=3 {
            write(folder, &format!("Dataset/Spoof/{n}.jpg"), &n.to_string());
        }
    }

    fn prepared(from: &Path, out: &Path) -> Result<Prepared, EvalError> {
        prepare(DataSet::Recaptures, from, out, &Options::default(), &Quiet)
    }

    #[test]
    fn a_folder_is_made_once_and_found_again() {
        let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        recaptures(from.path());
        let first = prepared(from.path(), out.path()).unwrap();
        assert_eq!(prepared(from.path(), out.path()).unwrap(), first);
        let text = std::fs::read_to_string(out.path().join("attacks/recapture/2.jpg")).unwrap();
        assert_eq!(text, "2");
        // A source that changed is taken again, and its own file is left as it is.
        write(from.path(), "Dataset/Spoof/2.jpg", "22");
        prepared(from.path(), out.path()).unwrap();
        let text = std::fs::read_to_string(out.path().join("attacks/recapture/2.jpg")).unwrap();
        assert_eq!(text, "22");
    }

    #[test]
    fn another_folder_is_never_written_to() {
        let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        recaptures(from.path());
        write(out.path(), "mine.txt", "keep");
        let error = prepared(from.path(), out.path()).unwrap_err().to_string();
        assert!(error.contains("neither empty"), "{error}");
        let within = prepared(from.path(), &from.path().join("out")).unwrap_err();
        assert!(within.to_string().contains("within"), "{within}");
        assert!(!from.path().join("out").exists());
        let other = tempfile::tempdir().unwrap();
        prepared(from.path(), other.path()).unwrap();
        let error = prepare(
            DataSet::London,
            from.path(),
            other.path(),
            &Options::default(),
            &Quiet,
        );
        let error = error.unwrap_err().to_string();
        assert!(error.contains("recaptures"), "{error}");
    }
}
