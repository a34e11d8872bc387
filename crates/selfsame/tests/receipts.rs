//! Receipts: linked from results, shown to whoever has the link, verified by whoever has the key.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Server, add_partner, callbacks, http, selfsame};

fn asked(server: &Server, user: &str, job: &str, job_type: u8, id: Value) -> Value {
    let mut body = server.signed();
    body["partner_id"] = "p".into();
    body["partner_params"] = json!({"user_id": user, "job_id": job, "job_type": job_type});
    for (name, value) in id.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn nin(number: &str) -> Value {
    json!({"country": "NG", "id_type": "NIN", "id_number": number, "first_name": "Joe", "last_name": "Leo", "dob": "1999-01-01"})
}

/// The exit code and the answer of `selfsame receipt verify`, which is told nothing but a file and a key.
fn verified(file: &Path, key: &str) -> (i32, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_selfsame"))
        .args(["receipt", "verify", "--json", "--key", key])
        .arg(file)
        .env("SELFSAME_DATA", "/nonexistent")
        .output()
        .unwrap();
    let told = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), told)
}

fn tells_nothing_of_joe(text: &str) {
    for personal in [
        "00000000000",
        "Joe",
        "2000-09-20",
        "1999-01-01",
        "Example Road",
    ] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_shown_by_its_link_and_verified_without_the_server() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(
        data.path(),
        &key,
        &[
            "--allow-private-callbacks",
            "--public-url",
            "https://selfie.example/base",
        ],
    );
    let (url, mut received) = callbacks().await;
    let http = http();
    // The server says by which address the world reaches it; here it is this one.
    let reached = |link: &str| link.replace("https://selfie.example/base", &server.base);
    let body = asked(&server, "ada", "one", 5, nin("00000000000"));
    let (_, result) = server
        .post(&http, "/v1/id_verification", &body)
        .await
        .unwrap();
    let link = reached(result["KYCReceipt"].as_str().unwrap());
    let page = http.get(&link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    for (header, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(page.headers()[header], value);
    }
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let page = page.text().await.unwrap();
    for told in ["••••0000", "NIN", "1012", "the same", "another", "Sandbox"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    // Around what is signed, and below in it: three letters may stand in a signature by chance.
    let (before, signed) = page.split_once("-----BEGIN").unwrap();
    let (_, after) = signed.split_once("-----END").unwrap();
    for shown in [before, after] {
        tells_nothing_of_joe(shown);
    }
    let pdf = http.get(format!("{link}.pdf")).send().await.unwrap();
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    let pdf = pdf.bytes().await.unwrap();
    assert!(pdf.starts_with(b"%PDF"));

    // Whoever has the public key verifies either, and needs neither the server nor its data.
    let dir = data.path().to_str().unwrap();
    let keys = selfsame(&["receipt", "--data", dir, "keys"]);
    let public = keys[0]["key"].as_str().unwrap();
    let published = format!("{}/v1/receipt/keys", server.base);
    let published: Value = http
        .get(published)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(published["keys"][0]["kid"], keys[0]["kid"]);
    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("receipt");
    for whole in [page.as_bytes(), &pdf] {
        std::fs::write(&file, whole).unwrap();
        let (code, told) = verified(&file, public);
        assert_eq!(code, 0, "{told}");
        assert_eq!(told["receipt"]["outcome"]["code"], "1012");
        assert_eq!(told["receipt"]["user_id"], "ada");
        tells_nothing_of_joe(&told["receipt"].to_string());
    }
    assert!(before.contains("1012"));
    let altered = before.replace("1012", "1013");
    std::fs::write(&file, format!("{altered}-----BEGIN{signed}")).unwrap();
    assert_eq!(
        verified(&file, public).0,
        0,
        "what is shown around it proves nothing"
    );
    let begin = page.find("RECEIPT-----").unwrap() + 200;
    let mut forged = page.clone().into_bytes();
    forged[begin] = if forged[begin] == b'A' { b'B' } else { b'A' };
    std::fs::write(&file, forged).unwrap();
    assert_eq!(verified(&file, public).0, 1);

    // job_status and the callback link to the same.
    let status = server.ended(&http, "ada", "one").await;
    for link in [&status["kyc_receipt"], &status["result"]["KYCReceipt"]] {
        let again = http.get(reached(link.as_str().unwrap())).send().await;
        assert_eq!(again.unwrap().text().await.unwrap(), page);
    }
    assert_eq!(status["kyb_receipt"], Value::Null);
    let mut later = asked(&server, "ada", "later", 5, nin("00000000001"));
    later["callback_url"] = url.into();
    let later = server
        .post(&http, "/v1/async_id_verification", &later)
        .await;
    assert_eq!(later.unwrap().0, 200);
    let told: Value = serde_json::from_slice(&received.recv().await.unwrap().body).unwrap();
    assert_eq!(told["ResultCode"], "1013");
    let called = http.get(reached(told["KYCReceipt"].as_str().unwrap()));
    assert!(
        called
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("1013")
    );
    // Nobody answered: there is nothing to attest.
    let body = asked(&server, "ada", "down", 5, nin("00000000003"));
    let (_, down) = server
        .post(&http, "/v1/id_verification", &body)
        .await
        .unwrap();
    assert_eq!(down["ResultCode"], "1015");
    assert_eq!(down["KYCReceipt"], Value::Null);
    // Of a business job_status alone has it.
    let business = json!({"country": "NG", "id_type": "BUSINESS_REGISTRATION", "id_number": "0000000", "business_type": "co"});
    let body = asked(&server, "firm", "firm", 7, business);
    let (_, firm) = server
        .post(&http, "/v1/business_verification", &body)
        .await
        .unwrap();
    assert_eq!(firm["KYCReceipt"], Value::Null, "{firm}");
    let status = server.ended(&http, "firm", "firm").await;
    let of_firm = http.get(reached(status["kyb_receipt"].as_str().unwrap()));
    assert_eq!(of_firm.send().await.unwrap().status(), 200);
    assert_eq!(status["kyc_receipt"], Value::Null);

    // A key that is forgotten verifies nothing any more; the next one signs at once.
    std::fs::write(&file, &page).unwrap();
    selfsame(&["receipt", "--data", dir, "rotate", "--forget"]);
    let keys = selfsame(&["receipt", "--data", dir, "keys"]);
    assert_eq!(keys.len(), 1);
    let next = keys[0]["key"].as_str().unwrap();
    assert_eq!(verified(&file, next).0, 1);
    let page = http.get(&link).send().await.unwrap().bytes().await.unwrap();
    std::fs::write(&file, page).unwrap();
    assert_eq!(verified(&file, next).0, 0);

    // What is erased has no receipt, whatever link there was.
    selfsame(&["user", "--data", dir, "--partner", "p", "delete", "ada"]);
    let gone = http.get(&link).send().await.unwrap();
    assert_eq!(gone.status(), 404);
    assert_eq!(
        server.ended(&http, "ada", "one").await["kyc_receipt"],
        Value::Null
    );
    for wrong in ["x.y", "x", "."] {
        let wrong = format!("{}/v1/receipt/{wrong}", server.base);
        assert_eq!(http.get(wrong).send().await.unwrap().status(), 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_says_how_much_a_receipt_tells() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let policy = data.path().join("policy.toml");
    let http = http();
    for (mode, told, not) in [("outcome", true, "••••"), ("off", false, "")] {
        let text =
            format!("name = \"a\"\nversion = \"1\"\n[defaults.receipt]\nmode = \"{mode}\"\n");
        std::fs::write(&policy, text).unwrap();
        let server = Server::start(data.path(), &key, &["--policy", policy.to_str().unwrap()]);
        let body = asked(&server, "PLANTED", mode, 5, nin("00000000000"));
        let (_, result) = server
            .post(&http, "/v1/id_verification", &body)
            .await
            .unwrap();
        let Some(link) = result["KYCReceipt"].as_str() else {
            assert!(!told, "{result}");
            continue;
        };
        let page = http.get(link).send().await.unwrap().text().await.unwrap();
        assert!(told && page.contains("1012"));
        assert!(!page.contains(not) && !page.contains("PLANTED"), "{page}");
    }
}
