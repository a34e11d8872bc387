//! A run gives what its pixels give one by one, to the bit, wherever it lies.

use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::*;

/// Neighbours differ in every channel, so that a wrong place or order shows.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let mixed = (x * 7919 + y * 104_729 + 1).wrapping_mul(2_654_435_761);
        Rgb([mixed >> 8, mixed >> 16, mixed >> 24].map(|v| v as u8))
    })
}

/// What one pixel of a square is made of.
fn alone(source: &Source<'_>, back: &Similarity, x: f32, y: f32, samples: usize) -> [f32; 3] {
    if samples == 1 {
        let (x, y) = back.apply(x, y);
        return source.bilinear(x, y);
    }
    let step = 1.0 / samples as f32;
    let first = 0.5 * step - 0.5;
    let (start_x, start_y) = back.apply(x + first, y + first);
    let (along, across) = (back.a * step, back.b * step);
    let mut sum = [0.0f32; 3];
    for row in 0..samples {
        let down = row as f32;
        let (mut sx, mut sy) = (start_x - across * down, start_y + along * down);
        for _ in 0..samples {
            let sample = if samples == 2 {
                source.bilinear(sx, sy)
            } else if sx + 0.5 < 0.0 || sy + 0.5 < 0.0 {
                [0.0; 3]
            } else {
                let pixel = source.at((sx + 0.5) as usize, (sy + 0.5) as usize);
                pixel.map(f32::from)
            };
            for (sum, value) in sum.iter_mut().zip(sample) {
                *sum += value;
            }
            sx += along;
            sy += across;
        }
    }
    sum.map(|sum| sum * (step * step))
}

fn holds(image: &RgbImage, back: &Similarity, side: usize, samples: usize) {
    let source = Source::of(image);
    let mut planes = vec![-1.0; 3 * side * side];
    cut(image, back, side, samples, thirds(&mut planes, side));
    for at in 0..side * side {
        let (x, y) = ((at % side) as f32, (at / side) as f32);
        let found = [0, 1, 2].map(|plane| planes[plane * side * side + at]);
        let wanted = alone(&source, back, x, y, samples);
        assert_eq!(
            found.map(f32::to_bits),
            wanted.map(f32::to_bits),
            "{x} {y}: {found:?}, not {wanted:?}"
        );
    }
}

#[test]
fn a_square_as_large_as_the_picture_is_the_picture() {
    let image = picture(40, 40);
    let back = Similarity {
        a: 1.0,
        b: 0.0,
        dx: 0.0,
        dy: 0.0,
    };
    let mut planes = vec![-1.0; 3 * 1600];
    cut(&image, &back, 40, 1, thirds(&mut planes, 40));
    for (at, pixel) in image.pixels().enumerate() {
        let found = [0, 1, 2].map(|plane| planes[1600 * plane + at]);
        assert_eq!(found, pixel.0.map(f32::from), "{at}");
    }
}

/// Each pixel between four, rounded as a byte is.
#[cfg(feature = "engine")]
#[test]
fn an_upright_part_is_drawn_to_whole_numbers() {
    let image = picture(50, 30);
    let places = |from: f32, step: f32, count: usize, last: usize| -> Vec<Place> {
        (0..count)
            .map(|n| (from + n as f32 * step).min(last as f32))
            .map(|place| (place as usize, place.fract()))
            .collect()
    };
    // The second ends with the picture's last byte.
    for (from, step, up_to) in [(1.3, 0.9, 40.0), (20.2, 1.7, 49.0)] {
        let columns = places(from, step, 32, 49);
        let rows = places(0.4, up_to / 33.0, 32, 29);
        let mut planes = vec![-1.0; 3 * 1024];
        draw(&image, &columns, &rows, thirds(&mut planes, 32));
        for at in 0..1024 {
            let ((x, across), (y, down)) = (columns[at % 32], rows[at / 32]);
            for channel in 0..3 {
                let pixel = |x: usize, y: usize| {
                    let inside = (x.min(49) as u32, y.min(29) as u32);
                    f32::from(image.get_pixel(inside.0, inside.1).0[channel])
                };
                let mix = |a: f32, b: f32, share: f32| a + share * (b - a);
                let above = mix(pixel(x, y), pixel(x + 1, y), across);
                let below = mix(pixel(x, y + 1), pixel(x + 1, y + 1), across);
                let found = planes[1024 * channel + at];
                assert_eq!(found, mix(above, below, down).round(), "{at}");
            }
        }
    }
}

#[test]
fn what_lies_outside_is_black() {
    let image = picture(20, 10);
    for (dx, dy) in [(-500.0, 0.0), (500.0, 0.0), (0.0, -500.0), (0.0, 1e30)] {
        let back = Similarity {
            a: 1.0,
            b: 0.0,
            dx,
            dy,
        };
        for samples in 1..=4 {
            let mut planes = vec![-1.0; 3 * 256];
            cut(&image, &back, 16, samples, thirds(&mut planes, 16));
            assert!(planes.iter().all(|v| *v == 0.0), "{dx} {dy} {samples}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_run_gives_what_its_pixels_give(
        (width, height) in (1u32..90, 1u32..90),
        side in 1usize..50,
        samples in 1usize..=4,
        (scale, turn) in (0.1f32..5.0, -3.2f32..3.2),
        (x, y) in (-0.2f32..1.2, -0.2f32..1.2),
    ) {
        let (a, b) = (scale * turn.cos(), scale * turn.sin());
        // The square's middle lies there in the picture, as a part of its sides.
        let middle = side as f32 / 2.0;
        let back = Similarity {
            a,
            b,
            dx: x * width as f32 - middle * (a - b),
            dy: y * height as f32 - middle * (a + b),
        };
        holds(&picture(width, height), &back, side, samples);
    }
}
