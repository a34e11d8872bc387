//! The displacements that a change between two pictures of a face is made of.
//!
//! Places are in distances between the eyes, from the middle between them, x to the right and y down; where the nose, the
//! mouth and the brows are in them was measured with MediaPipe's face mesh on the development photographs.

use std::sync::LazyLock;

/// Side of the finer patch.
pub(super) const FINE: usize = 80;
/// Side of the coarser.
pub(crate) const COARSE: usize = FINE / 2;
/// Pixels of the finer patch to a distance between the eyes.
pub(super) const UNIT: f32 = 27.0;
/// And of the coarser.
pub(crate) const COARSE_UNIT: f32 = UNIT * COARSE as f32 / FINE as f32;
/// The middle between the eyes in the finer patch.
pub(super) const ORIGIN: [f32; 2] = [39.5, 26.5];

/// The face's middle below the eyes.
pub(super) const MIDDLE: f32 = 0.45;

/// How many displacements a sheet shows: polynomials of second degree, across and down.
pub(super) const SHEET: usize = 12;
/// All of them.
pub(super) const ALL: usize = SHEET + 5;
/// The nose's across, as the face turns, and down, as it nods.
pub(super) const NOSE: [usize; 2] = [12, 13];
/// The corners of the mouth out and up.
pub(super) const SMILE: usize = 14;
/// The lower lip and the chin down, and the brows up.
pub(super) const OTHERS: [usize; 2] = [15, 16];

/// A pixel of the patch that belongs to the face, and each displacement of unit strength there, in pixels.
#[derive(Clone)]
pub(super) struct Spot<const N: usize> {
    pub(super) index: usize,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) across: [f32; N],
    pub(super) down: [f32; N],
    /// The place from the face's middle, and the pixels to a distance between the eyes.
    from_middle: [f32; 2],
    unit: f32,
}

impl<const N: usize> Spot<N> {
    /// The sum of all displacements, in pixels.
    pub(super) fn displacement(&self, strengths: &[f64; N], lens: &Lens) -> [f32; 2] {
        let (mut dx, mut dy) = lens.beyond(self.from_middle, self.unit);
        for (n, strength) in strengths.iter().enumerate() {
            let strength = *strength as f32;
            dx += strength * self.across[n];
            dy += strength * self.down[n];
        }
        [dx, dy]
    }
}

/// How a tilted sheet shrinks with its distance. The polynomials hold that to the second degree; the third follows from it.
pub(super) struct Lens([f32; 2]);

impl Lens {
    pub(super) fn of<const N: usize>(strengths: &[f64; N]) -> Self {
        // A place divided by 1 + w, w linear, is the place times 1 − w + w²: w is in the terms of second degree.
        let mean = |a: usize, b: usize| match (strengths.get(a), strengths.get(b)) {
            (Some(a), Some(b)) => -f64::midpoint(*a, *b) as f32,
            _ => 0.0,
        };
        Self([mean(3, 10), mean(4, 11)])
    }

    fn beyond(&self, [x, y]: [f32; 2], unit: f32) -> (f32, f32) {
        let w = self.0[0] * x + self.0[1] * y;
        (x * w * w * unit, y * w * w * unit)
    }
}

pub(super) static COARSE_SPOTS: LazyLock<Vec<Spot<SHEET>>> = LazyLock::new(|| spots(COARSE));
pub(super) static FINE_SPOTS: LazyLock<Vec<Spot<ALL>>> = LazyLock::new(|| spots(FINE));

/// Side of the patch that shows what is around a face.
pub(super) const WIDE: usize = 64;
/// Its pixels to a distance between the eyes.
pub(super) const WIDE_UNIT: f32 = 10.0;
/// The middle between the eyes in it.
pub(super) const WIDE_ORIGIN: [f32; 2] = [31.5, 28.5];

/// How many displacements the surroundings are allowed: a shift, a turn, and a change of size and shape.
pub(super) const AFFINE: usize = 6;

/// What is beside and above the head: shoulders and neck move with it, whatever is behind.
pub(super) static AROUND_SPOTS: LazyLock<Vec<Spot<AFFINE>>> =
    LazyLock::new(|| wide(|x, y| (x / 1.45).powi(2) + ((y - 0.1) / 2.1).powi(2) > 1.0 && y < 1.6));
/// The face and what is around it.
pub(super) static WIDE_SPOTS: LazyLock<Vec<Spot<AFFINE>>> = LazyLock::new(|| wide(|_, _| true));

fn wide(belongs: impl Fn(f32, f32) -> bool) -> Vec<Spot<AFFINE>> {
    let mut spots = Vec::new();
    for index in 0..WIDE * WIDE {
        let (column, row) = (index % WIDE, index / WIDE);
        let x = (column as f32 - WIDE_ORIGIN[0]) / WIDE_UNIT;
        let y = (row as f32 - WIDE_ORIGIN[1]) / WIDE_UNIT;
        if (column + row) % 2 == 1 || !belongs(x, y) {
            continue;
        }
        let shift = [1.0, x, y - MIDDLE].map(|value| value * WIDE_UNIT);
        let [still, turned, sized] = shift;
        spots.push(Spot {
            index,
            x: column as f32,
            y: row as f32,
            across: [still, turned, sized, 0.0, 0.0, 0.0],
            down: [0.0, 0.0, 0.0, still, turned, sized],
            from_middle: [x, y - MIDDLE],
            unit: WIDE_UNIT,
        });
    }
    spots
}

