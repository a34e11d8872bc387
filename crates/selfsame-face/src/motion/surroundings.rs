//! What is around a face: whether it moves along with the face, as the rest of a photograph does, or stays behind.

use image::RgbImage;

use super::displacement::{
    AFFINE, AROUND_SPOTS, MIDDLE, ORIGIN, SHEET, Spot, UNIT, WIDE, WIDE_SPOTS, WIDE_UNIT,
};
use super::fit::{Carried, as_a_sheet, part_differing, unexplained};
use super::patch::Patch;
use super::view::View;
use crate::align::Similarity;

/// With fewer pixels that both pictures show, nothing is said.
const FEWEST_SPOTS: usize = 150;

/// A face with much of what is around it, in luminance.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// Placed by this picture's face.
    along: Wide,
    /// Placed where the first frame's face is in the picture: not for the selfie, which may have another size.
    still: Option<Wide>,
}

#[derive(Debug)]
struct Wide {
    patch: Patch,
    /// From the patch to the picture.
    back: Similarity,
    /// Which of its pixels are in the picture.
    inside: Vec<bool>,
}

impl Wide {
    fn cut(image: &RgbImage, back: &Similarity) -> Self {
        let (width, height) = (image.width() as f32, image.height() as f32);
        let inside = (0..WIDE * WIDE).map(|at| {
            let (x, y) = back.apply((at % WIDE) as f32, (at / WIDE) as f32);
            (0.0..width).contains(&x) && (0.0..height).contains(&y)
        });
        Self {
            inside: inside.collect(),
            back: *back,
            patch: Patch::cut(image, back, WIDE),
        }
    }

    fn mirrored(&self) -> Self {
        let lines = self.inside.chunks_exact(WIDE);
        Self {
            inside: lines.flat_map(|line| line.iter().rev().copied()).collect(),
            back: self.back,
            patch: self.patch.mirrored(),
        }
    }

    /// Those of the spots that both show.
    fn shared(&self, other: &Self, spots: &[Spot<AFFINE>]) -> Option<Vec<Spot<AFFINE>>> {
        let both = |spot: &&Spot<AFFINE>| self.inside[spot.index] && other.inside[spot.index];
        let shared: Vec<_> = spots.iter().filter(both).cloned().collect();
        (shared.len() >= FEWEST_SPOTS).then_some(shared)
    }

    /// Carried onto the other as well as can be.
    fn carried(&self, other: &Self, spots: &[Spot<AFFINE>]) -> Option<Carried<AFFINE>> {
        let shared = self.shared(other, spots)?;
        Some(Carried::best(&shared, &self.patch, &other.patch))
    }

    /// What part of the surroundings differs once this is carried onto the other just so.
    fn differing(&self, other: &Self, strengths: &[f64; AFFINE]) -> Option<f32> {
        let shared = self.shared(other, &AROUND_SPOTS)?;
        Some(unexplained(&shared, &self.patch, &other.patch, strengths))
    }
}

impl Surroundings {
    /// `still` leads from the patch to where in this picture the first frame's face would be.
    pub(crate) fn of(image: &RgbImage, view: &View, still: Option<&Similarity>) -> Self {
        Self {
            along: Wide::cut(image, &view.wide_place().0),
            still: still.map(|back| Wide::cut(image, back)),
        }
    }

    /// What part of the face and all around it differs from the other's mirror image, as they lie.
    pub(crate) fn mirrored_as_it_lies(&self, other: &Self) -> Option<f32> {
        let mirror = |index: usize| index / WIDE * WIDE + WIDE - 1 - index % WIDE;
        let shown = WIDE_SPOTS
            .iter()
            .map(|spot| (spot.index, mirror(spot.index)))
            .filter(|(here, there)| self.along.inside[*here] && other.along.inside[*there])
            .map(|(here, there)| (self.along.patch.at(here), other.along.patch.at(there)));
        let (part, count) = part_differing(shown);
        (count >= FEWEST_SPOTS).then_some(part)
    }

    /// The same, carried onto the other as well as can be.
    pub(crate) fn mirrored(&self, other: &Self) -> Option<f32> {
        let other = other.along.mirrored();
        Some(self.along.carried(&other, &WIDE_SPOTS)?.unexplained)
    }
}

