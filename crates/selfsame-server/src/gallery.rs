//! Who else has this face: one 1:N search for each partner and environment, kept as the store is.
//!
//! The gallery follows the order in which the store's users change, whoever changed them: this server, a command on the same
//! data directory, another node. It reads what is new before each search, so that a search sees all that was committed
//! before it began; in between it follows every second, so that a search has little to read. Nothing has to tell it of a
//! change, and a restart is following from the beginning. What is committed after a search, wherever, the store finds when the
//! enrolment is committed that the search was for (docs/decisions/0099-gallery-across-nodes.md).
//!
//! The templates are in this process's memory, or, where the operator chose that, in the clear in the database ([`database`]).

mod database;
mod engine;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use selfsame_face::embed::Embedder;
use selfsame_face::template::{ComparisonScore, Template, TemplateModel};
use selfsame_job::replay::Duplicate;
use selfsame_job::served::Served;
use selfsame_job::user::{CAPTURES, Reference, User, UserKey, UserStatus};
use selfsame_search::{ExactSearch, Hit, Search, SearchError};
use selfsame_store::error::StoreError;
use selfsame_store::store::{Store, UserChange};
use selfsame_wire::id::{Environment, PartnerId, UserId};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

pub use self::engine::GalleryEngine;
use crate::app::App;

/// Duplicates that are reported at most.
const MOST: usize = 10;
/// Users read from the store at a time.
const PAGE: u32 = 1000;
/// How often it follows while nothing is searched.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// One of a user's templates: the user and its place among the user's own.
type Key = (UserId, usize);
type Templates = Box<dyn Search<Key>>;

/// One partner's users in one environment.
#[derive(Clone)]
struct Partition {
    /// By model, in the gallery's order of models.
    templates: Arc<RwLock<Vec<Templates>>>,
    /// Held by the enrolment that is being decided.
    turn: Arc<Mutex<()>>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// Other users with the face, best first.
    pub duplicates: Vec<Duplicate>,
    /// The place in the order of changes up to which users were seen: who changes later was not looked at.
    pub as_of: u64,
}

/// A new face, as one model sees it.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'t> {
    /// Its template.
    pub template: &'t Template,
    /// What another user must score at least.
    pub at_least: ComparisonScore,
    /// From which score on such a user counts, where that is not for the policy to say.
    pub threshold: Option<f32>,
}

impl<'t> Probe<'t> {
    /// One that the policy's threshold judges.
    #[must_use]
    pub const fn new(template: &'t Template, at_least: ComparisonScore) -> Self {
        Self {
            template,
            at_least,
            threshold: None,
        }
    }
}

/// How far a gallery was behind the store.
#[derive(Debug, Clone, Copy)]
pub struct Lag {
    /// Changes that it found waiting when it followed last.
    pub changes: u64,
    /// When it was last at the end of all changes; absent before the first time.
    pub at_end: Option<Instant>,
}

/// The right to decide an enrolment; let go of once it is committed. It spares work: that no two enrolments of one face pass is
/// seen to where they are committed, for other processes take no turns.
#[derive(Debug)]
pub struct Turn {
    _held: OwnedMutexGuard<()>,
}

/// All templates on file of the models that are served.
pub struct Gallery {
    store: Arc<dyn Store>,
    engine: GalleryEngine,
    /// Templates of other models do not compare.
    models: Vec<TemplateModel>,
    /// Bring templates from before a model was calibrated to what it makes now.
    embedders: Vec<Embedder>,
    threads: NonZeroUsize,
    /// Makes the search of a new partition.
    search: fn(NonZeroUsize) -> Result<Templates, SearchError>,
    partitions: RwLock<HashMap<(PartnerId, Environment), Partition>>,
    /// How far the order of changes was followed.
    followed: Mutex<u64>,
    lag: RwLock<Lag>,
    /// Users read from the store at a time.
    page: u32,
}

fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt("gallery", error.to_string())
}

impl std::fmt::Debug for Gallery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gallery")
            .field("templates", &self.size().0)
            .finish_non_exhaustive()
    }
}

