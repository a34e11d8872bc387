//! The file itself: `authorities.toml`.

use std::path::{Path, PathBuf};

use selfsame_job::identity::Photo;
use serde::Deserialize;
use toml::Table;

use super::routes::{RouteForm, Routes};
use super::{ConfigError, Limits, Place};
use crate::id_types::IdTypes;

/// The longest file that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// The largest photograph for the sandbox, in bytes.
const MAX_PHOTO: u64 = 10 * 1024 * 1024;
/// Names that stand for this server itself, and for what is built in.
const RESERVED: [&str; 2] = [crate::authorities::OWN, crate::authorities::SANDBOX];

/// What the file says, checked as far as can be told without making the authorities.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) id_types: IdTypes,
    pub(crate) sandbox_photo: Option<Photo>,
    pub(crate) authorities: Vec<Described>,
    pub(crate) routes: Routes,
}

/// An authority as the file describes it.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) limits: Limits,
    /// The kind's own.
    pub(crate) settings: Table,
    /// Where it stands.
    pub(crate) place: Place,
}

/// What an authority is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A table that the operator imported.
    Register,
    /// A JSON service that the operator describes.
    Http,
    /// MOSIP's ID authentication.
    Mosip,
    /// CAMARA's KYC Match.
    Camara,
    /// The sandbox's test numbers.
    Sandbox,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    id_types: Option<PathBuf>,
    #[serde(default)]
    sandbox: SandboxForm,
    #[serde(default)]
    authority: toml::map::Map<String, toml::Value>,
    #[serde(default)]
    route: Vec<RouteForm>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct SandboxForm {
    photo: Option<PathBuf>,
}

impl File {
    /// Reads the file and all that it names.
    ///
    /// # Errors
    /// The first thing that is wrong, by its dotted name.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|error| ConfigError::Unreadable {
                path: path.to_owned(),
                error,
            })?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ConfigError::Syntax(format!(
                "the file is larger than {MAX_BYTES} bytes"
            )));
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| ConfigError::Syntax("the file is no text in UTF-8".to_owned()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(text, folder)
    }

    /// The same of a text; its paths begin at `folder`.
    ///
    /// # Errors
    /// As [`File::load`].
    pub(crate) fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| syntax(text, &error))?;
        let place = Place::file(folder);
        let form: Form = place.read(table)?;
        let id_types = match &form.id_types {
            None => IdTypes::built_in(),
            Some(path) => IdTypes::with_file(&place.path(path)).map_err(|error| {
                place.wrong(
                    "id_types",
                    format!("names a file that cannot be used: {error}"),
                )
            })?,
        };
        let photo = form.sandbox.photo.as_ref().map(|path| {
            let bytes = place
                .within("sandbox")
                .read_file("photo", path, MAX_PHOTO)?;
            Ok::<Photo, ConfigError>(Photo(bytes.into()))
        });
        let authorities = form
            .authority
            .into_iter()
            .map(|(name, value)| describe(&place, name, value));
        let authorities = authorities.collect::<Result<Vec<Described>, ConfigError>>()?;
        let routes = Routes::read(form.route, &authorities, &id_types, &place)?;
        Ok(Self {
            sandbox_photo: photo.transpose()?,
            routes,
            authorities,
            id_types,
        })
    }
}

fn describe(file: &Place, name: String, value: toml::Value) -> Result<Described, ConfigError> {
    let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    let place = file.within("authority").within(&name);
    if !(1..=40).contains(&name.len()) || !name.bytes().all(ok) {
        return Err(place.wrong(
            "",
            "must be named by 1 to 40 small letters, digits, - and _",
        ));
    }
    if RESERVED.contains(&name.as_str()) {
        return Err(place.wrong("", "must have another name: what is built in is called so"));
    }
    let toml::Value::Table(mut settings) = value else {
        return Err(place.wrong("", "must be a table"));
    };
    let limits = Limits::take(&mut settings, &place)?;
    let kind = settings.remove("kind").ok_or_else(|| {
        place.wrong(
            "kind",
            "is missing: register, http, mosip, camara or sandbox",
        )
    })?;
    let kind: Kind = kind
        .try_into()
        .map_err(|_| place.wrong("kind", "must be register, http, mosip, camara or sandbox"))?;
    Ok(Described {
        name,
        kind,
        limits,
        settings,
        place,
    })
}

/// The error's own text shows the line, which may hold a secret.
fn syntax(text: &str, error: &toml::de::Error) -> ConfigError {
    let line = error.span().and_then(|span| text.get(..span.start));
    let line = line.map_or(1, |before| before.matches('\n').count() + 1);
    ConfigError::Syntax(format!("line {line}: {}", error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        File::parse(text, Path::new("/nowhere"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, said) in [
            ("a = ", "authorities: line 1: "),
            ("\n\nkey = s3cret", "authorities: line 3: "),
            (
                "unknown = 1",
                "authorities: unknown is wrong: unknown field",
            ),
            (
                "id_types = \"none.toml\"",
                "authorities: id_types names a file that cannot be used: ",
            ),
            (
                "sandbox.photo = \"none.jpg\"",
                "authorities: sandbox.photo names /nowhere/none.jpg: ",
            ),
            (
                "authority.x = 1",
                "authorities: authority.x must be a table",
            ),
            (
                "authority.x.timeout = \"1s\"",
                "authorities: authority.x.kind is missing",
            ),
            (
                "authority.x.kind = \"soap\"",
                "authorities: authority.x.kind must be register, http,",
            ),
            (
                "authority.x.kind = 1",
                "authorities: authority.x.kind must be register, http,",
            ),
            (
                "authority.X.kind = \"http\"",
                "authorities: authority.X must be named by",
            ),
            (
                "authority.sandbox.kind = \"sandbox\"",
                "authorities: authority.sandbox must have another name",
            ),
            (
                "authority.selfsame.kind = \"http\"",
                "authorities: authority.selfsame must have another name",
            ),
            (
                "authority.x.attempts = \"3\"\nauthority.x.kind = \"http\"",
                "authorities: authority.x.attempts is wrong",
            ),
            ("route = 1", "authorities: route is wrong"),
            (
                "[[route]]\nauthority = \"x\"\ncountry = \"NG\"",
                "authorities: route[0] is wrong: missing field `id_types`",
            ),
        ] {
            let error = wrong(text);
            assert!(error.starts_with(said), "{text}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn an_empty_file_is_the_sandbox_alone() {
        let file = File::parse("", Path::new("/nowhere")).unwrap();
        assert!(file.authorities.is_empty());
    }

    #[test]
    fn a_file_that_is_not_there_or_too_large_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("authorities.toml");
        assert!(
            File::load(&path)
                .unwrap_err()
                .to_string()
                .contains("authorities.toml")
        );
        std::fs::write(&path, "#".repeat(300_000)).unwrap();
        assert!(
            File::load(&path)
                .unwrap_err()
                .to_string()
                .contains("larger than")
        );
    }
}
