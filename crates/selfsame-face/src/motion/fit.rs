//! Finds the strengths of the displacements between two views, and what they say.

use super::View;
use super::displacement::{
    ALL, COARSE_SPOTS, FINE_SPOTS, Lens, NOSE, OTHERS, SHEET, SMILE, Spot, UNIT,
};
use super::patch::Patch;

/// Most steps at each level.
const STEPS: usize = 10;
/// In distances between the eyes: a step this short is the last.
const SHORTEST_STEP: f64 = 3e-4;
/// Where a pixel disagrees by this many times the usual, it counts half as much.
const DOUBT: f32 = 2.5;
/// How much the chin and the brows count: a tilted or blurred sheet resembles their movement far more than the nose's or the
/// mouth's (docs/decisions/0007-motion.md).
const DISCOUNT: f64 = 0.5;
/// What is added to the usual disagreement, so that equal pictures have one.
const LEAST_DISAGREEMENT: f32 = 0.02;

/// What lies between two views. Lengths in distances between the eyes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    /// How far the nose's tip moves against the face around it.
    pub(crate) nose: f32,
    /// How far the mouth moves, and half of how far the chin and the brows do.
    pub(crate) expression: f32,
    /// How far the corners of the mouth move out and up; negative where they move back.
    pub(crate) smile: f32,
    /// How far the face as a whole moves in the picture. Pictures of different sizes are brought to one width.
    pub(crate) movement: f32,
}

impl Change {
    /// From one view to another. `None` when they do not agree however they are moved: they do not show one face.
    pub(crate) fn between(from: &View, to: &View) -> Option<Self> {
        let coarse = strengths(&COARSE_SPOTS, &from.coarse, &to.coarse, [0.0; SHEET])?;
        let mut first = [0.0; ALL];
        first[..SHEET].copy_from_slice(&coarse);
        let found = strengths(&FINE_SPOTS, &from.fine, &to.fine, first)?;
        let others = OTHERS.map(|n| DISCOUNT * found[n]);
        Some(Self {
            nose: found[NOSE[0]].hypot(found[NOSE[1]]) as f32,
            expression: found[SMILE].hypot(others[0]).hypot(others[1]) as f32,
            smile: found[SMILE] as f32,
            movement: movement(from, to, &found),
        })
    }
}

/// What is added to the structure of two pictures, so that those without any agree.
const LEAST_STRUCTURE: f32 = 0.2;

/// What part of two pictures' structure differs, pixel by pixel: 0 for equal ones, about 1 for unrelated ones, 2 at most;
/// pictures without structure agree. And how many pixels there were.
pub(super) fn part_differing(pixels: impl Iterator<Item = (f32, f32)>) -> (f32, usize) {
    let (mut all, mut differing, mut count) = (0.0f32, 0.0f32, 0usize);
    for (a, b) in pixels {
        all += a * a + b * b;
        differing += (a - b).powi(2);
        count += 1;
    }
    let least = LEAST_STRUCTURE * count.max(1) as f32;
    (differing / (all + least), count)
}

/// The same of two patches once one is carried onto the other.
pub(super) fn unexplained<const N: usize>(
    spots: &[Spot<N>],
    from: &Patch,
    to: &Patch,
    strengths: &[f64; N],
) -> f32 {
    let lens = Lens::of(strengths);
    let pixels = spots.iter().map(|spot| {
        let [dx, dy] = spot.displacement(strengths, &lens);
        (from.at(spot.index), to.between(spot.x + dx, spot.y + dy))
    });
    part_differing(pixels).0
}

/// How one patch is carried onto another, and what part of their structure differs then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carried<const N: usize> {
    pub(super) strengths: [f64; N],
    pub(super) unexplained: f32,
}

impl<const N: usize> Carried<N> {
    /// As well as can be; as they lie where no movement makes them more alike.
    pub(super) fn best(spots: &[Spot<N>], from: &Patch, to: &Patch) -> Self {
        let with = |strengths| Self {
            strengths,
            unexplained: unexplained(spots, from, to, &strengths),
        };
        let plain = with([0.0; N]);
        strengths(spots, from, to, [0.0; N])
            .map(with)
            .filter(|found| found.unexplained < plain.unexplained)
            .unwrap_or(plain)
    }
}

/// How one face is carried onto another as a sheet would be.
pub(super) fn as_a_sheet(from: &View, to: &View) -> Carried<SHEET> {
    Carried::best(&COARSE_SPOTS, &from.coarse, &to.coarse)
}

