//! Cuts squares out of pictures, turned and scaled.
//!
//! Neighbouring pixels of a square are made together, as many as [`RUN`]: where they lie is computed at once, their bytes are fetched one
//! by one, and mixed at once again. All but the fetching becomes SIMD. What comes out is the same to the bit whatever processor it is
//! compiled for (docs/decisions/0160-pixels-to-template.md).

use image::RgbImage;
#[cfg(feature = "engine")]
use multiversion::multiversion;

use crate::align::Similarity;

/// Pixels that are made together: one register of the widest processors.
const RUN: usize = 16;

/// A number for each pixel of a run.
type Run = [f32; RUN];

/// Cuts a square out into planes of red, green and blue, 0 to 255; `back` leads from its pixels to the picture's. With more
/// than two samples a side, the nearest pixel is as good for each as a mixture of four. Outside the picture all is black.
pub(crate) fn cut(
    image: &RgbImage,
    back: &Similarity,
    side: usize,
    samples: usize,
    planes: [&mut [f32]; 3],
) {
    rows(&Source::of(image), back, side, samples, planes);
}

/// A square's planes, one after another in memory.
pub(crate) fn thirds(planes: &mut [f32], side: usize) -> [&mut [f32]; 3] {
    let (first, rest) = planes.split_at_mut(side * side);
    let (second, third) = rest.split_at_mut(side * side);
    [first, second, third]
}

#[cfg_attr(
    feature = "engine",
    multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma"))
)]
fn rows(
    source: &Source<'_>,
    back: &Similarity,
    side: usize,
    samples: usize,
    planes: [&mut [f32]; 3],
) {
    let [red, green, blue] = planes;
    let lines = red
        .chunks_exact_mut(side)
        .zip(green.chunks_exact_mut(side))
        .zip(blue.chunks_exact_mut(side));
    for (y, ((red, green), blue)) in lines.enumerate().take(side) {
        let runs = red
            .chunks_mut(RUN)
            .zip(green.chunks_mut(RUN))
            .zip(blue.chunks_mut(RUN));
        for (number, ((red, green), blue)) in runs.enumerate() {
            let first = (number * RUN) as f32;
            let made = match samples {
                0 | 1 => source.mixed(&Places::of(back, first, 0.0, y as f32)),
                _ => source.average(back, first, y as f32, samples),
            };
            for (target, made) in [red, green, blue].into_iter().zip(made) {
                if let Some(target) = target.as_mut_array() {
                    *target = made;
                } else {
                    target.copy_from_slice(&made[..target.len()]);
                }
            }
        }
    }
}

/// A column or a row between two of the picture's: the first of them, and how far it lies from that one to the next, 0 to 1. The
/// picture's last has nothing next to it.
#[cfg(feature = "engine")]
pub(crate) type Place = (usize, f32);

/// Draws an upright part of the picture into planes of red, green and blue, 0 to 255, as whole numbers: a pixel for each column, of
/// which there are some sixteens, and each row.
#[cfg(feature = "engine")]
pub(crate) fn draw(image: &RgbImage, columns: &[Place], rows: &[Place], planes: [&mut [f32]; 3]) {
    columns_and_rows(&Source::of(image), columns, rows, planes);
}

#[cfg(feature = "engine")]
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma"))]
fn columns_and_rows(
    source: &Source<'_>,
    columns: &[Place],
    rows: &[Place],
    planes: [&mut [f32]; 3],
) {
    let [red, green, blue] = planes;
    for (number, run) in columns.as_chunks::<RUN>().0.iter().enumerate() {
        let (mut left, mut across) = ([0u32; RUN], [0.0; RUN]);
        for ((left, across), (column, share)) in left.iter_mut().zip(&mut across).zip(run) {
            (*left, *across) = (source.offset(*column as u32, 0), *share);
        }
        for (y, (row, share)) in rows.iter().enumerate() {
            let (mut at, down) = (left, [*share; RUN]);
            for at in &mut at {
                *at = at.wrapping_add(source.offset(0, *row as u32));
            }
            let below = if row + 1 < source.height {
                3 * source.width
            } else {
                0
            };
            let mut made = [[0.0; RUN]; 3];
            if !source.between(&at, below, &across, &down, &mut made) {
                source.between_anywhere(run, (*row, *share), &mut made);
            }
            let from = y * columns.len() + number * RUN;
            for (target, made) in [&mut *red, &mut *green, &mut *blue].into_iter().zip(made) {
                for (target, value) in target[from..from + RUN].iter_mut().zip(made) {
                    let (_, down) = whole(value);
                    *target = if value - down >= 0.5 {
                        down + 1.0
                    } else {
                        down
                    };
                }
            }
        }
    }
}

