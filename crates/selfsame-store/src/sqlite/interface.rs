//! The interface, met by this back end: each method is one of a file's.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use selfsame_face::template::TemplateModel;
use selfsame_job::audit::{Actor, AuditEntry, AuditRecord};
use selfsame_job::challenge::{ChallengeId, DrawnChallenge};
use selfsame_job::job::Job;
use selfsame_job::lockout::FailedAttempts;
use selfsame_job::partner::Partner;
use selfsame_job::replay::{ImageFingerprint, Recurrence};
use selfsame_job::review::Ruling;
use selfsame_job::served::Served;
use selfsame_job::user::{Reference, User, UserKey, UserStatus};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId};
use selfsame_wire::signature::ApiKey;

use super::SqliteStore;
use crate::audit::{AuditCheck, AuditHead};
use crate::error::StoreError;
use crate::review::{FinalResult, Review, ReviewFilter, Ruled};
use crate::store::{
    Accepted, AdminToken, AfterAttempt, Claim, Delivery, DeliveryAttempt, DeliveryLimits,
    DeliveryRecord, Depths, Drawn, Endpoint, Finished, Granted, InForce, JobFilter,
    JobResultRecord, KeepSince, NewJob, Outcome, Prepared, Store, Swept, UnansweredLimit,
    UploadGrant, UserChange,
};

