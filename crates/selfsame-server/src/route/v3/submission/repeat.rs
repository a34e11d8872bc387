//! Submissions that are repeated: one that comes again under the caller's own key is answered as the first was.

use axum::http::{HeaderMap, StatusCode};
use selfsame_job::job::Job;
use selfsame_wire::error::WireError;
use selfsame_wire::id::UserId;
use selfsame_wire::v3::product::Product;
use sha2::{Digest as _, Sha256};

use super::Submitted;
use crate::app::{App, Caller};
use crate::route::v3::Refused;
use crate::route::v3::admitted::Admitted;

/// Header: by which a caller that repeats a submission says that it is the same.
const IDEMPOTENCY_KEY: &str = "smileid-idempotency-key";
/// The longest one, in bytes.
const MAX_KEY_BYTES: usize = 256;

/// By what a submission is recognised when it comes again. `None`: the caller gave no key, and each submission is a job of its own.
pub(super) fn key(
    admitted: &Admitted,
    headers: &HeaderMap,
    product: Product,
) -> Result<Option<[u8; 32]>, Refused> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = key.as_bytes();
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(
            WireError::wrong_type("the header SmileID-Idempotency-Key", "1 to 256 bytes").into(),
        );
    }
    let bound = admitted.bound.user_id.as_ref().map_or("", UserId::as_str);
    let mut hash = Sha256::new();
    for part in [
        b"v3".as_slice(),
        product.name().as_bytes(),
        bound.as_bytes(),
        key,
    ] {
        // Lengths keep one part from reading like another.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    Ok(Some(hash.finalize().into()))
}

/// The job that was begun under a key.
pub(super) async fn first(
    app: &App,
    caller: &Caller,
    key: Option<&[u8; 32]>,
) -> Result<Option<Job>, Refused> {
    let Some(key) = key else { return Ok(None) };
    let (partner, environment) = (&caller.partner.id, caller.environment);
    Ok(app.store.repeated(partner, environment, key).await?)
}

/// Answers as the first was answered.
///
/// # Errors
/// 409 where this one names another user: it is no repeat, and whoever sent it must not take the first one's job for its own.
pub(super) fn answer_first(first: Job, asked: Option<&UserId>) -> Result<Submitted, Refused> {
    match asked {
        Some(user) if user != first.user_id() => Err(Refused::new(
            StatusCode::CONFLICT,
            "another user's submission came under this SmileID-Idempotency-Key; use a key of its own for each submission",
        )),
        _ => Ok(first.into()),
    }
}
