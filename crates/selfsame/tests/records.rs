//! What is on record, seen from outside: a broken audit, a deleted user, a row that cannot be read, and how the server is doing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, http, package, photographs, selfsame, store};

/// What somebody does who has the database: in SQLite's words, and in PostgreSQL's.
async fn tamper(data: &Path, sqlite: &str, postgres: &str) {
    let statements = if store::on_postgres() {
        postgres
    } else {
        sqlite
    };
    store::execute(data, statements).await;
}

/// What a command says, and its exit code.
fn command(arguments: &[&str]) -> (String, Option<i32>) {
    let output = store::command(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.code())
}

async fn get(http: &reqwest::Client, url: String) -> (u16, String) {
    let response = http
        .get(url)
        .timeout(Duration::from_secs(9))
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn ready(server: &Server, http: &reqwest::Client) -> Value {
    let (status, body) = get(http, format!("{}/ready", server.base)).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_audit_stops_operators_until_they_put_it_on_record_and_nobody_else() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().to_str().unwrap();
    let key = add_partner(data.path());
    tamper(
        data.path(),
        "DROP TRIGGER audit_is_not_removed; DELETE FROM audit WHERE action = 'partner_added'",
        "DROP TRIGGER audit_is_not_removed ON audit; DELETE FROM audit WHERE action = 'partner_added'",
    )
    .await;
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let log = std::fs::read_to_string(data.path().join("server.log")).unwrap();
    assert!(log.contains("THE AUDIT IS BROKEN"), "{log}");
    let told = ready(&server, &http).await;
    assert!(
        told["audit"].as_str().unwrap().starts_with("broken"),
        "{told}"
    );
    let enrolled = server
        .run(
            &http,
            &server.upload_body("ada", "j", 4, ""),
            package(&photo),
        )
        .await;
    assert_eq!(enrolled["result"]["ResultCode"], "0840", "{enrolled}");
    let user = ["user", "--data", dir, "--partner", "p"];
    let audit = |action| command(&["audit", "--data", dir, action]);
    for action in ["disable", "delete"] {
        let (said, code) = command(&[&user[..], &[action, "ada"]].concat());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("selfsame audit resume"), "{said}");
    }
    let (said, code) = audit("verify");
    assert_eq!(code, Some(1), "what was tried healed nothing: {said}");
    let (said, code) = audit("resume");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(audit("resume").1, Some(2), "nothing is broken any more");
    selfsame(&[&user[..], &["disable", "ada"]].concat());
    let (said, code) = audit("verify");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("BROKEN before record 3"), "{said}");
    assert!(said.contains("records are missing from its end"), "{said}");
    assert_eq!(audit("head").1, Some(0));
    // The running server notices by itself.
    support::until("an audit that is whole", async || {
        ready(&server, &http).await["audit"] == "ok"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_deleted_user_nothing_is_told_but_codes() {
    let Some([photo, second, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().to_str().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let http = http();
    let (url, mut received) = support::callbacks().await;
    let upload = |job: &str, job_type| {
        let mut body = server.upload_body("ada", job, job_type, &url);
        body["partner_params"]["name"] = "PLANTED".into();
        body
    };
    for (job, job_type, photo) in [("enrol", 4, &photo), ("auth", 2, &second)] {
        let ended = server
            .run(&http, &upload(job, job_type), package(photo))
            .await;
        assert_eq!(ended["job_success"], true, "{ended}");
        assert_eq!(ended["result"]["PartnerParams"]["name"], "PLANTED");
        received.recv().await.unwrap();
    }
    // One whose package never comes.
    let (status, prepared) = server
        .post(&http, "/v1/upload", &upload("late", 2))
        .await
        .unwrap();
    assert_eq!(status, 200);
    let mut question = server.signed();
    for (name, value) in [("partner_id", "p"), ("user_id", "ada")] {
        question[name] = value.into();
    }
    question["history"] = true.into();
    question["image_links"] = true.into();
    let ask = async |job: &str| {
        let mut question = question.clone();
        question["job_id"] = job.into();
        server
            .post(&http, "/v1/job_status", &question)
            .await
            .unwrap()
    };
    let (_, before) = ask("enrol").await;
    let link = before["image_links"]["selfie_image"].as_str().unwrap();
    assert_eq!(get(&http, link.to_owned()).await.0, 200, "{before}");
    selfsame(&["user", "--data", dir, "--partner", "p", "delete", "ada"]);
    assert_eq!(get(&http, link.to_owned()).await.0, 404);
    for (job, code, success) in [
        ("enrol", "0840", true),
        ("auth", "0820", true),
        ("late", "0821", false),
    ] {
        let (status, told) = ask(job).await;
        assert_eq!(status, 200);
        assert_eq!(told["job_complete"], true);
        assert_eq!(told["job_success"], success);
        assert_eq!(told["image_links"], json!({}));
        for result in told["history"]
            .as_array()
            .unwrap()
            .iter()
            .chain([&told["result"]])
        {
            assert_eq!(result["ResultCode"], code, "{told}");
            let text = result["ResultText"].as_str().unwrap();
            assert!(text.contains("the user was deleted"), "{text}");
            assert_eq!(result["evidence"]["erased"], "user_deleted");
        }
        assert!(!told.to_string().contains("PLANTED"), "{told}");
    }
    let put = http
        .put(prepared["upload_url"].as_str().unwrap())
        .body(package(&second))
        .send()
        .await
        .unwrap();
    assert_eq!(put.status().as_u16(), 403);
    let (_, refused) = server
        .post(&http, "/v1/upload", &upload("after", 2))
        .await
        .unwrap();
    assert_eq!(refused["code"], "2208", "{refused}");
    let job = before["result"]["SmileJobID"].as_str().unwrap();
    let (said, code) = command(&["job", "--data", dir, "replay", job]);
    assert_eq!(code, Some(2), "{said}");
    let callbacks = selfsame(&["job", "--data", dir, "callbacks", job]);
    assert_eq!(callbacks[0]["url"], Value::Null);
    assert!(received.try_recv().is_err(), "no further callback");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_cannot_be_decrypted_stops_only_its_user() {
    let Some([photo, second, _, other]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    for (user, photo) in [("ada", &photo), ("bob", &other)] {
        let body = server.upload_body(user, user, 4, "");
        let enrolled = server.run(&http, &body, package(photo)).await;
        assert_eq!(enrolled["result"]["ResultCode"], "0840");
    }
    server.kill();
    tamper(
        data.path(),
        "UPDATE users SET template = CAST(substr(template, 1, 40) || x'00' AS BLOB) WHERE user_id = 'bob'",
        "UPDATE users SET template = substring(template FROM 1 FOR 40) || '\\x00'::bytea WHERE user_id = 'bob'",
    )
    .await;
    let server = Server::start(data.path(), &key, &[]);
    let body = server.upload_body("ada", "auth", 2, "");
    let passed = server.run(&http, &body, package(&second)).await;
    assert_eq!(passed["result"]["ResultCode"], "0820", "{passed}");
    // So does a registration, which looks through everybody's templates.
    let body = server.upload_body("eve", "eve", 4, "");
    let enrolled = server.run(&http, &body, package(&second)).await;
    assert_eq!(enrolled["result"]["ResultCode"], "0840", "{enrolled}");
    let body = server.upload_body("bob", "bob-auth", 2, "");
    let (status, refused) = server.post(&http, "/v1/upload", &body).await.unwrap();
    assert_eq!(status, 500, "{refused}");
    let log = std::fs::read_to_string(data.path().join("server.log")).unwrap();
    assert!(log.contains("template is left out"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_it_is_doing_is_told_while_somebody_else_holds_the_database() {
    if photographs().is_none() || store::has_no_data_directory("nobody holds all of a database") {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--node", "n1"]);
    let http = http();
    let mut connection = store::sqlite(data.path()).await;
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut connection)
        .await
        .unwrap();
    // Each within the nine seconds that `get` allows; the writer is waited for ten, and then the server says that it cannot write.
    let held = Instant::now();
    for asked in 0..50 {
        if asked > 0 && held.elapsed() > Duration::from_secs(5) {
            break;
        }
        assert_eq!(ready(&server, &http).await["status"], "ready");
        let (status, body) = get(&http, format!("{}/metrics", server.base)).await;
        assert_eq!(status, 200);
        assert!(
            body.contains("selfsame_queue_depth{node=\"n1\",queue=\"queued\"} 0"),
            "{body}"
        );
    }
    sqlx::raw_sql("ROLLBACK")
        .execute(&mut connection)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_to_is_told() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    assert_eq!(ready(&server, &http).await["status"], "ready");
    // An empty transaction would still succeed.
    tamper(
        data.path(),
        "CREATE TRIGGER full_1 BEFORE UPDATE ON last_probe BEGIN SELECT RAISE(ABORT, 'the disk is full'); END;
         CREATE TRIGGER full_2 BEFORE INSERT ON last_probe BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
        "CREATE FUNCTION full_disk() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON last_probe FOR EACH ROW EXECUTE FUNCTION full_disk()",
    )
    .await;
    let mut told = String::new();
    support::until("a store that is not ready", async || {
        let (status, body) = get(&http, format!("{}/ready", server.base)).await;
        told = body;
        status == 503
    })
    .await;
    assert!(told.contains("cannot be written to"), "{told}");
    assert!(!told.contains("disk is full"), "causes are for the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_ask_at_an_address_of_their_own() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--operations-listen", "127.0.0.1:0"]);
    let http = http();
    let operations = server.operations.clone().unwrap();
    for path in ["/health", "/ready", "/metrics"] {
        assert_eq!(get(&http, format!("{operations}{path}")).await.0, 200);
        assert_eq!(get(&http, format!("{}{path}", server.base)).await.0, 404);
    }
    for path in ["/v1/services", "/openapi.json"] {
        assert_eq!(get(&http, format!("{operations}{path}")).await.0, 404);
        assert_eq!(get(&http, format!("{}{path}", server.base)).await.0, 200);
    }
    assert_eq!(server.terminate(), Some(0), "it stops in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_uploads_that_never_come_is_refused_clearly() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--max-uploads", "3"]);
    let http = http();
    for n in 0..3 {
        server.prepare(&http, "ada", &format!("j{n}"), 4).await;
    }
    let response = http
        .post(format!("{}/v1/upload", server.base))
        .json(&server.upload_body("ada", "j3", 4, ""))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 429);
    assert!(response.headers().contains_key("retry-after"));
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], "2201");
    assert!(
        body["error"]
            .as_str()
            .unwrap()
            .contains("wait for their package"),
        "{body}"
    );
}
