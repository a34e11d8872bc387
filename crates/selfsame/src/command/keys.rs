//! `selfsame keys`.

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use selfsame_job::audit::Actor;
use selfsame_server::operate::Operator;
use selfsame_store::error::StoreError;
use selfsame_store::keyring::MasterKey;
use selfsame_store::keys::{KeyUse, Progress, Reencrypted};
use selfsame_store::master_key::source::KeySource;
use selfsame_store::postgres::PostgresStore;
use selfsame_store::sqlite::SqliteStore;
use selfsame_store::store::OlderTokenKeys;
use selfsame_store::{postgres, sqlite};

use super::data::{Data, Opening, actor, key_source};
use crate::output::{self, Outcome};

/// List the keys that encrypt the data directory, rotate them and the key of tokens, encrypt older data anew.
#[derive(clap::Args)]
pub(crate) struct KeysCommand {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List the data keys and how much each encrypts; beside a running server too.
    List,
    /// Make a new data key for what is written from now on. The server of a data directory must be stopped; nodes of a database
    /// server hear of it within half a minute, and it writes from then on.
    Rotate {
        /// Instead, wrap all data keys with the master key of this source: a file, which is made when missing, or any other that
        /// --master-key takes. From then on the data directory opens with that source only. The same key of Vault again wraps
        /// with its newest version.
        #[arg(long, value_name = "SOURCE")]
        master: Option<String>,
    },
    /// Make a new key for v3 tokens, beside running servers, which take it within seconds. Without this it is replaced every 30 days.
    RotateToken {
        /// Erase the keys before it: whatever tokens they made open nothing any more. For a key that somebody else may know.
        #[arg(long)]
        erase_older: bool,
    },
    /// Encrypt with the newest data key what older ones encrypted, then erase those. The server of a data directory must be
    /// stopped. May be interrupted and run again.
    Reencrypt,
}

/// The keys of a store, of either kind.
enum Keys {
    Directory(sqlite::keys::Keys),
    Database(postgres::keys::Keys),
}

impl Keys {
    /// Opens a store to change its keys: a data directory alone, a database beside its nodes.
    async fn open(opening: &Opening) -> Result<Self, StoreError> {
        Ok(match opening {
            Opening::Directory(options) => {
                Self::Directory(sqlite::keys::Keys::open(options).await?)
            }
            Opening::Database(options) => {
                Self::Database(postgres::keys::Keys::connect(options).await?)
            }
        })
    }

    /// Lists the keys, beside whoever has the store open.
    async fn list(opening: &Opening) -> Result<Vec<KeyUse>, StoreError> {
        match opening {
            Opening::Directory(options) => SqliteStore::open(options).await?.data_keys().await,
            Opening::Database(options) => PostgresStore::connect(options).await?.data_keys().await,
        }
    }

    async fn rotate(&mut self, by: &Actor) -> Result<u32, StoreError> {
        match self {
            Self::Directory(keys) => keys.rotate(by).await,
            Self::Database(keys) => keys.rotate(by).await,
        }
    }

    async fn rewrap(&mut self, new: &MasterKey, by: &Actor) -> Result<(), StoreError> {
        match self {
            Self::Directory(keys) => keys.rewrap(new, by).await,
            Self::Database(keys) => keys.rewrap(new, by).await,
        }
    }

    async fn reencrypt(
        &mut self,
        by: &Actor,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Reencrypted, StoreError> {
        match self {
            Self::Directory(keys) => keys.reencrypt(by, progress).await,
            Self::Database(keys) => keys.reencrypt(by, progress).await,
        }
    }
}

impl KeysCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let options = self.data.options().await?;
        match &self.action {
            Action::RotateToken { erase_older } => {
                return self.rotate_token(*erase_older, json).await;
            }
            Action::List => {
                for key in Keys::list(&options).await? {
                    if json {
                        output::json(&key)?;
                        continue;
                    }
                    let current = if key.current { "writes now" } else { "" };
                    output::line(&format!(
                        "data key {:<4} {:>10} values {:>10} packages  {current}",
                        key.number, key.values, key.packages
                    ));
                }
            }
            Action::Rotate { master: None } => {
                let number = Keys::open(&options).await?.rotate(&actor()).await?;
                if json {
                    output::json(&serde_json::json!({"data_key": number}))?;
                } else {
                    output::line(&format!(
                        "data key {number} encrypts what is written from now on; `selfsame keys reencrypt` retires the older ones"
                    ));
                }
            }
            Action::Rotate {
                master: Some(source),
            } => {
                let source = key_source("--master", source)?;
                let mut keys = Keys::open(&options).await?;
                // Not before: where the data directory is in use, no file is made.
                let master = source.open_or_create().await?;
                keys.rewrap(&master, &actor()).await?;
                match &source {
                    KeySource::File(file) if json => {
                        output::json(&serde_json::json!({"master_key_file": file}))?;
                    }
                    KeySource::File(file) => output::line(&format!(
                        "from now on give --master-key-file {}, or put it in the place of master.key in the data directory",
                        file.display()
                    )),
                    other if json => {
                        output::json(&serde_json::json!({"master_key": other.to_string()}))?;
                    }
                    other => output::line(&format!("from now on give --master-key '{other}'")),
                }
            }
            Action::Reencrypt => {
                let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
                    "{wide_bar} {pos} of {len}, {eta} left",
                )?);
                let mut keys = Keys::open(&options).await?;
                let done = keys
                    .reencrypt(&actor(), &mut |progress| {
                        bar.set_length(progress.total);
                        bar.set_position(progress.done);
                    })
                    .await?;
                bar.finish_and_clear();
                if json {
                    output::json(&done)?;
                } else {
                    output::line(&format!("{} values and packages encrypted anew", done.done));
                }
                if done.unreadable > 0 {
                    return Err(format!(
                        "{} values and packages cannot be decrypted: they are left as they are, and so are the keys that \
                         encrypted them",
                        done.unreadable
                    )
                    .into());
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Any command that has the store open may do this: no data key changes.
    async fn rotate_token(&self, erase_older: bool, json: bool) -> Outcome {
        let older = if erase_older {
            OlderTokenKeys::Erased
        } else {
            OlderTokenKeys::LiveOut
        };
        let store = self.data.open().await?;
        let operator = Operator::new(&*store, actor());
        let key = operator.replace_token_key(older).await?;
        if json {
            output::json(&serde_json::json!({"token_key": key, "erased_older": erase_older}))?;
        } else if erase_older {
            output::line(&format!(
                "the key {key} makes tokens from now on; those made before open nothing any more"
            ));
        } else {
            output::line(&format!(
                "the key {key} makes tokens from now on; those made before live out"
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
