//! The page behind a link, `GET /links/{ref_id}`, and what it asks: web tokens for the one who opened it. No key and no token of the
//! partner's is in it.
//!
//! Opening a link uses nothing up; a job that is begun there does, in the transaction that records it. So two who open a link that is
//! good for one job cannot make two. The name of a link is all that opens it: it stands in no log, no referrer and no cache.

mod page;

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, get_service, post};
use axum::{Json, Router};
use selfsame_authority::id_types::{IdTypeRule, IdTypes};
use selfsame_job::job::JobType;
use selfsame_store::error::StoreError;
use selfsame_store::store::Link;
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::{JobId, SmileJobId, UserId};
use selfsame_wire::id_info::{Country, IdType};
use selfsame_wire::locale::Locale;
use selfsame_wire::offerings::Bank;
use selfsame_wire::v3::smile_link::{AtLink, LinkRef, LinkState, VerificationMethod};
use selfsame_wire::v3::type_id;
use selfsame_wire::web_token::Grant;
use serde::{Deserialize, Serialize};
use tower_http::services::ServeFile;
use tower_http::set_header::SetResponseHeaderLayer;

use self::page::{Choice, Page, Shown};
use crate::app::App;
use crate::body::collect_small;
use crate::challenges;
use crate::client_address::ClientAddress;
use crate::config::LinkPages;
use crate::intake::new_smile_job_id;
use crate::refusal::{Refusal, Unauthenticated};
use crate::route::v3::smile_links::{ASKED, looked_up};
use crate::web_tokens;

/// What every answer here says beside the page's own policy: nothing keeps it, nobody frames it, and no address of it goes elsewhere.
const HEADERS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("x-robots-tag", "noindex, nofollow"),
    ("permissions-policy", "camera=(self), microphone=()"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// A question's body is two short texts.
const MOST_BYTES: usize = 1024;

/// Where a link's page is, below the server's own address.
pub(crate) fn link_path(reference: &LinkRef) -> String {
    format!("/links/{}", reference.reveal())
}

/// `/links/` and, where the server has the pages, `/capture/` with what they are made of.
pub(crate) fn routes(app: &App) -> Router<Arc<App>> {
    let Some(pages) = &app.config.links else {
        return dressed(Router::new().route("/links/{reference}", get(not_served)));
    };
    let links = Router::new()
        .route("/links/{reference}", get(open))
        .route("/links/{reference}/token", post(mint));
    dressed(links).merge(files(pages))
}

fn dressed(router: Router<Arc<App>>) -> Router<Arc<App>> {
    HEADERS.iter().fold(router, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        ))
    })
}

/// These files and no others of the folder.
fn files(pages: &LinkPages) -> Router<Arc<App>> {
    let detector = Bytes::from(pages.detector.clone());
    let served = Router::new().route(
        "/capture/detector.onnx",
        get(async move || {
            (
                [(header::CONTENT_TYPE, "application/octet-stream")],
                detector,
            )
        }),
    );
    LinkPages::FILES.iter().fold(served, |router, name| {
        let file: &FilePath = &pages.folder.join(name);
        let service = ServeFile::new(file).precompressed_br();
        router.route(&format!("/capture/{name}"), get_service(service))
    })
}

async fn not_served() -> Response {
    let told = "Links are not served here: this server has no pages for them. Its operator starts it with --link-pages FOLDER, \
                where FOLDER is the built web/dist.\n";
    (StatusCode::NOT_FOUND, told).into_response()
}

/// `GET /links/{ref_id}`: the page; or one that says why there is none.
async fn open(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(reference): Path<String>,
) -> Response {
    match find(&app, &reference).await {
        Ok((_, link)) => shown(&app, &headers, &link).into_response(),
        Err(NotFound::Unknown) => {
            let mut response = Page::without(Shown::Unknown).into_response();
            response.extensions_mut().insert(Unauthenticated);
            response
        }
        Err(NotFound::Refused(refusal)) => refusal.into_response(),
    }
}