/// Root mean square over the face.
fn movement(from: &View, to: &View, strengths: &[f64; ALL]) -> f32 {
    let mut sum = 0.0;
    let scale = from.picture.0 as f32 / to.picture.0.max(1) as f32;
    let resized = |at: f32| (at + 0.5) * scale - 0.5;
    let lens = Lens::of(strengths);
    for spot in FINE_SPOTS.iter() {
        let [dx, dy] = spot.displacement(strengths, &lens);
        let (ax, ay) = from.back.apply(spot.x, spot.y);
        let (bx, by) = to.back.apply(spot.x + dx, spot.y + dy);
        sum += (resized(bx) - ax).powi(2) + (resized(by) - ay).powi(2);
    }
    let unit = UNIT * from.back.a.hypot(from.back.b);
    (sum / FINE_SPOTS.len() as f32).sqrt() / unit
}

/// Gauss and Newton's steps on the difference between the pictures, with less weight where it is unusually large: there
/// something covers the face, or shines.
pub(super) fn strengths<const N: usize>(
    spots: &[Spot<N>],
    from: &Patch,
    to: &Patch,
    mut found: [f64; N],
) -> Option<[f64; N]> {
    // How each displacement of unit strength changes each pixel.
    let effects: Vec<[f32; N]> = spots
        .iter()
        .map(|spot| {
            let [across, down] = from.slopes(spot.index);
            std::array::from_fn(|n| across * spot.across[n] + down * spot.down[n])
        })
        .collect();
    for _ in 0..STEPS {
        let lens = Lens::of(&found);
        let differences: Vec<f32> = spots
            .iter()
            .map(|spot| {
                let [dx, dy] = spot.displacement(&found, &lens);
                to.between(spot.x + dx, spot.y + dy) - from.at(spot.index)
            })
            .collect();
        let usual = 1.4826 * median(&differences) + LEAST_DISAGREEMENT;
        let mut normal = [[0.0f32; N]; N];
        let mut right = [0.0f32; N];
        for (effect, difference) in effects.iter().zip(&differences) {
            let weight = 1.0 / (1.0 + (difference / (DOUBT * usual)).powi(2));
            for row in 0..N {
                let weighted = weight * effect[row];
                right[row] -= weighted * difference;
                for (sum, value) in normal[row].iter_mut().zip(effect) {
                    *sum += weighted * value;
                }
            }
        }
        let step = solve(&normal, &right)?;
        for (strength, change) in found.iter_mut().zip(&step) {
            *strength += change;
        }
        // A face that is moved by more than its own size is another picture.
        if found.iter().any(|s| s.abs() > 1.0) {
            return None;
        }
        if step.iter().all(|s| s.abs() < SHORTEST_STEP) {
            break;
        }
    }
    Some(found)
}

/// Of the sizes.
fn median(values: &[f32]) -> f32 {
    let mut sizes: Vec<f32> = values.iter().map(|v| v.abs()).collect();
    let middle = sizes.len() / 2;
    if sizes.is_empty() {
        return 0.0;
    }
    *sizes.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Solves symmetric equations by Cholesky's method. What the picture says nothing of stays near 0. `None` for a picture
/// without structure.
fn solve<const N: usize>(normal: &[[f32; N]; N], right: &[f32; N]) -> Option<[f64; N]> {
    let trace: f64 = (0..N).map(|n| f64::from(normal[n][n])).sum();
    let ridge = 1e-6 * trace / N as f64;
    if !ridge.is_finite() || ridge <= 0.0 {
        return None;
    }
    let mut lower = [[0.0f64; N]; N];
    for row in 0..N {
        for column in 0..=row {
            let known: f64 = (0..column).map(|k| lower[row][k] * lower[column][k]).sum();
            let rest = f64::from(normal[row][column]) - known;
            lower[row][column] = if row == column {
                (rest + ridge).max(ridge).sqrt()
            } else {
                rest / lower[column][column]
            };
        }
    }
    let mut found = [0.0f64; N];
    for row in 0..N {
        let known: f64 = (0..row).map(|k| lower[row][k] * found[k]).sum();
        found[row] = (f64::from(right[row]) - known) / lower[row][row];
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|k| lower[k][row] * found[k]).sum();
        found[row] = (found[row] - known) / lower[row][row];
    }
    found.iter().all(|v| v.is_finite()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_solved() {
        let normal = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]];
        let truth = [0.3f64, -0.7, 1.1];
        let right = std::array::from_fn(|r| {
            let row: [f32; 3] = normal[r];
            row.iter().zip(truth).map(|(a, t)| a * t as f32).sum()
        });
        let found = solve(&normal, &right).unwrap();
        for (f, t) in found.iter().zip(truth) {
            assert!((f - t).abs() < 1e-4, "{found:?}");
        }
        assert_eq!(solve(&[[0.0; 2]; 2], &[0.0; 2]), None);
    }
}
