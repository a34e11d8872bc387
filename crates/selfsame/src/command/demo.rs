//! `selfsame demo`: the whole story on this machine, with real photographs, a real server and real callbacks.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use selfsame_authority::Authorities;
use selfsame_client::callback::{CallbackVerifier, VerifiedResult};
use selfsame_client::{Capture, Client, Connection, JobResult, Submission};
use selfsame_face::analyser::{Analyser, Settings};
use selfsame_face::models::{ModelStore, PHOTOGRAPHS};
use selfsame_job::identity::Photo;
use selfsame_server::Server;
use selfsame_server::callback::target::{Reach, TargetRules};
use selfsame_server::config::Config;
use selfsame_server::operate::{NewPartner, Operator};
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_wire::id::PartnerId;
use tokio::sync::mpsc;

use super::data::actor;
use crate::output::{self, Outcome};

/// Show it working: a person enrolled, authenticated, looked up by a number, and impostors refused. Leaves nothing behind.
#[derive(clap::Args)]
pub(crate) struct Demo {}

/// Removes the demo's data directory when the demo ends, however it ends.
struct Scratch(std::path::PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // A temporary folder that stays is untidy, not wrong.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One scene: who shows up with which photograph, and what must come of it.
struct Scene {
    story: &'static str,
    job_type: u8,
    photograph: usize,
    user: &'static str,
    /// The number that an authority is asked for.
    id_number: Option<&'static str>,
    expected: &'static str,
}

const SCENES: [Scene; 6] = [
    Scene {
        story: "register ada with photograph 1",
        job_type: 4,
        photograph: 0,
        user: "ada",
        id_number: None,
        expected: "0840",
    },
    Scene {
        story: "authenticate ada with photograph 2 of the same person",
        job_type: 2,
        photograph: 1,
        user: "ada",
        id_number: None,
        expected: "0820",
    },
    Scene {
        story: "authenticate ada with photograph 3 of the same person",
        job_type: 2,
        photograph: 2,
        user: "ada",
        id_number: None,
        expected: "0820",
    },
    Scene {
        story: "authenticate ada with a photograph of another person",
        job_type: 2,
        photograph: 3,
        user: "ada",
        id_number: None,
        expected: "0821",
    },
    Scene {
        story: "look a sandbox number up, and compare photograph 2 with its record's",
        job_type: 1,
        photograph: 1,
        user: "joe",
        id_number: Some(JOES_NUMBER),
        expected: "0810",
    },
    Scene {
        story: "the same number with a photograph of another person",
        job_type: 1,
        photograph: 3,
        user: "thief",
        id_number: Some(JOES_NUMBER),
        expected: "0811",
    },
];

/// The sandbox's number of Joe Leo, whose record has photograph 1.
const JOES_NUMBER: &str = "00000000000";

impl Demo {
    pub(crate) async fn run(&self, models: &ModelStore, json: bool) -> Outcome {
        let say = |text: &str| {
            if !json {
                output::line(text);
            }
        };
        let scratch =
            Scratch(std::env::temp_dir().join(format!("selfsame-demo-{}", uuid::Uuid::new_v4())));
        let store = Arc::new(SqliteStore::open_exclusive(&Options::new(&scratch.0)).await?);
        let operator = Operator::new(&*store, actor());
        let partner = operator
            .add_partner(
                &NewPartner {
                    id: &PartnerId::new("demo")?,
                    name: "Demo",
                    production_enabled: false,
                    callback_url: None,
                },
                TargetRules::default(),
            )
            .await?;
        let key = partner.sandbox_key.expose().to_owned();
        let analyser = Analyser::load(models, &Settings::default())?;
        say(&format!(
            "engine    {}; models {}",
            analyser.engine_name(),
            names(&analyser)
        ));
        let record_photograph = Photo(models.read(&PHOTOGRAPHS[0])?.into());
        let authorities = Authorities::sandbox_only().with_sandbox_photo(record_photograph);
        let config = Config {
            http: Some(([127, 0, 0, 1], 0).into()),
            callback_reach: Reach::PrivateToo,
            authorities: Arc::new(authorities),
            ..Config::default()
        };
        let server = Server::bind(config, store, analyser).await?;
        let address = server.addresses().http.ok_or("the server has no address")?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(server.run(async {
            // The sender is only dropped when the demo is over: both mean stop.
            let _ = stopped.await;
        }));
        say(&format!(
            "server    http://{address}, data encrypted in a temporary folder"
        ));
        let (callback_url, mut callbacks) =
            receive(CallbackVerifier::new(partner.id.clone(), key.clone())).await?;
        say(&format!("callbacks {callback_url}\n"));
        let mut client = Client::new(Connection {
            server: format!("http://{address}").parse()?,
            partner: partner.id.clone(),
            api_key: key,
        })?;
        let mut as_expected = true;
        for Scene {
            story,
            job_type,
            photograph,
            user,
            id_number,
            expected,
        } in SCENES
        {
            let selfie = models.read(&PHOTOGRAPHS[photograph])?;
            client.keep(story, Capture::from_selfie(selfie));
            let began = std::time::Instant::now();
            let status = client
                .submit_job(&Submission {
                    tag: story,
                    job_type,
                    is_production: false,
                    partner_params: serde_json::json!({"user_id": user, "note": "any key is echoed"}),
                    id_info: id_number.map_or_else(
                        || serde_json::json!({}),
                        |number| serde_json::json!({"country": "NG", "id_type": "NIN", "id_number": number, "entered": true}),
                    ),
                    geo_info: serde_json::json!({}),
                    callback_url: &callback_url,
                    job_status_polling_timeout_millis: 30_000,
                })
                .await?;
            let took = began.elapsed().as_millis();
            let called = last_callback(&mut callbacks, &status).await;
            let same = called
                .as_ref()
                .is_some_and(|c| c.smile_job_id() == status.smile_job_id());
            let right = status.result_code() == Some(expected) && same;
            as_expected &= right;
            if json {
                output::json(&serde_json::json!({
                    "step": story, "expected": expected, "as_expected": right, "callback_verified": same,
                    "status": status.to_json(),
                }))?;
                continue;
            }
            say(&format!(
                "{} {story}\n  polled:   {} {}{} ({took} ms)\n  callback: {}",
                if right { "ok  " } else { "FAIL" },
                status.result_code().unwrap_or("----"),
                status.result_text().unwrap_or("no result"),
                score(&status).unwrap_or_default(),
                if same {
                    "received, signature verified, same job"
                } else {
                    "NOT received"
                },
            ));
        }
        drop(stop);
        serving.await??;
        say(if as_expected {
            "\nAll as expected."
        } else {
            "\nNot as expected: see above."
        });
        Ok(ExitCode::from(u8::from(!as_expected)))
    }
}

/// The callback with the job's result; a job of two steps has one for each, in whatever order they come.
async fn last_callback(
    callbacks: &mut mpsc::Receiver<JobResult>,
    status: &selfsame_client::JobStatus,
) -> Option<JobResult> {
    let arrives = async {
        loop {
            let called = callbacks.recv().await?;
            if called.result_code() == status.result_code() {
                return Some(called);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), arrives)
        .await
        .ok()
        .flatten()
}

fn names(analyser: &Analyser) -> String {
    analyser
        .models()
        .iter()
        .map(|m| format!("{} {}", m.name, m.version))
        .collect::<Vec<_>>()
        .join(", ")
}

fn score(status: &selfsame_client::JobStatus) -> Option<String> {
    let comparison = &status.evidence()?["comparison"];
    Some(format!(
        "; score {:.3}, threshold {:.3}",
        comparison["score"].as_f64()?,
        comparison["match_threshold"].as_f64()?
    ))
}

/// A callback endpoint as a partner would write it: verified by the extractor, then used.
async fn receive(
    verifier: CallbackVerifier,
) -> std::io::Result<(String, mpsc::Receiver<JobResult>)> {
    let (sender, receiver) = mpsc::channel(16);
    let handler = move |VerifiedResult(result)| {
        let sender = sender.clone();
        async move {
            match sender.send(result).await {
                Ok(()) => StatusCode::OK,
                Err(_) => StatusCode::GONE,
            }
        }
    };
    let router = Router::new()
        .route("/callback", post(handler))
        .with_state(verifier);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/callback", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((url, receiver))
}
