//! What can be tried again: replacing a face, guessing, repeating a request, and deciding a review late.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

mod approvals;
mod lockout;
mod repeats;
mod replacement;

use std::path::Path;

use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::support::{self, Server, add_partner_with_production, http, package};

/// A server with a policy, and a client.
struct Story {
    server: Server,
    http: reqwest::Client,
    data: tempfile::TempDir,
    production_key: selfsame_wire::signature::ApiKey,
}

fn write_policy(dir: &Path, body: &str) -> String {
    let path = dir.join("policy.toml");
    let text = format!("name = \"test\"\nversion = \"1\"\n{body}");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

impl Story {
    fn begin(policy: &str, more: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (sandbox, production_key) = add_partner_with_production(data.path());
        let policy = write_policy(data.path(), policy);
        let more = [&["--policy", &policy], more].concat();
        Self {
            server: Server::start(data.path(), &sandbox, &more),
            http: http(),
            data,
            production_key,
        }
    }

    /// Stops the server at once and starts it with another policy.
    fn restart(self, policy: &str) -> Self {
        let Self {
            server,
            http,
            data,
            production_key,
        } = self;
        let key = server.key.clone();
        server.kill();
        let policy = write_policy(data.path(), policy);
        Self {
            server: Server::start(data.path(), &key, &["--policy", &policy]),
            http,
            data,
            production_key,
        }
    }

    fn dir(&self) -> &str {
        self.data.path().to_str().unwrap()
    }

    /// A command on the data directory, beside the server.
    fn command(&self, command: &[&str]) -> Vec<Value> {
        let (first, rest) = command.split_first().unwrap();
        support::selfsame(&[&[*first, "--data", self.dir()], rest].concat())
    }

    fn user(&self, command: &[&str]) -> Value {
        let whose = ["user", "--partner", "p"];
        self.command(&[&whose, command].concat()).remove(0)
    }

    /// Runs a job by v1; gives its result.
    async fn job(&self, user: &str, job: &str, job_type: u8, photo: &[u8]) -> Value {
        let body = self.server.upload_body(user, job, job_type, "");
        self.run(body, photo).await
    }

    /// The same, allowed to replace the user's face.
    async fn replace(&self, user: &str, job: &str, photo: &[u8]) -> Value {
        let mut body = self.server.upload_body(user, job, 4, "");
        body["allow_new_enroll"] = true.into();
        self.run(body, photo).await
    }

    async fn run(&self, body: Value, photo: &[u8]) -> Value {
        self.server.run(&self.http, &body, package(photo)).await["result"].clone()
    }

    /// What `/v1/upload` answers, with the status and `Retry-After`.
    async fn upload(&self, body: &Value) -> (u16, Option<u64>, Value) {
        let url = format!("{}/v1/upload", self.server.base);
        told(self.http.post(url).json(body).send().await.unwrap()).await
    }

    async fn put(&self, url: &str, package: Vec<u8>) -> u16 {
        let put = self.http.put(url).body(package).send().await.unwrap();
        put.status().as_u16()
    }

    /// A v2 call, signed by `signed`.
    async fn call(&self, call: &str, signed: &Value, form: Form) -> (u16, Option<u64>, Value) {
        let answer = self
            .http
            .post(format!("{}/v2/{call}", self.server.base))
            .header("smileid-partner-id", "p")
            .header("smileid-timestamp", signed["timestamp"].as_str().unwrap())
            .header(
                "smileid-request-signature",
                signed["signature"].as_str().unwrap(),
            )
            .multipart(form)
            .send()
            .await
            .unwrap();
        told(answer).await
    }

    fn jobs(&self) -> usize {
        self.command(&["job", "list"]).len()
    }

    /// Reviews that wait, oldest first: the server's names of the jobs.
    fn waiting(&self) -> Vec<String> {
        let reviews = self.command(&["review", "list"]);
        let name = |r: &Value| r["smile_job_id"].as_str().unwrap().to_owned();
        reviews.iter().map(name).collect()
    }

    /// Approves on the command line; gives the code.
    fn approve(&self, job: &str) -> String {
        let decided = self.command(&["review", "decide", job, "approve"]);
        decided[0]["result_code"].as_str().unwrap().to_owned()
    }
}

async fn told(answer: reqwest::Response) -> (u16, Option<u64>, Value) {
    let wait = answer.headers().get("retry-after");
    let wait = wait.map(|w| w.to_str().unwrap().parse().unwrap());
    (
        answer.status().as_u16(),
        wait,
        answer.json().await.unwrap_or_default(),
    )
}

fn form(selfie: &[u8], fields: &[(&'static str, &str)]) -> Form {
    let selfie = Part::bytes(selfie.to_vec()).file_name("selfie.jpg");
    fields
        .iter()
        .fold(Form::new(), |form, (name, text)| {
            form.text(*name, (*text).to_owned())
        })
        .part("selfie_image", selfie)
}

fn strings(value: &Value) -> Vec<&str> {
    let list = value.as_array().unwrap();
    list.iter().map(|s| s.as_str().unwrap()).collect()
}
