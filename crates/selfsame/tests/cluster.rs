//! Several nodes at one time on one PostgreSQL server: each answers any request, and what one node knows the others know.
//!
//! They need `SELFSAME_TEST_POSTGRES`, the URL of a database whose user may make others (`scripts/services.sh` brings one).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use futures::FutureExt as _;
use reqwest::multipart::{Form, Part};
use selfsame_store::blobs::FileBlobs;
use selfsame_store::keyring::MasterKey;
use selfsame_store::postgres::{Options, PostgresStore};
use selfsame_store::store::Queue as _;
use selfsame_testing::{Need, left_out};
use selfsame_wire::signature::ApiKey;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::support::{self, Server, http, package, photographs};

const SERVER: &str = "SELFSAME_TEST_POSTGRES";
/// Long enough for the slowest machine; what is waited for comes within seconds.
const PATIENCE: usize = 600;

/// A database of its own, which nodes share, with a folder for packages and for each node's log.
struct Cluster {
    dir: tempfile::TempDir,
    url: String,
    key: ApiKey,
}

/// Runs a story on a cluster, and removes its database however the story ends. Without a server it is left out.
async fn on_a_cluster<F: Future<Output = ()>>(story: impl FnOnce(Cluster) -> F) {
    let Ok(server) = std::env::var(SERVER) else {
        left_out(
            Need::Platform,
            &format!("{SERVER} names no PostgreSQL server"),
        );
        return;
    };
    let name = format!("selfsame_{}", uuid::Uuid::new_v4().simple());
    execute(&server, format!("CREATE DATABASE {name}")).await;
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    let told = AssertUnwindSafe(async { story(Cluster::new(url.into())).await });
    let outcome = told.catch_unwind().await;
    execute(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

async fn execute(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    let executed = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection);
    executed.await.unwrap();
}

impl Cluster {
    fn new(url: String) -> Self {
        let dir = tempfile::tempdir().unwrap();
        MasterKey::read_or_create(&dir.path().join("master")).unwrap();
        let mut cluster = Self {
            dir,
            url,
            key: ApiKey::new(""),
        };
        let added = cluster.command(&["partner", "add", "--id", "p"]);
        cluster.key = ApiKey::new(added[0]["sandbox_api_key"].as_str().unwrap());
        cluster
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("SELFSAME_STORE", self.url.clone()),
            ("SELFSAME_MASTER_KEY_FILE", self.path("master")),
            ("SELFSAME_BLOBS", self.path("blobs")),
        ]
    }

    /// A command on the same store.
    fn command(&self, arguments: &[&str]) -> Vec<Value> {
        let output = Command::new(env!("CARGO_BIN_EXE_selfsame"))
            .envs(self.variables())
            .arg("--json")
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {said}");
        said.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn node(&self, name: &str, more: &[&str]) -> Server {
        let log = self.dir.path().join(name);
        std::fs::create_dir_all(&log).unwrap();
        let more = [&["--node", name, "--workers", "1"], more].concat();
        Server::start_with(&self.variables(), &log, &self.key, &more)
    }

    /// The store itself, as one more node has it.
    async fn store(&self) -> PostgresStore {
        let text = std::fs::read_to_string(self.path("master")).unwrap();
        let blobs = FileBlobs::open(self.path("blobs").into()).unwrap();
        let master = MasterKey::from_hex(&text).unwrap();
        let options = Options::new(&self.url, master, std::sync::Arc::new(blobs));
        PostgresStore::connect(&options).await.unwrap()
    }

    fn log(&self, node: &str) -> String {
        let path: &Path = self.dir.path();
        std::fs::read_to_string(path.join(node).join("server.log")).unwrap()
    }
}

/// A synchronous enrolment.
async fn enrol(http: &reqwest::Client, node: &Server, user: &str, selfie: &[u8]) -> (u16, Value) {
    let signed = node.signed();
    let form = Form::new()
        .part(
            "selfie_image",
            Part::bytes(selfie.to_vec()).file_name("a.jpg"),
        )
        .text("user_id", user.to_owned());
    let answer = http
        .post(format!("{}/v2/smart-selfie-enroll", node.base))
        .header("SmileID-Partner-ID", "p")
        .header("SmileID-Timestamp", signed["timestamp"].as_str().unwrap())
        .header(
            "SmileID-Request-Signature",
            signed["signature"].as_str().unwrap(),
        )
        .multipart(form)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_answers_what_another_ended_and_the_callback_comes_from_a_third() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    on_a_cluster(async |cluster| {
        let empty = cluster.path("no-models");
        let api = cluster.node(
            "api",
            &[
                "--roles",
                "api",
                "--home",
                &empty,
                "--allow-private-callbacks",
            ],
        );
        let work = cluster.node("work", &["--roles", "workers"]);
        let calls = [
            "--roles",
            "callbacks,housekeeping",
            "--home",
            &empty,
            "--allow-private-callbacks",
        ];
        let call = cluster.node("call", &calls);
        let http = http();
        let (status, answer) = enrol(&http, &api, "ada", &photo).await;
        assert_eq!(
            (status, &answer["status"]),
            (200, &json!("approved")),
            "{answer}"
        );
        let (url, mut callbacks) = support::callbacks().await;
        let body = api.upload_body("ada", "again", 2, &url);
        let ended = api.run(&http, &body, package(&photo)).await;
        let called: Value = serde_json::from_slice(&callbacks.recv().await.unwrap()).unwrap();
        assert_eq!(called["SmileJobID"], ended["result"]["SmileJobID"]);
        for node in [api, work, call] {
            assert_eq!(node.terminate(), Some(0));
        }
        for (node, what) in [("work", "job ended"), ("call", "callback")] {
            let log = cluster.log(node);
            assert!(
                log.lines()
                    .any(|l| l.contains(what) && l.contains(&format!("node={node}"))),
                "{log}"
            );
        }
        assert!(!cluster.log("api").contains("job ended"));
    })
    .await;
}

/// A job in somebody's hands stays there while nodes come and go.
#[tokio::test(flavor = "multi_thread")]
async fn starting_and_stopping_a_node_takes_nothing_from_others() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    on_a_cluster(async |cluster| {
        let empty = cluster.path("no-models");
        let api = cluster.node("api", &["--roles", "api", "--home", &empty]);
        let http = http();
        let url = api.prepare(&http, "ada", "held", 4).await;
        let put = http.put(&url).body(package(&photo)).send().await.unwrap();
        assert_eq!(put.status().as_u16(), 200);
        let store = cluster.store().await;
        let hour = Duration::from_secs(3600);
        let claim = store.claim_job(hour).await.unwrap().unwrap();
        for user in ["eve", "bob"] {
            let node = cluster.node("comes-and-goes", &[]);
            let body = node.upload_body(user, user, 4, "");
            node.run(&http, &body, package(&photo)).await;
            assert_eq!(node.terminate(), Some(0));
            assert!(
                store.renew_job(&claim, hour).await.unwrap(),
                "it is still ours"
            );
        }
        store.release_job(&claim).await.unwrap();
        let node = cluster.node("last", &[]);
        api.ended(&http, "ada", "held").await;
        drop((node, api));
    })
    .await;
}

