//! `selfsame audit`.

use std::process::ExitCode;

use selfsame_store::audit::{AuditCheck, AuditHead};
use selfsame_store::store::Store as _;

use super::data::Data;
use crate::output::{self, Outcome};

/// Verify and list the record of what operators did.
#[derive(clap::Args)]
pub(crate) struct AuditCommand {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Follow the whole chain. Exit 0: intact; 1: broken.
    Verify {
        /// A head that was kept elsewhere (SEQUENCE:CODE): only it tells that an older copy was put in the chain's place.
        #[arg(long)]
        head: Option<AuditHead>,
    },
    /// List the records.
    List {
        /// Only records after this place.
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// At most so many.
        #[arg(long, default_value_t = 1000)]
        limit: u32,
    },
    /// Print the chain's end, to be kept where the server cannot reach it.
    Head,
}

impl AuditCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let store = self.data.open().await?;
        match &self.action {
            Action::Verify { head } => match store.verify_audit(head.as_ref()).await? {
                AuditCheck::Intact(end) => {
                    if json {
                        output::json(
                            &serde_json::json!({"intact": true, "head": end.to_string()}),
                        )?;
                    } else {
                        output::line(&format!("intact: {} records, head {end}", end.sequence));
                    }
                }
                AuditCheck::Broken(why) => {
                    if json {
                        output::json(&serde_json::json!({"intact": false, "why": why}))?;
                    } else {
                        output::line(&format!("BROKEN: {why}"));
                    }
                    return Ok(ExitCode::FAILURE);
                }
            },
            Action::List { after, limit } => {
                for record in store.audit(*after, *limit).await? {
                    if json {
                        output::json(&record)?;
                    } else {
                        output::line(&format!(
                            "{:6} {} {:20} {:22} {} {}",
                            record.sequence,
                            record.at,
                            record.actor,
                            record.action,
                            record.subject,
                            record.details
                        ));
                    }
                }
            }
            Action::Head => match store.verify_audit(None).await? {
                AuditCheck::Intact(end) => output::line(&end.to_string()),
                AuditCheck::Broken(why) => {
                    return Err(format!("the audit is broken and has no head: {why}").into());
                }
            },
        }
        Ok(ExitCode::SUCCESS)
    }
}
