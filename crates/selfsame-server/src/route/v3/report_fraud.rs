//! `POST /v3/users/{user_id}/report_fraud`: a partner says that a user is a fraud, or that it is none.
//!
//! A report of fraud locks the user until an operator clears it. That it is none is put on record and clears nothing, and is not
//! taken by a token that is bound to the user: those are in the hands of phones.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use selfsame_job::audit::Actor;
use selfsame_job::fraud::{Received, ReportToken, locks};
use selfsame_job::user::UserKey;
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::UserId;
use selfsame_wire::v3::fraud::{FraudReport, ReportForm, ReportTaken};
use selfsame_wire::v3::token::Bound;

use super::admitted::admit;
use super::texts::{self, Texts};
use super::{Refused, content};
use crate::app::{App, Scope};
use crate::body::collect_small;
use crate::client_address::ClientAddress;

/// The largest form.
const MAX_BYTES: usize = 16 * 1024;

const LOCKED: &str = "the report is on record: no job that judges this user's face passes until an operator of this server clears it; look-ups go on";
const CLEARS_NOTHING: &str = "the report is on record, and changes nothing by itself: where the user is locked, only an operator of this server clears it";

/// Takes a report.
pub(super) async fn report_fraud(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let admitted = admit(&app, scope, &headers).await?;
    let Path(user) = path.map_err(|_| WireError::wrong_type("user_id", "UTF-8 text"))?;
    let user = UserId::new(user)
        .map_err(|error| WireError::new(ErrorCode::WrongType, error.to_string()))?;
    let token = may_report(&admitted.bound, &user)?;
    content::is_form(&headers)?;
    let body = admitted.body(&app, &headers, body)?;
    let body = collect_small(&app, client, body, MAX_BYTES).await?;
    let form = texts::read(&headers, body.bytes.clone(), ReportForm::default()).await?;
    let report = FraudReport::parse(form)?;
    if !token.may_say(report.claim()) {
        return Err(Refused::forbidden(
            "this token is bound to a user: by such a one nobody is said to be no fraud; fetch one from /v3/token without a body",
        ));
    }
    let caller = admitted.caller;
    let key = UserKey {
        partner: caller.partner.id,
        environment: caller.environment,
        user,
    };
    let by = Actor::partner(&key.partner);
    let received = app.store.report_fraud(&key, &report, &by, token).await?;
    let is_fraud = locks(report.claim());
    match received {
        Received::Recorded | Received::Repeated => {}
        Received::NoUser => {
            return Err(Refused::new(
                StatusCode::NOT_FOUND,
                "no enrolled user has this user_id",
            ));
        }
        Received::TooMany => {
            return Err(Refused::new(
                StatusCode::TOO_MANY_REQUESTS,
                "so many such reports of this user are on record that no further one is taken before an operator of this server has looked",
            ));
        }
    }
    tracing::info!(
        partner = %key.partner, environment = %key.environment, is_fraud, repeated = received == Received::Repeated,
        "a user was reported"
    );
    let message = if is_fraud { LOCKED } else { CLEARS_NOTHING };
    let taken = ReportTaken::new(&key.user, message);
    Ok((StatusCode::ACCEPTED, Json(taken)).into_response())
}

/// A token serves what it was made for: one that is bound to another user does not report this one, and one that is made for a
/// submission (it is bound to a product, or fixes what one says and no user) reports nobody. All are told before anything is told of
/// the user.
fn may_report(bound: &Bound, user: &UserId) -> Result<ReportToken, Refused> {
    if bound.user_id.as_ref().is_some_and(|only| only != user) {
        return Err(Refused::forbidden(
            "this token is bound to another user_id; fetch one for this user, or one that is bound to none",
        ));
    }
    if let Some(product) = bound.product {
        return Err(Refused::forbidden(format!(
            "this token is bound to {product}; fetch one that is bound to no product"
        )));
    }
    if bound.user_id.is_some() {
        return Ok(ReportToken::Users);
    }
    if !bound.fixes_nothing() {
        return Err(Refused::forbidden(
            "this token fixes what a submission says; fetch one for this user, or one from /v3/token without a body",
        ));
    }
    Ok(ReportToken::Partners)
}