impl Gallery {
    /// An empty gallery; [`Gallery::follow`] fills it. A large partition is searched by up to `threads` threads at once.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, served: &Served, threads: NonZeroUsize) -> Self {
        Self {
            store,
            engine: GalleryEngine::Memory,
            models: served.models().cloned().collect(),
            embedders: Vec::new(),
            threads,
            search: |threads| Ok(Box::new(ExactSearch::new(threads))),
            partitions: RwLock::default(),
            followed: Mutex::new(0),
            lag: RwLock::new(Lag {
                changes: 0,
                at_end: None,
            }),
            page: PAGE,
        }
    }

    /// The same, taking up templates from before an embedder was calibrated as that embedder makes them now.
    #[must_use]
    pub fn calibrated_by(mut self, embedders: Vec<Embedder>) -> Self {
        self.embedders = embedders;
        self
    }

    /// The same, searched where an operator chose.
    #[must_use]
    pub fn searched_by(mut self, engine: GalleryEngine) -> Self {
        self.engine = engine;
        self
    }

    /// The same, searched by a graph index: for partitions of many millions. It may miss a duplicate.
    #[cfg(feature = "index")]
    #[must_use]
    pub fn with_index(mut self) -> Self {
        self.search = |_| Ok(Box::new(selfsame_search::IndexedSearch::new()));
        self
    }

    fn partition(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<Partition, StoreError> {
        let name = (partner.clone(), environment);
        // A panic elsewhere leaves whole partitions: each change is one call.
        let partitions = self
            .partitions
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(partition) = partitions.get(&name) {
            return Ok(partition.clone());
        }
        drop(partitions);
        let new = Partition {
            templates: Arc::new(RwLock::new(
                self.models
                    .iter()
                    .map(|_| (self.search)(self.threads).map_err(broken))
                    .collect::<Result<_, _>>()?,
            )),
            turn: Arc::default(),
        };
        let mut partitions = self
            .partitions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(partitions.entry(name).or_insert(new).clone())
    }

    /// Takes up every change since the last time; the first time, every user. Gives the place reached in the order of changes.
    ///
    /// # Errors
    /// When the store fails; what was taken up stays.
    pub async fn follow(&self) -> Result<u64, StoreError> {
        let mut followed = self.followed.lock().await;
        if let GalleryEngine::Database(faces) = &self.engine {
            return self.follow_into(faces).await;
        }
        let mut taken = 0;
        loop {
            // All that is committed by now is in this page, or in one before or after it.
            let asked = Instant::now();
            let changes = self.store.users_changed(*followed, self.page).await?;
            for change in &changes {
                self.take(&change.user)?;
                *followed = change.sequence;
            }
            taken += changes.len() as u64;
            if changes.len() < self.page as usize {
                self.at_end(taken, asked);
                return Ok(*followed);
            }
        }
    }

    /// Notes that there were so many changes, and at this moment no more.
    fn at_end(&self, changes: u64, asked: Instant) {
        let lag = Lag {
            changes,
            at_end: Some(asked),
        };
        *self.lag.write().unwrap_or_else(PoisonError::into_inner) = lag;
    }

    /// How far it was behind when it followed last, and when that was.
    #[must_use]
    pub fn lag(&self) -> Lag {
        *self.lag.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts what it holds, and how far it is behind, where `/metrics` shows them.
    pub(crate) fn publish(&self) {
        // What the database holds, its own statistics tell.
        if matches!(self.engine, GalleryEngine::Memory) {
            let (templates, bytes) = self.size();
            metrics::gauge!("selfsame_gallery_templates").set(templates as f64);
            metrics::gauge!("selfsame_gallery_bytes").set(bytes as f64);
        }
        let lag = self.lag();
        metrics::gauge!("selfsame_gallery_lag_changes").set(lag.changes as f64);
        if let Some(at_end) = lag.at_end {
            metrics::gauge!("selfsame_gallery_lag_seconds").set(at_end.elapsed().as_secs_f64());
        }
    }

    fn take(&self, user: &User) -> Result<(), StoreError> {
        let partition = self.partition(&user.key.partner, user.key.environment)?;
        let mut templates = partition
            .templates
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for (model, templates) in self.models.iter().zip(templates.iter_mut()) {
            let comparable = self.comparable(user, model);
            for (at, template) in comparable.iter().enumerate() {
                templates
                    .put((user.key.user.clone(), at), template)
                    .map_err(broken)?;
            }
            // Those that it had before and has no more; there are no gaps between a user's places.
            let mut at = comparable.len();
            while templates.remove(&(user.key.user.clone(), at)) {
                at += 1;
            }
        }
        Ok(())
    }

    /// A user's templates by a model, where they count: a disabled user's do, an erased one has none.
    fn comparable(&self, user: &User, model: &TemplateModel) -> Vec<Template> {
        comparable(user, model, &self.embedders)
    }

    /// Waits until no other enrolment of the partner, in that environment, is being decided. Two enrolments of one face at the
    /// same time would else each find that it is the first.
    ///
    /// # Errors
    /// When the search cannot be made.
    pub async fn turn(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<Turn, StoreError> {
        let partition = self.partition(partner, environment)?;
        Ok(Turn {
            _held: partition.turn.lock_owned().await,
        })
    }

    /// The partner's other users whose templates score high enough against one of these, best first; ten at most.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn duplicates(
        &self,
        key: &UserKey,
        probes: &[Probe<'_>],
    ) -> Result<Found, StoreError> {
        let as_of = self.follow().await?;
        let partition = self.partition(&key.partner, key.environment)?;
        let began = Instant::now();
        let mut duplicates: Vec<Duplicate> = Vec::new();
        for probe in probes {
            let near = match &self.engine {
                GalleryEngine::Memory => self.nearest(&partition, probe).await?,
                GalleryEngine::Database(faces) => self.nearest_in(faces, key, probe).await?,
            };
            for user_id in near {
                let known = duplicates.iter().any(|d| d.user_id == user_id);
                if user_id == key.user || known || duplicates.len() == MOST {
                    continue;
                }
                let score = self.score(key, &user_id, probe).await?;
                duplicates.extend(score.map(|score| Duplicate {
                    user_id,
                    score,
                    threshold: probe.threshold,
                }));
            }
        }
        metrics::histogram!("selfsame_gallery_search_seconds", "engine" => self.engine.name())
            .record(began.elapsed());
        Ok(Found { duplicates, as_of })
    }

    /// What another user of the same partner scores, where that is high enough, as the store has it now: the user may just have been
    /// erased.
    async fn score(
        &self,
        key: &UserKey,
        other: &UserId,
        probe: &Probe<'_>,
    ) -> Result<Option<ComparisonScore>, StoreError> {
        let other = UserKey {
            user: other.clone(),
            ..key.clone()
        };
        let user = self.store.user(&other).await?;
        Ok(user.and_then(|user| highest(probe, &self.comparable(&user, probe.template.model()))))
    }

    /// Users whose templates are the nearest to a probe, best first.
    async fn nearest(
        &self,
        partition: &Partition,
        probe: &Probe<'_>,
    ) -> Result<Vec<UserId>, StoreError> {
        let mut models = self.models.iter();
        let Some(model) = models.position(|model| model == probe.template.model()) else {
            return Ok(Vec::new());
        };
        let (templates, template) = (Arc::clone(&partition.templates), probe.template.clone());
        let at_least = probe.at_least;
        // The user itself may be among the best, and each with all its templates.
        let most = (MOST + 1) * CAPTURES;
        let hits = tokio::task::spawn_blocking(move || {
            templates
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(model)
                .map(|search| search.nearest(&template, most, at_least))
        })
        .await
        .map_err(broken)?;
        let mut users: Vec<UserId> = Vec::new();
        for Hit { key: (user, _), .. } in hits.unwrap_or_default() {
            if !users.contains(&user) {
                users.push(user);
            }
        }
        Ok(users)
    }

    /// Templates held, and the bytes that they take.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let partitions = self
            .partitions
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        partitions
            .values()
            .fold((0, 0), |(count, bytes), partition| {
                let templates = partition
                    .templates
                    .read()
                    .unwrap_or_else(PoisonError::into_inner);
                templates.iter().fold((count, bytes), |(count, bytes), t| {
                    (count + t.len(), bytes + t.memory())
                })
            })
    }
}

/// Follows until told to stop.
pub(crate) async fn keep_up(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(FOLLOW_EVERY) => {}
            _ = stop.changed() => return,
        }
        if let Err(error) = app.gallery.follow().await {
            tracing::warn!(%error, "the gallery cannot follow the store; enrolments wait until it can");
        }
    }
}

