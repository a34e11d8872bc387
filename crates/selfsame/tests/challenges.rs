//! Head turns that the server draws: who may answer them, how often, for how long, and that the head is held to them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

#[path = "../../selfsame-face/tests/captures/sequence.rs"]
#[allow(dead_code, reason = "other kinds of captures are made of it too")]
mod sequence;
#[path = "../../selfsame-face/tests/captures/turned.rs"]
#[allow(dead_code, reason = "other shapes are measured where it stands")]
mod turned;

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::multipart::{Form, Part};
use selfsame_face::analyser::{Analyser, Settings};
use selfsame_face::models::ModelStore;
use selfsame_wire::signature::{ApiKey, format_timestamp, sign};
use serde_json::{Value, json};
use turned::Shape;

use crate::support::{
    self, Server, add_partner_with_production, capture, http, package, photographs,
};

/// What is made of photographs may look like a print; here only turns count.
const POLICY: &str = "name = \"turns\"\nversion = \"1\"\n[defaults.liveness.motion]\nmode = \"off\"\n[defaults.responses]\n\
    print_or_screen = \"report\"\nnot_live = \"report\"\nregular_pattern = \"report\"\nliveness_unclear = \"report\"\n\
    uneven_light = \"report\"\n[defaults.replay]\nexact = \"report\"\nnear = \"report\"\n";

struct Story {
    server: Server,
    http: reqwest::Client,
    production: ApiKey,
    data: tempfile::TempDir,
}

