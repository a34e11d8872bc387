//! Work on pixels and templates whose instructions `bench/instructions.py` counts, on inputs that are the same each time. As tests
//! they hold that the work is done at all.

use std::hint::black_box;

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

use crate::align;
use crate::decode::{Decoded, Limits, decode};
use crate::evidence::{FaceBox, FaceQuality, Landmarks, Point};
use crate::quality;
use crate::template::{ComparisonScore, TEMPLATE_LEN, Template, TemplateModel};

/// The numbers of one seed (SplitMix64), each in 0..1.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 40) as f32 / (1 << 24) as f32
    }
}

/// Shades as a photograph has them: broad ones, edges, and a camera's noise.
fn picture(width: u32, height: u32) -> RgbImage {
    let mut numbers = Numbers(7);
    RgbImage::from_fn(width, height, |x, y| {
        let noise = 12.0 * numbers.next();
        let edge = if (x / 40 + y / 56).is_multiple_of(3) {
            48.0
        } else {
            0.0
        };
        let (across, down) = (x as f32 / width as f32, y as f32 / height as f32);
        Rgb([80.0 * across, 70.0 * down, 60.0 * across * down]
            .map(|shade| (40.0 + shade + edge + noise) as u8))
    })
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 90)
        .encode_image(&picture(width, height))
        .unwrap();
    file
}

fn templates(count: usize) -> Vec<Template> {
    let model = TemplateModel::new("synthetic").unwrap();
    let mut numbers = Numbers(11);
    let mut values = || -> Vec<f32> { (0..TEMPLATE_LEN).map(|_| numbers.next() - 0.4).collect() };
    (0..count)
        .map(|_| Template::new(&values(), &model).unwrap())
        .collect()
}

#[inline(never)]
fn decode_small(file: &[u8]) -> Decoded {
    decode(file, &Limits::default()).unwrap()
}

#[inline(never)]
fn decode_large(file: &[u8]) -> Decoded {
    decode(file, &Limits::default()).unwrap()
}

#[inline(never)]
fn decode_progressive(file: &[u8]) -> Decoded {
    decode(file, &Limits::default()).unwrap()
}

#[inline(never)]
fn align_and_measure(
    image: &RgbImage,
    landmarks: &Landmarks,
    face_box: &FaceBox,
) -> (f32, f32, FaceQuality) {
    let face = align::align(image, landmarks).unwrap();
    let grey = face.luminance();
    (
        quality::sharpness(&grey),
        quality::mean_luminance(&grey),
        quality::measure(&face, &grey, face_box, landmarks, image.dimensions()),
    )
}

#[inline(never)]
fn fuse_nine(weighted: &[(&Template, f32)]) -> Template {
    Template::fuse(weighted).unwrap()
}

#[inline(never)]
fn compare_thousand(probe: &Template, with: &[Template]) -> ComparisonScore {
    let scores = with.iter().filter_map(|other| probe.compare(other));
    scores.fold(ComparisonScore::new(-1.0), |best, score| {
        if score > best { score } else { best }
    })
}

/// Each is named after what it calls: `bench/instructions.py` runs it by that name.
mod tests {
    use super::*;

    #[test]
    fn decode_small() {
        let file = jpeg(640, 480);
        let decoded = super::decode_small(black_box(file.as_slice()));
        assert_eq!((decoded.facts.width, decoded.facts.height), (640, 480));
    }

    #[test]
    fn decode_large() {
        let file = jpeg(2048, 1536);
        let decoded = super::decode_large(black_box(file.as_slice()));
        assert_eq!((decoded.facts.width, decoded.facts.height), (2048, 1536));
    }

    #[test]
    fn decode_progressive() {
        let file = include_bytes!("decode/samples/progressive-large.jpg");
        let decoded = super::decode_progressive(black_box(file.as_slice()));
        assert_eq!((decoded.facts.width, decoded.facts.height), (640, 480));
    }

    #[test]
    fn align_and_measure() {
        let image = picture(640, 480);
        // As large as capture clients frame it: 90 pixels from eye to eye.
        let at = |x: f32, y: f32| Point { x, y };
        let landmarks = Landmarks {
            left_eye: at(275.0, 210.0),
            right_eye: at(365.0, 206.0),
            nose: at(321.0, 258.0),
            mouth_left: at(286.0, 314.0),
            mouth_right: at(358.0, 311.0),
        };
        let face_box = FaceBox {
            x: 220.0,
            y: 120.0,
            width: 200.0,
            height: 260.0,
        };
        let (sharpness, exposure, quality) =
            super::align_and_measure(&image, black_box(&landmarks), &face_box);
        assert!(sharpness > 0.0 && exposure > 0.1, "{sharpness} {exposure}");
        assert!(quality.light.dynamic_range > 0.0);
    }

    #[test]
    fn fuse_nine() {
        let nine = templates(9);
        let weighted: Vec<(&Template, f32)> = nine.iter().zip((1..).map(|n| n as f32)).collect();
        let fused = super::fuse_nine(black_box(weighted.as_slice()));
        // Nearer to that which weighs most than to that which weighs least.
        let likeness = |n: usize| fused.compare(&nine[n]).unwrap();
        assert!(likeness(8) > likeness(0));
    }

    #[test]
    fn compare_thousand() {
        let all = templates(1000);
        let best = super::compare_thousand(black_box(&all[600]), &all);
        assert!(best.value() > 0.999);
    }
}
