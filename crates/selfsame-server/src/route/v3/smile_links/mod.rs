//! `POST /v3/smile_links` and `GET /v3/smile_links/{ref_id}`: links that a partner sends to people. The page behind them is
//! [`crate::route::links`].

mod form;

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_authority::id_types::Product;
use selfsame_job::user::UserKey;
use selfsame_store::store::{Made, NewLink};
use selfsame_wire::id::UserId;
use selfsame_wire::v3::smile_link::{
    LinkIdType, LinkMade, LinkRef, LinkTold, SmileLinkRequest, VerificationMethod,
};
use selfsame_wire::v3::type_id;

use self::form::Form;
use super::admitted::{Admitted, admit};
use super::{Refused, content};
use crate::app::{App, Caller, Scope};
use crate::origin::Origin;
use crate::random;
use crate::refusal::Refusal;
use crate::route::links::link_path;

/// What an ID type may need beside its number that a person can type in. What comes from elsewhere (a session, a sign-in) cannot be
/// asked on a page.
pub(crate) const ASKED: [&str; 12] = [
    "first_name",
    "middle_name",
    "last_name",
    "dob",
    "day",
    "month",
    "year",
    "gender",
    "phone_number",
    "bank_code",
    "citizenship",
    "operator",
];

/// Makes a link.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    origin: Result<Origin, Refusal>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    // Before the body is read: who is not authorised costs no memory.
    let admitted = unbound(&app, scope, &parts.headers).await?;
    if app.config.links.is_none() {
        return Err(Refused::forbidden(
            "this server has no pages for links; its operator starts it with --link-pages",
        ));
    }
    let origin = origin?;
    content::is_form(&parts.headers)?;
    let body = admitted.body(&app, &parts.headers, body)?;
    let caller = &admitted.caller;
    let form = Form::read(&app, caller, parts, body).await?;
    let asked = SmileLinkRequest::read(|name| form.text(name), Timestamp::now())?;
    check(&app, caller, &asked).await?;
    // A link for many is for people whom nobody knows yet.
    let user = match asked.user_id {
        Some(user) => Some(user),
        None if asked.is_single_use => {
            Some(type_id::new_user().map_err(|e| Refusal::internal(&e))?)
        }
        None => None,
    };
    let reference = LinkRef::from_random(random::bytes().map_err(|e| Refusal::internal(&e))?);
    let link = NewLink {
        reference,
        partner: caller.partner.id.clone(),
        environment: caller.environment,
        user,
        single_use: asked.is_single_use,
        expires_at: asked.expires_at,
        terms: asked.terms,
    };
    match app.store.make_link(&link).await? {
        Made::Recorded => {}
        Made::UserHasOne => {
            return Err(taken(
                "another link of this user is open; wait until it is used or expires",
            ));
        }
    }
    tracing::info!(
        partner = %link.partner, environment = %link.environment, single_use = link.single_use, "link made"
    );
    let made = LinkMade {
        link: &format!("{}{}", origin.0, link_path(&link.reference)),
        message: "Link created",
        ref_id: link.reference.reveal(),
        user_id: link.user.as_ref(),
    };
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// Tells the partner of a link of its own.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    origin: Result<Origin, Refusal>,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Refused> {
    let caller = unbound(&app, scope, &headers).await?.caller;
    let unknown = || Refused::new(StatusCode::NOT_FOUND, "there is no such link");
    let Path(reference) = path.map_err(|_| unknown())?;
    let reference = LinkRef::new(&reference).map_err(|_| unknown())?;
    let link = app.store.link(&reference).await?;
    let link = link
        .filter(|link| link.partner == caller.partner.id && link.environment == caller.environment)
        .ok_or_else(unknown)?;
    let terms = &link.terms;
    let told = LinkTold {
        ref_id: reference.reveal(),
        link: &format!("{}{}", origin?.0, link_path(&reference)),
        status: link.state,
        is_single_use: link.single_use,
        uses: link.uses,
        created_at: link.created_at,
        expires_at: link.expires_at,
        user_id: link.user.as_ref(),
        id_types: &terms.id_types,
        name: &terms.name,
        description: terms.description.as_deref(),
        notice_privacy_policy_url: &terms.notice_privacy_policy_url,
        callback_url: terms.callback_url.as_deref(),
        logo_url: terms.logo_url.as_ref(),
        redirect_url: terms.redirect_url.as_ref(),
        theme_color: terms.theme_color.as_ref(),
        partner_params: terms.partner_params.as_ref(),
    };
    Ok(Json(told).into_response())
}

/// The caller, by a token that fixes nothing. One that does is for one submission, and may be in a browser or an app: whoever has it
/// must not write to people in the partner's name.
async fn unbound(app: &App, scope: Scope, headers: &HeaderMap) -> Result<Admitted, Refused> {
    let admitted = admit(app, scope, headers).await?;
    if admitted.bound.fixes_nothing() {
        Ok(admitted)
    } else {
        Err(Refused::forbidden(
            "this token is bound to one submission; links are made with a token that /v3/token gave without a body",
        ))
    }
}

/// Whether the partner may make such a link.
async fn check(app: &App, caller: &Caller, asked: &SmileLinkRequest) -> Result<(), Refused> {
    for each in &asked.terms.id_types {
        may_verify(app, caller, each)?;
    }
    if let Some(url) = &asked.terms.callback_url {
        app.config
            .callback_rules()
            .check(url, caller.environment)
            .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    }
    match &asked.user_id {
        Some(user) => is_free(app, caller, user).await,
        None => Ok(()),
    }
}

fn may_verify(app: &App, caller: &Caller, each: &LinkIdType) -> Result<(), Refused> {
    let LinkIdType {
        country,
        id_type,
        verification_method,
    } = each;
    let method = verification_method.name();
    let authorities = &app.authorities;
    let offered = authorities.enabled(&caller.partner.id, caller.environment, *country, id_type);
    let product = looked_up(*verification_method);
    if !offered.is_some_and(|offered| offered.products.contains(&product)) {
        return Err(Refused::forbidden(format!(
            "id_types: {method} of {id_type} ({country}) is not enabled for this partner"
        )));
    }
    let rule = authorities.id_types().get(*country, id_type);
    let odd = rule.and_then(|rule| rule.required.iter().find(|field| !ASKED.contains(field)));
    match odd {
        None => Ok(()),
        Some(field) => Err(Refused::forbidden(format!(
            "id_types: {id_type} ({country}) needs {field}, which no page can ask a person for"
        ))),
    }
}

/// What an authority is asked for.
pub(crate) const fn looked_up(method: VerificationMethod) -> Product {
    match method {
        VerificationMethod::BiometricKyc => Product::BiometricKyc,
        VerificationMethod::EnhancedKyc => Product::EnhancedKyc,
    }
}

/// A link enrols its user, or looks somebody up who is new: whoever is on file already has no use for it.
async fn is_free(app: &App, caller: &Caller, user: &UserId) -> Result<(), Refused> {
    let key = UserKey {
        partner: caller.partner.id.clone(),
        environment: caller.environment,
        user: user.clone(),
    };
    match app.store.user(&key).await? {
        None => Ok(()),
        Some(_) => Err(taken("a user of this user_id is, or was, enrolled")),
    }
}

fn taken(why: &str) -> Refused {
    Refused::new(StatusCode::CONFLICT, format!("user_id is taken: {why}"))
}
