//! What the public clients send beside the plain case, over HTTP: their timestamps, v2 without names in `partner_params`,
//! booleans and numbers of other languages, a byte-order mark, the sandbox's short words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use reqwest::multipart::{Form, Part};
use selfsame_wire::signature::sign;
use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, http, package, partner, photographs};

struct Caller {
    server: Server,
    http: reqwest::Client,
    photo: Vec<u8>,
    _data: tempfile::TempDir,
}

impl Caller {
    fn begin(more: &[&str]) -> Option<Self> {
        let [photo, ..] = photographs()?;
        let data = tempfile::tempdir().unwrap();
        let key = add_partner(data.path());
        Some(Self {
            server: Server::start_for_stills(data.path(), &key, more),
            http: http(),
            photo,
            _data: data,
        })
    }

    /// A v1 upload that is signed with this very text.
    fn upload_at(&self, timestamp: &str, job: &str) -> Value {
        let mut body = self.server.upload_body("ada", job, 4, "");
        body["timestamp"] = timestamp.into();
        body["signature"] = sign(&self.server.key, &partner(), timestamp).into();
        body
    }

    async fn v2(&self, endpoint: &str, parts: &[(&'static str, &str)]) -> (u16, Value) {
        let signed = self.server.signed();
        let form = parts.iter().fold(
            Form::new().part(
                "selfie_image",
                Part::bytes(self.photo.clone()).file_name("selfie.jpg"),
            ),
            |form, (name, text)| form.text(*name, (*text).to_owned()),
        );
        let answer = self
            .http
            .post(format!("{}/v2/{endpoint}", self.server.base))
            .header("SmileID-Partner-ID", "p")
            .header("SmileID-Timestamp", signed["timestamp"].as_str().unwrap())
            .header(
                "SmileID-Request-Signature",
                signed["signature"].as_str().unwrap(),
            )
            .multipart(form)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timestamps_of_every_public_client_are_accepted_and_local_times_are_not() {
    let Some(caller) = Caller::begin(&[]) else {
        return;
    };
    let now = Timestamp::now();
    let nairobi = now.to_zoned(TimeZone::fixed(offset(3)));
    let utc = now.to_zoned(TimeZone::UTC);
    for (at, (client, timestamp)) in [
        ("Ruby", utc.strftime("%Y-%m-%d %H:%M:%S %z").to_string()),
        (
            "Ruby in Nairobi",
            nairobi.strftime("%Y-%m-%d %H:%M:%S %z").to_string(),
        ),
        (
            "Ruby, UTC by name",
            utc.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ),
        ("PHP", nairobi.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()),
        ("Java", now.to_string()),
        ("Unix milliseconds", now.as_millisecond().to_string()),
    ]
    .into_iter()
    .enumerate()
    {
        let body = caller.upload_at(&timestamp, &format!("job-{at}"));
        let (status, answer) = caller
            .server
            .post(&caller.http, "/v1/upload", &body)
            .await
            .unwrap();
        assert_eq!(status, 200, "{client} {timestamp}: {answer}");
        // The signature is over the text as it was sent, not over the moment that it means.
        let mut other = body.clone();
        other["timestamp"] = now.to_string().into();
        if other["timestamp"] != body["timestamp"] {
            let (_, answer) = caller
                .server
                .post(&caller.http, "/v1/upload", &other)
                .await
                .unwrap();
            assert_eq!(answer["code"], "2205", "{client}");
        }
    }
    let local = utc.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string();
    let body = caller.upload_at(&local, "job-local");
    let (_, answer) = caller
        .server
        .post(&caller.http, "/v1/upload", &body)
        .await
        .unwrap();
    assert_eq!(answer["code"], "2205");
    let why = answer["error"].as_str().unwrap();
    assert!(why.contains("no offset from UTC"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_v2_result_says_whose_it_is_wherever_it_is_read() {
    let Some(caller) = Caller::begin(&["--allow-private-callbacks"]) else {
        return;
    };
    let (callback_url, mut callbacks) = support::callbacks().await;
    for (at, sent) in ["{}", r#"{"order":1.50e1,"note":null}"#, ""]
        .into_iter()
        .enumerate()
    {
        let user = format!("user-{at}");
        let mut parts = vec![
            ("user_id", user.as_str()),
            ("callback_url", callback_url.as_str()),
        ];
        if !sent.is_empty() {
            parts.push(("partner_params", sent));
        }
        let (status, answer) = caller.v2("smart-selfie-enroll", &parts).await;
        assert_eq!(
            (status, &answer["status"]),
            (200, &"approved".into()),
            "{answer}"
        );
        let job = answer["job_id"].as_str().unwrap();
        let echoed = answer["partner_params"].as_object().unwrap();
        assert_eq!(echoed["user_id"], user.as_str());
        assert_eq!(echoed["job_id"], job);
        // iOS reads text only here up to 11.1.7, and a number later: it gets neither.
        assert!(!echoed.contains_key("job_type"), "{echoed:?}");

        let called: Value = serde_json::from_slice(&callbacks.recv().await.unwrap()).unwrap();
        let polled = caller.server.ended(&caller.http, &user, job).await;
        for params in [&called["PartnerParams"], &polled["result"]["PartnerParams"]] {
            assert_eq!(params["user_id"], user.as_str());
            assert_eq!(params["job_id"], job);
            // The public Java client reads no result without it.
            assert_eq!(params["job_type"], 4);
            if at == 1 {
                assert_eq!(params["order"], 15.0);
                assert_eq!(params["note"], Value::Null);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_v2_caller_names_in_partner_params_is_kept_and_may_name_no_other_user() {
    let Some(caller) = Caller::begin(&[]) else {
        return;
    };
    let params = r#"{"job_id":"mine","user_id":"ada","job_type":4,"n":7.0}"#;
    let (status, answer) = caller
        .v2("smart-selfie-enroll", &[("partner_params", params)])
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["job_id"], &answer["user_id"]),
        (&"mine".into(), &"ada".into())
    );
    assert_eq!(
        answer["partner_params"],
        serde_json::from_str::<Value>(params).unwrap()
    );
    let other = [
        ("user_id", "ada"),
        ("partner_params", r#"{"user_id":"bob"}"#),
    ];
    let (status, answer) = caller.v2("smart-selfie-authentication", &other).await;
    assert_eq!((status, &answer["code"]), (400, &"2204".into()), "{answer}");
    let why = answer["error"].as_str().unwrap();
    assert!(why.contains("names another user"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_takes_its_short_words_in_partner_params() {
    let Some(caller) = Caller::begin(&[]) else {
        return;
    };
    let photo = package(&caller.photo);
    for (at, (word, job_type, code)) in [
        (json!("0"), 4, "0840"),
        (json!("1"), 4, "0841"),
        (json!(2), 4, "0842"),
        (json!(0), 2, "0820"),
        (json!("1"), 2, "0821"),
        (json!("2"), 2, "0822"),
        (json!(921), 2, "0921"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("job-{at}");
        let mut body = caller.server.upload_body("bea", &name, job_type, "");
        body["partner_params"]["sandbox_result"] = word;
        let ended = caller.server.run(&caller.http, &body, photo.clone()).await;
        assert_eq!(ended["result"]["ResultCode"], code, "{name}");
    }
    let word = [
        ("user_id", "bea"),
        ("partner_params", r#"{"sandbox_result":"1"}"#),
    ];
    let (_, answer) = caller.v2("smart-selfie-authentication", &word).await;
    assert_eq!(answer["code"], "0821");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_languages_json_is_read() {
    let Some(caller) = Caller::begin(&[]) else {
        return;
    };
    let send = |path: &'static str, body: Vec<u8>| {
        let request = caller
            .http
            .post(format!("{}{path}", caller.server.base))
            .body(body);
        async move {
            let answer = request.send().await.unwrap();
            (
                answer.status().as_u16(),
                answer.json::<Value>().await.unwrap(),
            )
        }
    };
    let marked = |body: &Value| [b"\xef\xbb\xbf", body.to_string().as_bytes()].concat();
    let mut body = caller.server.upload_body("ada", "7", 4, "");
    body["partner_params"]["job_type"] = json!(4.0);
    body["partner_params"]["job_id"] = json!(7);
    body["allow_new_enroll"] = "True".into();
    body["retry"] = 0.into();
    let (status, answer) = send("/v1/upload", marked(&body)).await;
    assert_eq!(status, 200, "{answer}");
    let mut question = caller.server.signed();
    for (name, value) in [
        ("partner_id", json!("p")),
        ("user_id", json!("ada")),
        ("job_id", json!(7)),
        ("history", json!("yes")),
    ] {
        question[name] = value;
    }
    let (status, answer) = send("/v1/job_status", marked(&question)).await;
    assert_eq!((status, &answer["history"]), (200, &json!([])), "{answer}");
    body["retry"] = "perhaps".into();
    let (_, answer) = send("/v1/upload", marked(&body)).await;
    assert_eq!(answer["code"], "2204");
}
