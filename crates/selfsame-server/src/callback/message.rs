//! What is sent: a result in its API's shape, signed afresh.

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use selfsame_job::job::{Api, Job};
use selfsame_job::partner::Partner;
use selfsame_store::store::Delivery;
use selfsame_wire::result::SignedResult;
use selfsame_wire::signature;
use selfsame_wire::v3::job_status::VERSION;
use selfsame_wire::v3::webhook as v3;
use selfsame_wire::webhook::{self, WebhookSecret};

use crate::route::v1::result::v1_result_with;
use crate::route::v3::result::{self as v3_result, Beside};

/// Body and headers.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// The result that a delivery carries, for the partner whose job it is of.
    ///
    /// # Errors
    /// A text that says why it cannot be made.
    pub(super) fn new(
        delivery: &Delivery,
        job: &Job,
        partner: &Partner,
        beside: Beside,
        now: Timestamp,
    ) -> Result<Self, String> {
        let key = partner.key(delivery.environment);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = match job.request.api {
            // v2's callbacks are v1's.
            Api::V1 | Api::V2 => {
                let receipt = beside.kyc_receipt;
                let result = v1_result_with(job, &delivery.result, |_| receipt)
                    .map_err(|e| e.to_string())?;
                SignedResult::sign(&result, key, &partner.id, now)
                    .map_err(|e| e.to_string())?
                    .into_bytes()
            }
            Api::V3 => {
                let told = v3_result::webhook(job, &delivery.result, delivery.told_at, beside)
                    .map_err(|e| e.to_string())?;
                let signed = signature::sign_answer(key, &partner.id, now);
                put(&mut headers, v3::RESPONSE_TIMESTAMP, &signed.timestamp)?;
                put(&mut headers, v3::RESPONSE_SIGNATURE, &signed.signature)?;
                put(&mut headers, v3::JOB_ID, v3_result::name(job).as_str())?;
                put(&mut headers, v3::USER_ID, job.user_id().as_str())?;
                put(&mut headers, v3::API_VERSION, VERSION)?;
                serde_json::to_vec(&told).map_err(|e| e.to_string())?
            }
        };
        let id = format!("{}-{}", delivery.smile_job_id, delivery.ordinal);
        let code = WebhookSecret::derive(key).sign(&id, now, &body);
        put(&mut headers, webhook::ID, &code.id)?;
        put(&mut headers, webhook::TIMESTAMP, &code.timestamp)?;
        put(&mut headers, webhook::SIGNATURE, &code.signature)?;
        Ok(Self { headers, body })
    }
}

/// A name may hold any letters: they go as UTF-8.
fn put(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<(), String> {
    let value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| format!("what stands in the header {name} cannot be sent"))?;
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}
