//! Who uses the demo page: a browser that holds a secret, and the people that it registered.
//!
//! A user of the demo is made of the browser's secret and the name that was typed there. So one browser's "ada" is not another's,
//! and nobody can ask for a token for a user of somebody else's: nothing is kept for that, and the page names no user at all.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::UserId;
use sha2::{Digest as _, Sha256};

use crate::random;
use crate::refusal::Refusal;

const COOKIE: &str = "selfsame_demo";
/// Bytes of the secret, as [`random::secret`] makes it.
const SECRET_BYTES: usize = 32;
/// How long a browser keeps it, in seconds.
const LIFETIME: u32 = 24 * 60 * 60;
/// The longest name, in characters.
const MOST_NAME: usize = 64;

/// A browser.
pub(crate) struct Visitor {
    secret: String,
}

impl Visitor {
    /// The one whose secret a request carries.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let secret = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE)?
            .1;
        // A shorter one could be guessed.
        let whole = URL_SAFE_NO_PAD
            .decode(secret)
            .is_ok_and(|bytes| bytes.len() == SECRET_BYTES);
        whole.then(|| Self {
            secret: secret.to_owned(),
        })
    }

    /// One that was not here before.
    pub(crate) fn new() -> Result<Self, Refusal> {
        let secret = random::secret().map_err(|e| Refusal::internal(&e))?;
        Ok(Self { secret })
    }

    /// The user that this browser means by a name.
    pub(crate) fn user(&self, name: &str) -> Result<UserId, Refusal> {
        let name = name.trim();
        if name.is_empty() {
            return Err(WireError::missing("name").into());
        }
        if name.chars().count() > MOST_NAME {
            let wanted = format!("at most {MOST_NAME} characters long");
            return Err(WireError::wrong_type("name", &wanted).into());
        }
        let digest = Sha256::digest(format!("selfsame demo user\n{}\n{name}", self.secret));
        UserId::new(format!("demo-{}", URL_SAFE_NO_PAD.encode(digest)))
            .map_err(|e| Refusal::new(ErrorCode::WrongType, e.to_string()))
    }

    /// What makes the browser send the secret again, to the demo's own paths only.
    pub(crate) fn cookie(&self, secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        format!(
            "{COOKIE}={}; Path=/demo/; Max-Age={LIFETIME}; HttpOnly; SameSite=Strict{secure}",
            self.secret
        )
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with_cookie(cookie: &str) -> Option<Visitor> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
        Visitor::of(&headers)
    }

    #[test]
    fn a_browser_that_comes_again_means_the_same_user_and_another_does_not() {
        let first = Visitor::new().unwrap();
        let sent = first.cookie(false);
        let sent = sent.split(';').next().unwrap();
        let again = with_cookie(&format!("theme=dark; {sent}; x")).unwrap();
        let user = |visitor: &Visitor, name: &str| visitor.user(name).unwrap();
        assert_eq!(user(&first, "ada"), user(&again, " ada "));
        assert_ne!(user(&first, "ada"), user(&first, "grace"));
        assert_ne!(user(&first, "ada"), user(&Visitor::new().unwrap(), "ada"));
        assert!(user(&first, "ada").as_str().starts_with("demo-"));
    }

    #[test]
    fn only_a_whole_secret_is_one() {
        for cookie in [
            "selfsame_demo=",
            "selfsame_demo=short",
            "selfsame_demo",
            "other=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "selfsame_demo=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "selfsame_demo=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!",
        ] {
            assert!(with_cookie(cookie).is_none(), "{cookie}");
        }
        assert!(with_cookie("selfsame_demo=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").is_some());
    }

    #[test]
    fn a_name_is_some_text() {
        let visitor = Visitor::new().unwrap();
        assert!(visitor.user(" ").is_err());
        assert!(visitor.user(&"é".repeat(65)).is_err());
        assert!(visitor.user(&"é".repeat(64)).is_ok());
    }

    #[test]
    fn the_cookie_is_for_this_page_alone() {
        let cookie = Visitor::new().unwrap().cookie(true);
        for attribute in ["Path=/demo/", "HttpOnly", "SameSite=Strict", "Secure"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!Visitor::new().unwrap().cookie(false).contains("Secure"));
    }
}
