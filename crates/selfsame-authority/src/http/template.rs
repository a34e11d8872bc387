//! Texts with places for what is asked: `/people/{id_number}`.

use jiff::civil::Date;
use selfsame_wire::id_info::IdInfo;

use crate::asking::Asking;

/// What stands in a place of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    Country,
    IdType,
    IdNumber,
    /// A field of what the request said, by the wire's name.
    Given(&'static str),
    PartnerId,
    SmileJobId,
}

impl Placeholder {
    fn named(name: &str) -> Result<Self, String> {
        match name {
            "country" => Ok(Self::Country),
            "id_type" => Ok(Self::IdType),
            "id_number" => Ok(Self::IdNumber),
            "partner_id" => Ok(Self::PartnerId),
            "smile_job_id" => Ok(Self::SmileJobId),
            name => {
                let given = IdInfo::TEXT_FIELDS.iter().find(|field| **field == name);
                given.map(|field| Self::Given(field)).ok_or_else(|| {
                    format!(
                        "holds {{{name}}}, which nothing fills; there are country, id_type, id_number, partner_id, smile_job_id, {}; \
                         a brace itself is written twice",
                        IdInfo::TEXT_FIELDS.join(", ")
                    )
                })
            }
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::IdType => "id_type",
            Self::IdNumber => "id_number",
            Self::PartnerId => "partner_id",
            Self::SmileJobId => "smile_job_id",
            Self::Given(name) => name,
        }
    }

    /// Whether it tells who the person is.
    pub(super) const fn is_personal(self) -> bool {
        matches!(self, Self::IdNumber | Self::Given(_))
    }

    /// `None` where the question does not say it.
    pub(super) fn value(self, asking: &Asking, dates: Option<&str>) -> Option<String> {
        match self {
            Self::Country => Some(asking.query.country.as_str().to_owned()),
            Self::IdType => Some(asking.query.id_type.as_str().to_owned()),
            Self::IdNumber => Some(asking.query.id_number.reveal().to_owned()),
            Self::PartnerId => Some(asking.partner.as_str().to_owned()),
            Self::SmileJobId => Some(asking.smile_job_id.as_str().to_owned()),
            Self::Given("dob") => {
                let text = asking.query.given.text("dob")?;
                let written = dates.and_then(|format| {
                    let date: Date = text.parse().ok()?;
                    jiff::fmt::strtime::format(format, date).ok()
                });
                Some(written.unwrap_or_else(|| text.to_owned()))
            }
            Self::Given(name) => asking.query.given.text(name).map(str::to_owned),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Placeholder),
}

/// A text with places. `{{` and `}}` stand for braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

impl Template {
    /// # Errors
    /// What is wrong, to stand after a field's name.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        const UNPAIRED: &str = "holds a brace without its other; a brace itself is written twice";
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let after = &rest[at + 1..];
            if let Some(after) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
            } else if brace == "{" {
                let (name, after) = after.split_once('}').ok_or(UNPAIRED)?;
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Place(Placeholder::named(name)?));
                rest = after;
            } else {
                return Err(UNPAIRED.to_owned());
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// What stands before the first place.
    pub(super) fn beginning(&self) -> &str {
        match self.0.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    pub(super) fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Place(place) => Some(*place),
            Piece::Text(_) => None,
        })
    }

    /// The one place that it is made of.
    pub(super) fn whole(&self) -> Option<Placeholder> {
        match self.0.as_slice() {
            [Piece::Place(place)] => Some(*place),
            _ => None,
        }
    }

    /// With what is asked, each value passed through `write`; absent ones are empty. Dates are written by `dates`, where it is set.
    pub(super) fn fill(
        &self,
        asking: &Asking,
        dates: Option<&str>,
        write: fn(&str) -> String,
    ) -> String {
        self.fill_with(
            |place| place.value(asking, dates).unwrap_or_default(),
            write,
        )
    }

    /// With the same text in every place, to try a template out.
    pub(super) fn fill_all(&self, value: &str) -> String {
        self.fill_with(|_| value.to_owned(), str::to_owned)
    }

    fn fill_with(
        &self,
        value: impl Fn(Placeholder) -> String,
        write: fn(&str) -> String,
    ) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Place(place) => write(&value(*place)),
        });
        pieces.collect()
    }

    /// A value of its own for a template that is one place: absent where nothing fills it.
    pub(super) fn value(&self, asking: &Asking, dates: Option<&str>) -> Option<String> {
        match self.whole() {
            Some(place) => place.value(asking, dates),
            None => Some(self.fill(asking, dates, str::to_owned)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::asking::tests::asking_of;

    fn filled(template: &str) -> String {
        let given = json!({"country": "NG", "id_type": "NIN", "id_number": "0{id_type}", "dob": "2000-09-20"});
        Template::parse(template)
            .unwrap()
            .fill(&asking_of(&given), Some("%d/%m/%Y"), str::to_owned)
    }

    #[test]
    fn places_are_filled_once() {
        assert_eq!(
            filled("{country}-{id_type}: {id_number}"),
            "NG-NIN: 0{id_type}"
        );
        assert_eq!(
            filled("{{{country}}}{first_name}|{partner_id}|{smile_job_id}"),
            "{NG}|042|0000000201"
        );
        assert_eq!(filled("born {dob}"), "born 20/09/2000");
        assert_eq!(filled(""), "");
    }

    #[test]
    fn what_nothing_fills_is_told() {
        for (template, why) in [
            ("{who}", "holds {who}, which nothing fills"),
            ("{", "brace without its other"),
            ("}", "brace without its other"),
            ("{id_number", "brace without its other"),
            ("{}", "holds {}"),
        ] {
            let said = Template::parse(template).unwrap_err();
            assert!(said.contains(why), "{template}: {said}");
        }
    }

    proptest! {
        #[test]
        fn any_text_with_its_braces_doubled_is_itself(text in ".{0,60}") {
            let doubled = text.replace('{', "{{").replace('}', "}}");
            let template = Template::parse(&doubled).unwrap();
            prop_assert_eq!(template.placeholders().count(), 0);
            prop_assert_eq!(template.fill_all("x"), text);
        }

        #[test]
        fn nothing_panics(text in "[{}a-z_é]{0,20}") {
            let _ = Template::parse(&text);
        }
    }
}
