//! The TLS certificate and its key, read again when the files change.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file is not PEM, or lacks what it should hold.
    #[error("{} holds no usable {what}: {error}", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong.
        error: String,
    },
    /// Certificate and key do not go together, or are of a kind that is not supported.
    #[error("{} and {} cannot be used together: {error}", certificate.display(), key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        error: rustls::Error,
    },
}

/// Where certificate chain and key lie, PEM both.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// What the files held at one time.
struct Contents {
    certificate: Vec<u8>,
    key: zeroize::Zeroizing<Vec<u8>>,
}

/// The certificate in use.
pub(crate) struct Certificate {
    files: Files,
    config: RwLock<Arc<ServerConfig>>,
    /// Of the contents that were tried last.
    digest: RwLock<[u8; 32]>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Files {
    fn read(&self) -> Result<Contents, CertificateError> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| CertificateError::Unreadable {
                path: path.clone(),
                error,
            })
        };
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?.into(),
        })
    }

    fn config(&self, contents: &Contents) -> Result<ServerConfig, CertificateError> {
        let not_pem = |path: &PathBuf, what, error: String| CertificateError::NotPem {
            path: path.clone(),
            what,
            error,
        };
        let chain = CertificateDer::pem_slice_iter(&contents.certificate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| not_pem(&self.certificate, "certificate", e.to_string()))?;
        if chain.is_empty() {
            let none = "there is none in it".to_owned();
            return Err(not_pem(&self.certificate, "certificate", none));
        }
        let key = PrivateKeyDer::from_pem_slice(&contents.key)
            .map_err(|e| not_pem(&self.key, "private key", e.to_string()))?;
        let unusable = |error| CertificateError::Unusable {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            error,
        };
        let mut config =
            ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
                .with_safe_default_protocol_versions()
                .map_err(unusable)?
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .map_err(unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl Contents {
    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update((self.certificate.len() as u64).to_be_bytes());
        digest.update(&self.certificate);
        digest.update(&*self.key);
        digest.finalize().into()
    }
}

impl Certificate {
    pub(crate) fn load(files: Files) -> Result<Self, CertificateError> {
        let contents = files.read()?;
        let config = files.config(&contents)?;
        Ok(Self {
            digest: RwLock::new(contents.digest()),
            config: RwLock::new(Arc::new(config)),
            files,
        })
    }

    /// What new connections are served with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Follows the files until told to stop.
    pub(crate) async fn follow(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.changed() => return,
            }
            let this = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || this.look()).await;
            match looked {
                Ok(Ok(true)) => {
                    tracing::info!("the TLS certificate was read again: new connections use it")
                }
                Ok(Ok(false)) | Err(_) => {}
                Ok(Err(error)) => tracing::error!(
                    %error, "the TLS certificate changed and cannot be used; the one before stays in use"
                ),
            }
        }
    }

    /// Takes the files' contents up where they changed; says whether they did. What cannot be used is told once.
    fn look(&self) -> Result<bool, CertificateError> {
        // Files that are being replaced may be missing for a moment.
        let Ok(contents) = self.files.read() else {
            return self.tell_once([0; 32], || self.files.read().map(|_| false));
        };
        self.tell_once(contents.digest(), || {
            let config = Arc::new(self.files.config(&contents)?);
            *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
            Ok(true)
        })
    }

    fn tell_once(
        &self,
        digest: [u8; 32],
        then: impl FnOnce() -> Result<bool, CertificateError>,
    ) -> Result<bool, CertificateError> {
        let mut tried = self.digest.write().unwrap_or_else(PoisonError::into_inner);
        if *tried == digest {
            return Ok(false);
        }
        *tried = digest;
        then()
    }
}
