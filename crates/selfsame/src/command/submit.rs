//! `selfsame enrol`, `selfsame authenticate` and `selfsame challenge`.

use std::path::PathBuf;
use std::process::ExitCode;

use selfsame_client::{Capture, ChallengeId, Submission, SubmitOptions};
use selfsame_wire::id::{JobId, UserId};
use serde_json::{Value, json};

use super::access::{Access, read};
use super::identity::{Identity, object};
use super::person;
use crate::output::{self, Outcome};

/// Authenticate a person at a server. Exit 0: passed; 1: not passed, or not ended in time.
#[derive(clap::Args)]
pub(crate) struct Submit {
    #[command(flatten)]
    access: Access,
    /// The user's id.
    #[arg(long)]
    user: UserId,
    /// The job's id [default: a random one].
    #[arg(long)]
    job: Option<JobId>,
    /// The selfie, JPEG or PNG.
    #[arg(long, value_name = "FILE")]
    selfie: PathBuf,
    /// Frames around the selfie, in order.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    liveness: Vec<PathBuf>,
    /// The challenge that the frames follow, as `selfsame challenge` drew it.
    #[arg(long, value_name = "ID", requires = "liveness")]
    challenge: Option<ChallengeId>,
    /// Where the result is to be posted.
    #[arg(long, value_name = "URL", default_value = "")]
    callback: String,
    /// How long to wait for the result, in seconds.
    #[arg(long, default_value_t = 60)]
    wait: u64,
}

/// What goes along with a selfie.
#[derive(Default)]
struct Beside {
    id_info: Value,
    id_card: Option<Vec<u8>>,
    options: SubmitOptions,
}

impl Submit {
    /// Authenticates.
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        self.submit(2, Beside::default(), json).await
    }

    async fn submit(&self, job_type: u8, beside: Beside, json: bool) -> Outcome {
        let mut client = self.access.client()?;
        let frames = self
            .liveness
            .iter()
            .map(|path| read(path))
            .collect::<Result<_, _>>()?;
        let mut capture = Capture::from_selfie(read(&self.selfie)?).with_frames(frames);
        if let Some(challenge) = &self.challenge {
            capture = capture.following(challenge.clone());
        }
        if let Some(front) = beside.id_card {
            capture = capture.with_id_card(front, None);
        }
        client.keep("selfie", capture);
        let mut partner_params = json!({"user_id": self.user});
        if let Some(job) = &self.job {
            partner_params["job_id"] = job.as_str().into();
        }
        let submission = Submission {
            tag: "selfie",
            job_type,
            is_production: self.access.production,
            partner_params,
            id_info: beside.id_info,
            geo_info: json!({}),
            callback_url: &self.callback,
            job_status_polling_timeout_millis: self.wait.saturating_mul(1000),
        };
        let status = client.submit_job_with(&submission, &beside.options).await?;
        if json {
            output::json(status.to_json())?;
        } else {
            match status.result() {
                Some(result) if result.result_code().is_some() => person::show(result),
                _ => output::line("the job has not ended yet"),
            }
        }
        Ok(ExitCode::from(u8::from(!status.job_success())))
    }
}

/// Register a person at a server. Exit 0: registered; 1: not registered, or not ended in time.
#[derive(clap::Args)]
pub(crate) struct Enrol {
    #[command(flatten)]
    submit: Submit,
    /// 4 puts the selfie on file; 1 first looks an ID number up, and compares the selfie with the authority's photo.
    #[arg(long, value_name = "TYPE", default_value_t = 4, value_parser = registration)]
    job_type: u8,
    #[command(flatten)]
    identity: Identity,
    /// The front of the person's ID card, JPEG or PNG. Without a number the selfie is compared with it.
    #[arg(long, value_name = "FILE")]
    id_card: Option<PathBuf>,
    /// A file with what the person agreed to (`consent_information`), as JSON in the wire's names.
    #[arg(long, value_name = "FILE")]
    consent: Option<PathBuf>,
}

/// A job type that puts a selfie on file.
fn registration(text: &str) -> Result<u8, String> {
    match text {
        "1" => Ok(1),
        "4" => Ok(4),
        _ => Err("1 or 4 registers a person".to_owned()),
    }
}

impl Enrol {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let mut id_info = self.identity.read()?;
        let id_card = self.id_card.as_deref().map(read).transpose()?;
        if self.job_type == 1 && id_card.is_some() && id_info.get("id_number").is_none() {
            id_info.entry("entered").or_insert_with(|| "false".into());
        }
        let consent = self.consent.as_deref().map(object).transpose()?;
        let beside = Beside {
            id_info: id_info.into(),
            id_card,
            options: SubmitOptions {
                consent_information: consent.map_or(Value::Null, Value::from),
                ..SubmitOptions::default()
            },
        };
        self.submit.submit(self.job_type, beside, json).await
    }
}

/// Draw head turns for a user at a server: the person makes them while the frames are taken, each once, in order, and back to
/// the front after each. `selfsame authenticate --challenge ID` then takes the frames.
#[derive(clap::Args)]
pub(crate) struct DrawChallenge {
    #[command(flatten)]
    access: Access,
    /// The user's id.
    #[arg(long)]
    user: UserId,
    /// For a registration rather than an authentication.
    #[arg(long)]
    enrol: bool,
}

impl DrawChallenge {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let job_type = if self.enrol { 4 } else { 2 };
        let client = self.access.client()?;
        let drawn = client
            .draw_challenge(&self.user, job_type, self.access.production)
            .await?;
        if json {
            output::json(&drawn)?;
        } else {
            let (challenge, seconds) = (&drawn.challenge, drawn.seconds);
            let turns: Vec<&str> = challenge.turns.iter().map(|turn| turn.as_str()).collect();
            let turns = turns.join(", ");
            output::line(&format!("{} within {seconds} s: {turns}", challenge.id));
        }
        Ok(ExitCode::SUCCESS)
    }
}
