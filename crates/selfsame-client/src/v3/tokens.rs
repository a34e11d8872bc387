//! Tokens from the partner's own server, kept until they end.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use selfsame_wire::id::UserId;
use selfsame_wire::v3::product::Product;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::v3::error::Error;

/// How long before its end a token is used no more, in seconds.
const MARGIN: i64 = 60;
/// How long the partner's own server may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tokens that are held: a program does a few things for a few users at a time.
const MOST_HELD: usize = 64;

/// What a token is wanted for. It is only a wish: the partner's own server says what the token allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The product that will be used; `None` where something is asked that belongs to none.
    pub product: Option<Product>,
    /// The user whom the caller named, if any.
    pub user: Option<UserId>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;
/// Whoever holds it fetches.
type Turn = Mutex<()>;
type Source = Box<dyn Fn(Wanted) -> BoxFuture<'static, Result<String, Failure>> + Send + Sync>;

/// Gets tokens from the partner's own server, and keeps each until a minute before it ends. One whose end cannot be read is used once.
pub struct Tokens {
    source: Source,
    patience: Duration,
    /// The oldest first. Never locked while a token is fetched.
    held: Mutex<Vec<Held>>,
    /// What is being fetched: who wants the same waits for the same, and for nothing else.
    turns: Mutex<Vec<(Wanted, Weak<Turn>)>>,
}

struct Held {
    wanted: Wanted,
    token: String,
    /// When it is used no more, in seconds since 1970.
    until: i64,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(redacted)")
    }
}

impl Tokens {
    /// From whatever asks the partner's server, or from a [`TokenMinter`](crate::v3::TokenMinter) on that server.
    pub fn from_fn<F, T, E>(source: F) -> Self
    where
        F: Fn(Wanted) -> T + Send + Sync + 'static,
        T: Future<Output = Result<String, E>> + Send + 'static,
        E: Into<Failure> + 'static,
    {
        Self {
            source: Box::new(move |wanted| {
                source(wanted)
                    .map(|fetched| fetched.map_err(Into::into))
                    .boxed()
            }),
            patience: PATIENCE,
            held: Mutex::default(),
            turns: Mutex::default(),
        }
    }

    /// A token for what is wanted.
    pub(crate) async fn get(&self, wanted: Wanted) -> Result<String, Error> {
        let turn = self.turn(&wanted).await;
        let _turn = turn.lock().await;
        if let Some(token) = self.fresh(&wanted).await {
            return Ok(token);
        }
        let token = tokio::time::timeout(self.patience, (self.source)(wanted.clone()))
            .await
            .unwrap_or_else(|_| Err("the partner's server took too long".into()))
            .map_err(Error::Token)?;
        // Any other text would end up in a header, or be none.
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let wrong = "the partner's server gave something that is no token";
            return Err(Error::Answer(wrong.to_owned()));
        }
        if let Some(end) = claims(&token)["exp"].as_i64() {
            let mut all = self.held.lock().await;
            all.push(Held {
                wanted,
                token: token.clone(),
                until: end.saturating_sub(MARGIN),
            });
            if all.len() > MOST_HELD {
                all.remove(0);
            }
        }
        Ok(token)
    }

    /// What only one may fetch at a time.
    async fn turn(&self, wanted: &Wanted) -> Arc<Turn> {
        let mut turns = self.turns.lock().await;
        turns.retain(|(_, turn)| turn.strong_count() > 0);
        let taken = turns.iter().find(|(of, _)| of == wanted);
        if let Some(turn) = taken.and_then(|(_, turn)| turn.upgrade()) {
            return turn;
        }
        let turn = Arc::default();
        turns.push((wanted.clone(), Arc::downgrade(&turn)));
        turn
    }

    /// A token that is held.
    async fn fresh(&self, wanted: &Wanted) -> Option<String> {
        let mut all = self.held.lock().await;
        let now = Timestamp::now().as_second();
        all.retain(|held| held.until > now);
        let held = all.iter().find(|held| held.wanted == *wanted)?;
        Some(held.token.clone())
    }

    /// Uses a token no more.
    pub(crate) async fn drop(&self, token: &str) {
        self.held.lock().await.retain(|held| held.token != token);
    }
}

