//! The Rust client: captures kept by tag, `submit_job`, polling, typed results, callback verification.
//!
//! ```no_run
//! use selfsame_client::{Capture, Client, Connection, Submission};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut client = Client::new(Connection {
//!     server: "http://127.0.0.1:8080".parse()?,
//!     partner: "acme".parse()?,
//!     api_key: std::env::var("SELFSAME_API_KEY")?,
//! })?;
//! client.keep("login", Capture::from_selfie(std::fs::read("selfie.jpg")?));
//! let result = client
//!     .submit_job(&Submission {
//!         tag: "login",
//!         job_type: 2,
//!         is_production: false,
//!         partner_params: serde_json::json!({"job_id": "j-1", "user_id": "ada"}),
//!         id_info: serde_json::json!({}),
//!         geo_info: serde_json::json!({}),
//!         callback_url: "",
//!         job_status_polling_timeout_millis: 0,
//!     })
//!     .await?;
//! println!("{:?} {result}", result.result_code());
//! # Ok(())
//! # }
//! ```
//!
//! Where head turns are wanted ([`Client::draw_challenge`]), the server chooses them, the person makes them while the frames
//! are taken, and the capture says which challenge it follows ([`Capture::following`]).
//!
//! Job type 1 takes ID information along, and its result says who the authority says that the person is ([`JobResult::full_name`],
//! [`JobResult::photo`] and others). [`Client::lookup`] looks identities up without a selfie.
//!
//! Where the API key must not be, [`v3`] submits with a token that the partner's own server minted.
//!
//! Results also come as callbacks: [`callback::CallbackVerifier`] tells the server's own from others, and the feature
//! `axum` makes it an extractor. `examples/callback_receiver.rs` is a whole receiver.

pub mod callback;
mod capture;
mod challenge;
mod client;
mod error;
mod id_info;
mod lookup;
mod names;
mod person;
mod progress;
mod result;
mod services;
pub mod v3;

pub use capture::Capture;
pub use challenge::{Challenge, ChallengeId, Offer, Turn};
pub use client::{Client, Connection, Submission, SubmitOptions};
pub use error::ClientError;
pub use lookup::{Lookup, Question};
pub use names::{action, result_code};
pub use progress::Progress;
pub use result::{ChallengeFailure, JobResult, JobStatus};
pub use selfsame_wire::job_type::JobType;
pub use services::{OfferedBank, OfferedCountry, OfferedIdType, ProductsConfig, Services};
