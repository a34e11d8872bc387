//! Whether the images of a capture follow one another in time: one face, one place, one light, and changes as small as a
//! camera sees between one moment and the next.

use image::RgbImage;

use crate::evidence::{ContinuityEvidence, FaceBox, ImageDigests, SurroundingsEvidence};
use crate::motion::{Pair, Surroundings, View, cut, halves};
use crate::template::Template;

/// How many pairs of images are held against each other's mirror image with care: those that resemble it most as they lie.
const MIRRORED: usize = 3;

/// One image with a face.
pub(crate) struct Moment {
    pub(crate) view: View,
    pub(crate) surroundings: Surroundings,
    pub(crate) light: Colour,
    /// Absent where the image was not drawn to be compared.
    pub(crate) template: Option<Template>,
    pub(crate) digests: ImageDigests,
}

/// The mean colour of a face's middle: luminance in 0 to 255, and two differences of colour to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Colour {
    luminance: f32,
    blue: f32,
    red: f32,
}

impl Colour {
    /// Of the middle half of a face's box, a few hundred places of it. `None` where it lies outside the picture.
    pub(crate) fn of(image: &RgbImage, face: &FaceBox) -> Option<Self> {
        const PLACES: usize = 24;
        let (mut sum, mut count) = ([0.0f32; 3], 0.0f32);
        for n in 0..PLACES * PLACES {
            let part = |n: usize| 0.25 + 0.5 * (n as f32 + 0.5) / PLACES as f32;
            let x = face.x + face.width * part(n % PLACES);
            let y = face.y + face.height * part(n / PLACES);
            if x < 0.0 || y < 0.0 {
                continue;
            }
            if let Some(pixel) = image.get_pixel_checked(x as u32, y as u32) {
                for (sum, value) in sum.iter_mut().zip(pixel.0) {
                    *sum += f32::from(value);
                }
                count += 1.0;
            }
        }
        if count == 0.0 {
            return None;
        }
        let [r, g, b] = sum.map(|s| s / count);
        let luminance = 0.299 * r + 0.587 * g + 0.114 * b;
        Some(Self {
            luminance,
            blue: 0.564 * (b - luminance),
            red: 0.713 * (r - luminance),
        })
    }

    /// Natural logarithm of the ratio of light; black has some, so that it has one.
    fn brighter(&self, other: &Self) -> f32 {
        ((other.luminance + 1.0) / (self.luminance + 1.0))
            .ln()
            .abs()
    }

    /// Distance of colour, as a part of luminance.
    fn tinted(&self, other: &Self) -> f32 {
        let (a, b) = (self.luminance + 1.0, other.luminance + 1.0);
        (self.blue / a - other.blue / b).hypot(self.red / a - other.red / b)
    }
}

/// What a capture's moments say together, in the order in which they were taken: the selfie, where it shows a face, is the
/// first and told apart, for it may be of another size, and mirrored. `None` for fewer than two frames with a face.
pub(crate) fn evidence(
    selfie: Option<&Moment>,
    frames: &[Moment],
) -> Option<(ContinuityEvidence, SurroundingsEvidence)> {
    if frames.len() < 2 {
        return None;
    }
    let between = |a: &Moment, b: &Moment| {
        Pair::between((&a.view, &a.surroundings), (&b.view, &b.surroundings))
    };
    let next: Vec<Pair> = frames.windows(2).map(|w| between(&w[0], &w[1])).collect();
    let apart: Vec<Pair> = halves(frames.len())
        .into_iter()
        .map(|(a, b)| between(&frames[a], &frames[b]))
        .collect();
    let nearest = selfie.map(|selfie| {
        let cuts = frames.iter().map(|frame| cut(&selfie.view, &frame.view));
        cuts.fold(f32::INFINITY, f32::min)
    });
    let neighbours = || frames.windows(2).map(|w| (&w[0], &w[1]));
    let templates: Vec<&Template> = frames.iter().filter_map(|f| f.template.as_ref()).collect();
    let likeness: Vec<f32> = templates
        .windows(2)
        .filter_map(|w| Some(w[0].compare(w[1])?.value()))
        .collect();
    let continuity = ContinuityEvidence {
        likeness_of_neighbours: likeness.iter().copied().reduce(f32::min),
        largest_cut: largest(next.iter().map(|p| p.face)),
        mean_cut: mean(next.iter().map(|p| p.face)),
        selfie_cut: nearest,
        largest_scene_cut: most(next.iter().filter_map(|p| p.around)),
        mean_scene_cut: average(next.iter().filter_map(|p| p.around)),
        largest_light_change: largest(neighbours().map(|(a, b)| a.light.brighter(&b.light))),
        mean_light_change: mean(neighbours().map(|(a, b)| a.light.brighter(&b.light))),
        largest_tint_change: largest(neighbours().map(|(a, b)| a.light.tinted(&b.light))),
        largest_picture_change: neighbours()
            .map(|(a, b)| a.digests.distance(&b.digests))
            .max()
            .unwrap_or(0),
        mirrored: mirrored(frames),
        mirrored_pictures: least_mirrored_distance(frames),
    };
    let surroundings = SurroundingsEvidence {
        movement: mean(apart.iter().map(|p| p.movement)),
        flatness: mean(apart.iter().map(|p| p.face)),
        unexplained: most(apart.iter().filter_map(|p| p.around)),
        as_one: average(apart.iter().filter_map(|p| p.as_one)),
        apart: average(apart.iter().filter_map(|p| p.apart)),
        neighbours_apart: average(next.iter().filter_map(|p| p.apart)),
        neighbours_movement: mean(next.iter().map(|p| p.movement)),
    };
    Some((continuity, surroundings))
}

/// The least part that differs between one frame and another's mirror image.
fn mirrored(frames: &[Moment]) -> Option<f32> {
    let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        for (n, other) in frames.iter().enumerate().take(at) {
            let found = frame.surroundings.mirrored_as_it_lies(&other.surroundings);
            pairs.extend(found.map(|differing| (differing, at, n)));
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs
        .into_iter()
        .take(MIRRORED)
        .filter_map(|(_, a, b)| frames[a].surroundings.mirrored(&frames[b].surroundings))
        .reduce(f32::min)
}

fn least_mirrored_distance(frames: &[Moment]) -> u32 {
    let pairs = frames.iter().enumerate().flat_map(|(at, frame)| {
        let mirror = frame.digests.mirrored();
        frames[..at]
            .iter()
            .map(move |other| mirror.distance(&other.digests))
    });
    pairs.min().unwrap_or(256)
}

fn most(values: impl Iterator<Item = f32>) -> Option<f32> {
    // A number that is none must not hide behind one that is.
    values.reduce(|a, b| if a.is_nan() || a > b { a } else { b })
}

fn largest(values: impl Iterator<Item = f32>) -> f32 {
    most(values).unwrap_or(0.0)
}

fn average(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (mut sum, mut count) = (0.0, 0.0f32);
    for value in values {
        sum += value;
        count += 1.0;
    }
    (count > 0.0).then(|| sum / count)
}

fn mean(values: impl Iterator<Item = f32>) -> f32 {
    average(values).unwrap_or(0.0)
}

#[cfg(test)]
mod tests;
