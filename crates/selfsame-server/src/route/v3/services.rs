//! What a client asks before it submits: `/v3/services/*`. Banks, ID types and documents are told to everybody; how an authority answers
//! of late, and what forms hold, to the holder of a token.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::get;
use axum::{Extension, Json};
use selfsame_authority::{Offered, offering};
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::Environment;
use selfsame_wire::id_info::{Country, IdType};
use selfsame_wire::offerings::ValidDocuments;
use selfsame_wire::v3::services::{BankCodes, Config, IdStatus, SupportedIdTypes};
use serde::Deserialize;

use super::Refused;
use super::admitted::admit;
use crate::app::{App, Scope};
use crate::refusal::Refusal;
use crate::router::Route;

/// The continents that documents are listed by.
const CONTINENTS: [&str; 6] = [
    "AFRICA",
    "ASIA",
    "EUROPE",
    "NORTH AMERICA",
    "OCEANIA",
    "SOUTH AMERICA",
];
/// The languages of documents' names.
const LOCALES: [&str; 3] = ["en-GB", "fr-FR", "ar-EG"];

/// What is served here. The list of documents has two more names.
pub(super) fn routes() -> Vec<Route> {
    let of = |path, handler| Route {
        method: Method::GET,
        path,
        handler,
    };
    vec![
        of("/v3/services/bank_codes", get(bank_codes)),
        of("/v3/services/supported_id_types", get(supported_id_types)),
        of("/v3/services/supported_documents", get(supported_documents)),
        of("/v3/valid-documents", get(supported_documents)),
        of("/v1/valid_documents", get(supported_documents)),
        of("/v3/services/id_status", get(id_status)),
        of("/v3/services/config", get(config)),
    ]
}

#[derive(Debug, Deserialize)]
struct OfCountry {
    country: Option<String>,
}

#[derive(Debug, Deserialize)]
struct OfDocuments {
    continent: Option<String>,
    country_code: Option<String>,
    locale: Option<String>,
}

#[derive(Debug, Deserialize)]
struct OfIdType {
    country: Option<String>,
    id_type: Option<String>,
}

/// A query's parameters. What the library says of a query may hold it, so that it is not repeated.
fn read<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, WireError> {
    query.map(|Query(asked)| asked).map_err(|_| {
        WireError::new(
            ErrorCode::WrongType,
            "the query cannot be read: each parameter may stand there once, with its value",
        )
    })
}

/// A country that lists are filtered by: two capitals, as they are documented.
fn filter(name: &str, given: Option<&str>) -> Result<Option<Country>, WireError> {
    let read = |text: &str| {
        let country = Country::new(text).filter(|country| country.as_str() == text);
        country.ok_or_else(|| WireError::wrong_type(name, "two capital letters of ISO 3166-1"))
    };
    given.map(read).transpose()
}

fn one_of(name: &str, given: Option<&str>, known: &[&str]) -> Result<(), WireError> {
    if given.is_none_or(|given| known.contains(&given)) {
        Ok(())
    } else {
        Err(WireError::wrong_type(
            name,
            &format!("one of {}", known.join(", ")),
        ))
    }
}

/// What is offered to everybody. Nobody has said whose they are: where the path does not name the environment either, the sandbox's are
/// told, which are all.
fn offered_to_all(app: &App, scope: Scope) -> Vec<Offered> {
    let environment = scope.0.unwrap_or(Environment::Sandbox);
    app.authorities.offered(None, environment)
}

async fn bank_codes(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    query: Result<Query<OfCountry>, QueryRejection>,
) -> Result<Json<BankCodes>, Refusal> {
    let country = filter("country", read(query)?.country.as_deref())?;
    let offered = offered_to_all(&app, scope);
    let id_types = app.authorities.id_types();
    Ok(Json(offering::v3::bank_codes(id_types, &offered, country)))
}

