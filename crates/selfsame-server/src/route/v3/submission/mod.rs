//! Submissions: a form becomes a job, whose result goes to the callback URL.

mod fixed;
mod form;
mod identity;
mod images;
mod repeat;
pub(crate) mod sync;
mod user;

use std::sync::Arc;

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_authority::id_types::Product as IdProduct;
use selfsame_job::job::{Api, Job, JobRequest, JobType};
use selfsame_store::store::{NewJob, Prepared};
use selfsame_wire::error::WireError;
use selfsame_wire::id::{SmileJobId, UserId};
use selfsame_wire::partner_params::PartnerParams;
use selfsame_wire::signature;
use selfsame_wire::v3::answer::Accepted;
use selfsame_wire::v3::consent::Consent;
use selfsame_wire::v3::product::Product;
use selfsame_wire::v3::user_details::UserDetails;
use selfsame_wire::v3::{self, metadata, type_id};
use serde_json::value::{RawValue, to_raw_value};

use self::form::{Form, Texts};
use self::images::Images;
use super::admitted::admit;
use super::{Refused, content};
use crate::app::{App, Scope};
use crate::body::Arriving;
use crate::budget::{Holder, Purpose};
use crate::headers;
use crate::intake::{Intake, new_smile_job_id, recorded};
use crate::listen::Activity;
use crate::refusal::Refusal;

