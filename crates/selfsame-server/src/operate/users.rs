//! Users: shown, disabled, enabled, unlocked, erased.

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
