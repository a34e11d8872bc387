//! Head turns that the server drew for one capture.

use selfsame_wire::challenge::MOST_TURNS;
pub use selfsame_wire::challenge::{Challenge, ChallengeId, Turn};
use serde_json::Value;

/// Reads the answer of `/v1/challenge`; `None` where it holds no challenge, or turns that this client does not know.
pub(crate) fn read(answer: &Value) -> Option<Challenge> {
    let challenge = answer.get("challenge")?;
    let is_no_life = |seconds: &Value| seconds.as_f64().is_none_or(|s| s <= 0.0);
    if challenge.get("seconds").is_some_and(is_no_life) {
        return None;
    }
    let challenge: Challenge = serde_json::from_value(challenge.clone()).ok()?;
    (1..=MOST_TURNS)
        .contains(&challenge.turns.len())
        .then_some(challenge)
}
