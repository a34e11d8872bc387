//! `POST /v1/challenge`: head turns are drawn for a user, which a capture is to show.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_job::user::UserKey;
use selfsame_wire::challenge::{ChallengeRequest, ChallengeResponse, Offer};
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::{Environment, PartnerId, UserId};
use selfsame_wire::upload::Auth;

use crate::app::{App, Scope};
use crate::body::collect_json;
use crate::challenges::{For, draw};
use crate::client_address::ClientAddress;
use crate::intake::performed;
use crate::refusal::Refusal;
use crate::web_tokens;

pub(crate) async fn challenge(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<ChallengeResponse>, Refusal> {
    let body = collect_json(&app, client, body).await?;
    let request = ChallengeRequest::parse(&body.bytes)?;
    let whom = whom(&app, scope, request).await?;
    let challenge = draw(&app, whom).await?;
    Ok(Json(ChallengeResponse {
        challenge: Offer::at(challenge, Timestamp::now()),
    }))
}

/// Finds the caller, and for whom it may ask.
async fn whom(app: &App, scope: Scope, request: ChallengeRequest) -> Result<For, Refusal> {
    let job_type = request.job_type.map(performed).transpose()?;
    let key = |partner: PartnerId, environment: Environment, user: UserId| UserKey {
        partner,
        environment,
        user,
    };
    match (&request.auth, request.partner_id, request.user_id) {
        (
            Auth::Signature {
                timestamp,
                signature,
            },
            Some(partner),
            Some(user),
        ) => {
            let caller = app.authorise(scope, &partner, timestamp, signature).await?;
            Ok(For {
                user: key(caller.partner.id, caller.environment, user),
                job_id: request.job_id,
                job_type,
            })
        }
        (Auth::Signature { .. }, None, _) => Err(WireError::missing("partner_id").into()),
        (Auth::Signature { .. }, _, None) => Err(WireError::missing("user_id").into()),
        (Auth::Token(given), partner, user) => {
            let (caller, grant) = web_tokens::open(app, scope, given).await?;
            let granted = grant.product.job_type().map(performed).transpose()?;
            let says_otherwise = [
                ("partner_id", partner.is_some_and(|p| p != grant.partner)),
                ("user_id", user.is_some_and(|u| u != *grant.user())),
                ("job_id", request.job_id.is_some_and(|j| j != *grant.job())),
                ("job_type", job_type.is_some_and(|t| Some(t) != granted)),
            ];
            if let Some((field, _)) = says_otherwise.iter().find(|(_, otherwise)| *otherwise) {
                return Err(Refusal::new(
                    ErrorCode::Unauthorised,
                    format!("{field} is not what the web token allows; leave it out"),
                ));
            }
            Ok(For {
                user: key(caller.partner.id, caller.environment, grant.user().clone()),
                job_id: Some(grant.job().clone()),
                job_type: granted,
            })
        }
    }
}
