//! `selfsame user`.

use std::process::ExitCode;

use jiff::Timestamp;
use selfsame_job::fraud::{FraudRecord, Said};
use selfsame_job::user::{User, UserKey, UserStatus};
use selfsame_server::operate::{Operator, UserShown};
use selfsame_wire::id::UserId;

use super::data::{Data, Whose, actor};
use crate::output::{self, Outcome};

/// List, disable, enable, unlock, clear and delete users.
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
    List {
        /// Only those that were reported for fraud and not cleared since.
        #[arg(long)]
        reported: bool,
    },
    /// Show one user, how many of its attempts failed, and what was said of its honesty.
    Show {
        /// The user's id.
        user: UserId,
    },
    /// Refuse a user's jobs until it is enabled again.
    Disable {
        /// The user's id.
        user: UserId,
    },
    /// Accept a disabled user's jobs again. It lifts no lock.
    Enable {
        /// The user's id.
        user: UserId,
    },
    /// Forget a user's failed attempts, and lift the lock that they brought.
    Unlock {
        /// The user's id.
        user: UserId,
    },
    /// Lift the lock of a user that was reported for fraud. It outlives disabling, enabling and deletion; this alone lifts it.
    Clear {
        /// The user's id.
        user: UserId,
        /// Why. It is kept with the reports.
        #[arg(long)]
        why: String,
    },
    /// Erase a user for good: template, photographs, and what its jobs hold (what was sent along, results, reviews, callbacks), who
    /// reported it for fraud and with what notes. Names, codes and times stay, so does a lock, and reviews and callbacks that wait
    /// are withdrawn.
    Delete {
        /// The user's id.
        user: UserId,
    },
}

fn described(user: &User) -> serde_json::Value {
    serde_json::json!({
        "user_id": user.key.user, "status": user.status, "fraud_locked": user.fraud_locked, "photo_on_file": user.reference.is_some(),
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
    let lock = if user.fraud_locked {
        " LOCKED for fraud"
    } else {
        ""
    };
    output::line(&format!(
        "{:24} {:8} {:14} {}{lock}",
        user.key.user,
        format!("{:?}", user.status),
        photo,
        user.enrolled_at
    ));
    Ok(())
}

/// One entry of what was said of a user, in one line. What was sent is escaped: it may hold what a terminal obeys.
fn fraud_line(record: &FraudRecord) -> String {
    let said = match record.said {
        Said::Fraud { reason } => format!("reported as a fraud ({reason})"),
        Said::NoFraud => "reported as none".to_owned(),
        Said::Cleared => "cleared".to_owned(),
    };
    let by = record.by.as_deref();
    let by = by.map_or_else(
        || "erased".to_owned(),
        |by| by.escape_debug().collect::<String>(),
    );
    let notes = record.notes.as_deref();
    let notes = notes.map_or_else(String::new, |notes| format!(": {notes:?}"));
    format!("{:24} {} {said} by {by}{notes}", "", record.at)
}

/// A user with its failures and reports.
fn show_one(user: &UserId, shown: &UserShown, json: bool) -> Outcome {
    let (found, failed) = (shown.user.as_ref(), shown.failed);
    let locked_until = failed.and_then(|f| f.locked_at(Timestamp::now()));
    let (count, records) = (failed.map_or(0, |f| f.count), &shown.fraud);
    if json {
        let mut shown = match found {
            Some(user) => described(user),
            None => serde_json::json!({"user_id": user}),
        };
        shown["failed_attempts"] = count.into();
        shown["last_failed_at"] = serde_json::json!(failed.map(|f| f.last_at));
        shown["locked_until"] = serde_json::json!(locked_until);
        shown["fraud_records"] = serde_json::json!(records);
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
    for record in records {
        output::line(&fraud_line(record));
    }
    Ok(ExitCode::SUCCESS)
}

impl UserCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let partner = self.whose.partner()?;
        let store = self.data.open().await?;
        let operator = Operator::new(&*store, actor());
        let key = |user: &UserId| UserKey {
            partner: partner.clone(),
            environment: self.whose.environment,
            user: user.clone(),
        };
        let (user, status) = match &self.action {
            Action::List { reported } => {
                for user in operator.users(partner, self.whose.environment).await? {
                    if user.fraud_locked || !reported {
                        show(&user, json)?;
                    }
                }
                return Ok(ExitCode::SUCCESS);
            }
            Action::Show { user } => {
                return show_one(user, &operator.user(&key(user)).await?, json);
            }
            Action::Unlock { user } => {
                operator.unlock_user(&key(user)).await?;
                output::done(
                    json,
                    &serde_json::json!({"user_id": user, "unlocked": true}),
                )?;
                return Ok(ExitCode::SUCCESS);
            }
            Action::Clear { user, why } => {
                operator.clear_user(&key(user), why).await?;
                output::done(json, &serde_json::json!({"user_id": user, "cleared": true}))?;
                return Ok(ExitCode::SUCCESS);
            }
            Action::Disable { user } => (user, UserStatus::Disabled),
            Action::Enable { user } => (user, UserStatus::Active),
            Action::Delete { user } => (user, UserStatus::Deleted),
        };
        operator.set_user_status(&key(user), status).await?;
        output::done(
            json,
            &serde_json::json!({"user_id": user, "status": status}),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
