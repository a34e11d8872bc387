//! The HTTP interface, one file for each part of the wire API.

pub(crate) mod admin;
pub(crate) mod demo;
pub(crate) mod description;
pub(crate) mod links;
pub(crate) mod lookup;
pub(crate) mod operations;
pub(crate) mod v1;
pub(crate) mod v2;
pub(crate) mod v3;
