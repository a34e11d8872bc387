//! `selfsame review`.

use std::process::ExitCode;

use selfsame_job::audit::Actor;
use selfsame_job::review::ReviewDecision;
use selfsame_server::operate::reviews::Reviews;
use selfsame_server::v1_result;
use selfsame_store::review::{Review, ReviewFilter};
use selfsame_wire::id::{Environment, PartnerId, SmileJobId};

use super::data::{Data, actor};
use crate::output::{self, Outcome};

/// List provisional jobs, show one with its evidence, decide it.
#[derive(clap::Args)]
pub(crate) struct ReviewCommand {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List reviews, oldest first.
    List {
        /// Those that are decided, rather than those that wait.
        #[arg(long)]
        decided: bool,
        /// Only this partner's.
        #[arg(long)]
        partner: Option<PartnerId>,
        /// Only in this environment.
        #[arg(long)]
        environment: Option<Environment>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show a review with the job's result and its evidence. The images are shown by the operator API.
    Show {
        /// The server's name of the job.
        job: SmileJobId,
    },
    /// Decide a review: the final result follows, with a second callback and a record in the audit. An approval is checked again,
    /// by the policy that the server's latest start put in force.
    Decide {
        /// The server's name of the job.
        job: SmileJobId,
        /// approve, reject, spoof or unusable.
        decision: ReviewDecision,
        /// Why; for the operator's own record.
        #[arg(long)]
        note: Option<String>,
        /// Who decides [default: the user of the operating system].
        #[arg(long)]
        reviewer: Option<String>,
    },
}

fn summary(review: &Review) -> serde_json::Value {
    let job = &review.job;
    serde_json::json!({
        "smile_job_id": job.smile_job_id, "partner_id": job.partner(), "environment": job.environment(),
        "user_id": job.user_id(), "job_id": job.job_id, "job_type": job.job_type, "opened_at": review.opened_at,
        "outcome": review.outcome,
    })
}

impl ReviewCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let store = self.data.open().await?;
        match &self.action {
            Action::List {
                decided,
                partner,
                environment,
                limit,
            } => {
                let filter = ReviewFilter {
                    decided: *decided,
                    partner: partner.clone(),
                    environment: *environment,
                    limit: *limit,
                };
                for review in store.reviews(&filter).await? {
                    if json {
                        output::json(&summary(&review))?;
                        continue;
                    }
                    let outcome = review.outcome.as_ref().map_or_else(
                        || "waits".to_owned(),
                        |o| format!("{} by {}", o.result_code, o.reviewer),
                    );
                    output::line(&format!(
                        "{} {:14} {:10} {:20} {} {outcome}",
                        review.job.smile_job_id,
                        format!("{:?}", review.job.job_type),
                        review.job.environment(),
                        review.job.user_id(),
                        review.opened_at,
                    ));
                }
            }
            Action::Show { job } => {
                let review = store
                    .review(job)
                    .await?
                    .ok_or_else(|| format!("no review was ever opened for the job {job}"))?;
                let record = store
                    .result(job)
                    .await?
                    .ok_or_else(|| format!("the job {job} has no result"))?;
                let mut shown = summary(&review);
                let result = v1_result(&review.job, &record.result)?;
                shown["result"] = serde_json::from_slice(&result)?;
                if json {
                    output::json(&shown)?;
                } else {
                    output::line(&serde_json::to_string_pretty(&shown)?);
                }
            }
            Action::Decide {
                job,
                decision,
                note,
                reviewer,
            } => {
                let reviewer = match reviewer {
                    Some(name) => Actor::new(format!("cli:{name}"))?,
                    None => actor(),
                };
                let code = Reviews::beside(&*store)
                    .await?
                    .decide(job, *decision, reviewer, note.clone())
                    .await?;
                if json {
                    output::json(
                        &serde_json::json!({"smile_job_id": job, "result_code": code.code()}),
                    )?;
                } else {
                    output::line(&format!("{} {}", code.code(), code.text()));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
