//! What is enabled, in the shapes of the wire: `/v1/services` and `/v1/products_config`; v3's are in [`v3`].

pub mod v3;

use std::collections::{BTreeMap, BTreeSet};

use selfsame_wire::id_info::{Country, IdType};
use selfsame_wire::locale::Locale;
use selfsame_wire::offerings::{
    Bank, ByCountry, CountryServices, HostedWeb, IdSelection, IdTypeService, ProductsConfig,
    Services,
};

use crate::authorities::Offered;
use crate::id_types::{IdTypeRule, IdTypes, Product};

/// What every request of these products holds, as the public lists write it: in this order, before a type's own fields.
const ALWAYS_REQUIRED: [&str; 5] = ["country", "id_type", "id_number", "user_id", "job_id"];

/// `/v1/services`: what a form must know. An offer of a type that the table lacks is left out: nobody could fill its form.
///
/// `ekyc_smartselfie` is the older name of `biometric_kyc`, so both hold the same.
#[must_use]
pub fn services(id_types: &IdTypes, offered: &[Offered], locale: Locale) -> Services {
    let of = |product| services_of(id_types, offered, product, locale);
    let biometric_kyc = of(Product::BiometricKyc);
    Services {
        bank_codes: banks(id_types, offered)
            .into_iter()
            .map(|(_, code, name)| Bank {
                name: name.to_owned(),
                code: code.to_owned(),
            })
            .collect(),
        hosted_web: HostedWeb {
            basic_kyc: of(Product::BasicKyc),
            enhanced_kyc: of(Product::EnhancedKyc),
            ekyc_smartselfie: biometric_kyc.clone(),
            biometric_kyc,
            ..HostedWeb::default()
        },
    }
}

/// `/v1/products_config`: which types a person may choose, and which of them need consent.
#[must_use]
pub fn products_config(offered: &[Offered]) -> ProductsConfig {
    let of = |product| types_of(offered.iter().filter(|o| o.products.contains(&product)));
    ProductsConfig {
        consent_required: types_of(offered.iter().filter(|o| o.consent_required)),
        id_selection: IdSelection {
            basic_kyc: of(Product::BasicKyc),
            biometric_kyc: of(Product::BiometricKyc),
            enhanced_kyc: of(Product::EnhancedKyc),
            ..IdSelection::default()
        },
    }
}

fn types_of<'o>(offered: impl Iterator<Item = &'o Offered>) -> ByCountry<Vec<IdType>> {
    let mut sets: BTreeMap<Country, BTreeSet<&IdType>> = BTreeMap::new();
    for offer in offered {
        sets.entry(offer.country)
            .or_default()
            .insert(&offer.id_type);
    }
    let each = sets.into_iter();
    each.map(|(country, types)| (country, types.into_iter().cloned().collect()))
        .collect()
}

fn services_of(
    id_types: &IdTypes,
    offered: &[Offered],
    product: Product,
    locale: Locale,
) -> ByCountry<CountryServices> {
    let mut by_country: ByCountry<CountryServices> = BTreeMap::new();
    for offer in offered.iter().filter(|o| o.products.contains(&product)) {
        let Some(rule) = id_types.get(offer.country, &offer.id_type) else {
            continue;
        };
        let country = by_country
            .entry(offer.country)
            .or_insert_with(|| CountryServices {
                name: id_types.country_name(offer.country, locale),
                id_types: BTreeMap::new(),
            });
        let service = IdTypeService {
            label: id_types.label(rule, locale).to_owned(),
            required_fields: required_fields(rule, product),
            test_data: rule.test_number.clone().unwrap_or_default(),
            id_number_regex: rule.pattern.as_str().to_owned(),
        };
        country.id_types.insert(offer.id_type.clone(), service);
    }
    by_country
}

fn required_fields(rule: &IdTypeRule, product: Product) -> Vec<String> {
    let shown: &[&str] = match product {
        Product::BiometricKyc => &rule.listed_for_biometric_kyc,
        _ => &[],
    };
    let all = ALWAYS_REQUIRED.iter().chain(&rule.required).chain(shown);
    all.map(|field| (*field).to_owned()).collect()
}

/// Whether look-ups of a type name a bank.
fn asks_for_a_bank(rule: &IdTypeRule) -> bool {
    rule.required.contains(&"bank_code")
}

/// The banks of the countries whose accounts are offered: country, code and name.
fn banks<'t>(id_types: &'t IdTypes, offered: &[Offered]) -> Vec<(Country, &'t str, &'t str)> {
    let of_accounts = |offer: &&Offered| {
        id_types
            .get(offer.country, &offer.id_type)
            .is_some_and(asks_for_a_bank)
    };
    let accounts = offered.iter().filter(of_accounts);
    let countries: BTreeSet<Country> = accounts.map(|offer| offer.country).collect();
    let each = countries.into_iter();
    each.flat_map(|country| {
        let banks = id_types.banks(country).into_iter();
        banks.map(move |(code, name)| (country, code, name))
    })
    .collect()
}

#[cfg(test)]
mod tests {
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
            offer("NG", "NIN"),
            offer("NG", "BVN_MFA"),
            offer("NG", "DRIVERS_LICENSE"),
            offer("NG", "BUSINESS_REGISTRATION"),
            offer("ZM", "BANK_ACCOUNT"),
            offer("GH", "PASSPORT"),
            offer("XX", "UNKNOWN"),
        ]
    }

    #[test]
    fn services_of_what_is_enabled() {
        insta::assert_json_snapshot!(services(&IdTypes::built_in(), &some(), Locale::En));
    }

    #[test]
    fn services_in_arabic() {
        let offered = [offer("GH", "PASSPORT"), offer("NG", "BVN")];
        insta::assert_json_snapshot!(
            services(&IdTypes::built_in(), &offered, Locale::Ar)
                .hosted_web
                .basic_kyc
        );
    }

    #[test]
    fn the_configuration_of_what_is_enabled() {
        insta::assert_json_snapshot!(products_config(&some()));
    }

    #[test]
    fn the_order_of_offers_and_repeats_change_nothing() {
        let types = IdTypes::built_in();
        let mut other = some();
        other.reverse();
        other.extend(some());
        assert_eq!(
            services(&types, &other, Locale::Fr),
            services(&types, &some(), Locale::Fr)
        );
        assert_eq!(products_config(&other), products_config(&some()));
        assert_eq!(services(&types, &[], Locale::En), Services::default());
    }
}
