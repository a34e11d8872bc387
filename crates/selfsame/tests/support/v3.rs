//! A v3 client, as far as tests need one.

use reqwest::multipart::{Form, Part};
use selfsame_wire::signature::ApiKey;
use serde_json::{Value, json};

use super::until;

/// Whoever holds a token.
#[derive(Clone)]
pub struct V3 {
    pub http: reqwest::Client,
    pub base: String,
    pub token: String,
}

/// A consent that holds.
pub fn consent() -> String {
    json!({
        "granted": true, "granted_at": "2026-01-02T03:04:05.000Z", "notice_language": "EN",
        "notice_privacy_policy_url": "https://example.com/p",
    })
    .to_string()
}

/// What a person says of itself.
pub fn details(given_names: &str, last_name: &str) -> String {
    let first = given_names.split(' ').next().unwrap();
    let email = format!("{first}.{last_name}@example.com").to_lowercase();
    json!({"given_names": given_names, "last_name": last_name, "email": email}).to_string()
}

/// A JSON part, as the public clients send it.
pub fn json_part(json: String) -> Part {
    Part::text(json).mime_str("application/json").unwrap()
}

/// A file part.
pub fn file(bytes: &[u8]) -> Part {
    let part = Part::bytes(bytes.to_vec()).file_name("a.jpg");
    part.mime_str("image/jpeg").unwrap()
}

impl V3 {
    /// Asks for a token that fixes nothing.
    pub async fn new(http: &reqwest::Client, base: &str, partner: &str, key: &ApiKey) -> Self {
        Self::bound(http, base, partner, key, None).await
    }

    /// Asks for a token that fixes what the form says.
    pub async fn bound(
        http: &reqwest::Client,
        base: &str,
        partner: &str,
        key: &ApiKey,
        form: Option<Form>,
    ) -> Self {
        let mut asked = http
            .post(format!("{base}/v3/token"))
            .header("smileid-partner-id", partner)
            .header("smileid-api-key", key.expose());
        if let Some(form) = form {
            asked = asked.multipart(form);
        }
        let answer = asked.send().await.unwrap();
        let status = answer.status();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{answer}");
        Self {
            http: http.clone(),
            base: base.to_owned(),
            token: answer["token"].as_str().unwrap().to_owned(),
        }
    }

    /// Posts a form.
    pub async fn post(&self, path: &str, form: Form) -> (u16, Value) {
        let answer = self
            .http
            .post(format!("{}{path}", self.base))
            .header("SmileID-Token", &self.token)
            .multipart(form)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Asks with GET.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        let answer = self
            .http
            .get(format!("{}{path}", self.base))
            .header("SmileID-Token", &self.token)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Submits a job and waits for its decision.
    pub async fn decided(&self, path: &str, form: Form) -> Value {
        let (status, accepted) = self.post(path, form).await;
        assert_eq!(status, 202, "{accepted}");
        let job = accepted["job_id"].as_str().unwrap();
        self.ended(job).await
    }

    /// Waits for a job's decision.
    pub async fn ended(&self, job: &str) -> Value {
        let mut told = Value::Null;
        until(&format!("the end of {job}"), async || {
            let (status, answer) = self.get(&format!("/v3/status/{job}")).await;
            assert!(matches!(status, 200 | 202), "{status} {answer}");
            told = answer;
            status == 200
        })
        .await;
        told
    }
}