/// Where a run of pixels lies in the picture: on a line, in order.
#[derive(Clone, Copy)]
struct Places {
    x: Run,
    y: Run,
}

impl Places {
    #[inline(always)]
    fn of(back: &Similarity, first: f32, off: f32, y: f32) -> Self {
        let (across, down) = (back.b * y, back.a * y);
        let mut places = Self {
            x: [0.0; RUN],
            y: [0.0; RUN],
        };
        for lane in 0..RUN {
            let x = (first + lane as f32) + off;
            places.x[lane] = back.a * x - across + back.dx;
            places.y[lane] = back.b * x + down + back.dy;
        }
        places
    }

    #[inline(always)]
    fn moved(mut self, x: f32, y: f32) -> Self {
        for lane in 0..RUN {
            self.x[lane] += x;
            self.y[lane] += y;
        }
        self
    }

    /// Whether all lie from 0 up to but not at the ends. Rounding keeps their order, so that the first and the last tell.
    #[inline(always)]
    fn within(&self, width: f32, height: f32) -> bool {
        let inside = |run: &Run, end: f32| {
            let (first, last) = (run[0], run[RUN - 1]);
            first >= 0.0 && last >= 0.0 && first < end && last < end
        };
        inside(&self.x, width) && inside(&self.y, height)
    }

    /// Whether all lie so far on one side of the picture that none touches it.
    #[inline(always)]
    fn without(&self, width: usize, height: usize) -> bool {
        let outside = |run: &Run, end: usize| {
            let (first, last) = (run[0], run[RUN - 1]);
            first.max(last) <= -1.0 || first.min(last) >= end as f32
        };
        outside(&self.x, width) || outside(&self.y, height)
    }
}

/// Pixels to sample; black outside the picture.
struct Source<'i> {
    raw: &'i [u8],
    width: usize,
    height: usize,
}

/// A channel of a pixel whose bytes are in order from the lowest up. A signed integer is what every processor converts at once.
#[inline(always)]
fn channel(pixel: u32, which: usize) -> f32 {
    ((pixel >> (8 * which)) & 0xff) as i32 as f32
}

/// From here up a float has no fraction, and its lowest bits are an integer.
const WHOLE: f32 = (1 << 23) as f32;

/// Rounds a number from 0 to 65,535 down. A conversion would be one number at a time, for it minds what is out of range.
#[inline(always)]
fn whole(number: f32) -> (u32, f32) {
    let near = (number + WHOLE) - WHOLE;
    let down = if near > number { near - 1.0 } else { near };
    ((down + WHOLE).to_bits() & 0x7f_ffff, down)
}

impl<'i> Source<'i> {
    fn of(image: &'i RgbImage) -> Self {
        Self {
            raw: image.as_raw(),
            width: image.width() as usize,
            height: image.height() as usize,
        }
    }

    /// Where a pixel's bytes begin. Of a picture of more than 4 GiB that is nonsense, and such is never decoded.
    #[inline(always)]
    fn offset(&self, x: u32, y: u32) -> u32 {
        y.wrapping_mul(self.width as u32)
            .wrapping_add(x)
            .wrapping_mul(3)
    }

    /// The colours of a run, each between four pixels.
    #[inline(always)]
    fn mixed(&self, places: &Places) -> [Run; 3] {
        let mut made = [[0.0; RUN]; 3];
        if !self.mixed_inside(places, &mut made) && !places.without(self.width, self.height) {
            self.mixed_anywhere(places, &mut made);
        }
        made
    }

