//! `selfsame enrol`, `selfsame authenticate` and `selfsame challenge`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use selfsame_client::{Capture, ChallengeId, Client, Connection, Submission};
use selfsame_wire::id::{JobId, PartnerId, UserId};

use crate::output::{self, Outcome};

/// A server, and as whom it is asked.
#[derive(clap::Args)]
struct Access {
    /// The server's base URL.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: url::Url,
    /// The partner's id.
    #[arg(long)]
    partner: PartnerId,
    /// A file with the API key [default: the variable `SELFSAME_API_KEY`].
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Production rather than the sandbox.
    #[arg(long)]
    production: bool,
}

impl Access {
    fn client(&self) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
        let api_key = match &self.api_key_file {
            Some(path) => String::from_utf8(read(path)?)?.trim().to_owned(),
            None => std::env::var("SELFSAME_API_KEY")
                .map_err(|_| "no API key: set SELFSAME_API_KEY or give --api-key-file")?,
        };
        Ok(Client::new(Connection {
            server: self.server.clone(),
            partner: self.partner.clone(),
            api_key,
        })?)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// Register or authenticate a person at a server. Exit 0: passed; 1: not passed, or not ended in time.
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

impl Submit {
    pub(crate) async fn run(&self, job_type: u8, json: bool) -> Outcome {
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
        client.keep("selfie", capture);
        let mut partner_params = serde_json::json!({"user_id": self.user});
        if let Some(job) = &self.job {
            partner_params["job_id"] = job.as_str().into();
        }
        let status = client
            .submit_job(&Submission {
                tag: "selfie",
                job_type,
                is_production: self.access.production,
                partner_params,
                id_info: serde_json::json!({}),
                geo_info: serde_json::json!({}),
                callback_url: &self.callback,
                job_status_polling_timeout_millis: self.wait.saturating_mul(1000),
            })
            .await?;
        if json {
            output::json(status.to_json())?;
        } else {
            output::line(&match (status.result_code(), status.result_text()) {
                (Some(code), Some(text)) => format!("{code} {text}"),
                _ => "the job has not ended yet".to_owned(),
            });
        }
        Ok(ExitCode::from(u8::from(!status.job_success())))
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
