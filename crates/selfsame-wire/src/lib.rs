//! The shapes and rules of the wire API: bytes to types and back, no storage and no sockets.

pub mod auth_smile;
pub mod auth_token;
pub mod challenge;
mod derived_key;
pub mod error;
pub mod fields;
pub mod id;
pub mod id_info;
pub mod id_verification;
pub mod info;
#[cfg(test)]
mod instruction_counts;
pub mod job_status;
pub mod job_type;
mod json;
mod jwt;
pub mod locale;
pub mod offerings;
pub mod package;
pub mod partner_params;
pub mod product;
pub mod result;
pub mod sandbox_result;
pub mod signature;
pub mod token;
pub mod totp;
pub mod upload;
pub mod v2;
pub mod v3;
pub mod web_token;
pub mod webhook;
