//! Whatever is sent, the answer is clear, the server lives and its memory stays bounded.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::io::{Cursor, Write as _};

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, http, package, photographs};

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn info(image: Value) -> Vec<u8> {
    json!({"images": [image]}).to_string().into_bytes()
}

/// A PNG that claims 60,000 by 60,000 pixels.
fn png_bomb() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend([
        0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 2, 0, 0, 0, 0, 0, 0, 0,
    ]);
    png
}

#[tokio::test(flavor = "multi_thread")]
async fn packages() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let mut server = Server::start(data.path(), &key, &[]);
    let http = http();
    let file = info(json!({"image_type_id": 0, "file_name": "a.jpg"}));
    let names: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &b""[..])).collect();
    let bomb = vec![0u8; 40 * 1024 * 1024];
    let other = json!({"images": [{"image_type_id": 0, "file_name": "a.jpg"}],
                       "misc_information": {"smile_client_id": "other"}});
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], "0903"),
        ("no zip", b"hello".to_vec(), "0903"),
        ("half a zip", package(&photo)[..5000].to_vec(), "0903"),
        ("no info.json", zip(&[("a.jpg", &photo)]), "0903"),
        ("info.json is no JSON", zip(&[("info.json", b"{")]), "0903"),
        ("10,000 entries", zip(&many), "0903"),
        (
            "a zip bomb",
            zip(&[("info.json", &file), ("a.jpg", &bomb)]),
            "0903",
        ),
        (
            "a file that is not there",
            zip(&[("info.json", &file)]),
            "0903",
        ),
        (
            "no selfie",
            zip(&[("info.json", b"{\"images\":[]}")]),
            "0001",
        ),
        (
            "a nested zip",
            zip(&[("info.json", &file), ("a.jpg", &package(&photo))]),
            "0001",
        ),
        (
            "an empty image",
            zip(&[("info.json", &file), ("a.jpg", b"")]),
            "0001",
        ),
        ("half an image", package(&photo[..photo.len() / 2]), "0001"),
        ("a PNG bomb", package(&png_bomb()), "0001"),
        (
            "not base64",
            zip(&[(
                "info.json",
                &info(json!({"image_type_id": 2, "image": "%%"})),
            )]),
            "0001",
        ),
        (
            "another partner's",
            zip(&[
                ("info.json", other.to_string().as_bytes()),
                ("a.jpg", &photo),
            ]),
            "0001",
        ),
        ("a good one", package(&photo), "0840"),
    ];
    for (at, (name, bytes, code)) in cases.into_iter().enumerate() {
        let (user, job) = (format!("u{at}"), format!("j{at}"));
        let (status, prepared) = server
            .post(&http, "/v1/upload", &server.upload_body(&user, &job, 4, ""))
            .await
            .unwrap();
        assert_eq!(status, 200, "{prepared}");
        let put = http
            .put(prepared["upload_url"].as_str().unwrap())
            .body(bytes)
            .send()
            .await
            .unwrap();
        assert_eq!(put.status().as_u16(), 200, "{name}");
        let ended = server.ended(&http, &user, &job).await;
        assert_eq!(ended["result"]["ResultCode"], code, "{name}: {ended}");
    }
    assert!(server.is_alive());
    // 300 MiB are the goal in service; decoding bombs may not take it beyond a small multiple.
    assert!(server.resident() < 700, "{} MiB", server.resident());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let mut server = Server::start(data.path(), &key, &[]);
    let http = http();
    let good = |job: &str| server.upload_body("u", job, 4, "");
    let with = |name: &str, value: Value| {
        let mut body = good("j");
        body[name] = value;
        body
    };
    let at = |timestamp: &str| {
        let mut body = good("j");
        body["signature"] =
            selfsame_wire::signature::sign(&key, &support::partner(), timestamp).into();
        body["timestamp"] = timestamp.into();
        body
    };
    for (name, body, code) in [
        ("wrong signature", with("signature", "AAAA".into()), "2205"),
        (
            "another partner",
            with("smile_client_id", "q".into()),
            "2205",
        ),
        ("stale", at("2020-01-01T00:00:00.000Z"), "2205"),
        ("future", at("2099-01-01T00:00:00.000Z"), "2205"),
        ("no time at all", at("yesterday"), "2205"),
        ("wrong type", with("partner_params", 5.into()), "2204"),
        ("missing", with("partner_params", Value::Null), "2213"),
        (
            "metadata",
            with("callback_url", "http://169.254.169.254/latest".into()),
            "2204",
        ),
        (
            "a file",
            with("callback_url", "file:///etc/passwd".into()),
            "2204",
        ),
        (
            "loopback",
            with("callback_url", "http://127.0.0.1/".into()),
            "2204",
        ),
        (
            "sec_key",
            {
                let mut b = with("signature", Value::Null);
                b["sec_key"] = "x".into();
                b
            },
            "2205",
        ),
    ] {
        let (status, answer) = server.post(&http, "/v1/upload", &body).await.unwrap();
        assert_eq!(answer["code"], code, "{name}: {answer}");
        assert!((400..500).contains(&status), "{name}: {status}");
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let answer = http
        .post(format!("{}/v1/upload", server.base))
        .body(deep)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "2203");
    let huge = http
        .post(format!("{}/v1/upload", server.base))
        .body(vec![b' '; 1 << 20])
        .send()
        .await
        .unwrap();
    assert_eq!(huge.status().as_u16(), 413);

    let (_, prepared) = server
        .post(&http, "/v1/upload", &good("once"))
        .await
        .unwrap();
    let url = prepared["upload_url"].as_str().unwrap();
    let forged = format!("{}x", url);
    assert_eq!(
        http.put(forged)
            .body("x")
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        403
    );
    assert_eq!(
        http.put(url)
            .body("x")
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        200
    );
    assert_eq!(
        http.put(url)
            .body("y")
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        409,
        "an upload URL takes one package"
    );
    let (status, unknown) = server.status(&http, "u", "never").await.unwrap();
    assert_eq!((status, unknown["code"].as_str()), (404, Some("2304")));
    assert!(server.is_alive());
}

