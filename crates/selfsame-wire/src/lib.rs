//! The shapes and rules of the wire API: bytes to types and back, no storage and no sockets.

pub mod id;
