//! Signatures: a receipt as JSON in a JSON web signature (RFC 7515, compact), framed in text that survives being pasted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use crate::key::{SigningKey, VerifyingKey};
use crate::receipt::{Receipt, Unfit};

/// The one kind of signature that is made, and accepted.
const ALGORITHM: &str = "EdDSA";
const TYPE: &str = "selfsame-receipt+jws";
const BEGIN: &str = "-----BEGIN SELFSAME RECEIPT-----";
const END: &str = "-----END SELFSAME RECEIPT-----";
/// Characters of a line.
const LINE: usize = 64;
/// The longest signed text that is read, white space included.
pub const MAX_SIGNED: usize = 512 * 1024;

/// What a signature says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    alg: String,
    kid: String,
    typ: String,
}

/// A receipt with a signature that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedReceipt {
    receipt: Receipt,
    token: String,
    key: VerifyingKey,
}

/// Why a receipt is not verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No signed text.
    #[error("there is no signed receipt in it")]
    None,
    /// More than one.
    #[error("there is more than one signed receipt in it: verify each by itself")]
    Several,
    /// It is longer than any is.
    #[error("the signed text is longer than {MAX_SIGNED} bytes")]
    TooLong,
    /// It is no signature as receipts have it.
    #[error("the signed text is damaged: it has another form than a receipt's")]
    Damaged,
    /// Its key is none of those given.
    #[error("it is signed by the key {0:?}, which is none of those that you trust")]
    UnknownKey(String),
    /// The signature is wrong.
    #[error("the signature is wrong: the receipt was changed, or is forged")]
    Forged,
    /// The signature is right, but what it signs is not understood.
    #[error(
        "the signature is right, but the receipt is of another version than this program reads"
    )]
    OtherVersion,
}

impl Receipt {
    /// Signs it.
    ///
    /// # Errors
    /// [`Unfit`] when a text or list is too long.
    pub fn sign(self, key: &SigningKey) -> Result<SignedReceipt, Unfit> {
        self.check()?;
        let head = Head {
            alg: ALGORITHM.to_owned(),
            kid: key.public().fingerprint(),
            typ: TYPE.to_owned(),
        };
        // Neither holds maps with keys that are no text, nor numbers that JSON has not.
        let coded =
            |json: Result<Vec<u8>, serde_json::Error>| BASE64.encode(json.unwrap_or_default());
        let head = coded(serde_json::to_vec(&head));
        let body = coded(serde_json::to_vec(&self));
        let signature = key.sign(format!("{head}.{body}").as_bytes());
        Ok(SignedReceipt {
            receipt: self,
            token: format!("{head}.{body}.{}", BASE64.encode(signature)),
            key: *key.public(),
        })
    }
}

impl SignedReceipt {
    /// What was signed.
    #[must_use]
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The JSON web signature, in its compact form.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The key that it was signed by.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// The signed text in lines, framed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{BEGIN}\n");
        for line in self.lines() {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(END);
        text.push('\n');
        text
    }

    /// The signed text's lines.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        let starts = (0..self.token.len()).step_by(LINE);
        // ASCII, so that each place is a character's.
        starts.filter_map(|at| self.token.get(at..(at + LINE).min(self.token.len())))
    }

    /// Reads a receipt out of a file (the page, the PDF, the framed text, or the signature by itself) and verifies it by one of the
    /// keys. What counts is [`SignedReceipt::receipt`], not what the file shows around it.
    ///
    /// # Errors
    /// [`VerifyError`] says why it is none.
    pub fn verify(file: &[u8], keys: &[VerifyingKey]) -> Result<Self, VerifyError> {
        let token = unframed(file)?;
        let mut parts = token.split('.');
        let (Some(head), Some(body), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(VerifyError::Damaged);
        };
        let decoded = |part: &str| BASE64.decode(part).map_err(|_| VerifyError::Damaged);
        let signed: Head =
            serde_json::from_slice(&decoded(head)?).map_err(|_| VerifyError::Damaged)?;
        if signed.alg != ALGORITHM || signed.typ != TYPE {
            return Err(VerifyError::Damaged);
        }
        let Some(key) = keys.iter().find(|key| key.fingerprint() == signed.kid) else {
            // A fingerprint is 43 characters.
            return Err(VerifyError::UnknownKey(
                signed.kid.chars().take(64).collect(),
            ));
        };
        let message = format!("{head}.{body}");
        if !key.verifies(message.as_bytes(), &decoded(signature)?) {
            return Err(VerifyError::Forged);
        }
        let receipt: Receipt =
            serde_json::from_slice(&decoded(body)?).map_err(|_| VerifyError::OtherVersion)?;
        receipt.check().map_err(|_| VerifyError::OtherVersion)?;
        Ok(Self {
            receipt,
            key: *key,
            token,
        })
    }
}

fn find(file: &[u8], what: &str) -> Option<usize> {
    file.windows(what.len())
        .position(|part| part == what.as_bytes())
}

/// The signature out of its frame, without white space.
fn unframed(file: &[u8]) -> Result<String, VerifyError> {
    let framed = if let Some(begin) = find(file, BEGIN) {
        let rest = &file[begin + BEGIN.len()..];
        let end = find(rest, END).ok_or(VerifyError::Damaged)?;
        if find(rest, BEGIN).is_some() {
            return Err(VerifyError::Several);
        }
        &rest[..end]
    } else {
        file
    };
    if framed.len() > MAX_SIGNED {
        // A file without a frame is long when it is something else altogether.
        return Err(if framed.len() == file.len() {
            VerifyError::None
        } else {
            VerifyError::TooLong
        });
    }
    let mut token = String::with_capacity(framed.len());
    for byte in framed {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                token.push(char::from(*byte))
            }
            _ if byte.is_ascii_whitespace() => {}
            _ if framed.len() == file.len() => return Err(VerifyError::None),
            _ => return Err(VerifyError::Damaged),
        }
    }
    if token.is_empty() {
        return Err(VerifyError::None);
    }
    Ok(token)
}
