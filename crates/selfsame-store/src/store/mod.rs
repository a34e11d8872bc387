//! The one interface to records, blobs and the queue: a trait for each purpose, and [`Store`], which is all of them. Back ends
//! implement them; callers know nothing else.

mod admin_tokens;
mod attempts;
mod audit;
mod challenges;
mod changes;
mod consent_sessions;
mod deliveries;
mod fraud;
mod health;
mod images;
mod in_force;
mod jobs;
mod links;
pub mod nodes;
mod partners;
mod queue;
mod receipt_keys;
mod registers;
mod results;
pub mod reviews;
mod templates;
mod token_keys;
mod upkeep;
mod users;

pub use self::admin_tokens::{AdminToken, AdminTokens};
pub use self::attempts::{Attempts, Barred};
pub use self::audit::Audit;
pub use self::challenges::{Challenges, Drawn, UnansweredLimit};
pub use self::changes::{Changes, UserChange};
pub use self::consent_sessions::ConsentSessions;
pub use self::deliveries::{
    AfterAttempt, Deliveries, Delivery, DeliveryAttempt, DeliveryId, DeliveryLimits,
    DeliveryRecord, DeliveryState, Endpoint, Replay, Replayed,
};
pub use self::fraud::FraudReports;
pub use self::health::{Depths, Health};
pub use self::images::Images;
pub use self::in_force::{InForce, InForceRecord};
pub use self::jobs::{Accepted, Granted, JobFilter, Jobs, NewJob, Prepared, UploadGrant};
pub use self::links::{Link, Links, Made, NewLink};
pub use self::nodes::Nodes;
pub use self::partners::Partners;
pub use self::queue::{Claim, Finished, LeaseId, Onward, Outcome, Queue, WentOn};
pub use self::receipt_keys::{ReceiptKey, ReceiptKeys};
pub use self::registers::{
    EntryKey, EntryListed, Imported, MAX_PHOTO_BYTES, MAX_RECORD_BYTES, NotARegisterName,
    RegisterEntry, RegisterName, RegisterSummary, Registers, UnfitEntry,
};
pub use self::results::{JobResultRecord, Results};
pub use self::reviews::Reviews;
pub use self::templates::Templates;
pub use self::token_keys::{OlderTokenKeys, TokenKeys};
pub use self::upkeep::{KeepSince, Swept, Upkeep};
pub use self::users::Users;

/// Records, blobs and the queue: everything that the server keeps.
///
/// Every method that changes something has made it durable when it returns `Ok`; where it takes an
/// [`Actor`](selfsame_job::audit::Actor), together with its audit record. Secrets, biometrics and what partners sent are
/// encrypted before they reach the disk. Time is the back end's: where several nodes share one, no node's clock matters.
pub trait Store:
    Partners
    + Jobs
    + Queue
    + Results
    + Users
    + Templates
    + Attempts
    + Changes
    + Images
    + Challenges
    + Reviews
    + Deliveries
    + Audit
    + AdminTokens
    + InForceRecord
    + Health
    + Upkeep
    + Nodes
    + Registers
    + TokenKeys
    + ReceiptKeys
    + ConsentSessions
    + Links
    + FraudReports
    + Send
    + Sync
    + std::fmt::Debug
{
}

impl<T> Store for T where
    T: Partners
        + Jobs
        + Queue
        + Results
        + Users
        + Templates
        + Attempts
        + Changes
        + Images
        + Challenges
        + Reviews
        + Deliveries
        + Audit
        + AdminTokens
        + InForceRecord
        + Health
        + Upkeep
        + Nodes
        + Registers
        + TokenKeys
        + ReceiptKeys
        + ConsentSessions
        + Links
        + FraudReports
        + Send
        + Sync
        + std::fmt::Debug
{
}
