//! Ways in which a probe gets worse, each by itself, on a picture of one size.

use chacha20::ChaCha8Rng;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use rand::SeedableRng as _;
use rand_distr::{Distribution as _, StandardNormal};
use selfsame_face::evidence::FaceEvidence;

/// Every probe is brought to this inter-eye distance, so that a pixel of blur means the same for each.
pub(super) const INTER_EYE_DISTANCE: f32 = 80.0;

/// The cut-out's side, in inter-eye distances: room for a face that is turned by any angle.
const SIDE: f32 = 6.0;

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// Saved as JPEG.
    Jpeg,
    /// Fewer pixels.
    Size,
    /// Out of focus.
    Blur,
    /// Noise of the sensor.
    Noise,
    /// Darker and brighter.
    Exposure,
    /// Light from one side.
    SideLight,
    /// Turned in the picture.
    Rotation,
}

impl Factor {
    pub(super) const ALL: [Self; 7] = [
        Self::Jpeg,
        Self::Size,
        Self::Blur,
        Self::Noise,
        Self::Exposure,
        Self::SideLight,
        Self::Rotation,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG quality",
            Self::Size => "size",
            Self::Blur => "blur",
            Self::Noise => "noise",
            Self::Exposure => "exposure",
            Self::SideLight => "side light",
            Self::Rotation => "rotation",
        }
    }

    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::Jpeg => "quality",
            Self::Size => "pixels between the eyes",
            Self::Blur => "Gaussian, pixels at 80 between the eyes",
            Self::Noise => "standard deviation, of 255",
            Self::Exposure => "stops",
            Self::SideLight => "bright side to dark side, stops",
            Self::Rotation => "degrees",
        }
    }

    /// Mildest first; exposure from dark to bright.
    pub(super) const fn levels(self) -> &'static [f32] {
        match self {
            Self::Jpeg => &[90.0, 70.0, 50.0, 30.0, 20.0, 10.0, 5.0],
            Self::Size => &[64.0, 48.0, 32.0, 24.0, 16.0, 12.0, 8.0],
            Self::Blur => &[1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0],
            Self::Noise => &[5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0],
            Self::Exposure => &[-5.0, -4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0],
            Self::SideLight => &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            Self::Rotation => &[5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 180.0],
        }
    }
}

/// A face cut out of its photograph, upright as it was, at a known size.
pub(super) struct Probe(RgbImage);

impl Probe {
    /// Cuts a square around a face; what lies beyond the photograph is grey.
    pub(super) fn cut(photograph: &RgbImage, face: &FaceEvidence) -> Self {
        let points = face.landmarks.points();
        let middle = |axis: fn(&selfsame_face::evidence::Point) -> f32| {
            points.iter().map(axis).sum::<f32>() / points.len() as f32
        };
        let side = SIDE * face.inter_eye_distance.max(4.0);
        let (left, top) = (middle(|p| p.x) - side / 2.0, middle(|p| p.y) - side / 2.0);
        let whole = side.ceil() as u32;
        let mut square = RgbImage::from_pixel(whole, whole, Rgb([127; 3]));
        imageops::replace(
            &mut square,
            photograph,
            -(left.round() as i64),
            -(top.round() as i64),
        );
        let pixels = (SIDE * INTER_EYE_DISTANCE) as u32;
        Self(imageops::resize(
            &square,
            pixels,
            pixels,
            FilterType::Triangle,
        ))
    }

    pub(super) fn undegraded(&self) -> Vec<u8> {
        png(&self.0)
    }