    /// False, and nothing made, where a run is not all inside the picture, or too near its last byte.
    #[inline(always)]
    fn mixed_inside(&self, places: &Places, made: &mut [Run; 3]) -> bool {
        let end = |side: usize| side as f32 - 1.0;
        if !places.within(end(self.width), end(self.height)) {
            return false;
        }
        let (mut across, mut down, mut at) = ([0.0; RUN], [0.0; RUN], [0u32; RUN]);
        for lane in 0..RUN {
            let (x, y) = (places.x[lane], places.y[lane]);
            let ((left, whole_x), (top, whole_y)) = (whole(x), whole(y));
            across[lane] = x - whole_x;
            down[lane] = y - whole_y;
            at[lane] = self.offset(left, top);
        }
        self.between(&at, 3 * self.width, &across, &down, made)
    }

    /// Mixes each pixel of a run of four: `at` is where the first's bytes begin, the second follows it, and the others lie `below`
    /// bytes after these. False, and nothing made, where a run is too near the picture's last byte.
    #[inline(always)]
    fn between(
        &self,
        at: &[u32; RUN],
        below: usize,
        across: &Run,
        down: &Run,
        made: &mut [Run; 3],
    ) -> bool {
        let [mut a, mut b, mut c, mut d] = [[0u32; RUN]; 4];
        for lane in 0..RUN {
            let at = at[lane] as usize;
            let (Some(above), Some(below)) = (self.pair(at), self.pair(at + below)) else {
                return false;
            };
            a[lane] = above as u32;
            b[lane] = (above >> 24) as u32;
            c[lane] = below as u32;
            d[lane] = (below >> 24) as u32;
        }
        for (which, made) in made.iter_mut().enumerate() {
            for lane in 0..RUN {
                let mix = |a: u32, b: u32| {
                    let (a, b) = (channel(a, which), channel(b, which));
                    a + across[lane] * (b - a)
                };
                let (above, below) = (mix(a[lane], b[lane]), mix(c[lane], d[lane]));
                made[lane] = above + down[lane] * (below - above);
            }
        }
        true
    }

    /// Two neighbours, and what follows them.
    #[inline(always)]
    fn pair(&self, at: usize) -> Option<u64> {
        let bytes = self.raw.get(at..at + 8)?.first_chunk()?;
        Some(u64::from_le_bytes(*bytes))
    }

    /// The same one by one, for a run at the picture's edge.
    #[cold]
    #[inline(never)]
    fn mixed_anywhere(&self, Places { x, y }: &Places, made: &mut [Run; 3]) {
        for lane in 0..RUN {
            for (made, value) in made.iter_mut().zip(self.bilinear(x[lane], y[lane])) {
                made[lane] = value;
            }
        }
    }

    /// The same as [`Self::between`] one by one, for a run at the picture's end.
    #[cfg(feature = "engine")]
    #[cold]
    #[inline(never)]
    fn between_anywhere(&self, columns: &[Place; RUN], (row, down): Place, made: &mut [Run; 3]) {
        for (lane, &(column, across)) in columns.iter().enumerate() {
            let [a, b, c, d] = [(0, 0), (1, 0), (0, 1), (1, 1)]
                .map(|(right, below)| self.at(column + right, row + below).map(f32::from));
            for (which, made) in made.iter_mut().enumerate() {
                let (above, below) = (
                    a[which] + across * (b[which] - a[which]),
                    c[which] + across * (d[which] - c[which]),
                );
                made[lane] = above + down * (below - above);
            }
        }
    }

    /// The colour between four pixels.
    fn bilinear(&self, x: f32, y: f32) -> [f32; 3] {
        // A float that is out of range becomes the nearest integer, which is outside the picture too. Without `floor`, which
        // is a call where the CPU is not known to have an instruction for it.
        let down = |at: f32| (at as i32).saturating_sub(i32::from((at as i32 as f32) > at));
        let (left, top) = (down(x), down(y));
        let (fx, fy) = (x - left as f32, y - top as f32);
        let (right, bottom) = (left.saturating_add(1), top.saturating_add(1));
        let corners = [
            self.pixel(left, top),
            self.pixel(right, top),
            self.pixel(left, bottom),
            self.pixel(right, bottom),
        ];
        std::array::from_fn(|c| {
            let [a, b, d, e] = corners.map(|pixel| f32::from(pixel[c]));
            let (above, below) = (a + fx * (b - a), d + fx * (e - d));
            above + fy * (below - above)
        })
    }

