use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::v3::token::Personal;
use serde_json::json;

use super::*;

fn offer(country: &str, id_type: &str) -> Offered {
    let (country, id_type) = (
        Country::new(country).unwrap(),
        IdType::new(id_type).unwrap(),
    );
    let types = IdTypes::built_in();
    let rule = types.get(country, &id_type);
    Offered {
        country,
        id_type,
        products: rule.map_or_else(|| Product::ALL.to_vec(), |rule| rule.products.clone()),
        consent_required: rule.is_some_and(|rule| rule.consent),
    }
}

fn some() -> Vec<Offered> {
    vec![
        offer("ZM", "BANK_ACCOUNT"),
        offer("NG", "NIN"),
        offer("NG", "BVN_MFA"),
        offer("NG", "PHONE_NUMBER"),
        offer("NG", "NATIONAL_ID"),
        offer("NG", "BUSINESS_REGISTRATION"),
        offer("GH", "PASSPORT"),
        offer("XX", "UNKNOWN"),
    ]
}

fn bound() -> Bound {
    Bound {
        partner: PartnerId::new("042").unwrap(),
        environment: Environment::Sandbox,
        user_id: None,
        product: None,
        partner_params: None,
        allow_new_enroll: None,
        payload: Payload::default(),
    }
}

fn country(code: &str) -> Option<Country> {
    Some(Country::new(code).unwrap())
}

#[test]
fn banks_are_those_of_countries_whose_accounts_are_offered() {
    let types = IdTypes::built_in();
    let codes = |offered: &[Offered], country| bank_codes(&types, offered, country).bank_codes;
    assert_eq!(
        codes(&some(), None).len(),
        types.banks(country("ZM").unwrap()).len()
    );
    assert_eq!(codes(&some(), country("NG")), []);
    assert_eq!(codes(&[offer("NG", "NIN")], None), []);
    let both = [offer("ZM", "BANK_ACCOUNT"), offer("NG", "BANK_ACCOUNT")];
    let nigerian = codes(&both, country("NG"));
    assert!(nigerian.iter().all(|bank| bank.country.as_str() == "NG"));
    let access = nigerian.iter().find(|bank| bank.code == "044").unwrap();
    assert_eq!(access.name, "Access Bank");
    assert!(codes(&both, None).len() > nigerian.len());
}

#[test]
fn id_types_of_people_with_a_row_for_each_bank() {
    let types = IdTypes::built_in();
    insta::assert_json_snapshot!(supported_id_types(&types, &some(), None));
    let ghana = supported_id_types(&types, &some(), country("GH"));
    assert_eq!(ghana.id_types.len(), 1);
    assert_eq!(
        supported_id_types(&types, &some(), country("FR")).id_types,
        []
    );
    // The order of offers and repeats change nothing.
    let mut other = some();
    other.reverse();
    other.extend(some());
    assert_eq!(
        supported_id_types(&types, &other, None),
        supported_id_types(&types, &some(), None)
    );
}

/// A picker of the mobile samples lists a type only where it can fill in all that is required.
#[test]
fn what_needs_no_more_than_a_name_can_be_picked() {
    let filled = [
        "country",
        "first_name",
        "id_number",
        "id_type",
        "last_name",
        "partner_id",
        "partner_params",
        "timestamp",
    ];
    let types = IdTypes::built_in();
    let told = supported_id_types(&types, &some(), None);
    let picked: Vec<String> = told
        .id_types
        .iter()
        .filter(|row| {
            row.required_fields
                .iter()
                .all(|f| filled.contains(&f.as_str()))
        })
        .map(|row| format!("{} {}", row.country, row.id_type))
        .collect();
    assert_eq!(picked, ["GH PASSPORT", "NG NIN", "NG PHONE_NUMBER"]);
}

#[test]
fn a_token_that_fixes_nothing_has_all_forms_that_a_submission_can_hold() {
    let types = IdTypes::built_in();
    let config = config(&types, &some(), &bound());
    insta::assert_json_snapshot!(config);
    // BVN_MFA wants a session, NATIONAL_ID a date of birth: no submission of v3 holds them.
    let listed = json!(config).to_string();
    for absent in ["BVN_MFA", "NATIONAL_ID", "BUSINESS_REGISTRATION", "UNKNOWN"] {
        assert!(!listed.contains(absent), "{absent}");
    }
    assert_eq!(
        config.fields_to_collect,
        [
            "id_number",
            "given_names",
            "last_name",
            "email",
            "phone_number",
            "bank_code"
        ]
    );
}

#[test]
fn what_the_token_rules_out_is_not_there() {
    let types = IdTypes::built_in();
    let of_product = Bound {
        product: Some(V3Product::EnhancedKyc),
        ..bound()
    };
    let told = config(&types, &some(), &of_product);
    assert_eq!(told.products.keys().collect::<Vec<_>>(), ["enhanced_kyc"]);
    assert!(told.id_selection.biometric_kyc.is_empty());
    let of_type = Bound {
        payload: Payload {
            country: Some("ng".to_owned()),
            id_type: Some("NIN".to_owned()),
            ..Payload::default()
        },
        ..of_product
    };
    let told = config(&types, &some(), &of_type);
    assert_eq!(
        json!(told.id_selection.enhanced_kyc),
        json!({"NG": ["NIN"]})
    );
    let selfie = Bound {
        product: Some(V3Product::SmartSelfieRegistration),
        ..bound()
    };
    assert!(config(&types, &some(), &selfie).products.is_empty());
}

#[test]
fn a_person_is_never_told_and_its_fields_are_not_asked_for_again() {
    let personal = |text: &str| Some(Personal(text.to_owned()));
    let payload = Payload {
        country: Some("NG".to_owned()),
        id_type: Some("NIN".to_owned()),
        id_number: personal("12345678901"),
        given_names: personal("Amina Fatou"),
        last_name: personal("Clearwater"),
        email: personal("amina.clearwater@example.com"),
        phone_number: None,
        callback_url: Some("https://example.com/hook?key=s3cret".to_owned()),
        consent: None,
    };
    let all = Bound {
        payload: payload.clone(),
        ..bound()
    };
    let told = config(&IdTypes::built_in(), &some(), &all);
    assert_eq!(told.fields_to_collect, Vec::<String>::new());
    assert_eq!(
        told.token_provided_fields,
        [
            "country",
            "id_type",
            "id_number",
            "given_names",
            "last_name",
            "email",
            "callback_url"
        ]
    );
    assert_eq!(
        json!(told.token_provided_values),
        json!({"country": "NG", "id_type": "NIN"})
    );
    let text = json!(told).to_string();
    for secret in [
        "12345678901",
        "Amina",
        "Clearwater",
        "amina",
        "example.com",
        "s3cret",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    // Without a contact, one is asked for.
    let without = Bound {
        payload: Payload {
            email: None,
            ..payload
        },
        ..bound()
    };
    let told = config(&IdTypes::built_in(), &some(), &without);
    assert_eq!(told.fields_to_collect, ["email", "phone_number"]);
}
