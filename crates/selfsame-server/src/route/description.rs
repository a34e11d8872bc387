//! `GET /openapi.json`: the API, described as OpenAPI 3.1.
//!
//! The description is kept by hand in `openapi/` and held to what is served by tests: that the paths are the router's, and
//! that every answer of a running server is what it says.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use crate::refusal::Refusal;

const ABOUT: &str = include_str!("../../openapi/about.json");
const PATHS: [&str; 5] = [
    include_str!("../../openapi/paths-v1.json"),
    include_str!("../../openapi/paths-lookup.json"),
    include_str!("../../openapi/paths-more.json"),
    include_str!("../../openapi/paths-admin.json"),
    include_str!("../../openapi/paths-operators.json"),
];
const COMPONENTS: &str = include_str!("../../openapi/components.json");
const SCHEMAS: [&str; 2] = [
    include_str!("../../openapi/schemas.json"),
    include_str!("../../openapi/schemas-lookup.json"),
];

/// The parts as one document.
pub(crate) fn assemble() -> Result<Value, serde_json::Error> {
    let mut document: Map<String, Value> = serde_json::from_str(ABOUT)?;
    let mut paths = Map::new();
    for part in PATHS {
        paths.extend(serde_json::from_str::<Map<String, Value>>(part)?);
    }
    document.insert("paths".to_owned(), paths.into());
    let mut components: Map<String, Value> = serde_json::from_str(COMPONENTS)?;
    let mut schemas = Map::new();
    for part in SCHEMAS {
        schemas.extend(serde_json::from_str::<Map<String, Value>>(part)?);
    }
    components.insert("schemas".to_owned(), schemas.into());
    document.insert("components".to_owned(), components.into());
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
