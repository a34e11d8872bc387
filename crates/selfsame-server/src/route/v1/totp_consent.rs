//! `POST /v1/totp_consent`, `/mode`, `/otp`: a person consents to a BVN's look-up by a one-time password.
//!
//! Only the register of the BVN can send such a password, and no authority here speaks to it: in production the three say so. In the
//! sandbox they go through the same steps, so that apps and pages can be tried: a look-up goes by a session whose password was right.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_authority::id_types::Unfit;
use selfsame_job::identity::IdentityQuery;
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::Environment;
use selfsame_wire::id_info::IdInfo;
use selfsame_wire::signature::{self, Signed};
use selfsame_wire::totp::{PasswordPath, TotpConsent, TotpMode, TotpPassword, TotpResponse};
use selfsame_wire::upload::Auth;

use crate::app::{App, Caller, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::consent_sessions::{self, About};
use crate::refusal::Refusal;
use crate::web_tokens;

/// The sandbox's password, whatever the number. It protects nothing: the person of the sandbox does not exist.
const SANDBOX_PASSWORD: &str = "000000";
/// Where the sandbox would send it.
const SANDBOX_PATHS: [(&str, &str); 2] = [("sms", "080*****12"), ("email", "j***@example.com")];

type Answer = Result<Json<TotpResponse>, Refusal>;

/// `POST /v1/totp_consent`.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Answer {
    let body = collect_json(&app, client, body).await?;
    let consent = TotpConsent::parse(&body.bytes)?;
    let caller = admit(&app, scope, &consent).await?;
    check_number(&app, &consent)?;
    let sealed = about(&consent)
        .begin(key(&caller))
        .map_err(|e| Refusal::internal(&e))?
        .ok_or_else(|| Refusal::internal(&"a session cannot be named"))?;
    let paths = SANDBOX_PATHS.map(|(mode, masked)| PasswordPath {
        mode,
        masked: masked.to_owned(),
    });
    Ok(Json(TotpResponse::begun(
        sealed,
        paths.into(),
        signed(&caller, &consent, Timestamp::now()),
    )))
}

/// `POST /v1/totp_consent/mode`.
pub(crate) async fn mode(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Answer {
    let body = collect_json(&app, client, body).await?;
    let request = TotpMode::parse(&body.bytes)?;
    let caller = admit(&app, scope, &request.consent).await?;
    check_session(&caller, &request.consent, &request.session_id)?;
    if !SANDBOX_PATHS.iter().any(|(mode, _)| *mode == request.mode) {
        let modes = SANDBOX_PATHS.map(|(mode, _)| mode).join(" or ");
        return Err(WireError::wrong_type("mode", &modes).into());
    }
    let told = "the sandbox sends nothing: its one-time password is 000000";
    Ok(Json(TotpResponse::done(
        told,
        signed(&caller, &request.consent, Timestamp::now()),
    )))
}

/// `POST /v1/totp_consent/otp`.
pub(crate) async fn password(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Answer {
    let body = collect_json(&app, client, body).await?;
    let request = TotpPassword::parse(&body.bytes)?;
    let caller = admit(&app, scope, &request.consent).await?;
    check_session(&caller, &request.consent, &request.session_id)?;
    if request.password.reveal() != SANDBOX_PASSWORD {
        return Err(Refusal::new(
            ErrorCode::WrongType,
            "otp is not the one-time password; the sandbox's is 000000",
        ));
    }
    consent_sessions::pass(&app, &request.session_id).await?;
    let told = "the one-time password is right: look the number up with this session_id";
    Ok(Json(TotpResponse::done(
        told,
        signed(&caller, &request.consent, Timestamp::now()),
    )))
}

/// Finds the caller, who must be in the sandbox.
async fn admit(app: &App, scope: Scope, consent: &TotpConsent) -> Result<Caller, Refusal> {
    let caller = match &consent.auth {
        Auth::Signature {
            timestamp,
            signature,
        } => {
            app.authorise(scope, &consent.partner_id, timestamp, signature)
                .await?
        }
        Auth::Token(given) => web_tokens::open(app, scope, given).await?.0,
    };
    if caller.partner.id != consent.partner_id {
        return Err(Refusal::new(
            ErrorCode::Unauthorised,
            "partner_id is not the web token's partner",
        ));
    }
    match caller.environment {
        Environment::Sandbox => Ok(caller),
        Environment::Production => Err(Refusal::new(
            ErrorCode::InvalidJobType,
            "no authority of this server sends one-time passwords: BVN_MFA can be tried in the sandbox only; ask for BVN instead",
        )),
    }
}

/// The number by its last digit, as the sandbox has it everywhere.
fn check_number(app: &App, consent: &TotpConsent) -> Result<(), Refusal> {
    let given = IdInfo {
        country: Some(consent.country),
        id_type: Some(consent.id_type.clone()),
        id_number: Some(consent.id_number.clone()),
        ..IdInfo::default()
    };
    let query = IdentityQuery::new(&given).map_err(|e| Refusal::internal(&e))?;
    let refused = |why: &str| Err(Refusal::new(ErrorCode::WrongType, why));
    match app.authorities.id_types().check(&query) {
        Err(Unfit::Malformed(how)) => {
            let error = WireError::wrong_type("id_number", &how);
            return Err(error.into());
        }
        Err(Unfit::UnknownType) => return refused("country and id_type: there is no such ID type"),
        // That the session is missing is what this is for.
        Err(Unfit::Missing(_)) | Ok(_) => {}
    }
    match consent.id_number.reveal().chars().next_back() {
        Some('1') => refused("id_number: the authority knows no such number"),
        Some('2') => refused("id_number does not fit its type"),
        Some('3') => Err(Refusal::busy("the authority does not answer")),
        _ => Ok(()),
    }
}

fn check_session(caller: &Caller, consent: &TotpConsent, session_id: &str) -> Result<(), Refusal> {
    let open = about(consent).is_open(key(caller), session_id, Timestamp::now());
    open.then_some(()).ok_or_else(|| {
        Refusal::new(
            ErrorCode::WrongType,
            "session_id is not of this number, or has expired; begin again with /v1/totp_consent",
        )
    })
}

const fn about(consent: &TotpConsent) -> About<'_> {
    About {
        country: consent.country,
        id_type: &consent.id_type,
        id_number: &consent.id_number,
    }
}

fn key(caller: &Caller) -> &signature::ApiKey {
    caller.partner.key(caller.environment)
}

/// The answer's signature; none for a web token, whose holder could pass the signature off as the partner's server's.
fn signed(caller: &Caller, consent: &TotpConsent, now: Timestamp) -> Option<Signed> {
    match consent.auth {
        Auth::Signature { .. } => {
            Some(signature::sign_answer(key(caller), &caller.partner.id, now))
        }
        Auth::Token(_) => None,
    }
}
