//! `selfsame partner`.

use std::process::ExitCode;

use selfsame_job::callback_url::CallbackUrl;
use selfsame_job::partner::Partner;
use selfsame_server::operate::{NewPartner, Operator};
use selfsame_wire::auth_token;
use selfsame_wire::id::{Environment, PartnerId};

use super::callback_rules::CallbackRules;
use super::data::{Data, actor};
use crate::output::{self, Outcome};

/// Add and list partners, replace their keys, enable production, demand signatures, say where results go.
#[derive(clap::Args)]
pub(crate) struct PartnerCommand {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Add a partner; its keys are shown this once.
    Add {
        /// Its id on the wire.
        #[arg(long)]
        id: PartnerId,
        /// What people call it.
        #[arg(long, default_value = "")]
        name: String,
        /// Serve its production requests as well.
        #[arg(long)]
        production: bool,
        /// Where results go of jobs that name no callback URL, in both environments.
        #[arg(long, value_name = "URL")]
        callback_url: Option<CallbackUrl>,
        #[command(flatten)]
        callbacks: CallbackRules,
    },
    /// Say where results go of jobs that name no callback URL. Jobs that were accepted before stay as they are.
    Callback {
        /// The partner's id.
        #[arg(long)]
        id: PartnerId,
        /// sandbox or production [default: both].
        #[arg(long)]
        environment: Option<Environment>,
        /// Where to.
        #[arg(long, value_name = "URL", required_unless_present = "none")]
        url: Option<CallbackUrl>,
        /// Nowhere.
        #[arg(long, conflicts_with = "url")]
        none: bool,
        #[command(flatten)]
        callbacks: CallbackRules,
    },
    /// List the partners, without their keys.
    List,
    /// Replace an API key; the old one is dead at once.
    RotateKey {
        /// The partner's id.
        #[arg(long)]
        id: PartnerId,
        /// sandbox or production.
        #[arg(long)]
        environment: Environment,
    },
    /// Print the smile_config.json that a mobile SDK is built with; it holds no API key, but whoever has it may act as the partner.
    MobileConfig {
        /// The partner's id.
        #[arg(long)]
        id: PartnerId,
        /// sandbox or production; an app that uses both needs a file for each.
        #[arg(long, default_value = "sandbox")]
        environment: Environment,
        /// The server's base URL as the phones see it, without a version.
        #[arg(long, value_name = "URL")]
        server: url::Url,
    },
    /// Enable or disable production.
    Production {
        /// The partner's id.
        #[arg(long)]
        id: PartnerId,
        /// on or off.
        #[arg(long, action = clap::ArgAction::Set)]
        enabled: bool,
    },
    /// Demand signatures over the bodies that a partner submits by v3, or no longer.
    Signatures {
        /// The partner's id.
        #[arg(long)]
        id: PartnerId,
        /// on or off.
        #[arg(long, action = clap::ArgAction::Set)]
        required: bool,
    },
}

impl PartnerCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let store = self.data.open().await?;
        let operator = Operator::new(&*store, actor());
        match &self.action {
            Action::Add {
                id,
                name,
                production,
                callback_url,
                callbacks,
            } => {
                let new = NewPartner {
                    id,
                    name,
                    production_enabled: *production,
                    callback_url: callback_url.as_ref(),
                };
                let partner = operator.add_partner(&new, callbacks.rules()).await?;
                let (sandbox, production_key) = (
                    partner.sandbox_key.expose(),
                    partner.production_key.expose(),
                );
                if json {
                    output::json(&serde_json::json!({
                        "partner_id": id, "sandbox_api_key": sandbox, "production_api_key": production_key,
                        "production_enabled": production,
                    }))?;
                } else {
                    output::line(&format!(
                        "partner {id}\nsandbox API key     {sandbox}\nproduction API key  {production_key}"
                    ));
                }
            }
            Action::List => {
                for partner in operator.partners().await? {
                    list(&partner, json)?;
                }
            }
            Action::RotateKey { id, environment } => {
                let key = operator.replace_key(id, *environment).await?;
                if json {
                    output::json(&serde_json::json!({"partner_id": id, "api_key": key.expose()}))?;
                } else {
                    output::line(key.expose());
                }
            }
            Action::MobileConfig {
                id,
                environment,
                server,
            } => {
                let partner = operator.partner(id).await?;
                let base = format!("{}/v1/", server.as_str().trim_end_matches('/'));
                output::json(&serde_json::json!({
                    "partner_id": id,
                    "auth_token": auth_token::make(partner.key(*environment), id, *environment),
                    "prod_lambda_url": base, "test_lambda_url": base,
                }))?;
            }
            Action::Signatures { id, required } => {
                operator.set_signs_bodies(id, *required).await?;
                output::done(
                    json,
                    &serde_json::json!({"partner_id": id, "signatures_required": required}),
                )?;
            }
            Action::Callback {
                id,
                environment,
                url,
                none: _,
                callbacks,
            } => {
                let environments = Environment::these(environment.as_ref());
                let rules = callbacks.rules();
                operator
                    .set_callback_url(id, environments, url.as_ref(), rules)
                    .await?;
                output::done(
                    json,
                    &serde_json::json!({
                        "partner_id": id, "environments": environments,
                        "callback_url": url.as_ref().map(CallbackUrl::as_str),
                    }),
                )?;
            }
            Action::Production { id, enabled } => {
                operator.set_production(id, *enabled).await?;
                output::done(
                    json,
                    &serde_json::json!({"partner_id": id, "production_enabled": enabled}),
                )?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Prints a partner, without its keys.
fn list(partner: &Partner, json: bool) -> Result<(), serde_json::Error> {
    let url = |environment| partner.callback_urls.of(environment);
    if json {
        let text = |environment| url(environment).map(CallbackUrl::as_str);
        return output::json(&serde_json::json!({
            "partner_id": partner.id, "name": partner.name,
            "production_enabled": partner.production_enabled, "signatures_required": partner.signs_bodies,
            "callback_urls": {
                "sandbox": text(Environment::Sandbox), "production": text(Environment::Production),
            },
            "created_at": partner.created_at,
        }));
    }
    let production = if partner.production_enabled {
        "production"
    } else {
        "sandbox only"
    };
    output::line(&format!(
        "{:20} {:12} {}",
        partner.id, production, partner.name
    ));
    for environment in Environment::ALL {
        if let Some(url) = url(environment) {
            output::line(&format!(
                "{:20} {environment} results to {}",
                "",
                url.as_str()
            ));
        }
    }
    Ok(())
}