fn comparable(user: &User, model: &TemplateModel, embedders: &[Embedder]) -> Vec<Template> {
    if user.status == UserStatus::Deleted {
        return Vec::new();
    }
    let calibrated = |template: &Template| embedders.iter().find_map(|e| e.calibrate(template));
    user.references()
        .map(|r| calibrated(&r.template).unwrap_or_else(|| r.template.clone()))
        .filter(|template| template.model() == model)
        .collect()
}

/// The highest score of a probe against a user's templates, where it is high enough.
fn highest(probe: &Probe<'_>, templates: &[Template]) -> Option<ComparisonScore> {
    templates
        .iter()
        .filter_map(|template| probe.template.compare(template))
        .max_by(|a, b| a.value().total_cmp(&b.value()))
        .filter(|score| *score >= probe.at_least)
}

/// The same search without a gallery: through the store, user by user. For a command that asks once; it reads every user.
///
/// # Errors
/// When the store fails.
pub async fn look_through(
    store: &dyn Store,
    key: &UserKey,
    reference: &Reference,
    at_least: ComparisonScore,
) -> Result<Found, StoreError> {
    let mut found = HashMap::new();
    let mut as_of = 0;
    // What was enrolled before the built-in model was calibrated is brought to it.
    let built_in = [Embedder::built_in()];
    loop {
        let changes = store.users_changed(as_of, PAGE).await?;
        for UserChange { sequence, user } in &changes {
            as_of = *sequence;
            let other = &user.key;
            if (&other.partner, other.environment) != (&key.partner, key.environment)
                || other.user == key.user
            {
                continue;
            }
            // Who changed while the pages were read comes once more: the later word counts.
            let templates = comparable(user, reference.template.model(), &built_in);
            match highest(&Probe::new(&reference.template, at_least), &templates) {
                Some(score) => drop(found.insert(other.user.clone(), score)),
                None => drop(found.remove(&other.user)),
            }
        }
        if changes.len() < PAGE as usize {
            break;
        }
    }
    let mut duplicates: Vec<_> = found
        .into_iter()
        .map(|(user_id, score)| Duplicate {
            user_id,
            score,
            threshold: None,
        })
        .collect();
    duplicates.sort_by(|a, b| b.score.value().total_cmp(&a.score.value()));
    duplicates.truncate(MOST);
    Ok(Found { duplicates, as_of })
}

#[cfg(test)]
mod tests;
