//! A user that a partner reports by v3 is locked for every API, until an operator clears it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use reqwest::multipart::Form;
use serde_json::Value;

use crate::support::{Server, add_partner, http, package, photographs, selfsame};

/// Every enrolment that replaces a face waits for a person.
const POLICY: &str =
    "name = \"test\"\nversion = \"1\"\n[enrolment.replacement]\nmode = \"review\"\n";
/// Who reports.
const WHO: (&str, &str) = ("reported_by", "eve@planted.example");

struct House {
    server: Server,
    http: reqwest::Client,
    data: tempfile::TempDir,
}

fn form(parts: &[(&'static str, &str)]) -> Form {
    parts.iter().fold(Form::new(), |form, (name, text)| {
        form.text(*name, (*text).to_owned())
    })
}

impl House {
    fn begin() -> Self {
        let data = tempfile::tempdir().unwrap();
        let key = add_partner(data.path());
        let policy = data.path().join("policy.toml");
        std::fs::write(&policy, POLICY).unwrap();
        let more = ["--policy", policy.to_str().unwrap()];
        Self {
            server: Server::start(data.path(), &key, &more),
            http: http(),
            data,
        }
    }

    fn command(&self, command: &[&str]) -> Vec<Value> {
        let (first, rest) = command.split_first().unwrap();
        let dir = self.data.path().to_str().unwrap();
        selfsame(&[&[*first, "--data", dir], rest].concat())
    }

    fn user(&self, command: &[&str]) -> Value {
        self.command(&[&["user", "--partner", "p"], command].concat())
            .remove(0)
    }

    /// A v3 token, bound to what is named.
    async fn token(&self, bound: &[(&'static str, &str)]) -> String {
        let url = format!("{}/v3/token", self.server.base);
        let mut request = self.http.post(url).header("smileid-partner-id", "p");
        request = request.header("smileid-api-key", self.server.key.expose());
        if !bound.is_empty() {
            request = request.multipart(form(bound));
        }
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    async fn report(
        &self,
        token: &str,
        user: &str,
        parts: &[(&'static str, &str)],
    ) -> (u16, Value) {
        let url = format!("{}/v3/users/{user}/report_fraud", self.server.base);
        let request = self.http.post(url).header("smileid-token", token);
        let answer = request.multipart(form(parts)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// An upload body; an enrolment may replace.
    fn body(&self, job: &str, job_type: u8) -> Value {
        let mut body = self.server.upload_body("ada", job, job_type, "");
        body["allow_new_enroll"] = (job_type == 4).into();
        body
    }

    /// Runs a job of ada's by v1; gives its result.
    async fn run(&self, job: &str, job_type: u8, photo: &[u8]) -> Value {
        let body = self.body(job, job_type);
        let ended = self.server.run(&self.http, &body, package(photo)).await;
        ended["result"].clone()
    }

    /// v1 refuses each of ada's jobs, in words that tell nothing of reports.
    async fn is_locked(&self, when: &str) {
        for job_type in [2, 4] {
            let body = self.body(&format!("{when}-{job_type}"), job_type);
            let posted = self.server.post(&self.http, "/v1/upload", &body).await;
            let (status, answer) = posted.unwrap();
            assert_eq!((status, &answer["code"]), (400, &"2207".into()), "{when}");
            let text = answer["error"].as_str().unwrap();
            assert!(
                text.contains("operator") && !text.contains("fraud"),
                "{text}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reported_user_is_locked_until_an_operator_clears_it() {
    let Some([photo, second, third, _]) = photographs() else {
        return;
    };
    let house = House::begin();
    let (server, http) = (&house.server, &house.http);
    assert_eq!(house.run("enrol", 4, &photo).await["ResultCode"], "0840");
    // One that waits for a person, and one whose package comes later.
    let waits = house.run("waits", 4, &second).await;
    assert_eq!(waits["ResultCode"], "0842", "{waits}");
    let late = server.prepare(http, "ada", "late", 2).await;

    let token = house.token(&[]).await;
    let fraud = [("is_fraud", "true"), WHO, ("reason", "MULE_ACCOUNT")];
    let none = [("is_fraud", "false"), WHO, ("notes", "planted notes")];
    // Who may not, or says nothing, changes nothing.
    for (bound, expected) in [
        (("user_id", "ben"), 403),
        (("product", "smart_selfie_authentication"), 403),
        (("partner_params", r#"{"order":"7"}"#), 403),
    ] {
        let other = house.token(&[bound]).await;
        let (status, answer) = house.report(&other, "ada", &fraud).await;
        assert_eq!((status, &answer["status"]), (expected, &"Forbidden".into()));
    }
    let (status, answer) = house.report(&token, "nobody", &fraud).await;
    assert_eq!((status, &answer["status"]), (404, &"Not Found".into()));
    let (status, answer) = house.report(&token, "ada", &fraud[..2]).await;
    assert_eq!(
        (status, &answer["message"]),
        (400, &"reason is required".into())
    );
    let (status, _) = house.report("eyJ.e30.x", "ada", &fraud).await;
    assert_eq!(status, 401);
    let url = format!("{}/v3/users/ada/report_fraud", server.base);
    let json = http.post(url).header("smileid-token", &token).body("{}");
    assert_eq!(json.send().await.unwrap().status().as_u16(), 415);
    let (status, answer) = house.report(&token, "ada", &none).await;
    assert_eq!((status, &answer["status"]), (202, &"accepted".into()));
    assert_eq!(house.user(&["show", "ada"])["fraud_locked"], false);

    let bound = house.token(&[("user_id", "ada")]).await;
    // Its user may hold that one, and says of nobody that it is no fraud, in whatever name.
    let (status, answer) = house.report(&bound, "ada", &none).await;
    assert_eq!((status, &answer["status"]), (403, &"Forbidden".into()));
    for token in [&token, &bound] {
        let (status, answer) = house.report(token, "ada", &fraud).await;
        assert_eq!((status, &answer["user_id"]), (202, &"ada".into()));
    }
    house.is_locked("reported").await;
    let put = http.put(late).body(package(&third)).send().await.unwrap();
    assert_eq!(put.status().as_u16(), 200);
    let late = server.ended(http, "ada", "late").await;
    assert_eq!(late["result"]["ResultCode"], "0821", "{late}");
    assert!(!late["result"].to_string().contains("fraud"), "{late}");
    let waits = waits["SmileJobID"].as_str().unwrap();
    let decided = house.command(&["review", "decide", waits, "approve"]);
    assert_eq!(decided[0]["result_code"], "1211");
    // Nothing lifts it but a clearing.
    let more = [("is_fraud", "false"), WHO, ("notes", "it was a mistake")];
    let (status, answer) = house.report(&token, "ada", &more).await;
    let message = answer["message"].as_str().unwrap();
    assert!(
        status == 202 && message.contains("changes nothing"),
        "{answer}"
    );
    house.user(&["disable", "ada"]);
    house.user(&["enable", "ada"]);
    house.is_locked("enabled").await;
    let shown = house.user(&["show", "ada"]);
    assert_eq!(shown["fraud_locked"], true);
    let said = |n: usize, part: &str| shown["fraud_records"][n][part].as_str().unwrap().to_owned();
    assert_eq!(
        [said(0, "said"), said(1, "said"), said(2, "said")],
        ["no_fraud", "fraud", "no_fraud"]
    );
    assert_eq!(
        (said(1, "reason"), said(1, "by")),
        ("MULE_ACCOUNT".into(), WHO.1.into())
    );
    assert_eq!(house.user(&["list", "--reported"])["user_id"], "ada");
    house.user(&["clear", "ada", "--why", "planted why"]);
    let back = house.run("back", 2, &third).await;
    assert_eq!(back["ResultCode"], "0820", "{back}");

    // Whoever is erased and enrolled anew is still who was reported.
    let (status, _) = house.report(&token, "ada", &fraud).await;
    assert_eq!(status, 202);
    house.user(&["delete", "ada"]);
    let body = house.body("anew", 4);
    let (_, answer) = server.post(http, "/v1/upload", &body).await.unwrap();
    assert_eq!(answer["code"], "2207", "{answer}");
    assert_eq!(house.report(&token, "ada", &fraud).await.0, 404);
    let shown = house.user(&["show", "ada"]);
    assert!(!shown.to_string().contains("planted"), "{shown}");
    house.user(&["clear", "ada", "--why", "enrolled anew"]);
    assert_eq!(house.run("new", 4, &photo).await["ResultCode"], "0840");

    let audit = house.command(&["audit", "list"]);
    let of_fraud: Vec<_> = audit
        .iter()
        .map(|record| (&record["actor"], record["action"].as_str().unwrap()))
        .filter(|(_, action)| matches!(*action, "user_reported" | "user_cleared"))
        .collect();
    assert_eq!(of_fraud.len(), 6, "{of_fraud:?}");
    assert_eq!(of_fraud[0], (&"partner:p".into(), "user_reported"));
    assert!(!format!("{audit:?}").contains("planted"));
    let log = std::fs::read_to_string(house.data.path().join("server.log")).unwrap();
    assert!(!log.contains("planted"), "{log}");
}
