//! `selfsame audit`.

use std::process::ExitCode;

use selfsame_store::audit::{AuditCheck, AuditHead};

use super::data::{Data, actor};
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
    /// Follow the whole chain. Exit 0: intact, perhaps since a break that was put on record, which is told; 1: broken.
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
    /// After an incident: begin a new segment behind a break, with a record that names it. Until then whatever operators do is
    /// refused. Keep a copy of the data directory first; `audit verify` tells of the break for ever.
    Resume,
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
                AuditCheck::Resumed { head: end, breaks } => {
                    if json {
                        output::json(&serde_json::json!({
                            "intact": true, "head": end.to_string(), "breaks": breaks,
                        }))?;
                    } else {
                        for known in &breaks {
                            output::line(&format!(
                                "BROKEN before record {}, put on record by {} at {}: {}",
                                known.segment, known.by, known.at, known.why
                            ));
                        }
                        let since = breaks.last().map_or(1, |b| b.segment);
                        output::line(&format!("intact since record {since}, head {end}"));
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
                AuditCheck::Intact(end) | AuditCheck::Resumed { head: end, .. } => {
                    output::line(&end.to_string());
                }
                AuditCheck::Broken(why) => {
                    return Err(format!("the audit is broken and has no head: {why}").into());
                }
            },
            Action::Resume => {
                let head = store.resume_audit(&actor()).await?.ok_or(
                    "the audit is intact: there is no break to begin a new segment behind",
                )?;
                if json {
                    output::json(&serde_json::json!({
                        "segment": head.sequence, "head": head.to_string(),
                    }))?;
                } else {
                    output::line(&format!(
                        "a new segment begins with record {}, head {head}",
                        head.sequence
                    ));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
