//! The server: HTTP, workers and callback delivery. Wiring only; what is decided, is decided in `selfsame-job`.

mod app;
mod background;
mod body;
mod budget;
pub mod callback;
mod challenges;
mod client_address;
mod completion;
pub mod config;
mod cross_origin;
mod demo_visitor;
pub mod gallery;
mod health;
mod housekeeping;
mod image_links;
mod intake;
mod lease;
mod limits;
mod listen;
pub mod node;
pub mod operate;
mod origin;
pub mod pace;
mod random;
mod refusal;
mod route;
mod router;
mod sealed_link;
mod server;
mod supervise;
mod web_tokens;
mod worker;

pub use listen::CertificateError;
pub use random::{NoRandomness, secret};
pub use route::v1::result::v1_result;
pub use server::{Addresses, Engine, ServeError, Server};
