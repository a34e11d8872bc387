//! What can be wrong with the operator's file.

use std::path::PathBuf;

/// Why the operator's file cannot be used. Texts hold no secret: of a wrong line its number is told, never its words.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("authorities: {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Not TOML.
    #[error("authorities: {0}")]
    Syntax(String),
    /// A field is unknown, of another type, out of its range, or at odds with another.
    #[error("authorities: {field} {problem}")]
    Field {
        /// The field, dotted: `authority.national.timeout`, `route[2].country`.
        field: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
}

impl ConfigError {
    /// A problem of one field.
    #[must_use]
    pub fn field(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Field {
            field: field.into(),
            problem: problem.into(),
        }
    }
}
