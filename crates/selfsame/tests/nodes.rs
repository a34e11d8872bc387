//! Nodes that do a part of the work each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, http, package, photographs, refuses_to_start};

async fn get(http: &reqwest::Client, server: &Server, path: &str) -> String {
    let asked = http.get(format!("{}{path}", server.base)).send();
    asked.await.unwrap().text().await.unwrap()
}

async fn ready(http: &reqwest::Client, server: &Server) -> Value {
    serde_json::from_str(&get(http, server, "/ready").await).unwrap()
}

/// One after the other, because a data directory has one server: what the first takes in the second ends and the third tells.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_without_workers_takes_in_a_node_with_workers_ends() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let http = http();
    // There are no models: it loads none.
    let empty = tempfile::tempdir().unwrap();
    let home = ["--home", empty.path().to_str().unwrap()];
    let as_api = [&["--roles", "api", "--node", "front"], &home[..]].concat();
    let api = Server::start(data.path(), &key, &as_api);
    let told = ready(&http, &api).await;
    assert_eq!(told["status"], "ready", "{told}");
    assert_eq!(
        (&told["node"], &told["roles"]),
        (&json!("front"), &json!(["api"]))
    );
    for task in ["jobs", "callbacks", "housekeeping"] {
        assert!(told["workers"].get(task).is_none(), "{told}");
    }
    let metrics = get(&http, &api, "/metrics").await;
    assert!(metrics.contains(r#"node="front""#), "{metrics}");
    let url = api.prepare(&http, "ada", "j", 4).await;
    let put = http.put(&url).body(package(&photo)).send().await.unwrap();
    assert_eq!(put.status().as_u16(), 200);
    // For a while: nobody works on it.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let (_, status) = api.status(&http, "ada", "j").await.unwrap();
    assert_eq!(status["job_complete"], false, "{status}");
    assert_eq!(api.terminate(), Some(0));

    let roles = "workers,callbacks,housekeeping";
    let back = Server::start(data.path(), &key, &["--roles", roles, "--node", "back"]);
    let body = back.upload_body("ada", "k", 4, "");
    let (status, _) = back.post(&http, "/v1/upload", &body).await.unwrap();
    assert_eq!(status, 404, "it has no API");
    let mut told = Value::Null;
    support::until("the end of what was queued", async || {
        told = ready(&http, &back).await;
        told["queues"]["queued"] == 0 && told["queues"]["running"] == 0
    })
    .await;
    assert_eq!(
        (&told["queues"]["queued"], &told["status"]),
        (&json!(0), &json!("ready"))
    );
    assert_eq!(
        told["workers"]["jobs"]["alive"],
        told["workers"]["jobs"]["wanted"]
    );
    assert_eq!(back.terminate(), Some(0));

    let api = Server::start(data.path(), &key, &as_api);
    let ended = api.ended(&http, "ada", "j").await;
    assert_eq!(ended["result"]["ResultCode"], "0840", "{ended}");
    drop(api);
    let log = std::fs::read_to_string(data.path().join("server.log")).unwrap();
    for node in ["front", "back"] {
        assert!(log.contains(&format!("node={node}")), "{log}");
    }
    // Beside a database others could do it.
    assert_eq!(
        log.contains("what its roles leave out is not done by anybody"),
        !support::store::on_postgres(),
        "{log}"
    );
}

#[test]
fn roles_nodes_and_stores_that_make_no_sense_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let refused: [(&[&str], &str); 8] = [
        (&["--roles", "worker"], "no role"),
        (&["--roles", ""], "no role"),
        (&["--node", "a b"], "a node's name"),
        (
            &["--store", "mysql://ada:hunter2@db.example/x"],
            "no back end",
        ),
        (&["--store", "postgres://ada:hunter2@"], "not a URL"),
        (
            &["--store", "postgres://ada:hunter2@db.example/x"],
            "everybody on this machine sees",
        ),
        (&["--gallery", "pgvector"], "in the clear"),
        (
            &[
                "--gallery",
                "pgvector",
                "--gallery-keeps-templates-unencrypted",
            ],
            "searches in PostgreSQL",
        ),
    ];
    for (arguments, why) in refused {
        if why == "searches in PostgreSQL" && support::store::on_postgres() {
            continue;
        }
        let said = refuses_to_start(data.path(), arguments);
        assert!(said.contains(why), "{arguments:?}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