/// What lies between two images: the face's change, and that of what is around it. Parts of structure as
/// [`part_differing`] tells them; lengths in distances between the eyes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    /// What part of the face differs once it is carried along as a sheet would be.
    pub(crate) face: f32,
    /// What part of the surroundings differs, once carried along with the face, or left in its place, whichever fits better.
    pub(crate) around: Option<f32>,
    /// By how much less of the surroundings differs when it is moved just as the face is than when it is left in its place: above
    /// 0 where face and surroundings move as one, below 0 where only the face moves.
    pub(crate) as_one: Option<f32>,
    /// How far the face moves in the picture.
    pub(crate) movement: f32,
    /// How far the face moves against its surroundings.
    pub(crate) apart: Option<f32>,
}

impl Pair {
    pub(crate) fn between(from: (&View, &Surroundings), to: (&View, &Surroundings)) -> Self {
        let face = as_a_sheet(from.0, to.0);
        let unit = UNIT * from.0.back.a.hypot(from.0.back.b);
        let moved = shift(from.0, to.0, &face.strengths).map(|d| d / unit);
        let along = from.1.along.carried(&to.1.along, &AROUND_SPOTS);
        let still = match (&from.1.still, &to.1.still) {
            (Some(one), Some(other)) => one
                .carried(other, &AROUND_SPOTS)
                .map(|carried| (carried, one.back)),
            _ => None,
        };
        let [a, b] = [along, still.map(|s| s.0)].map(|c| c.map(|c| c.unexplained));
        let around = a.into_iter().chain(b).reduce(f32::min);
        let as_the_face = [0, 1, 2, 6, 7, 8].map(|n: usize| face.strengths[n]);
        let with = from.1.along.differing(&to.1.along, &as_the_face);
        let behind = match (&from.1.still, &to.1.still) {
            (Some(one), Some(other)) => one.differing(other, &[0.0; AFFINE]),
            _ => None,
        };
        let apart = match (along, still) {
            (Some(along), Some((still, _))) if along.unexplained <= still.unexplained => {
                Some(difference(&face.strengths, &along.strengths))
            }
            (_, Some((still, back))) => {
                // The surroundings' own shift in the picture, against the face's.
                let (x, y) = (
                    still.strengths[0] as f32 * WIDE_UNIT,
                    still.strengths[3] as f32 * WIDE_UNIT,
                );
                let (x, y) = (back.a * x - back.b * y, back.b * x + back.a * y);
                Some((moved[0] - x / unit).hypot(moved[1] - y / unit))
            }
            (Some(along), None) => Some(difference(&face.strengths, &along.strengths)),
            (None, None) => None,
        };
        Self {
            face: face.unexplained,
            around,
            as_one: with.zip(behind).map(|(with, behind)| behind - with),
            movement: moved[0].hypot(moved[1]),
            apart,
        }
    }
}

/// [`Pair::face`] alone: what surrounds the two is not looked at.
pub(crate) fn cut(from: &View, to: &View) -> f32 {
    as_a_sheet(from, to).unexplained
}

/// How far the face's middle moves in the picture, in its pixels. Pictures of different sizes are brought to one width.
fn shift(from: &View, to: &View, strengths: &[f64; SHEET]) -> [f32; 2] {
    let (x, y) = (ORIGIN[0], ORIGIN[1] + UNIT * MIDDLE);
    let (dx, dy) = (strengths[0] as f32 * UNIT, strengths[6] as f32 * UNIT);
    let (ax, ay) = from.back.apply(x, y);
    let (bx, by) = to.back.apply(x + dx, y + dy);
    let scale = from.picture.0 as f32 / to.picture.0.max(1) as f32;
    let resized = |at: f32| (at + 0.5) * scale - 0.5;
    [resized(bx) - ax, resized(by) - ay]
}

/// How far the face's displacement is from that of the surroundings, carried on into the face: root mean square over its
/// corners.
fn difference(face: &[f64; SHEET], around: &[f64; AFFINE]) -> f32 {
    let mut sum = 0.0;
    for (x, y) in [(-0.6, -0.6), (0.6, -0.6), (-0.6, 0.6), (0.6, 0.6)] {
        let along = |face: &[f64], around: &[f64]| {
            let apart: f64 = (0..3).map(|n| (face[n] - around[n]) * [1.0, x, y][n]).sum();
            apart.powi(2)
        };
        sum += along(&face[..3], &around[..3]) + along(&face[6..9], &around[3..]);
    }
    (sum / 4.0).sqrt() as f32
}
