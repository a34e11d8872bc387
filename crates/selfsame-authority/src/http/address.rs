//! Where a question goes: a URL with places.

use url::Url;

use super::template::{Placeholder, Template};
use crate::asking::Asking;
use crate::service::is_here;

/// The URL of a service, with places in its path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    before_query: Template,
    query: Option<Template>,
    /// With a zero in each place of its path.
    example: Url,
}

/// Why a question has no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoAddress {
    /// The path needs a field that the question does not have.
    Missing(&'static str),
    /// A value that would lead elsewhere.
    LeadsElsewhere,
}

impl Address {
    /// # Errors
    /// What is wrong, to stand after the field's name.
    pub(super) fn parse(text: &str, plain_allowed: bool) -> Result<Self, String> {
        let (before_query, query) = match text.split_once('?') {
            Some((before, query)) => (before, Some(Template::parse(query)?)),
            None => (text, None),
        };
        let before_query = Template::parse(before_query)?;
        let beginning = before_query.beginning();
        let has_path = beginning
            .split_once("://")
            .is_some_and(|(_, rest)| rest.contains('/'));
        if !has_path && before_query.placeholders().next().is_some() {
            return Err(
                "has a place before its path: only path and query may have some".to_owned(),
            );
        }
        let tried = before_query.fill_all("0");
        let url = Url::parse(&tried)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or("is no address such as https://id.example/people/{id_number}")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "holds a user name or password: a header with a secret carries those".to_owned(),
            );
        }
        if text.contains('#') {
            return Err("has a part after #, which is never sent".to_owned());
        }
        if has_dots(&tried) {
            return Err("has a part of dots only in its path".to_owned());
        }
        if url.scheme() == "http" && !is_here(&url) && !plain_allowed {
            return Err(
                "must begin with https://: without TLS whoever is on the way reads who is asked for. Where the way is your own, set \
                 allow_plain_http = true"
                    .to_owned(),
            );
        }
        Ok(Self {
            before_query,
            query,
            example: url,
        })
    }

    /// An address that could be asked.
    pub(super) const fn example(&self) -> &Url {
        &self.example
    }

    /// Whether it holds a field of the person.
    pub(super) fn names_the_person(&self) -> bool {
        let query = self.query.iter().flat_map(Template::placeholders);
        self.before_query
            .placeholders()
            .chain(query)
            .any(Placeholder::is_personal)
    }

    /// The address of a question.
    ///
    /// # Errors
    /// [`NoAddress`].
    pub(super) fn of(&self, asking: &Asking, dates: Option<&str>) -> Result<Url, NoAddress> {
        for place in self.before_query.placeholders() {
            if place.value(asking, dates).is_none_or(|v| v.is_empty()) {
                return Err(NoAddress::Missing(place.name()));
            }
        }
        let mut text = self.before_query.fill(asking, dates, percent_encoded);
        if has_dots(&text) {
            return Err(NoAddress::LeadsElsewhere);
        }
        if let Some(query) = &self.query {
            text.push('?');
            text.push_str(&query.fill(asking, dates, percent_encoded));
        }
        Url::parse(&text).map_err(|_| NoAddress::LeadsElsewhere)
    }
}

/// Whether a part of the path is `.` or `..`: URLs lose such parts.
fn has_dots(before_query: &str) -> bool {
    before_query
        .split('/')
        .any(|part| matches!(part, "." | ".."))
}

/// All but RFC 3986's unreserved characters as `%XX`.
fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing into a text does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::asking::tests::{asking, asking_of};

    #[test]
    fn addresses_that_cannot_be_meant_are_refused() {
        for (text, why) in [
            ("id.example/x", "is no address"),
            ("ftp://id.example/x", "is no address"),
            ("https://{country}.id.example/x", "before its path"),
            ("{id_number}", "before its path"),
            ("https://id.example{id_number}", "before its path"),
            ("https://me:secret@id.example/", "user name or password"),
            ("https://id.example/x#{id_number}", "after #"),
            ("https://id.example/a/../{id_number}", "dots only"),
            ("https://id.example/{who}", "which nothing fills"),
            ("http://id.example/", "must begin with https://"),
        ] {
            let said = Address::parse(text, false).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
            assert!(!said.contains("secret@"), "{said}");
        }
        assert!(Address::parse("http://10.0.0.7/x", true).is_ok());
        assert!(Address::parse("http://127.0.0.1:8000/x", false).is_ok());
    }

    #[test]
    fn values_stay_in_their_place() {
        let address = Address::parse(
            "https://id.example/p/{id_number}/photo?t={id_type}&n={first_name}",
            false,
        )
        .unwrap();
        let url = |number: &str| address.of(&asking("NG", "NIN", number), None);
        assert_eq!(
            url("../a?b#c é").unwrap().as_str(),
            "https://id.example/p/..%2Fa%3Fb%23c%20%C3%A9/photo?t=NIN&n="
        );
        for number in [".", ".."] {
            assert_eq!(url(number), Err(NoAddress::LeadsElsewhere));
        }
        let address = Address::parse("https://id.example/{last_name}/{id_number}", false).unwrap();
        let said = address.of(&asking("NG", "NIN", "1"), None);
        assert_eq!(said, Err(NoAddress::Missing("last_name")));
        let named = asking_of(
            &json!({"country": "NG", "id_type": "NIN", "id_number": "1", "last_name": "Leo/Doe"}),
        );
        assert_eq!(address.of(&named, None).unwrap().path(), "/Leo%2FDoe/1");
    }

    proptest! {
        #[test]
        fn no_value_leads_elsewhere(number in "[!-~é]{1,40}") {
            let address = Address::parse("https://id.example/p/{id_number}/x?q={id_number}", false).unwrap();
            if let Ok(url) = address.of(&asking("NG", "NIN", &number), None) {
                prop_assert_eq!(url.host_str(), Some("id.example"));
                prop_assert_eq!(url.path_segments().unwrap().count(), 3);
                prop_assert!(url.path().ends_with("/x"));
                prop_assert_eq!(url.fragment(), None);
                let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                prop_assert_eq!(pairs, vec![("q".to_owned(), number)]);
            } else {
                prop_assert!(matches!(number.as_str(), "." | ".."));
            }
        }
    }
}
