//! Where the master key comes from, as an operator says it.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::vault::{Vault, VaultKey};
use super::{MasterKey, command, failed};
use crate::error::StoreError;

/// A source of the master key: `file:PATH` or a path, `env:NAME`, `command:PROGRAM ARGUMENT …`, `vault:MOUNT/KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file with 64 hexadecimal digits.
    File(PathBuf),
    /// A variable of the environment with as many.
    Variable(String),
    /// A program that prints as many, with its arguments.
    Command(String, Vec<String>),
    /// A key of Vault's transit engine, which never leaves it.
    Vault(VaultKey),
}

impl FromStr for KeySource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let source = match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Self::File(path.into()),
            Some(("env", name)) if is_variable(name) => Self::Variable(name.to_owned()),
            Some(("env", _)) => {
                return Err("after env: comes the name of a variable, not the key".to_owned());
            }
            Some(("command", line)) => {
                let mut words = line.split_whitespace().map(str::to_owned);
                match words.next() {
                    Some(program) => Self::Command(program, words.collect()),
                    None => return Err("after command: comes a program".to_owned()),
                }
            }
            Some(("vault", key)) => Self::Vault(key.parse()?),
            _ if is_key(text) => {
                return Err(
                    "the key itself is not given here, where others could see it: name a file, or env:NAME"
                        .to_owned(),
                );
            }
            _ if text.is_empty() => return Err("it is empty".to_owned()),
            _ => Self::File(text.into()),
        };
        Ok(source)
    }
}

fn is_variable(name: &str) -> bool {
    let name_byte = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !name.is_empty() && name.bytes().all(name_byte) && !is_key(name)
}

fn is_key(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// As it is given again; a command's arguments are not told, for they may be secret.
impl std::fmt::Display for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::Command(program, arguments) if arguments.is_empty() => {
                write!(f, "command:{program}")
            }
            Self::Command(program, _) => write!(f, "command:{program} …"),
            Self::Vault(key) => write!(f, "vault:{key}"),
        }
    }
}

impl KeySource {
    /// Gets the key, or reaches who holds it.
    ///
    /// # Errors
    /// [`StoreError::MasterKey`] or a file's error, which says what to do and nothing of the key.
    pub async fn open(&self) -> Result<MasterKey, StoreError> {
        match self {
            Self::File(path) => MasterKey::read(path),
            Self::Variable(name) => match std::env::var(name).map(Zeroizing::new) {
                Ok(text) => MasterKey::from_hex(&text).map_err(|_| {
                    failed(format!(
                        "the variable {name} must hold 64 hexadecimal digits"
                    ))
                }),
                Err(_) => Err(failed(format!("there is no variable {name}"))),
            },
            Self::Command(program, arguments) => {
                let text = command::output(program, arguments, command::TIME).await?;
                MasterKey::from_hex(&text).map_err(|_| {
                    failed(format!(
                        "the command {program} must print 64 hexadecimal digits"
                    ))
                })
            }
            Self::Vault(key) => {
                let vault = Vault::from_environment(key.clone())?;
                vault.check().await?;
                Ok(MasterKey::held_by(Arc::new(vault)))
            }
        }
    }

    /// As [`KeySource::open`]; but a file that is not there is made, with a new key.
    ///
    /// # Errors
    /// As [`KeySource::open`].
    pub async fn open_or_create(&self) -> Result<MasterKey, StoreError> {
        match self {
            Self::File(path) => MasterKey::read_or_create(path),
            other => other.open().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn sources_are_told_apart_and_the_key_itself_is_none() {
        let source = |text: &str| text.parse::<KeySource>();
        assert_eq!(source("/etc/k"), Ok(KeySource::File("/etc/k".into())));
        assert_eq!(source("file:k"), Ok(KeySource::File("k".into())));
        assert_eq!(source("env:KEY_1"), Ok(KeySource::Variable("KEY_1".into())));
        let command = KeySource::Command("pass".into(), vec!["show".into(), "x".into()]);
        assert_eq!(source("command:pass show  x"), Ok(command.clone()));
        assert_eq!(command.to_string(), "command:pass …");
        assert!(matches!(
            source("vault:transit/selfsame"),
            Ok(KeySource::Vault(_))
        ));
        let as_variable = format!("env:{KEY}");
        for wrong in [
            "",
            "env:",
            "env:A B",
            "command: ",
            "vault:",
            "vault:k",
            KEY,
            &as_variable,
        ] {
            let refused = source(wrong).unwrap_err();
            assert!(!refused.contains(KEY), "{refused}");
        }
    }

    async fn told(source: &str) -> String {
        let error = source.parse::<KeySource>().unwrap().open().await;
        error.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_command_prints_the_key_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        std::fs::write(&file, format!("{KEY}\n")).unwrap();
        let printed = format!("command:cat {}", file.display());
        let (printed, read): (KeySource, KeySource) = (
            printed.parse().unwrap(),
            file.to_str().unwrap().parse().unwrap(),
        );
        let (printed, read) = (printed.open().await.unwrap(), read.open().await.unwrap());
        let data_key = crate::keyring::DataKey::generate().unwrap();
        let wrapped = printed.wrap("s", &data_key).await.unwrap();
        assert!(read.unwrap("s", &wrapped).await.is_ok());
        assert!(read.unwrap("t", &wrapped).await.is_err());

        std::fs::write(&file, format!("hush{KEY}")).unwrap();
        let long = dir.path().join("long");
        std::fs::write(&long, "hush".repeat(1000)).unwrap();
        for (source, why) in [
            (format!("command:cat {}", file.display()), "64 hexadecimal"),
            (format!("command:cat {}", long.display()), "too much"),
            (format!("file:{}", file.display()), "64 hexadecimal"),
            ("command:false".to_owned(), "by hand"),
            ("command:/no/such/program".to_owned(), "cannot be run"),
            // No shell: this is an argument.
            ("command:echo $HOME".to_owned(), "64 hexadecimal"),
            ("env:SELFSAME_NO_SUCH_VARIABLE".to_owned(), "no variable"),
        ] {
            let told = told(&source).await;
            assert!(told.contains(why), "{source}: {told}");
            assert!(!told.contains("hush"), "{told}");
        }
    }

    #[tokio::test]
    async fn a_command_that_does_not_end_is_ended() {
        let (short, minute) = (Duration::from_millis(200), ["60".to_owned()]);
        let ended = command::output("sleep", &minute, short).await;
        assert!(ended.unwrap_err().to_string().contains("took longer"));
    }

    #[tokio::test]
    async fn a_file_is_made_only_where_that_was_asked() {
        let dir = tempfile::tempdir().unwrap();
        let source = KeySource::File(dir.path().join("new.key"));
        assert!(source.open().await.is_err());
        source.open_or_create().await.unwrap();
        source.open().await.unwrap();
    }
}