impl Texts for ReportForm {
    const MOST_PARTS: usize = 16;
    const TAKES_FILES: bool = false;

    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        self.part(name)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};
    use bytes::Bytes;
    use selfsame_wire::id::{Environment, PartnerId};
    use selfsame_wire::partner_params::PartnerParams;
    use selfsame_wire::v3::fraud::Claim;
    use selfsame_wire::v3::product::Product;
    use selfsame_wire::v3::token::Payload;

    use super::*;

    async fn told(refused: Refused) -> (u16, String) {
        let response = refused.into_response();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await;
        let body: serde_json::Value = serde_json::from_slice(&body.unwrap()).unwrap();
        (status, body["message"].as_str().unwrap().to_owned())
    }

    fn part(head: &str, text: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; name={head}\r\n\r\n{text}\r\n")
    }

    fn headers(kind: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))])
    }

    async fn parse(body: String) -> Result<FraudReport, (u16, String)> {
        let headers = headers("multipart/form-data; boundary=b");
        let body = (body + "--b--\r\n").into();
        let refused = match texts::read(&headers, body, ReportForm::default()).await {
            Ok(form) => match FraudReport::parse(form) {
                Ok(report) => return Ok(report),
                Err(error) => error.into(),
            },
            Err(refused) => refused,
        };
        Err(told(refused).await)
    }

    fn good() -> String {
        [
            ("is_fraud", "false"),
            ("reported_by", "eve@example.com"),
            ("notes", "mistaken"),
            ("device", "PLANTED"),
        ]
        .map(|(name, text)| part(name, text))
        .concat()
    }

    #[tokio::test]
    async fn a_form_is_read_and_what_is_wrong_with_it_is_named() {
        let report = parse(good()).await.unwrap();
        assert_eq!(
            (report.claim(), report.notes()),
            (Claim::NoFraud, Some("mistaken"))
        );
        for (more, wanted) in [
            (part("notes", "twice"), "notes stands more than once"),
            (
                part("reason; filename=\"a\"", "PLANTED"),
                "reason must be text, not a file",
            ),
            (part("reason", "").repeat(2), "reason stands more than once"),
            (
                part("x", "PLANTED").repeat(ReportForm::MOST_PARTS),
                "more than 16 parts",
            ),
        ] {
            let (status, message) = parse(good() + &more).await.unwrap_err();
            assert_eq!(status, 400, "{message}");
            assert!(message.contains(wanted), "{message}");
            assert!(!message.contains("PLANTED"), "{message}");
        }
        let (status, message) = parse(part("notes", "n")).await.unwrap_err();
        assert_eq!((status, &*message), (400, "is_fraud is required"));
        let (status, _) = parse("no form".to_owned()).await.unwrap_err();
        assert_eq!(status, 400);
    }

    #[tokio::test]
    async fn a_form_has_a_boundary() {
        let headers = headers("multipart/form-data");
        let refused = texts::read(&headers, Bytes::new(), ReportForm::default())
            .await
            .err()
            .unwrap();
        assert_eq!(told(refused).await.0, 400);
    }

    #[tokio::test]
    async fn a_token_reports_whom_it_serves_and_not_what_it_was_not_made_for() {
        let (ada, bob) = (UserId::new("ada").unwrap(), UserId::new("bob").unwrap());
        let free = Bound {
            partner: PartnerId::new("p").unwrap(),
            environment: Environment::Sandbox,
            user_id: None,
            product: None,
            partner_params: None,
            allow_new_enroll: None,
            payload: Payload::default(),
        };
        let of = |user_id: Option<&UserId>, product| Bound {
            user_id: user_id.cloned(),
            product,
            ..free.clone()
        };
        let mut with_country = free.clone();
        with_country.payload.country = Some("NG".to_owned());
        let with_params = Bound {
            partner_params: Some(PartnerParams::parse("{}").unwrap()),
            ..free.clone()
        };
        let users = Bound {
            user_id: Some(ada.clone()),
            ..with_country.clone()
        };
        for (bound, token) in [
            (of(None, None), ReportToken::Partners),
            (of(Some(&ada), None), ReportToken::Users),
            (users, ReportToken::Users),
        ] {
            assert_eq!(may_report(&bound, &ada).unwrap(), token);
        }
        let product = Some(Product::SmartSelfieAuthentication);
        for bound in [
            with_country,
            with_params,
            of(Some(&bob), None),
            of(Some(&ada), product),
            of(None, product),
        ] {
            let refused = may_report(&bound, &ada).unwrap_err();
            assert_eq!(told(refused).await.0, 403);
        }
    }
}