macro_rules! submissions {
    ($($(#[$doc:meta])* $name:ident: $product:ident;)*) => {
        $(
            $(#[$doc])*
            pub(crate) async fn $name(
                State(app): State<Arc<App>>,
                Extension(scope): Extension<Scope>,
                request: Request,
            ) -> Result<Response, Refused> {
                let job = submit(&app, scope, request, Product::$product, Wait::No).await?;
                accepted(&job)
            }
        )*
    };
}

submissions! {
    /// `/v3/registration`: a selfie is put on file.
    registration: SmartSelfieRegistration;
    /// `/v3/authentication`: a selfie is compared with the one on file.
    authentication: SmartSelfieAuthentication;
    /// `/v3/compare`: a selfie is compared with a photograph that the caller brings, and put on file.
    compare: SmartSelfieCompare;
    /// `/v3/biometric_kyc`: a record is looked up, its photograph compared with a selfie, and the person enrolled.
    biometric_kyc: BiometricKyc;
    /// `/v3/enhanced_kyc`: a record is looked up.
    enhanced_kyc: EnhancedKyc;
}

macro_rules! not_served {
    ($($name:ident: $product:ident;)*) => {
        $(
            /// A product that this server does not perform: 403, as the wire answers where a product is not enabled.
            pub(crate) async fn $name(
                State(app): State<Arc<App>>,
                Extension(scope): Extension<Scope>,
                headers: HeaderMap,
            ) -> Refused {
                refuse(&app, scope, &headers, Product::$product).await
            }
        )*
    };
}

not_served! {
    document_verification: DocumentVerification;
    enhanced_document_verification: EnhancedDocumentVerification;
    residency_document_verification: ResidencyDocumentVerification;
    aml: Aml;
    address: AddressVerification;
}

async fn refuse(app: &App, scope: Scope, headers: &HeaderMap, product: Product) -> Refused {
    let admitted = match admit(app, scope, headers).await {
        Ok(admitted) => admitted,
        Err(refused) => return refused,
    };
    match admitted.permits(product) {
        Ok(()) => Refused::forbidden(format!("the product {product} is not served here")),
        Err(refused) => refused,
    }
}

/// Whether the caller waits for the job's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    No,
    Yes,
}

/// A job on record, as its caller is told of it.
pub(super) struct Submitted {
    pub(super) job: SmileJobId,
    pub(super) user: UserId,
    created_at: Timestamp,
}

impl From<Job> for Submitted {
    fn from(job: Job) -> Self {
        Self {
            user: job.user_id().clone(),
            job: job.smile_job_id,
            created_at: job.created_at,
        }
    }
}

fn accepted(submitted: &Submitted) -> Result<Response, Refused> {
    let job_id = type_id::of_job(&submitted.job)
        .ok_or_else(|| Refusal::internal(&"a job's name is no UUID"))?;
    let created_at = signature::format_timestamp(submitted.created_at);
    let told = Accepted::new(job_id, submitted.user.clone(), created_at);
    Ok((StatusCode::ACCEPTED, Json(told)).into_response())
}

/// The job that a product's submission becomes.
const fn job_type(product: Product) -> Option<JobType> {
    Some(match product {
        Product::SmartSelfieRegistration => JobType::Enrolment,
        Product::SmartSelfieAuthentication => JobType::Authentication,
        Product::SmartSelfieCompare => JobType::Compare,
        Product::BiometricKyc => JobType::BiometricKyc,
        Product::EnhancedKyc => JobType::EnhancedKyc,
        _ => return None,
    })
}

/// Reads a submission and puts its job on record.
pub(super) async fn submit(
    app: &App,
    scope: Scope,
    request: Request,
    product: Product,
    wait: Wait,
) -> Result<Submitted, Refused> {
    let (parts, body) = request.into_parts();
    // Before the body is read: who is not authorised costs no memory.
    let admitted = admit(app, scope, &parts.headers).await?;
    admitted.permits(product)?;
    if wait == Wait::Yes && !admitted.bound.fixes_nothing() {
        return Err(Refused::forbidden(
            "this token is bound: its holder may be a page or a telephone, and what an authority tells goes to the callback URL only; \
             ask with a token that fixes nothing",
        ));
    }
    let Some(job_type) = job_type(product) else {
        return Err(Refused::forbidden(format!(
            "the product {product} is not served here"
        )));
    };
    let is_empty = body.size_hint().exact() == Some(0);
    if !is_empty {
        content::is_form(&parts.headers)?;
    }
    if let Some(connection) = parts.extensions.get::<Arc<Activity>>() {
        connection.authenticated();
    }
    let headers = parts.headers.clone();
    let caller = &admitted.caller;
    let key = repeat::key(&admitted, &headers, product)?;
    let first = repeat::first(app, caller, key.as_ref()).await?;
    let limits = &app.config.limits;
    let share = app
        .bodies
        .share(Purpose::Large, Holder::Partner(caller.partner.id.clone()));
    let most = limits.package_bytes.min(v3::MAX_BODY_BYTES);
    let body = admitted.body(app, &headers, body)?;
    let body = Arriving::new(body, share, most, limits.body_pace)?;
    let mut form = if is_empty {
        form::read_nothing(body).await?
    } else {
        form::read(parts, body).await?
    };
    let asked = user::asked(&admitted, &headers, &form.texts)?;
    if let Some(first) = first {
        return repeat::answer_first(first, asked.as_ref());
    }
    fixed::put_over(&mut form.texts, &admitted);
    let Form {
        texts,
        selfie,
        frames,
        comparison,
        share,
    } = form;
    let user = user::or_new(asked.clone(), product)?;
    let may_replace = Texts::flag("allow_new_enroll", texts.allow_new_enroll.as_deref())?;
    let allow_new_enroll = admitted.allow_new_enroll(may_replace)?;
    let consent = required("consent", &texts.consent)?;
    let consent = Consent::parse(consent, Timestamp::now())?;
    let details = UserDetails::parse(required("user_details", &texts.user_details)?)?;
    let callback_url = texts.callback_url.clone();
    // The job gets the partner's own; without one its result would be told nowhere.
    let default = caller.partner.callback_urls.of(caller.environment);
    if callback_url.is_none() && default.is_none() {
        return Err(WireError::missing("callback_url").into());
    }
    let metadata = texts.metadata.as_deref().map(metadata::parse).transpose()?;
    let id_info = match product {
        Product::BiometricKyc => Some(IdProduct::BiometricKyc),
        Product::EnhancedKyc => Some(IdProduct::EnhancedKyc),
        _ => None,
    }
    .map(|asked| identity::read(app, caller, &texts, &details, asked))
    .transpose()?;
    let smile_job_id = new_smile_job_id()?;
    let job_id = type_id::of_job(&smile_job_id)
        .ok_or_else(|| Refusal::internal(&"a job's name is no UUID"))?;
    let partner_params = partner_params(&texts)?.named(&job_id, &user);
    let images = Images {
        selfie,
        frames,
        comparison,
    };
    let package = images.package(caller.partner.id.as_str(), product, &texts, &partner_params)?;
    let job = Intake {
        caller,
        smile_job_id,
        user,
        job_id,
        job_type,
        request: JobRequest {
            callback_url,
            allow_new_enroll,
            sandbox_result: texts.forced_code(),
            source_sdk: headers::text(&headers, v3::SOURCE_SDK),
            source_sdk_version: headers::text(&headers, v3::SOURCE_SDK_VERSION),
            id_info,
            details: Some(details),
            metadata,
            consent: Some(raw(&consent)?),
            synchronous: wait == Wait::Yes,
            ..JobRequest::new(Api::V3, partner_params)
        },
        retry: false,
        challenge_id: None,
        request_digest: key,
    }
    .check(app)
    .await;
    let job = match job {
        Ok(job) => job,
        // What stands in its way may be what the first has just brought about.
        Err(refusal) => {
            return match repeat::first(app, caller, key.as_ref()).await? {
                Some(first) => repeat::answer_first(first, asked.as_ref()),
                None => Err(refusal.into()),
            };
        }
    };
    let prepared = match package {
        Some(package) => app.store.submit_job(&job, package.into()).await?,
        None => app.store.submit_request(&job).await?,
    };
    drop(share);
    if let Prepared::Repeats(first) = &prepared {
        let first = app.store.job(first).await?;
        let first =
            first.ok_or_else(|| Refusal::internal(&"the job of a repeated submission is gone"))?;
        return repeat::answer_first(first, asked.as_ref());
    }
    recorded(&prepared)?;
    app.job_queued.notify_one();
    tracing::info!(
        smile_job_id = %job.smile_job_id, partner = %job.user.partner, environment = %job.user.environment,
        job_type = ?job.job_type, "job submitted"
    );
    Ok(submitted(job))
}

fn submitted(job: NewJob) -> Submitted {
    Submitted {
        job: job.smile_job_id,
        user: job.user.user,
        created_at: Timestamp::now(),
    }
}

fn partner_params(texts: &Texts) -> Result<PartnerParams, WireError> {
    PartnerParams::parse(texts.partner_params.as_deref().unwrap_or("{}"))
}

fn required<'t>(name: &str, given: &'t Option<String>) -> Result<&'t str, WireError> {
    given.as_deref().ok_or_else(|| WireError::missing(name))
}

fn raw<T: serde::Serialize>(value: &T) -> Result<Box<RawValue>, Refusal> {
    to_raw_value(value).map_err(|e| Refusal::internal(&e))
}
