//! The server's certificate: taken up when its files change, while it runs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is wrong by failing"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Server, add_partner, photographs, until};

/// A self-signed certificate for a name, and its key.
fn certify(data: &Path, name: &str) -> (PathBuf, PathBuf) {
    let (certificate, key) = (
        data.join(format!("{name}.crt")),
        data.join(format!("{name}.key")),
    );
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args([
            "-nodes",
            "-days",
            "2",
            "-subj",
            &format!("/CN={name}"),
            "-keyout",
        ])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl is needed");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    (certificate, key)
}

/// A server with such a certificate, which lies in its data directory as `tls.crt` and `tls.key`.
pub fn start_with_tls(data: &Path, more: &[&str]) -> Server {
    let key = add_partner(data);
    let (certificate, private) = certify(data, "first.example");
    for (from, to) in [(certificate, "tls.crt"), (private, "tls.key")] {
        std::fs::rename(from, data.join(to)).unwrap();
    }
    let (certificate, private) = (data.join("tls.crt"), data.join("tls.key"));
    let tls = [
        "--tls-listen",
        "127.0.0.1:0",
        "--tls-cert",
        certificate.to_str().unwrap(),
        "--tls-key",
        private.to_str().unwrap(),
    ];
    Server::start(data, &key, &[&tls[..], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_taken_up_when_its_files_change() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let server = start_with_tls(data.path(), &[]);
    let tls = server.addresses["https"]
        .as_str()
        .unwrap()
        .strip_prefix("https://")
        .unwrap();
    let subject = || {
        let shown = Command::new("openssl")
            .args(["s_client", "-connect", tls])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8_lossy(&shown.stdout).into_owned()
    };
    let becomes = async |name: &str| until(name, async || subject().contains(name)).await;
    let log = || std::fs::read_to_string(data.path().join("server.log")).unwrap();
    becomes("first.example").await;
    let (certificate, key) = certify(data.path(), "second.example");
    // The certificate alone does not fit the key: the one before stays.
    std::fs::rename(certificate, data.path().join("tls.crt")).unwrap();
    let stays = "the one before stays in use";
    until(stays, async || log().contains(stays)).await;
    assert!(subject().contains("first.example"));
    std::fs::rename(key, data.path().join("tls.key")).unwrap();
    becomes("second.example").await;
}
