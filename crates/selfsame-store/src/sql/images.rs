//! Images that were accepted, and finding them again.
//!
//! The very file is found by an index over all that were ever accepted. Nearly the same picture is looked for among the
//! latest [`RECENT`] of the partner's images, in memory (decision 0013).

use std::collections::{BTreeSet, HashMap, VecDeque};

use async_trait::async_trait;
use hmac::{Hmac, KeyInit as _, Mac as _};
use selfsame_job::job::Job;
use selfsame_job::replay::{ImageFingerprint, Recurrence};
use selfsame_job::user::UserKey;
use selfsame_wire::id::{Environment, PartnerId, SmileJobId};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use tokio::sync::Mutex;

use super::SqlStore;
use super::dialect::{self, DbConnection, DbRow};
use super::record::{id, micros};
use super::unreadable::readable;
use crate::error::StoreError;
use crate::store::Images;

/// How many of a partner's images, in one environment, are searched for a near one.
const RECENT: usize = 200_000;
/// How many near ones are looked up before the search gives up: those of the job itself and those that were erased do not count.
const LOOK_UPS: usize = 32;
/// No transaction lasts so long, in microseconds: of the rows that were recorded earlier all that will ever be visible are.
const SETTLED_AFTER: i64 = 60_000_000;

type Owner = (PartnerId, Environment);

/// An image in memory: its row, its perceptual hash, and enough of the attempt's name to leave its own images out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remembered {
    row: i64,
    job: u64,
    hash: [u64; 4],
}

/// The latest images of each partner; read from the database when a partner is first asked for.
#[derive(Debug, Default)]
pub(super) struct RecentImages(Mutex<HashMap<Owner, Known>>);

/// A partner's latest images, as far as they were followed.
#[derive(Debug, Default)]
struct Known {
    images: VecDeque<Remembered>,
    /// Up to this row no further one will turn up.
    settled: i64,
    /// Rows behind it that are known already.
    seen: BTreeSet<i64>,
}

impl Known {
    fn add(&mut self, images: impl IntoIterator<Item = Remembered>) {
        self.images.extend(images);
        while self.images.len() > RECENT {
            self.images.pop_front();
        }
    }
}

impl RecentImages {
    /// Adds what was committed, where the partner's images are in memory.
    pub(super) async fn add(&self, user: &UserKey, images: Vec<Remembered>) {
        // Where there are other nodes, whoever searches reads what all of them added.
        if images.is_empty() || dialect::IS_SHARED {
            return;
        }
        let mut all = self.0.lock().await;
        if let Some(known) = all.get_mut(&(user.partner.clone(), user.environment)) {
            known.add(images);
        }
    }
}

fn words(hash: &[u8; 32]) -> [u64; 4] {
    std::array::from_fn(|at| {
        hash[at * 8..]
            .first_chunk::<8>()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    })
}

/// The distance, where it is at most `max`. Most pictures are told apart by their first word.
fn distance_within(a: &[u64; 4], b: &[u64; 4], max: u32) -> Option<u32> {
    let mut distance = 0;
    for (a, b) in a.iter().zip(b) {
        distance += (a ^ b).count_ones();
        if distance > max {
            return None;
        }
    }
    Some(distance)
}

fn job_word(job: &SmileJobId) -> u64 {
    Sha256::digest(job.as_str().as_bytes())
        .first_chunk::<8>()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Every image within the distance of one of the hashes, nearest first.
fn near(known: &VecDeque<Remembered>, hashes: &[[u64; 4]], job: u64, max: u32) -> Vec<(u32, i64)> {
    let nearest = |r: &Remembered| {
        let distances = hashes
            .iter()
            .filter_map(|h| distance_within(&r.hash, h, max));
        Some((distances.min()?, r.row))
    };
    let others = known.iter().filter(|r| r.job != job);
    let mut found: Vec<(u32, i64)> = others.filter_map(nearest).collect();
    found.sort_unstable();
    found.truncate(LOOK_UPS);
    found
}

/// What is looked for: the picture, and the picture mirrored.
fn hashes(image: &ImageFingerprint) -> Vec<[u64; 4]> {
    let both = [&image.perceptual, &image.mirrored];
    both.into_iter().flatten().map(words).collect()
}

/// What a perceptual hash is encrypted for.
pub(super) fn hash_place(job: &SmileJobId, image: i64) -> String {
    format!("accepted_images/perceptual/{job}/{image}")
}

#[async_trait]
impl Images for SqlStore {
    async fn replayed(&self, job: &SmileJobId) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (
                 SELECT 1 FROM accepted_images mine JOIN accepted_images other
                     ON other.partner = mine.partner AND other.environment = mine.environment
                     AND other.exact = mine.exact AND other.smile_job_id <> mine.smile_job_id
                 WHERE mine.smile_job_id = $1 AND (other.id < mine.id OR EXISTS (
                     SELECT 1 FROM results WHERE results.smile_job_id = other.smile_job_id AND results.success AND results.of_step = 0)))",
        )
        .bind(job.as_str())
        .fetch_one(&self.read)
        .await?)
    }

    async fn recurrences(
        &self,
        job: &Job,
        images: &[ImageFingerprint],
        max_distance: u32,
    ) -> Result<Vec<Recurrence>, StoreError> {
        let mut found = Vec::new();
        let mut connection = self.read.acquire().await?;
        for image in images {
            if let Some(smile_job_id) = self.find_file(&mut connection, job, image).await? {
                found.push(Recurrence {
                    image: image.image,
                    exact: true,
                    distance: 0,
                    smile_job_id,
                });
            } else if let Some((distance, smile_job_id)) = self
                .find_near(&mut connection, job, &hashes(image), max_distance)
                .await?
            {
                found.push(Recurrence {
                    image: image.image,
                    exact: false,
                    distance,
                    smile_job_id,
                });
            }
        }
        Ok(found)
    }
}

