//! Search in the database, by pgvector: which rows there are is followed as memory follows, and what is found there in eleven bits is
//! compared in full before it counts. So it finds what memory finds.

use std::time::Instant;

use selfsame_face::template::ComparisonScore;
use selfsame_job::user::UserKey;
use selfsame_store::error::StoreError;
use selfsame_store::postgres::faces::{FaceChange, Faces, Near};
use selfsame_wire::id::UserId;

use super::{Gallery, MOST, Probe};

/// Users that are compared in full at first.
const AT_FIRST: usize = 2 * MOST;

/// Past so many, the first that count are enough: where one face is on file under hundreds of names, each would be read to rank them.
const ENOUGH: usize = 32 * AT_FIRST;

impl Gallery {
    /// Takes up every change into the database, whichever node comes first. Gives the place reached in the order of changes.
    pub(super) async fn follow_into(&self, faces: &Faces) -> Result<u64, StoreError> {
        let (mut reached, mut taken) = (None::<u64>, 0);
        let mut asked = Instant::now();
        for model in &self.models {
            loop {
                asked = Instant::now();
                let after = faces.followed(model).await?;
                let changes = self.store.users_changed(after, self.page).await?;
                let Some(last) = changes.last().map(|change| change.sequence) else {
                    reached = Some(reached.map_or(after, |least| least.min(after)));
                    break;
                };
                let changes: Vec<FaceChange<'_>> = changes
                    .iter()
                    .map(|change| FaceChange {
                        user: &change.user.key,
                        sequence: change.sequence,
                        templates: self.comparable(&change.user, model),
                    })
                    .collect();
                // Where another node was quicker, the next look tells what is left.
                if faces.take(model, after, &changes, last).await? {
                    taken += changes.len() as u64;
                }
            }
        }
        self.at_end(taken, asked);
        Ok(reached.unwrap_or(0))
    }

    /// Users whose templates are the nearest to a probe, best first: as many as count, and proven to be those, unless more than
    /// [`ENOUGH`] score within the tolerance of one another.
    pub(super) async fn nearest_in(
        &self,
        faces: &Faces,
        key: &UserKey,
        probe: &Probe<'_>,
    ) -> Result<Vec<UserId>, StoreError> {
        let tolerance = Faces::tolerance(probe.template.values().len());
        // Less what may be wrong with what is in the database.
        let at_least = ComparisonScore::new(probe.at_least.value() - tolerance);
        let mut most = AT_FIRST;
        loop {
            let near = faces.nearest(key, probe.template, at_least, most).await?;
            let mut scored = Vec::with_capacity(near.len());
            for Near { user, .. } in &near {
                if let Some(score) = self.score(key, user, probe).await? {
                    scored.push((user.clone(), score));
                }
            }
            scored.sort_by(|(_, a), (_, b)| b.value().total_cmp(&a.value()));
            // Whoever was not told scores no more than the last one who was, and what may be wrong with that.
            let left = near.last().map_or(f32::MIN, |last| last.score + tolerance);
            let counted = scored.get(MOST - 1).map(|(_, score)| score.value());
            if near.len() < most || counted.is_some_and(|score| score > left || most >= ENOUGH) {
                return Ok(scored.into_iter().map(|(user, _)| user).collect());
            }
            most = most.saturating_mul(2);
        }
    }
}