    /// The probe with one thing changed, as a file. The same each time: noise is drawn from a fixed seed.
    pub(super) fn degraded(&self, factor: Factor, level: f32) -> Vec<u8> {
        let picture = &self.0;
        let (width, height) = picture.dimensions();
        let changed = match factor {
            Factor::Jpeg => return jpeg(picture, level as u8),
            Factor::Size => {
                let pixels = (width as f32 * level / INTER_EYE_DISTANCE).round() as u32;
                imageops::resize(picture, pixels, pixels, FilterType::Triangle)
            }
            Factor::Blur => imageops::blur(picture, level),
            Factor::Noise => {
                let mut rng = ChaCha8Rng::seed_from_u64(u64::from(level.to_bits()));
                let mut noisy = picture.clone();
                for value in noisy.iter_mut() {
                    let normal: f32 = StandardNormal.sample(&mut rng);
                    *value = (f32::from(*value) + normal * level)
                        .round()
                        .clamp(0.0, 255.0) as u8;
                }
                noisy
            }
            Factor::Exposure => relit(picture, |_| level.exp2()),
            // Half the stops up on one side, half of them down on the other.
            Factor::SideLight => relit(picture, |x| {
                ((x / width as f32 - 0.5) * 2.0 * level)
                    .clamp(-level / 2.0, level / 2.0)
                    .exp2()
            }),
            Factor::Rotation => RgbImage::from_fn(width, height, |x, y| {
                let (sin, cos) = level.to_radians().sin_cos();
                let half = width as f32 / 2.0;
                let (dx, dy) = (x as f32 + 0.5 - half, y as f32 + 0.5 - half);
                let from = (
                    dx * cos + dy * sin + half - 0.5,
                    dy * cos - dx * sin + half - 0.5,
                );
                imageops::interpolate_bilinear(picture, from.0, from.1).unwrap_or(Rgb([127; 3]))
            }),
        };
        png(&changed)
    }
}

/// The picture with each column's light multiplied, in linear light.
fn relit(picture: &RgbImage, gain: impl Fn(f32) -> f32) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let gain = gain(x as f32 + 0.5);
        Rgb(picture.get_pixel(x, y).0.map(|code| {
            // Within half a code of sRGB's curve and without its straight foot.
            let light = (f32::from(code) / 255.0).powf(2.2) * gain;
            (light.min(1.0).powf(1.0 / 2.2) * 255.0).round() as u8
        }))
    })
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, PngFilter::Sub);
    let written = picture.write_with_encoder(encoder);
    debug_assert!(written.is_ok(), "memory takes every byte");
    bytes
}

fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality));
    debug_assert!(written.is_ok(), "memory takes every byte");
    bytes
}

#[cfg(test)]
mod tests {
    use selfsame_face::decode::{Limits, decode};

    use super::*;

    fn probe() -> Probe {
        Probe(RgbImage::from_fn(480, 480, |x, y| {
            Rgb([(x / 2) as u8, (y / 2) as u8, 120])
        }))
    }

    fn pixels(file: &[u8]) -> RgbImage {
        decode(file, &Limits::default()).unwrap().pixels
    }

    fn distance(a: &RgbImage, b: &RgbImage) -> f64 {
        let differences = a
            .iter()
            .zip(b.iter())
            .map(|(a, b)| f64::from(a.abs_diff(*b)));
        differences.sum::<f64>() / a.len() as f64
    }

    #[test]
    fn every_level_is_a_picture_and_repeats_itself() {
        for factor in Factor::ALL {
            for level in factor.levels() {
                let file = probe().degraded(factor, *level);
                assert_eq!(file, probe().degraded(factor, *level));
                assert!(pixels(&file).width() >= 48, "{factor:?} {level}");
            }
        }
    }

    #[test]
    fn each_change_does_what_its_unit_says() {
        let plain = probe().0;
        assert_eq!(pixels(&probe().undegraded()), plain);
        assert_eq!(pixels(&probe().degraded(Factor::Size, 16.0)).width(), 96);
        let noise = distance(&pixels(&probe().degraded(Factor::Noise, 10.0)), &plain);
        // The mean of a normal distribution's size is 0.8 of its deviation.
        assert!((noise - 8.0).abs() < 0.6, "{noise}");
        let brighter = pixels(&probe().degraded(Factor::Exposure, 1.0));
        let (before, after) = (
            f64::from(plain.get_pixel(200, 200).0[0]),
            f64::from(brighter.get_pixel(200, 200).0[0]),
        );
        assert!(
            (after / before - 2f64.powf(1.0 / 2.2)).abs() < 0.02,
            "{before} {after}"
        );
        let turned = pixels(&probe().degraded(Factor::Rotation, 180.0));
        assert_eq!(turned.get_pixel(100, 50), plain.get_pixel(379, 429));
        let lit = pixels(&probe().degraded(Factor::SideLight, 2.0));
        assert!(lit.get_pixel(470, 240).0[2] > 120 && lit.get_pixel(10, 240).0[2] < 120);
        assert!(
            probe().degraded(Factor::Jpeg, 5.0).len() < probe().degraded(Factor::Jpeg, 90.0).len()
        );
    }
}