impl Story {
    fn begin(more: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (sandbox, production) = add_partner_with_production(data.path());
        let policy = data.path().join("policy.toml");
        std::fs::write(&policy, format!("{POLICY}{more}")).unwrap();
        let more = ["--policy", policy.to_str().unwrap()];
        Self {
            server: Server::start(data.path(), &sandbox, &more),
            http: http(),
            production,
            data,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.server.post(&self.http, path, body).await.unwrap()
    }

    fn asking(&self, user: &str) -> Value {
        let mut body = self.server.signed();
        body["partner_id"] = "p".into();
        body["user_id"] = user.into();
        body
    }

    async fn draw(&self, user: &str) -> Value {
        let (status, answer) = self.post("/v1/challenge", &self.asking(user)).await;
        assert_eq!(status, 200, "{answer}");
        answer["challenge"].clone()
    }

    fn upload(&self, user: &str, job: &str, challenge: &Value) -> Value {
        let mut body = self.server.upload_body(user, job, 4, "");
        body["challenge_id"] = challenge["id"].clone();
        body
    }

    /// A job that names a challenge is refused, with these words.
    async fn refused(&self, body: &Value, words: &str) {
        let (status, answer) = self.post("/v1/upload", body).await;
        assert_eq!((status, &answer["code"]), (400, &json!("2204")), "{answer}");
        assert!(answer["reason"].is_null() || answer["reason"] == "challenge_expired");
        let said = answer["error"].as_str().unwrap();
        assert!(said.contains(words), "{said}");
    }

    /// Time passes in the server's records.
    async fn sql(&self, statement: &str) {
        support::store::execute(self.data.path(), statement).await;
    }
}

fn has_models() -> bool {
    photographs().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_drawn_for_one_user_and_given_again_while_it_is_open() {
    if !has_models() {
        return;
    }
    let story = Story::begin("");
    let began = Instant::now();
    let first = story.draw("ada").await;
    assert_eq!(first["turns"].as_array().unwrap().len(), 2);
    // Two minutes, less what went by.
    let least = 119_u64.saturating_sub(began.elapsed().as_secs());
    assert!(
        (least..=120).contains(&first["seconds"].as_u64().unwrap()),
        "{first}"
    );
    let again = story.draw("ada").await;
    assert_eq!(
        (&again["id"], &again["turns"]),
        (&first["id"], &first["turns"])
    );
    assert_ne!(story.draw("bob").await["id"], first["id"]);
    let mut forged = story.asking("ada");
    forged["signature"] = "AAAA".into();
    let (status, answer) = story.post("/v1/challenge", &forged).await;
    assert_eq!((status, &answer["code"]), (403, &json!("2205")));
    // Whoever draws and never answers is held up.
    let mut last = (0, Value::Null);
    for _ in 0..10 {
        story
            .sql("UPDATE challenges SET drawn_at = drawn_at - 70000000, expires_at = expires_at - 70000000")
            .await;
        last = story.post("/v1/challenge", &story.asking("ada")).await;
    }
    assert_eq!(last.0, 429, "{}", last.1);
    assert!(last.1["error"].as_str().unwrap().contains("not answered"));
    story.draw("eve").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_serves_one_job_of_its_user_in_its_time() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let story = Story::begin("");
    let drawn = story.draw("ada").await;
    story
        .refused(&story.upload("eve", "j1", &drawn), "of this user")
        .await;
    story
        .refused(
            &story.upload("ada", "j1", &json!({"id": "nonsense"})),
            "challenge_id must be",
        )
        .await;
    let unknown = json!({"id": format!("chl_{}", "A".repeat(22))});
    story
        .refused(&story.upload("ada", "j1", &unknown), "of this user")
        .await;
    // The other environment knows nothing of it.
    let timestamp = format_timestamp(jiff::Timestamp::now());
    let mut elsewhere = story.upload("ada", "j1", &drawn);
    elsewhere["signature"] = sign(&story.production, &support::partner(), &timestamp).into();
    elsewhere["timestamp"] = timestamp.into();
    story.refused(&elsewhere, "of this user").await;
    // Its upload URL dies with it.
    let (status, prepared) = story
        .post("/v1/upload", &story.upload("ada", "j1", &drawn))
        .await;
    assert_eq!(status, 200, "{prepared}");
    story
        .refused(&story.upload("ada", "j2", &drawn), "used by another job")
        .await;
    let ends = support::store::number(story.data.path(), "SELECT grant_expires_at FROM jobs").await;
    assert_eq!(
        ends,
        support::store::number(story.data.path(), "SELECT expires_at FROM challenges").await
    );
    story.sql("UPDATE jobs SET grant_expires_at = 1").await;
    let late = story.http.put(prepared["upload_url"].as_str().unwrap());
    let late = late.body(package(&photo)).send().await.unwrap();
    assert_eq!(late.status().as_u16(), 410);
    // The same job once more, with the same challenge, as long as that is open.
    let mut again = story.upload("ada", "j1", &drawn);
    again["retry"] = true.into();
    let ended = story.server.run(&story.http, &again, package(&photo)).await;
    assert_eq!(
        ended["result"]["ResultCode"], "0907",
        "a selfie alone turns nowhere"
    );
    assert_eq!(
        ended["result"]["evidence"]["reasons"],
        json!(["challenge_not_followed"])
    );
    again = story.upload("ada", "j1", &drawn);
    again["retry"] = true.into();
    story.refused(&again, "used by another job").await;
    let expired = story.draw("ada").await;
    assert_ne!(expired["id"], drawn["id"]);
    story.sql("UPDATE challenges SET expires_at = 1").await;
    story
        .refused(&story.upload("ada", "j3", &expired), "expired")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_v2_calls_at_once_one_has_the_challenge() {
    let Some([photo, same, ..]) = photographs() else {
        return;
    };
    let story = Story::begin("");
    let drawn = story.draw("ada").await;
    let call = async |selfie: &[u8]| {
        let form = Form::new()
            .part(
                "selfie_image",
                Part::bytes(selfie.to_vec()).file_name("a.jpg"),
            )
            .text("user_id", "ada")
            .text("challenge_id", drawn["id"].as_str().unwrap().to_owned());
        let signed = story.server.signed();
        let url = format!("{}/v2/smart-selfie-enroll", story.server.base);
        let request = story
            .http
            .post(url)
            .header("SmileID-Partner-ID", "p")
            .header("SmileID-Timestamp", signed["timestamp"].as_str().unwrap())
            .header(
                "SmileID-Request-Signature",
                signed["signature"].as_str().unwrap(),
            )
            .multipart(form);
        let answer = request.send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap(),
        )
    };
    let (one, other) = tokio::join!(call(&photo), call(&same));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{} {}", one.1, other.1);
    let answered = if one.0 == 200 { one.1 } else { other.1 };
    assert_eq!(answered["code"], "0907", "{answered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_token_carries_its_challenge() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let story = Story::begin("");
    let mut asked = story.asking("ada");
    asked["job_id"] = "j1".into();
    asked["product"] = "smartselfie".into();
    let (_, plain) = story.post("/v1/token", &asked).await;
    assert!(plain.get("challenge").is_none(), "{plain}");
    asked["challenge"] = true.into();
    let (status, minted) = story.post("/v1/token", &asked).await;
    assert_eq!(status, 200, "{minted}");
    let token = minted["token"].as_str().unwrap();
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    for field in ["id", "turns", "expires_at"] {
        assert_eq!(claims["challenge"][field], minted["challenge"][field]);
    }
    assert!(claims["challenge"]["seconds"].as_u64().unwrap() > 100);
    assert_eq!(claims["challenge"]["turns"].as_array().unwrap().len(), 2);
    let page = |challenge: Value| {
        json!({
            "smile_client_id": "p", "token": token, "challenge_id": challenge,
            "partner_params": {"user_id": "ada", "job_id": "j1", "job_type": 4},
        })
    };
    // Another's is none of this token's, nor is one for another job.
    let others = story.draw("eve").await;
    story
        .refused(&page(others["id"].clone()), "of this user")
        .await;
    let mut for_another_job = story.asking("ada");
    for_another_job["job_id"] = "j2".into();
    let (_, another) = story.post("/v1/challenge", &for_another_job).await;
    story
        .refused(&page(another["challenge"]["id"].clone()), "of this user")
        .await;
    // Whoever is late draws another with the token; nobody draws for somebody else with it.
    story.sql("UPDATE challenges SET expires_at = 1").await;
    story.refused(&page(Value::Null), "expired").await;
    let stranger = json!({"token": token, "user_id": "eve"});
    let (status, answer) = story.post("/v1/challenge", &stranger).await;
    assert_eq!((status, &answer["code"]), (403, &json!("2205")), "{answer}");
    let (status, later) = story.post("/v1/challenge", &json!({"token": token})).await;
    assert_eq!(status, 200, "{later}");
    let body = page(later["challenge"]["id"].clone());
    let ended = story.server.run(&story.http, &body, package(&photo)).await;
    let evidence = &ended["result"]["evidence"];
    assert_eq!(
        evidence["challenge"]["id"], later["challenge"]["id"],
        "{evidence}"
    );
    assert_eq!(evidence["reasons"], json!(["challenge_not_followed"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_says_whether_a_challenge_is_needed() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let story = Story::begin(
        "[defaults.liveness.challenge]\nmode = \"required\"\nturns = 3\n[authentication.liveness.challenge]\nmode = \"off\"\n",
    );
    let without = story.server.upload_body("ada", "j1", 4, "");
    let ended = story
        .server
        .run(&story.http, &without, package(&photo))
        .await;
    assert_eq!(ended["result"]["ResultCode"], "0907");
    assert_eq!(ended["result"]["Actions"]["Liveness_Check"], "Failed");
    assert_eq!(
        ended["result"]["evidence"]["reasons"],
        json!(["challenge_missing"])
    );
    // A token for such a job comes with one.
    let mut asked = story.asking("ada");
    asked["job_id"] = "j2".into();
    asked["product"] = "smartselfie".into();
    let (_, minted) = story.post("/v1/token", &asked).await;
    assert_eq!(minted["challenge"]["turns"].as_array().unwrap().len(), 3);
    asked["product"] = "authentication".into();
    let (_, plain) = story.post("/v1/token", &asked).await;
    assert!(plain.get("challenge").is_none(), "{plain}");
    let mut never = story.asking("ada");
    never["job_type"] = 2.into();
    let (status, answer) = story.post("/v1/challenge", &never).await;
    assert_eq!((status, &answer["code"]), (400, &json!("2204")), "{answer}");
    assert_eq!(
        story.draw("bob").await["turns"].as_array().unwrap().len(),
        3
    );
}

/// A head, or a picture of one, that makes turns: the selfie and its frames.
fn turning(photograph: &[u8], turns: &[&str], shape: Shape) -> (Vec<u8>, Vec<Vec<u8>>) {
    let analyser = Analyser::load(&ModelStore::locate(None), &Settings::default()).unwrap();
    let found = analyser.analyse(photograph).unwrap().faces[0];
    let picture = image::load_from_memory(photograph).unwrap().into_rgb8();
    let (frame, face) = sequence::framed(&picture, &found.landmarks);
    let mut poses = vec![(0.0, 0.0), (0.5, -0.5)];
    for turn in turns {
        let (right, up) = match *turn {
            "left" => (26.0, 0.0),
            "right" => (-26.0, 0.0),
            "up" => (0.0, 20.0),
            other => panic!("no such turn: {other}"),
        };
        let part = |part: f32| (right * part, up * part);
        poses.extend([part(0.5), part(1.0), part(1.05), (0.0, 0.5)]);
    }
    let mut files: Vec<Vec<u8>> = poses
        .iter()
        .enumerate()
        .map(|(n, pose)| turned::picture(&frame, &face, shape, *pose, n as u64))
        .collect();
    (files.remove(0), files)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_follows_passes_and_nothing_else_does() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let story = Story::begin("");
    for (job, change) in ["follows", "backwards", "one", "flat"]
        .into_iter()
        .enumerate()
    {
        let user = format!("user-{job}");
        let drawn = story.draw(&user).await;
        let mut turns: Vec<&str> = drawn["turns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|turn| turn.as_str().unwrap())
            .collect();
        let mut shape = Shape::Head;
        match change {
            "backwards" => turns.reverse(),
            "one" => turns.truncate(1),
            "flat" => shape = Shape::Plane,
            _ => {}
        }
        let (selfie, frames) = turning(&photo, &turns, shape);
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let body = story.upload(&user, &format!("j{job}"), &drawn);
        let ended = story
            .server
            .run(&story.http, &body, capture(&selfie, &frames))
            .await;
        let (code, evidence) = (&ended["result"]["ResultCode"], &ended["result"]["evidence"]);
        let told = format!(
            "{change}: {code} {} {}",
            evidence["reasons"], evidence["challenge"]
        );
        println!("{told}");
        if change == "follows" {
            assert_eq!(code, "0840", "{told}");
            assert_eq!(evidence["challenge"]["flaws"], json!([]), "{told}");
            assert_eq!(evidence["challenge"]["made"], drawn["turns"], "{told}");
        } else {
            assert_eq!(code, "0907", "{told}");
            let reasons = evidence["reasons"].as_array().unwrap();
            assert!(reasons.contains(&json!("challenge_not_followed")), "{told}");
        }
    }
}

/// A capture as `selfsame eval turns` reads it.
fn write_capture(folder: &std::path::Path, photograph: &[u8], turns: &[&str], shape: Shape) {
    let (selfie, frames) = turning(photograph, turns, shape);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("selfie.jpg"), selfie).unwrap();
    for (number, frame) in frames.iter().enumerate() {
        std::fs::write(folder.join(format!("frame-{}.jpg", number + 1)), frame).unwrap();
    }
}

#[test]
fn heads_that_turn_are_judged_as_they_were_asked_and_attacks_of_them_do_not_follow() {
    let Some([one, .., another]) = photographs() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let turns = ["right", "up"];
    write_capture(&at("ada/right-up-1"), &one, &turns, Shape::Head);
    write_capture(&at("bob/right-up-1"), &another, &turns, Shape::Head);
    write_capture(&at("bob/right-up-2"), &another, &turns, Shape::Plane);
    let table = folder.path().join("frames.csv");
    let report = support::selfsame(&[
        "eval",
        "turns",
        "--captures",
        folder.path().to_str().unwrap(),
        "--table",
        table.to_str().unwrap(),
    ])
    .remove(0);
    let outcome = |tried: &str| {
        let outcomes = report["turns"]["outcomes"].as_array().unwrap();
        let found = outcomes.iter().find(|outcome| outcome["tried"] == tried);
        found.unwrap_or_else(|| panic!("{tried}: {report}")).clone()
    };
    let counted = |of: &Value| {
        (
            of["count"].as_u64().unwrap(),
            of["trials"].as_u64().unwrap(),
        )
    };
    let asked = outcome("as_asked");
    assert_eq!(counted(&asked["followed"]), (2, 3), "{report}");
    assert_eq!(counted(&asked["people_followed"]), (1, 2), "{report}");
    assert_eq!(
        report["turns"]["not_followed"][0]["capture"],
        "bob/right-up-2"
    );
    // Five other draws of two turns for each capture; one attack of each person.
    for (tried, trials) in [
        ("other_turns", 15),
        ("anothers_turns", 2),
        ("anothers_frames", 2),
        ("moved", 2),
        ("plane", 2),
        ("plane_far", 2),
        ("bent", 2),
    ] {
        assert_eq!(
            counted(&outcome(tried)["followed"]),
            (0, trials),
            "{tried}: {report}"
        );
    }
    let rows = std::fs::read_to_string(&table).unwrap();
    assert!(rows.starts_with("tried,capture,asked,"), "{rows}");
    assert!(
        rows.contains("as asked,ada/right-up-1,right up,yes,"),
        "{rows}"
    );
}
