//! An approval is checked when it is given, whoever gives it.

use reqwest::Method;
use serde_json::{Value, json};

use super::Story;
use crate::support::photographs;

/// No enrolment is sharp enough: each waits for a person.
const WARY: &str =
    "[enrolment.quality]\nmin_definition = 1.0\n[enrolment.responses]\nblurred = \"review\"\n";

/// Approves by the operator API; gives the code.
async fn approve(story: &Story, token: &str, job: &str) -> String {
    let url = format!("{}/admin/v1/reviews/{job}/decision", story.server.base);
    let answer = story
        .http
        .request(Method::POST, url)
        .bearer_auth(token)
        .json(&json!({"decision": "approve"}))
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer["result_code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_waiting_enrolments_of_one_face_one_is_approved() {
    let Some([photo, second, third, stranger]) = photographs() else {
        return;
    };
    let policy = format!("{WARY}[enrolment.duplicates]\nresponse = \"refuse\"\n");
    let story = Story::begin(&policy, &[]);
    let token = story.command(&["admin", "token", "add", "--name", "eve"]);
    let token = token[0]["token"].as_str().unwrap();
    let mut names = Vec::new();
    for (user, face) in [
        ("one", &photo),
        ("two", &second),
        ("three", &third),
        ("four", &stranger),
    ] {
        let result = story.job(user, user, 4, face).await;
        assert_eq!(result["ResultCode"], "0842", "{result}");
        names.push(result["SmileJobID"].as_str().unwrap().to_owned());
    }
    assert_eq!(story.approve(&names[0]), "1210");
    assert_eq!(story.approve(&names[1]), "1211", "on the command line");
    assert_eq!(
        approve(&story, token, &names[2]).await,
        "1211",
        "by the operator API"
    );
    assert_eq!(
        approve(&story, token, &names[3]).await,
        "1210",
        "another face"
    );
    let (_, status) = story
        .server
        .status(&story.http, "two", "two")
        .await
        .unwrap();
    assert_eq!(
        status["result"]["ResultText"],
        "Not enrolled after review: this person was enrolled under another user_id while the job waited"
    );
    assert_eq!(
        status["result"]["evidence"]["review"]["decision"],
        "approve"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvals_of_one_face_at_once_enrol_it_once() {
    let Some([photo, second, ..]) = photographs() else {
        return;
    };
    let policy = format!("{WARY}[enrolment.duplicates]\nresponse = \"refuse\"\n");
    let story = Story::begin(&policy, &[]);
    for (user, face) in [("one", &photo), ("two", &second)] {
        assert_eq!(story.job(user, user, 4, face).await["ResultCode"], "0842");
    }
    // Two commands, each a process of its own.
    let children: Vec<_> = story
        .waiting()
        .iter()
        .map(|job| {
            let data = story.dir();
            let decide = ["--json", "review", "--data", data, "decide", job, "approve"];
            crate::support::store::command(&decide)
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut codes: Vec<String> = children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
            answer["result_code"].as_str().unwrap().to_owned()
        })
        .collect();
    codes.sort();
    assert_eq!(codes, ["1210", "1211"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_approves_by_the_policy_of_the_latest_start() {
    let Some([photo, second, ..]) = photographs() else {
        return;
    };
    let story = Story::begin(WARY, &[]);
    for (user, face) in [("one", &photo), ("two", &second), ("three", &photo)] {
        assert_eq!(story.job(user, user, 4, face).await["ResultCode"], "0842");
    }
    let waiting = story.waiting();
    assert_eq!(story.approve(&waiting[0]), "1210");
    let replays = "[sandbox.replay]\nexact = \"refuse\"\nnear = \"refuse\"\n";
    let story = story.restart(&format!("{WARY}{replays}"));
    assert_eq!(
        story.approve(&waiting[2]),
        "1211",
        "the very file of the first"
    );
    let story = story.restart(&format!(
        "{WARY}[enrolment.duplicates]\nresponse = \"review\"\n"
    ));
    assert_eq!(
        story.approve(&waiting[1]),
        "1211",
        "enrolled since, so that nobody saw it"
    );
    let (_, status) = story
        .server
        .status(&story.http, "three", "three")
        .await
        .unwrap();
    assert_eq!(
        status["result"]["ResultText"],
        "Not enrolled after review: an image of this capture was used in another job: capture anew"
    );
}
