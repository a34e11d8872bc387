//! Asks for tokens, with the API key.

use std::fmt;

use reqwest::Method;
use selfsame_wire::id::{PartnerId, UserId};
use selfsame_wire::signature::ApiKey;
use selfsame_wire::v3::consent::Consent;
use selfsame_wire::v3::product::Product;
use selfsame_wire::v3::{API_KEY, PARTNER_ID};
use serde_json::{Value, json};

use crate::client::Connection;
use crate::v3::error::Error;
use crate::v3::exchange::{Answer, Exchange, RetryPolicy};
use crate::v3::form::Form;
use crate::v3::submission::present;

/// What a token is bound to. What is left out its holder may choose.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Binding {
    /// The only user that it serves. It comes from the partner's own session: who may name the user may log in as anybody.
    pub user: Option<UserId>,
    /// The only product that it serves.
    pub product: Option<Product>,
    /// What stands in the `partner_params` of its jobs. Null is absent.
    pub partner_params: Value,
    /// Whether its jobs may put another face in place of the one on file; where it is left out, the holder may ask for it.
    pub allow_new_enroll: Option<bool>,
    /// Fields that are fixed.
    pub payload: Payload,
}

/// Fields that a token fixes. They count in place of the request's, which may leave them out; the token's holder cannot read the
/// personal ones.
#[derive(Clone, Default, PartialEq)]
pub struct Payload {
    /// The ID's country.
    pub country: Option<String>,
    /// The kind of ID.
    pub id_type: Option<String>,
    /// Its number.
    pub id_number: Option<String>,
    /// The person's given names.
    pub given_names: Option<String>,
    /// The person's family name.
    pub last_name: Option<String>,
    /// The person's email address.
    pub email: Option<String>,
    /// The person's telephone number.
    pub phone_number: Option<String>,
    /// Where the result goes.
    pub callback_url: Option<String>,
    /// The person's consent.
    pub consent: Option<Consent>,
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload(redacted)")
    }
}

impl Payload {
    /// The part, or null where it fixes nothing.
    fn to_json(&self) -> Value {
        let fields = present(json!({
            "country": self.country, "id_type": self.id_type, "id_number": self.id_number, "given_names": self.given_names,
            "last_name": self.last_name, "email": self.email, "phone_number": self.phone_number,
            "callback_url": self.callback_url, "consent": self.consent,
        }));
        if fields.as_object().is_some_and(|fields| !fields.is_empty()) {
            fields
        } else {
            Value::Null
        }
    }
}

/// Asks for tokens, with the API key: for the partner's own server, never for a page or an app.
#[derive(Clone)]
pub struct TokenMinter {
    exchange: Exchange,
    partner: PartnerId,
    key: ApiKey,
    retry: RetryPolicy,
}

impl fmt::Debug for TokenMinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.exchange.server();
        write!(f, "TokenMinter({server} as {})", self.partner)
    }
}

impl TokenMinter {
    /// For one partner and environment: the API key says which.
    ///
    /// # Errors
    /// When TLS cannot be set up, or the key would go over the network in the clear.
    pub fn new(connection: Connection) -> Result<Self, Error> {
        let exchange = Exchange::new(connection.server)?;
        if exchange.is_private() {
            Ok(Self::over(exchange, connection.partner, connection.api_key))
        } else {
            Err(Error::Argument(
                "the API key goes over https only: the server's URL must begin so".to_owned(),
            ))
        }
    }

    /// Over an HTTP client of one's own, e.g. with a private certificate authority, and over plain http where the server's URL says so:
    /// only where the network between is the partner's own. The client should follow no redirects, which would take the key along.
    ///
    /// # Errors
    /// When the server's URL cannot be a base.
    pub fn with_http(connection: Connection, http: reqwest::Client) -> Result<Self, Error> {
        let exchange = Exchange::over(connection.server, http)?;
        Ok(Self::over(exchange, connection.partner, connection.api_key))
    }

    fn over(exchange: Exchange, partner: PartnerId, key: String) -> Self {
        Self {
            exchange,
            partner,
            key: ApiKey::new(key),
            retry: RetryPolicy::default(),
        }
    }

    /// Tries so often where the network breaks or the server is busy.
    #[must_use]
    pub const fn retrying(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Asks for a token. It lives for a quarter of an hour.
    ///
    /// # Errors
    /// [`Error`]; of its refusals `Unauthenticated` means that the key is wrong.
    pub async fn mint(&self, binding: &Binding) -> Result<String, Error> {
        let form = Form::default()
            .text("user_id", binding.user.as_ref().map(UserId::as_str))
            .text("product", binding.product.map(Product::name))
            .json("partner_params", &binding.partner_params)
            .text(
                "allow_new_enroll",
                binding
                    .allow_new_enroll
                    .map(|allow| if allow { "true" } else { "false" }),
            )
            .json("payload", &binding.payload.to_json());
        let mut tries = self.retry.begin();
        loop {
            match self.ask(&form).await {
                Err(error) => tries.again(error).await?,
                token => return token,
            }
        }
    }

    async fn ask(&self, form: &Form) -> Result<String, Error> {
        let request = self
            .exchange
            .request(Method::POST, &["token"])?
            .header(PARTNER_ID, self.partner.as_str())
            .header(API_KEY, self.key.expose());
        let request = if form.is_empty() {
            request
        } else {
            request.multipart(form.to_body()?)
        };
        let answer = Answer::to(request).await?.accepted(|_, _| false)?;
        let token = answer.get("token").and_then(Value::as_str);
        token
            .filter(|token| !token.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| Error::Answer("it carries no token".to_owned()))
    }
}
