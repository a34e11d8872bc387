//! Attempts that fail lock the user, and nobody else.

use serde_json::json;

use super::{Story, form};
use crate::support::{package, photographs};

/// Two may fail; then ten minutes.
const POLICY: &str = "[defaults.lockout]\nmax_failures = 2\nfirst_delay_seconds = 600\n\
    longest_delay_seconds = 600\nforget_after_seconds = 3600\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whose_attempts_fail_is_locked_until_an_operator_or_time_unlocks_it() {
    let Some([photo, second, _, stranger]) = photographs() else {
        return;
    };
    let story = Story::begin(POLICY, &[]);
    for (user, face) in [("ada", &photo), ("bob", &stranger)] {
        assert_eq!(story.job(user, user, 4, face).await["ResultCode"], "0840");
    }
    // What the sandbox forces counts nothing, and what passes forgets.
    for n in 0..3 {
        let mut body = story.server.upload_body("ada", &format!("f{n}"), 2, "");
        body["sandbox_result"] = "0821".into();
        assert_eq!(story.run(body, &second).await["ResultCode"], "0821");
    }
    let shown = story.user(&["show", "ada"]);
    assert_eq!(
        (&shown["failed_attempts"], &shown["locked_until"]),
        (&json!(0), &json!(null))
    );
    for (job, face, code) in [
        ("a", &stranger, "0821"),
        ("b", &second, "0820"),
        ("c", &stranger, "0821"),
    ] {
        assert_eq!(story.job("ada", job, 2, face).await["ResultCode"], code);
    }
    assert_eq!(story.user(&["show", "ada"])["failed_attempts"], 1);
    // Prepared before the lock.
    let early = story.server.prepare(&story.http, "ada", "early", 2).await;
    assert_eq!(
        story.job("ada", "d", 2, &stranger).await["ResultCode"],
        "0821"
    );

    let locked = |(status, wait, refused): (u16, Option<u64>, serde_json::Value)| {
        assert_eq!(
            (status, &refused["code"]),
            (400, &json!("2207")),
            "{refused}"
        );
        let text = refused["error"].as_str().unwrap();
        assert!(
            text.starts_with("too many attempts of this user failed; try again after "),
            "{text}"
        );
        assert!((1..=600).contains(&wait.unwrap()), "{wait:?}");
    };
    locked(
        story
            .upload(&story.server.upload_body("ada", "e", 2, ""))
            .await,
    );
    let mut again = story.server.upload_body("ada", "f", 4, "");
    again["allow_new_enroll"] = true.into();
    locked(story.upload(&again).await);
    let signed = story.server.signed();
    let call = "smart-selfie-authentication";
    locked(
        story
            .call(call, &signed, form(&second, &[("user_id", "ada")]))
            .await,
    );
    // A lock tells no more of who is enrolled than before, and is of one user in one environment.
    let (_, _, unknown) = story
        .upload(&story.server.upload_body("eve", "g", 2, ""))
        .await;
    assert_eq!(unknown["code"], "2210");
    assert_eq!(
        story.job("bob", "h", 2, &stranger).await["ResultCode"],
        "0820"
    );
    // The right face is refused like any other, and its score is not told.
    assert_eq!(story.put(&early, package(&second)).await, 200);
    let ended = story.server.ended(&story.http, "ada", "early").await;
    let result = &ended["result"];
    assert_eq!(result["ResultCode"], "0821", "{ended}");
    let text = result["ResultText"].as_str().unwrap();
    assert!(
        text.contains("too many attempts of this user failed"),
        "{text}"
    );
    assert_eq!(result["evidence"]["comparison"], json!(null));
    assert_eq!(result.get("ConfidenceValue"), None);

    // A restart forgets nothing; a policy that counts nothing locks nobody.
    let story = story.restart("[defaults.lockout]\nmax_failures = 0\n");
    assert_eq!(
        story.job("ada", "i", 2, &second).await["ResultCode"],
        "0820"
    );
    let story = story.restart(POLICY);
    locked(
        story
            .upload(&story.server.upload_body("ada", "j", 2, ""))
            .await,
    );
    let shown = story.user(&["show", "ada"]);
    assert_eq!(shown["failed_attempts"], 2);
    assert!(shown["locked_until"].is_string());
    assert_eq!(story.user(&["unlock", "ada"])["unlocked"], true);
    assert_eq!(
        story.job("ada", "k", 2, &second).await["ResultCode"],
        "0820"
    );
    let audit = story.command(&["audit", "list"]);
    let unlocked: Vec<_> = audit
        .iter()
        .filter(|r| r["action"] == "user_unlocked")
        .collect();
    assert_eq!(unlocked.len(), 1);
    assert_eq!(unlocked[0]["subject"], "user p/sandbox/ada");
}

