//! One file for each command.

mod access;
pub(crate) mod admin;
pub(crate) mod audit;
mod authorities;
mod callback_rules;
pub(crate) mod compare;
mod data;
pub(crate) mod demo;
mod demo_page;
mod embedder;
#[cfg(feature = "evaluation")]
pub(crate) mod eval;
mod identity;
pub(crate) mod job;
pub(crate) mod keys;
mod link_pages;
pub(crate) mod lookup;
pub(crate) mod migrate;
pub(crate) mod models;
pub(crate) mod partner;
mod person;
pub(crate) mod policy;
pub(crate) mod ready;
pub(crate) mod receipt;
pub(crate) mod register;
pub(crate) mod review;
pub(crate) mod serve;
mod store_url;
pub(crate) mod submit;
pub(crate) mod templates;
pub(crate) mod user;
