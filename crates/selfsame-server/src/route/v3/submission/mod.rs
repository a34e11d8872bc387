//! Submissions: a form becomes a job, whose result goes to the callback URL.

mod fixed;
mod form;
mod identity;
mod images;
pub(crate) mod sync;

use std::sync::Arc;

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
use sha2::{Digest as _, Sha256};

use self::form::{Form, Texts};
use self::images::Images;
use super::admitted::{Admitted, admit};
use super::{Refused, content};
use crate::app::{App, Scope};
use crate::body::Arriving;
use crate::budget::{Holder, Purpose};
use crate::intake::{Intake, new_smile_job_id, recorded};
use crate::listen::Activity;
use crate::refusal::Refusal;

/// Header: by which a caller that repeats a submission says that it is the same.
const IDEMPOTENCY_KEY: &str = "smileid-idempotency-key";
/// The longest one, in bytes.
const MAX_KEY_BYTES: usize = 256;

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
    let Some(job_type) = job_type(product) else {
        return Err(Refused::forbidden(format!(
            "the product {product} is not served here"
        )));
    };
    content::is_form(&parts.headers)?;
    if let Some(connection) = parts.extensions.get::<Arc<Activity>>() {
        connection.authenticated();
    }
    let headers = parts.headers.clone();
    let caller = &admitted.caller;
    let repeats = repeated(app, &admitted, &headers, product).await?;
    let limits = &app.config.limits;
    let share = app
        .bodies
        .share(Purpose::Large, Holder::Partner(caller.partner.id.clone()));
    let most = limits.package_bytes.min(v3::MAX_BODY_BYTES);
    let body = admitted.body(app, &headers, body)?;
    let body = Arriving::new(body, share, most, limits.body_pace)?;
    let mut form = form::read(parts, body).await?;
    let digest = match repeats {
        Repeats::Job(job) => return Ok((*job).into()),
        Repeats::Key(digest) => Some(digest),
        Repeats::Nothing => None,
    };
    fixed::put_over(&mut form.texts, &admitted);
    let Form {
        texts,
        selfie,
        frames,
        comparison,
        share,
    } = form;
    let user = user(&admitted, &headers, &texts, product)?;
    let consent = required("consent", &texts.consent)?;
    let consent = Consent::parse(consent, Timestamp::now())?;
    let details = UserDetails::parse(required("user_details", &texts.user_details)?)?;
    let callback_url = required("callback_url", &texts.callback_url)?.to_owned();
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
    let partner_params = partner_params(&texts)?.naming(&job_id, &user);
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
            callback_url: Some(callback_url),
            allow_new_enroll: Texts::flag("allow_new_enroll", texts.allow_new_enroll.as_deref())?,
            sandbox_result: texts.forced_code(),
            source_sdk: header(&headers, v3::SOURCE_SDK),
            source_sdk_version: header(&headers, v3::SOURCE_SDK_VERSION),
            id_info,
            details: Some(details),
            metadata,
            consent: Some(raw(&consent)?),
            synchronous: wait == Wait::Yes,
            ..JobRequest::new(Api::V3, partner_params)
        },
        retry: false,
        challenge_id: None,
        request_digest: digest,
    }
    .check(app)
    .await?;
    let prepared = match package {
        Some(package) => app.store.submit_job(&job, package.into()).await?,
        None => app.store.submit_request(&job).await?,
    };
    drop(share);
    if let Prepared::Repeats(first) = &prepared {
        let first = app.store.job(first).await?;
        return Ok(first
            .ok_or_else(|| Refusal::internal(&"the job of a repeated submission is gone"))?
            .into());
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

/// What a caller's key for repeats comes to.
enum Repeats {
    /// The job that was begun under it.
    Job(Box<Job>),
    /// Nothing was; this is by what it is recognised.
    Key([u8; 32]),
    /// The caller gave none: each submission is a job of its own.
    Nothing,
}

async fn repeated(
    app: &App,
    admitted: &Admitted,
    headers: &HeaderMap,
    product: Product,
) -> Result<Repeats, Refused> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(Repeats::Nothing);
    };
    let key = key.as_bytes();
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(
            WireError::wrong_type("the header SmileID-Idempotency-Key", "1 to 256 bytes").into(),
        );
    }
    let bound = admitted.bound.user_id.as_ref().map_or("", UserId::as_str);
    let mut hash = Sha256::new();
    for part in [
        b"v3".as_slice(),
        product.name().as_bytes(),
        bound.as_bytes(),
        key,
    ] {
        // Lengths keep one part from reading like another.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize().into();
    let caller = &admitted.caller;
    let first = app
        .store
        .repeated(&caller.partner.id, caller.environment, &digest)
        .await?;
    Ok(first.map_or(Repeats::Key(digest), |job| Repeats::Job(Box::new(job))))
}

/// The user that a submission is about: of the header or of the form, which may not differ; of the token, which neither may differ from.
fn user(
    admitted: &Admitted,
    headers: &HeaderMap,
    texts: &Texts,
    product: Product,
) -> Result<UserId, Refused> {
    let name = |text: String| {
        UserId::new(text).map_err(|e| WireError::wrong_type("user_id", &e.to_string()))
    };
    let in_header = header(headers, v3::USER_ID).map(name).transpose()?;
    let in_form = texts.user_id.clone().map(name).transpose()?;
    let asked = match (in_form, in_header) {
        (Some(form), Some(header)) if form != header => {
            return Err(WireError::wrong_type(
                "user_id",
                "the same in the form and in the header User-ID",
            )
            .into());
        }
        (form, header) => form.or(header),
    };
    match admitted.user(asked)? {
        Some(user) => Ok(user),
        None if product == Product::SmartSelfieAuthentication => {
            Err(WireError::missing("user_id").into())
        }
        None => type_id::new_user().map_err(|e| Refusal::internal(&e).into()),
    }
}

fn partner_params(texts: &Texts) -> Result<PartnerParams, WireError> {
    PartnerParams::parse(texts.partner_params.as_deref().unwrap_or("{}"))
}

fn required<'t>(name: &str, given: &'t Option<String>) -> Result<&'t str, WireError> {
    given.as_deref().ok_or_else(|| WireError::missing(name))
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|v| v.to_str().ok())
        .filter(|v| !v.is_empty())
        .map(str::to_owned)
}

fn raw<T: serde::Serialize>(value: &T) -> Result<Box<RawValue>, Refusal> {
    to_raw_value(value).map_err(|e| Refusal::internal(&e))
}
