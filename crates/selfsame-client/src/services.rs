//! What a server looks up, and what of it a partner may use.

use serde_json::Value;

/// A kind of identity that can be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedIdType {
    /// The wire's name, e.g. `NIN`.
    pub code: String,
    /// Its name for people.
    pub label: String,
    /// A regular expression that numbers fit, where there is one.
    pub pattern: Option<String>,
    /// The fields that a request must hold, in the wire's names.
    pub required_fields: Vec<String>,
}

/// A country whose identities can be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedCountry {
    /// Two letters.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// What can be looked up.
    pub id_types: Vec<OfferedIdType>,
}

/// A bank whose accounts can be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedBank {
    /// Its name for people.
    pub name: String,
    /// What `bank_code` takes.
    pub code: String,
}

/// What a server looks up: `/v1/services`. What is not as the wire has it is passed over.
#[derive(Debug, Clone, PartialEq)]
pub struct Services(Value);

impl Services {
    pub(crate) const fn new(json: Value) -> Self {
        Self(json)
    }

    /// Countries and their ID types for a product, e.g. `biometric_kyc`. Empty where the product is not offered.
    #[must_use]
    pub fn id_types(&self, product: &str) -> Vec<OfferedCountry> {
        entries(&self.0["hosted_web"][product])
            .map(|(code, country)| OfferedCountry {
                code: code.clone(),
                name: text(&country["name"]).unwrap_or(code).to_owned(),
                id_types: entries(&country["id_types"])
                    .map(|(code, said)| OfferedIdType {
                        code: code.clone(),
                        label: text(&said["label"]).unwrap_or(code).to_owned(),
                        pattern: text(&said["id_number_regex"]).map(str::to_owned),
                        required_fields: texts(&said["required_fields"])
                            .map(str::to_owned)
                            .collect(),
                    })
                    .collect(),
            })
            .collect()
    }

    /// The banks whose codes `bank_code` takes.
    #[must_use]
    pub fn bank_codes(&self) -> Vec<OfferedBank> {
        let banks = self.0["bank_codes"].as_array();
        banks
            .into_iter()
            .flatten()
            .filter_map(|bank| {
                Some(OfferedBank {
                    name: text(&bank["name"])?.to_owned(),
                    code: text(&bank["code"])?.to_owned(),
                })
            })
            .collect()
    }

    /// The whole answer as JSON.
    #[must_use]
    pub const fn to_json(&self) -> &Value {
        &self.0
    }
}

/// What a partner may use: `/v1/products_config`.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductsConfig(Value);

impl ProductsConfig {
    pub(crate) const fn new(json: Value) -> Self {
        Self(json)
    }

    /// Whether the person must consent before an ID type is looked up.
    #[must_use]
    pub fn consent_required(&self, country: &str, id_type: &str) -> bool {
        texts(&self.0["consentRequired"][country]).any(|needed| needed == id_type)
    }

    /// The ID types of a country that the partner may use for a product.
    #[must_use]
    pub fn id_types(&self, product: &str, country: &str) -> Vec<String> {
        texts(&self.0["idSelection"][product][country])
            .map(str::to_owned)
            .collect()
    }

    /// The whole answer as JSON.
    #[must_use]
    pub const fn to_json(&self) -> &Value {
        &self.0
    }
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(text)
}

/// An object's members that are objects themselves.
fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let members = value.as_object().into_iter().flatten();
    members.filter(|(_, member)| member.is_object())
}
