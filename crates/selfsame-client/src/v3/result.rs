//! A job's result, as a webhook carries it.

use std::fmt;

use selfsame_wire::v3::decision::{self, DecisionReason};
use selfsame_wire::v3::product::Product;
use serde_json::{Map, Value};

/// What a v3 job came to. Verified: only what the server posted becomes one, or answered itself. Fields that are absent, or of another
/// type than the wire's, are `None`.
#[derive(Clone, PartialEq)]
pub struct WebhookResult(Value);

impl fmt::Debug for WebhookResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookResult")
            .field("status", &self.status())
            .field("reason", &self.reason())
            .finish_non_exhaustive()
    }
}

/// The whole result as JSON text.
impl fmt::Display for WebhookResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl WebhookResult {
    pub(crate) const fn new(json: Value) -> Self {
        Self(json)
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.0[field].as_str().filter(|text| !text.is_empty())
    }

    /// The decision as the wire writes it: `clear`, `block`, `attention`, `error`.
    #[must_use]
    pub fn status(&self) -> &str {
        self.text("status").unwrap_or_default()
    }

    /// The same, where this client knows it.
    #[must_use]
    pub fn decision(&self) -> Option<decision::JobStatus> {
        serde_json::from_value(self.0["status"].clone()).ok()
    }

    /// Whether the person passed.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.status() == "clear"
    }

    /// Why the job was not clear, as the wire writes it.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.text("reason")
    }

    /// The same, where this client knows it.
    #[must_use]
    pub fn decision_reason(&self) -> Option<DecisionReason> {
        serde_json::from_value(self.0["reason"].clone()).ok()
    }

    /// What the job was, where this client knows it.
    #[must_use]
    pub fn product(&self) -> Option<Product> {
        self.text("product")?.parse().ok()
    }

    /// The server's name of the job.
    #[must_use]
    pub fn job_id(&self) -> Option<&str> {
        self.0["partner_params"]["job_id"].as_str()
    }

    /// The user.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.0["partner_params"]["user_id"].as_str()
    }

    /// What the server says of it, for people.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.text("message")
    }

    /// When the job came, as RFC 3339 writes it.
    #[must_use]
    pub fn created_at(&self) -> Option<&str> {
        self.text("created_at")
    }

    /// When it ended.
    #[must_use]
    pub fn completed_at(&self) -> Option<&str> {
        self.text("completed_at")
    }

    /// The partner parameters as the server echoes them.
    #[must_use]
    pub fn partner_params(&self) -> Option<&Map<String, Value>> {
        self.0["partner_params"].as_object()
    }

    /// Where a page is to be had that says what was asked and what matched. The link ends soon.
    #[must_use]
    pub fn kyc_receipt(&self) -> Option<&str> {
        self.text("kyc_receipt")
    }

    /// Where an image of the job is to be had, e.g. `selfie_image`. The link ends soon.
    #[must_use]
    pub fn image_link(&self, name: &str) -> Option<&str> {
        self.0["image_links"][name].as_str()
    }

    /// What the authority says of the person, e.g. `full_name`. Withheld where the job was blocked or failed.
    #[must_use]
    pub fn id_field(&self, name: &str) -> Option<&str> {
        self.0["id_fields"][name].as_str()
    }

    /// What the person said of itself, e.g. `given_names`.
    #[must_use]
    pub fn user_provided(&self, name: &str) -> Option<&str> {
        self.0["user_provided_info"][name].as_str()
    }

    /// What speaks for fraud: a risk, users who may be the same person, a summary.
    #[must_use]
    pub fn antifraud(&self) -> Option<&Map<String, Value>> {
        self.0["antifraud"].as_object()
    }

    /// What the person agreed to.
    #[must_use]
    pub fn consent(&self) -> Option<&Map<String, Value>> {
        self.0["consent"].as_object()
    }

    /// The whole result as JSON.
    #[must_use]
    pub const fn to_json(&self) -> &Value {
        &self.0
    }
}
