//! Starts the real binary on a data directory of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

pub mod store;
pub mod v3;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use selfsame_face::models::{ModelStore, PHOTOGRAPHS};
use selfsame_testing::{Need, left_out};
use selfsame_wire::id::PartnerId;
use selfsame_wire::signature::{ApiKey, sign};
use serde_json::{Value, json};

/// How long a test waits for what must come sooner or later: far longer than it takes on a machine that has much else to do.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// Waits until something is so. The end is for what never comes.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "it never came: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub struct Server {
    process: Child,
    pub base: String,
    /// Where operators ask, where that has an address of its own.
    pub operations: Option<String>,
    pub key: ApiKey,
    /// Where it listens: `http`, `https`.
    pub addresses: Value,
}

pub fn partner() -> PartnerId {
    PartnerId::new("p").unwrap()
}

/// The photographs, or `None` (with a word) where the models were not fetched and are not demanded.
pub fn photographs() -> Option<[Vec<u8>; 4]> {
    let store = ModelStore::locate(None);
    if let Err(error) = store.check(selfsame_face::models::Model::SFace.artefact()) {
        left_out(Need::Models, &error);
        return None;
    }
    Some(std::array::from_fn(|at| {
        store.read(&PHOTOGRAPHS[at]).unwrap()
    }))
}

/// Whether the models of presentation attacks are there (with a word where they are not): no package carries them.
pub fn detects_attacks() -> bool {
    use selfsame_face::models::Model::{MiniFas, SilentFaceFar, SilentFaceNear};
    let store = ModelStore::locate(None);
    let models = [MiniFas, SilentFaceNear, SilentFaceFar];
    let missing = models.iter().find_map(|m| store.check(m.artefact()).err());
    if let Some(error) = &missing {
        left_out(Need::OptionalModels, error);
    }
    missing.is_none()
}

