//! The crop that MiniFAS looks at: the face and what surrounds it, reflected at the picture's edge.

use image::RgbImage;
use multiversion::multiversion;

use crate::cut;
use crate::evidence::FaceBox;
use crate::inference::{Inference, InferenceError};

/// Side of the model's input.
pub(super) const SIDE: usize = 128;
/// The square on the face box's longer side is grown this much: as the model was trained, and once more with what is around.
/// The mean of both errs half as often as the first alone (docs/decisions/0005-presentation-attacks.md).
const GROWTHS: [f32; 2] = [1.5, 2.0];

/// logit(bona fide) − logit(attack), the mean of two crops. `None` when the box is no box.
pub(super) fn score(
    model: &dyn Inference,
    image: &RgbImage,
    face: &FaceBox,
) -> Result<Option<f32>, InferenceError> {
    let mut sum = 0.0;
    for growth in GROWTHS {
        let Some(square) = Square::around(face, growth) else {
            return Ok(None);
        };
        let mut score = f32::NAN;
        model.run(&mut |input| square.draw(image, input), &mut |outputs| {
            if let Some([bona_fide, attack, ..]) = outputs.first() {
                score = bona_fide - attack;
            }
        })?;
        sum += score;
    }
    let mean = sum / GROWTHS.len() as f32;
    Ok(mean.is_finite().then_some(mean))
}

/// A square of whole pixels that may reach past the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Square {
    left: i32,
    top: i32,
    side: i32,
}

impl Square {
    fn around(face: &FaceBox, growth: f32) -> Option<Self> {
        let side = (face.width.max(face.height) * growth).round();
        // No face is a pixel small, and none larger than twice the largest picture that is decoded.
        if !(2.0..=200_000.0).contains(&side) {
            return None;
        }
        let corner = |start: f32, length: f32| (start + (length - side) / 2.0).round() as i32;
        Some(Self {
            left: corner(face.x, face.width),
            top: corner(face.y, face.height),
            side: side as i32,
        })
    }

    /// Fills the planes of red, green and blue, 0 to 1. Beyond its edges the picture is reflected, as the model learned it.
    fn draw(self, image: &RgbImage, planes: &mut [f32]) {
        let columns = Taps::of(self.left, self.side, image.width());
        let rows = Taps::of(self.top, self.side, image.height());
        resample(image, &columns, &rows, cut::thirds(planes, SIDE));
    }
}

/// Rows are added up first, for that is one loop over their bytes; then columns, a pixel's channels at once.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma"))]
fn resample(image: &RgbImage, columns: &Taps, rows: &Taps, planes: [&mut [f32]; 3]) {
    let (raw, width) = (image.as_raw(), image.width() as usize);
    let (first, last) = columns.ends();
    let length = 3 * (last + 1 - first);
    // One number more, so that the last pixel has four to read too.
    let mut sums = vec![0.0f32; length + 1];
    let [red, green, blue] = planes;
    for (y, taps) in rows.each().enumerate() {
        sums.fill(0.0);
        for (row, weight) in taps {
            let from = 3 * (width * row + first);
            for (sum, byte) in sums.iter_mut().zip(&raw[from..from + length]) {
                *sum += weight * f32::from(*byte);
            }
        }
        for (x, taps) in columns.each().enumerate() {
            let mut pixel = [0.0f32; 4];
            for (column, weight) in taps {
                let from = 3 * (column - first);
                if let Some(channels) = sums.get(from..from + 4) {
                    for (sum, value) in pixel.iter_mut().zip(channels) {
                        *sum += weight * value;
                    }
                }
            }
            // Lanczos may overshoot, and bytes cannot.
            let [r, g, b, _] = pixel;
            let at = y * SIDE + x;
            red[at] = (r / 255.0).clamp(0.0, 1.0);
            green[at] = (g / 255.0).clamp(0.0, 1.0);
            blue[at] = (b / 255.0).clamp(0.0, 1.0);
        }
    }
}

/// For each target pixel along one side, the source pixels that it is made of.
struct Taps {
    all: Vec<(usize, f32)>,
    /// Where each target pixel's end.
    ends: [usize; SIDE],
}

impl Taps {
    /// Their share of its area when the square shrinks, Lanczos with four lobes when it grows.
    fn of(start: i32, side: i32, length: u32) -> Self {
        let step = side as f32 / SIDE as f32;
        let mut all: Vec<(usize, f32)> = Vec::with_capacity(SIDE * (step as usize + 8));
        let ends = std::array::from_fn(|n| {
            let begun = all.len();
            if step >= 1.0 {
                let (from, to) = (n as f32 * step, (n as f32 + 1.0) * step);
                all.extend((from.floor() as i32..to.ceil() as i32).map(|at| {
                    let covered = (to.min(at as f32 + 1.0) - from.max(at as f32)).max(0.0);
                    (reflect(start + at, length), covered)
                }));
            } else {
                let centre = (n as f32 + 0.5) * step - 0.5;
                let nearest = centre.floor() as i32;
                all.extend(
                    (nearest - 3..=nearest + 4)
                        .map(|at| (reflect(start + at, length), lanczos(centre - at as f32))),
                );
            }
            let own = &mut all[begun..];
            let sum: f32 = own.iter().map(|(_, weight)| weight).sum();
            for (_, weight) in own {
                *weight /= sum;
            }
            all.len()
        });
        Self { all, ends }
    }

