//! What operators do by the API: each action by a token whose role allows it, and by none whose role does not.

use std::path::Path;

use reqwest::{Client, Method};
use selfsame_job::audit::Actor;
use selfsame_job::fraud::{Received, ReportToken};
use selfsame_job::user::UserKey;
use selfsame_wire::id::Environment;
use selfsame_wire::v3::fraud::{FraudReport, ReportForm};
use serde_json::{Value, json};

use super::Description;
use crate::support::{Server, partner, selfsame, store};

/// A token of a role, as the command line makes it.
fn token(data: &Path, role: &str, more: &[&str]) -> String {
    let dir = data.to_str().unwrap();
    let command = ["admin", "--data", dir, "token", "add", "--name", role];
    let made = selfsame(&[&command[..], &["--role", role], more].concat());
    assert_eq!(made[0]["role"], role);
    made[0]["token"].as_str().unwrap().to_owned()
}

/// The role that an action demands, its method, its path as described and as asked, and its body.
type Action = (&'static str, Method, &'static str, String, Option<Value>);

/// Every action. Users and jobs are those of the story before.
fn actions(reviewed: &str, called_back: &str) -> Vec<Action> {
    let (get, post) = (Method::GET, Method::POST);
    let at = |path: &str| format!("/admin/v1/{path}");
    let user = "/admin/v1/users/{partner}/{environment}/{user}";
    let status = "/admin/v1/users/{partner}/{environment}/{user}/status";
    let set = |status: &str| Some(json!({"status": status}));
    vec![
        (
            "observer",
            get.clone(),
            "/admin/v1/reviews",
            at("reviews"),
            None,
        ),
        (
            "reviewer",
            get.clone(),
            "/admin/v1/reviews/{job}",
            at(&format!("reviews/{reviewed}")),
            None,
        ),
        (
            "observer",
            get.clone(),
            "/admin/v1/partners",
            at("partners"),
            None,
        ),
        (
            "operator",
            post.clone(),
            "/admin/v1/partners",
            at("partners"),
            Some(json!({"partner_id": "q", "name": "Q", "callback_url": "https://q.example/cb"})),
        ),
        (
            "operator",
            post.clone(),
            "/admin/v1/partners/{partner}/production",
            at("partners/q/production"),
            Some(json!({"enabled": true})),
        ),
        (
            "operator",
            post.clone(),
            "/admin/v1/partners/{partner}/signatures",
            at("partners/q/signatures"),
            Some(json!({"required": true})),
        ),
        (
            "operator",
            post.clone(),
            "/admin/v1/partners/{partner}/callback",
            at("partners/q/callback"),
            Some(json!({"callback_url": "http://q.example/cb", "environment": "sandbox"})),
        ),
        (
            "operator",
            post.clone(),
            "/admin/v1/partners/{partner}/callback",
            at("partners/q/callback"),
            Some(json!({"callback_url": null})),
        ),
        (
            "operator",
            post.clone(),
            "/admin/v1/partners/{partner}/key",
            at("partners/q/key"),
            Some(json!({"environment": "production"})),
        ),
        ("observer", get, user, at("users/p/sandbox/ben"), None),
        (
            "operator",
            post.clone(),
            status,
            at("users/p/sandbox/ben/status"),
            set("disabled"),
        ),
        (
            "operator",
            post.clone(),
            status,
            at("users/p/sandbox/ben/status"),
            set("active"),
        ),
        (
            "operator",
            post.clone(),
            "/admin/v1/users/{partner}/{environment}/{user}/unlock",
            at("users/p/sandbox/ada/unlock"),
            None,
        ),
        (
            "reviewer",
            Method::GET,
            "/admin/v1/users/{partner}/{environment}/{user}/fraud",
            at("users/p/sandbox/ben/fraud"),
            None,
        ),
        (
            "operator",
            post.clone(),
            "/admin/v1/users/{partner}/{environment}/{user}/clear",
            at("users/p/sandbox/ben/clear"),
            Some(json!({"why": "mistaken"})),
        ),
        (
            "operator",
            post,
            "/admin/v1/jobs/{job}/replay",
            at(&format!("jobs/{called_back}/replay")),
            None,
        ),
    ]
}

