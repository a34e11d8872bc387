//! `selfsame user`.

use std::process::ExitCode;

use jiff::Timestamp;
use selfsame_job::lockout::FailedAttempts;
use selfsame_job::user::{User, UserKey, UserStatus};
use selfsame_store::store::{Attempts as _, Users as _};
use selfsame_wire::id::UserId;

use super::data::{Data, Whose, actor};
use crate::output::{self, Outcome};

/// List, disable, enable, unlock and delete users.
#[derive(clap::Args)]
pub(crate) struct UserCommand {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    whose: Whose,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List a partner's users.
    List,
    /// Show one user, and how many of its attempts failed.
    Show {
        /// The user's id.
        user: UserId,
    },
    /// Refuse a user's jobs until it is enabled again.
    Disable {
        /// The user's id.
        user: UserId,
    },
    /// Accept a user's jobs again.
    Enable {
        /// The user's id.
        user: UserId,
    },
    /// Forget a user's failed attempts, and lift the lock that they brought.
    Unlock {
        /// The user's id.
        user: UserId,
    },
    /// Erase a user for good: template, photographs, and what its jobs hold (what was sent along, results, reviews, callbacks).
    /// Names, codes and times stay, and reviews and callbacks that wait are withdrawn.
    Delete {
        /// The user's id.
        user: UserId,
    },
}

fn described(user: &User) -> serde_json::Value {
    serde_json::json!({
        "user_id": user.key.user, "status": user.status, "photo_on_file": user.reference.is_some(),
        "enrolled_at": user.enrolled_at, "updated_at": user.updated_at,
    })
}

fn show(user: &User, json: bool) -> Result<(), serde_json::Error> {
    if json {
        return output::json(&described(user));
    }
    let photo = if user.reference.is_some() {
        "photo on file"
    } else {
        "no photo"
    };
    output::line(&format!(
        "{:24} {:8} {:14} {}",
        user.key.user,
        format!("{:?}", user.status),
        photo,
        user.enrolled_at
    ));
    Ok(())
}

/// A user with its failures. A user that was never enrolled may have failures all the same.
fn show_one(
    user: &UserId,
    found: Option<&User>,
    failed: Option<FailedAttempts>,
    json: bool,
) -> Outcome {
    if found.is_none() && failed.is_none() {
        return Err(format!("there is no user {user}").into());
    }
    let locked_until = failed.and_then(|f| f.locked_at(Timestamp::now()));
    let count = failed.map_or(0, |f| f.count);
    if json {
        let mut shown = match found {
            Some(user) => described(user),
            None => serde_json::json!({"user_id": user}),
        };
        shown["failed_attempts"] = count.into();
        shown["last_failed_at"] = serde_json::json!(failed.map(|f| f.last_at));
        shown["locked_until"] = serde_json::json!(locked_until);
        output::json(&shown)?;
        return Ok(ExitCode::SUCCESS);
    }
    match found {
        Some(user) => show(user, json)?,
        None => output::line(&format!("{user:24} not enrolled")),
    }
    if let Some(failed) = failed {
        let lock = locked_until.map_or_else(
            || "not locked".to_owned(),
            |until| format!("locked until {until}"),
        );
        output::line(&format!(
            "{:24} {count} failed in a row, the latest {}; {lock}",
            "", failed.last_at
        ));
    }
    Ok(ExitCode::SUCCESS)
}

impl UserCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let partner = self.whose.partner()?;
        let store = self.data.open().await?;
        let key = |user: &UserId| UserKey {
            partner: partner.clone(),
            environment: self.whose.environment,
            user: user.clone(),
        };
        let (user, status) = match &self.action {
            Action::List => {
                for user in store.users(partner, self.whose.environment).await? {
                    show(&user, json)?;
                }
                return Ok(ExitCode::SUCCESS);
            }
            Action::Show { user } => {
                let found = store.user(&key(user)).await?;
                let failed = store.failed_attempts(&key(user)).await?;
                return show_one(user, found.as_ref(), failed, json);
            }
            Action::Unlock { user } => {
                if !store.unlock_user(&key(user), &actor()).await? {
                    return Err(
                        format!("no attempt of {user} failed since its last success").into(),
                    );
                }
                output::done(
                    json,
                    &serde_json::json!({"user_id": user, "unlocked": true}),
                )?;
                return Ok(ExitCode::SUCCESS);
            }
            Action::Disable { user } => (user, UserStatus::Disabled),
            Action::Enable { user } => (user, UserStatus::Active),
            Action::Delete { user } => (user, UserStatus::Deleted),
        };
        if !store.set_user_status(&key(user), status, &actor()).await? {
            return Err(format!(
                "there is no user {user}, or it was deleted and nothing is left of it"
            )
            .into());
        }
        output::done(
            json,
            &serde_json::json!({"user_id": user, "status": status}),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