    /// Those of each target pixel.
    fn each(&self) -> impl Iterator<Item = &[(usize, f32)]> {
        let mut begun = 0;
        self.ends.iter().map(move |&end| {
            let own = &self.all[begun..end];
            begun = end;
            own
        })
    }

    /// The first and the last source pixel of all.
    fn ends(&self) -> (usize, usize) {
        self.all.iter().fold((usize::MAX, 0), |(least, most), tap| {
            (least.min(tap.0), most.max(tap.0))
        })
    }
}

fn lanczos(x: f32) -> f32 {
    let sinc = |x: f32| {
        let angle = std::f32::consts::PI * x;
        if angle.abs() < 1e-4 {
            1.0
        } else {
            angle.sin() / angle
        }
    };
    if x.abs() < 4.0 {
        sinc(x) * sinc(x / 4.0)
    } else {
        0.0
    }
}

/// The pixel that stands in for one beyond the edge: the edge is a mirror through its outermost pixels.
fn reflect(at: i32, length: u32) -> usize {
    let last = i64::from(length.max(1)) - 1;
    if last == 0 {
        return 0;
    }
    let folded = i64::from(at).rem_euclid(2 * last);
    usize::try_from(folded.min(2 * last - folded)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_is_a_mirror() {
        let found: Vec<usize> = (-3..7).map(|at| reflect(at, 4)).collect();
        assert_eq!(found, [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
        assert_eq!(reflect(-9, 1), 0);
    }

    #[test]
    fn a_gradient_keeps_its_place_whether_it_grows_or_shrinks() {
        let image = RgbImage::from_fn(256, 256, |x, y| image::Rgb([x as u8, y as u8, 7]));
        for width in [20.0, 40.0, 100.0] {
            let face = FaceBox {
                x: 128.0 - width / 2.0,
                y: 108.0,
                width,
                height: 40.0_f32.min(width),
            };
            let square = Square::around(&face, 1.5).unwrap();
            let mut planes = vec![0.0; 3 * SIDE * SIDE];
            square.draw(&image, &mut planes);
            let step = square.side as f32 / SIDE as f32;
            for at in (0..SIDE * SIDE).step_by(37) {
                let place = |start: i32, n: usize| start as f32 + (n as f32 + 0.5) * step - 0.5;
                let (x, y) = (place(square.left, at % SIDE), place(square.top, at / SIDE));
                assert!((planes[at] * 255.0 - x).abs() < 0.6, "{width} {at}");
                assert!(
                    (planes[SIDE * SIDE + at] * 255.0 - y).abs() < 0.6,
                    "{width} {at}"
                );
            }
        }
    }

    /// Each pixel by itself, columns first, in numbers of 64 bits.
    #[test]
    fn squares_are_what_their_taps_say_of_each_pixel() {
        let image = RgbImage::from_fn(97, 61, |x, y| {
            image::Rgb([x * 37 + y * 11, x * x + 90, y * 53].map(|v| v as u8))
        });
        for (left, top, side) in [(-30, -20, 150), (20, 10, 40), (-400, 3, 700), (5, 5, 128)] {
            let square = Square { left, top, side };
            let mut planes = vec![-1.0; 3 * SIDE * SIDE];
            square.draw(&image, &mut planes);
            let columns = Taps::of(left, side, 97);
            let rows = Taps::of(top, side, 61);
            for (y, rows) in rows.each().enumerate() {
                for (x, columns) in columns.each().enumerate() {
                    for channel in 0..3 {
                        let mut sum = 0.0;
                        for (row, down) in rows {
                            for (column, across) in columns {
                                let pixel = image.get_pixel(*column as u32, *row as u32);
                                let weight = f64::from(*down) * f64::from(*across);
                                sum += weight * f64::from(pixel.0[channel]);
                            }
                        }
                        let found = f64::from(planes[(channel * SIDE + y) * SIDE + x]);
                        let wanted = (sum / 255.0).clamp(0.0, 1.0);
                        assert!((found - wanted).abs() < 1e-5, "{found}, not {wanted}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_box_that_is_none_has_no_square() {
        for width in [0.0, f32::NAN, f32::INFINITY, 1e9] {
            let face = FaceBox {
                x: 0.0,
                y: 0.0,
                width,
                height: 0.5,
            };
            assert_eq!(Square::around(&face, 1.5), None, "{width}");
        }
    }
}
