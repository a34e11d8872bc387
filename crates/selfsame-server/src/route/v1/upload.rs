//! `POST /v1/upload`: prepares a job and hands out the URL for its package.

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_job::job::{Api, JobRequest, JobType};
use selfsame_store::store::UploadGrant;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::upload::{Auth, UploadRequest, UploadResponse};
use selfsame_wire::web_token::Grant;
use sha2::{Digest as _, Sha256};

use crate::app::{App, Caller, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::intake::{Intake, performed, recorded};
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::route::links;
use crate::route::v1::package::{upload_path, upload_token};
use crate::web_tokens;

pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    origin: Origin,
    client: ClientAddress,
    body: Body,
) -> Result<Json<UploadResponse>, Refusal> {
    let body = collect_json(&app, client, body).await?;
    let request = UploadRequest::parse(&body.bytes)?;
    let (caller, request) = admit(&app, scope, request).await?;
    let job_type = match performed(request.job_type)? {
        JobType::BiometricKyc if request.use_enrolled_image => JobType::BiometricKycOnFile,
        job_type => job_type,
    };
    if !job_type.product().comes_packaged() {
        return Err(Refusal::new(
            ErrorCode::InvalidJobType,
            format!(
                "job_type {} has no package; send it to /v1/id_verification or /v1/business_verification",
                job_type.number()
            ),
        ));
    }
    // Jobs of links have `Api::V3`, so that their results are v3's webhooks.
    let api = request.link.as_ref().map_or(Api::V1, |_| Api::V3);
    let job = Intake {
        caller: &caller,
        smile_job_id: links::smile_job_id(request.link.as_ref(), &request.job_id)?,
        user: request.user_id,
        job_id: request.job_id,
        job_type,
        request: JobRequest {
            callback_url: request.callback_url,
            allow_new_enroll: request.allow_new_enroll,
            use_enrolled_image: request.use_enrolled_image,
            id_info: request.id_info,
            consent: request.consent,
            sandbox_result: request.sandbox_result,
            source_sdk: request.source_sdk,
            source_sdk_version: request.source_sdk_version,
            link: request.link,
            ..JobRequest::new(api, request.partner_params)
        },
        retry: request.retry,
        challenge_id: request.challenge_id,
        // A signature or a token is in it: these very bytes are this very request.
        request_digest: Some(Sha256::digest(&body.bytes).into()),
    }
    .check(&app)
    .await?;
    let (token, token_hash) = upload_token()?;
    let expires_at = Timestamp::now() + app.config.limits.upload_ttl;
    // What answers a challenge must have arrived in its time.
    let challenge = job.request.challenge.as_ref();
    let expires_at = challenge.map_or(expires_at, |drawn| drawn.expires_at.min(expires_at));
    recorded(
        &app.store
            .prepare_job(
                &job,
                &UploadGrant {
                    token_hash,
                    expires_at,
                },
            )
            .await?,
    )?;
    tracing::info!(
        smile_job_id = %job.smile_job_id, partner = %job.user.partner, environment = %job.user.environment,
        job_type = ?job.job_type, "job prepared"
    );
    let upload_url = format!("{}{}", origin.0, upload_path(&token));
    Ok(Json(UploadResponse::new(upload_url, &job.smile_job_id)))
}

/// How often a job may be tried with web tokens that allow `retry`.
const MOST_ATTEMPTS: usize = 5;

/// Finds the caller. With a web token, the request becomes what the token makes of it.
async fn admit(
    app: &App,
    scope: Scope,
    request: UploadRequest,
) -> Result<(Caller, UploadRequest), Refusal> {
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
            let request = request.bound_by(&grant)?;
            if request.retry {
                may_try_again(app, &caller, &grant).await?;
            }
            Ok((caller, request))
        }
    }
}

/// A page may prepare its job again as long as no attempt has ended: then an answer was lost. After that each attempt is another
/// guess at the user's face, which the token must allow, and not for ever.
async fn may_try_again(app: &App, caller: &Caller, grant: &Grant) -> Result<(), Refusal> {
    let results = app
        .store
        .results(&caller.partner.id, caller.environment, grant.job())
        .await?;
    // An attempt that a person reviewed has two, and steps that went before its end have ended nothing.
    let ended = results.iter().filter(|result| !result.of_step);
    let attempts: HashSet<_> = ended.map(|result| &result.smile_job_id).collect();
    let why = match attempts.len() {
        0 => return Ok(()),
        1..MOST_ATTEMPTS if grant.retry => return Ok(()),
        1..MOST_ATTEMPTS => "the job has ended, and the web token does not allow retry".to_owned(),
        _ => format!("the job was tried {MOST_ATTEMPTS} times, as often as a web token allows"),
    };
    Err(Refusal::new(
        ErrorCode::Unauthorised,
        format!("retry: {why}; ask /v1/token for a token for a new job"),
    ))
}
