//! A picture on a screen: stripes of red, green and blue, a bluish white, light that leaks and is reflected, and a
//! backlight that flickers while the sensor is read row by row.

use chacha20::ChaCha8Rng;
use image::Rgb32FImage;
use image::imageops::{self, FilterType};
use rand::RngExt as _;

use super::light::{Colour, bilinear, smooth_step};

/// A screen that shows a picture. Lengths in centimetres from the picture's upper left corner.
#[derive(Debug, Clone)]
pub(super) struct Display {
    /// What each of its pixels is to show.
    pixels: Rgb32FImage,
    /// The picture's width and height.
    pub(super) size: (f32, f32),
    bezel: f32,
    pitch: f32,
    white: Colour,
    leak: f32,
    /// How dark the gaps between its stripes are, 0 to 1.
    grid: f32,
    flicker: Flicker,
    glare: Glare,
}

#[derive(Debug, Clone, Copy)]
struct Flicker {
    depth: f32,
    bands: f32,
    phase: f32,
}

/// A lamp's or window's reflection, soft at its edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glare {
    middle: (f32, f32),
    half: (f32, f32),
    strength: f32,
}

/// What shows the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Device {
    /// A phone: about 400 pixels an inch, seven centimetres wide.
    Phone,
    /// A tablet: about 260 pixels an inch.
    Tablet,
    /// A desk's monitor: about 96 pixels an inch.
    Monitor,
}

impl Glare {
    /// A reflection by chance somewhere on a sheet of that size.
    pub(super) fn new(rng: &mut ChaCha8Rng, size: (f32, f32), strongest: f32) -> Self {
        Self {
            middle: (
                size.0 * rng.random_range(-0.1..1.1),
                size.1 * rng.random_range(-0.1..1.1),
            ),
            half: (
                size.0 * rng.random_range(0.05..0.22),
                size.1 * rng.random_range(0.05..0.25),
            ),
            strength: rng.random_range(0.0..strongest),
        }
    }

    /// The light that it adds there.
    pub(super) fn at(&self, u: f32, v: f32) -> f32 {
        let edge =
            |at: f32, middle: f32, half: f32| smooth_step(1.5, 0.5, (at - middle).abs() / half);
        self.strength * edge(u, self.middle.0, self.half.0) * edge(v, self.middle.1, self.half.1)
    }
}

impl Display {
    /// Shows a picture.
    pub(super) fn new(rng: &mut ChaCha8Rng, picture: &Rgb32FImage, device: Device) -> Self {
        let (width, pitch, bezel) = match device {
            Device::Phone => (
                rng.random_range(6.4..7.2),
                0.0063,
                rng.random_range(0.15..0.5),
            ),
            Device::Tablet => (
                rng.random_range(12.0..15.0),
                0.0097,
                rng.random_range(0.6..1.2),
            ),
            Device::Monitor => (
                rng.random_range(16.0..22.0),
                0.0265,
                rng.random_range(3.0..9.0),
            ),
        };
        let size: (f32, f32) = (
            width,
            width * picture.height() as f32 / picture.width() as f32,
        );
        let count = |length: f32| (length / pitch).round() as u32;
        // A phone has more pixels than the picture: it enlarges it, softly.
        let pixels = imageops::resize(picture, count(size.0), count(size.1), FilterType::Triangle);
        let blue = rng.random_range(0.02..0.14);
        Self {
            pixels,
            size,
            bezel,
            pitch,
            white: [1.0 - blue, 1.0, 1.0 + blue],
            leak: rng.random_range(0.002..0.02),
            grid: rng.random_range(0.15..0.7),
            flicker: Flicker {
                depth: if rng.random_bool(0.5) {
                    rng.random_range(0.05..0.25)
                } else {
                    0.0
                },
                bands: rng.random_range(1.5..6.0),
                phase: rng.random(),
            },
            glare: Glare::new(rng, size, 0.35),
        }
    }

    /// Whether the screen or its frame reaches there.
    pub(super) fn covers(&self, u: f32, v: f32) -> bool {
        let within = |at: f32, size: f32| (-self.bezel..size + self.bezel).contains(&at);
        within(u, self.size.0) && within(v, self.size.1)
    }

    /// The light that comes from a point of the screen or its frame, while the sensor reads the row at `row` (0 to 1) of
    /// frame `frame`.
    pub(super) fn light(&self, u: f32, v: f32, row: f32, frame: f32) -> Colour {
        let glare = self.glare.at(u, v);
        let (x, y) = (u / self.pitch, v / self.pitch);
        if !(0.0..self.size.0).contains(&u) || !(0.0..self.size.1).contains(&v) {
            return [0.012 + 0.3 * glare; 3];
        }
        let shown = bilinear(&self.pixels, x.floor(), y.floor());
        let (across, down) = (x.fract(), y.fract());
        let stripe = ((across * 3.0) as usize).min(2);
        let within_stripe = (across * 3.0).fract();
        // Each stripe is lit over most of its width and height; what a camera averages over a pixel keeps its level.
        let open = if (0.1..0.9).contains(&within_stripe) && (0.08..0.92).contains(&down) {
            1.0 / (0.8 * 0.84)
        } else {
            0.0
        };
        let flicker = 1.0 - self.flicker.depth * self.band(row, frame);
        std::array::from_fn(|n| {
            let lit = if n == stripe { 3.0 * open } else { 0.0 };
            let gain = 1.0 - self.grid + self.grid * lit;
            (shown[n] * gain * self.white[n] * 0.95 + self.leak) * flicker + glare
        })
    }

    /// 0 to 1: how far down the backlight is when that row is read. Dimming by pulses has steep edges.
    fn band(&self, row: f32, frame: f32) -> f32 {
        let t = (row * self.flicker.bands + self.flicker.phase + frame * 0.37).rem_euclid(1.0);
        smooth_step(0.45, 0.55, t) * (1.0 - smooth_step(0.9, 1.0, t))
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_screen_keeps_its_level_over_a_pixel_but_not_within_it() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let grey = Rgb32FImage::from_pixel(30, 40, Rgb([0.4; 3]));
        for device in [Device::Phone, Device::Tablet, Device::Monitor] {
            let mut display = Display::new(&mut rng, &grey, device);
            display.glare.strength = 0.0;
            display.flicker.depth = 0.0;
            let (mut sum, mut low, mut high) = (0.0, 9f32, 0f32);
            for n in 0..900 {
                let (a, b) = ((n % 30) as f32 / 30.0, (n / 30) as f32 / 30.0);
                let light = display.light(
                    3.0 + (a + 0.01) * display.pitch,
                    3.0 + (b + 0.01) * display.pitch,
                    0.5,
                    0.0,
                )[1];
                sum += light / 900.0;
                (low, high) = (low.min(light), high.max(light));
            }
            assert!((sum - 0.39).abs() < 0.05, "{device:?} {sum}");
            assert!(high > 1.5 * low, "{device:?} {low} {high}");
        }
    }

    #[test]
    fn the_frame_is_black_and_ends() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let white = Rgb32FImage::from_pixel(30, 40, Rgb([1.0; 3]));
        let display = Display::new(&mut rng, &white, Device::Phone);
        assert!(display.covers(-0.1, 1.0) && !display.covers(-1.0, 1.0));
        assert!(display.light(-0.1, 5.0, 0.0, 0.0)[0] < 0.2);
    }
}
