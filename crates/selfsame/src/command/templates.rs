//! `selfsame templates`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use futures::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use selfsame_face::analyser::{Analyser, CaptureContext, Settings};
use selfsame_face::embed::Embedder;
use selfsame_face::inference::EngineChoice;
use selfsame_face::models::ModelStore;
use selfsame_face::template::{Template, TemplateModel};
use selfsame_job::audit::{AuditAction, AuditEntry};
use selfsame_job::user::{Reference, User, UserKey, UserStatus};
use selfsame_store::sqlite::SqliteStore;
use selfsame_store::store::{Store as _, UserChange};
use selfsame_wire::id::SmileJobId;
use selfsame_wire::info::ImageRole;
use selfsame_wire::package::{Package, PackageLimits};

use super::data::{Data, actor};
use super::embedder::EmbedderChoice;
use crate::output::{self, Outcome};

/// Users read from the store at a time.
const PAGE: u32 = 500;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Show by which models users have templates; make them again when the model changed. Beside a running server too.
#[derive(clap::Args)]
pub(crate) struct TemplatesCommand {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Tell how many users have a template by each model, and how many have none.
    Status,
    /// Make a template by this embedder of every user's photo on file, beside those that there are. May be interrupted and run
    /// again: what is done stays done. Then serve with this embedder.
    Remake {
        #[command(flatten)]
        embedder: EmbedderChoice,
        /// auto, tract or openvino.
        #[arg(long, default_value = "auto")]
        engine: EngineChoice,
        /// Photos that are analysed at a time [default: one for each core].
        #[arg(long)]
        workers: Option<NonZeroUsize>,
    },
    /// Erase the other models' templates of every user who has one by this embedder. Serve with this embedder before.
    Forget {
        #[command(flatten)]
        embedder: EmbedderChoice,
    },
}

/// What making templates anew came to.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
struct Remade {
    /// Made of the photo on file.
    made: u64,
    /// Made of the template on file, which only lacked calibration.
    calibrated: u64,
    /// Had one already.
    had: u64,
    /// Enrolled, but without a photo on file: they must be enrolled again.
    without_photo: u64,
    /// The photo on file gave no template: they must be enrolled again.
    failed: u64,
}

/// What one user's template came from.
enum Made {
    Photo(Template),
    Calibration(Template),
}

/// Why there is none.
enum NotMade {
    WithoutPhoto,
    Failed(String),
}

impl TemplatesCommand {
    pub(crate) async fn run(&self, models: &ModelStore, json: bool) -> Outcome {
        let store = self.data.open().await?;
        match &self.action {
            Action::Status => status(&store, json).await,
            Action::Remake {
                embedder,
                engine,
                workers,
            } => {
                let embedders = embedder.alone()?;
                let parallel = workers.unwrap_or(Settings::default().parallel);
                let settings = Settings {
                    engine: *engine,
                    parallel,
                    ..Settings::default()
                };
                let remake = Remake {
                    analyser: Analyser::load_with(models, &settings, &embedders)?,
                    embedder: Arc::new(embedders.primary),
                    store: Arc::new(store),
                    parallel: parallel.get(),
                    json,
                };
                remake.run().await
            }
            Action::Forget { embedder } => forget(&store, &embedder.read()?, json).await,
        }
    }
}

fn has(user: &User, model: &TemplateModel) -> bool {
    // One of an earlier enrolment is not one of the photo on file.
    let photo = user.reference.as_ref().map(|r| &r.photo);
    user.references_by(model).any(|r| Some(&r.photo) == photo)
}

/// Users that are not deleted, page by page, up to what the order of changes held when it began.
async fn page(store: &SqliteStore, after: u64) -> Result<Vec<UserChange>, Failure> {
    Ok(store.users_changed(after, PAGE).await?)
}