async fn supported_id_types(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    query: Result<Query<OfCountry>, QueryRejection>,
) -> Result<Json<SupportedIdTypes>, Refusal> {
    let country = filter("country", read(query)?.country.as_deref())?;
    let offered = offered_to_all(&app, scope);
    let id_types = app.authorities.id_types();
    Ok(Json(offering::v3::supported_id_types(
        id_types, &offered, country,
    )))
}

/// None, for no job with a document is performed.
async fn supported_documents(
    query: Result<Query<OfDocuments>, QueryRejection>,
) -> Result<Json<ValidDocuments>, Refusal> {
    let asked = read(query)?;
    one_of("continent", asked.continent.as_deref(), &CONTINENTS)?;
    filter("country_code", asked.country_code.as_deref())?;
    one_of("locale", asked.locale.as_deref(), &LOCALES)?;
    Ok(Json(ValidDocuments::default()))
}

/// How the authority that answers this partner answered of late.
async fn id_status(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    headers: HeaderMap,
    query: Result<Query<OfIdType>, QueryRejection>,
) -> Result<Json<IdStatus>, Refused> {
    let answer = status_of(&app, scope, &headers, query).await;
    answer.map_err(Refused::message_first)
}

async fn status_of(
    app: &App,
    scope: Scope,
    headers: &HeaderMap,
    query: Result<Query<OfIdType>, QueryRejection>,
) -> Result<Json<IdStatus>, Refused> {
    let caller = admit(app, scope, headers).await?.caller;
    let asked = read(query)?;
    let given = |name, value: Option<String>| {
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| WireError::missing(name))
    };
    let country = given("country", asked.country)?;
    let id_type = given("id_type", asked.id_type)?;
    let authorities = &app.authorities;
    let country = authorities
        .id_types()
        .country_called(&country)
        .ok_or_else(|| {
            WireError::wrong_type(
                "country",
                "a country that has ID types here: its two letters, or its English name",
            )
        })?;
    let id_type = IdType::new(&id_type)
        .filter(|id_type| authorities.id_types().get(country, id_type).is_some())
        .ok_or_else(|| WireError::wrong_type("id_type", "an ID type of that country"))?;
    let seen = authorities
        .availability(&caller.partner.id, caller.environment, country, &id_type)
        .ok_or_else(|| {
            Refused::new(
                StatusCode::NOT_FOUND,
                "this ID type is not enabled for this partner",
            )
        })?;
    let status = IdStatus::default().with_hour(seen.answered, seen.asked);
    Ok(Json(match seen.last {
        Some(last) => status.with_last(last.at, last.answered, last.tries),
        None => status,
    }))
}

/// What the token's holder may do, and what its forms hold.
async fn config(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    headers: HeaderMap,
) -> Result<Json<Config>, Refused> {
    let admitted = admit(&app, scope, &headers).await?;
    let caller = &admitted.caller;
    let authorities = &app.authorities;
    let offered = authorities.offered(Some(&caller.partner.id), caller.environment);
    let id_types = authorities.id_types();
    Ok(Json(offering::v3::config(
        id_types,
        &offered,
        &admitted.bound,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_as_they_are_documented() {
        let read =
            |text| filter("country", Some(text)).map(|country| country.map(|c| c.to_string()));
        assert_eq!(filter("country", None), Ok(None));
        assert_eq!(read("NG"), Ok(Some("NG".to_owned())));
        for text in ["", "ng", " NG", "NGA", "N1", "Nigeria", "٠٠"] {
            let error = read(text).unwrap_err();
            assert_eq!(error.code, ErrorCode::WrongType, "{text}");
            assert!(error.message.starts_with("country must be"), "{error}");
        }
        assert!(one_of("locale", Some("fr-FR"), &LOCALES).is_ok());
        assert!(one_of("locale", None, &LOCALES).is_ok());
        let error = one_of("continent", Some("africa"), &CONTINENTS).unwrap_err();
        assert!(error.message.contains("SOUTH AMERICA"), "{error}");
    }
}