/// Failures are spread over two nodes so that neither sees too many: together they are too many for both.
#[tokio::test(flavor = "multi_thread")]
async fn who_fails_at_two_nodes_is_shut_out_at_both() {
    on_a_cluster(async |cluster| {
        let empty = cluster.path("no-models");
        let as_api = [
            "--roles",
            "api",
            "--home",
            &empty,
            "--failed-auth-rate",
            "30",
        ];
        let nodes = ["a", "b"].map(|name| cluster.node(name, &as_api));
        let http = http();
        let mut forged = nodes[0].upload_body("ada", "j", 4, "");
        forged["signature"] = "AAAA".into();
        for _ in 0..28 {
            for node in &nodes {
                let (status, answer) = node.post(&http, "/v1/upload", &forged).await.unwrap();
                assert!(matches!(status, 403 | 429), "{answer}");
            }
        }
        for node in &nodes {
            let mut statuses = Vec::new();
            while statuses.last() != Some(&429) {
                assert!(statuses.len() < PATIENCE, "{statuses:?}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                let honest = node.upload_body("ada", &uuid::Uuid::new_v4().to_string(), 4, "");
                statuses.push(node.post(&http, "/v1/upload", &honest).await.unwrap().0);
            }
        }
    })
    .await;
}

/// Two nodes are given one face at the same time, under two names: one is enrolled, the other is told of it. Gives the nodes, the
/// policy that refuses duplicates, and who was enrolled.
async fn enrol_one_face_on_two_nodes(
    cluster: &Cluster,
    http: &reqwest::Client,
    [photo, same]: [&[u8]; 2],
    settings: &[&str],
) -> ([Server; 2], String, String) {
    let policy = cluster.path("policy.toml");
    let text =
        "name = \"once\"\nversion = \"1\"\n[sandbox.enrolment.duplicates]\nresponse = \"refuse\"\n";
    std::fs::write(&policy, text).unwrap();
    let settings = [&["--policy", &policy], settings].concat();
    let nodes = ["a", "b"].map(|name| cluster.node(name, &settings));
    let (one, other) = tokio::join!(
        enrol(http, &nodes[0], "ada", photo),
        enrol(http, &nodes[1], "eve", same),
    );
    let mut answers = [one.1, other.1].map(|answer| answer["status"].as_str().unwrap().to_owned());
    answers.sort();
    assert_eq!(answers, ["approved", "rejected"]);
    let users = cluster.command(&["user", "--partner", "p", "list"]);
    let enrolled: Vec<_> = users
        .iter()
        .filter(|user| user["photo_on_file"] == true)
        .collect();
    assert_eq!(enrolled.len(), 1, "{users:?}");
    let first = enrolled[0]["user_id"].as_str().unwrap().to_owned();
    (nodes, policy, first)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_face_on_two_nodes_at_once_is_enrolled_under_one_name() {
    let Some([photo, same, ..]) = photographs() else {
        return;
    };
    on_a_cluster(async |cluster| {
        enrol_one_face_on_two_nodes(&cluster, &http(), [&photo, &same], &[]).await;
    })
    .await;
}

/// Where PostgreSQL searches, two nodes find each other's faces in it, and those of deleted users no more.
#[tokio::test(flavor = "multi_thread")]
async fn with_pgvector_a_face_is_found_by_every_node_until_its_user_is_deleted() {
    let Some([photo, same, ..]) = photographs() else {
        return;
    };
    on_a_cluster(async |cluster| {
        let http = http();
        let chosen = [
            "--gallery",
            "pgvector",
            "--gallery-keeps-templates-unencrypted",
        ];
        // The first faces of all, at once: one makes the table that the other needs as well.
        let (nodes, policy, first) =
            enrol_one_face_on_two_nodes(&cluster, &http, [&photo, &same], &chosen).await;
        let (_, refused) = enrol(&http, &nodes[1], "bob", &photo).await;
        assert_eq!(refused["status"], "rejected", "{refused}");
        let rows = async || {
            let mut connection = PgConnection::connect(&cluster.url).await.unwrap();
            let rows: Vec<String> = sqlx::query_scalar("SELECT user_id FROM faces")
                .fetch_all(&mut connection)
                .await
                .unwrap();
            rows
        };
        assert_eq!(rows().await, [first.as_str()]);
        cluster.command(&["user", "--partner", "p", "delete", &first]);
        assert!(
            rows().await.is_empty(),
            "gone with the user, before anybody follows"
        );
        let (_, anew) = enrol(&http, &nodes[0], "bob", &photo).await;
        assert_eq!(anew["status"], "approved", "{anew}");
        let (_, refused) = enrol(&http, &nodes[1], "zoe", &same).await;
        assert_eq!(refused["status"], "rejected", "{refused}");
        let metrics = http
            .get(format!("{}/metrics", nodes[1].base))
            .send()
            .await
            .unwrap();
        let metrics = metrics.text().await.unwrap();
        assert!(
            metrics
                .contains(r#"selfsame_gallery_search_seconds_count{node="b",engine="pgvector"}"#),
            "{metrics}"
        );
        assert!(!metrics.contains("selfsame_gallery_bytes"), "{metrics}");
        drop(nodes);
        // Who comes back to memory is told what is left.
        let back = cluster.node("back", &["--policy", &policy]);
        assert!(
            cluster.log("back").contains("in the clear"),
            "{}",
            cluster.log("back")
        );
        let (_, refused) = enrol(&http, &back, "kim", &photo).await;
        assert_eq!(refused["status"], "rejected", "{refused}");
    })
    .await;
}
