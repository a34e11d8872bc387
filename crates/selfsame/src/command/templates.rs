//! `selfsame templates`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use selfsame_face::analyser::{Analyser, CaptureContext, Settings};
use selfsame_face::deadline::Deadline;
use selfsame_face::embed::Embedder;
use selfsame_face::inference::{EngineChoice, Loading};
use selfsame_face::models::ModelStore;
use selfsame_face::template::{Template, TemplateModel};
use selfsame_job::audit::{AuditAction, AuditEntry};
use selfsame_job::user::{Reference, User, UserKey, UserStatus};
use selfsame_store::store::{Store, UserChange};
use selfsame_wire::id::SmileJobId;
use selfsame_wire::info::ImageRole;
use selfsame_wire::package::{Package, PackageLimits};

use super::data::{Data, actor};
use super::embedder::EmbedderChoice;
use crate::output::{self, Outcome};

/// Users read from the store at a time.
const PAGE: u32 = 500;
/// How long the analysis of one user's photo may take; the server's own limit is the same by default.
const LONGEST: Duration = Duration::from_secs(30);

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
        /// auto, rten or openvino.
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

/// What became of one user.
enum Made {
    /// A template of the photo on file.
    OfPhoto,
    /// A template of the one on file, calibrated.
    OfTemplate,
    /// Nothing: the user changed meanwhile.
    Changed,
    /// Nothing: there is no photo on file.
    NoPhoto,
    /// Nothing, for this reason.
    Nothing(String),
}

impl TemplatesCommand {
    pub(crate) async fn run(&self, models: &ModelStore, json: bool) -> Outcome {
        let store = self.data.open().await?;
        match &self.action {
            Action::Status => status(&*store, json).await,
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
                    loading: Loading::WhenNeeded,
                    ..Settings::default()
                };
                let remake = Remake {
                    analyser: Analyser::load_with(models, &settings, &embedders)?,
                    embedder: Arc::new(embedders.primary),
                    store,
                    parallel: parallel.get(),
                    json,
                };
                remake.run().await
            }
            Action::Forget { embedder } => forget(&*store, &embedder.read()?, json).await,
        }
    }
}

fn has(user: &User, model: &TemplateModel) -> bool {
    // One of an earlier enrolment is not one of the photo on file.
    let photo = user.reference.as_ref().map(|r| &r.photo);
    user.references_by(model).any(|r| Some(&r.photo) == photo)
}

/// The users that changed next.
async fn page(store: &dyn Store, after: u64) -> Result<Vec<UserChange>, Failure> {
    Ok(store.users_changed(after, PAGE).await?)
}

async fn status(store: &dyn Store, json: bool) -> Outcome {
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
            output::line(&format!(
                "{users:>10} users have a template by {model}  {served}"
            ));
        }
        output::line(&format!("{without:>10} users of {users} have none"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn forget(store: &dyn Store, embedder: &Embedder, json: bool) -> Outcome {
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
async fn end_of_changes(store: &dyn Store) -> Result<u64, Failure> {
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
    store: Arc<dyn Store>,
    analyser: Analyser,
    embedder: Arc<Embedder>,
    parallel: usize,
    json: bool,
}

impl Remake {
    async fn run(&self) -> Outcome {
        // At the end it would be found out too late.
        self.store.check_audit_end().await?;
        let (had, total) = self.count().await?;
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
        let remade = Remade {
            had,
            ..self.all(&bar).await?
        };
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

    /// How many enrolled users have a template by the embedder, and how many lack one.
    async fn count(&self) -> Result<(u64, u64), Failure> {
        let (mut after, mut had, mut lacking) = (0, 0, 0);
        loop {
            let changes = page(&*self.store, after).await?;
            let Some(last) = changes.last() else {
                return Ok((had, lacking));
            };
            after = last.sequence;
            for UserChange { user, .. } in &changes {
                let enrolled = u64::from(user.status != UserStatus::Deleted);
                let has = u64::from(has(user, self.embedder.model()));
                had += enrolled * has;
                lacking += enrolled * (1 - has);
            }
        }
    }

    /// Goes through all users; then through those that changed meanwhile, until nobody is left. Who was given a template is one of
    /// those, and has it then.
    async fn all(&self, bar: &ProgressBar) -> Result<Remade, Failure> {
        let mut remade = Remade::default();
        let mut after = 0;
        loop {
            let changes = page(&*self.store, after).await?;
            let Some(last) = changes.last() else {
                return Ok(remade);
            };
            after = last.sequence;
            let lacking = changes.into_iter().map(|c| c.user).filter(|user| {
                user.status != UserStatus::Deleted && !has(user, self.embedder.model())
            });
            let mut made = futures::stream::iter(lacking)
                .map(|user| self.one(user))
                .buffer_unordered(self.parallel);
            while let Some(outcome) = made.next().await {
                let (key, made) = outcome?;
                bar.inc(1);
                match made {
                    Made::OfPhoto => remade.made += 1,
                    Made::OfTemplate => remade.calibrated += 1,
                    // It comes again, as it is then.
                    Made::Changed => {}
                    Made::NoPhoto => {
                        remade.without_photo += 1;
                        self.tell(&key, "no photo on file")?;
                    }
                    Made::Nothing(why) => {
                        remade.failed += 1;
                        self.tell(&key, &why)?;
                    }
                }
            }
        }
    }

    /// Makes one user's template and puts it on record.
    async fn one(&self, user: User) -> Result<(UserKey, Made), Failure> {
        let Some(reference) = &user.reference else {
            return Ok((user.key, Made::NoPhoto));
        };
        let photo = reference.photo.clone();
        let (template, made) = match self.embedder.calibrate(&reference.template) {
            Some(template) => (template, Made::OfTemplate),
            None => match self.of_photo(&photo).await? {
                Ok(template) => (template, Made::OfPhoto),
                Err(why) => return Ok((user.key, why)),
            },
        };
        let reference = Reference { template, photo };
        let added = self.store.add_template(&user.key, &reference).await?;
        Ok((user.key, if added { made } else { Made::Changed }))
    }

    /// The template of a capture on file, as its enrolment would make it today.
    async fn of_photo(&self, photo: &SmileJobId) -> Result<Result<Template, Made>, Failure> {
        let package = match self.store.package(photo).await {
            Ok(Some(package)) => package,
            Ok(None) => return Ok(Err(Made::NoPhoto)),
            Err(error) if error.is_unreadable() => {
                return Ok(Err(Made::Nothing(error.to_string())));
            }
            Err(error) => return Err(error.into()),
        };
        let analyser = self.analyser.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let package = Package::read(&package, &PackageLimits::default())
                .map_err(|error| error.to_string())?;
            let selfie = package.image(ImageRole::Selfie).unwrap_or_default();
            let frames: Vec<&[u8]> = package.images(ImageRole::Liveness).collect();
            let context = CaptureContext {
                deadline: Deadline::after(LONGEST),
                ..CaptureContext::default()
            };
            analyser
                .analyse_capture(selfie, &frames, &context)
                .map_err(|error| error.to_string())?
                .probe()
                .cloned()
                .ok_or_else(|| "no face was found in the photo on file".to_owned())
        })
        .await;
        // A panic in a decoder or an engine is the image's doing.
        let looked = looked.unwrap_or_else(|error| Err(error.to_string()));
        Ok(looked.map_err(Made::Nothing))
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
