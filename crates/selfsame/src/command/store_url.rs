//! Where records are kept, as a URL that never shows a password.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

/// A back end and where it is.
#[derive(Clone)]
pub(crate) enum StoreUrl {
    /// One data directory.
    Directory(PathBuf),
    /// A database server, which several nodes may share.
    Postgres(Url),
}

impl FromStr for StoreUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(dir) = text.strip_prefix("sqlite:") {
            let dir = dir.strip_prefix("//").unwrap_or(dir);
            return match dir {
                "" => Err("sqlite: must be followed by a directory".to_owned()),
                dir => Ok(Self::Directory(dir.into())),
            };
        }
        // What is wrong is not quoted: there may be a password in it.
        let url = Url::parse(text).map_err(|e| {
            format!("not a URL ({e}); give sqlite:DIR or postgres://USER@HOST/DATABASE")
        })?;
        match url.scheme() {
            "postgres" | "postgresql" if url.has_host() && url.path().len() > 1 => {
                Ok(Self::Postgres(url))
            }
            "postgres" | "postgresql" => {
                Err("give a host and a database: postgres://USER@HOST/DATABASE".to_owned())
            }
            other => Err(format!(
                "{other} is no back end; give sqlite:DIR or postgres://USER@HOST/DATABASE"
            )),
        }
    }
}

impl StoreUrl {
    /// Whether a password stands in it.
    pub(crate) fn has_password(&self) -> bool {
        matches!(self, Self::Postgres(url) if url.password().is_some())
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(dir) => write!(f, "sqlite:{}", dir.display()),
            // Parameters may hold secrets too.
            Self::Postgres(url) => write!(
                f,
                "{}://{}{}{}",
                url.scheme(),
                url.host_str().unwrap_or_default(),
                url.port()
                    .map(|port| format!(":{port}"))
                    .unwrap_or_default(),
                url.path()
            ),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_directory_or_a_database_and_no_password_is_shown() {
        let shown = |text: &str| text.parse::<StoreUrl>().map(|url| format!("{url} {url:?}"));
        for text in ["sqlite:data", "sqlite://data"] {
            assert_eq!(shown(text).unwrap(), "sqlite:data sqlite:data");
        }
        assert_eq!(
            shown("sqlite:///var/lib/s").unwrap(),
            "sqlite:/var/lib/s sqlite:/var/lib/s"
        );
        let secret = "postgres://ada:hunter2@db.example:5433/selfsame?sslkey=hunter2";
        let shown_as = "postgres://db.example:5433/selfsame";
        assert_eq!(shown(secret).unwrap(), format!("{shown_as} {shown_as}"));
        for text in [
            "",
            "data",
            "sqlite:",
            "sqlite://",
            "postgres://ada:hunter2@db.example",
            "mysql://ada:hunter2@db.example/x",
            "postgres://ada:hunter2@db.example:99999/x",
        ] {
            let why = shown(text).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