    fn pixel(&self, x: i32, y: i32) -> [u8; 3] {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return [0; 3];
        };
        self.at(x, y)
    }

    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        if x >= self.width || y >= self.height {
            return [0; 3];
        }
        match self.raw.get(3 * (y * self.width + x)..) {
            Some(&[r, g, b, ..]) => [r, g, b],
            _ => [0; 3],
        }
    }

    /// The means of samples spread evenly over each pixel of a run.
    #[inline(always)]
    fn average(&self, back: &Similarity, x: f32, y: f32, samples: usize) -> [Run; 3] {
        let step = 1.0 / samples as f32;
        let first = 0.5 * step - 0.5;
        let start = Places::of(back, x, first, y + first);
        let (along, across) = (back.a * step, back.b * step);
        let mut sums = [[0.0f32; RUN]; 3];
        let mut totals = [[0u32; RUN]; 2];
        for row in 0..samples {
            let down = row as f32;
            let mut places = start.moved(-(across * down), along * down);
            for _ in 0..samples {
                if samples > 2 {
                    add(&mut totals, &self.nearest(&places));
                } else {
                    let made = self.mixed(&places);
                    for (sum, made) in sums.iter_mut().zip(&made) {
                        for lane in 0..RUN {
                            sum[lane] += made[lane];
                        }
                    }
                }
                places = places.moved(along, across);
            }
        }
        if samples > 2 {
            sums = apart(&totals);
        }
        let weight = step * step;
        for sum in &mut sums {
            for sum in sum {
                *sum *= weight;
            }
        }
        sums
    }

    /// The pixels that a run lies in.
    #[inline(always)]
    fn nearest(&self, places: &Places) -> [u32; RUN] {
        let places = places.moved(0.5, 0.5);
        let mut pixels = [0u32; RUN];
        if !self.nearest_inside(&places, &mut pixels) && !places.without(self.width, self.height) {
            self.nearest_anywhere(&places, &mut pixels);
        }
        pixels
    }

    /// False where a run is not all inside the picture, or too near its last byte.
    #[inline(always)]
    fn nearest_inside(&self, places: &Places, pixels: &mut [u32; RUN]) -> bool {
        if !places.within(self.width as f32, self.height as f32) {
            return false;
        }
        let mut offsets = [0u32; RUN];
        for (at, (x, y)) in offsets.iter_mut().zip(places.x.iter().zip(&places.y)) {
            let ((column, _), (row, _)) = (whole(*x), whole(*y));
            *at = self.offset(column, row);
        }
        for (pixel, at) in pixels.iter_mut().zip(offsets) {
            let at = at as usize;
            let Some(bytes) = self.raw.get(at..at + 4).and_then(<[u8]>::first_chunk) else {
                return false;
            };
            *pixel = u32::from_le_bytes(*bytes);
        }
        true
    }

    #[cold]
    #[inline(never)]
    fn nearest_anywhere(&self, Places { x, y }: &Places, pixels: &mut [u32; RUN]) {
        for lane in 0..RUN {
            // Rounding down as an unsigned number does is exact from 0 up.
            pixels[lane] = if x[lane] >= 0.0 && y[lane] >= 0.0 {
                let [r, g, b] = self.at(x[lane] as u32 as usize, y[lane] as u32 as usize);
                u32::from_le_bytes([r, g, b, 0])
            } else {
                0
            };
        }
    }
}

/// Adds pixels up: red and blue in one number, green in another. Of 16 samples at most a sum has 12 bits.
#[inline(always)]
fn add([red_blue, green]: &mut [[u32; RUN]; 2], pixels: &[u32; RUN]) {
    for lane in 0..RUN {
        red_blue[lane] += pixels[lane] & 0xff_00ff;
        green[lane] += (pixels[lane] >> 8) & 0xff;
    }
}

#[inline(always)]
fn apart([red_blue, green]: &[[u32; RUN]; 2]) -> [Run; 3] {
    let mut sums = [[0.0; RUN]; 3];
    for lane in 0..RUN {
        sums[0][lane] = (red_blue[lane] & 0xffff) as i32 as f32;
        sums[1][lane] = green[lane] as i32 as f32;
        sums[2][lane] = (red_blue[lane] >> 16) as i32 as f32;
    }
    sums
}

#[cfg(test)]
mod tests;
