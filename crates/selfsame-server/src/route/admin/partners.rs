//! `/admin/v1/partners`: partners, their keys, and whether production is open to them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use selfsame_job::audit::Actor;
use selfsame_job::callback_url::{CallbackUrl, CallbackUrls};
use selfsame_wire::id::{Environment, PartnerId};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{named, read};
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::operate::{NewPartner, Operator};
use crate::refusal::Refusal;

/// The longest name that people call a partner by, in characters.
const MOST_NAME: usize = 200;

/// Where callbacks go of jobs that name no URL, without path and query, which may hold a secret: every operator's token sees lists.
fn origins(urls: &CallbackUrls) -> Value {
    let origin = |environment| urls.of(environment).map(CallbackUrl::origin);
    json!({"sandbox": origin(Environment::Sandbox), "production": origin(Environment::Production)})
}

fn callback_url(text: &str) -> Result<CallbackUrl, Refusal> {
    CallbackUrl::new(text).map_err(|e| super::wrong(e.to_string()))
}

/// Every partner, without its keys.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Value>, Refusal> {
    let partners = Operator::new(&*app.store, actor).partners().await?;
    let list: Vec<Value> = partners
        .iter()
        .map(|partner| {
            json!({
                "partner_id": partner.id, "name": partner.name,
                "production_enabled": partner.production_enabled, "signatures_required": partner.signs_bodies,
                "callbacks_to": origins(&partner.callback_urls), "created_at": partner.created_at,
            })
        })
        .collect();
    Ok(Json(json!({"partners": list})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    partner_id: PartnerId,
    #[serde(default)]
    name: String,
    #[serde(default)]
    production_enabled: bool,
    #[serde(default)]
    callback_url: Option<String>,
}

/// Adds a partner; its keys are told this once.
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let asked: Add = read(
        &app,
        client,
        body,
        "{\"partner_id\": ID, \"name\": TEXT, \"production_enabled\": false, \"callback_url\": URL}",
    )
    .await?;
    if asked.name.chars().count() > MOST_NAME {
        return Err(super::wrong(format!(
            "name must be at most {MOST_NAME} characters long"
        )));
    }
    let url = asked
        .callback_url
        .as_deref()
        .map(callback_url)
        .transpose()?;
    let new = NewPartner {
        id: &asked.partner_id,
        name: &asked.name,
        production_enabled: asked.production_enabled,
        callback_url: url.as_ref(),
    };
    let partner = Operator::new(&*app.store, actor)
        .add_partner(&new, app.config.callback_rules())
        .await?;
    Ok(Json(json!({
        "partner_id": partner.id, "production_enabled": partner.production_enabled,
        "sandbox_api_key": partner.sandbox_key.expose(),
        "production_api_key": partner.production_key.expose(),
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replace {
    environment: Environment,
}

/// Replaces an API key; the new one is told this once.
pub(crate) async fn replace_key(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Path(partner): Path<String>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let Replace { environment } = read(
        &app,
        client,
        body,
        "{\"environment\": \"sandbox|production\"}",
    )
    .await?;
    let partner: PartnerId = named(&partner)?;
    let operator = Operator::new(&*app.store, actor);
    let key = operator.replace_key(&partner, environment).await?;
    Ok(Json(json!({
        "partner_id": partner, "environment": environment, "api_key": key.expose(),
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Production {
    enabled: bool,
}

/// Opens production to a partner, or closes it.
pub(crate) async fn set_production(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Path(partner): Path<String>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let Production { enabled } = read(&app, client, body, "{\"enabled\": true|false}").await?;
    let partner: PartnerId = named(&partner)?;
    let operator = Operator::new(&*app.store, actor);
    operator.set_production(&partner, enabled).await?;
    Ok(Json(
        json!({"partner_id": partner, "production_enabled": enabled}),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signatures {
    required: bool,
}

/// Demands signatures over the bodies that a partner submits by v3, or no longer.
pub(crate) async fn set_signatures(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Path(partner): Path<String>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let Signatures { required } = read(&app, client, body, "{\"required\": true|false}").await?;
    let partner: PartnerId = named(&partner)?;
    let operator = Operator::new(&*app.store, actor);
    operator.set_signs_bodies(&partner, required).await?;
    Ok(Json(
        json!({"partner_id": partner, "signatures_required": required}),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Callback {
    /// Demanded, as null too: a misspelt name must not clear what is set.
    #[serde(deserialize_with = "there")]
    callback_url: Option<String>,
    #[serde(default)]
    environment: Option<Environment>,
}

fn there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(from)
}

/// Says where results go of a partner's jobs that name no callback URL.
pub(crate) async fn set_callback(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Path(partner): Path<String>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let wanted = "{\"callback_url\": URL|null, \"environment\": \"sandbox|production\"}";
    let asked: Callback = read(&app, client, body, wanted).await?;
    let partner: PartnerId = named(&partner)?;
    let url = asked
        .callback_url
        .as_deref()
        .map(callback_url)
        .transpose()?;
    let environments = Environment::these(asked.environment.as_ref());
    let rules = app.config.callback_rules();
    let operator = Operator::new(&*app.store, actor);
    operator
        .set_callback_url(&partner, environments, url.as_ref(), rules)
        .await?;
    Ok(Json(json!({
        "partner_id": partner, "environments": environments, "callback_url": url.as_ref().map(CallbackUrl::as_str),
    })))
}
