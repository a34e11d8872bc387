//! Looking identities up without a face: `/v1/id_verification`, `/v1/business_verification`, `/v2/verify`, telephone numbers, and
//! their forms that answer to the callback.
//!
//! Each is a job like any other: on record before anything is asked, in `job_status`, and called back where it names a URL. The
//! synchronous forms wait for its end, and answer with its result.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_authority::id_types::Unfit;
use selfsame_job::identity::IdentityQuery;
use selfsame_job::job::{Api, Job, JobRequest, JobType};
use selfsame_job::outcome::JobOutcome;
use selfsame_store::store::Prepared;
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::{JobId, SmileJobId, UserId};
use selfsame_wire::id_verification::{Delivery, HeaderAuth, IdVerificationRequest, Lookup};
use selfsame_wire::result::SignedResult;
use selfsame_wire::upload::Auth;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::app::{App, Caller, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::completion::Wait;
use crate::intake::{Intake, recorded};
use crate::origin::Origin;
use crate::random::named;
use crate::receipts::ReceiptLinks;
use crate::refusal::Refusal;
use crate::route::links;
use crate::route::v1::result::v1_result_with;
use crate::web_tokens;

/// The answer of a form that answers to the callback.
#[derive(Debug, Serialize)]
pub(crate) struct Accepted {
    success: bool,
}

type Answer = Result<Json<Box<RawValue>>, Refusal>;
type Acceptance = Result<Json<Accepted>, Refusal>;

macro_rules! handlers {
    ($($(#[$doc:meta])* $now:ident, $later:ident: $lookup:ident;)*) => {
        $(
            $(#[$doc])*
            ///
            /// The answer is the result.
            pub(crate) async fn $now(
                State(app): State<Arc<App>>,
                Extension(scope): Extension<Scope>,
                origin: Origin,
                client: ClientAddress,
                headers: HeaderMap,
                body: Body,
            ) -> Answer {
                let asked = Asked { lookup: Lookup::$lookup, delivery: Delivery::Answer };
                let answered = async {
                    let begun = begin(&app, scope, client, &headers, body, asked).await?;
                    answer(&app, begun, &origin).await
                };
                answered.await.map_err(|refusal| asked.refused(refusal))
            }

            $(#[$doc])*
            ///
            /// The result goes to the callback.
            pub(crate) async fn $later(
                State(app): State<Arc<App>>,
                Extension(scope): Extension<Scope>,
                client: ClientAddress,
                headers: HeaderMap,
                body: Body,
            ) -> Acceptance {
                let asked = Asked { lookup: Lookup::$lookup, delivery: Delivery::Callback };
                begin(&app, scope, client, &headers, body, asked)
                    .await
                    .map_err(|refusal| asked.refused(refusal))?;
                Ok(Json(Accepted { success: true }))
            }
        )*
    };
}

handlers! {
    #[doc = "`/v1/id_verification`, `/v1/async_id_verification`: the record of a number."]
    id_verification, async_id_verification: Enhanced;
    #[doc = "`/v1/business_verification`, `/v1/async_business_verification`: the record of a business."]
    business_verification, async_business_verification: Business;
    #[doc = "`/v2/verify`, `/v2/verify_async`: whether what is said of a person agrees with its record."]
    verify, verify_async: Basic;
    #[doc = "`/v2/verify-phone-number`, `/v2/async-verify-phone`: whose a telephone number is."]
    verify_phone, async_verify_phone: Phone;
}

/// Which of the calls it is.
#[derive(Debug, Clone, Copy)]
struct Asked {
    lookup: Lookup,
    delivery: Delivery,
}

impl Asked {
    const fn job_type(self) -> JobType {
        match self.lookup {
            Lookup::Enhanced => JobType::EnhancedKyc,
            Lookup::Basic => JobType::BasicKyc,
            Lookup::Phone => JobType::PhoneVerification,
            Lookup::Business => JobType::BusinessVerification,
        }
    }
}

impl Asked {
    /// A refusal in the call's shape.
    fn refused(self, refusal: Refusal) -> Refusal {
        match self.lookup {
            Lookup::Business => refusal.unsuccessful(),
            Lookup::Enhanced | Lookup::Basic | Lookup::Phone => refusal,
        }
    }
}

/// A job that was begun.
struct Begun {
    caller: Caller,
    job: SmileJobId,
    wait: Wait,
}

async fn begin(
    app: &App,
    scope: Scope,
    client: ClientAddress,
    headers: &HeaderMap,
    body: Body,
    asked: Asked,
) -> Result<Begun, Refusal> {
    let body = collect_json(app, client, body).await?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let proof = HeaderAuth {
        partner_id: header("smileid-partner-id"),
        timestamp: header("smileid-timestamp"),
        signature: header("smileid-request-signature"),
    };
    let request = IdVerificationRequest::parse(&body.bytes, asked.lookup, proof)?;
    may_be_answered(&request.auth, asked.delivery)?;
    let (caller, request) = authorise(app, scope, request).await?;
    let default = caller.partner.callback_urls.of(caller.environment);
    request.needs_callback(asked.delivery, default.is_some())?;
    check_fields(app, &caller, &request, asked)?;
    let user: UserId = request.user_id.map_or_else(named, Ok)?;
    let job_id: JobId = request.job_id.map_or_else(named, Ok)?;
    let partner_params = request.partner_params.naming(&job_id, &user);
    // Jobs of links have `Api::V3`, so that their results are v3's webhooks.
    let api = request.link.as_ref().map_or(Api::V1, |_| Api::V3);
    let job = Intake {
        caller: &caller,
        smile_job_id: links::smile_job_id(request.link.as_ref(), &job_id)?,
        user,
        job_id,
        job_type: asked.job_type(),
        request: JobRequest {
            callback_url: request.callback_url,
            sandbox_result: request.sandbox_result,
            source_sdk: request.source_sdk,
            source_sdk_version: request.source_sdk_version,
            id_info: Some(request.id_info),
            consent: request.consent,
            synchronous: asked.delivery == Delivery::Answer,
            link: request.link,
            ..JobRequest::new(api, partner_params)
        },
        retry: false,
        challenge_id: None,
        request_digest: Some(digest(asked, proof, &body.bytes)),
    }
    .check(app)
    .await?;
    let wait = app.completions.expect(&job.smile_job_id);
    let prepared = app.store.submit_request(&job).await?;
    if let Prepared::Repeats(first) = prepared {
        let wait = app.completions.expect(&first);
        return Ok(Begun {
            caller,
            job: first,
            wait,
        });
    }
    recorded(&prepared)?;
    app.job_queued.notify_one();
    tracing::info!(
        smile_job_id = %job.smile_job_id, partner = %job.user.partner, environment = %job.user.environment,
        job_type = ?job.job_type, "look-up queued"
    );
    Ok(Begun {
        caller,
        job: job.smile_job_id,
        wait,
    })
}

/// By what a repeat is recognised: the call, the proof where it stands in headers, and these very bytes, which hold it else.
fn digest(asked: Asked, proof: HeaderAuth<'_>, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let delivery: &[u8] = match asked.delivery {
        Delivery::Answer => b"answer",
        Delivery::Callback => b"callback",
    };
    for part in [
        asked.job_type().product().name().as_bytes(),
        delivery,
        proof.timestamp.unwrap_or_default().as_bytes(),
        proof.signature.unwrap_or_default().as_bytes(),
        body,
    ] {
        // Lengths keep one part from reading like another.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Whoever holds a web token may be anybody who opened a page: a record is not for them, nor an answer that the partner's key signed.
fn may_be_answered(auth: &Auth, delivery: Delivery) -> Result<(), Refusal> {
    match (auth, delivery) {
        (Auth::Token(_), Delivery::Answer) => Err(Refusal::new(
            ErrorCode::Unauthorised,
            "a web token's result goes to the callback only; ask the call's asynchronous form",
        )),
        (Auth::Token(_), Delivery::Callback) | (Auth::Signature { .. }, _) => Ok(()),
    }
}

/// Finds the caller; a request with a web token becomes what the token allows.
async fn authorise(
    app: &App,
    scope: Scope,
    request: IdVerificationRequest,
) -> Result<(Caller, IdVerificationRequest), Refusal> {
    match &request.auth {
        Auth::Signature {
            timestamp,
            signature,
        } => {
            let caller = app
                .authorise(scope, &request.partner_id, timestamp, signature)
                .await?;
            Ok((caller, request))
        }
        Auth::Token(given) => {
            let (caller, grant) = web_tokens::open(app, scope, given).await?;
            Ok((caller, request.bound_by(&grant)?))
        }
    }
}

/// What the ID type needs beside its number must be there: it is cheaper to say so now than after a job. Whether the number
/// itself fits is a result, not a fault of the request.
fn check_fields(
    app: &App,
    caller: &Caller,
    request: &IdVerificationRequest,
    asked: Asked,
) -> Result<(), Refusal> {
    let missing = match asked.lookup {
        Lookup::Enhanced | Lookup::Basic => ErrorCode::Missing,
        Lookup::Phone | Lookup::Business => ErrorCode::OtherMissing,
    };
    let refuse = |field: &str| -> Refusal {
        WireError {
            code: missing,
            ..WireError::missing(field)
        }
        .into()
    };
    let Ok(query) = IdentityQuery::new(&request.id_info) else {
        return Err(refuse("country, id_type and id_number"));
    };
    let authorities = &app.authorities;
    if let Err(Unfit::Missing(field)) = authorities.id_types().check(&query) {
        return Err(refuse(field));
    }
    let offered = authorities.enabled(
        &caller.partner.id,
        caller.environment,
        query.country,
        &query.id_type,
    );
    let wants_consent = offered.is_some_and(|offered| offered.consent_required);
    if wants_consent && request.consent.is_none() {
        return Err(refuse("consent_information"));
    }
    Ok(())
}

/// Waits for the job's end, and answers with its result.
async fn answer(app: &App, begun: Begun, origin: &Origin) -> Answer {
    let Begun {
        caller,
        job,
        mut wait,
    } = begun;
    // It may have ended before anybody waited.
    if app.store.result(&job).await?.is_none() {
        let limit = app.config.limits.synchronous_wait;
        let _ = tokio::time::timeout(limit, wait.ended()).await;
    }
    let Some(record) = app.store.result(&job).await? else {
        return Err(Refusal::busy(
            "the look-up takes longer than a caller can wait; its result is in job_status, and at the callback",
        ));
    };
    let job: Job = app
        .store
        .job(&job)
        .await?
        .ok_or_else(|| Refusal::internal(&"a job that ended is gone"))?;
    let receipts = ReceiptLinks::at(&app.config, origin);
    let receipt = |outcome: &JobOutcome| receipts.link(&caller.partner, &job, outcome);
    let result =
        v1_result_with(&job, &record.result, receipt).map_err(|e| Refusal::internal(&e))?;
    let key = caller.partner.key(caller.environment);
    let signed = SignedResult::sign(&result, key, &caller.partner.id, Timestamp::now());
    signed
        .map(|signed| Json(signed.into_raw()))
        .map_err(|e| Refusal::internal(&e))
}