fn spots<const N: usize>(side: usize) -> Vec<Spot<N>> {
    let scale = side as f32 / FINE as f32;
    let mut spots = Vec::new();
    for index in 0..side * side {
        let (column, row) = ((index % side) as f32, (index / side) as f32);
        let place = |pixel: f32, origin: f32| (((pixel + 0.5) / scale - 0.5) - origin) / UNIT;
        let (x, y) = (place(column, ORIGIN[0]), place(row, ORIGIN[1]));
        // The face from the brows to the chin, without what is beside it.
        if x.powi(2) + ((y - 0.4) / 1.25).powi(2) >= 1.0 {
            continue;
        }
        // The patch is smooth: every other pixel says nearly all, as on a chessboard.
        if N == ALL && (index % side + index / side) % 2 == 1 {
            continue;
        }
        let all = at(x, y);
        let pixels = |axis: usize| std::array::from_fn(|n| all[n][axis] * UNIT * scale);
        spots.push(Spot {
            index,
            x: column,
            y: row,
            across: pixels(0),
            down: pixels(1),
            from_middle: [x, y - MIDDLE],
            unit: UNIT * scale,
        });
    }
    spots
}

/// Every displacement of unit strength at a place.
fn at(x: f32, y: f32) -> [[f32; 2]; ALL] {
    let bell = |distance: f32, width: f32| (-0.5 * (distance / width).powi(2)).exp();
    let centred = y - MIDDLE;
    let sheet = [1.0, x, centred, x * x, x * centred, centred * centred];
    // Rises from the bridge to the tip and ends under it.
    let along = if y <= 0.65 {
        (y + 0.2) / 0.85
    } else {
        1.0 - (y - 0.65) / 0.2
    };
    let nose = bell(x, 0.19) * along.clamp(0.0, 1.0);
    let corner = |side: f32| bell(x - 0.47 * side, 0.2) * bell(y - 1.0, 0.2);
    let (left, right) = (corner(-1.0), corner(1.0));
    let mut all = [[0.0; 2]; ALL];
    for (n, value) in sheet.into_iter().enumerate() {
        all[n] = [value, 0.0];
        all[n + 6] = [0.0, value];
    }
    all[NOSE[0]] = [nose, 0.0];
    all[NOSE[1]] = [0.0, nose];
    all[SMILE] = [0.8 * (right - left), -0.6 * (right + left)];
    all[OTHERS[0]] = [0.0, bell(x, 0.4) * bell(y - 1.35, 0.22)];
    all[OTHERS[1]] = [0.0, -bell(x.abs() - 0.5, 0.28) * bell(y + 0.35, 0.15)];
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_displacement_is_where_it_should_be() {
        let [across, down] = at(0.0, 0.65)[NOSE[0]];
        assert!((across - 1.0).abs() < 1e-6 && down == 0.0);
        assert!(at(0.5, 0.65)[NOSE[1]][1] < 0.05);
        assert_eq!(at(0.0, 0.9)[NOSE[0]][0], 0.0);
        let (left, right) = (at(-0.47, 1.0)[SMILE], at(0.47, 1.0)[SMILE]);
        assert!(left[0] < -0.75 && right[0] > 0.75 && left[1] < -0.55 && right[1] < -0.55);
        assert!(at(0.0, 1.35)[OTHERS[0]][1] > 0.99 && at(0.5, -0.35)[OTHERS[1]][1] < -0.99);
    }

    #[test]
    fn a_tilted_sheet_is_a_sum_of_displacements() {
        let (h, v) = (0.08f32, -0.05f32);
        let mut strengths = [0.0f64; ALL];
        for (at, value) in [(3, h), (10, h), (4, v), (11, v)] {
            strengths[at] = f64::from(-value);
        }
        let lens = Lens::of(&strengths);
        for spot in FINE_SPOTS.iter() {
            let [x, y] = spot.from_middle;
            let shrunk = 1.0 / (1.0 + h * x + v * y) - 1.0;
            let [dx, dy] = spot.displacement(&strengths, &lens);
            let off = (dx / UNIT - x * shrunk).hypot(dy / UNIT - y * shrunk);
            assert!(off < 0.004, "{x} {y}: {off}");
        }
    }

    #[test]
    fn the_face_fills_a_good_part_of_the_patch() {
        let part = FINE_SPOTS.len() as f32 / (FINE * FINE) as f32;
        assert!((0.17..0.3).contains(&part), "{part}");
        assert!(FINE_SPOTS.iter().all(|s| s.x > 0.0 && s.y > 0.0));
        assert!(COARSE_SPOTS.len() * 2 < FINE_SPOTS.len() + 100);
    }
}