#[async_trait]
impl Store for SqliteStore {
    async fn create_partner(&self, partner: &Partner, by: &Actor) -> Result<bool, StoreError> {
        self.insert_partner(partner, by).await
    }
    async fn partner(&self, id: &PartnerId) -> Result<Option<Partner>, StoreError> {
        self.select_partner(id).await
    }
    async fn partners(&self) -> Result<Vec<Partner>, StoreError> {
        self.select_partners().await
    }
    async fn set_production_enabled(
        &self,
        id: &PartnerId,
        enabled: bool,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        self.update_production_enabled(id, enabled, by).await
    }
    async fn replace_key(
        &self,
        id: &PartnerId,
        environment: Environment,
        key: &ApiKey,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        self.update_key(id, environment, key, by).await
    }
    async fn prepare_job(&self, job: &NewJob, grant: &UploadGrant) -> Result<Prepared, StoreError> {
        self.insert_job(job, Some(grant), None).await
    }
    async fn upload_grant(
        &self,
        token_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Granted, StoreError> {
        self.look_up_grant(token_hash, now).await
    }
    async fn accept_package(
        &self,
        token_hash: &[u8; 32],
        now: Timestamp,
        package: Bytes,
    ) -> Result<Accepted, StoreError> {
        self.take_package(token_hash, now, package).await
    }
    async fn submit_job(&self, job: &NewJob, package: Bytes) -> Result<Prepared, StoreError> {
        self.insert_job(job, None, Some(package)).await
    }
    async fn repeated(
        &self,
        partner: &PartnerId,
        environment: Environment,
        request_digest: &[u8; 32],
    ) -> Result<Option<Job>, StoreError> {
        self.select_repeated(partner, environment, request_digest)
            .await
    }
    async fn draw_challenge(
        &self,
        new: &DrawnChallenge,
        limit: &UnansweredLimit,
    ) -> Result<Drawn, StoreError> {
        self.insert_challenge(new, limit).await
    }
    async fn challenge(&self, id: &ChallengeId) -> Result<Option<DrawnChallenge>, StoreError> {
        self.select_challenge(id).await
    }
    async fn expire_challenges(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.forget_challenges(before).await
    }
    async fn claim_job(&self, lease: Duration) -> Result<Option<Claim>, StoreError> {
        self.take_job(lease).await
    }
    async fn renew_job(&self, claim: &Claim, lease: Duration) -> Result<bool, StoreError> {
        self.prolong(claim, lease).await
    }
    async fn release_job(&self, claim: &Claim) -> Result<(), StoreError> {
        self.put_back(claim).await
    }
    async fn return_job(&self, claim: &Claim) -> Result<(), StoreError> {
        self.put_back_tried(claim).await
    }
    async fn recover(&self, now: Timestamp, all: bool) -> Result<u64, StoreError> {
        self.take_back(now, all).await
    }
    async fn finish_job(&self, claim: &Claim, outcome: &Outcome) -> Result<Finished, StoreError> {
        self.end_job(claim, outcome).await
    }
    async fn package(&self, job: &SmileJobId) -> Result<Option<Bytes>, StoreError> {
        self.read_package(job).await
    }
    async fn job(&self, id: &SmileJobId) -> Result<Option<Job>, StoreError> {
        self.select_job(id).await
    }
    async fn latest_job(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Option<Job>, StoreError> {
        self.select_latest_job(partner, environment, job).await
    }
    async fn result(&self, id: &SmileJobId) -> Result<Option<JobResultRecord>, StoreError> {
        self.select_result(id).await
    }
    async fn results(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Vec<JobResultRecord>, StoreError> {
        self.select_results(partner, environment, job).await
    }
    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        self.select_jobs(filter).await
    }
    async fn user(&self, key: &UserKey) -> Result<Option<User>, StoreError> {
        self.select_user(key).await
    }
    async fn users(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<Vec<User>, StoreError> {
        self.select_users(partner, environment).await
    }
    async fn users_changed(&self, after: u64, limit: u32) -> Result<Vec<UserChange>, StoreError> {
        self.select_changed_users(after, limit).await
    }
    async fn set_user_status(
        &self,
        key: &UserKey,
        status: UserStatus,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        self.update_user_status(key, status, by).await
    }
    async fn add_template(&self, key: &UserKey, reference: &Reference) -> Result<bool, StoreError> {
        self.insert_template(key, reference).await
    }
    async fn keep_only(&self, key: &UserKey, model: &TemplateModel) -> Result<bool, StoreError> {
        self.keep_template_by(key, model).await
    }
    async fn templates_forgotten(
        &self,
        model: &TemplateModel,
        users: u64,
        by: &Actor,
    ) -> Result<(), StoreError> {
        self.record_forgotten(model, users, by).await
    }
    async fn failed_attempts(&self, key: &UserKey) -> Result<Option<FailedAttempts>, StoreError> {
        self.select_failed_attempts(key).await
    }
    async fn unlock_user(&self, key: &UserKey, by: &Actor) -> Result<bool, StoreError> {
        self.forget_failed_attempts(key, by).await
    }
    async fn recurrences(
        &self,
        job: &Job,
        images: &[ImageFingerprint],
        max_distance: u32,
    ) -> Result<Vec<Recurrence>, StoreError> {
        self.find_accepted(job, images, max_distance).await
    }
    async fn replayed(&self, job: &SmileJobId) -> Result<bool, StoreError> {
        self.was_replayed(job).await
    }
    async fn set_in_force(&self, policy: &str, served: &Served) -> Result<(), StoreError> {
        self.write_in_force(policy, served).await
    }
    async fn in_force(&self) -> Result<Option<InForce>, StoreError> {
        self.read_in_force().await
    }
    async fn pending_template(&self, job: &SmileJobId) -> Result<Option<Reference>, StoreError> {
        let mut connection = self.read.acquire().await?;
        self.waiting_template(&mut connection, job).await
    }
    async fn review(&self, job: &SmileJobId) -> Result<Option<Review>, StoreError> {
        self.select_review(job).await
    }
    async fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<Review>, StoreError> {
        self.select_reviews(filter).await
    }
    async fn decide_review(
        &self,
        job: &SmileJobId,
        ruling: &Ruling,
        result: &FinalResult,
    ) -> Result<Ruled, StoreError> {
        self.close_review(job, ruling, result).await
    }
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limits: &DeliveryLimits,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.take_deliveries(now, lease, limits).await
    }
    async fn record_attempt(
        &self,
        delivery: &Delivery,
        attempt: &DeliveryAttempt,
        after: AfterAttempt,
        endpoint: Endpoint,
    ) -> Result<(), StoreError> {
        self.insert_attempt(delivery, attempt, after, endpoint)
            .await
    }
    async fn postpone_delivery(
        &self,
        delivery: &Delivery,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.put_off(delivery, until).await
    }
    async fn deliveries(&self, job: &SmileJobId) -> Result<Vec<DeliveryRecord>, StoreError> {
        self.select_deliveries(job).await
    }
    async fn replay(&self, job: &SmileJobId, by: &Actor) -> Result<bool, StoreError> {
        self.insert_replay(job, by).await
    }
    async fn record_audit(&self, entry: &AuditEntry) -> Result<AuditHead, StoreError> {
        self.insert_audit(entry).await
    }
    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.select_audit(after, limit).await
    }
    async fn verify_audit(&self, anchor: Option<&AuditHead>) -> Result<AuditCheck, StoreError> {
        self.follow_audit(anchor).await
    }
    async fn check_audit_end(&self) -> Result<(), StoreError> {
        self.audit_end().await
    }
    async fn resume_audit(&self, by: &Actor) -> Result<Option<AuditHead>, StoreError> {
        self.begin_audit_segment(by).await
    }
    async fn put_admin_token(&self, token: &AdminToken, by: &Actor) -> Result<(), StoreError> {
        self.insert_admin_token(token, by).await
    }
    async fn remove_admin_token(&self, name: &str, by: &Actor) -> Result<bool, StoreError> {
        self.delete_admin_token(name, by).await
    }
    async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StoreError> {
        self.select_admin_tokens().await
    }
    async fn depths(&self) -> Result<Depths, StoreError> {
        self.read_depths().await
    }
    async fn probe(&self) -> Result<(), StoreError> {
        self.write_probe().await
    }
    async fn expire_uploads(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.forget_uploads(before).await
    }
    async fn sweep(&self, keep: &KeepSince) -> Result<Swept, StoreError> {
        self.sweep_old(keep).await
    }
    async fn sweep_orphans(&self) -> Result<u64, StoreError> {
        self.remove_orphans().await
    }
}
