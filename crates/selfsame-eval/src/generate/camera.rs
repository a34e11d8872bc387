//! A phone's camera: a lens that is not quite sharp, a sensor with a colour filter on each pixel, its noise, the phone's
//! processing and JPEG. Moiré needs no code of its own: it is what such a sensor makes of a fine grid.

use chacha20::ChaCha8Rng;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{Rgb, Rgb32FImage};
use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};

use statrs::distribution::{ContinuousCDF as _, Normal};

use super::light::{Colour, coded};

/// Samples of the lens's spread for each sensor pixel.
const SPREAD: usize = 13;

/// A camera's settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Camera {
    /// The picture's width and height.
    pub(super) size: (u32, u32),
    /// Sensor pixels for each pixel of the picture, along each axis.
    pub(super) oversampling: f32,
    /// The standard deviation of the lens's spread, in sensor pixels; 0.35 is about the pixel's own area.
    pub(super) spread: f32,
    /// How much darker the corners are, 0 to 1.
    pub(super) vignetting: f32,
    /// Noise of a mid-grey pixel, as a part of white.
    pub(super) noise: f32,
    /// Gain of red, green and blue.
    pub(super) balance: Colour,
    /// How much the phone sharpens, 0 to 1.
    pub(super) sharpening: f32,
    /// JPEG quality.
    pub(super) quality: u8,
}

impl Camera {
    /// Photographs a scene: the light at each point of the picture, in pixels.
    pub(super) fn take(&self, rng: &mut ChaCha8Rng, scene: &dyn Fn(f32, f32) -> Colour) -> Vec<u8> {
        let raw = self.expose(rng, scene);
        let developed = self.develop(&raw);
        encode(&developed, self.quality)
    }

    /// The sensor's reading: one colour for each pixel, in Bayer's pattern, with shot noise and read noise.
    fn expose(&self, rng: &mut ChaCha8Rng, scene: &dyn Fn(f32, f32) -> Colour) -> Raw {
        let (width, height) = (self.sensor(self.size.0), self.sensor(self.size.1));
        let offsets = spread_offsets(self.spread);
        let mut values = Vec::with_capacity(width * height);
        let half = (width as f32 / 2.0, height as f32 / 2.0);
        for y in 0..height {
            for x in 0..width {
                let channel = bayer(x, y);
                let mut sum = 0.0;
                for (dx, dy) in offsets {
                    let at = |centre: usize, offset: f32| {
                        (centre as f32 + 0.5 + offset) / self.oversampling - 0.5
                    };
                    sum += scene(at(x, dx), at(y, dy))[channel];
                }
                let light = sum / SPREAD as f32;
                let (fx, fy) = (x as f32 / half.0 - 1.0, y as f32 / half.1 - 1.0);
                let light = light
                    * (1.0 - self.vignetting * (fx * fx + fy * fy) / 2.0)
                    * self.balance[channel];
                values.push(noisy(rng, light, self.noise).min(1.0));
            }
        }
        Raw {
            width,
            height,
            values,
        }
    }

    fn sensor(&self, pixels: u32) -> usize {
        (pixels as f32 * self.oversampling).round() as usize
    }

    fn develop(&self, raw: &Raw) -> Rgb32FImage {
        let full = raw.demosaic();
        let (width, height) = self.size;
        let mut picture = if full.dimensions() == self.size {
            full
        } else {
            imageops::resize(&full, width, height, FilterType::Triangle)
        };
        if self.sharpening > 0.0 {
            let soft = imageops::blur(&picture, 1.0);
            for (pixel, soft) in picture.pixels_mut().zip(soft.pixels()) {
                for (value, soft) in pixel.0.iter_mut().zip(soft.0) {
                    *value = (*value + self.sharpening * (*value - soft)).max(0.0);
                }
            }
        }
        picture
    }
}

/// Light with shot noise, which grows with its root, and a little read noise. Not clipped above: highlights are clipped by
/// whoever codes them.
pub(super) fn noisy(rng: &mut ChaCha8Rng, light: f32, noise: f32) -> f32 {
    let normal: f32 = StandardNormal.sample(rng);
    let variance = light.max(0.0) / 0.2 * 0.9 + 0.1;
    (light + normal * noise * variance.sqrt()).max(0.0)
}

/// A JPEG file of a picture in linear light.
pub(super) fn encode(picture: &Rgb32FImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written =
        coded(picture).write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality));
    debug_assert!(written.is_ok(), "memory takes every byte");
    bytes
}

