//! An operator installs another embedder: what is refused, who is served meanwhile, and how templates are made again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::path::{Path, PathBuf};

use selfsame_testing::onnx::{thumbnail_embedder, thumbnail_manifest};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{
    self, Server, add_partner, http, package, photographs, refuses_to_start, selfsame,
};

/// Installs a small embedder, which weighs colours so; gives its manifest.
fn install(dir: &Path, name: &str, tint: [f32; 3]) -> PathBuf {
    let onnx = thumbnail_embedder(tint);
    let file = format!("{name}.onnx");
    std::fs::write(dir.join(&file), &onnx).unwrap();
    let manifest = dir.join(format!("{name}.toml"));
    let digest = Sha256::digest(&onnx);
    let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(&manifest, thumbnail_manifest(&file, &sha256)).unwrap();
    manifest
}

/// A server with these embedders.
fn start(data: &Path, key: &selfsame_wire::signature::ApiKey, embedders: &[&str]) -> Server {
    Server::start_for_stills(data, key, embedders)
}

/// Runs a job; gives its result.
async fn run(
    server: &Server,
    http: &reqwest::Client,
    job_type: u8,
    user: &str,
    photo: &[u8],
) -> Value {
    let job = uuid::Uuid::new_v4().to_string();
    let upload = server.upload_body(user, &job, job_type, "");
    server.run(http, &upload, package(photo)).await["result"].clone()
}

fn threshold(result: &Value) -> f64 {
    let threshold = &result["evidence"]["comparison"]["match_threshold"];
    threshold.as_f64().unwrap_or_else(|| panic!("{result}"))
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-4
}

