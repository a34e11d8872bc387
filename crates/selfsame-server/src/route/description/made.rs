//! Schemas that are made of the types that v3 answers with: what a field is called, whether it may be absent, and what is said of it
//! stands there once.

use schemars::generate::SchemaSettings;
use selfsame_wire::v3::decision::{DecisionReason, JobStatus};
use selfsame_wire::v3::product::Product;
use selfsame_wire::v3::services::{BankCodes, Config, IdStatus, SupportedIdTypes};
use serde_json::{Map, Value};

/// The schemas by name, with those of the types within. A type more is one line more.
pub(super) fn schemas() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    macro_rules! of {
        ($($answer:ty,)*) => { $(let _: schemars::Schema = generator.subschema_for::<$answer>();)* };
    }
    of! {
        BankCodes,
        SupportedIdTypes,
        IdStatus,
        Config,
        JobStatus,
        DecisionReason,
        Product,
    }
    let mut made = generator.take_definitions(true);
    made.values_mut().for_each(tighten);
    made
}

/// Says what the types do and their schemas leave open: there are no other fields, and one that may be absent is never null.
fn tighten(schema: &mut Value) {
    match schema {
        Value::Array(list) => list.iter_mut().for_each(tighten),
        Value::Object(object) => {
            let required: Vec<Value> = match object.get("required") {
                Some(Value::Array(names)) => names.clone(),
                _ => Vec::new(),
            };
            if let Some(Value::Object(fields)) = object.get_mut("properties") {
                for (name, field) in fields.iter_mut() {
                    if !required.iter().any(|required| required == name) {
                        without_null(field);
                    }
                }
                object.insert("additionalProperties".to_owned(), false.into());
            }
            object.values_mut().for_each(tighten);
        }
        _ => {}
    }
}

fn without_null(field: &mut Value) {
    if let Some(Value::Array(types)) = field.get_mut("type") {
        types.retain(|kind| kind != "null");
    }
    if let Some(Value::Array(kinds)) = field.get_mut("anyOf") {
        kinds.retain(|kind| kind["type"] != "null");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Serialize;
    use serde_json::json;

    use super::*;

    fn listed(schema: &Value) -> BTreeSet<String> {
        // An enumeration whose values have texts of their own is a choice of constants.
        let values = match (&schema["enum"], &schema["oneOf"]) {
            (Value::Array(values), _) => values.clone(),
            (_, Value::Array(choices)) => choices.iter().map(|c| c["const"].clone()).collect(),
            _ => panic!("{schema}"),
        };
        let texts = values
            .iter()
            .map(|value| value.as_str().unwrap().to_owned());
        texts.collect()
    }

    fn told(values: &[impl Serialize]) -> BTreeSet<String> {
        let texts = values.iter().map(|value| json!(value));
        texts
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn lists_are_those_of_the_types() {
        let made = schemas();
        assert_eq!(listed(&made["V3DecisionReason"]), told(DecisionReason::ALL));
        assert_eq!(listed(&made["V3Product"]), told(Product::ALL));
        assert!(listed(&made["V3JobStatus"]).contains("not_found"));
    }

    #[test]
    fn fields_are_those_of_the_types() {
        let made = schemas();
        let config = &made["V3Config"];
        let fields: Vec<&String> = config["properties"].as_object().unwrap().keys().collect();
        let told = json!(Config::default());
        let named: Vec<&String> = told.as_object().unwrap().keys().collect();
        assert_eq!(fields, named);
        assert_eq!(config["required"].as_array().unwrap().len(), named.len());
        assert_eq!(config["additionalProperties"], false);
        let status = &made["V3IdStatus"];
        assert!(status["required"].is_null(), "all of it may be absent");
        let rate = &status["properties"]["last_hour_success_rate"];
        assert_eq!(rate["type"], json!(["string"]), "and is never null");
        assert_eq!(rate["pattern"], "^[0-9]{1,3}%$");
        let row = &made["V3SupportedIdType"]["properties"];
        assert_eq!(row["country"]["pattern"], "^[A-Z]{2}$");
        let reference = &made["V3BankCodes"]["properties"]["bank_codes"]["items"]["$ref"];
        assert_eq!(*reference, "#/components/schemas/V3BankCode");
    }
}
