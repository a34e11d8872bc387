//! An enrolled face is replaced by the same face, or by a person's word.

use serde_json::json;

use super::{Story, strings};
use crate::support::photographs;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_does_not_become_an_enrolled_user() {
    let Some([photo, second, third, stranger]) = photographs() else {
        return;
    };
    let story = Story::begin("", &[]);
    assert_eq!(
        story.job("ada", "first", 4, &photo).await["ResultCode"],
        "0840"
    );
    let taken = story.replace("ada", "takeover", &stranger).await;
    assert_eq!(taken["ResultCode"], "0842", "{taken}");
    let evidence = &taken["evidence"];
    assert_eq!(strings(&evidence["reasons"]), ["replacement_mismatch"]);
    assert!(evidence["comparison"]["score"].as_f64().unwrap() < 0.42);
    let actions = &taken["Actions"];
    assert_eq!(actions["Register_Selfie"], "Under Review");
    assert_eq!(
        actions["Selfie_To_Registered_Selfie_Compare"],
        "Under Review"
    );
    assert_eq!(actions["Human_Review_Compare"], "Sent to Human Review");
    // Nothing is replaced while it waits.
    assert_eq!(
        story.job("ada", "a1", 2, &second).await["ResultCode"],
        "0820"
    );
    assert_eq!(
        story.job("ada", "a2", 2, &stranger).await["ResultCode"],
        "0821"
    );
    // The same person replaces the own face without anybody's help.
    let renewed = story.replace("ada", "renewed", &second).await;
    assert_eq!(renewed["ResultCode"], "0840", "{renewed}");
    assert_eq!(
        renewed["Actions"]["Selfie_To_Registered_Selfie_Compare"],
        "Completed"
    );
    assert!(renewed["ConfidenceValue"].is_string());
    // What the sandbox forces compares nothing, and so replaces nobody.
    let mut forced = story.server.upload_body("ada", "forced", 4, "");
    forced["allow_new_enroll"] = true.into();
    forced["sandbox_result"] = "0840".into();
    assert_eq!(story.run(forced, &stranger).await["ResultCode"], "0840");
    let mut unasked = story.server.upload_body("ada", "unasked", 4, "");
    unasked["sandbox_result"] = "0840".into();
    assert_eq!(story.run(unasked, &stranger).await["ResultCode"], "0840");
    // Another photo is on file now than the person who decides was shown.
    let [takeover] = &story.waiting()[..] else {
        panic!("one review")
    };
    assert_eq!(story.approve(takeover), "1211");
    assert_eq!(
        story.job("ada", "a3", 2, &third).await["ResultCode"],
        "0820"
    );
    assert_eq!(
        story.job("ada", "a4", 2, &stranger).await["ResultCode"],
        "0821"
    );
    // A person who knows better may let it pass.
    let asked = story.replace("ada", "changed", &stranger).await;
    assert_eq!(asked["ResultCode"], "0842");
    assert_eq!(story.approve(&story.waiting()[0]), "1210");
    assert_eq!(
        story.job("ada", "a5", 2, &stranger).await["ResultCode"],
        "0820"
    );
    assert_eq!(
        story.job("ada", "a6", 2, &second).await["ResultCode"],
        "0821"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_says_what_replaces_a_face() {
    let Some([photo, second, _, stranger]) = photographs() else {
        return;
    };
    let of = |mode: &str| format!("[enrolment.replacement]\nmode = \"{mode}\"\n");
    let story = Story::begin(&of("review"), &[]);
    assert_eq!(
        story.job("ada", "first", 4, &photo).await["ResultCode"],
        "0840"
    );
    let same = story.replace("ada", "same", &second).await;
    assert_eq!(same["ResultCode"], "0842", "{same}");
    assert_eq!(
        strings(&same["evidence"]["reasons"]),
        ["replacement_review"]
    );
    // Refused from now on, and so is the approval of what was asked before.
    let story = story.restart(&of("refuse"));
    let mut body = story.server.upload_body("ada", "refused", 4, "");
    body["allow_new_enroll"] = true.into();
    let (status, _, refused) = story.upload(&body).await;
    assert_eq!((status, &refused["code"]), (400, &json!("2209")));
    assert_eq!(story.approve(&story.waiting()[0]), "1211");
    let story = story.restart(&of("allow"));
    let allowed = story.replace("ada", "allowed", &stranger).await;
    assert_eq!(allowed["ResultCode"], "0840", "{allowed}");
    let reported = strings(&allowed["evidence"]["reported"]);
    assert!(reported.contains(&"replacement_mismatch"), "{reported:?}");
    // A deleted user has no face to replace, whatever the policy.
    let story = story.restart(&of("refuse"));
    story.command(&["user", "--partner", "p", "delete", "ada"]);
    let anew = story.replace("ada", "anew", &photo).await;
    assert_eq!(anew["ResultCode"], "0840", "{anew}");
    // A disabled one stays refused.
    story.command(&["user", "--partner", "p", "disable", "ada"]);
    body["partner_params"]["job_id"] = "disabled".into();
    let (_, _, refused) = story.upload(&body).await;
    assert_eq!(refused["code"], "2207");
}

/// Two jobs that were prepared while nobody was enrolled: the second must not replace whom the first enrolled unseen.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_enrolments_at_once_the_second_is_compared_with_the_first() {
    let Some([photo, _, _, stranger]) = photographs() else {
        return;
    };
    let story = Story::begin("", &[]);
    let mut urls = Vec::new();
    for job in ["one", "two"] {
        let mut body = story.server.upload_body("ada", job, 4, "");
        body["allow_new_enroll"] = true.into();
        let (_, _, prepared) = story.upload(&body).await;
        urls.push(prepared["upload_url"].as_str().unwrap().to_owned());
    }
    let packages = [&photo, &stranger].map(|p| crate::support::package(p));
    let puts = urls
        .iter()
        .zip(packages)
        .map(|(url, package)| story.put(url, package));
    for status in futures::future::join_all(puts).await {
        assert_eq!(status, 200);
    }
    let mut codes = Vec::new();
    for job in ["one", "two"] {
        let ended = story.server.ended(&story.http, "ada", job).await;
        codes.push(ended["result"]["ResultCode"].as_str().unwrap().to_owned());
    }
    codes.sort();
    assert_eq!(codes, ["0840", "0842"]);
}
