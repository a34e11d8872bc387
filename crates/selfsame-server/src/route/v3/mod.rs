//! v3: forms in, a decision out; results by webhook.

pub(crate) mod admitted;
mod refused;

pub(crate) use refused::Refused;

use crate::router::Route;

/// What v3 serves, below the root and below `/sandbox` and `/production`. What authenticates does so by a token.
pub(crate) fn routes() -> Vec<Route> {
    Vec::new()
}
