//! What is encrypted: the block of a request to IDA, the identity of an answer to the partner.
//!
//! AES-256 in GCM with a nonce of 16 bytes, which stands behind the tag; the key in RSA-OAEP with SHA-256 for both digests.

use aes_gcm::aead::consts::U16;
use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::keys::{Ida, Partner};
use crate::authority::AskError;

const KEY: usize = 32;
const NONCE: usize = 16;
const TAG: usize = 16;
/// Stands between key and content where both are one text.
const SPLITTER: &[u8] = b"#KEY_SPLITTER#";

/// Written without padding, as IDA writes it; read either way.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An encrypted request, in base64.
pub(super) struct Sealed {
    pub(super) request: String,
    pub(super) session_key: String,
    pub(super) hmac: String,
}

/// An encrypted identity, in base64.
pub(super) struct SealedIdentity {
    /// Absent where the key stands in the identity's own text, before [`SPLITTER`].
    pub(super) session_key: Option<String>,
    pub(super) identity: String,
    /// To which certificate it is encrypted, where that is told.
    pub(super) thumbprint: Option<String>,
}

/// Encrypts a request's block and its digest to IDA, with a key of its own.
pub(super) fn seal(block: &[u8], ida: &Ida) -> Result<Sealed, AskError> {
    let failed = || AskError::Unreachable("a request cannot be encrypted here".to_owned());
    let mut key = Zeroizing::new([0; KEY]);
    getrandom::fill(key.as_mut_slice()).map_err(|_| failed())?;
    let digest = Sha256::digest(block)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            use std::fmt::Write as _;
            // Writing into a text does not fail.
            let _ = write!(text, "{byte:02X}");
            text
        });
    let session_key = ida
        .key
        .oaep_encrypt::<Sha256>(key.as_slice())
        .map_err(|_| failed())?;
    Ok(Sealed {
        request: BASE64.encode(encrypt(&key, block).ok_or_else(failed)?),
        session_key: BASE64.encode(session_key),
        hmac: BASE64.encode(encrypt(&key, digest.as_bytes()).ok_or_else(failed)?),
    })
}

/// Decrypts an identity.
pub(super) fn open(
    sealed: &SealedIdentity,
    partner: &Partner,
) -> Result<Zeroizing<Vec<u8>>, AskError> {
    let nonsense = |why: &str| AskError::Nonsense(why.to_owned());
    let to_another = || {
        AskError::Refused(
            "it encrypts to another certificate: partner_certificate must be the one that MOSIP has of this partner".to_owned(),
        )
    };
    if sealed
        .thumbprint
        .as_ref()
        .is_some_and(|t| !t.eq_ignore_ascii_case(&partner.thumbprint))
    {
        return Err(to_another());
    }
    let decoded = |text: &str| {
        BASE64
            .decode(text)
            .map_err(|_| nonsense("an encrypted part is no base64"))
    };
    let content = decoded(&sealed.identity)?;
    let (session_key, content) = match &sealed.session_key {
        Some(key) => (decoded(key)?, content.as_slice()),
        None => {
            let at = content.windows(SPLITTER.len()).position(|w| w == SPLITTER);
            let at = at.ok_or_else(|| nonsense("the identity comes without its key"))?;
            // Newer installations put the certificate's digest before the key.
            let key = content[..at]
                .len()
                .checked_sub(partner.signing.public().modulus_len());
            let key = key.and_then(|begin| content.get(begin..at));
            let key = key.ok_or_else(|| nonsense("the identity's key is too short"))?;
            (key.to_vec(), &content[at + SPLITTER.len()..])
        }
    };
    let key = partner
        .opening
        .oaep_decrypt::<Sha256>(&session_key)
        .map(Zeroizing::new);
    let key: Option<Zeroizing<[u8; KEY]>> = key
        .ok()
        .and_then(|k| k.as_slice().try_into().ok().map(Zeroizing::new));
    let key = key.ok_or_else(to_another)?;
    decrypt(&key, content).ok_or_else(|| nonsense("the identity cannot be decrypted"))
}

fn encrypt(key: &[u8; KEY], content: &[u8]) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).ok()?;
    let cipher = AesGcm::<Aes256, U16>::new(key.into());
    let mut sealed = cipher.encrypt(&Nonce::<U16>::from(nonce), content).ok()?;
    sealed.extend_from_slice(&nonce);
    Some(sealed)
}

