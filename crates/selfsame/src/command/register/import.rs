//! `selfsame register import`.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use selfsame_authority::register::import::{BadLine, Entries, Format, PhotoFolder, Settings};
use selfsame_server::operate::Operator;
use selfsame_store::store::{Imported, RegisterEntry, RegisterName};
use selfsame_wire::id_info::{Country, IdType};

use super::super::data::{Data, actor};
use super::{country, id_type};
use crate::output::{self, Outcome};

/// Entries of one transaction, at most.
const BATCH: usize = 500;
/// Bytes of one transaction, at most but for its last entry.
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Bad lines that are told one by one.
const TOLD: u64 = 100;

/// Import people into a register: a new number is added, a known one is replaced. Lines that do not fit are told and left out. May be
/// interrupted and run again: what is there already is left as it is. Columns and formats: docs/authorities/register.md.
#[derive(clap::Args)]
pub(super) struct Import {
    /// The table: CSV whose first line names its columns, or a JSON object on each line.
    file: PathBuf,
    /// The register.
    #[arg(long)]
    name: RegisterName,
    /// How the table is written [default: as the file's name ends: csv, jsonl, ndjson].
    #[arg(long)]
    format: Option<TableFormat>,
    /// The country of lines that name none, two letters.
    #[arg(long, value_parser = country, value_name = "CC")]
    country: Option<Country>,
    /// The type of lines that name none.
    #[arg(long, value_parser = id_type, value_name = "TYPE")]
    id_type: Option<IdType>,
    /// Where the photographs are that the column photo names.
    #[arg(long, value_name = "DIR")]
    photos: Option<PathBuf>,
    /// Stop at the first line that does not fit. What stands before it is imported.
    #[arg(long)]
    stop_at_first: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum TableFormat {
    /// Comma-separated values.
    Csv,
    /// A JSON object on each line.
    Jsonl,
}

impl From<TableFormat> for Format {
    fn from(format: TableFormat) -> Self {
        match format {
            TableFormat::Csv => Self::Csv,
            TableFormat::Jsonl => Self::JsonLines,
        }
    }
}

/// What waits for its transaction.
#[derive(Default)]
struct Batch {
    entries: Vec<RegisterEntry>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, entry: RegisterEntry) {
        self.bytes += entry.size();
        self.entries.push(entry);
    }

    const fn is_full(&self) -> bool {
        self.entries.len() >= BATCH || self.bytes >= BATCH_BYTES
    }
}

impl Import {
    pub(super) async fn run(&self, data: &Data, json: bool) -> Outcome {
        let format = self
            .format
            .map(Format::from)
            .or_else(|| Format::of(&self.file))
            .ok_or("the file's name does not end in csv, jsonl or ndjson: give --format")?;
        let file = File::open(&self.file).map_err(|e| format!("{}: {e}", self.file.display()))?;
        let photos = self.photos.as_deref().map(|dir| {
            PhotoFolder::open(dir).map_err(|e| format!("--photos: {}: {e}", dir.display()))
        });
        let settings = Settings {
            country: self.country,
            id_type: self.id_type.clone(),
            photos: photos.transpose()?,
        };
        let bar = ProgressBar::new(file.metadata()?.len()).with_style(
            ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {eta} left")?,
        );
        let entries = Entries::new(bar.wrap_read(file), format, settings)?;
        let store = data.open().await?;
        let operator = Operator::new(&*store, actor());

        let (mut imported, mut bad) = (Imported::default(), 0);
        let mut batch = Batch::default();
        for entry in entries {
            match entry {
                Ok(entry) => batch.add(entry),
                Err(line) => {
                    bad += 1;
                    if bad <= TOLD {
                        bar.suspend(|| tell(&line, json))?;
                    }
                    if self.stop_at_first {
                        break;
                    }
                }
            }
            if batch.is_full() {
                let full = std::mem::take(&mut batch);
                imported += operator
                    .import_into_register(&self.name, &full.entries)
                    .await?;
            }
        }
        imported += operator
            .import_into_register(&self.name, &batch.entries)
            .await?;
        bar.finish_and_clear();
        self.told(imported, bad, json)
    }

    fn told(&self, imported: Imported, bad: u64, json: bool) -> Outcome {
        let Imported {
            new,
            replaced,
            unchanged,
        } = imported;
        if json {
            output::json(&serde_json::json!({
                "register": self.name, "new": new, "replaced": replaced, "unchanged": unchanged, "not_imported": bad,
            }))?;
        } else {
            output::line(&format!(
                "register {}: {new} new, {replaced} replaced, {unchanged} unchanged",
                self.name
            ));
            if bad > 0 {
                let more = if bad > TOLD {
                    format!(" (the first {TOLD} are told above)")
                } else {
                    String::new()
                };
                output::line(&format!("{bad} lines do not fit and were left out{more}"));
            }
        }
        Ok(ExitCode::from(u8::from(bad > 0)))
    }
}

fn tell(bad: &BadLine, json: bool) -> Result<(), serde_json::Error> {
    if json {
        return output::json(&serde_json::json!({
            "line": bad.line, "not_imported": bad.why.to_string(),
        }));
    }
    output::progress(&bad.to_string());
    Ok(())
}