impl SqlStore {
    /// What stands for a file in the index: a code by a key, so that the database does not tell which files were sent.
    pub(super) fn file_code(&self, exact: &[u8; 32]) -> Vec<u8> {
        self.code(b"", exact)
    }

    /// What stands for a digest on record: a code by a key. Each purpose has codes of its own.
    pub(super) fn code(&self, purpose: &[u8], digest: &[u8; 32]) -> Vec<u8> {
        let mut mac = match Hmac::<Sha256>::new_from_slice(self.image_key.as_slice()) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        };
        mac.update(purpose);
        mac.update(digest);
        mac.finalize().into_bytes().to_vec()
    }

    /// Whether another attempt had one of these very files accepted.
    pub(super) async fn was_accepted(
        &self,
        tx: &mut DbConnection,
        job: &Job,
        images: &[ImageFingerprint],
    ) -> Result<bool, StoreError> {
        for image in images {
            if self.find_file(tx, job, image).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn find_file(
        &self,
        connection: &mut DbConnection,
        job: &Job,
        image: &ImageFingerprint,
    ) -> Result<Option<SmileJobId>, StoreError> {
        let found: Option<String> = sqlx::query_scalar(
            "SELECT smile_job_id FROM accepted_images
             WHERE partner = $1 AND environment = $2 AND exact = $3 AND smile_job_id <> $4 LIMIT 1",
        )
        .bind(job.partner().as_str())
        .bind(job.environment().as_str())
        .bind(self.file_code(&image.exact))
        .bind(job.smile_job_id.as_str())
        .fetch_optional(connection)
        .await?;
        found
            .map(|job| id(SmileJobId::new(job), "smile job id"))
            .transpose()
    }

    /// Records the images of an accepted capture.
    pub(super) async fn remember(
        &self,
        tx: &mut DbConnection,
        job: &Job,
        images: &[ImageFingerprint],
        now: i64,
    ) -> Result<Vec<Remembered>, StoreError> {
        let mut remembered = Vec::new();
        for image in images {
            let number = i64::try_from(image.image).unwrap_or(i64::MAX);
            let sealed = match &image.perceptual {
                Some(hash) => Some(
                    self.keys
                        .seal(hash, &hash_place(&job.smile_job_id, number))?,
                ),
                None => None,
            };
            let row: i64 = sqlx::query_scalar(
                "INSERT INTO accepted_images (partner, environment, user_id, job_id, smile_job_id, image, exact, perceptual, at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
            )
            .bind(job.partner().as_str())
            .bind(job.environment().as_str())
            .bind(job.user_id().as_str())
            .bind(job.job_id.as_str())
            .bind(job.smile_job_id.as_str())
            .bind(number)
            .bind(self.file_code(&image.exact))
            .bind(sealed)
            .bind(now)
            .fetch_one(&mut *tx)
            .await?;
            if let Some(hash) = &image.perceptual {
                remembered.push(Remembered {
                    row,
                    job: job_word(&job.smile_job_id),
                    hash: words(hash),
                });
            }
        }
        Ok(remembered)
    }

    async fn find_near(
        &self,
        connection: &mut DbConnection,
        job: &Job,
        hashes: &[[u64; 4]],
        max_distance: u32,
    ) -> Result<Option<(u32, SmileJobId)>, StoreError> {
        if hashes.is_empty() {
            return Ok(None);
        }
        let owner = (job.partner().clone(), job.environment());
        let candidates = {
            let mut all = self.recent.0.lock().await;
            if !all.contains_key(&owner) {
                let known = self.load_recent(connection, &owner).await?;
                all.insert(owner.clone(), known);
            }
            match all.get_mut(&owner) {
                Some(known) => {
                    if dialect::IS_SHARED {
                        self.follow_recent(connection, &owner, known).await?;
                    }
                    let job = job_word(&job.smile_job_id);
                    near(&known.images, hashes, job, max_distance)
                }
                None => Vec::new(),
            }
        };
        for (distance, row) in candidates {
            // The row is gone when its user was deleted, perhaps by another process.
            let found: Option<String> = sqlx::query_scalar(
                "SELECT smile_job_id FROM accepted_images WHERE id = $1 AND smile_job_id <> $2",
            )
            .bind(row)
            .bind(job.smile_job_id.as_str())
            .fetch_optional(&mut *connection)
            .await?;
            if let Some(smile_job_id) = found {
                return Ok(Some((
                    distance,
                    id(SmileJobId::new(smile_job_id), "smile job id")?,
                )));
            }
        }
        Ok(None)
    }

    async fn load_recent(
        &self,
        connection: &mut DbConnection,
        owner: &Owner,
    ) -> Result<Known, StoreError> {
        let rows = sqlx::query(
            "SELECT id, smile_job_id, image, perceptual, at FROM accepted_images
             WHERE partner = $1 AND environment = $2 AND perceptual IS NOT NULL ORDER BY id DESC LIMIT $3",
        )
        .bind(owner.0.as_str())
        .bind(owner.1.as_str())
        .bind(i64::try_from(RECENT).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
        let mut known = Known::default();
        self.learn(rows.iter().rev(), &mut known).await?;
        Ok(known)
    }

    /// Adds what was recorded since, on whatever node.
    async fn follow_recent(
        &self,
        connection: &mut DbConnection,
        owner: &Owner,
        known: &mut Known,
    ) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "SELECT id, smile_job_id, image, perceptual, at FROM accepted_images
             WHERE partner = $1 AND environment = $2 AND perceptual IS NOT NULL AND id > $3 ORDER BY id",
        )
        .bind(owner.0.as_str())
        .bind(owner.1.as_str())
        .bind(known.settled)
        .fetch_all(connection)
        .await?;
        self.learn(rows.iter(), known).await
    }

    /// Adds images, oldest first, and those among them only that are not known. Rows are numbered before they are committed, so
    /// that a lower number may turn up later, though not much later.
    async fn learn<'r>(
        &self,
        rows: impl Iterator<Item = &'r DbRow> + Send,
        known: &mut Known,
    ) -> Result<(), StoreError> {
        let settled_before = micros(self.now().await?).saturating_sub(SETTLED_AFTER);
        let mut new = Vec::new();
        for row in rows {
            let number: i64 = row.try_get("id")?;
            if known.seen.insert(number) {
                new.push(row);
            }
            if row.try_get::<i64, _>("at")? < settled_before {
                known.settled = known.settled.max(number);
            }
        }
        known.seen = known.seen.split_off(&known.settled.saturating_add(1));
        known.add(self.read_hashes(new)?);
        Ok(())
    }

    fn read_hashes(&self, rows: Vec<&DbRow>) -> Result<Vec<Remembered>, StoreError> {
        readable(rows, "image hash", |row| {
            let job: String = row.try_get("smile_job_id")?;
            let job = id(SmileJobId::new(job), "smile job id")?;
            let place = hash_place(&job, row.try_get("image")?);
            let plain = self
                .keys
                .open(row.try_get("perceptual")?, &place, "image hash")?;
            let hash: [u8; 32] = plain.try_into().map_err(|_| {
                StoreError::Corrupt("image hash", "it has the wrong length".to_owned())
            })?;
            Ok(Remembered {
                row: row.try_get("id")?,
                job: job_word(&job),
                hash: words(&hash),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(row: i64, job: u64, first: u64) -> Remembered {
        Remembered {
            row,
            job,
            hash: [first, 0, 0, 0],
        }
    }

    #[test]
    fn the_nearest_comes_first_and_the_jobs_own_images_do_not_count() {
        let known = VecDeque::from([
            image(1, 7, 0b111),
            image(2, 7, 0b1),
            image(3, 8, 0),
            image(4, 7, u64::MAX),
        ]);
        assert_eq!(near(&known, &[[0; 4]], 8, 3), [(1, 2), (3, 1)]);
        assert_eq!(near(&known, &[[u64::MAX; 4], [0; 4]], 9, 0), [(0, 3)]);
    }

    /// What a search costs at its largest; run with `--no-capture` to see it.
    #[test]
    fn a_search_of_all_recent_images_finds_the_one() {
        let mut state = 1u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state ^ (state >> 29)
        };
        let known: VecDeque<Remembered> = (0..RECENT)
            .map(|row| Remembered {
                row: row as i64,
                job: 1,
                hash: std::array::from_fn(|_| random()),
            })
            .collect();
        let mut hash = known[RECENT / 2].hash;
        hash[3] ^= 0b1011;
        let mut found = Vec::new();
        let fastest = (0..9)
            .map(|_| {
                let began = std::time::Instant::now();
                found = near(&known, &[hash, [!0; 4]], 2, 10);
                began.elapsed()
            })
            .min();
        println!("{RECENT} images: {fastest:?}");
        assert_eq!(found, [(3, (RECENT / 2) as i64)]);
    }
}
