//! Web tokens: what a browser may do with one, made and found again.

use jiff::Timestamp;
use selfsame_job::sandbox;
use selfsame_job::user::UserKey;
use selfsame_wire::challenge::Challenge;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::product::Product;
use selfsame_wire::web_token::{self, Grant, TokenError};

use crate::app::{App, Caller, Scope};
use crate::challenges;
use crate::intake::performed;
use crate::refusal::Refusal;
use crate::route::links;

/// Makes a web token of the caller's, if the job that it allows is one that the caller could submit. A challenge goes with it
/// where one is asked for, or the policy requires one.
pub(crate) async fn mint(
    app: &App,
    caller: &Caller,
    mut grant: Grant,
    challenge: bool,
) -> Result<(String, Option<Challenge>), Refusal> {
    let job_type = match grant.product.job_type() {
        Some(job_type) => performed(job_type)?,
        None => return Err(not_performed(grant.product)),
    };
    if let Some(url) = &grant.callback_url {
        app.config
            .callback_rules()
            .check(url, caller.environment)
            .map_err(|error| Refusal::new(ErrorCode::WrongType, error.to_string()))?;
    }
    sandbox::forced(
        caller.environment,
        grant.sandbox_result.as_deref(),
        grant.user(),
    )
    .map_err(|error| Refusal::new(ErrorCode::WrongType, error.to_string()))?;
    if challenge || challenges::is_required(app, caller.environment, job_type) {
        let whom = challenges::For {
            user: UserKey {
                partner: caller.partner.id.clone(),
                environment: caller.environment,
                user: grant.user().clone(),
            },
            job_id: Some(grant.job().clone()),
            job_type: Some(job_type),
        };
        grant.challenge = Some(challenges::draw(app, whom).await?);
    }
    let key = caller.partner.key(caller.environment);
    let token = grant.mint(key, Timestamp::now(), app.config.limits.web_token_ttl)?;
    Ok((token, grant.challenge))
}

fn not_performed(product: Product) -> Refusal {
    Refusal::new(
        ErrorCode::InvalidJobType,
        format!("the product {product} is not performed by this server yet"),
    )
}

/// Finds the caller by a web token, and what the token allows.
///
/// What a link's partner keeps from its visitors, the callback and the partner parameters, does not stand in the token: it is taken
/// from the link.
pub(crate) async fn open(app: &App, scope: Scope, token: &str) -> Result<(Caller, Grant), Refusal> {
    let refuse = |why: TokenError| Refusal::new(ErrorCode::Unauthorised, why.to_string());
    let (partner, environment) = web_token::peek(token).map_err(refuse)?;
    // As for a wrong signature: it is not told which partners exist.
    let partner = app
        .store
        .partner(&partner)
        .await?
        .ok_or_else(|| refuse(TokenError::WrongSignature))?;
    let mut grant =
        web_token::open(token, partner.key(environment), Timestamp::now()).map_err(refuse)?;
    if scope.0.is_some_and(|named| named != environment) {
        return Err(Refusal::new(
            ErrorCode::Unauthorised,
            format!("the web token is for the {environment}, which is not what the path names"),
        ));
    }
    // Before the partner's own rate: a visitor of one link must not take all of it.
    if let Some(at) = &grant.link {
        app.link_rates
            .check(&at.reference)
            .map_err(Refusal::too_often)?;
    }
    let caller = app.admit(partner, environment)?;
    let Some(at) = &grant.link else {
        return Ok((caller, grant));
    };
    let terms = match app.store.link(&at.reference).await? {
        Some(link) => link.terms,
        // It was forgotten, with its user perhaps.
        None => return Err(links::gone()),
    };
    grant.callback_url = terms.callback_url;
    if let Some(params) = &terms.partner_params {
        grant = grant.binding(params);
    }
    Ok((caller, grant))
}
