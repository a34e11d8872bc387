//! Reads a table of ID types.

use std::collections::BTreeMap;

use selfsame_wire::id_info::{Country, IdInfo, IdType};
use serde::Deserialize;
use toml::{Table, Value};

use super::label::{CountryName, Label, Translations};
use super::{IdTypeRule, IdTypesError, Pattern, Product};

/// The longest file that is read, in bytes.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// A file's content.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    pub(super) rules: BTreeMap<(Country, IdType), IdTypeRule>,
    pub(super) countries: BTreeMap<Country, CountryName>,
    pub(super) labels: BTreeMap<String, Translations>,
    /// Codes and names.
    pub(super) banks: BTreeMap<Country, BTreeMap<String, Label>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default, rename = "type")]
    types: BTreeMap<Country, BTreeMap<IdType, Row>>,
    #[serde(default)]
    country: BTreeMap<Country, CountryName>,
    #[serde(default)]
    label: BTreeMap<String, Translations>,
    #[serde(default)]
    bank: BTreeMap<Country, BTreeMap<String, Label>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    label: Label,
    pattern: Pattern,
    #[serde(default)]
    required: Vec<String>,
    test_number: Option<String>,
    products: Vec<Product>,
    #[serde(default)]
    photo: bool,
    #[serde(default)]
    consent: bool,
    #[serde(default)]
    listed_for_biometric_kyc: Vec<String>,
}

impl Content {
    pub(super) fn parse(text: &str) -> Result<Self, IdTypesError> {
        if text.len() > MAX_BYTES {
            return Err(IdTypesError::Syntax(format!(
                "the file is larger than {MAX_BYTES} bytes"
            )));
        }
        let table: Table = text.parse().map_err(|e: toml::de::Error| {
            IdTypesError::Syntax(e.to_string().trim_end().to_owned())
        })?;
        in_capitals(&table)?;
        let form: Form =
            serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
                IdTypesError::field(
                    error.path().to_string(),
                    format!("is wrong: {}", error.inner().to_string().trim_end()),
                )
            })?;
        let mut rules = BTreeMap::new();
        for (country, rows) in form.types {
            for (id_type, row) in rows {
                let rule = row.into_rule(country, id_type)?;
                rules.insert((rule.country, rule.id_type.clone()), rule);
            }
        }
        for (country, banks) in &form.bank {
            if let Some(code) = banks.keys().find(|code| !(1..=64).contains(&code.len())) {
                return Err(IdTypesError::field(
                    format!("bank.{country}.{code}"),
                    "is no code of a bank: 1 to 64 bytes are".to_owned(),
                ));
            }
        }
        Ok(Self {
            rules,
            countries: form.country,
            labels: form.label,
            banks: form.bank,
        })
    }

    /// Puts another file's content over this one.
    pub(super) fn extend(&mut self, over: Self) {
        self.rules.extend(over.rules);
        self.countries.extend(over.countries);
        self.labels.extend(over.labels);
        for (country, banks) in over.banks {
            self.banks.entry(country).or_default().extend(banks);
        }
    }
}

/// Names are read in either case, so that `NG` and `ng` would be two tables of one country, and one of them lost.
fn in_capitals(table: &Table) -> Result<(), IdTypesError> {
    let tables = ["type", "country", "bank"].into_iter();
    let tables = tables.filter_map(|name| Some((name.to_owned(), table.get(name)?.as_table()?)));
    for (name, countries) in tables {
        for (country, rows) in countries {
            let types = rows.as_table().filter(|_| name == "type");
            let types = types.into_iter().flat_map(Table::keys);
            let types = types.map(|id_type| (format!("{name}.{country}.{id_type}"), id_type));
            for (field, key) in std::iter::once((format!("{name}.{country}"), country)).chain(types)
            {
                if key.bytes().any(|b| b.is_ascii_lowercase()) {
                    let problem = "must be written in capitals".to_owned();
                    return Err(IdTypesError::field(field, problem));
                }
            }
        }
    }
    Ok(())
}

impl Row {
    fn into_rule(self, country: Country, id_type: IdType) -> Result<IdTypeRule, IdTypesError> {
        let wrong = |field: &str, problem: String| {
            IdTypesError::field(format!("type.{country}.{id_type}.{field}"), problem)
        };
        let fields = |name: &'static str, given: &[String]| {
            let known = |field: &String| {
                let mut all = IdInfo::TEXT_FIELDS.iter().copied();
                all.find(|known| known == field).ok_or_else(|| {
                    let known = IdInfo::TEXT_FIELDS.join(", ");
                    wrong(
                        name,
                        format!("names {field:?}, which no request has; there are {known}"),
                    )
                })
            };
            given
                .iter()
                .map(known)
                .collect::<Result<Vec<&'static str>, _>>()
        };
        if self.products.is_empty() {
            return Err(wrong("products", "must name one or more".to_owned()));
        }
        let rule = IdTypeRule {
            required: fields("required", &self.required)?,
            listed_for_biometric_kyc: fields(
                "listed_for_biometric_kyc",
                &self.listed_for_biometric_kyc,
            )?,
            label: self.label.as_str().to_owned(),
            pattern: self.pattern,
            test_number: self.test_number,
            products: self.products,
            has_photo: self.photo,
            consent: self.consent,
            country,
            id_type: id_type.clone(),
        };
        if rule.test_number.is_some() {
            for digit in 0..=4 {
                let fits = (rule.test_number_ending_in(digit))
                    .is_some_and(|number| rule.pattern.fits(&number));
                if !fits {
                    let problem = format!(
                        "must hold a digit, and fit {} with {digit} as the last one: the sandbox reads it",
                        rule.pattern.as_str()
                    );
                    return Err(wrong("test_number", problem));
                }
            }
        }
        Ok(rule)
    }
}
