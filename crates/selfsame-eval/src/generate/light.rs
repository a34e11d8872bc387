//! Pictures in linear light: mixing, blurring and exposing are only right there.

use image::{Rgb, Rgb32FImage, RgbImage};

/// A colour in linear light; 1 is white.
pub(super) type Colour = [f32; 3];

/// sRGB's curve, to linear.
pub(super) fn to_linear(coded: f32) -> f32 {
    if coded <= 0.040_45 {
        coded / 12.92
    } else {
        ((coded + 0.055) / 1.055).powf(2.4)
    }
}

/// sRGB's curve, from linear; what is out of range is clipped.
pub(super) fn to_coded(linear: f32) -> f32 {
    let linear = linear.clamp(0.0, 1.0);
    if linear <= 0.003_130_8 {
        linear * 12.92
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    }
}

/// 8-bit sRGB to linear light.
pub(super) fn linear(picture: &RgbImage) -> Rgb32FImage {
    let curve: [f32; 256] = std::array::from_fn(|code| to_linear(code as f32 / 255.0));
    Rgb32FImage::from_fn(picture.width(), picture.height(), |x, y| {
        Rgb(picture
            .get_pixel(x, y)
            .0
            .map(|code| curve[usize::from(code)]))
    })
}

/// Linear light to 8-bit sRGB.
pub(super) fn coded(picture: &Rgb32FImage) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        Rgb(picture
            .get_pixel(x, y)
            .0
            .map(|v| (to_coded(v) * 255.0 + 0.5) as u8))
    })
}

fn pixel(picture: &Rgb32FImage, x: i64, y: i64) -> Colour {
    let within = |at: i64, size: u32| at.clamp(0, i64::from(size) - 1) as u32;
    picture
        .get_pixel(within(x, picture.width()), within(y, picture.height()))
        .0
}

/// The picture at a point, pixel centres at whole numbers, by straight lines; beyond the edge, the edge.
pub(super) fn bilinear(picture: &Rgb32FImage, x: f32, y: f32) -> Colour {
    let (left, top) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - top);
    let (left, top) = (left as i64, top as i64);
    let at = |dx, dy| pixel(picture, left + dx, top + dy);
    let (a, b, c, d) = (at(0, 0), at(1, 0), at(0, 1), at(1, 1));
    std::array::from_fn(|n| {
        (a[n] * (1.0 - fx) + b[n] * fx) * (1.0 - fy) + (c[n] * (1.0 - fx) + d[n] * fx) * fy
    })
}

/// The picture at a point by Catmull and Rom's cubic, which keeps edges sharp; beyond the edge, the edge.
pub(super) fn bicubic(picture: &Rgb32FImage, x: f32, y: f32) -> Colour {
    let (left, top) = (x.floor(), y.floor());
    let (wx, wy) = (cubic_weights(x - left), cubic_weights(y - top));
    let (left, top) = (left as i64, top as i64);
    let mut sum = [0.0; 3];
    for (dy, wy) in (-1..).zip(wy) {
        for (dx, wx) in (-1..).zip(wx) {
            let colour = pixel(picture, left + dx, top + dy);
            for (sum, value) in sum.iter_mut().zip(colour) {
                *sum += wx * wy * value;
            }
        }
    }
    sum.map(|v| v.max(0.0))
}

fn cubic_weights(t: f32) -> [f32; 4] {
    [
        ((2.0 - t) * t - 1.0) * t / 2.0,
        ((3.0 * t - 5.0) * t * t + 2.0) / 2.0,
        ((4.0 - 3.0 * t) * t + 1.0) * t / 2.0,
        (t - 1.0) * t * t / 2.0,
    ]
}

/// 0 below `from`, 1 above `to`, smooth between.
pub(super) fn smooth_step(from: f32, to: f32, at: f32) -> f32 {
    let t = ((at - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_comes_back() {
        let codes = RgbImage::from_fn(256, 1, |x, _| Rgb([x as u8, 255 - x as u8, 7]));
        assert_eq!(coded(&linear(&codes)), codes);
    }

    #[test]
    fn a_slope_is_sampled_exactly_and_pixels_are_kept() {
        let slope = Rgb32FImage::from_fn(8, 8, |x, y| Rgb([x as f32 * 0.1, y as f32 * 0.1, 0.5]));
        for sample in [bilinear, bicubic] {
            let [r, g, b] = sample(&slope, 3.25, 4.5);
            assert!((r - 0.325).abs() < 1e-5 && (g - 0.45).abs() < 1e-5 && (b - 0.5).abs() < 1e-5);
            assert!((sample(&slope, 2.0, 5.0)[0] - 0.2).abs() < 1e-6);
            assert!(sample(&slope, -9.0, 99.0)[1] > 0.6);
        }
    }
}
