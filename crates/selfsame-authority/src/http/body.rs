//! What is sent: JSON whose texts are templates. Values go in as JSON texts, so that none can change what the request is.

use serde_json::{Map, Value};
use toml::Value as Toml;

use super::template::{Placeholder, Template};
use crate::asking::Asking;

/// How deep a body may nest.
const MAX_DEPTH: usize = 16;

/// The template of a JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// Number or truth.
    Fixed(Value),
    Text(Template),
    List(Vec<Body>),
    /// A member that is one place, and that nothing fills, is left out.
    Object(Vec<(String, Body)>),
}

impl Body {
    /// Reads the table of the operator's file.
    ///
    /// # Errors
    /// The path of what is wrong within the table, and what is wrong.
    pub(super) fn read(value: &Toml) -> Result<Self, (String, String)> {
        Self::read_within(value, MAX_DEPTH)
    }

    fn read_within(value: &Toml, depth: usize) -> Result<Self, (String, String)> {
        let here = |problem: String| (String::new(), problem);
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| here(format!("nests deeper than {MAX_DEPTH}")))?;
        match value {
            Toml::String(text) => Template::parse(text).map(Self::Text).map_err(here),
            Toml::Integer(number) => Ok(Self::Fixed((*number).into())),
            Toml::Float(number) => serde_json::Number::from_f64(*number)
                .map(|number| Self::Fixed(number.into()))
                .ok_or_else(|| here("is a number that JSON does not have".to_owned())),
            Toml::Boolean(truth) => Ok(Self::Fixed((*truth).into())),
            Toml::Datetime(_) => Err(here("is a date: write it as a text".to_owned())),
            Toml::Array(list) => {
                let items = list.iter().enumerate().map(|(at, item)| {
                    Self::read_within(item, depth)
                        .map_err(|(path, problem)| (format!("[{at}]{path}"), problem))
                });
                items.collect::<Result<_, _>>().map(Self::List)
            }
            Toml::Table(table) => {
                let members = table.iter().map(|(name, member)| {
                    Self::read_within(member, depth)
                        .map(|member| (name.clone(), member))
                        .map_err(|(path, problem)| (format!(".{name}{path}"), problem))
                });
                members.collect::<Result<_, _>>().map(Self::Object)
            }
        }
    }

    /// With what is asked.
    pub(super) fn fill(&self, asking: &Asking, dates: Option<&str>) -> Value {
        self.value(asking, dates).unwrap_or(Value::Null)
    }

    fn value(&self, asking: &Asking, dates: Option<&str>) -> Option<Value> {
        match self {
            Self::Fixed(value) => Some(value.clone()),
            Self::Text(template) => template.value(asking, dates).map(Value::String),
            Self::List(items) => Some(Value::Array(
                items
                    .iter()
                    .filter_map(|item| item.value(asking, dates))
                    .collect(),
            )),
            Self::Object(members) => {
                let filled = members.iter().filter_map(|(name, member)| {
                    Some((name.clone(), member.value(asking, dates)?))
                });
                Some(Value::Object(filled.collect::<Map<String, Value>>()))
            }
        }
    }

    /// Whether it holds a field of the person.
    pub(super) fn names_the_person(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Text(template) => template.placeholders().any(Placeholder::is_personal),
            Self::List(items) => items.iter().any(Self::names_the_person),
            Self::Object(members) => members.iter().any(|(_, member)| member.names_the_person()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::asking::tests::asking_of;

    fn body(text: &str) -> Result<Body, (String, String)> {
        Body::read(&Toml::Table(text.parse().unwrap()))
    }

    #[test]
    fn values_cannot_change_what_the_request_is() {
        let body = body(
            "number = \"{id_number}\"\nname = { first = \"{first_name}\", last = \"{last_name}\" }\n\
             text = \"{country}: {last_name}\"\ntimes = 3\nall = [\"{id_type}\", true, \"{middle_name}\"]",
        )
        .unwrap();
        let given = json!({
            "country": "NG", "id_type": "NIN", "id_number": "1\",\"admin\":\"true", "first_name": "J\\o\"e{id_type}",
        });
        let filled = body.fill(&asking_of(&given), None);
        assert_eq!(
            filled,
            json!({
                "number": "1\",\"admin\":\"true", "name": {"first": "J\\o\"e{id_type}"}, "text": "NG: ", "times": 3, "all": ["NIN", true],
            })
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (path, problem) = body("a = { b = [1, \"{who}\"] }").unwrap_err();
        assert_eq!(path, ".a.b[1]");
        assert!(problem.contains("{who}"), "{problem}");
        assert_eq!(body("a = nan").unwrap_err().0, ".a");
        assert_eq!(body("a = 2000-09-20").unwrap_err().0, ".a");
        let deep = format!("a = {}{}", "[".repeat(20), "]".repeat(20));
        assert!(body(&deep).unwrap_err().1.contains("nests deeper"));
    }
}
