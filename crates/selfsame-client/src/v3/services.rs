//! What a server can look up.

use selfsame_wire::v3::product::Product;
use serde_json::{Map, Value};

use crate::v3::client::Client;
use crate::v3::error::Error;
use crate::v3::tokens::Wanted;

/// A bank whose accounts can be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BankCode {
    /// What a request calls it.
    pub code: String,
    /// Where it is: two letters.
    pub country: String,
    /// Its name for people.
    pub name: String,
}

/// A kind of identity that can be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SupportedIdType {
    /// Two letters.
    pub country: String,
    /// The wire's name, e.g. `BVN`.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// A regular expression that numbers fit, where there is one.
    pub pattern: Option<String>,
    /// The fields that a submission must hold, in the wire's names.
    pub required_fields: Vec<String>,
    /// The bank, where the kind is one of several banks'.
    pub bank_code: Option<String>,
}

/// A country's documents.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SupportedCountry {
    /// Two letters.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// What can be read.
    pub documents: Vec<SupportedDocument>,
}

/// A document that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SupportedDocument {
    /// The wire's name; empty for any other.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// Whether its back is wanted, too.
    pub has_back: bool,
}

/// How an authority has answered of late. All of it is text as the server writes it, and any of it may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdStatus {
    /// When it was asked last.
    pub last_checked: Option<String>,
    /// `success` or `failure`.
    pub last_check_status: Option<String>,
    /// E.g. `95%`.
    pub last_hour_success_rate: Option<String>,
    /// `online` or `offline`.
    pub last_known_status: Option<String>,
    /// E.g. `95%`.
    pub last_check_success_rate: Option<String>,
}

/// What a server can look up. What is not as the wire has it is passed over.
impl Client {
    /// Banks whose accounts can be looked up, in one country or in all. Open to everybody.
    ///
    /// # Errors
    /// [`Error`] when the server refuses, cannot be reached, or answers no object.
    pub async fn bank_codes(&self, country: Option<&str>) -> Result<Vec<BankCode>, Error> {
        let answer = self.open("bank_codes", &[("country", country)]).await?;
        let banks = objects(&answer["bank_codes"]).filter_map(|bank| {
            Some(BankCode {
                code: text(bank, "code")?,
                country: text(bank, "country").unwrap_or_default(),
                name: text(bank, "name")?,
            })
        });
        Ok(banks.collect())
    }

    /// Kinds of identity that can be looked up, in one country or in all. Open to everybody.
    ///
    /// # Errors
    /// As [`Client::bank_codes`].
    pub async fn supported_id_types(
        &self,
        country: Option<&str>,
    ) -> Result<Vec<SupportedIdType>, Error> {
        let query = [("country", country)];
        let answer = self.open("supported_id_types", &query).await?;
        let types = objects(&answer["id_types"]).filter_map(|said| {
            let name = text(said, "type")?;
            let fields = said.get("required_fields").and_then(Value::as_array);
            let fields = fields.into_iter().flatten().filter_map(Value::as_str);
            Some(SupportedIdType {
                country: text(said, "country")?,
                label: text(said, "label").unwrap_or_else(|| name.clone()),
                name,
                pattern: text(said, "regex"),
                required_fields: fields.map(str::to_owned).collect(),
                bank_code: text(said, "bank_code"),
            })
        });
        Ok(types.collect())
    }

    /// Documents that can be read, in one country or in all; `locale` is e.g. `fr-FR`. Open to everybody.
    ///
    /// # Errors
    /// As [`Client::bank_codes`].
    pub async fn supported_documents(
        &self,
        country: Option<&str>,
        locale: Option<&str>,
    ) -> Result<Vec<SupportedCountry>, Error> {
        let query = [("country_code", country), ("locale", locale)];
        let answer = self.open("supported_documents", &query).await?;
        let countries = objects(&answer["valid_documents"]).filter_map(|said| {
            let country = said.get("country")?.as_object()?;
            let code = text(country, "code")?;
            let documents = said.get("id_types").unwrap_or(&Value::Null);
            Some(SupportedCountry {
                name: text(country, "name").unwrap_or_else(|| code.clone()),
                code,
                documents: objects(documents)
                    .map(|document| SupportedDocument {
                        code: text(document, "code").unwrap_or_default(),
                        name: text(document, "name").unwrap_or_default(),
                        has_back: document.get("has_back").and_then(Value::as_bool) == Some(true),
                    })
                    .collect(),
            })
        });
        Ok(countries.collect())
    }

    /// How an authority has answered of late.
    ///
    /// # Errors
    /// [`Error`] when the server refuses or cannot be reached.
    pub async fn id_status(&self, country: &str, id_type: &str) -> Result<IdStatus, Error> {
        let query = [("country", Some(country)), ("id_type", Some(id_type))];
        let answer = self
            .question("id_status", &query, &Wanted::default())
            .await?;
        let said = answer.as_object().cloned().unwrap_or_default();
        Ok(IdStatus {
            last_checked: text(&said, "last_checked"),
            last_check_status: text(&said, "last_check_status"),
            last_hour_success_rate: text(&said, "last_hour_success_rate"),
            last_known_status: text(&said, "last_known_status"),
            last_check_success_rate: text(&said, "last_check_success_rate"),
        })
    }

    /// What the partner may use, where the person must consent, and which fields the token fixes: one for what will be submitted.
    ///
    /// # Errors
    /// As [`Client::id_status`].
    pub async fn config(&self, wanted: &Wanted) -> Result<ServicesConfig, Error> {
        let answer = self.question("config", &[], wanted).await;
        answer.map(ServicesConfig)
    }
}

/// What the partner may use, and what the token has said already.
#[derive(Debug, Clone, PartialEq)]
pub struct ServicesConfig(Value);

impl ServicesConfig {
    /// Whether the person must consent before an ID type is looked up.
    #[must_use]
    pub fn consent_required(&self, country: &str, id_type: &str) -> bool {
        texts(&self.0["consentRequired"][country]).any(|needed| needed == id_type)
    }

    /// The ID types of a country that the partner may use for a product.
    #[must_use]
    pub fn id_types(&self, product: Product, country: &str) -> Vec<&str> {
        // Documents go by a shorter name here.
        let name = match product {
            Product::DocumentVerification => "doc_verification",
            other => other.name(),
        };
        texts(&self.0["idSelection"][name][country]).collect()
    }

    /// The names of fields that the token fixes: nobody need be asked for them.
    #[must_use]
    pub fn token_provided_fields(&self) -> Vec<&str> {
        texts(&self.0["token_provided_fields"]).collect()
    }

    /// The whole answer as JSON.
    #[must_use]
    pub const fn to_json(&self) -> &Value {
        &self.0
    }
}

fn objects(value: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_object)
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    let text = object.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}