/// What links' pages are made of: here only their names matter.
pub fn link_pages(data: &Path) -> String {
    let folder = data.join("pages");
    std::fs::create_dir(&folder).unwrap();
    for name in [
        "selfsame-link.js",
        "selfsame-link.css",
        "selfsame-engine.js",
        "engine.wasm",
        "index.html",
    ] {
        std::fs::write(folder.join(name), name).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

pub fn selfsame(arguments: &[&str]) -> Vec<Value> {
    let output = store::command(arguments).arg("--json").output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

/// Has a server prepare only the models that a test needs, and take those from where a test before left them: most of a test's
/// time would go into preparing models.
fn soon_ready(command: &mut Command) -> &mut Command {
    let compiled = concat!(env!("CARGO_TARGET_TMPDIR"), "/compiled-models");
    let unless_set = [
        ("SELFSAME_LOAD_WHEN_NEEDED", "true"),
        ("SELFSAME_COMPILED_MODELS", compiled),
    ];
    for (name, value) in unless_set {
        let own = command.get_envs().any(|(given, _)| given == name);
        if !own && std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    command
}

/// Adds the partner; gives its sandbox key.
pub fn add_partner(data: &Path) -> ApiKey {
    added(data, &[]).0
}

/// Adds the partner with production; gives its sandbox and its production key.
pub fn add_partner_with_production(data: &Path) -> (ApiKey, ApiKey) {
    added(data, &["--production"])
}

fn added(data: &Path, more: &[&str]) -> (ApiKey, ApiKey) {
    let command = [
        "partner",
        "--data",
        data.to_str().unwrap(),
        "add",
        "--id",
        "p",
    ];
    let added = selfsame(&[&command[..], more].concat());
    let key = |name: &str| ApiKey::new(added[0][name].as_str().unwrap());
    (key("sandbox_api_key"), key("production_api_key"))
}

impl Server {
    pub fn start(data: &Path, key: &ApiKey, more: &[&str]) -> Self {
        let command = Command::new(env!("CARGO_BIN_EXE_selfsame"));
        Self::start_by(command, data, key, more)
    }

    /// A server with variables of its own: one of several nodes of a store that they name. Its log is in `data`.
    pub fn start_with(
        variables: &[(&str, String)],
        data: &Path,
        key: &ApiKey,
        more: &[&str],
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_selfsame"));
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Self::start_by(command, data, key, more)
    }

    /// A server that may have so many files open, and no more.
    pub fn start_with_files(files: u32, data: &Path, key: &ApiKey, more: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        let limited = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        shell.args(["-c", &limited, env!("CARGO_BIN_EXE_selfsame")]);
        Self::start_by(shell, data, key, more)
    }

    fn start_by(mut command: Command, data: &Path, key: &ApiKey, more: &[&str]) -> Self {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(data.join("server.log"))
            .unwrap();
        let rate: &[&str] = if more.contains(&"--rate") {
            &[]
        } else {
            &["--rate", "10000"]
        };
        store::keep(&mut command, data);
        let mut process = soon_ready(&mut command)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(rate)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let addresses: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            panic!(
                "the server did not start: {}",
                std::fs::read_to_string(data.join("server.log")).unwrap()
            )
        });
        Self {
            process,
            base: addresses["http"].as_str().unwrap().to_owned(),
            operations: addresses["operations"].as_str().map(str::to_owned),
            key: key.clone(),
            addresses,
        }
    }

    /// A server that takes stills for frames: for tests of what is sent and answered, not of who is before the camera.
    pub fn start_for_stills(data: &Path, key: &ApiKey, more: &[&str]) -> Self {
        let policy = data.join("stills.toml");
        let text =
            "name = \"stills\"\nversion = \"1\"\n[defaults.liveness.motion]\nmode = \"off\"\n";
        std::fs::write(&policy, text).unwrap();
        let policy = ["--policy", policy.to_str().unwrap()];
        Self::start(data, key, &[&policy[..], more].concat())
    }

    /// As an operating system out of memory does it.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// As a service manager does it. Gives the exit code once the server has stopped.
    pub fn terminate(mut self) -> Option<i32> {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        self.process.wait().unwrap().code()
    }

    pub fn is_alive(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Resident memory in MiB.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))
            .unwrap_or_default();
        let line = status
            .lines()
            .find(|l| l.starts_with("VmRSS:"))
            .unwrap_or("VmRSS: 0 kB")
            .to_owned();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            / 1024
    }

    /// The most resident memory that it ever had, in MiB.
    pub fn most_resident(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
        let kib = line.split_whitespace().nth(1).unwrap();
        kib.parse::<u64>().unwrap() / 1024
    }

    pub fn signed(&self) -> Value {
        let timestamp = selfsame_wire::signature::format_timestamp(jiff::Timestamp::now());
        json!({"signature": sign(&self.key, &partner(), &timestamp), "timestamp": timestamp})
    }

    pub fn upload_body(&self, user: &str, job: &str, job_type: u8, callback: &str) -> Value {
        let mut body = self.signed();
        body["smile_client_id"] = "p".into();
        body["callback_url"] = callback.into();
        body["partner_params"] = json!({"user_id": user, "job_id": job, "job_type": job_type});
        body
    }

    pub async fn post(
        &self,
        http: &reqwest::Client,
        path: &str,
        body: &Value,
    ) -> reqwest::Result<(u16, Value)> {
        let response = http
            .post(format!("{}{path}", self.base))
            .json(body)
            .send()
            .await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// An upload URL for a job.
    pub async fn prepare(
        &self,
        http: &reqwest::Client,
        user: &str,
        job: &str,
        job_type: u8,
    ) -> String {
        let body = self.upload_body(user, job, job_type, "");
        let (status, answer) = self.post(http, "/v1/upload", &body).await.unwrap();
        assert_eq!(status, 200, "{answer}");
        answer["upload_url"].as_str().unwrap().to_owned()
    }

    pub async fn status(
        &self,
        http: &reqwest::Client,
        user: &str,
        job: &str,
    ) -> reqwest::Result<(u16, Value)> {
        let mut body = self.signed();
        body["partner_id"] = "p".into();
        body["user_id"] = user.into();
        body["job_id"] = job.into();
        self.post(http, "/v1/job_status", &body).await
    }

    /// Submits a job and gives its status once it has ended.
    pub async fn run(&self, http: &reqwest::Client, upload: &Value, package: Vec<u8>) -> Value {
        let (status, prepared) = self.post(http, "/v1/upload", upload).await.unwrap();
        assert_eq!(status, 200, "{prepared}");
        let put = http
            .put(prepared["upload_url"].as_str().unwrap())
            .body(package)
            .send()
            .await
            .unwrap();
        assert_eq!(put.status().as_u16(), 200);
        let name = |field: &str| upload["partner_params"][field].as_str().unwrap();
        let ended = self.ended(http, name("user_id"), name("job_id")).await;
        assert_eq!(ended["result"]["SmileJobID"], prepared["smile_job_id"]);
        ended
    }

    /// The status of a job once it has ended.
    pub async fn ended(&self, http: &reqwest::Client, user: &str, job: &str) -> Value {
        let began = Instant::now();
        loop {
            let (_, status) = self.status(http, user, job).await.unwrap();
            if status["job_complete"] == true {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "the job {job} did not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub fn package(selfie: &[u8]) -> Vec<u8> {
    capture(selfie, &[])
}

pub fn capture(selfie: &[u8], frames: &[&[u8]]) -> Vec<u8> {
    use selfsame_wire::info::ImageRole;
    use selfsame_wire::package::PackageBuilder;
    let params = serde_json::from_value(json!({"x": 1})).unwrap();
    frames
        .iter()
        .fold(
            PackageBuilder::new(params).image(ImageRole::Selfie, selfie.to_vec()),
            |package, frame| package.image(ImageRole::Liveness, frame.to_vec()),
        )
        .build()
        .unwrap()
}

/// A callback as it arrived. Reads as its body.
pub struct Callback {
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

impl std::ops::Deref for Callback {
    type Target = Vec<u8>;
    fn deref(&self) -> &Vec<u8> {
        &self.body
    }
}

impl Callback {
    /// What a partner's service makes of it.
    pub fn verified(
        &self,
        verifier: &selfsame_client::callback::CallbackVerifier,
    ) -> selfsame_client::JobResult {
        let header = |name: &str| self.headers.get(name)?.to_str().ok();
        verifier.verify(header, &self.body).unwrap()
    }
}

/// A callback endpoint; gives its URL and what it receives.
pub async fn callbacks() -> (String, tokio::sync::mpsc::UnboundedReceiver<Callback>) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |headers: axum::http::HeaderMap, body: axum::body::Bytes| {
        let body = body.to_vec();
        sender.send(Callback { headers, body }).unwrap();
        async {}
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/", axum::routing::post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, receiver)
}

/// A server that is expected not to start; what it says.
pub fn refuses_to_start(data: &Path, more: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selfsame"));
    store::keep(&mut command, data);
    let output = soon_ready(&mut command)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(more)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}
