//! A `multipart/form-data` body that can be sent twice.

use bytes::Bytes;
use reqwest::multipart::{self, Part};
use serde_json::Value;

use crate::v3::error::Error;

/// The fields of a form, in order. What is absent is left out.
#[derive(Default)]
pub(crate) struct Form(Vec<(&'static str, Field)>);

enum Field {
    Text(String),
    Json(String),
    Image { bytes: Bytes, file_name: String },
}

const PNG: [u8; 4] = [0x89, 0x50, 0x4e, 0x47];

impl Form {
    /// A plain field.
    pub(crate) fn text(mut self, name: &'static str, value: Option<&str>) -> Self {
        let field = value.map(|value| (name, Field::Text(value.to_owned())));
        self.0.extend(field);
        self
    }

    /// A plain field that is there where it is true.
    pub(crate) fn flag(self, name: &'static str, value: bool) -> Self {
        self.text(name, value.then_some("true"))
    }

    /// A field of JSON. Null is absent.
    pub(crate) fn json(mut self, name: &'static str, value: &Value) -> Self {
        if !value.is_null() {
            self.0.push((name, Field::Json(value.to_string())));
        }
        self
    }

    /// An image, with its place where there are several of a name.
    pub(crate) fn image(mut self, name: &'static str, at: Option<usize>, bytes: &[u8]) -> Self {
        let end = if bytes.starts_with(&PNG) {
            "png"
        } else {
            "jpg"
        };
        let place = at.map(|at| format!("_{at}")).unwrap_or_default();
        let image = Field::Image {
            bytes: Bytes::copy_from_slice(bytes),
            file_name: format!("{name}{place}.{end}"),
        };
        self.0.push((name, image));
        self
    }

    /// Whether it has no field.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The body.
    pub(crate) fn to_body(&self) -> Result<multipart::Form, Error> {
        let mut form = multipart::Form::new();
        for (name, field) in &self.0 {
            let part = match field {
                Field::Text(text) => Part::text(text.clone()),
                Field::Json(text) => Part::text(text.clone()).mime_str("application/json")?,
                Field::Image { bytes, file_name } => {
                    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                    let mime = if bytes.starts_with(&PNG) {
                        "image/png"
                    } else {
                        "image/jpeg"
                    };
                    Part::stream_with_length(bytes.clone(), length)
                        .file_name(file_name.clone())
                        .mime_str(mime)?
                }
            };
            form = form.part(*name, part);
        }
        Ok(form)
    }
}
