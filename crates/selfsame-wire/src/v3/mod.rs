//! v3: forms instead of packages, tokens instead of signatures, a decision instead of a code.
//!
//! Every body is `multipart/form-data`, every answer JSON. Results come by webhook only; the status tells the decision alone.

pub mod answer;
pub mod body_signature;
pub mod consent;
pub mod decision;
pub mod fraud;
pub mod https_url;
pub mod job_status;
pub mod metadata;
pub mod product;
#[cfg(feature = "schema")]
mod schema;
pub mod services;
pub mod smile_link;
pub mod token;
pub mod type_id;
pub mod user_details;
pub mod webhook;

/// Header: the token that `/v3/token` gave.
pub const TOKEN: &str = "smileid-token";
/// Header: the partner, on `/v3/token` and where a client sends it besides.
pub const PARTNER_ID: &str = "smileid-partner-id";
/// Header: the API key, on `/v3/token` only.
pub const API_KEY: &str = "smileid-api-key";
/// Header: the user that a submission is about.
pub const USER_ID: &str = "user-id";
/// Header: when the body was signed, where it is.
pub const TIMESTAMP: &str = "smileid-timestamp";
/// Header: the signature over timestamp and body, where the partner signs its bodies.
pub const REQUEST_SIGNATURE: &str = "smileid-request-signature";
/// Header: the client library's name.
pub const SOURCE_SDK: &str = "smileid-source-sdk";
/// Header: the client library's version.
pub const SOURCE_SDK_VERSION: &str = "smileid-source-sdk-version";
/// The largest body that is read, in bytes: what the service documents.
pub const MAX_BODY_BYTES: usize = 4_718_592;
