//! `selfsame ready`.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;

use crate::output::{self, Outcome};

/// Ask a server whether it is ready: for health checks of containers, which have no other client in them.
#[derive(clap::Args)]
pub(crate) struct Ready {
    /// Where /ready is served: the server's --operations-listen, or --listen.
    #[arg(
        long,
        env = "SELFSAME_OPERATIONS_URL",
        default_value = "http://127.0.0.1:9090",
        value_name = "URL"
    )]
    at: url::Url,
    /// How long it may take, in seconds.
    #[arg(long, default_value_t = 3, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

impl Ready {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(self.timeout))
            // The machine's proxy is not for the server beside.
            .no_proxy()
            .build()?;
        let url = self.at.join("/ready")?;
        let answer = client.get(url.clone()).send().await?;
        let ready = answer.status().is_success();
        let told: Value = answer
            .json()
            .await
            .map_err(|error| format!("{url} does not answer as this server does: {error}"))?;
        if json {
            output::json(&told)?;
        } else {
            let text = |name: &str| told[name].as_str().unwrap_or("not told").to_owned();
            output::line(&format!(
                "{}; store: {}; audit: {}",
                text("status"),
                text("store"),
                text("audit")
            ));
        }
        Ok(ExitCode::from(u8::from(!ready)))
    }
}