fn decrypt(key: &[u8; KEY], content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (sealed, nonce) = content.split_last_chunk::<NONCE>()?;
    if sealed.len() < TAG {
        return None;
    }
    let cipher = AesGcm::<Aes256, U16>::new(key.into());
    let plain = cipher.decrypt(&Nonce::<U16>::from(*nonce), sealed).ok()?;
    Some(Zeroizing::new(plain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mosip::keys::tests::keys_of;

    fn identity(key: &[u8; KEY], to: &Partner, content: &[u8]) -> SealedIdentity {
        let wrapped = to
            .opening
            .as_public_key()
            .oaep_encrypt::<Sha256>(key)
            .unwrap();
        SealedIdentity {
            session_key: Some(BASE64.encode(wrapped)),
            identity: BASE64.encode(encrypt(key, content).unwrap()),
            thumbprint: Some(to.thumbprint.to_lowercase()),
        }
    }

    #[test]
    fn an_identity_is_opened_by_whom_it_is_for_and_nobody_else() {
        let (own, other) = (keys_of("partner").partner, keys_of("stranger").partner);
        let key = [7; KEY];
        let sealed = identity(&key, &own, b"{\"name_eng\":\"Joe\"}");
        assert_eq!(
            open(&sealed, &own).unwrap().as_slice(),
            b"{\"name_eng\":\"Joe\"}"
        );
        let why = |sealed: &SealedIdentity, by: &Partner| open(sealed, by).unwrap_err();
        assert!(matches!(why(&sealed, &other), AskError::Refused(_)));
        // Its thumbprint left out, the key itself does not fit.
        let untold = SealedIdentity {
            thumbprint: None,
            ..identity(&key, &own, b"{}")
        };
        assert!(open(&untold, &own).is_ok());
        assert!(matches!(why(&untold, &other), AskError::Refused(_)));
        let mut bytes = BASE64.decode(&sealed.identity).unwrap();
        bytes[0] ^= 1;
        let altered = SealedIdentity {
            identity: BASE64.encode(bytes),
            ..identity(&key, &own, b"{}")
        };
        assert_eq!(
            why(&altered, &own),
            AskError::Nonsense("the identity cannot be decrypted".to_owned())
        );
    }

    #[test]
    fn the_key_may_stand_before_the_splitter() {
        let own = keys_of("partner").partner;
        let apart = identity(&[9; KEY], &own, b"{}");
        let key = BASE64.decode(apart.session_key.as_ref().unwrap()).unwrap();
        let content = BASE64.decode(&apart.identity).unwrap();
        let joined = |before: &[u8]| SealedIdentity {
            session_key: None,
            identity: BASE64.encode([before, SPLITTER, &content].concat()),
            thumbprint: None,
        };
        assert_eq!(open(&joined(&key), &own).unwrap().as_slice(), b"{}");
        let with_digest = [vec![1; 32], key.clone()].concat();
        assert_eq!(open(&joined(&with_digest), &own).unwrap().as_slice(), b"{}");
        assert!(open(&joined(&key[1..]), &own).is_err());
        let unsplit = SealedIdentity {
            session_key: None,
            ..apart
        };
        assert_eq!(
            open(&unsplit, &own).unwrap_err(),
            AskError::Nonsense("the identity comes without its key".to_owned())
        );
    }

    #[test]
    fn no_two_requests_are_alike() {
        let ida = keys_of("partner").ida;
        let (one, two) = (seal(b"{}", &ida).unwrap(), seal(b"{}", &ida).unwrap());
        assert_ne!(one.request, two.request);
        assert_ne!(one.hmac, two.hmac);
        assert_ne!(one.session_key, two.session_key);
    }

    proptest! {
        #[test]
        fn what_is_encrypted_is_decrypted(key: [u8; KEY], content in proptest::collection::vec(any::<u8>(), 0..100), at: prop::sample::Index) {
            let mut sealed = encrypt(&key, &content).unwrap();
            let plain = decrypt(&key, &sealed).unwrap();
            prop_assert_eq!(plain.as_slice(), content.as_slice());
            let at = at.index(sealed.len());
            sealed[at] ^= 0x80;
            prop_assert!(decrypt(&key, &sealed).is_none());
        }

        #[test]
        fn nothing_panics(content in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(decrypt(&[0; KEY], &content).is_none());
        }
    }
}