/// Whose token it is, as far as it says so.
pub(crate) fn partner_of(token: &str) -> Option<String> {
    match &claims(token)["partner_id"] {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What a token says, unverified: the server judges tokens, not this. Null where it is not to be read.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap_or_default();
    let decoded = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&decoded).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Tokens that live for so many seconds, and how many were fetched.
    fn living(seconds: Option<i64>) -> (Tokens, Arc<AtomicUsize>) {
        let fetched = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&fetched);
        let tokens = Tokens::from_fn(move |_| {
            let nth = count.fetch_add(1, Ordering::Relaxed);
            let end = seconds.map(|seconds| Timestamp::now().as_second() + seconds);
            let claims = serde_json::json!({"exp": end, "nth": nth, "partner_id": "2343"});
            let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
            async move { Ok::<_, std::io::Error>(format!("e30.{claims}.c2ln")) }
        });
        (tokens, fetched)
    }

    fn authentication(user: &str) -> Wanted {
        Wanted {
            product: Some(Product::SmartSelfieAuthentication),
            user: Some(user.parse().unwrap()),
        }
    }

    #[tokio::test]
    async fn a_token_is_kept_for_what_it_was_wanted_for() {
        let (tokens, fetched) = living(Some(900));
        let ada = tokens.get(authentication("ada")).await.unwrap();
        assert_eq!(partner_of(&ada).as_deref(), Some("2343"));
        assert_eq!(tokens.get(authentication("ada")).await.unwrap(), ada);
        let bob = tokens.get(authentication("bob")).await.unwrap();
        assert_ne!(bob, ada);
        assert_eq!(fetched.load(Ordering::Relaxed), 2);
        tokens.drop(&bob).await;
        assert_eq!(tokens.get(authentication("ada")).await.unwrap(), ada);
        assert_ne!(tokens.get(authentication("bob")).await.unwrap(), bob);
    }

    #[tokio::test]
    async fn a_token_that_ends_within_a_minute_or_does_not_say_when_is_used_once() {
        for seconds in [Some(60), Some(-5), None] {
            let (tokens, fetched) = living(seconds);
            for _ in 0..2 {
                tokens.get(authentication("ada")).await.unwrap();
            }
            assert_eq!(fetched.load(Ordering::Relaxed), 2, "{seconds:?}");
        }
    }

    #[tokio::test]
    async fn who_wants_the_same_waits_for_the_same() {
        let (tokens, fetched) = living(Some(900));
        let wanted = || tokens.get(authentication("ada"));
        let (one, two, three) = tokio::join!(wanted(), wanted(), wanted());
        assert!(one.unwrap() == two.unwrap() && three.is_ok());
        assert_eq!(fetched.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn who_wants_another_waits_for_nobody_and_nobody_waits_for_ever() {
        let hangs = Wanted::default();
        let mut tokens = Tokens::from_fn(|wanted: Wanted| async move {
            if wanted.user.is_none() {
                std::future::pending::<()>().await;
            }
            Ok::<_, std::io::Error>("opaque".to_owned())
        });
        tokio::select! {
            biased;
            hung = tokens.get(hangs.clone()) => unreachable!("{}", hung.is_ok()),
            bob = tokens.get(authentication("bob")) => assert_eq!(bob.unwrap(), "opaque"),
        }
        tokens.patience = Duration::ZERO;
        let error = tokens.get(hangs).await.unwrap_err();
        assert!(matches!(error, Error::Token(_)) && error.is_passing());
        assert!(
            tokens.turns.lock().await.len() <= 1,
            "turns that are over are forgotten"
        );
    }

    #[tokio::test]
    async fn what_is_no_token_is_told_of_and_not_sent() {
        let given = |text: &'static str| {
            Tokens::from_fn(move |_| async move { Ok::<_, std::io::Error>(text.to_owned()) })
        };
        for text in ["", "a\r\nb", "a b", "é"] {
            let refused = given(text).get(Wanted::default()).await;
            assert!(matches!(refused, Err(Error::Answer(_))), "{text:?}");
        }
        for text in ["opaque", "a.b.c", "..", "a.bm90IGpzb24.c"] {
            assert_eq!(given(text).get(Wanted::default()).await.unwrap(), text);
            assert_eq!(partner_of(text), None);
        }
        let down = Tokens::from_fn(|_| async { Err::<String, _>("the service is down") });
        let error = down.get(Wanted::default()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "no token could be had: the service is down"
        );
    }
}
