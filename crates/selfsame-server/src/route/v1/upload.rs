//! `POST /v1/upload`: prepares a job and hands out the URL for its package.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_job::job::{Api, JobRequest};
use selfsame_store::store::UploadGrant;
use selfsame_wire::upload::{Auth, UploadRequest, UploadResponse};
use sha2::{Digest as _, Sha256};

use crate::app::{App, Caller, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::intake::{Intake, performed, recorded};
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::route::v1::package::{upload_path, upload_token};
use crate::route::v1::token;

pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    origin: Origin,
    client: ClientAddress,
    body: Body,
) -> Result<Json<UploadResponse>, Refusal> {
    let body = collect_json(&app, client, body).await?;
    let request = UploadRequest::parse(&body.bytes)?;
    let caller = caller(&app, scope, &request).await?;
    let job = Intake {
        caller: &caller,
        user: request.user_id,
        job_id: request.job_id,
        job_type: performed(request.job_type)?,
        request: JobRequest {
            api: Api::V1,
            partner_params: request.partner_params,
            callback_url: request.callback_url,
            allow_new_enroll: request.allow_new_enroll,
            use_enrolled_image: request.use_enrolled_image,
            sandbox_result: request.sandbox_result,
            source_sdk: request.source_sdk,
            source_sdk_version: request.source_sdk_version,
        },
        retry: request.retry,
        // A signature or a token is in it: these very bytes are this very request.
        request_digest: Sha256::digest(&body.bytes).into(),
    }
    .check(&app)
    .await?;
    let (token, token_hash) = upload_token()?;
    let expires_at = Timestamp::now() + app.config.limits.upload_ttl;
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

async fn caller(app: &App, scope: Scope, request: &UploadRequest) -> Result<Caller, Refusal> {
    match &request.auth {
        Auth::Signature {
            timestamp,
            signature,
        } => {
            app.authorise(scope, &request.partner_id, timestamp, signature)
                .await
        }
        Auth::Token(given) => token::authorise(app, scope, given, request).await,
    }
}
