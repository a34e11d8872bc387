//! What a test does where something that it needs is not on the machine: it is left out and says so, or fails where the
//! test command demands what it installed.
//!
//! `SELFSAME_REQUIRE_MODELS` says what is demanded: `1` the models that nobody can do without, `all` the optional ones too.
//! `scripts/test.sh` sets it after `selfsame models fetch`.

pub mod onnx;

use std::fmt;
use std::path::{Path, PathBuf};

/// Names what is demanded.
pub const REQUIRE_MODELS: &str = "SELFSAME_REQUIRE_MODELS";

/// What a test needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Models, engines and photographs that `selfsame models fetch` must bring.
    Models,
    /// Models that it brings where they can be had: the one of presentation attacks.
    OptionalModels,
    /// An engine that exists for this platform: nobody can install it.
    Platform,
}

impl Need {
    /// Whether its absence is a failure, by what [`REQUIRE_MODELS`] says.
    fn is_demanded(self, required: Option<&str>) -> bool {
        match self {
            Self::Models => required.is_some_and(|r| !matches!(r, "" | "0")),
            Self::OptionalModels => required == Some("all"),
            Self::Platform => false,
        }
    }
}

/// Says that a test, or a part of it, is left out; the caller returns.
///
/// # Panics
/// Where what is missing is demanded.
#[allow(
    clippy::print_stderr,
    reason = "a test that is left out must say so where people look"
)]
pub fn left_out(need: Need, why: &dyn fmt::Display) {
    let required = std::env::var(REQUIRE_MODELS).ok();
    assert!(
        !need.is_demanded(required.as_deref()),
        "{why}; {REQUIRE_MODELS} demands it"
    );
    eprintln!("left out: {why}");
}

/// The folder of photographs beside the project, or below `SELFSAME_SHARED`; `None`, said aloud, where there is none.
///
/// # Panics
/// Where `SELFSAME_SHARED` names a folder without them.
#[must_use]
pub fn shared_faces() -> Option<PathBuf> {
    shared("faces/genuine-impostor", "photographs")
}

/// The folder of models beside the project, or below `SELFSAME_SHARED`; `None`, said aloud, where there is none.
///
/// # Panics
/// Where `SELFSAME_SHARED` names a folder without them.
#[must_use]
pub fn shared_models() -> Option<PathBuf> {
    shared("models", "models")
}

#[allow(
    clippy::print_stderr,
    reason = "a test that is left out must say so where people look"
)]
fn shared(folder: &str, what: &str) -> Option<PathBuf> {
    let named = std::env::var_os("SELFSAME_SHARED");
    let shared = named.as_ref().map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let found = shared.join(folder);
    if found.is_dir() {
        return Some(found);
    }
    assert!(
        named.is_none(),
        "SELFSAME_SHARED holds no {what}: there is no {}",
        found.display()
    );
    eprintln!("left out: there are no {what} at {}", found.display());
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_installed_is_demanded_and_nothing_else() {
        for (required, models, optional) in [
            (None, false, false),
            (Some(""), false, false),
            (Some("0"), false, false),
            (Some("1"), true, false),
            (Some("all"), true, true),
        ] {
            assert_eq!(Need::Models.is_demanded(required), models, "{required:?}");
            assert_eq!(Need::OptionalModels.is_demanded(required), optional);
            assert!(!Need::Platform.is_demanded(required));
        }
    }
}
