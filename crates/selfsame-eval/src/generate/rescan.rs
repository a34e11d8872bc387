//! A print laid on a flatbed scanner: even light, no lens, one reading of each colour at each point, dust, and the
//! scanner's sharpening.

use chacha20::ChaCha8Rng;
use image::{Rgb, Rgb32FImage, imageops};
use rand::RngExt as _;

use super::camera::noisy;
use super::print::Print;

/// Scans the rectangle of a print that starts at `(left, top)` and is `width` wide and of the pixels' proportions.
pub(super) fn scan(
    rng: &mut ChaCha8Rng,
    print: &Print,
    corner: (f32, f32),
    width: f32,
    pixels: (u32, u32),
) -> Rgb32FImage {
    let step = width / pixels.0 as f32;
    let (sin, cos) = rng.random_range(-0.02f32..0.02).sin_cos();
    let (half_wide, half_tall) = (pixels.0 as f32 / 2.0, pixels.1 as f32 / 2.0);
    let mut picture = Rgb32FImage::from_fn(pixels.0, pixels.1, |x, y| {
        let mut sum = [0.0; 3];
        for n in 0..16u8 {
            let part = |at: u8| (f32::from(at) + 0.5) / 4.0;
            let (dx, dy) = (
                x as f32 + part(n % 4) - half_wide,
                y as f32 + part(n / 4) - half_tall,
            );
            let u = corner.0 + step * (half_wide + dx * cos - dy * sin);
            let v = corner.1 + step * (half_tall + dx * sin + dy * cos);
            let light = if print.covers(u, v) {
                print.reflectance(u, v)
            } else {
                [0.88; 3]
            };
            for (sum, light) in sum.iter_mut().zip(light) {
                *sum += light / 16.0;
            }
        }
        Rgb(sum.map(|v| noisy(rng, v * 1.08, 0.004)))
    });
    for _ in 0..rng.random_range(4..30) {
        let (x, y) = (rng.random_range(0..pixels.0), rng.random_range(0..pixels.1));
        picture.put_pixel(x, y, Rgb([rng.random_range(0.02..0.9); 3]));
    }
    // Scanners soften the screen away and sharpen what is left.
    let soft = imageops::blur(&picture, 0.7);
    let softer = imageops::blur(&soft, 1.5);
    Rgb32FImage::from_fn(pixels.0, pixels.1, |x, y| {
        let (a, b) = (soft.get_pixel(x, y).0, softer.get_pixel(x, y).0);
        Rgb(std::array::from_fn(|n| {
            (a[n] + 0.5 * (a[n] - b[n])).max(0.0)
        }))
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::super::print::Stock;
    use super::*;

    #[test]
    fn a_scan_shows_the_print_upright_and_whole() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let halves = Rgb32FImage::from_fn(60, 80, |x, _| {
            if x < 30 {
                Rgb([0.05; 3])
            } else {
                Rgb([0.8; 3])
            }
        });
        let print = Print::new(&mut rng, &halves, 9.0, Stock::Office);
        let scanned = scan(&mut rng, &print, (0.0, 0.0), 9.0, (90, 120));
        let mean = |from: u32| {
            let values = (0..1000).map(|n| scanned.get_pixel(from + n % 30, 30 + n / 30).0[1]);
            values.sum::<f32>() / 1000.0
        };
        assert!(mean(5) < 0.15 && mean(55) > 0.5, "{} {}", mean(5), mean(55));
    }
}
