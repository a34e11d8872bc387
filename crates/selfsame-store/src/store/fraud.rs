//! What is said of users' honesty, and the lock that follows.

use async_trait::async_trait;
use selfsame_job::audit::Actor;
use selfsame_job::fraud::{Clearing, FraudRecord, Received, ReportToken};
use selfsame_job::user::UserKey;
use selfsame_wire::v3::fraud::FraudReport;

use crate::error::StoreError;

/// Reports of fraud on record. Whether a user is locked stands with the user: [`User::fraud_locked`](selfsame_job::user::User).
#[async_trait]
pub trait FraudReports: Send + Sync {
    /// Takes a report as [`BeforeReport`](selfsame_job::fraud::BeforeReport) has it. One of fraud that goes on record locks the user in the
    /// same transaction: what was judged before cannot be committed after it. Only what goes on record changes anything. By which token
    /// it came is on the audit's record.
    async fn report_fraud(
        &self,
        user: &UserKey,
        report: &FraudReport,
        by: &Actor,
        token: ReportToken,
    ) -> Result<Received, StoreError>;
    /// All that is on record of a user, oldest first.
    async fn fraud_records(&self, user: &UserKey) -> Result<Vec<FraudRecord>, StoreError>;
    /// Lifts a user's lock; a deleted user's too. `Ok(false)`: there is none.
    async fn clear_fraud(
        &self,
        user: &UserKey,
        why: &Clearing,
        by: &Actor,
    ) -> Result<bool, StoreError>;
}
