//! Every JSON that a stranger sends: `info.json`, the bodies of upload, status, token and the like, partner parameters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use selfsame_wire::auth_smile::AuthSmileRequest;
use selfsame_wire::id::Environment;
use selfsame_wire::info::InfoJson;
use selfsame_wire::job_status::JobStatusRequest;
use selfsame_wire::offerings::OfferingsRequest;
use selfsame_wire::token::TokenRequest;
use selfsame_wire::upload::UploadRequest;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(info) = InfoJson::parse(bytes) {
        for image in &info.images {
            assert!(image.image_type.number() < 8);
        }
        if let Some(params) = &info.partner_params {
            let _ = (
                params.job_id(),
                params.user_id(),
                params.job_type(),
                params.sandbox_result(),
            );
        }
    }
    if let Ok(request) = UploadRequest::parse(bytes) {
        // Echoed byte for byte: what is kept must stand in the body, and still be JSON.
        let kept = request.partner_params.as_json();
        assert!(bytes.windows(kept.len()).any(|w| w == kept.as_bytes()));
        assert!(serde_json::from_str::<serde_json::Value>(kept).is_ok());
        let stored = serde_json::to_string(&request.partner_params).unwrap_or_default();
        assert_eq!(stored, kept);
        // All names are there, so none is added; and it is read the same again.
        let named = request
            .partner_params
            .naming(&request.job_id, &request.user_id)
            .typed(request.job_type.number());
        assert_eq!(named.as_json(), kept);
        assert_eq!(named.job_id().ok(), Some(request.job_id));
    }
    let _ = JobStatusRequest::parse(bytes);
    let _ = AuthSmileRequest::parse(bytes);
    let _ = OfferingsRequest::parse(bytes);
    if let Ok(request) = TokenRequest::parse(bytes) {
        let (user, job) = (request.user_id.clone(), request.job_id.clone());
        let grant = request.grant(Environment::Sandbox);
        assert_eq!((grant.user(), grant.job()), (&user, &job));
    }
});
