//! The answers as the public clients' models read them: which fields they insist on, and what they may leave out.

use serde_json::{Value, json};

use super::*;

fn country(code: &str) -> Country {
    Country::new(code).unwrap()
}

fn types(names: &[&str]) -> Vec<IdType> {
    names.iter().filter_map(|name| IdType::new(name)).collect()
}

fn account() -> SupportedIdType {
    SupportedIdType {
        bank_code: Some("044".to_owned()),
        country: country("NG"),
        label: "Bank account (Access Bank)".to_owned(),
        regex: "^[0-9]{10}$".to_owned(),
        required_fields: vec!["bank_code".to_owned(), "country".to_owned()],
        id_type: IdType::new("BANK_ACCOUNT").unwrap(),
    }
}

fn at() -> Timestamp {
    "2026-01-02T03:04:05.678Z".parse().unwrap()
}

/// Holds an object to a model: names that must be there, and names that may be; nothing else is.
fn holds(value: &Value, required: &[&str], optional: &[&str]) {
    let object = value.as_object().unwrap();
    for name in required {
        assert!(object.contains_key(*name), "{name} in {value}");
    }
    for (name, value) in object {
        let known = required.contains(&name.as_str()) || optional.contains(&name.as_str());
        assert!(known && !value.is_null(), "{name}: {value}");
    }
}

#[test]
fn banks_as_usesmileid_reads_them() {
    let banks = BankCodes {
        bank_codes: vec![BankCode {
            code: "044".to_owned(),
            country: country("NG"),
            name: "Access Bank".to_owned(),
        }],
    };
    insta::assert_json_snapshot!(banks);
    let told = json!(banks);
    holds(&told, &["bank_codes"], &[]);
    holds(&told["bank_codes"][0], &["code", "country", "name"], &[]);
    assert_eq!(serde_json::from_value::<BankCodes>(told).unwrap(), banks);
}

#[test]
fn id_types_as_usesmileid_and_the_mobile_samples_read_them() {
    let without = SupportedIdType {
        bank_code: None,
        ..account()
    };
    let types = SupportedIdTypes {
        id_types: vec![account(), without],
    };
    insta::assert_json_snapshot!(types);
    for row in json!(types)["id_types"].as_array().unwrap() {
        let required = ["country", "label", "regex", "type"];
        holds(row, &required, &["required_fields", "bank_code"]);
    }
    // What an older server leaves out is read all the same.
    let text = json!({"id_types": [{"country": "NG", "type": "NIN", "label": "NIN", "regex": "^$", "required_fields": []}]});
    assert!(serde_json::from_value::<SupportedIdTypes>(text).is_ok());
}

#[test]
fn a_status_is_text_and_leaves_out_what_nobody_has_seen() {
    assert_eq!(json!(IdStatus::default()), json!({}));
    let seen = IdStatus::default()
        .with_last(at(), true, 1)
        .with_hour(19, 20);
    insta::assert_json_snapshot!(seen);
    let failed = IdStatus::default()
        .with_last(at(), false, 3)
        .with_hour(0, 1);
    for status in [&seen, &failed] {
        let told = json!(status);
        let names = [
            "last_checked",
            "last_check_status",
            "last_hour_success_rate",
            "last_known_status",
            "last_check_success_rate",
        ];
        holds(&told, &names, &[]);
        assert!(told.as_object().unwrap().values().all(Value::is_string));
    }
    assert_eq!(
        json!(failed)["last_check_status"],
        "failure",
        "nobody answered"
    );
    assert_eq!(json!(failed)["last_known_status"], "offline");
}

#[test]
fn only_all_is_a_hundred_percent() {
    let percent = |part, whole| percentage(part, whole).unwrap_or_default();
    assert_eq!(percent(1, 1), "100%");
    assert_eq!(percent(1999, 2000), "99%");
    assert_eq!(percent(1, 3), "33%");
    assert_eq!(percent(0, 7), "0%");
    assert_eq!(percent(u32::MAX, u32::MAX), "100%");
    assert_eq!(percentage(0, 0), None);
}

fn config() -> Config {
    let field = |key_name: &str, field_type, required| Field {
        key_name: key_name.to_owned(),
        label: key_name.to_owned(),
        field_type,
        placeholder_text: String::new(),
        required,
        regex: None,
        one_of_group: None,
    };
    let number = Field {
        regex: Some("^[0-9]{11}$".to_owned()),
        ..field("id_number", FieldType::Text, true)
    };
    let email = Field {
        one_of_group: Some("contact".to_owned()),
        ..field("email", FieldType::Email, false)
    };
    let form = Form {
        key_name: IdType::new("NIN").unwrap(),
        label: "NIN".to_owned(),
        fields: vec![number, email],
    };
    Config {
        consent_required: [(country("NG"), types(&["BVN_MFA"]))].into(),
        fields_to_collect: vec!["email".to_owned()],
        id_selection: IdSelection {
            enhanced_kyc: [(country("NG"), types(&["NIN"]))].into(),
            ..IdSelection::default()
        },
        products: [(
            "enhanced_kyc".to_owned(),
            [(country("NG"), vec![form])].into(),
        )]
        .into(),
        token_provided_fields: vec!["country".to_owned(), "id_number".to_owned()],
        token_provided_values: [("country".to_owned(), "NG".to_owned())].into(),
    }
}

#[test]
fn a_configuration_as_mobile_12_reads_it() {
    insta::assert_json_snapshot!(config());
    let names = [
        "consentRequired",
        "fields_to_collect",
        "idSelection",
        "products",
        "token_provided_fields",
        "token_provided_values",
    ];
    let selection = [
        "basic_kyc",
        "biometric_kyc",
        "doc_verification",
        "enhanced_document_verification",
        "enhanced_kyc",
    ];
    for config in [config(), Config::default()] {
        let told = json!(config);
        holds(&told, &names, &[]);
        holds(&told["idSelection"], &selection, &[]);
        assert_eq!(serde_json::from_value::<Config>(told).unwrap(), config);
    }
    let told = json!(config());
    let form = &told["products"]["enhanced_kyc"]["NG"][0];
    holds(form, &["key_name", "label", "fields"], &[]);
    for field in form["fields"].as_array().unwrap() {
        let required = [
            "key_name",
            "label",
            "field_type",
            "placeholder_text",
            "required",
        ];
        holds(field, &required, &["regex", "one_of_group"]);
        assert!(["text", "email", "phone"].contains(&field["field_type"].as_str().unwrap()));
    }
}
