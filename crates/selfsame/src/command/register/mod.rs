//! `selfsame register`.

mod import;

use std::io::Read as _;
use std::process::ExitCode;

use selfsame_server::operate::Operator;
use selfsame_store::store::{EntryKey, RegisterName};
use selfsame_wire::id_info::{Country, IdNumber, IdType};

use self::import::Import;
use super::data::{Data, actor};
use crate::output::{self, Outcome};

/// Import people into registers of your own, which are asked as authorities are; list and erase registers.
#[derive(clap::Args)]
pub(crate) struct RegisterCommand {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    Import(Box<Import>),
    /// List the registers, or the entries of one: countries, types and times, and nothing of a person.
    List {
        /// The register whose entries are listed [default: all registers].
        #[arg(long)]
        name: Option<RegisterName>,
        /// List the entries behind the one of this number.
        #[arg(long, default_value_t = 0, requires = "name")]
        after: u64,
        /// How many entries at most.
        #[arg(long, default_value_t = 100, requires = "name")]
        limit: u32,
    },
    Remove(Remove),
}

/// Erase one entry for good, or a whole register.
#[derive(clap::Args)]
struct Remove {
    /// The register.
    #[arg(long)]
    name: RegisterName,
    /// Erase the whole register. Interrupted, it is run again.
    #[arg(long, conflicts_with_all = ["country", "id_type", "id_number"])]
    all: bool,
    /// The entry's country, two letters.
    #[arg(long, value_parser = country, value_name = "CC", required_unless_present = "all")]
    country: Option<Country>,
    /// The entry's type.
    #[arg(long, value_parser = id_type, value_name = "TYPE", required_unless_present = "all")]
    id_type: Option<IdType>,
    /// The entry's number; with - it is read from the standard input, for everybody on this machine sees a command line.
    #[arg(long, value_name = "NUMBER", required_unless_present = "all")]
    id_number: Option<String>,
}

fn country(text: &str) -> Result<Country, String> {
    Country::try_from(text.to_owned())
}

fn id_type(text: &str) -> Result<IdType, String> {
    IdType::try_from(text.to_owned())
}

/// The number that an option gives, or the standard input.
fn number(text: &str) -> Result<IdNumber, Box<dyn std::error::Error + Send + Sync>> {
    let wrong = "--id-number: a number has 1 to 128 bytes without control characters";
    if text != "-" {
        return IdNumber::new(text).ok_or_else(|| wrong.into());
    }
    let mut input = String::new();
    std::io::stdin().take(1024).read_to_string(&mut input)?;
    IdNumber::new(&input).ok_or_else(|| wrong.into())
}

impl RegisterCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        match &self.action {
            Action::Import(import) => import.run(&self.data, json).await,
            Action::List { name: None, .. } => self.list(json).await,
            Action::List {
                name: Some(name),
                after,
                limit,
            } => self.list_entries(name, *after, *limit, json).await,
            Action::Remove(remove) => remove.run(&self.data, json).await,
        }
    }

    async fn list(&self, json: bool) -> Outcome {
        let store = self.data.open().await?;
        for register in Operator::new(&*store, actor()).registers().await? {
            if json {
                output::json(&register)?;
            } else {
                output::line(&format!(
                    "{:24} {:>9} entries {:>9} with a photograph  imported {}",
                    register.register, register.entries, register.photos, register.imported_at
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn list_entries(
        &self,
        name: &RegisterName,
        after: u64,
        limit: u32,
        json: bool,
    ) -> Outcome {
        let store = self.data.open().await?;
        let operator = Operator::new(&*store, actor());
        for entry in operator.register_entries(name, after, limit).await? {
            if json {
                output::json(&entry)?;
            } else {
                let photo = if entry.has_photo {
                    "photograph"
                } else {
                    "no photograph"
                };
                output::line(&format!(
                    "{:9} {} {:24} {:14} imported {}",
                    entry.sequence, entry.country, entry.id_type, photo, entry.imported_at
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Remove {
    async fn run(&self, data: &Data, json: bool) -> Outcome {
        let key = match (self.country, &self.id_type, &self.id_number) {
            (Some(country), Some(id_type), Some(text)) => Some(
                EntryKey::new(country, id_type.clone(), &number(text)?)
                    .ok_or("--id-number: a number is more than spaces and hyphens")?,
            ),
            _ => None,
        };
        let store = data.open().await?;
        let operator = Operator::new(&*store, actor());
        let removed = match &key {
            Some(key) => {
                operator.remove_register_entry(&self.name, key).await?;
                1
            }
            None => operator.remove_register(&self.name).await?,
        };
        output::done(
            json,
            &serde_json::json!({"register": self.name, "removed": removed}),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
