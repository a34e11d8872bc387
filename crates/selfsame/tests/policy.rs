//! What the policy says is what the server does: frames, replays, and policies that make no sense.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{
    Server, add_partner, add_partner_with_production, capture, detects_attacks, http, package,
    photographs, refuses_to_start, selfsame,
};

fn write(dir: &Path, body: &str) -> String {
    let path = dir.join("policy.toml");
    std::fs::write(&path, format!("name = \"test\"\nversion = \"3\"\n{body}")).unwrap();
    path.to_str().unwrap().to_owned()
}

fn reasons(status: &Value) -> Vec<&str> {
    status["result"]["evidence"]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r.as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_looked_at_and_required_in_production() {
    let Some([photo, second, _, other]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let (sandbox, production) = add_partner_with_production(data.path());
    let mut server = Server::start(data.path(), &sandbox, &[]);
    let http = http();
    let still: Vec<&[u8]> = vec![&photo; 8];
    for (user, frames, code, reason) in [
        ("still", still, "0907", Some("still_repeated")),
        (
            "swapped",
            vec![&other[..]],
            "0907",
            Some("frames_of_another_person"),
        ),
        ("few", vec![&second[..]], "0840", None),
        ("alone", vec![], "0840", None),
    ] {
        let status = server
            .run(
                &http,
                &server.upload_body(user, user, 4, ""),
                capture(&photo, &frames),
            )
            .await;
        assert_eq!(status["result"]["ResultCode"], code, "{user}: {status}");
        if let Some(reason) = reason {
            assert!(reasons(&status).contains(&reason), "{user}: {status}");
            assert_eq!(status["result"]["Actions"]["Liveness_Check"], "Failed");
        }
        let seen = &status["result"]["evidence"]["frames"];
        assert_eq!(seen.as_array().unwrap().len(), frames.len());
    }
    server.key = production;
    let status = server
        .run(&http, &server.upload_body("p", "p", 4, ""), package(&photo))
        .await;
    assert_eq!(status["result"]["ResultCode"], "0907", "{status}");
    assert_eq!(reasons(&status), ["too_few_frames"]);
    assert_eq!(
        status["result"]["ResultText"],
        "Possible spoof: too few frames show the face: send the selfie with its liveness frames"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_accepted_for_one_job() {
    let Some([photo, second, third, _]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let (sandbox, production) = add_partner_with_production(data.path());
    let policy = write(
        data.path(),
        "[production.liveness.motion]\nmode = \"when_present\"\n",
    );
    let mut server = Server::start(data.path(), &sandbox, &["--policy", &policy]);
    let http = http();
    let told = async |server: &Server, user: &str, job: &str, job_type, photo: &[u8]| {
        server
            .run(
                &http,
                &server.upload_body(user, job, job_type, ""),
                package(photo),
            )
            .await
    };
    // The sandbox only tells.
    for user in ["a", "b"] {
        let status = told(&server, user, user, 4, &photo).await;
        assert_eq!(status["result"]["ResultCode"], "0840");
        let evidence = &status["result"]["evidence"];
        let expected = if user == "b" {
            json!(["replayed_image", "duplicate"])
        } else {
            json!([])
        };
        assert_eq!(evidence["reported"], expected);
        assert_eq!(evidence["policy"]["name"], "test");
    }
    // Production is another environment, and refuses.
    server.key = production.clone();
    let first = told(&server, "a", "first", 4, &photo).await;
    assert_eq!(first["result"]["ResultCode"], "0840", "{first}");
    let replayed = told(&server, "b", "replayed", 4, &photo).await;
    assert_eq!(replayed["result"]["ResultCode"], "0907");
    assert_eq!(reasons(&replayed), ["replayed_image"]);
    assert_eq!(
        replayed["result"]["evidence"]["replay"][0]["smile_job_id"],
        first["result"]["SmileJobID"]
    );
    // As a frame of another selfie it is the same image.
    let as_frame = server
        .run(
            &http,
            &server.upload_body("b", "frame", 4, ""),
            capture(&second, &[&photo]),
        )
        .await;
    assert_eq!(reasons(&as_frame), ["replayed_image"]);
    // What passed is not tried again; what was refused was not remembered.
    let passed = told(&server, "a", "auth", 2, &second).await;
    assert_eq!(passed["result"]["ResultCode"], "0820", "{passed}");
    let mut again = server.upload_body("a", "auth", 2, "");
    again["retry"] = true.into();
    let (status, prepared) = server.post(&http, "/v1/upload", &again).await.unwrap();
    assert_eq!((status, &prepared["code"]), (400, &json!("2215")));
    // A restart forgets nothing; a deletion does.
    server.kill();
    let server = Server::start(data.path(), &production, &["--policy", &policy]);
    let replayed = told(&server, "c", "replayed-later", 4, &photo).await;
    assert_eq!(reasons(&replayed), ["replayed_image"]);
    selfsame(&[
        "user",
        "--data",
        data.path().to_str().unwrap(),
        "--partner",
        "p",
        "--environment",
        "production",
        "delete",
        "a",
    ]);
    let forgotten = told(&server, "c", "forgotten", 4, &photo).await;
    assert_eq!(forgotten["result"]["ResultCode"], "0840", "{forgotten}");
    let third = told(&server, "c", "third", 2, &third).await;
    assert_eq!(third["result"]["ResultCode"], "0820");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_makes_no_sense_stops_the_start() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    add_partner(data.path());
    for (body, field) in [
        (
            "[defaults.comparison]\nmatch = 0.4\n",
            "policy: defaults.comparison",
        ),
        (
            "[production.liveness.motion]\nmode = \"no\"\n",
            "policy: production.liveness.motion.mode is wrong",
        ),
        (
            "[sandbox.replay]\nnear = \"refuse\"\n",
            "policy: replay.near (sandbox, enrolment) is stricter than replay.exact",
        ),
    ] {
        let policy = write(data.path(), body);
        let said = refuses_to_start(data.path(), &["--policy", &policy]);
        assert!(said.contains(field), "{said}");
    }
    let said = refuses_to_start(data.path(), &["--policy", "/nowhere/policy.toml"]);
    assert!(said.contains("/nowhere/policy.toml"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_digest_in_a_result_is_that_of_the_policy_shown() {
    use sha2::Digest as _;
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let policy = write(data.path(), "[defaults.quality]\nmin_definition = 0.02\n");
    let server = Server::start(data.path(), &key, &["--policy", &policy]);
    let status = server
        .run(
            &http(),
            &server.upload_body("u", "j", 4, ""),
            package(&photo),
        )
        .await;
    let shown = std::process::Command::new(env!("CARGO_BIN_EXE_selfsame"))
        .args(["policy", "show", &policy])
        .output()
        .unwrap()
        .stdout;
    let digest: String = sha2::Sha256::digest(&shown)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(status["result"]["evidence"]["policy"]["sha256"], digest);
    let checked = selfsame(&["policy", "check", &policy]);
    assert_eq!(checked[0]["sha256"], digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_face_is_enrolled_under_one_name_where_the_policy_says_so() {
    let Some([photo, same, _, other]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner_with_production(data.path()).0;
    let policy = write(
        data.path(),
        "[sandbox.enrolment.duplicates]\nresponse = \"refuse\"\n",
    );
    let enrol = async |server: &Server, user: &str, photo: &[u8]| {
        let body = server.upload_body(user, user, 4, "");
        server.run(&http(), &body, package(photo)).await["result"].clone()
    };
    let server = Server::start(data.path(), &key, &["--policy", &policy]);
    assert_eq!(enrol(&server, "ada", &photo).await["ResultCode"], "0840");
    server.kill();
    // The templates are found again after a restart.
    let server = Server::start(data.path(), &key, &["--policy", &policy]);
    let twin = enrol(&server, "twin", &same).await;
    assert_eq!(twin["ResultCode"], "0841", "{twin}");
    assert_eq!(twin["evidence"]["reasons"], json!(["duplicate"]));
    assert_eq!(twin["evidence"]["duplicates"][0]["user_id"], "ada");
    assert_eq!(enrol(&server, "bob", &other).await["ResultCode"], "0840");
    // Erased by a command beside the server: no longer in anybody's way.
    let dir = data.path().to_str().unwrap();
    selfsame(&["user", "--data", dir, "--partner", "p", "delete", "ada"]);
    assert_eq!(enrol(&server, "eve", &same).await["ResultCode"], "0840");
}

/// The models and all else that was fetched, but for one.
fn home_without(model: selfsame_face::models::Model) -> tempfile::TempDir {
    let store = selfsame_face::models::ModelStore::locate(None);
    let left_out = store.path(model.artefact());
    let home = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(store.dir()).unwrap() {
        let path = entry.unwrap().path();
        if path != left_out {
            std::os::unix::fs::symlink(&path, home.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn where_one_model_is_missing_nobody_is_refused_for_it_and_nothing_is_said_to_have_passed() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    if !detects_attacks() {
        return;
    }
    let home = home_without(selfsame_face::models::Model::MiniFas);
    let home = ["--home", home.path().to_str().unwrap()];
    let data = tempfile::tempdir().unwrap();
    let strict = [&home[..], &["--strict-liveness"]].concat();
    let said = refuses_to_start(data.path(), &strict);
    assert!(said.contains("MiniFAS is not loaded"), "{said}");
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &home);
    let http = http();
    let ready = http.get(format!("{}/ready", server.base)).send().await;
    let ready: Value = ready.unwrap().json().await.unwrap();
    let liveness = ready["liveness"].as_str().unwrap();
    assert!(
        liveness.starts_with("not fully performed") && liveness.ends_with("MiniFAS"),
        "{ready}"
    );
    let log = std::fs::read_to_string(data.path().join("server.log")).unwrap();
    assert!(log.contains("Liveness_Check never says Passed"), "{log}");
    let upload = server.upload_body("ada", "j1", 4, "");
    let ended = server.run(&http, &upload, package(&photo)).await;
    let result = &ended["result"];
    assert_eq!(result["ResultCode"], "0840", "{ended}");
    assert_eq!(result["Actions"]["Liveness_Check"], "Not Applicable");
    let outcome = &result["evidence"]["liveness"];
    assert_eq!(outcome["performed"], false);
    assert_eq!(outcome["passive"], "not_performed");
}