/// Points spread normally about the middle. They lie on a lattice of which no two share a row or a column, so that a grid
/// finer than the spread is averaged away and does not beat with the points themselves.
fn spread_offsets(deviation: f32) -> [(f32, f32); SPREAD] {
    let normal = Normal::standard();
    let quantile = |n: usize| {
        let part = (n % SPREAD) as f64 + 0.5;
        normal.inverse_cdf(part / SPREAD as f64) as f32 * deviation
    };
    std::array::from_fn(|n| (quantile(n), quantile(n * 5 + 6)))
}

/// Which colour a sensor pixel sees: red and green, then green and blue.
fn bayer(x: usize, y: usize) -> usize {
    (x & 1) + (y & 1)
}

struct Raw {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Raw {
    /// Fills each pixel's two missing colours with the mean of its neighbours that have them.
    fn demosaic(&self) -> Rgb32FImage {
        Rgb32FImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let (mut sum, mut count) = ([0f32; 3], [0f32; 3]);
            for dy in -1i64..=1 {
                for dx in -1i64..=1 {
                    let within = |at: u32, d: i64, size: usize| {
                        (i64::from(at) + d).clamp(0, size as i64 - 1) as usize
                    };
                    let (sx, sy) = (within(x, dx, self.width), within(y, dy, self.height));
                    let channel = bayer(sx, sy);
                    // Near neighbours count more; a pixel's own reading counts alone.
                    let weight = match dx.abs() + dy.abs() {
                        0 => 1e4,
                        1 => 2.0,
                        _ => 1.0,
                    };
                    sum[channel] += weight * self.values[sy * self.width + sx];
                    count[channel] += weight;
                }
            }
            Rgb(std::array::from_fn(|n| sum[n] / count[n].max(1e-6)))
        })
    }
}

/// How a phone held in the hand takes a selfie, with chance in each setting.
pub(super) fn selfie_camera(rng: &mut ChaCha8Rng, size: (u32, u32)) -> Camera {
    let warmth = rng.random_range(-0.05..0.05);
    Camera {
        size,
        oversampling: 1.5,
        spread: rng.random_range(0.45..0.8),
        vignetting: rng.random_range(0.05..0.25),
        noise: rng.random_range(0.006..0.016),
        balance: [1.0 + warmth, 1.0, 1.0 - warmth],
        sharpening: rng.random_range(0.2..0.6),
        quality: rng.random_range(82..=94),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn camera() -> Camera {
        Camera {
            size: (32, 24),
            oversampling: 1.5,
            spread: 0.4,
            vignetting: 0.0,
            noise: 0.0,
            balance: [1.0; 3],
            sharpening: 0.0,
            quality: 95,
        }
    }

    #[test]
    fn an_even_scene_comes_out_even_and_in_its_colour() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let picture = camera().develop(&camera().expose(&mut rng, &|_, _| [0.2, 0.4, 0.6]));
        assert_eq!(picture.dimensions(), (32, 24));
        for pixel in picture.pixels() {
            for (value, wanted) in pixel.0.iter().zip([0.2, 0.4, 0.6]) {
                assert!((value - wanted).abs() < 1e-3, "{pixel:?}");
            }
        }
    }

    #[test]
    fn noise_has_the_strength_that_is_asked_for() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let values: Vec<f32> = (0..20_000).map(|_| noisy(&mut rng, 0.2, 0.01)).collect();
        let mean = values.iter().sum::<f32>() / 20_000.0;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 20_000.0).sqrt();
        assert!(
            (mean - 0.2).abs() < 0.001 && (deviation - 0.01).abs() < 0.0005,
            "{mean} {deviation}"
        );
    }

    #[test]
    fn a_grid_finer_than_the_sensor_makes_colours_that_are_not_there() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let stripes = |x: f32, _: f32| {
            if (x * 0.73).fract().abs() < 0.5 {
                [0.9; 3]
            } else {
                [0.1; 3]
            }
        };
        let picture = Camera {
            spread: 0.1,
            ..camera()
        }
        .develop(&camera().expose(&mut rng, &stripes));
        let colourful = picture
            .pixels()
            .filter(|p| (p.0[0] - p.0[2]).abs() > 0.02)
            .count();
        assert!(colourful > 100, "{colourful}");
    }

    #[test]
    fn one_seed_takes_one_picture() {
        let take = |seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            selfie_camera(&mut rng, (40, 40)).take(&mut rng, &|x, y| [x / 40.0, y / 40.0, 0.5])
        };
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }
}
