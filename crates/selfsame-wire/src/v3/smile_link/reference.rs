//! The name of a link, which is all that opens it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// Random bytes of a name: as many as nobody guesses.
const RANDOM_BYTES: usize = 16;

/// A link's name: 22 characters, made of 16 random bytes. Whoever has it can open the link, so it is never printed by accident.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LinkRef(String);

/// The text names no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a link's name is 22 letters, digits, - and _")]
pub struct NotALinkRef;

impl LinkRef {
    /// Makes a name of random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; RANDOM_BYTES]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`NotALinkRef`].
    pub fn new(text: &str) -> Result<Self, NotALinkRef> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotALinkRef)?;
        // The decoder refuses bits that are left over, so each name is written in one way only.
        if bytes.len() == RANDOM_BYTES {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotALinkRef)
        }
    }

    /// The name itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkRef(…)")
    }
}

impl TryFrom<String> for LinkRef {
    type Error = NotALinkRef;
    fn try_from(text: String) -> Result<Self, NotALinkRef> {
        Self::new(&text)
    }
}

impl From<LinkRef> for String {
    fn from(reference: LinkRef) -> Self {
        reference.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_comes_back(bytes: [u8; RANDOM_BYTES]) {
            let made = LinkRef::from_random(bytes);
            prop_assert_eq!(LinkRef::new(made.reveal()), Ok(made.clone()));
            prop_assert_eq!(made.reveal().len(), 22);
            let printed = format!("{made:?}");
            prop_assert!(!printed.contains(made.reveal()));
        }

        #[test]
        fn what_is_taken_is_written_in_one_way(text in "[A-Za-z0-9_=+/.-]{0,30}") {
            if let Ok(reference) = LinkRef::new(&text) {
                let bytes: [u8; RANDOM_BYTES] =
                    URL_SAFE_NO_PAD.decode(&text).unwrap().try_into().unwrap();
                prop_assert_eq!(LinkRef::from_random(bytes), reference);
            }
        }
    }

    #[test]
    fn other_texts_are_none() {
        let name = LinkRef::from_random([7; RANDOM_BYTES]);
        for text in [
            "",
            "x",
            "../../etc/passwd",
            &name.reveal()[..21],
            &format!("{}A", name.reveal()),
            &format!("{}==", name.reveal()),
            "AAAAAAAAAAAAAAAAAAAAAB",
        ] {
            assert_eq!(LinkRef::new(text), Err(NotALinkRef), "{text}");
        }
    }
}