async fn status(store: &SqliteStore, json: bool) -> Outcome {
    let (mut by_model, mut users, mut without) = (BTreeMap::<String, u64>::new(), 0u64, 0u64);
    let mut after = 0;
    loop {
        let changes = page(store, after).await?;
        let Some(last) = changes.last() else { break };
        after = last.sequence;
        for UserChange { user, .. } in &changes {
            if user.status == UserStatus::Deleted {
                continue;
            }
            users += 1;
            let mut models: Vec<&str> = user
                .references()
                .map(|r| r.template.model().as_str())
                .collect();
            models.sort_unstable();
            models.dedup();
            without += u64::from(models.is_empty());
            for model in models {
                *by_model.entry(model.to_owned()).or_default() += 1;
            }
        }
    }
    let in_force = store.in_force().await?.map(|f| f.served);
    let served = |model: &str| {
        let mut served = in_force.iter().flat_map(|s| s.models());
        served.any(|m| m.as_str() == model)
    };
    if json {
        let models: Vec<_> = by_model
            .iter()
            .map(|(model, users)| serde_json::json!({"model": model, "users": users, "served": served(model)}))
            .collect();
        output::json(&serde_json::json!({
            "users": users, "models": models, "without_template": without,
        }))?;
    } else {
        for (model, users) in &by_model {
            let served = if served(model) {
                "served at the latest start"
            } else {
                "not served"
            };
            output::line(&format!("{users:>10} users have a template by {model}  {served}"));
        }
        output::line(&format!("{without:>10} users of {users} have none"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn forget(store: &SqliteStore, embedder: &Embedder, json: bool) -> Outcome {
    let model = embedder.model();
    let (mut after, mut users) = (0, 0);
    let end = end_of_changes(store).await?;
    while after < end {
        let changes = page(store, after).await?;
        let Some(last) = changes.last() else { break };
        after = last.sequence;
        for UserChange { user, .. } in &changes {
            if has(user, model) && store.keep_only(&user.key, model).await? {
                users += 1;
            }
        }
    }
    if users > 0 {
        store.templates_forgotten(model, users, &actor()).await?;
    }
    if json {
        output::json(&serde_json::json!({"model": model, "users": users}))?;
    } else {
        output::line(&format!(
            "erased other models' templates of {users} users who have one by {} ({model})",
            embedder.identity().name
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The last place in the order of changes.
async fn end_of_changes(store: &SqliteStore) -> Result<u64, Failure> {
    let mut end = 0;
    loop {
        let changes = page(store, end).await?;
        match changes.last() {
            Some(last) => end = last.sequence,
            None => return Ok(end),
        }
    }
}

struct Remake {
    store: Arc<SqliteStore>,
    analyser: Analyser,
    embedder: Arc<Embedder>,
    parallel: usize,
    json: bool,
}

impl Remake {
    async fn run(&self) -> Outcome {
        // At the end it would be found out too late.
        self.store.check_audit_end().await?;
        let total = self.lacking().await?;
        let model = self.embedder.model();
        let record = |action, details| AuditEntry {
            actor: actor(),
            action,
            subject: "templates".to_owned(),
            details,
        };
        let identity = self.embedder.identity();
        let begun = serde_json::json!({
            "model": model, "name": identity.name, "version": identity.version, "users": total,
        });
        let begun = record(AuditAction::TemplatesRemakeBegun, begun);
        self.store.record_audit(&begun).await?;
        let bar = ProgressBar::new(total).with_style(ProgressStyle::with_template(
            "{wide_bar} {pos} of {len} users, {eta} left",
        )?);
        let remade = self.all(&bar).await?;
        bar.finish_and_clear();
        let mut details = serde_json::to_value(remade)?;
        details["model"] = serde_json::json!(model);
        let done = record(AuditAction::TemplatesRemade, details.clone());
        self.store.record_audit(&done).await?;
        if self.json {
            output::json(&details)?;
        } else {
            output::line(&format!(
                "{} templates made of photos on file, {} of templates on file; {} users had theirs",
                remade.made, remade.calibrated, remade.had
            ));
            if remade.without_photo + remade.failed > 0 {
                output::line(&format!(
                    "{} users have no photo on file, and {} users' photos gave no template: they are served only where their \
                     model is (serve --also-embedder), until they enrol again",
                    remade.without_photo, remade.failed
                ));
            }
        }
        let whole = remade.without_photo + remade.failed == 0;
        Ok(ExitCode::from(u8::from(!whole)))
    }

    /// How many enrolled users lack a template by the embedder.
    async fn lacking(&self) -> Result<u64, Failure> {
        let (mut after, mut lacking) = (0, 0);
        loop {
            let changes = page(&self.store, after).await?;
            let Some(last) = changes.last() else {
                return Ok(lacking);
            };
            after = last.sequence;
            lacking += changes.iter().filter(|c| self.lacks(&c.user)).count() as u64;
        }
    }

    fn lacks(&self, user: &User) -> bool {
        user.status != UserStatus::Deleted && !has(user, self.embedder.model())
    }

    /// Goes through all users, and then through those that changed meanwhile, until nobody is left who can be helped.
    async fn all(&self, bar: &ProgressBar) -> Result<Remade, Failure> {
        let mut remade = Remade::default();
        let mut told = std::collections::HashSet::new();
        let mut after = 0;
        loop {
            let changes = page(&self.store, after).await?;
            let Some(last) = changes.last() else {
                return Ok(remade);
            };
            after = last.sequence;
            let mut lacking = Vec::new();
            for UserChange { user, .. } in changes {
                if self.lacks(&user) {
                    lacking.push(user);
                } else if user.status != UserStatus::Deleted && told.insert(user.key.clone()) {
                    remade.had += 1;
                }
            }
            let mut made = futures::stream::iter(lacking)
                .map(|user| self.one(user))
                .buffer_unordered(self.parallel);
            while let Some((key, outcome)) = made.next().await {
                let why = match outcome? {
                    None => continue,
                    Some(Ok(())) => None,
                    Some(Err(why)) => Some(why),
                };
                // Whoever is made comes again, as one who has it.
                let new = told.insert(key.clone());
                bar.inc(u64::from(new));
                match why {
                    None => {}
                    Some(NotMade::WithoutPhoto) if new => {
                        remade.without_photo += 1;
                        self.tell(&key, "no photo on file")?;
                    }
                    Some(NotMade::Failed(why)) if new => {
                        remade.failed += 1;
                        self.tell(&key, &why)?;
                    }
                    Some(_) => {}
                }
            }
        }
    }

    fn tell(&self, key: &UserKey, why: &str) -> Result<(), Failure> {
        let user = format!("{}/{}/{}", key.partner, key.environment, key.user);
        if self.json {
            output::json(&serde_json::json!({"user": user, "not_made": why}))?;
        } else {
            output::progress(&format!("user {user}: {why}"));
        }
        Ok(())
    }
}