/// A partner says that a user is a fraud.
async fn report(data: &Path, user: &str) {
    let mut form = ReportForm::default();
    for (part, text) in [
        ("is_fraud", "true"),
        ("reported_by", "eve@example.com"),
        ("reason", "MULE_ACCOUNT"),
    ] {
        *form.part(part).unwrap() = Some(text.to_owned());
    }
    let key = UserKey {
        partner: partner(),
        environment: Environment::Sandbox,
        user: user.parse().unwrap(),
    };
    let store = store::open(data).await;
    let (report, by) = (
        FraudReport::parse(form).unwrap(),
        Actor::partner(&partner()),
    );
    let received = store.report_fraud(&key, &report, &by, ReportToken::Partners);
    assert_eq!(received.await.unwrap(), Received::Recorded);
}

pub async fn operate(d: &mut Description, s: &Server, http: &Client, data: &Path) {
    let roles = ["observer", "reviewer", "operator"];
    let tokens = roles.map(|role| token(data, role, &[]));
    let dir = data.to_str().unwrap();
    let job = |list: &[&str], wanted: fn(&Value) -> bool| {
        let listed = selfsame(&[list, &["--data", dir]].concat());
        let found = listed.iter().find(|job| wanted(job)).unwrap();
        found["smile_job_id"].as_str().unwrap().to_owned()
    };
    let reviewed = job(&["review", "list", "--decided"], |_| true);
    let called_back = job(&["job", "list"], |job| job["job_id"] == "j3");
    report(data, "ben").await;
    for (demanded, method, path, at, body) in actions(&reviewed, &called_back) {
        let need = roles.iter().position(|role| *role == demanded).unwrap();
        for (place, token) in tokens.iter().enumerate() {
            let mut request = http
                .request(method.clone(), format!("{}{at}", s.base))
                .bearer_auth(token);
            if let Some(body) = &body {
                request = request.json(body);
            }
            // Those that may not ask first: what they ask must not come about.
            let expected = if place < need {
                403
            } else if place > need {
                continue;
            } else {
                200
            };
            let (status, answer) = d.check(method.clone(), path, request, body.as_ref()).await;
            assert_eq!(
                status, expected,
                "{} {method} {path}: {answer}",
                roles[place]
            );
        }
    }
    // The audit names whose token it was.
    let records = selfsame(&["audit", "--data", dir, "list"]);
    let by_token = |action: &str| {
        let mut found = records.iter().filter(|record| record["action"] == action);
        found.any(|record| record["actor"] == "admin:operator")
    };
    for action in [
        "partner_added",
        "partner_production_set",
        "partner_callback_set",
        "partner_key_replaced",
        "user_disabled",
        "user_enabled",
        "user_unlocked",
        "user_cleared",
        "callback_replayed",
    ] {
        assert!(by_token(action), "{action}");
    }
    // A token that has expired opens nothing, and a withdrawn one neither.
    let brief = token(data, "operator", &["--expires-in", "1s"]);
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    for token in [&brief, &tokens[2]] {
        let request = http
            .get(format!("{}/admin/v1/partners", s.base))
            .bearer_auth(token);
        let (status, _) = d
            .check(Method::GET, "/admin/v1/partners", request, None)
            .await;
        assert_eq!(status, 401);
    }
    // It was cleared: there is nothing to clear any more.
    let operator = token(data, "operator", &[]);
    for (body, expected) in [
        (json!({"why": "mistaken"}), 404),
        (json!({"why": " "}), 400),
        (json!({}), 400),
    ] {
        let request = http
            .post(format!("{}/admin/v1/users/p/sandbox/ben/clear", s.base))
            .bearer_auth(&operator)
            .json(&body);
        let path = "/admin/v1/users/{partner}/{environment}/{user}/clear";
        // What is sent is against the description on purpose.
        let (status, answer) = d.check(Method::POST, path, request, None).await;
        assert_eq!(status, expected, "{answer}");
    }
    let taken = http
        .post(format!("{}/admin/v1/partners", s.base))
        .bearer_auth(&operator)
        .json(&json!({"partner_id": "q"}));
    assert_eq!(
        d.check(Method::POST, "/admin/v1/partners", taken, None)
            .await
            .0,
        409
    );
}