/// What a command prints, line by line, and its exit code.
fn command(arguments: &[&str]) -> (Vec<Value>, Option<i32>) {
    let output = support::store::command(arguments)
        .arg("--json")
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|l| serde_json::from_str(l).unwrap());
    (lines.collect(), output.status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_embedder_is_installed_while_everybody_is_served() {
    let Some([obama, obama2, _, biden]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().to_str().unwrap();
    let key = add_partner(data.path());
    let http = http();
    let manifest = install(data.path(), "thumbnail", [0.3, 0.6, 0.1]);
    let embedder = ["--embedder", manifest.to_str().unwrap()];
    let both = [&embedder[..], &["--also-embedder", "built-in"]].concat();

    // As it was.
    let server = start(data.path(), &key, &[]);
    let enrolled = run(&server, &http, 4, "ada", &obama).await;
    assert_eq!(enrolled["ResultCode"], "0840", "{enrolled}");
    assert_eq!(server.terminate(), Some(0));

    // With the new embedder alone, who has only the old one's template is told so.
    let server = start(data.path(), &key, &embedder);
    let upload = server.upload_body("ada", "refused", 2, "");
    let (status, refusal) = server.post(&http, "/v1/upload", &upload).await.unwrap();
    assert_eq!(
        (status, &refusal["code"]),
        (400, &json!("2211")),
        "{refusal}"
    );
    let enrolled = run(&server, &http, 4, "bob", &biden).await;
    assert_eq!(enrolled["ResultCode"], "0840", "{enrolled}");
    assert_eq!(
        enrolled["evidence"]["engine"]["models"][1]["name"], "Thumbnail",
        "{enrolled}"
    );
    assert_eq!(server.terminate(), Some(0));

    // With both, each is compared by its own model, and judged by that model's thresholds.
    let server = start(data.path(), &key, &both);
    let passed = run(&server, &http, 2, "ada", &obama2).await;
    assert_eq!(passed["ResultCode"], "0820", "{passed}");
    assert!(near(threshold(&passed), 0.52), "{passed}");
    let other = run(&server, &http, 2, "ada", &biden).await;
    assert_eq!(other["ResultCode"], "0821", "{other}");
    let passed = run(&server, &http, 2, "bob", &biden).await;
    assert_eq!(passed["ResultCode"], "0820", "{passed}");
    assert!(near(threshold(&passed), 0.98), "{passed}");
    // Duplicates are found among those whom the old model enrolled, too.
    let twin = run(&server, &http, 4, "ida", &obama2).await;
    let duplicates = twin["evidence"]["duplicates"].as_array().unwrap();
    assert_eq!(duplicates[0]["user_id"], "ada", "{twin}");
    assert!(
        near(duplicates[0]["threshold"].as_f64().unwrap(), 0.55),
        "{twin}"
    );

    // Templates are made again beside the running server, which goes by them at once.
    let remake = [&["templates", "remake", "--data", dir], &embedder[..]].concat();
    let (said, code) = command(&remake);
    let counts = |made, had, without| json!({"made": made, "had": had, "without_photo": without, "calibrated": 0, "failed": 0});
    let told = |said: &[Value]| {
        let mut last = said.last().unwrap().clone();
        last.as_object_mut().unwrap().remove("model");
        last
    };
    assert_eq!((told(&said), code), (counts(1, 2, 0), Some(0)));
    let passed = run(&server, &http, 2, "ada", &obama).await;
    assert_eq!(passed["ResultCode"], "0820", "{passed}");
    assert!(near(threshold(&passed), 0.98), "{passed}");
    let (said, code) = command(&remake);
    assert_eq!((told(&said), code), (counts(0, 3, 0), Some(0)));
    let (said, _) = command(&["templates", "status", "--data", dir]);
    assert_eq!(said[0]["models"].as_array().unwrap().len(), 2, "{said:?}");
    assert_eq!(server.terminate(), Some(0));

    // Then the old model's are erased, and the new one serves alone.
    let forget = [&["templates", "forget", "--data", dir], &embedder[..]].concat();
    let (said, code) = command(&forget);
    assert_eq!((&said[0]["users"], code), (&json!(1), Some(0)));
    let (said, _) = command(&["templates", "status", "--data", dir]);
    assert_eq!(said[0]["models"].as_array().unwrap().len(), 1, "{said:?}");
    let server = start(data.path(), &key, &embedder);
    let passed = run(&server, &http, 2, "ada", &obama).await;
    assert_eq!(passed["ResultCode"], "0820", "{passed}");
    let other = run(&server, &http, 2, "ada", &biden).await;
    assert_eq!(other["ResultCode"], "0821", "{other}");
    assert_eq!(server.terminate(), Some(0));

    // Who has no photo on file any more is told of, and stays as it was.
    let lost = "UPDATE jobs SET blob = NULL WHERE user_id = 'bob' AND kind = 'enrolment'";
    support::store::execute(data.path(), lost).await;
    let third = install(data.path(), "third", [0.5, 0.25, 0.25]);
    let (said, code) = command(&[
        "templates",
        "remake",
        "--data",
        dir,
        "--embedder",
        third.to_str().unwrap(),
    ]);
    assert_eq!((told(&said), code), (counts(2, 0, 1), Some(1)));
    assert_eq!(said[0]["user"], "p/sandbox/bob", "{said:?}");
    let server = start(data.path(), &key, &embedder);
    let passed = run(&server, &http, 2, "bob", &biden).await;
    assert_eq!(passed["ResultCode"], "0820", "{passed}");
    assert_eq!(server.terminate(), Some(0));

    let actions: Vec<String> = selfsame(&["audit", "list", "--data", dir])
        .iter()
        .map(|r| r["action"].as_str().unwrap().to_owned())
        .collect();
    let count = |action: &str| actions.iter().filter(|a| *a == action).count();
    assert_eq!(count("templates_remake_begun"), 3, "{actions:?}");
    assert_eq!(count("templates_remade"), 3);
    assert_eq!(count("templates_forgotten"), 1);
}

#[test]
fn an_embedder_that_cannot_be_trusted_stops_the_start() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let manifest = install(data.path(), "thumbnail", [0.3, 0.6, 0.1]);
    let path = manifest.to_str().unwrap();
    let text = std::fs::read_to_string(&manifest).unwrap();
    let refused = |text: &str, more: &[&str]| {
        std::fs::write(&manifest, text).unwrap();
        refuses_to_start(data.path(), more)
    };
    let embedder = ["--embedder", path];

    let told = refused(&text.replace("output = 64", "output = 65"), &embedder);
    assert!(
        told.contains("64 numbers") && told.contains("output = 65"),
        "{told}"
    );
    let told = refused(&text, &[&embedder[..], &["--also-embedder", path]].concat());
    assert!(told.contains("given twice"), "{told}");

    // Thresholds come from the manifest or from the policy, or it does not start.
    let (without, _) = text.split_once("[thresholds]").unwrap();
    let told = refused(without, &embedder);
    assert!(
        told.contains("comparison.match_threshold") && told.contains("Thumbnail"),
        "{told}"
    );
    let policy = data.path().join("policy.toml");
    std::fs::write(
        &policy,
        "name = \"p\"\nversion = \"1\"\n[defaults.comparison]\nmatch_threshold = 0.9\n",
    )
    .unwrap();
    let by_policy = [&embedder[..], &["--policy", policy.to_str().unwrap()]].concat();
    let told = refused(without, &by_policy);
    assert!(told.contains("comparison.review_threshold"), "{told}");
    let told = refused(without, &["--also-embedder", path]);
    assert!(told.contains("has no [thresholds]"), "{told}");

    // Not the file that the manifest describes.
    std::fs::write(
        data.path().join("thumbnail.onnx"),
        thumbnail_embedder([1.0, 0.0, 0.0]),
    )
    .unwrap();
    let told = refused(&text, &embedder);
    assert!(
        told.contains("SHA-256") && told.contains("thumbnail.onnx"),
        "{told}"
    );
}
