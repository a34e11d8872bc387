//! Brings a picture of any size to the detector's input.

use image::RgbImage;

/// Most samples along each side of a target pixel. Against aliasing, a few are as good as all, and what a photograph
/// costs then depends on the target's size rather than on its own.
const MOST_SAMPLES: usize = 2;

/// The detector's input: square planes of blue, green and red, 0 to 255.
pub(crate) struct Canvas<'c> {
    pub(crate) planes: &'c mut [f32],
    pub(crate) side: usize,
    /// Empty pixels left of and above the picture.
    pub(crate) offset: usize,
}

/// Draws the picture at the given size (width, height), which with the offset must fit the canvas.
pub(crate) fn into_planes(image: &RgbImage, size: (usize, usize), canvas: &mut Canvas<'_>) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    if width == 0 || height == 0 {
        return;
    }
    if width >= 2 * size.0 && height >= 2 * size.1 {
        average(image, size, canvas);
    } else {
        interpolate(image, size, canvas);
    }
}

/// Where the samples of each target pixel lie along one side, as indices into the source.
fn positions(source: usize, target: usize) -> (usize, Vec<usize>) {
    let samples = (source / target).clamp(1, MOST_SAMPLES);
    let count = target * samples;
    let at = |n: usize| ((2 * n + 1) * source / (2 * count)).min(source - 1);
    (samples, (0..count).map(at).collect())
}

fn average(image: &RgbImage, size: (usize, usize), canvas: &mut Canvas<'_>) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let (across, columns) = positions(width, size.0);
    let (down, rows) = positions(height, size.1);
    let columns: Vec<usize> = columns.into_iter().map(|c| 3 * c).collect();
    let weight = 1.0 / (across * down) as f32;
    let mut sums = vec![[0u32; 3]; size.0];
    for (y, rows) in rows.chunks_exact(down).enumerate() {
        sums.fill([0; 3]);
        for row in rows {
            let line = &image.as_raw()[3 * width * row..3 * width * (row + 1)];
            for (sum, columns) in sums.iter_mut().zip(columns.chunks_exact(across)) {
                for &column in columns {
                    if let [r, g, b] = line[column..column + 3] {
                        sum[0] += u32::from(r);
                        sum[1] += u32::from(g);
                        sum[2] += u32::from(b);
                    }
                }
            }
        }
        canvas.draw_row(y, sums.iter().map(|s| s.map(|v| v as f32 * weight)));
    }
}

/// For each target pixel along one side: the two source pixels around it, and how near it is to the second.
fn neighbours(source: usize, target: usize) -> Vec<(usize, usize, f32)> {
    let factor = source as f32 / target as f32;
    (0..target)
        .map(|n| {
            let at = ((n as f32 + 0.5) * factor - 0.5).clamp(0.0, (source - 1) as f32);
            let first = at as usize;
            (first, (first + 1).min(source - 1), at - first as f32)
        })
        .collect()
}

fn interpolate(image: &RgbImage, size: (usize, usize), canvas: &mut Canvas<'_>) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let columns = neighbours(width, size.0);
    let raw = image.as_raw();
    let line = |y: usize| &raw[3 * width * y..3 * width * (y + 1)];
    for (y, (above, below, lower)) in neighbours(height, size.1).into_iter().enumerate() {
        let (above, below) = (line(above), line(below));
        let pixels = columns.iter().map(|&(left, right, further)| {
            std::array::from_fn(|c| {
                let mix =
                    |a: u8, b: u8, share: f32| f32::from(a) + share * (f32::from(b) - f32::from(a));
                let top = mix(above[3 * left + c], above[3 * right + c], further);
                let bottom = mix(below[3 * left + c], below[3 * right + c], further);
                top + lower * (bottom - top)
            })
        });
        canvas.draw_row(y, pixels);
    }
}

impl Canvas<'_> {
    fn draw_row(&mut self, y: usize, pixels: impl Iterator<Item = [f32; 3]>) {
        let plane = self.side * self.side;
        let start = (y + self.offset) * self.side + self.offset;
        let (blue, rest) = self.planes.split_at_mut(plane);
        let (green, red) = rest.split_at_mut(plane);
        let targets = blue[start..]
            .iter_mut()
            .zip(&mut green[start..])
            .zip(&mut red[start..]);
        for (((b, g), r), pixel) in targets.zip(pixels) {
            [*r, *g, *b] = pixel;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(image: &RgbImage, size: (usize, usize), side: usize, offset: usize) -> Vec<f32> {
        let mut planes = vec![-1.0; 3 * side * side];
        into_planes(
            image,
            size,
            &mut Canvas {
                planes: &mut planes,
                side,
                offset,
            },
        );
        planes
    }

    #[test]
    fn planes_are_blue_green_red_at_the_offset() {
        let image = RgbImage::from_pixel(2, 2, image::Rgb([1, 2, 3]));
        let planes = drawn(&image, (2, 2), 4, 1);
        for (channel, value) in [3.0, 2.0, 1.0].into_iter().enumerate() {
            let plane = &planes[16 * channel..16 * (channel + 1)];
            for (at, found) in plane.iter().enumerate() {
                let inside = (1..3).contains(&(at % 4)) && (1..3).contains(&(at / 4));
                assert_eq!(*found, if inside { value } else { -1.0 }, "{at}");
            }
        }
    }

    #[test]
    fn a_gradient_keeps_its_place_at_every_scale() {
        for (width, height) in [(8, 8), (20, 12), (64, 64), (400, 300), (1000, 1000)] {
            let image = RgbImage::from_fn(width, height, |x, y| {
                image::Rgb([
                    (x * 255 / (width - 1)) as u8,
                    (y * 255 / (height - 1)) as u8,
                    9,
                ])
            });
            let planes = drawn(&image, (16, 16), 16, 0);
            for at in 0..256 {
                let place = |n: usize| ((n as f32 + 0.5) / 16.0 * 255.0).clamp(0.0, 255.0);
                assert!((planes[at] - 9.0).abs() < 0.01);
                assert!(
                    (planes[256 + at] - place(at / 16)).abs() < 20.0,
                    "{width}x{height} {at}"
                );
                assert!(
                    (planes[512 + at] - place(at % 16)).abs() < 20.0,
                    "{width}x{height} {at}"
                );
            }
        }
    }
}
