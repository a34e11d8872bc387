//! Images that were accepted, to find them again.

use crate::error::StoreError;
use async_trait::async_trait;
use selfsame_job::job::Job;
use selfsame_job::replay::{ImageFingerprint, Recurrence};
use selfsame_wire::id::SmileJobId;

/// Images that were accepted before.
#[async_trait]
pub trait Images: Send + Sync {
    /// Which of a job's images were accepted before, in another attempt (another `smile_job_id`, be it at the same `job_id`) of
    /// the partner in the same environment: the
    /// very file, or a picture whose perceptual hash is at most `max_distance` bits away. At most one for each image.
    async fn recurrences(
        &self,
        job: &Job,
        images: &[ImageFingerprint],
        max_distance: u32,
    ) -> Result<Vec<Recurrence>, StoreError>;
    /// Whether a very file of an ended job was accepted in another attempt before it, or in one that has passed since.
    async fn replayed(&self, job: &SmileJobId) -> Result<bool, StoreError>;
}
