//! Certificates: the service's own, of a private authority, and the client's, without which the service says nothing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::*;

const OPENSSL: &str = "[req]\ndistinguished_name=name\n[name]\n[ca]\nbasicConstraints=critical,CA:TRUE\n\
                       [end]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=IP:127.0.0.1\n";

/// Makes `NAME.crt` and `NAME.key`, signed by `by` or by itself.
pub(crate) fn certify(folder: &Path, name: &str, by: Option<&str>) {
    let config = folder.join("openssl.cnf");
    std::fs::write(&config, OPENSSL).unwrap();
    let file = |name: &str, ending: &str| folder.join(format!("{name}.{ending}"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]);
    openssl
        .args([
            "-nodes",
            "-days",
            "2",
            "-subj",
            &format!("/CN={name}"),
            "-config",
        ])
        .arg(&config);
    openssl.args(["-extensions", if by.is_some() { "end" } else { "ca" }]);
    if let Some(by) = by {
        openssl
            .arg("-CA")
            .arg(file(by, "crt"))
            .arg("-CAkey")
            .arg(file(by, "key"));
    }
    openssl
        .arg("-keyout")
        .arg(file(name, "key"))
        .arg("-out")
        .arg(file(name, "crt"));
    let made = openssl.output().expect("openssl is needed");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

fn certificate(path: PathBuf) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(path).unwrap()
}

/// Takes connections of clients whose certificate the authority `ca` signed.
struct Secured(TcpListener, TlsAcceptor);

impl Secured {
    async fn new(folder: &Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut roots = RootCertStore::empty();
        roots.add(certificate(folder.join("ca.crt"))).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
            .build()
            .unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("service.key")).unwrap();
        let config = rustls::ServerConfig::builder()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate(folder.join("service.crt"))], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self(listener, TlsAcceptor::from(Arc::new(config)))
    }
}

impl axum::serve::Listener for Secured {
    type Io = TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.0.accept().await.unwrap();
            if let Ok(stream) = self.1.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

#[tokio::test]
async fn who_has_the_certificates_is_answered_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify(folder, "ca", None);
    certify(folder, "service", Some("ca"));
    certify(folder, "us", Some("ca"));
    certify(folder, "stranger", None);
    let listener = Secured::new(folder).await;
    let address = axum::serve::Listener::local_addr(&listener).unwrap();
    let router = Router::new().route("/people/{number}", get(async || Json(service::joe())));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let ask = async |certificates: &str| {
        let settings =
            format!("url = \"https://{address}/people/{{id_number}}\"\n{certificates}\n{ANSWER}");
        said(&authority(folder, &settings, LONG).unwrap(), "0").await
    };
    let ours = "client_certificate = \"us.crt\"\nclient_key = \"us.key\"\n";
    let answer = ask(&format!("ca = \"ca.crt\"\n{ours}")).await;
    assert!(matches!(answer, Ok(Answer::Found(_))), "{answer:?}");
    for (what, certificates) in [
        (
            "without a certificate of ours",
            "ca = \"ca.crt\"".to_owned(),
        ),
        ("without knowing its authority", ours.to_owned()),
        (
            "trusting somebody else",
            format!("ca = \"stranger.crt\"\n{ours}"),
        ),
        (
            "with a stranger's certificate",
            "ca = \"ca.crt\"\nclient_certificate = \"stranger.crt\"\nclient_key = \"stranger.key\""
                .to_owned(),
        ),
    ] {
        let answer = ask(&certificates).await;
        assert!(
            matches!(answer, Err(AskError::Unreachable(_))),
            "{what}: {answer:?}"
        );
    }
}

#[test]
fn files_that_hold_something_else_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify(folder, "us", None);
    std::fs::write(folder.join("empty"), "").unwrap();
    let url = "url = \"https://id.example/{id_number}\"\n";
    for (files, field) in [
        ("ca = \"empty\"", "ca"),
        ("ca = \"us.key\"", "ca"),
        (
            "client_certificate = \"us.crt\"\nclient_key = \"us.crt\"",
            "client_certificate",
        ),
        (
            "client_certificate = \"us.key\"\nclient_key = \"us.key\"",
            "client_certificate",
        ),
    ] {
        let error = authority(folder, &format!("{url}{files}\n{ANSWER}"), LONG).unwrap_err();
        assert!(
            error.starts_with(&format!("authorities: authority.national.{field} ")),
            "{files}: {error}"
        );
        assert!(!error.contains("BEGIN"), "{error}");
    }
}
