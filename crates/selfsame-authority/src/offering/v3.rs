//! What is enabled, in the shapes of v3: `/v3/services/bank_codes`, `supported_id_types` and `config`.

use std::collections::{BTreeMap, BTreeSet};

use selfsame_wire::id_info::{Country, IdType};
use selfsame_wire::offerings::ByCountry;
use selfsame_wire::v3::product::Product as V3Product;
use selfsame_wire::v3::services::{
    BankCode, BankCodes, Config, Field, FieldType, Form, IdSelection, SupportedIdType,
    SupportedIdTypes,
};
use selfsame_wire::v3::token::{Bound, Payload};

use super::{asks_for_a_bank, banks, types_of};
use crate::authorities::Offered;
use crate::id_types::{IdTypeRule, IdTypes, Product};

/// What every look-up holds, as the public lists write it. The list of a row is in the order of the alphabet.
const ALWAYS_REQUIRED: [&str; 6] = [
    "country",
    "id_number",
    "id_type",
    "partner_id",
    "partner_params",
    "timestamp",
];

/// What a type may need beside its number so that a submission of v3 can hold it: the names stand in `user_details`, the others are
/// parts of their own. What needs more, such as a date of birth, has no form.
const CARRIED: [&str; 4] = ["first_name", "last_name", "bank_code", "operator"];

/// The products that look an identity up: as a token names it, as lists name it, as the table does.
const PRODUCTS: [(V3Product, &str, Product); 2] = [
    (
        V3Product::BiometricKyc,
        "biometric_kyc",
        Product::BiometricKyc,
    ),
    (V3Product::EnhancedKyc, "enhanced_kyc", Product::EnhancedKyc),
];

/// The group of those fields of which one is enough.
const CONTACT: &str = "contact";

/// The banks of the countries whose accounts are offered, or of one country.
#[must_use]
pub fn bank_codes(id_types: &IdTypes, offered: &[Offered], country: Option<Country>) -> BankCodes {
    let all = banks(id_types, offered).into_iter();
    let wanted = all.filter(|(of, ..)| country.is_none_or(|country| *of == country));
    let each = wanted.map(|(country, code, name)| BankCode {
        code: code.to_owned(),
        country,
        name: name.to_owned(),
    });
    BankCodes {
        bank_codes: each.collect(),
    }
}

/// The ID types of people that are offered, or those of one country. A type of accounts has a row for each bank that is known.
#[must_use]
pub fn supported_id_types(
    id_types: &IdTypes,
    offered: &[Offered],
    country: Option<Country>,
) -> SupportedIdTypes {
    let of_people = |offer: &&Offered| offer.products.iter().any(|p| *p != Product::Business);
    let wanted = offered
        .iter()
        .filter(|offer| country.is_none_or(|country| offer.country == country))
        .filter(of_people);
    // In the order of the table, each once, however it was offered.
    let names: BTreeSet<(Country, &IdType)> = wanted.map(|o| (o.country, &o.id_type)).collect();
    let rules = names
        .into_iter()
        .filter_map(|(country, id_type)| id_types.get(country, id_type));
    SupportedIdTypes {
        id_types: rules.flat_map(|rule| rows(id_types, rule)).collect(),
    }
}

fn rows(id_types: &IdTypes, rule: &IdTypeRule) -> Vec<SupportedIdType> {
    let required: BTreeSet<&str> = ALWAYS_REQUIRED
        .iter()
        .chain(&rule.required)
        .copied()
        .collect();
    let row = SupportedIdType {
        bank_code: None,
        country: rule.country,
        label: rule.label.clone(),
        regex: rule.pattern.as_str().to_owned(),
        required_fields: required.into_iter().map(str::to_owned).collect(),
        id_type: rule.id_type.clone(),
    };
    let banks = id_types.banks(rule.country);
    if !asks_for_a_bank(rule) || banks.is_empty() {
        return vec![row];
    }
    let each = banks.into_iter().map(|(code, name)| SupportedIdType {
        bank_code: Some(code.to_owned()),
        label: format!("{} ({name})", rule.label),
        ..row.clone()
    });
    each.collect()
}

