//! `selfsame lookup`.

use std::path::PathBuf;
use std::process::ExitCode;

use selfsame_client::Question;
use selfsame_wire::id::{JobId, UserId};
use selfsame_wire::result::ResultCode;
use serde_json::{Value, json};

use super::access::Access;
use super::identity::{Identity, object};
use super::person;
use crate::output::{self, Outcome};

/// Look an identity up at a server, without a selfie (job type 5): the authority's record, or with --basic whether it says the same.
#[derive(clap::Args)]
pub(crate) struct Lookup {
    #[command(flatten)]
    access: Access,
    /// The user's id [default: a random one].
    #[arg(long)]
    user: Option<UserId>,
    /// The job's id [default: a random one].
    #[arg(long)]
    job: Option<JobId>,
    #[command(flatten)]
    identity: Identity,
    /// A file with what the person agreed to (`consent_information`), as JSON in the wire's names.
    #[arg(long, value_name = "FILE")]
    consent: Option<PathBuf>,
    /// Only compare the names, the date of birth, the gender and the telephone number that are given with the record (basic KYC).
    #[arg(long)]
    basic: bool,
    /// Have the result posted here, and do not wait for it.
    #[arg(long, value_name = "URL", conflicts_with = "basic")]
    callback: Option<String>,
}

impl Lookup {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let client = self.access.client()?;
        let lookup = client.lookup(self.access.production);
        let question = self.question()?;
        if let Some(url) = &self.callback {
            let (user, job) = lookup.async_id_verification(&question, url).await?;
            if json {
                output::json(&json!({"user_id": user, "job_id": job}))?;
            } else {
                output::line(&format!("the result of job {job} will be posted to {url}"));
            }
            return Ok(ExitCode::SUCCESS);
        }
        let result = if self.basic {
            lookup.verify(&question).await?
        } else {
            lookup.id_verification(&question).await?
        };
        if json {
            output::json(result.to_json())?;
        } else if self.basic {
            person::show_matches(&result);
        } else {
            person::show(&result);
        }
        let found = result
            .result_code()
            .and_then(ResultCode::from_code)
            .is_some_and(ResultCode::is_success);
        Ok(ExitCode::from(u8::from(!found)))
    }

    fn question(&self) -> Result<Question, String> {
        let mut partner_params = serde_json::Map::new();
        if let Some(user) = &self.user {
            partner_params.insert("user_id".to_owned(), user.as_str().into());
        }
        if let Some(job) = &self.job {
            partner_params.insert("job_id".to_owned(), job.as_str().into());
        }
        let consent = self.consent.as_deref().map(object).transpose()?;
        Ok(Question {
            partner_params: partner_params.into(),
            id_info: self.identity.read()?.into(),
            consent_information: consent.map_or(Value::Null, Value::from),
        })
    }
}
