//! `POST /v3/replay/{job_id}`: the webhook of a job that has ended, sent once more (docs/decisions/0125-webhooks-of-v3.md).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use selfsame_job::audit::Actor;
use selfsame_store::store::{Replay, Replayed};
use selfsame_wire::v3::job_status::ReplayAnswer;
use selfsame_wire::v3::token::Bound;

use super::admitted::{Admitted, admit};
use super::status::{job_of, named};
use super::texts::{self, Texts};
use super::{Refused, content, result};
use crate::app::{App, Caller, Scope};
use crate::body::Arriving;
use crate::budget::{Holder, Purpose};

/// The largest form: one URL.
const MAX_BYTES: usize = 16 * 1024;
/// How often a job's webhook may be sent, all results and replays together. An operator may send it more often.
const MOST_DELIVERIES: u32 = 25;

pub(super) async fn replay(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Response, Refused> {
    let admitted = admit(&app, scope, &headers).await?;
    let name = named(path)?;
    let body = admitted.body(&app, &headers, body)?;
    let given = read(&app, &admitted.caller, &headers, body).await?;
    let Admitted { caller, bound } = &admitted;
    let url = destination(bound, given)?;
    if let Some(url) = &url {
        app.config
            .callback_rules()
            .check(url, caller.environment)
            .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    }
    let unknown = || Refused::new(StatusCode::NOT_FOUND, "there is no such job");
    let job = job_of(&app, &admitted, &name).await?.ok_or_else(unknown)?;
    let mut replay = Replay {
        url,
        unless_pending: true,
        at_most: Some(MOST_DELIVERIES),
    };
    let by = Actor::partner(&caller.partner.id);
    let name = &job.smile_job_id;
    let mut replayed = app.store.replay_as(name, &replay, &by).await?;
    if replayed == Replayed::NoUrl
        && let Some(url) = caller.default_callback(app.config.callback_rules())?
    {
        // It was submitted before the partner had one.
        replay.url = Some(url.to_owned());
        replayed = app.store.replay_as(name, &replay, &by).await?;
    }
    if let Some(refused) = refused(replayed) {
        return Err(refused);
    }
    app.callback_queued.notify_one();
    tracing::info!(smile_job_id = %job.smile_job_id, ?replayed, elsewhere = replay.url.is_some(), "webhook replay");
    let (job_id, user_id) = (result::name(&job), job.user_id().clone());
    let answer = match replayed {
        Replayed::Pending => ReplayAnswer::waiting(job_id, user_id),
        _ => ReplayAnswer::of(job_id, user_id),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// Why nothing is sent; `None`: it is.
fn refused(replayed: Replayed) -> Option<Refused> {
    let (status, why) = match replayed {
        Replayed::Queued | Replayed::Pending => return None,
        Replayed::NotEnded => (StatusCode::CONFLICT, "the job is still being processed"),
        Replayed::NoUrl => (
            StatusCode::BAD_REQUEST,
            "callback_url is required: neither the job nor the partner has one",
        ),
        Replayed::Erased => (
            StatusCode::BAD_REQUEST,
            "what the job came to was erased: there is nothing to send",
        ),
        Replayed::TooMany => (
            StatusCode::TOO_MANY_REQUESTS,
            "this job's webhook was sent as often as it may be; an operator can send it again",
        ),
    };
    Some(Refused::new(status, why))
}

/// Where the webhook goes; `None`: to the job's own URL.
///
/// A token that fixes anything is for a telephone or a page. Webhooks tell what those are not to see, so that they name no URL.
fn destination(bound: &Bound, given: Option<String>) -> Result<Option<String>, Refused> {
    let fixed = bound.payload.callback_url.as_ref();
    match (fixed, given) {
        (Some(fixed), _) => Ok(Some(fixed.clone())),
        (None, Some(_)) if !bound.fixes_nothing() => Err(Refused::forbidden(
            "callback_url is not allowed with a token that fixes anything; fix callback_url in it, or fetch one from /v3/token without a body",
        )),
        (None, given) => Ok(given),
    }
}

/// The URL in the body, where there is a body.
async fn read(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    body: Body,
) -> Result<Option<String>, Refused> {
    let holder = Holder::Partner(caller.partner.id.clone());
    let share = app.bodies.share(Purpose::Small, holder);
    let body = Arriving::new(body, share, MAX_BYTES, app.config.limits.body_pace)?
        .collect()
        .await?;
    callback_url(headers, body.bytes.clone()).await
}

async fn callback_url(headers: &HeaderMap, body: Bytes) -> Result<Option<String>, Refused> {
    if body.is_empty() {
        return Ok(None);
    }
    content::is_form(headers)?;
    let Destination(url) = texts::read(headers, body, Destination::default()).await?;
    // Empty counts as absent, as everywhere.
    Ok(url.filter(|url| !url.is_empty()))
}

/// The form of a replay.
#[derive(Default)]
struct Destination(Option<String>);

impl Texts for Destination {
    const MOST_PARTS: usize = 16;

    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        (name == "callback_url").then_some(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use selfsame_wire::id::{Environment, PartnerId, UserId};
    use selfsame_wire::partner_params::PartnerParams;
    use selfsame_wire::v3::product::Product;
    use selfsame_wire::v3::token::Payload;

    use super::*;

    async fn form(kind: &str, body: &str) -> Result<Option<String>, u16> {
        let mut headers = HeaderMap::new();
        if !kind.is_empty() {
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        let read = callback_url(&headers, Bytes::from(body.to_owned())).await;
        read.map_err(|refused| refused.into_response().status().as_u16())
    }

    fn part(name: &str, value: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    const FORM: &str = "multipart/form-data; boundary=b";

    #[tokio::test]
    async fn a_body_is_a_form_with_one_url_or_nothing() {
        assert_eq!(form("", "").await, Ok(None));
        assert_eq!(form(FORM, "").await, Ok(None));
        let url = || part("callback_url", "https://a.example/");
        let named = form(FORM, &format!("{}--b--\r\n", url())).await;
        assert_eq!(named, Ok(Some("https://a.example/".to_owned())));
        let others = format!(
            "{}{}--b--\r\n",
            part("other", "x"),
            part("callback_url", "")
        );
        assert_eq!(form(FORM, &others).await, Ok(None));
        assert_eq!(form("application/json", "{}").await, Err(415));
        assert_eq!(form("", "x").await, Err(415));
        assert_eq!(form("multipart/form-data", "x").await, Err(400));
        assert_eq!(form(FORM, "--b\r\nrubbish").await, Err(400));
        let twice = format!("{}{}--b--\r\n", url(), url());
        assert_eq!(form(FORM, &twice).await, Err(400));
        let many = part("x", "y").repeat(Destination::MOST_PARTS + 1);
        assert_eq!(form(FORM, &format!("{many}--b--\r\n")).await, Err(400));
    }

    fn bound(user: Option<&str>, product: Option<Product>, url: Option<&str>) -> Bound {
        Bound {
            partner: PartnerId::new("2343").unwrap(),
            environment: Environment::Sandbox,
            user_id: user.map(|user| UserId::new(user).unwrap()),
            product,
            partner_params: None,
            allow_new_enroll: None,
            payload: Payload {
                callback_url: url.map(str::to_owned),
                ..Payload::default()
            },
        }
    }

    #[test]
    fn whoever_holds_a_bound_token_sends_results_nowhere_else() {
        let given = || Some("https://given.example/".to_owned());
        let to = |bound: &Bound, given| destination(bound, given).map_err(|_| ());
        let free = bound(None, None, None);
        assert_eq!(to(&free, given()), Ok(given()));
        assert_eq!(to(&free, None), Ok(None));
        let mut with_country = free.clone();
        with_country.payload.country = Some("NG".to_owned());
        for bound in [
            bound(Some("ada"), None, None),
            bound(None, Some(Product::SmartSelfieRegistration), None),
            with_country,
            Bound {
                partner_params: Some(PartnerParams::parse("{}").unwrap()),
                ..free.clone()
            },
        ] {
            assert_eq!(to(&bound, given()), Err(()));
            assert_eq!(to(&bound, None), Ok(None));
        }
        let fixed = bound(Some("ada"), None, Some("https://fixed.example/"));
        for given in [given(), None] {
            let there = Some("https://fixed.example/".to_owned());
            assert_eq!(to(&fixed, given), Ok(there));
        }
    }

    #[test]
    fn each_refusal_has_its_status() {
        for (replayed, status) in [
            (Replayed::NotEnded, 409),
            (Replayed::NoUrl, 400),
            (Replayed::Erased, 400),
            (Replayed::TooMany, 429),
        ] {
            let response = refused(replayed).unwrap().into_response();
            assert_eq!(response.status().as_u16(), status);
        }
        for replayed in [Replayed::Queued, Replayed::Pending] {
            assert!(refused(replayed).is_none());
        }
    }
}
