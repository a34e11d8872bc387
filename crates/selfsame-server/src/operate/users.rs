//! Users: shown, disabled, enabled, unlocked, cleared, erased.

use selfsame_job::fraud::{Clearing, FraudRecord};
use selfsame_job::lockout::FailedAttempts;
use selfsame_job::user::{User, UserKey, UserStatus};
use selfsame_wire::id::{Environment, PartnerId};

use super::{NotDone, Operator};

/// What is on record of a user's name. Who was never enrolled may have failures all the same.
#[derive(Debug, Clone)]
pub struct UserShown {
    /// The user, where one is or was enrolled.
    pub user: Option<User>,
    /// The failures since the last success.
    pub failed: Option<FailedAttempts>,
    /// What was said of its honesty, oldest first.
    pub fraud: Vec<FraudRecord>,
}

impl Operator<'_> {
    /// A partner's users in one environment, by id.
    ///
    /// # Errors
    /// What the store says.
    pub async fn users(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<Vec<User>, NotDone> {
        Ok(self.store.users(partner, environment).await?)
    }

    /// One user with its failures.
    ///
    /// # Errors
    /// [`NotDone::NoUser`], or what the store says.
    pub async fn user(&self, key: &UserKey) -> Result<UserShown, NotDone> {
        let shown = UserShown {
            user: self.store.user(key).await?,
            failed: self.store.failed_attempts(key).await?,
            fraud: self.store.fraud_records(key).await?,
        };
        if shown.user.is_none() && shown.failed.is_none() {
            return Err(NotDone::NoUser(key.user.clone()));
        }
        Ok(shown)
    }

    /// Disables, enables, or erases for good.
    ///
    /// # Errors
    /// [`NotDone::UserGone`], or what the store says.
    pub async fn set_user_status(&self, key: &UserKey, status: UserStatus) -> Result<(), NotDone> {
        if !self.store.set_user_status(key, status, &self.actor).await? {
            return Err(NotDone::UserGone(key.user.clone()));
        }
        Ok(())
    }

    /// Lifts the lock that a report of fraud brought. Why is kept with the reports, and its digest in the audit.
    ///
    /// # Errors
    /// [`NotDone::NoClearing`] where nothing is said, [`NotDone::NotReported`], or what the store says.
    pub async fn clear_user(&self, key: &UserKey, why: &str) -> Result<(), NotDone> {
        let why = Clearing::new(why)?;
        if !self.store.clear_fraud(key, &why, &self.actor).await? {
            return Err(NotDone::NotReported(key.user.clone()));
        }
        Ok(())
    }

    /// Forgets a user's failures, and lifts the lock that they brought.
    ///
    /// # Errors
    /// [`NotDone::NothingFailed`], or what the store says.
    pub async fn unlock_user(&self, key: &UserKey) -> Result<(), NotDone> {
        if !self.store.unlock_user(key, &self.actor).await? {
            return Err(NotDone::NothingFailed(key.user.clone()));
        }
        Ok(())
    }
}
