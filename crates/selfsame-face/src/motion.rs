//! What moves between the pictures of a capture, measured on the pixels themselves.
//!
//! One picture is carried onto another by a displacement that is a sum of few known ones: those that any flat or gently
//! curved sheet shows when it is moved, turned, tilted or bent (polynomials of second degree), the nose against the face
//! around it, and the commonest expressions. Their strengths come from least squares over all pixels, so that noise averages
//! out; docs/decisions/0007-motion.md compares this with landmarks.

mod displacement;
mod fit;
mod grey;
mod patch;
mod surroundings;
mod view;

pub(crate) use displacement::{COARSE, COARSE_UNIT};
use fit::Change;
pub(crate) use patch::Patch;
pub(crate) use surroundings::{Pair, Surroundings, cut};
pub(crate) use view::View;

use crate::evidence::MotionEvidence;

/// Fewer images than this say nothing that one of them could not have made up.
const FEWEST: usize = 3;

/// What a capture's views, in their order in time, say together. Each is compared with the one half the capture later.
/// `None` for fewer than three, or where they do not show one face.
pub(crate) fn between(views: &[&View]) -> Option<MotionEvidence> {
    let count = views.len();
    if count < FEWEST {
        return None;
    }
    let changes: Vec<Change> = halves(count)
        .iter()
        .filter_map(|(a, b)| Change::between(views[*a], views[*b]))
        .collect();
    // In how many of the pairs one image may be.
    let shared = if count == FEWEST || count % 2 == 1 {
        2
    } else {
        1
    };
    let agreed = |of: fn(&Change) -> f32| {
        let mut values: Vec<f32> = changes.iter().map(of).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values.get(shared).copied()
    };
    Some(MotionEvidence {
        images: count,
        deformation: agreed(|c| c.expression)?,
        parallax: agreed(|c| c.nose)?,
        movement: agreed(|c| c.movement)?,
        smile_growth: agreed(|c| c.smile),
    })
}

/// The images that lie half a capture apart.
pub(crate) fn halves(count: usize) -> Vec<(usize, usize)> {
    let apart = count / 2;
    let mut pairs: Vec<(usize, usize)> = (apart..count).map(|n| (n - apart, n)).collect();
    if count == FEWEST {
        pairs.push((0, 2));
    }
    pairs
}
