//! The server: HTTP, workers and callback delivery. Wiring only; what is decided, is decided in `selfsame-job`.

mod app;
mod body;
mod budget;
pub mod callback;
mod client_address;
mod completion;
pub mod config;
mod cross_origin;
mod demo_visitor;
mod failed_authentications;
pub mod gallery;
mod health;
mod housekeeping;
mod image_links;
mod intake;
mod lease;
mod listen;
mod origin;
pub mod pace;
mod random;
mod rate;
mod refusal;
pub mod review;
mod route;
mod router;
mod sealed_link;
mod supervise;
mod worker;

pub use listen::{Addresses, CertificateError, ServeError, Server};
pub use random::{NoRandomness, secret};
pub use route::v1::result::v1_result;
