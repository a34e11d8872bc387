//! ID types: which there are, what their numbers look like, and what each is good for. A table that is data: one file that is built in
//! (`id_types.toml`), and one of the operator's over it.

mod file;
mod label;
mod pattern;
mod product;
mod rule;

use std::path::Path;
use std::sync::LazyLock;

use selfsame_job::identity::IdentityQuery;
use selfsame_wire::id_info::{Country, IdType};
use selfsame_wire::locale::Locale;

use file::Content;
pub use pattern::Pattern;
pub use product::Product;
pub use rule::{IdTypeRule, Unfit};

static BUILT_IN: LazyLock<IdTypes> =
    LazyLock::new(|| match Content::parse(include_str!("id_types.toml")) {
        Ok(content) => IdTypes { content },
        Err(error) => unreachable!("the table that is built in is tested: {error}"),
    });

/// Why a file of ID types cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdTypesError {
    /// It cannot be read.
    #[error("ID types: {0}")]
    Unreadable(String),
    /// Not TOML.
    #[error("ID types: {0}")]
    Syntax(String),
    /// A field is unknown, of another type, or makes no sense.
    #[error("ID types: {field} {problem}")]
    Field {
        /// The field, dotted: `type.NG.NIN.pattern`.
        field: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
}

impl IdTypesError {
    fn field(field: String, problem: String) -> Self {
        Self::Field { field, problem }
    }
}

/// The table of ID types, in the order of countries and names.
#[derive(Debug, Clone)]
pub struct IdTypes {
    content: Content,
}

impl IdTypes {
    /// What is built in.
    #[must_use]
    pub fn built_in() -> Self {
        BUILT_IN.clone()
    }

    /// What is built in, with the rows of the operator's file: they are added, or replace those of the same country and ID type.
    ///
    /// # Errors
    /// The first thing that is wrong, named by its dotted field.
    pub fn with_file(path: &Path) -> Result<Self, IdTypesError> {
        let unreadable =
            |e: std::io::Error| IdTypesError::Unreadable(format!("{}: {e}", path.display()));
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length > file::MAX_BYTES as u64 {
            return Err(IdTypesError::Syntax(format!(
                "{} is larger than {} bytes",
                path.display(),
                file::MAX_BYTES
            )));
        }
        Self::with(&std::fs::read_to_string(path).map_err(unreadable)?)
    }

    /// The same of a file's text.
    ///
    /// # Errors
    /// As [`IdTypes::with_file`].
    pub fn with(text: &str) -> Result<Self, IdTypesError> {
        let over = Content::parse(text)?;
        let mut own = Self::built_in();
        own.content.extend(over);
        Ok(own)
    }

    /// What is known of the type that is asked for, if the question fits it.
    ///
    /// # Errors
    /// [`Unfit`] says why it does not.
    pub fn check(&self, query: &IdentityQuery) -> Result<&IdTypeRule, Unfit> {
        let rule = self
            .get(query.country, &query.id_type)
            .ok_or(Unfit::UnknownType)?;
        rule.check(query).map(|()| rule)
    }

    /// What is known of an ID type.
    #[must_use]
    pub fn get(&self, country: Country, id_type: &IdType) -> Option<&IdTypeRule> {
        self.content.rules.get(&(country, id_type.clone()))
    }

    /// All ID types, in the order of countries and names.
    pub fn iter(&self) -> impl Iterator<Item = &IdTypeRule> {
        self.content.rules.values()
    }

    /// The country that has ID types and is called so: by its code, or by its English name, in either case.
    #[must_use]
    pub fn country_called(&self, name: &str) -> Option<Country> {
        let name = name.trim();
        let mut countries = self.content.rules.keys().map(|(country, _)| *country);
        countries.find(|country| {
            country.as_str().eq_ignore_ascii_case(name)
                || (self.country_name(*country, Locale::En)).eq_ignore_ascii_case(name)
        })
    }

    /// A country's name; its code, where the table has no name.
    #[must_use]
    pub fn country_name(&self, country: Country, locale: Locale) -> String {
        match self.content.countries.get(&country) {
            Some(name) => name.of(locale).to_owned(),
            None => country.to_string(),
        }
    }

    /// What a person calls an ID type; in English, where the table has no translation.
    #[must_use]
    pub fn label<'t>(&'t self, rule: &'t IdTypeRule, locale: Locale) -> &'t str {
        let translations = self.content.labels.get(&rule.label);
        translations
            .and_then(|t| t.of(locale))
            .unwrap_or(&rule.label)
    }

    /// A country's banks, code and name, in the order of their names.
    #[must_use]
    pub fn banks(&self, country: Country) -> Vec<(&str, &str)> {
        let banks = self.content.banks.get(&country).into_iter().flatten();
        let mut banks: Vec<(&str, &str)> = banks
            .map(|(code, name)| (code.as_str(), name.as_str()))
            .collect();
        banks.sort_by_key(|(_, name)| *name);
        banks
    }
}

#[cfg(test)]
mod tests;
