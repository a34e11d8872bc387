//! `selfsame user`.

use std::process::ExitCode;

use selfsame_job::user::{User, UserKey, UserStatus};
use selfsame_store::store::Store as _;
use selfsame_wire::id::UserId;

use super::data::{Data, Whose, actor};
use crate::output::{self, Outcome};

/// List, disable, enable and delete users.
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
    /// Show one user.
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
    /// Erase a user for good: template, photographs, and what its jobs hold (what was sent along, results, reviews, callbacks).
    /// Names, codes and times stay, and reviews and callbacks that wait are withdrawn.
    Delete {
        /// The user's id.
        user: UserId,
    },
}

fn show(user: &User, json: bool) -> Result<(), serde_json::Error> {
    if json {
        return output::json(&serde_json::json!({
            "user_id": user.key.user, "status": user.status, "photo_on_file": user.reference.is_some(),
            "enrolled_at": user.enrolled_at, "updated_at": user.updated_at,
        }));
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
                let found = store
                    .user(&key(user))
                    .await?
                    .ok_or_else(|| format!("there is no user {user}"))?;
                show(&found, json)?;
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
