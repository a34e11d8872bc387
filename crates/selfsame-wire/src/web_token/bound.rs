//! What a page asks with a web token, held to what the token allows.

use serde_json::value::RawValue;

use super::{Grant, built, object};
use crate::error::{ErrorCode, WireError};
use crate::id_verification::{IdVerificationRequest, Lookup};
use crate::job_type::JobType;
use crate::partner_params::PartnerParams;
use crate::product::Product;
use crate::upload::UploadRequest;

/// Compared as what they are, not as text: `"2"` is 2.
const NAMES: [&str; 3] = ["user_id", "job_id", "job_type"];

fn differs(field: &str) -> WireError {
    WireError::new(
        ErrorCode::Unauthorised,
        format!(
            "{field} is not what the web token allows; ask /v1/token for a token that binds it so, or leave it out"
        ),
    )
}

impl UploadRequest {
    /// The request as the token has it: what the page says of it is the same, or refused.
    ///
    /// - Partner, user, job, job type, further partner parameters that the token binds, `sandbox_result`: refused where they differ.
    /// - `callback_url`: the token's, whatever the page says, since the public embed always says its own.
    /// - `allow_new_enroll`: the token's; a page that wants more is refused.
    /// - `challenge_id`: the token's, unless the page names one that was drawn later.
    /// - `retry`: what the page or the token says; how often is for the server to decide.
    /// - The link, and the kind of ID chosen there: the token's; no page can say either.
    ///
    /// # Errors
    /// 2205, naming the first field that differs.
    pub fn bound_by(self, grant: &Grant) -> Result<Self, WireError> {
        let same = [
            ("smile_client_id", self.partner_id == grant.partner),
            ("partner_params.user_id", self.user_id == *grant.user()),
            ("partner_params.job_id", self.job_id == *grant.job()),
            (
                "partner_params.job_type",
                Some(self.job_type) == grant.product.job_type(),
            ),
            (
                "allow_new_enroll",
                grant.allow_new_enroll || !self.allow_new_enroll,
            ),
            (
                "sandbox_result",
                self.sandbox_result.is_none() || self.sandbox_result == grant.sandbox_result,
            ),
            // Nobody would be before the page's camera.
            (
                "use_enrolled_image",
                !self.use_enrolled_image || self.job_type != JobType::BiometricKyc,
            ),
        ];
        all_the_same(&same)?;
        Ok(Self {
            partner_params: merged(self.partner_params, &grant.partner_params)?,
            callback_url: grant.callback_url.clone(),
            allow_new_enroll: grant.allow_new_enroll,
            retry: self.retry || grant.retry,
            sandbox_result: grant.sandbox_result.clone(),
            // A page cannot do without the token's challenge. Another one's user and job are for the server to compare.
            challenge_id: self
                .challenge_id
                .clone()
                .or_else(|| grant.challenge.as_ref().map(|drawn| drawn.id.clone())),
            link: grant.link.clone(),
            ..self
        })
    }
}

impl IdVerificationRequest {
    /// The request as the token has it, as [`UploadRequest::bound_by`]: names that the page leaves out are the token's.
    ///
    /// # Errors
    /// 2205, naming the first field that differs; also where the token is for another product than the call.
    pub fn bound_by(self, grant: &Grant) -> Result<Self, WireError> {
        let is_of_the_product = match self.lookup {
            Lookup::Enhanced => grant.product == Product::EnhancedKyc,
            Lookup::Basic => grant.product == Product::BasicKyc,
            // No token is made for either.
            Lookup::Phone | Lookup::Business => false,
        };
        if !is_of_the_product {
            return Err(WireError::new(
                ErrorCode::Unauthorised,
                format!(
                    "the web token is for the product {}, which this call is not; ask /v1/token for a token of its product",
                    grant.product
                ),
            ));
        }
        let same_user = self.user_id.as_ref().is_none_or(|u| u == grant.user());
        let same_job = self.job_id.as_ref().is_none_or(|j| j == grant.job());
        let (country, id_type) = (self.id_info.country, self.id_info.id_type.as_ref());
        let chosen = grant.link.as_ref();
        all_the_same(&[
            ("partner_id", self.partner_id == grant.partner),
            ("partner_params.user_id", same_user),
            ("partner_params.job_id", same_job),
            (
                "sandbox_result",
                self.sandbox_result.is_none() || self.sandbox_result == grant.sandbox_result,
            ),
            (
                "country",
                chosen.is_none_or(|at| country == Some(at.country)),
            ),
            (
                "id_type",
                chosen.is_none_or(|at| id_type == Some(&at.id_type)),
            ),
        ])?;
        Ok(Self {
            partner_params: merged(self.partner_params, &grant.partner_params)?,
            user_id: Some(grant.user().clone()),
            job_id: Some(grant.job().clone()),
            callback_url: grant.callback_url.clone(),
            sandbox_result: grant.sandbox_result.clone(),
            link: grant.link.clone(),
            ..self
        })
    }
}

fn all_the_same(fields: &[(&str, bool)]) -> Result<(), WireError> {
    let other = fields.iter().find(|(_, same)| !same);
    other.map_or(Ok(()), |(field, _)| Err(differs(field)))
}

/// The page's parameters with those that the token binds; as they came where it binds none but the names.
fn merged(page: PartnerParams, bound: &PartnerParams) -> Result<PartnerParams, WireError> {
    let mut bound = object(bound);
    bound.retain(|name, _| !NAMES.contains(&name.as_str()));
    if bound.is_empty() {
        return Ok(page);
    }
    let mut params = object(&page);
    for (name, value) in bound {
        if params
            .get(&name)
            .is_some_and(|given| !same_value(given, &value))
        {
            return Err(differs(&format!("partner_params.{name}")));
        }
        params.insert(name, value);
    }
    Ok(built(&params))
}

fn same_value(one: &RawValue, other: &RawValue) -> bool {
    let value = |raw: &RawValue| serde_json::from_str::<serde_json::Value>(raw.get()).ok();
    value(one) == value(other)
}
