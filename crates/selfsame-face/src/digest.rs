//! Fingerprints of an image: of its bytes, and of its picture.

use std::sync::OnceLock;

use image::RgbImage;
use sha2::{Digest as _, Sha256};

use crate::evidence::ImageDigests;

/// The picture is averaged to this side, which leaves grain out,
const SIDE: usize = 64;
/// from so many samples along each side of each cell, so that every picture costs the same.
const SAMPLES: usize = 4;
/// Frequencies that are kept along each side. 256 signs are the hash.
const KEPT: usize = 16;

/// Fingerprints a file and the upright picture that was decoded from it.
#[must_use]
pub fn digests(bytes: &[u8], picture: &RgbImage) -> ImageDigests {
    ImageDigests {
        exact: Sha256::digest(bytes).into(),
        perceptual: perceptual(picture),
    }
}

/// The signs of the picture's 16 by 16 lowest frequencies but the very lowest row and column (discrete cosine transform).
///
/// A sign does not change with brightness and contrast; low frequencies change little with size, compression and grain.
/// Mirroring changes exactly the signs of the odd frequencies across: [`ImageDigests::mirrored`]. A picture of one tone has none: zeros.
pub(crate) fn perceptual(picture: &RgbImage) -> [u8; 32] {
    let grey = small_grey(picture);
    let waves = waves();
    let mut across = [[0.0f32; SIDE]; KEPT];
    for (wave, row) in waves.iter().zip(&mut across) {
        for (line, cell) in grey.chunks_exact(SIDE).zip(row) {
            *cell = wave.iter().zip(line).map(|(a, b)| a * b).sum();
        }
    }
    let mut hash = [0u8; 32];
    for (v, wave) in waves.iter().enumerate() {
        for (u, column) in across.iter().enumerate() {
            let strength: f32 = wave.iter().zip(column).map(|(a, b)| a * b).sum();
            if strength > 0.0 {
                let bit = v * KEPT + u;
                hash[bit / 8] |= 1 << (bit % 8);
            }
        }
    }
    hash
}

/// The cosines of frequencies 1 to 16 over 64 places.
fn waves() -> &'static [[f32; SIDE]; KEPT] {
    static WAVES: OnceLock<[[f32; SIDE]; KEPT]> = OnceLock::new();
    WAVES.get_or_init(|| {
        std::array::from_fn(|wave| {
            std::array::from_fn(|place| {
                let turns = (wave + 1) as f32 * (place as f32 + 0.5) / SIDE as f32;
                (std::f32::consts::PI * turns).cos()
            })
        })
    })
}

/// The picture in luminance at 64 by 64.
fn small_grey(picture: &RgbImage) -> Vec<f32> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut grey = vec![0u32; SIDE * SIDE];
    if width > 0 && height > 0 {
        let place =
            |length: usize| move |sample: usize| (2 * sample + 1) * length / (2 * SIDE * SAMPLES);
        let columns: Vec<usize> = (0..SIDE * SAMPLES)
            .map(place(width))
            .map(|column| 3 * column)
            .collect();
        for (sample, row) in (0..SIDE * SAMPLES).map(place(height)).enumerate() {
            let line = &picture.as_raw()[3 * width * row..3 * width * (row + 1)];
            let cells = &mut grey[sample / SAMPLES * SIDE..][..SIDE];
            for (cell, columns) in cells.iter_mut().zip(columns.chunks_exact(SAMPLES)) {
                for &column in columns {
                    if let [r, g, b] = line[column..column + 3] {
                        *cell += 77 * u32::from(r) + 150 * u32::from(g) + 29 * u32::from(b);
                    }
                }
            }
        }
    }
    grey.into_iter().map(|sum| sum as f32).collect()
}

#[cfg(test)]
pub(crate) mod blots {
    use image::RgbImage;

    /// A picture of blots of all sizes, another one for every seed: like photographs, it has every frequency.
    pub(crate) fn picture(seed: u32, width: u32, height: u32) -> RgbImage {
        let mut state = u64::from(seed) + 1;
        let mut chance = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32
        };
        let blots: Vec<[f32; 4]> = (0..60)
            .map(|_| {
                [
                    chance(),
                    chance(),
                    chance() - 0.5,
                    0.02 + 0.2 * chance().powi(3),
                ]
            })
            .collect();
        RgbImage::from_fn(width, height, |x, y| {
            let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
            let sum: f32 = blots
                .iter()
                .map(|[cx, cy, strength, size]| {
                    let apart = ((x - cx).powi(2) + (y - cy).powi(2)) / (size * size);
                    strength * (-apart).exp()
                })
                .sum();
            let tone = (128.0 + 90.0 * sum).clamp(0.0, 255.0);
            image::Rgb([tone as u8, (0.9 * tone) as u8, (0.8 * tone) as u8])
        })
    }
}

#[cfg(test)]
mod tests {
    use image::imageops;
    use proptest::prelude::*;

    use super::blots::picture;
    use super::*;

    fn of(picture: &RgbImage) -> ImageDigests {
        digests(b"", picture)
    }

    #[test]
    fn the_exact_digest_is_sha_256_of_the_file() {
        let found = digests(b"abc", &picture(1, 20, 20));
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(found.exact), known);
    }

    #[test]
    fn a_changed_copy_stays_near_and_another_picture_far() {
        let original = picture(1, 400, 300);
        let hash = of(&original);
        let lighter = RgbImage::from_fn(400, 300, |x, y| {
            original.get_pixel(x, y).0.map(|v| 20 + v / 2).into()
        });
        let half = imageops::thumbnail(&original, 200, 150);
        let large = imageops::resize(&original, 555, 416, imageops::FilterType::Triangle);
        for (what, copy) in [("lighter", lighter), ("half", half), ("large", large)] {
            let distance = hash.distance(&of(&copy));
            assert!(distance <= 16, "{what}: {distance}");
        }
        for seed in 2..12 {
            let distance = hash.distance(&of(&picture(seed, 160, 120)));
            assert!(distance > 80, "{seed}: {distance}");
        }
    }

    #[test]
    fn a_mirrored_copy_is_known() {
        let original = picture(3, 320, 240);
        let mirrored = of(&imageops::flip_horizontal(&original));
        let hash = of(&original);
        assert!(hash.distance(&mirrored) > 80);
        assert!(hash.mirrored().distance(&mirrored) <= 8);
        assert_eq!(hash.mirrored().mirrored(), hash);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_size_has_a_hash(width in 0u32..300, height in 0u32..300, tone in any::<u8>()) {
            let flat = RgbImage::from_pixel(width, height, image::Rgb([tone; 3]));
            perceptual(&flat);
        }
    }
}
