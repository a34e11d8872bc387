//! v3: tokens in place of signatures, forms in place of packages, a decision in place of a code.
//!
//! It has two halves. The partner's own server mints tokens with the API key ([`TokenMinter`]); whatever runs elsewhere holds a token
//! only ([`Client`]), which is bound to a user and a product and lives for a quarter of an hour.
//!
//! ```no_run
//! use selfsame_client::v3::{Authentication, Binding, Client, Presented, Said, TokenMinter, Tokens};
//! use selfsame_client::{Capture, Connection};
//!
//! # async fn mint(connection: Connection) -> Result<String, Box<dyn std::error::Error>> {
//! // On the partner's server, which takes the user from its own session.
//! let minter = TokenMinter::new(connection)?;
//! let binding = Binding {
//!     user: Some("ada".parse()?),
//!     product: Some("smart_selfie_authentication".parse()?),
//!     ..Binding::default()
//! };
//! let token = minter.mint(&binding).await?;
//! # Ok(token)
//! # }
//! # async fn ask_the_partners_server() -> Result<String, std::io::Error> { Ok(String::new()) }
//! # async fn example(said: Said) -> Result<(), Box<dyn std::error::Error>> {
//! // Where the key is not.
//! let tokens = Tokens::from_fn(|_wanted| ask_the_partners_server());
//! let client = Client::new("https://faces.example.com".parse()?, tokens)?;
//! let capture = Capture::from_selfie(std::fs::read("selfie.jpg")?);
//! let taken = client
//!     .authenticate(&Authentication {
//!         presented: Presented::Capture(capture),
//!         user: Some("ada".parse()?),
//!         sandbox_result: None,
//!         said,
//!     })
//!     .await?;
//! let status = client.wait_until_complete(&taken.job, std::time::Duration::ZERO).await?;
//! println!("{} {}", status.is_complete(), status.status());
//! # Ok(())
//! # }
//! ```
//!
//! The status holds no reason and nothing of the person: those come to the callback, where
//! [`CallbackVerifier::verify_v3`](crate::callback::CallbackVerifier::verify_v3) tells the server's own from others.

mod answer;
mod client;
mod error;
mod exchange;
mod form;
mod fraud;
mod minter;
mod result;
mod services;
mod submission;
mod tokens;

pub use answer::{Accepted, JobStatus, Replayed, Reported};
pub use client::Client;
pub use error::{Error, Refusal, RefusalReason};
pub use exchange::RetryPolicy;
pub use fraud::{FraudKind, FraudReport};
pub use minter::{Binding, Payload, TokenMinter};
pub use result::WebhookResult;
pub use selfsame_wire::v3::consent::Consent;
pub use selfsame_wire::v3::decision::{DecisionReason, JobStatus as Decision};
pub use selfsame_wire::v3::product::Product;
pub use selfsame_wire::v3::user_details::UserDetails;
pub use services::{
    BankCode, IdStatus, ServicesConfig, SupportedCountry, SupportedDocument, SupportedIdType,
};
pub use submission::{
    Authentication, BiometricKyc, Comparison, ComparisonImage, ComparisonImageType, EnhancedKyc,
    Identity, Metadatum, Presented, Registration, Said,
};
pub use tokens::{Tokens, Wanted};
