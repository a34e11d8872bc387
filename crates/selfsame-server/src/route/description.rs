//! `GET /openapi.json`: the API, described as OpenAPI 3.1.
//!
//! Paths, forms and what v1 and v2 answer are kept by hand in `openapi/`; what v3 answers is made of its types ([`made`]). All of it is
//! held to what is served by tests: that the paths are the router's, and that every answer of a running server is what it says.

mod made;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use crate::refusal::Refusal;

const ABOUT: &str = include_str!("../../openapi/about.json");
const PATHS: [&str; 9] = [
    include_str!("../../openapi/paths-v1.json"),
    include_str!("../../openapi/paths-lookup.json"),
    include_str!("../../openapi/paths-more.json"),
    include_str!("../../openapi/paths-admin.json"),
    include_str!("../../openapi/paths-operators.json"),
    include_str!("../../openapi/paths-v3-submissions.json"),
    include_str!("../../openapi/paths-v3-not-served.json"),
    include_str!("../../openapi/paths-v3-jobs.json"),
    include_str!("../../openapi/paths-v3-services.json"),
];
const COMPONENTS: [&str; 2] = [
    include_str!("../../openapi/components.json"),
    include_str!("../../openapi/components-v3.json"),
];
const SCHEMAS: [&str; 3] = [
    include_str!("../../openapi/schemas.json"),
    include_str!("../../openapi/schemas-lookup.json"),
    include_str!("../../openapi/schemas-v3.json"),
];

/// The parts as one document.
pub(crate) fn assemble() -> Result<Value, serde_json::Error> {
    let mut document: Map<String, Value> = serde_json::from_str(ABOUT)?;
    let mut paths = Map::new();
    for part in PATHS {
        paths.extend(serde_json::from_str::<Map<String, Value>>(part)?);
    }
    document.insert("paths".to_owned(), paths.into());
    let mut components: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for part in COMPONENTS {
        let part: BTreeMap<String, Map<String, Value>> = serde_json::from_str(part)?;
        for (kind, named) in part {
            components.entry(kind).or_default().extend(named);
        }
    }
    let mut schemas = made::schemas();
    for part in SCHEMAS {
        schemas.extend(serde_json::from_str::<Map<String, Value>>(part)?);
    }
    components.insert("schemas".to_owned(), schemas);
    document.insert("components".to_owned(), serde_json::to_value(components)?);
    Ok(document.into())
}

static DOCUMENT: LazyLock<Result<String, serde_json::Error>> =
    LazyLock::new(|| assemble().map(|document| document.to_string()));

pub(crate) async fn description() -> Result<Response, Refusal> {
    match &*DOCUMENT {
        Ok(document) => Ok((
            [(header::CONTENT_TYPE, "application/json")],
            document.as_str(),
        )
            .into_response()),
        Err(error) => Err(Refusal::internal(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use selfsame_wire::error::ErrorCode;
    use selfsame_wire::result::ResultCode;

    use super::*;

    fn enumerated(document: &Value, schema: &str) -> BTreeSet<String> {
        let list = &document["components"]["schemas"][schema]["enum"];
        serde_json::from_value(list.clone()).unwrap()
    }

    /// The names in JSON texts' objects, all together.
    fn names(parts: &[&str]) -> Vec<String> {
        let of = |part: &&str| serde_json::from_str::<Map<String, Value>>(part).unwrap();
        let each = parts.iter().map(of);
        each.flat_map(|part| part.into_iter().map(|(name, _)| name))
            .collect()
    }

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                let reference = object.get("$ref").and_then(Value::as_str);
                found.extend(reference.map(str::to_owned));
                object.values().for_each(|inner| references(inner, found));
            }
            Value::Array(list) => list.iter().for_each(|inner| references(inner, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_nothing_is_left_over() {
        let document = assemble().unwrap();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for reference in &found {
            let there = document.pointer(&reference[1..]);
            assert!(there.is_some(), "{reference} leads nowhere");
        }
        for kind in ["schemas", "responses", "parameters"] {
            for name in document["components"][kind].as_object().unwrap().keys() {
                let reference = format!("#/components/{kind}/{name}");
                let of_v3 = name.starts_with("V3");
                assert!(!of_v3 || found.contains(&reference), "nobody uses {name}");
            }
        }
    }

    #[test]
    fn no_part_hides_another_ones() {
        let made: Vec<String> = made::schemas().into_iter().map(|(name, _)| name).collect();
        for names in [names(&PATHS), [names(&SCHEMAS), made].concat()] {
            let distinct: BTreeSet<&String> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{names:?}");
        }
    }

    #[test]
    fn every_code_is_listed() {
        let document = assemble().unwrap();
        let errors = ErrorCode::ALL.iter().map(|c| c.code().to_owned()).collect();
        assert_eq!(enumerated(&document, "ErrorCode"), errors);
        let results = ResultCode::ALL
            .iter()
            .map(|c| c.code().to_owned())
            .collect();
        assert_eq!(enumerated(&document, "ResultCode"), results);
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
}
