//! Why an evaluation cannot be carried out.

use std::path::{Path, PathBuf};

/// Why an evaluation cannot be carried out. What cannot be acquired from an image is a measurement, not an error.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A file or folder cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// An input is not what it should be.
    #[error("{}: {problem}", path.display())]
    Input {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The cache's key does not fit.
    #[error("{}: {problem}; remove the folder, or name another with --cache", path.display())]
    Cache {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// A report cannot be written down.
    #[error("the report cannot be written: {0}")]
    Report(String),
}

/// Names the file in what the system said.
pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> EvalError {
    let path = path.to_owned();
    |error| EvalError::File { path, error }
}

/// An input that is wrong.
pub(crate) fn input(path: &Path, problem: impl Into<String>) -> EvalError {
    EvalError::Input {
        path: path.to_owned(),
        problem: problem.into(),
    }
}
