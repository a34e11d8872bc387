//! A request that comes again because its answer was lost gets it; images that come again get nothing.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Story, form};
use crate::support::{callbacks, package, photographs};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_package_again_is_answered_again() {
    let Some([photo, second, ..]) = photographs() else {
        return;
    };
    let story = Story::begin("", &["--allow-private-callbacks"]);
    let (callback, mut received) = callbacks().await;
    let body = story.server.upload_body("ada", "j", 4, &callback);
    let (_, _, first) = story.upload(&body).await;
    // The answer was lost: the very same request.
    let (status, _, prepared) = story.upload(&body).await;
    assert_eq!(status, 200, "{prepared}");
    let url = prepared["upload_url"].as_str().unwrap();
    // Both at once: the later may take the place of the one that is still arriving.
    let (one, two) = tokio::join!(
        story.put(url, package(&photo)),
        story.put(url, package(&photo))
    );
    assert!([one, two].contains(&200), "{one} {two}");
    assert!(
        [one, two].iter().all(|s| [200, 409].contains(s)),
        "{one} {two}"
    );
    assert_eq!(story.put(url, package(&photo)).await, 200);
    assert_eq!(story.put(url, package(&second)).await, 409);
    let ended = story.server.ended(&story.http, "ada", "j").await;
    assert_eq!(ended["result"]["ResultCode"], "0840");
    assert_eq!(story.put(url, package(&photo)).await, 200);
    assert_eq!(story.put(url, package(&second)).await, 409);
    let dead = first["upload_url"].as_str().unwrap();
    assert_eq!(story.put(dead, package(&photo)).await, 403);
    assert_eq!(story.jobs(), 1);
    // One job, one callback.
    assert!(received.recv().await.is_some());
    let more = tokio::time::timeout(Duration::from_millis(700), received.recv()).await;
    assert!(more.is_err(), "no second callback");
    // In other words the name is taken, and with its package there, in the same words too.
    for again in [&body, &story.server.upload_body("ada", "j", 2, &callback)] {
        let (_, _, taken) = story.upload(again).await;
        assert_eq!(
            taken["code"],
            if again == &body { "2209" } else { "2215" },
            "{taken}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_v2_request_gets_the_first_answer() {
    let Some([photo, second, ..]) = photographs() else {
        return;
    };
    let story = Story::begin("", &["--allow-private-callbacks"]);
    let (callback, mut received) = callbacks().await;
    let enrol = "smart-selfie-enroll";
    let named = |job: &str, more: &str| format!("{{\"job_id\":\"{job}\",\"more\":\"{more}\"}}");
    let params = named("j", "");
    let fields = [
        ("user_id", "ada"),
        ("partner_params", params.as_str()),
        ("callback_url", callback.as_str()),
    ];
    // At once: the second waits for the first one's job. Signed anew, as clients do.
    let (signed, anew) = (story.server.signed(), story.server.signed());
    let (one, two) = tokio::join!(
        story.call(enrol, &signed, form(&photo, &fields)),
        story.call(enrol, &anew, form(&photo, &fields))
    );
    assert_eq!((one.0, &one.2["code"]), (200, &json!("0840")), "{}", one.2);
    // Afterwards: although the user is enrolled by now.
    let three = story.call(enrol, &signed, form(&photo, &fields)).await;
    for again in [&two.2, &three.2] {
        for field in [
            "code",
            "status",
            "message",
            "job_id",
            "user_id",
            "updated_at",
        ] {
            assert_eq!(again[field], one.2[field], "{field}");
        }
    }
    assert_eq!(story.jobs(), 1);
    assert!(received.recv().await.is_some());
    let more = tokio::time::timeout(Duration::from_millis(700), received.recv()).await;
    assert!(more.is_err(), "no second callback");
    // Other content is another request, and the job's name is taken.
    let taken = async |call: &str, photo: &[u8], fields: &[(&'static str, &str)]| {
        let (_, _, answer) = story.call(call, &signed, form(photo, fields)).await;
        answer["code"].as_str().unwrap().to_owned()
    };
    let other = named("j", "other");
    let auth = "smart-selfie-authentication";
    assert_eq!(taken(auth, &photo, &fields).await, "2215");
    let changed = [("user_id", "ada"), ("partner_params", other.as_str())];
    assert_eq!(taken(auth, &photo, &changed).await, "2215");
    assert_eq!(taken(auth, &second, &fields).await, "2215");
    assert_eq!(story.jobs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_v2_request_without_a_job_is_the_same_only_with_its_signature() {
    let Some([photo, second, ..]) = photographs() else {
        return;
    };
    let story = Story::begin("", &[]);
    let (enrol, auth) = ("smart-selfie-enroll", "smart-selfie-authentication");
    let signed = story.server.signed();
    let anonymous = |photo: &[u8]| form(photo, &[("partner_params", "{}")]);
    let (_, _, one) = story.call(enrol, &signed, anonymous(&photo)).await;
    let (_, _, two) = story.call(enrol, &signed, anonymous(&photo)).await;
    assert_eq!(one["code"], "0840", "{one}");
    assert_eq!(
        (&one["user_id"], &one["job_id"]),
        (&two["user_id"], &two["job_id"])
    );
    let user = one["user_id"].as_str().unwrap();
    let fields = [("user_id", user)];
    let job = async |signed: &Value| {
        let (_, _, answer) = story.call(auth, signed, form(&second, &fields)).await;
        assert_eq!(answer["code"], "0820", "{answer}");
        answer["job_id"].as_str().unwrap().to_owned()
    };
    let first = job(&signed).await;
    assert_eq!(job(&signed).await, first);
    // A new signature may mean a new login with the same words.
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_ne!(job(&story.server.signed()).await, first);
    assert_eq!(story.jobs(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_very_file_does_not_pass_again_under_the_same_name() {
    let Some([photo, second, third, stranger]) = photographs() else {
        return;
    };
    let mut story = Story::begin(
        "[production.liveness.motion]\nmode = \"when_present\"\n",
        &[],
    );
    story.server.key = story.production_key.clone();
    assert_eq!(
        story.job("ada", "enrol", 4, &photo).await["ResultCode"],
        "0840"
    );
    let retry = |job: &str| {
        let mut body = story.server.upload_body("ada", job, 2, "");
        body["retry"] = true.into();
        body
    };
    // After a pass there is nothing to retry.
    assert_eq!(
        story.job("ada", "passed", 2, &second).await["ResultCode"],
        "0820"
    );
    let (status, _, refused) = story.upload(&retry("passed")).await;
    assert_eq!(
        (status, &refused["code"]),
        (400, &json!("2215")),
        "{refused}"
    );
    // After a failure there is: but not with what passed elsewhere, nor with what another attempt brought.
    assert_eq!(
        story.job("ada", "failed", 2, &stranger).await["ResultCode"],
        "0821"
    );
    let replayed = story.run(retry("failed"), &second).await;
    assert_eq!(replayed["ResultCode"], "0907", "{replayed}");
    assert_eq!(replayed["evidence"]["reasons"], json!(["replayed_image"]));
    let passed = story.run(retry("failed"), &third).await;
    assert_eq!(passed["ResultCode"], "0820", "{passed}");
    let (_, _, refused) = story.upload(&retry("failed")).await;
    assert_eq!(refused["code"], "2215");
}
