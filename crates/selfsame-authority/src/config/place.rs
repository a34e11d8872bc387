//! Where an authority's settings stand: what its errors are named by, and what its paths are relative to.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::ConfigError;

/// A table of the operator's file.
#[derive(Debug, Clone)]
pub struct Place {
    /// Dotted, `authority.national`; empty for the file itself.
    name: String,
    /// The file's folder.
    folder: PathBuf,
}

impl Place {
    /// The file itself, in its folder.
    #[must_use]
    pub fn file(folder: &Path) -> Self {
        Self {
            name: String::new(),
            folder: folder.to_owned(),
        }
    }

    /// A table within.
    #[must_use]
    pub fn within(&self, name: &str) -> Self {
        Self {
            name: self.field(name),
            folder: self.folder.clone(),
        }
    }

    /// The dotted name of a field of this table.
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        match (self.name.as_str(), name) {
            ("", name) => name.to_owned(),
            (table, "" | ".") => table.to_owned(),
            (table, name) if name.starts_with('[') => format!("{table}{name}"),
            (table, name) => format!("{table}.{name}"),
        }
    }

    /// A problem of a field of this table.
    #[must_use]
    pub fn wrong(&self, name: &str, problem: impl Into<String>) -> ConfigError {
        ConfigError::field(self.field(name), problem)
    }

    /// A path that the file names: relative ones begin at the file's folder.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Reads a file that a field names, of at most so many bytes.
    ///
    /// # Errors
    /// When it cannot be read, or is larger.
    pub fn read_file(&self, name: &str, path: &Path, most: u64) -> Result<Vec<u8>, ConfigError> {
        use std::io::Read as _;
        let path = self.path(path);
        let wrong =
            |error: std::io::Error| self.wrong(name, format!("names {}: {error}", path.display()));
        let mut bytes = Vec::new();
        std::fs::File::open(&path)
            .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
            .map_err(wrong)?;
        if bytes.len() as u64 > most {
            let problem = format!(
                "names {}, which is larger than {most} bytes",
                path.display()
            );
            return Err(self.wrong(name, problem));
        }
        Ok(bytes)
    }

    /// Reads this table's settings.
    ///
    /// # Errors
    /// The first field that is wrong, by its dotted name.
    pub fn read<T: DeserializeOwned>(&self, settings: Table) -> Result<T, ConfigError> {
        serde_path_to_error::deserialize(Value::Table(settings)).map_err(|error| {
            let path = error.path().to_string();
            let problem = format!("is wrong: {}", error.inner().message().trim_end());
            self.wrong(&path, problem)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only whether it can be read matters")]
    struct Settings {
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only whether it can be read matters")]
    struct Inner {
        number: u8,
    }

    #[test]
    fn errors_are_named_by_the_whole_path() {
        let place = Place::file(Path::new("/etc"))
            .within("authority")
            .within("x");
        let read = |text: &str| {
            let error = place.read::<Settings>(text.parse().unwrap()).unwrap_err();
            error.to_string()
        };
        let said = read("inner = [{ number = 1 }, { number = 300 }]");
        assert!(
            said.contains("authority.x.inner[1].number is wrong"),
            "{said}"
        );
        assert!(read("inner = []\nother = 1").contains("authority.x.other"));
        let missing = read("");
        assert!(
            missing.contains("authority.x is wrong: missing field `inner`"),
            "{missing}"
        );
        assert_eq!(place.path(Path::new("a.pem")), Path::new("/etc/a.pem"));
        assert_eq!(place.path(Path::new("/b.pem")), Path::new("/b.pem"));
    }
}
