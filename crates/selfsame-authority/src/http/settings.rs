//! How the operator describes a service: `[authority.NAME]` with `kind = "http"`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::condition::Condition;
use super::header::HeaderSetting;
use super::pointer::{Pointer, Pointers};

/// A service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// With places in path and query.
    pub(super) url: String,
    pub(super) method: Option<Method>,
    /// Whether the way may be without TLS.
    #[serde(default)]
    pub(super) allow_plain_http: bool,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, HeaderSetting>,
    /// The JSON to send.
    pub(super) body: Option<toml::Table>,
    /// The certificates of the authorities that its certificate may be of; absent: those of the system.
    pub(super) ca: Option<PathBuf>,
    pub(super) client_certificate: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
    /// The longest answer that is read, in bytes.
    #[serde(default = "ten_megabytes")]
    pub(super) max_answer: usize,
    pub(super) answer: AnswerSettings,
}

const fn ten_megabytes() -> usize {
    10_000_000
}

/// By which method it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Method {
    Get,
    Post,
    Put,
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
        }
    }
}

/// How its answers are read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerSettings {
    /// Where the fields of a person's record are.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Pointers>,
    /// Where the fields of a business's record are; instead of `fields`.
    #[serde(default)]
    pub(super) business: BTreeMap<String, Pointers>,
    /// Where lists and objects of a business's record are.
    #[serde(default)]
    pub(super) business_lists: BTreeMap<String, Pointer>,
    /// Where the photograph is, as base64.
    pub(super) photo: Option<Pointer>,
    /// What else is kept: an object.
    pub(super) full_data: Option<Pointer>,
    /// How it writes dates, as `strftime` has it.
    pub(super) date_format: Option<String>,
    #[serde(default)]
    pub(super) not_found: Vec<Condition>,
    #[serde(default)]
    pub(super) malformed: Vec<Condition>,
    #[serde(default)]
    pub(super) unavailable: Vec<Condition>,
}