/// A v2 call with a selfie and more parts; its status and answer.
async fn call(server: &Server, http: &reqwest::Client, form: Form) -> (u16, Value) {
    let signed = server.signed();
    let header = |name: &str| signed[name].as_str().unwrap().to_owned();
    let answer = http
        .post(format!("{}/v2/smart-selfie-enroll", server.base))
        .header("smileid-partner-id", "p")
        .header("smileid-timestamp", header("timestamp"))
        .header("smileid-request-signature", header("signature"))
        .multipart(form)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn file(bytes: &[u8]) -> Part {
    Part::bytes(bytes.to_vec()).file_name("a.jpg")
}

#[tokio::test(flavor = "multi_thread")]
async fn forms() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let mut server = Server::start_for_stills(data.path(), &key, &[]);
    let http = http();
    let selfie = || Form::new().part("selfie_image", file(&photo));
    let most = selfsame_wire::package::PackageLimits::default().entry_bytes;
    let large = vec![0xff; usize::try_from(most).unwrap() + 1];
    for (form, says) in [
        (Form::new().text("user_id", "ada"), "selfie_image"),
        (
            selfie().part("selfie_image", file(&photo)),
            "selfie_image stands",
        ),
        (
            selfie().part("liveness_image", file(&photo)),
            "\"liveness_image\"",
        ),
        (
            selfie().part("liveness_images[24]", file(&photo)),
            "24 liveness_images",
        ),
        (
            selfie().part("liveness_images", file(&large)),
            "is larger than",
        ),
        (
            selfie().text("allow_new_enroll", "perhaps"),
            "allow_new_enroll",
        ),
        (selfie().text("partner_params", "["), "partner_params"),
    ] {
        let (status, answer) = call(&server, &http, form).await;
        assert!((400..500).contains(&status), "{says}: {status} {answer}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(says), "{says}: {error}");
        assert!(
            !error.contains("info.json") && !error.contains("zip"),
            "{error}"
        );
    }
    for (form, code, says) in [
        (
            Form::new().part("selfie_image", file(b"no image")),
            "0001",
            "selfie_image is",
        ),
        (
            selfie()
                .part("liveness_images[1]", file(b"no image"))
                .part("liveness_images[0]", file(&photo)),
            "0001",
            "liveness_images[1] is",
        ),
        (
            Form::new().part("selfie_image", file(&photo[..2000])),
            "0001",
            "",
        ),
    ] {
        let (status, answer) = call(&server, &http, form).await;
        assert_eq!(
            (status, answer["code"].as_str()),
            (200, Some(code)),
            "{answer}"
        );
        let text = answer["message"].as_str().unwrap();
        assert!(text.contains(says), "{says}: {answer}");
        assert!(
            !text.contains("info.json") && !text.contains("zip"),
            "{answer}"
        );
    }
    // Numbered frames are all seen, whatever order they come in.
    let mut form = selfie()
        .text("user_id", "ada")
        .text("allow_new_enroll", "True")
        .text("partner_params", r#"{"job_id":"numbered","user_id":"ada"}"#);
    for n in (0..8).rev() {
        form = form.part(format!("liveness_images[{n}]"), file(&photo));
    }
    let (status, answer) = call(&server, &http, form).await;
    assert_eq!(status, 200, "{answer}");
    let ended = server.ended(&http, "ada", "numbered").await;
    let frames = ended["result"]["evidence"]["frames"].as_array();
    assert_eq!(frames.map(Vec::len), Some(8), "{ended}");
    assert!(server.is_alive());
}