fn shown(app: &App, headers: &HeaderMap, link: &Link) -> Page {
    match link.state {
        LinkState::Used => return Page::without(Shown::Used),
        LinkState::Expired => return Page::without(Shown::Expired),
        LinkState::Open => {}
    }
    let locale = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map_or_else(Locale::default, Locale::of);
    let id_types = app.authorities.id_types();
    // What is offered to everybody, `/v1/services`, may lack what this partner has. What left the table since is verified no more.
    let each = link.terms.id_types.iter();
    let choices = each.filter_map(|each| {
        let rule = id_types.get(each.country, &each.id_type)?;
        Some(Choice {
            country: each.country,
            country_name: id_types.country_name(each.country, locale),
            label: id_types.label(rule, locale).to_owned(),
            id_type: each.id_type.clone(),
            method: each.verification_method,
            id_number_regex: rule.pattern.as_str().to_owned(),
            required_fields: asked_of(rule, each.verification_method),
            banks: banks(id_types, rule),
        })
    });
    let logos = app.config.links.as_ref().is_some_and(|pages| pages.logos);
    Page::of(
        link,
        choices.collect(),
        challenges::is_required(app, link.environment, JobType::BiometricKyc),
        logos,
    )
}

/// What a form asks beside the number, as `/v1/services` lists it; of that, what a person can type in.
fn asked_of(rule: &IdTypeRule, method: VerificationMethod) -> Vec<&'static str> {
    let listed: &[&'static str] = match method {
        VerificationMethod::BiometricKyc => &rule.listed_for_biometric_kyc,
        VerificationMethod::EnhancedKyc => &[],
    };
    let all = rule.required.iter().chain(listed).copied();
    all.filter(|field| ASKED.contains(field)).collect()
}

/// The banks to choose from, where one must be named.
fn banks(id_types: &IdTypes, rule: &IdTypeRule) -> Vec<Bank> {
    if !rule.required.contains(&"bank_code") {
        return Vec::new();
    }
    let all = id_types.banks(rule.country).into_iter();
    all.map(|(code, name)| Bank {
        name: name.to_owned(),
        code: code.to_owned(),
    })
    .collect()
}

/// Why there is nothing to show.
enum NotFound {
    Unknown,
    Refused(Refusal),
}

