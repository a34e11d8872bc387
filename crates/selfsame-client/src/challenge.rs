//! Head turns that the server drew for one capture.

use jiff::Timestamp;
use selfsame_wire::challenge::MOST_TURNS;
pub use selfsame_wire::challenge::{Challenge, ChallengeId, Offer, Turn};
use serde_json::Value;

/// Reads the answer of `/v1/challenge`; `None` where it holds no challenge, or turns that this client does not know. A server that
/// does not say how long the challenge lives says until when.
pub(crate) fn read(answer: &Value, now: Timestamp) -> Option<Offer> {
    let json = answer.get("challenge")?;
    let challenge: Challenge = serde_json::from_value(json.clone()).ok()?;
    if !(1..=MOST_TURNS).contains(&challenge.turns.len()) {
        return None;
    }
    Some(match json.get("seconds") {
        Some(seconds) => Offer {
            seconds: seconds.as_u64()?,
            challenge,
        },
        None => Offer::at(challenge, now),
    })
}
