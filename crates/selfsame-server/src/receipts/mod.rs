//! Receipts of jobs that looked an identity up: links to them, and what stands behind a link (docs/decisions/0131-receipts-behind-links.md).
//!
//! Nothing is kept of a receipt: each is made of the job's result when its link is followed, so that what is erased is in none.

mod contents;

use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::identity::Answer;
use selfsame_job::job::{Job, JobType};
use selfsame_job::outcome::{JobOutcome, Recorded};
use selfsame_job::partner::Partner;
use selfsame_job::policy::{Policies, ReceiptMode};
use selfsame_receipt::{SignedReceipt, SigningKey, VerifyingKey};
use selfsame_store::store::ReceiptKey;
use selfsame_wire::id::SmileJobId;
use selfsame_wire::result::ResultCode;

use crate::app::App;
use crate::config::Config;
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::sealed_link;

const PURPOSE: &str = "receipt link";

/// How links to receipts are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiptLinks<'a> {
    policies: &'a Policies,
    ttl: Duration,
    base: &'a Origin,
}

impl<'a> ReceiptLinks<'a> {
    /// For an answer to a request that reached the server by this base.
    pub(crate) const fn at(config: &'a Config, base: &'a Origin) -> Self {
        Self {
            policies: &config.policies,
            ttl: config.limits.receipt_link_ttl,
            base,
        }
    }

    /// The link to a job's receipt, where the result tells of an identity that an authority was asked about, and the policy allows
    /// one.
    pub(crate) fn link(
        &self,
        partner: &Partner,
        job: &Job,
        outcome: &JobOutcome,
    ) -> Option<String> {
        mode(self.policies, job, outcome)?;
        let (key, id) = (partner.key(job.environment()), &job.smile_job_id);
        let sealed = sealed_link::seal(key, PURPOSE, id, Timestamp::now() + self.ttl)?;
        Some(format!("{}/v1/receipt/{sealed}", self.base.0))
    }

    /// The same, of a result as it is on record. One that cannot be read has none.
    pub(crate) fn of_recorded(
        &self,
        partner: &Partner,
        job: &Job,
        recorded: &[u8],
    ) -> Option<String> {
        match Recorded::read(recorded) {
            Ok(Recorded::Outcome(outcome)) => self.link(partner, job, &outcome),
            Ok(Recorded::Earlier(_)) | Err(_) => None,
        }
    }
}

/// How links to receipts are made where nobody asks: in callbacks.
#[derive(Debug, Clone)]
pub(crate) struct UnaskedLinks {
    policies: Policies,
    ttl: Duration,
    base: Origin,
}

impl UnaskedLinks {
    /// As the server is set up. `None`: it does not know by which address it is reached; then callbacks carry no links, and
    /// `job_status` does.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        Some(Self {
            policies: config.policies.clone(),
            ttl: config.limits.receipt_link_ttl,
            base: Origin::public(config)?,
        })
    }

    /// To make one with.
    pub(crate) const fn links(&self) -> ReceiptLinks<'_> {
        ReceiptLinks {
            policies: &self.policies,
            ttl: self.ttl,
            base: &self.base,
        }
    }
}

/// How much the receipt of a result tells; `None`: there is none.
fn mode(policies: &Policies, job: &Job, outcome: &JobOutcome) -> Option<ReceiptMode> {
    let identity = outcome.identity.as_ref()?;
    let answer = &identity.lookup.as_ref()?.answer;
    // What was not asked, or not answered, proves nothing.
    let answered = answer.is_found() || *answer == Answer::NotFound;
    // A step before the end: the job's own result has the receipt.
    let of_step =
        job.job_type.face().is_some() && !outcome.is_final && outcome.code == ResultCode::IdValid;
    let policy = policies.of(job.environment(), job.job_type).receipt;
    let told = answered && !of_step && outcome.erased.is_none();
    Some(policy.mode).filter(|mode| told && *mode != ReceiptMode::Off)
}

/// Whether the wire calls the receipt one of a business.
pub(crate) fn is_of_a_business(job: &Job) -> bool {
    job.job_type == JobType::BusinessVerification
}

/// The receipt that a link names. `None`: the link is not good, or not any more, or there is nothing left to tell.
pub(crate) async fn receipt(app: &App, sealed: &str) -> Result<Option<SignedReceipt>, Refusal> {
    let Some(claimed) = sealed_link::peek::<SmileJobId>(sealed) else {
        return Ok(None);
    };
    let Some(job) = app.store.job(&claimed).await? else {
        return Ok(None);
    };
    let Some(partner) = app.store.partner(job.partner()).await? else {
        return Ok(None);
    };
    let key = partner.key(job.environment());
    if sealed_link::open::<SmileJobId>(key, PURPOSE, sealed, Timestamp::now()).is_none() {
        return Ok(None);
    }
    let Some(record) = app.store.result(&job.smile_job_id).await? else {
        return Ok(None);
    };
    let Ok(Recorded::Outcome(outcome)) = Recorded::read(&record.result) else {
        return Ok(None);
    };
    let Some(mode) = mode(&app.config.policies, &job, &outcome) else {
        return Ok(None);
    };
    let receipt = contents::receipt(&partner, &job, &outcome, record.finished_at, mode);
    let keys = app.store.receipt_keys().await?;
    let newest = keys
        .first()
        .ok_or_else(|| Refusal::internal(&"there is no key for receipts"))?;
    let key = SigningKey::from_seed(&newest.seed).map_err(|e| Refusal::internal(&e))?;
    let signed = receipt.sign(&key).map_err(|e| Refusal::internal(&e))?;
    Ok(Some(signed))
}

/// The keys by which receipts are verified, the one that signs first.
pub(crate) async fn verifying_keys(app: &App) -> Result<Vec<VerifyingKey>, Refusal> {
    let keys = app.store.receipt_keys().await?;
    let public = |key: &ReceiptKey| SigningKey::from_seed(&key.seed).map(|key| *key.public());
    keys.iter()
        .map(|key| public(key).map_err(|e| Refusal::internal(&e)))
        .collect()
}

#[cfg(test)]
mod tests;