/// Many at once are no more tries than one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_no_more_tries() {
    let Some([photo, _, _, stranger]) = photographs() else {
        return;
    };
    let story = Story::begin(POLICY, &[]);
    assert_eq!(
        story.job("ada", "enrol", 4, &photo).await["ResultCode"],
        "0840"
    );
    let names: Vec<String> = (0..8).map(|n| format!("try {n}")).collect();
    let mut urls = Vec::new();
    for name in &names {
        urls.push(story.server.prepare(&story.http, "ada", name, 2).await);
    }
    let puts = urls.iter().map(|url| story.put(url, package(&stranger)));
    for status in futures::future::join_all(puts).await {
        assert_eq!(status, 200);
    }
    let mut told = 0;
    for name in &names {
        let ended = story.server.ended(&story.http, "ada", name).await;
        assert_eq!(ended["result"]["ResultCode"], "0821");
        told += usize::from(!ended["result"]["evidence"]["comparison"].is_null());
    }
    assert_eq!(told, 2, "of eight attempts two were compared");
    // The same by v2, where each request waits for its own job.
    story.user(&["unlock", "ada"]);
    let signed = story.server.signed();
    let tries = (0..6).map(|n| {
        let params = format!("{{\"job_id\":\"v2 {n}\"}}");
        let fields = [("user_id", "ada"), ("partner_params", params.as_str())];
        story.call(
            "smart-selfie-authentication",
            &signed,
            form(&stranger, &fields),
        )
    });
    let tries: Vec<_> = tries.collect();
    let answers = futures::future::join_all(tries).await;
    let compared = answers
        .iter()
        .filter(|(_, _, a)| {
            a["message"]
                .as_str()
                .is_some_and(|m| m.ends_with("did not match"))
        })
        .count();
    assert_eq!(compared, 2, "{answers:?}");
    for (_, _, answer) in &answers {
        let refused = ["0821", "2207"].map(Into::into);
        assert!(refused.contains(&answer["code"]), "{answer}");
    }
}

/// Trying to take a user over, or to pass with what passed before, is guessing too.
#[tokio::test(flavor = "multi_thread")]
async fn replacements_and_replays_count() {
    let Some([photo, _, _, stranger]) = photographs() else {
        return;
    };
    let policy = format!("{POLICY}[sandbox.replay]\nexact = \"refuse\"\n");
    let story = Story::begin(&policy, &[]);
    assert_eq!(
        story.job("ada", "enrol", 4, &photo).await["ResultCode"],
        "0840"
    );
    assert_eq!(
        story.replace("ada", "a", &stranger).await["ResultCode"],
        "0842"
    );
    assert_eq!(story.user(&["show", "ada"])["failed_attempts"], 1);
    assert_eq!(story.job("ada", "b", 2, &photo).await["ResultCode"], "0907");
    assert_eq!(story.user(&["show", "ada"])["failed_attempts"], 2);
    // A person's word: a rejection is one more failure, an approval forgets.
    let takeover = story.waiting().remove(0);
    story.command(&["review", "decide", &takeover, "reject"]);
    assert_eq!(story.user(&["show", "ada"])["failed_attempts"], 3);
    story.user(&["unlock", "ada"]);
    // Another file of the stranger's, since the first one counts as used.
    let other = [&stranger[..], b"\0"].concat();
    assert_eq!(
        story.replace("ada", "c", &other).await["ResultCode"],
        "0842"
    );
    assert_eq!(story.user(&["show", "ada"])["failed_attempts"], 1);
    assert_eq!(story.approve(&story.waiting()[0]), "1210");
    assert_eq!(story.user(&["show", "ada"])["failed_attempts"], 0);
}