impl From<Refusal> for NotFound {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for NotFound {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// The link of this name, if it may be asked for that often.
async fn find(app: &App, reference: &str) -> Result<(LinkRef, Link), NotFound> {
    let reference = LinkRef::new(reference).map_err(|_| NotFound::Unknown)?;
    let link = app.store.link(&reference).await?.ok_or(NotFound::Unknown)?;
    app.link_rates
        .check(&reference)
        .map_err(|wait| NotFound::Refused(Refusal::too_often(wait)))?;
    Ok((reference, link))
}

/// What the person chose.
#[derive(Deserialize)]
struct Question {
    country: Country,
    id_type: IdType,
}

#[derive(Serialize)]
struct TokenAnswer {
    token: String,
    /// Seconds.
    expires_in: u64,
    /// Whose job it is for, as the token says.
    user_id: UserId,
    /// Which.
    job_id: JobId,
}

/// `POST /links/{ref_id}/token`: a web token for one job of the link's user, or of a new one. It names the link, and what was chosen
/// there: the job can be nothing else.
async fn mint(
    State(app): State<Arc<App>>,
    client: ClientAddress,
    headers: HeaderMap,
    Path(reference): Path<String>,
    body: Body,
) -> Response {
    match answer(&app, client, &headers, &reference, body).await {
        Ok(answer) => Json(answer).into_response(),
        Err(NotFound::Refused(refusal)) => refusal.into_response(),
        Err(NotFound::Unknown) => {
            let mut response = Refusal::new(ErrorCode::WrongType, "there is no such link")
                .with_status(StatusCode::NOT_FOUND)
                .into_response();
            // Whoever guesses is counted, as with a wrong signature.
            response.extensions_mut().insert(Unauthenticated);
            response
        }
    }
}

async fn answer(
    app: &App,
    client: ClientAddress,
    headers: &HeaderMap,
    reference: &str,
    body: Body,
) -> Result<TokenAnswer, NotFound> {
    is_from_the_page(headers)?;
    let (reference, link) = find(app, reference).await?;
    if link.state != LinkState::Open {
        return Err(gone().into());
    }
    let body = collect_small(app, client, body, MOST_BYTES).await?;
    let chosen: Question = serde_json::from_slice(&body.bytes)
        .map_err(|error| Refusal::new(ErrorCode::InvalidJson, error.to_string()))?;
    Ok(token_for(app, &link, reference, chosen).await?)
}

async fn token_for(
    app: &App,
    link: &Link,
    reference: LinkRef,
    Question { country, id_type }: Question,
) -> Result<TokenAnswer, Refusal> {
    let terms = &link.terms;
    let method = terms
        .chosen(country, &id_type)
        .map(|each| each.verification_method)
        .ok_or_else(|| WireError::wrong_type("id_type", "one of those that the link names"))?;
    let partner = app.store.partner(&link.partner).await?.ok_or_else(gone)?;
    let caller = app.admit(partner, link.environment)?;
    let (partner, environment) = (&caller.partner.id, caller.environment);
    // It was, when the link was made.
    let offered = app
        .authorities
        .enabled(partner, environment, country, &id_type);
    if !offered.is_some_and(|offered| offered.products.contains(&looked_up(method))) {
        return Err(Refusal::new(
            ErrorCode::InvalidJobType,
            "this ID is not verified here at present",
        ));
    }
    let user = match &link.user {
        Some(user) => user.clone(),
        None => type_id::new_user().map_err(|e| Refusal::internal(&e))?,
    };
    // v3 calls a job by the server's own name for it.
    let job = type_id::of_job(&new_smile_job_id()?)
        .ok_or_else(|| Refusal::internal(&"the server's name of a job is no UUID"))?;
    let mut grant = Grant::new(
        partner.clone(),
        environment,
        method.product(),
        user.clone(),
        job.clone(),
        // The visitor can read the token. What the partner keeps to itself is taken from the link where the token is opened.
        None,
    );
    grant.link = Some(AtLink {
        reference,
        country,
        id_type,
    });
    let (token, _) = web_tokens::mint(app, &caller, grant, false).await?;
    Ok(TokenAnswer {
        token,
        expires_in: app.config.limits.web_token_ttl.as_secs(),
        user_id: user,
        job_id: job,
    })
}

/// Browsers say where a request comes from. Another site's page could not read the answer; it has no business here all the same.
fn is_from_the_page(headers: &HeaderMap) -> Result<(), Refusal> {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    match site {
        None | Some(b"same-origin") => Ok(()),
        Some(_) => Err(
            Refusal::new(ErrorCode::WrongType, "this is for the link's own page")
                .with_status(StatusCode::FORBIDDEN),
        ),
    }
}

/// The server's name for a job. v3 calls one by it, so that the token of one that is begun at a link carries it already.
pub(crate) fn smile_job_id(link: Option<&AtLink>, job: &JobId) -> Result<SmileJobId, Refusal> {
    match link {
        Some(_) => Ok(type_id::to_job(job.as_str())?),
        None => new_smile_job_id(),
    }
}

/// The link is used up, or its time is over.
pub(crate) fn gone() -> Refusal {
    Refusal::new(
        ErrorCode::WrongType,
        "this link was used already, or has expired; ask whoever sent it for another",
    )
    .with_status(StatusCode::GONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sites_pages_are_refused() {
        let from = |site: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            is_from_the_page(&headers).is_ok()
        };
        assert!(from(None) && from(Some("same-origin")));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!from(Some(site)), "{site}");
        }
    }

    #[test]
    fn every_method_has_its_product() {
        for method in VerificationMethod::ALL {
            assert_eq!(looked_up(method).name(), method.name());
            assert_eq!(method.product().name(), method.name());
        }
    }
}
