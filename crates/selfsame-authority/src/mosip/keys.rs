//! Keys and certificates: IDA's, to which requests are encrypted, and the partner's own.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use rsa::traits::PublicKeyParts as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use webpki::EndEntityCert;

use super::settings::MosipSettings;
use crate::config::{ConfigError, Place};

const MAX_CERTIFICATE: u64 = 64 * 1024;
const NOT_RSA: &str = "which is no X.509 certificate of an RSA key of 2048 to 4096 bits";

/// All keys of an installation.
pub(super) struct Keys {
    pub(super) ida: Ida,
    pub(super) partner: Partner,
}

/// IDA's public key.
pub(super) struct Ida {
    pub(super) key: rsa::PublicKey,
    /// SHA-256 of the certificate, in capitals of hexadecimal.
    pub(super) thumbprint: String,
}

/// The partner's key pair.
pub(super) struct Partner {
    /// What opens answers.
    pub(super) opening: rsa::PrivateKey,
    /// What signs requests.
    pub(super) signing: ring::rsa::KeyPair,
    /// The certificate, as a signature carries it.
    pub(super) x5c: String,
    pub(super) thumbprint: String,
}

impl Keys {
    pub(super) fn read(settings: &MosipSettings, place: &Place) -> Result<Self, ConfigError> {
        let (ida, ida_key) = certificate("ida_certificate", &settings.ida_certificate, place)?;
        let (own, own_key) =
            certificate("partner_certificate", &settings.partner_certificate, place)?;
        let wrong = |problem: &str| place.wrong("partner_key", problem);
        let pem = settings.partner_key.fetch(place, "partner_key")?;
        let key = PrivateKeyDer::from_pem_slice(pem.reveal().as_bytes())
            .map_err(|_| wrong("leads to no private key in PEM without a passphrase"))?;
        let no_rsa = "leads to no RSA key of 2048 to 4096 bits";
        let (opening, signing) = match &key {
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                (
                    rsa::PrivateKey::from_pkcs8_der(der).ok(),
                    ring::rsa::KeyPair::from_pkcs8(der).ok(),
                )
            }
            PrivateKeyDer::Pkcs1(der) => {
                let der = der.secret_pkcs1_der();
                (
                    rsa::PrivateKey::from_pkcs1_der(der).ok(),
                    ring::rsa::KeyPair::from_der(der).ok(),
                )
            }
            _ => (None, None),
        };
        let (opening, signing) = opening.zip(signing).ok_or_else(|| wrong(no_rsa))?;
        if *opening.as_public_key() != own_key {
            return Err(wrong("is not the key of partner_certificate"));
        }
        Ok(Self {
            ida: Ida {
                key: ida_key,
                thumbprint: thumbprint(&ida),
            },
            partner: Partner {
                opening,
                signing,
                x5c: STANDARD.encode(&own),
                thumbprint: thumbprint(&own),
            },
        })
    }
}

/// A certificate's bytes and its key.
fn certificate(
    field: &str,
    path: &Path,
    place: &Place,
) -> Result<(CertificateDer<'static>, rsa::PublicKey), ConfigError> {
    let wrong = || place.wrong(field, format!("names {}, {NOT_RSA}", path.display()));
    let bytes = place.read_file(field, path, MAX_CERTIFICATE)?;
    let der = if bytes.contains(&0) {
        CertificateDer::from(bytes)
    } else {
        CertificateDer::from_pem_slice(&bytes).map_err(|_| wrong())?
    };
    let key = EndEntityCert::try_from(&der)
        .ok()
        .map(|certificate| certificate.subject_public_key_info())
        .and_then(|info| rsa::PublicKey::from_public_key_der(&info).ok())
        .filter(|key| (256..=512).contains(&key.size()))
        .ok_or_else(wrong)?;
    Ok((der, key))
}

fn thumbprint(certificate: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(certificate) {
        // Writing into a text does not fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::mosip::settings::tests::read;

    /// Keys that stand in the repository, and are worth nothing.
    const TEST_KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");

    fn with(files: [&str; 3]) -> Result<Keys, String> {
        let [ida, own, key] = files;
        let settings = read(&format!(
            "ida_certificate = \"{ida}\"\npartner_certificate = \"{own}\"\npartner_key = {{ file = \"{key}\" }}"
        ))
        .unwrap();
        let place = Place::file(Path::new(TEST_KEYS)).within("m");
        Keys::read(&settings, &place).map_err(|e| e.to_string())
    }

    pub(in crate::mosip) fn keys_of(who: &str) -> Keys {
        let own = format!("test-only-{who}.crt.pem");
        let key = format!("test-only-{who}.key.pem");
        with(["test-only-ida.crt.pem", &own, &key]).unwrap()
    }

    #[test]
    fn keys_that_do_not_belong_together_are_refused() {
        let partner = "test-only-partner.crt.pem";
        let key = "test-only-partner.key.pem";
        for (files, said) in [
            (
                [partner, partner, "test-only-ida.key.pem"],
                "m.partner_key is not the key of partner_certificate",
            ),
            (
                [partner, partner, partner],
                "m.partner_key leads to no private key",
            ),
            (
                [key, partner, key],
                "m.ida_certificate names test-only-partner.key.pem, which is no X.509",
            ),
            (["none.pem", partner, key], "m.ida_certificate names"),
            ([partner, "../keys.rs", key], "m.partner_certificate names"),
        ] {
            let error = with(files).err().unwrap();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_certificate_may_be_of_bytes() {
        let keys = keys_of("partner");
        let folder = tempfile::tempdir().unwrap();
        let der = STANDARD.decode(&keys.partner.x5c).unwrap();
        let path = folder.path().join("ida.der");
        std::fs::write(&path, der).unwrap();
        let path = path.to_str().unwrap().to_owned();
        let again = with([
            &path,
            "test-only-partner.crt.pem",
            "test-only-partner.key.pem",
        ])
        .unwrap();
        assert_eq!(again.ida.thumbprint, keys.partner.thumbprint);
        assert_eq!(again.ida.thumbprint.len(), 64);
        assert_eq!(again.ida.thumbprint, again.ida.thumbprint.to_uppercase());
    }
}
