//! `selfsame job`.

use std::process::ExitCode;

use selfsame_server::operate::Operator;
use selfsame_server::v1_result;
use selfsame_store::store::JobFilter;
use selfsame_wire::id::{PartnerId, SmileJobId};

use super::data::{Data, actor};
use crate::output::{self, Outcome};

/// List jobs, show one, replay its callback.
#[derive(clap::Args)]
pub(crate) struct JobCommand {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List jobs, newest first.
    List {
        /// Only this partner's.
        #[arg(long)]
        partner: Option<PartnerId>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show a job's result.
    Show {
        /// The server's name of the job.
        job: SmileJobId,
    },
    /// List a job's callbacks with every attempt.
    Callbacks {
        /// The server's name of the job.
        job: SmileJobId,
    },
    /// Send a finished job's callback once more.
    Replay {
        /// The server's name of the job.
        job: SmileJobId,
    },
}

impl JobCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let store = self.data.open().await?;
        let operator = Operator::new(&*store, actor());
        match &self.action {
            Action::List { partner, limit } => {
                let filter = JobFilter {
                    partner: partner.clone(),
                    limit: *limit,
                    ..JobFilter::default()
                };
                for job in operator.jobs(&filter).await? {
                    if json {
                        output::json(&serde_json::json!({
                            "smile_job_id": job.smile_job_id, "partner_id": job.partner(), "job_id": job.job_id,
                            "environment": job.environment(), "user_id": job.user_id(), "job_type": job.job_type,
                            "state": job.state, "created_at": job.created_at, "updated_at": job.updated_at,
                        }))?;
                    } else {
                        output::line(&format!(
                            "{} {:14} {:14} {:10} {:20} {}",
                            job.smile_job_id,
                            format!("{:?}", job.job_type),
                            format!("{:?}", job.state),
                            job.environment(),
                            job.user_id(),
                            job.created_at
                        ));
                    }
                }
            }
            Action::Show { job } => {
                let record = operator
                    .result(job)
                    .await?
                    .ok_or_else(|| format!("the job {job} has no result"))?;
                let whose = store
                    .job(job)
                    .await?
                    .ok_or_else(|| format!("there is no job {job}"))?;
                let result = v1_result(&whose, &record.result)?;
                output::line(&String::from_utf8_lossy(&result));
            }
            Action::Callbacks { job } => {
                for delivery in operator.callbacks(job).await? {
                    output::json(&delivery)?;
                }
            }
            Action::Replay { job } => {
                operator.replay_callback(job).await?;
                output::done(
                    json,
                    &serde_json::json!({"smile_job_id": job, "replayed": true}),
                )?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
