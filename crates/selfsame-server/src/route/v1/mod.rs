//! v1: prepare, upload, poll.

pub(crate) mod auth_smile;
pub(crate) mod challenge;
pub(crate) mod image;
pub(crate) mod job_status;
pub(crate) mod offerings;
pub(crate) mod package;
pub(crate) mod receipt;
pub(crate) mod result;
pub(crate) mod token;
pub(crate) mod totp_consent;
pub(crate) mod upload;
