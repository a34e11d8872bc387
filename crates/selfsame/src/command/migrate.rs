//! `selfsame migrate`.

use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use selfsame_store::moving;
use selfsame_store::sqlite;

use super::data::{Data, Opening, actor, key_source};
use crate::output::{self, Outcome};

/// Move a data directory to PostgreSQL, and its packages to another place. Its server must be stopped, and the database empty. May
/// be interrupted and run again; at the end everything is read once more and compared. The data directory is left as it is: keep
/// it until the new store has proved itself, and never serve it again.
#[derive(clap::Args)]
pub(crate) struct Migrate {
    /// The data directory to move.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Where its master key comes from, as for --master-key [default: master.key in it].
    #[arg(
        long,
        value_name = "SOURCE",
        env = "SELFSAME_FROM_MASTER_KEY",
        hide_env_values = true
    )]
    from_master_key: Option<String>,
    /// The database: postgres://USER@HOST/DATABASE, its password by --store-password-file or the variable SELFSAME_STORE_PASSWORD.
    /// --blobs and --master-key are the new store's.
    #[arg(long, value_name = "URL")]
    to: String,
    #[command(flatten)]
    data: Data,
}

impl Migrate {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let master_key = match &self.from_master_key {
            Some(source) => {
                let source = key_source("--from-master-key", source)?;
                Some(source.open().await?)
            }
            None => None,
        };
        let from = sqlite::Options {
            master_key,
            ..sqlite::Options::new(&self.from)
        };
        let Opening::Database(to) = self.data.at(&self.to).options().await? else {
            return Err("--to: name a database, as postgres://USER@HOST/DATABASE".into());
        };
        let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
            "{msg} {wide_bar} {pos} of {len} rows, {eta} left",
        )?);
        let moved = moving::run(&from, &to, &actor(), &mut |progress| {
            bar.set_message(progress.doing);
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        })
        .await?;
        bar.finish_and_clear();
        if json {
            output::json(&moved)?;
        } else {
            output::line(&format!(
                "{} rows and {} packages are moved, and equal on both sides. From now on serve with --store; never serve {} again",
                moved.rows,
                moved.packages,
                self.from.display()
            ));
        }
        if moved.missing_packages > 0 {
            tracing::warn!(
                packages = moved.missing_packages,
                "the data directory had lost packages before"
            );
        }
        if !moved.audit_intact {
            return Err(
                "the audit is broken in the new store: see `selfsame audit verify` of both".into(),
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}
