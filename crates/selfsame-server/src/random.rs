//! Random values from the operating system.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use selfsame_wire::id::IdError;

use crate::refusal::Refusal;

/// The operating system has no randomness to give.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the operating system's random source does not answer")]
pub struct NoRandomness;

/// Some random bytes.
///
/// # Errors
/// When the random source does not answer.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// 32 random bytes, and their URL-safe text.
///
/// # Errors
/// When the random source does not answer.
pub fn secret() -> Result<String, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<32>()?))
}

/// A name that the server gives where the caller gave none.
pub(crate) fn named<T: std::str::FromStr<Err = IdError>>() -> Result<T, Refusal> {
    uuid::Uuid::new_v4()
        .to_string()
        .parse()
        .map_err(|e: IdError| Refusal::internal(&e))
}

/// A number from 0 to 1 to spread things in time; 0.5 when there is no randomness.
#[must_use]
pub fn fraction() -> f64 {
    getrandom::u32().map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX))
}