/// What the holder of a token may do, and what its forms hold. What the token rules out is not there; of what the token fixes, the
/// names are told, and of values those that are neither secret nor a person's: a token travels through browsers and telephones, and its
/// own text holds no more.
#[must_use]
pub fn config(id_types: &IdTypes, offered: &[Offered], bound: &Bound) -> Config {
    let payload = &bound.payload;
    let mut selected: BTreeMap<&str, Vec<&Offered>> = BTreeMap::new();
    for (product, name, of_table) in PRODUCTS {
        if bound.product.is_some_and(|fixed| fixed != product) {
            continue;
        }
        let usable = offered
            .iter()
            .filter(|offer| offer.products.contains(&of_table) && admits(payload, offer))
            .filter(|offer| {
                let rule = id_types.get(offer.country, &offer.id_type);
                rule.is_some_and(|rule| rule.required.iter().all(|name| CARRIED.contains(name)))
            });
        selected.insert(name, usable.collect());
    }
    let of = |name: &str| types_of(selected.get(name).into_iter().flatten().copied());
    let need_consent = selected.values().flatten().copied();
    let need_consent = need_consent.filter(|offer| offer.consent_required);
    let forms: BTreeMap<String, ByCountry<Vec<Form>>> = selected
        .iter()
        .map(|(name, offers)| ((*name).to_owned(), forms(id_types, offers)))
        .collect();
    let fixed = fixed(payload);
    Config {
        consent_required: types_of(need_consent),
        fields_to_collect: to_collect(&forms, &fixed),
        id_selection: IdSelection {
            biometric_kyc: of("biometric_kyc"),
            enhanced_kyc: of("enhanced_kyc"),
            ..IdSelection::default()
        },
        products: forms,
        token_provided_values: told(payload),
        token_provided_fields: fixed.into_iter().map(str::to_owned).collect(),
    }
}

/// Whether a token that fixes a country or an ID type can be used with this one.
fn admits(payload: &Payload, offer: &Offered) -> bool {
    let is = |fixed: Option<&str>, offered: &str| {
        fixed.is_none_or(|fixed| fixed.trim().eq_ignore_ascii_case(offered))
    };
    is(payload.country.as_deref(), offer.country.as_str())
        && is(payload.id_type.as_deref(), offer.id_type.as_str())
}

fn forms(id_types: &IdTypes, offers: &[&Offered]) -> ByCountry<Vec<Form>> {
    let mut by_country: ByCountry<Vec<Form>> = BTreeMap::new();
    let names: BTreeSet<(Country, &IdType)> =
        offers.iter().map(|o| (o.country, &o.id_type)).collect();
    for (country, id_type) in names {
        if let Some(rule) = id_types.get(country, id_type) {
            by_country.entry(country).or_default().push(form(rule));
        }
    }
    by_country
}

fn form(rule: &IdTypeRule) -> Form {
    let field = |key_name: &str, label: &str, field_type, required| Field {
        key_name: key_name.to_owned(),
        label: label.to_owned(),
        field_type,
        placeholder_text: String::new(),
        required,
        regex: None,
        one_of_group: None,
    };
    let contact = |key_name, label, field_type| Field {
        one_of_group: Some(CONTACT.to_owned()),
        ..field(key_name, label, field_type, false)
    };
    let mut fields = vec![Field {
        placeholder_text: rule.test_number.clone().unwrap_or_default(),
        regex: Some(rule.pattern.as_str().to_owned()),
        ..field("id_number", &rule.label, FieldType::Text, true)
    }];
    for (name, label) in [("bank_code", "Bank"), ("operator", "Operator")] {
        if rule.required.contains(&name) {
            fields.push(field(name, label, FieldType::Text, true));
        }
    }
    fields.extend([
        field("given_names", "Given names", FieldType::Text, true),
        field("last_name", "Last name", FieldType::Text, true),
        contact("email", "Email address", FieldType::Email),
        contact("phone_number", "Phone number", FieldType::Phone),
    ]);
    Form {
        key_name: rule.id_type.clone(),
        label: rule.label.clone(),
        fields,
    }
}

/// The names of what a token fixes.
fn fixed(payload: &Payload) -> Vec<&'static str> {
    let all = [
        ("country", payload.country.is_some()),
        ("id_type", payload.id_type.is_some()),
        ("id_number", payload.id_number.is_some()),
        ("given_names", payload.given_names.is_some()),
        ("last_name", payload.last_name.is_some()),
        ("email", payload.email.is_some()),
        ("phone_number", payload.phone_number.is_some()),
        ("callback_url", payload.callback_url.is_some()),
        ("consent", payload.consent.is_some()),
    ];
    let fixed = all.into_iter().filter(|(_, fixed)| *fixed);
    fixed.map(|(name, _)| name).collect()
}

/// What is told of them: neither what names a person, nor an address, which may hold a secret.
fn told(payload: &Payload) -> BTreeMap<String, String> {
    let all = [("country", &payload.country), ("id_type", &payload.id_type)];
    let each = all.into_iter();
    each.filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
        .collect()
}

/// The fields of forms that the token does not fix, in the order of forms. Of a group, one that is fixed is enough.
fn to_collect(forms: &BTreeMap<String, ByCountry<Vec<Form>>>, fixed: &[&str]) -> Vec<String> {
    let fields = forms
        .values()
        .flat_map(BTreeMap::values)
        .flatten()
        .flat_map(|form| &form.fields);
    let has_contact = ["email", "phone_number"]
        .iter()
        .any(|name| fixed.contains(name));
    let mut names: Vec<String> = Vec::new();
    for field in fields {
        let answered = field.one_of_group.as_deref() == Some(CONTACT) && has_contact;
        let name = &field.key_name;
        if !answered && !fixed.contains(&name.as_str()) && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests;
