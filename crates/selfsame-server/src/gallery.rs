//! Who else has this face: one 1:N search for each partner and environment, kept as the store is.
//!
//! The gallery follows the order in which the store's users change, whoever changed them: this server, a command on the same
//! data directory, another server. It reads what is new before each search, so that a search sees all that was committed
//! before it began. Nothing has to tell it of a change, and a restart is following from the beginning.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, RwLock};

use selfsame_face::template::{ComparisonScore, Template};
use selfsame_job::replay::Duplicate;
use selfsame_job::user::{Reference, User, UserKey, UserStatus};
use selfsame_search::{ExactSearch, Hit, Search, SearchError};
use selfsame_store::error::StoreError;
use selfsame_store::store::{Store, UserChange};
use selfsame_wire::id::{Environment, PartnerId, UserId};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Duplicates that are reported at most.
const MOST: usize = 10;
/// Users read from the store at a time.
const PAGE: u32 = 1000;

type Templates = Box<dyn Search<UserId>>;

/// One partner's users in one environment.
#[derive(Clone)]
struct Partition {
    templates: Arc<RwLock<Templates>>,
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

/// The right to decide an enrolment; let go of once it is committed. It spares work: that no two enrolments of one face pass is
/// seen to where they are committed, for other processes take no turns.
#[derive(Debug)]
pub struct Turn {
    _held: OwnedMutexGuard<()>,
}

/// All templates on file that the model in use made.
pub struct Gallery {
    store: Arc<dyn Store>,
    /// Templates of another model do not compare.
    model: String,
    threads: NonZeroUsize,
    /// Makes the search of a new partition.
    search: fn(NonZeroUsize) -> Result<Templates, SearchError>,
    partitions: RwLock<HashMap<(PartnerId, Environment), Partition>>,
    /// How far the order of changes was followed.
    followed: Mutex<u64>,
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
    pub fn new(store: Arc<dyn Store>, model: String, threads: NonZeroUsize) -> Self {
        Self {
            store,
            model,
            threads,
            search: |threads| Ok(Box::new(ExactSearch::new(threads))),
            partitions: RwLock::default(),
            followed: Mutex::new(0),
            page: PAGE,
        }
    }

    /// The same, searched by a graph index: for partitions of many millions. It may miss a duplicate.
    #[cfg(feature = "index")]
    #[must_use]
    pub fn with_index(mut self) -> Self {
        self.search = |_| Ok(Box::new(selfsame_search::IndexedSearch::new()?));
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
            templates: Arc::new(RwLock::new((self.search)(self.threads).map_err(broken)?)),
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
        loop {
            let changes = self.store.users_changed(*followed, self.page).await?;
            for change in &changes {
                self.take(&change.user)?;
                *followed = change.sequence;
            }
            if changes.len() < self.page as usize {
                return Ok(*followed);
            }
        }
    }

    fn take(&self, user: &User) -> Result<(), StoreError> {
        let partition = self.partition(&user.key.partner, user.key.environment)?;
        let mut templates = partition
            .templates
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match self.comparable(user) {
            Some(template) => templates
                .put(user.key.user.clone(), template)
                .map_err(broken),
            None => {
                templates.remove(&user.key.user);
                Ok(())
            }
        }
    }

    /// A user's template, where it counts: a disabled user's does, an erased one is none.
    fn comparable<'u>(&self, user: &'u User) -> Option<&'u Template> {
        comparable(user, &self.model)
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

    /// The partner's other users whose templates score at least `at_least` against this one, best first; ten at most.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn duplicates(
        &self,
        key: &UserKey,
        template: &Template,
        at_least: ComparisonScore,
    ) -> Result<Found, StoreError> {
        let as_of = self.follow().await?;
        let partition = self.partition(&key.partner, key.environment)?;
        let probe = template.clone();
        // The user itself may be among the best.
        let hits = tokio::task::spawn_blocking(move || {
            partition
                .templates
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .nearest(&probe, MOST + 1, at_least)
        })
        .await
        .map_err(broken)?;
        let mut duplicates = Vec::new();
        for Hit { key: user_id, .. } in hits {
            if user_id == key.user || duplicates.len() == MOST {
                continue;
            }
            // A hit counts as the store has it now: the user may just have been erased.
            let user = self
                .store
                .user(&UserKey {
                    user: user_id.clone(),
                    ..key.clone()
                })
                .await?;
            let score = user
                .as_ref()
                .and_then(|u| self.comparable(u))
                .map(|t| template.compare(t));
            if let Some(score) = score.filter(|s| *s >= at_least) {
                duplicates.push(Duplicate { user_id, score });
            }
        }
        Ok(Found { duplicates, as_of })
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
                (count + templates.len(), bytes + templates.memory())
            })
    }
}

fn comparable<'u>(user: &'u User, model: &str) -> Option<&'u Template> {
    user.reference
        .as_ref()
        .filter(|r| r.model_digest == model && user.status != UserStatus::Deleted)
        .map(|r| &r.template)
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
            let score = comparable(user, &reference.model_digest)
                .map(|template| reference.template.compare(template))
                .filter(|score| *score >= at_least);
            match score {
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
        .map(|(user_id, score)| Duplicate { user_id, score })
        .collect();
    duplicates.sort_by(|a, b| b.score.value().total_cmp(&a.score.value()));
    duplicates.truncate(MOST);
    Ok(Found { duplicates, as_of })
}

#[cfg(test)]
mod tests;
