//! v3's tokens: made for who holds an API key, and found again.

use jiff::Timestamp;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::ApiKey;
use selfsame_wire::v3::token::{self, Bound, Making, Seed, TokenError, TokenRequest};
use sha2::{Digest as _, Sha256};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

use crate::app::{App, Caller, Scope};
use crate::config::LONGEST_TOKEN_TTL;
use crate::refusal::Refusal;

/// Finds the caller by its API key, which tells the environment too.
pub(crate) async fn authorise(
    app: &App,
    scope: Scope,
    partner: &PartnerId,
    given: &ApiKey,
) -> Result<Caller, Refusal> {
    let record = app.store.partner(partner).await?;
    // One text, and one way to compare, for an unknown partner and a wrong key: neither tells which partners exist.
    let nobody = ApiKey::new("");
    let key_of = |environment| record.as_ref().map_or(&nobody, |p| p.key(environment));
    let found = environment_of(given, scope.environments(), key_of);
    match (record, found) {
        (Some(record), Some(environment)) => app.admit(record, environment),
        _ => Err(Refusal::new(
            ErrorCode::Unauthorised,
            "the API key does not match: check the partner id, the API key and its environment",
        )),
    }
}

/// Whose key it is. Every key is compared, whichever fits: time does not tell.
fn environment_of<'k>(
    given: &ApiKey,
    environments: &[Environment],
    key_of: impl Fn(Environment) -> &'k ApiKey,
) -> Option<Environment> {
    let digest = |key: &ApiKey| Sha256::digest(key.expose().as_bytes());
    let digest_given = digest(given);
    let mut found = 0_u8;
    for (number, environment) in (1..).zip(environments) {
        let same = digest(key_of(*environment)).ct_eq(&digest_given);
        found.conditional_assign(&number, same);
    }
    // An empty key is nobody's.
    let found = usize::from(found).checked_sub(1);
    found
        .filter(|_| !given.expose().is_empty())
        .and_then(|at| environments.get(at).copied())
}

/// Makes a token that fixes what is asked for.
pub(crate) async fn mint(
    app: &App,
    caller: Caller,
    request: TokenRequest,
    api_url: &str,
) -> Result<String, Refusal> {
    if let Some(url) = request.callback_url() {
        app.config
            .callback_rules()
            .check(url, caller.environment)
            .map_err(|error| {
                Refusal::new(
                    ErrorCode::WrongType,
                    format!("payload.callback_url: {error}"),
                )
            })?;
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|_| Refusal::internal(&"the operating system's random source does not answer"))?;
    let key = app.token_keys.to_make(&*app.store).await?;
    let Caller {
        partner,
        environment,
    } = caller;
    let bound = request.bound(partner.id.clone(), environment);
    let making = Making {
        seed: Seed::from_random(seed),
        now: Timestamp::now(),
        lifetime: app.config.limits.token_ttl.min(LONGEST_TOKEN_TTL),
        api_url,
    };
    Ok(bound.mint(&key, partner.key(environment), &making)?)
}

/// Finds the caller by a token, and what the token fixes.
pub(crate) async fn open(app: &App, scope: Scope, text: &str) -> Result<(Caller, Bound), Refusal> {
    let refuse = |why: TokenError| Refusal::new(ErrorCode::Unauthorised, why.to_string());
    let claimed = token::peek(text).map_err(refuse)?;
    // As for a wrong signature: it is told neither which partners nor which keys exist.
    let unknown = || refuse(TokenError::WrongSignature);
    let key = app.token_keys.named(&*app.store, &claimed.key_id).await?;
    let key = key.ok_or_else(unknown)?;
    let partner = app.store.partner(&claimed.partner).await?;
    let partner = partner.ok_or_else(unknown)?;
    let api_key = partner.key(claimed.environment);
    let bound = token::open(text, &key, api_key, Timestamp::now()).map_err(refuse)?;
    if scope.0.is_some_and(|named| named != bound.environment) {
        return Err(Refusal::new(
            ErrorCode::Unauthorised,
            format!(
                "the token is for the {}, which is not what the path names",
                bound.environment
            ),
        ));
    }
    Ok((app.admit(partner, bound.environment)?, bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_tells_its_environment_and_the_path_may_restrict_it() {
        let (sandbox, production, nobody) = (ApiKey::new("s"), ApiKey::new("p"), ApiKey::new(""));
        let key_of = |environment| match environment {
            Environment::Sandbox => &sandbox,
            Environment::Production => &production,
        };
        let found = |given: &str, scope: Scope| {
            environment_of(&ApiKey::new(given), scope.environments(), key_of)
        };
        let any = Scope(None);
        assert_eq!(found("s", any), Some(Environment::Sandbox));
        assert_eq!(found("p", any), Some(Environment::Production));
        for environment in Environment::ALL {
            let scope = Scope(Some(environment));
            let own = key_of(environment).expose();
            assert_eq!(found(own, scope), Some(environment));
            for other in ["s", "p", "", "s "].into_iter().filter(|key| *key != own) {
                assert_eq!(found(other, scope), None, "{other}");
            }
        }
        // A partner that there is not has no key at all.
        for given in ["", "s"] {
            let found = environment_of(&ApiKey::new(given), &Environment::ALL, |_| &nobody);
            assert_eq!(found, None);
        }
    }
}
