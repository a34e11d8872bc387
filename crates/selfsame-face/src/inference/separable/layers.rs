//! The layers' arithmetic. Each loop runs over slices of one known length, for the compiler makes SIMD of such.
//!
//! For a server all of it is inlined into one function, which is compiled for several kinds of processor: `TILE` says for which. It is as
//! many pixels as two of its registers hold. Four channels of them are eight sums, enough to keep the units busy that multiply and add.

/// Channels that are mixed together: their sums stay in registers.
pub(super) const BLOCK: usize = 4;
/// The tile of what any processor of a kind has (SSE2, NEON, a browser). Wider ones are of those that multiply and add at once.
pub(super) const PORTABLE: usize = 8;
/// The widest tile: as many numbers more has a plane room for, so that its last tile is written whole.
pub(super) const WIDEST: usize = 32;
/// Numbers of all channels that are mixed before they are filtered: with what they come from and what comes of them, they stay in the
/// second cache.
const BAND: usize = 32 * 1024;
/// The side of a filter.
pub(super) const SIDE: usize = 3;
/// Weights of a filter of one channel.
pub(super) const TAPS: usize = SIDE * SIDE;

/// Channels of some height and width.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Shape {
    pub(super) const fn pixels(self) -> usize {
        self.channels * self.height * self.width
    }

    /// A row with a pixel of edge on both sides. Only where a filter reads it is an edge zero.
    const fn row(self) -> usize {
        self.width + 2
    }

    /// A channel, with room to write the last tile whole.
    const fn plane(self) -> usize {
        self.row() * self.height + 1 + WIDEST
    }

    /// Where a row without its edges lies in a plane.
    const fn inner(self, y: usize) -> std::ops::Range<usize> {
        let from = y * self.row() + 1;
        from..from + self.width
    }

    /// Rows that are mixed together.
    fn band(self) -> usize {
        (BAND / (self.channels * self.row()).max(1)).clamp(1, self.height.max(1))
    }

    /// A channel of a band, with a row above and below.
    fn mixed(self) -> usize {
        self.row() * (self.band() + 2) + 2 + WIDEST
    }
}

/// Channels in memory, which may be more than they need.
#[derive(Debug, Default)]
pub(super) struct Planes {
    shape: Shape,
    numbers: Vec<f32>,
}

impl Planes {
    /// In memory that was used for something else: what it holds does not matter.
    pub(super) fn of(shape: Shape, mut numbers: Vec<f32>) -> Self {
        let needed = shape.channels * shape.plane();
        if numbers.len() < needed {
            numbers.resize(needed, 0.0);
        }
        Self { shape, numbers }
    }

    pub(super) fn into_numbers(self) -> Vec<f32> {
        self.numbers
    }

    fn channels(&self) -> std::slice::ChunksExact<'_, f32> {
        let plane = self.shape.plane();
        self.numbers[..self.shape.channels * plane].chunks_exact(plane)
    }

    fn channels_mut(&mut self) -> std::slice::ChunksMut<'_, f32> {
        self.blocks_mut(1)
    }

    /// As many channels at a time, the last of them maybe fewer.
    fn blocks_mut(&mut self, channels: usize) -> std::slice::ChunksMut<'_, f32> {
        let plane = self.shape.plane();
        self.numbers[..self.shape.channels * plane].chunks_mut(channels * plane)
    }
}

/// Weights of all inputs for some outputs.
#[derive(Debug)]
pub(super) struct Mix {
    weights: Vec<[f32; BLOCK]>,
    bias: [f32; BLOCK],
}

impl Mix {
    /// `weights` are those of all inputs for the first output, then for the next; the last mix is filled up with nothing.
    pub(super) fn all(weights: &[f32], inputs: usize, bias: &[f32]) -> Vec<Self> {
        weights
            .chunks(BLOCK * inputs)
            .zip(bias.chunks(BLOCK))
            .map(|(weights, bias)| {
                let mut mix = Self {
                    weights: vec![[0.0; BLOCK]; inputs],
                    bias: [0.0; BLOCK],
                };
                mix.bias[..bias.len()].copy_from_slice(bias);
                for (output, row) in weights.chunks_exact(inputs).enumerate() {
                    for (to, weight) in mix.weights.iter_mut().zip(row) {
                        to[output] = *weight;
                    }
                }
                mix
            })
            .collect()
    }
}

/// The network's first layer: filters of 3 by 3 over all channels, at each second pixel.
#[derive(Debug)]
pub(super) struct Strided {
    pub(super) mixes: Vec<Mix>,
    pub(super) rectified: bool,
}

/// A layer that mixes, then filters.
#[derive(Debug)]
pub(super) struct Filtered {
    pub(super) mixes: Vec<Mix>,
    pub(super) filters: Vec<Filter>,
    pub(super) rectified: bool,
}

/// A filter of one channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    pub(super) taps: [f32; TAPS],
    pub(super) bias: f32,
}

/// How many numbers [`part`] writes.
pub(super) const fn phases(input: Shape) -> usize {
    input.channels * (input.height + 1) * (input.width + 2) + WIDEST
}

/// How many numbers a band of mixed channels takes.
pub(super) fn mixed(shape: Shape) -> usize {
    shape.channels.next_multiple_of(BLOCK) * shape.mixed()
}

/// Parts the even columns of each row from the odd ones, so that what lies two apart lies side by side. The edge above and on the left
/// is part of that; `half` is the shape of what comes of it, half as wide and high as the input.
#[inline(always)]
pub(super) fn part(input: &[f32], phases: &mut [f32], half: Shape) {
    let (width, rows) = (2 * half.width, 2 * half.height);
    let length = width + 2;
    let channels = phases.chunks_exact_mut((rows + 1) * length);
    for (to, from) in channels.zip(input.chunks_exact(rows * width)) {
        // Row 0 is the edge above; it was zero from the beginning.
        let to = to[length..].chunks_exact_mut(length);
        for (to, from) in to.zip(from.chunks_exact(width)) {
            let (outer, inner) = to.split_at_mut(half.width + 1);
            // The first of the outer columns is the edge on the left.
            for (pair, (inner, outer)) in from
                .chunks_exact(2)
                .zip(inner.iter_mut().zip(&mut outer[1..]))
            {
                (*inner, *outer) = (pair[0], pair[1]);
            }
        }
    }
}

impl Strided {
    #[inline(always)]
    pub(super) fn run<const TILE: usize>(&self, phases: &[f32], out: &mut Planes) {
        let shape = out.shape;
        let (rows, length) = (2 * shape.height + 1, 2 * shape.width + 2);
        let whole = shape.width.next_multiple_of(TILE);
        let mut inputs: Vec<&[[f32; TILE]]> = Vec::new();
        for y in 0..shape.height {
            inputs.clear();
            let channels = (phases.len() - WIDEST) / (rows * length);
            for channel in 0..channels {
                for row in 2 * y..2 * y + SIDE {
                    let row = &phases[(channel * rows + row) * length..];
                    for from in [0, shape.width + 1, 1] {
                        inputs.push(row[from..from + whole].as_chunks().0);
                    }
                }
            }
            let from = shape.inner(y).start;
            let plane = shape.plane();
            let blocks = out.blocks_mut(together(TILE) * BLOCK);
            for (block, layers) in blocks.zip(self.mixes.chunks(together(TILE))) {
                mix_all(&inputs, layers, block, from..from + whole);
                if self.rectified {
                    for plane in block.chunks_exact_mut(plane) {
                        rectify(&mut plane[from..from + whole]);
                    }
                }
            }
        }
    }
}

impl Filtered {
    /// Mixes some rows of four channels and filters them, then those of the next four, then the next rows.
    #[inline(always)]
    pub(super) fn run<const TILE: usize>(
        &self,
        input: &Planes,
        mixed: &mut [f32],
        out: &mut Planes,
    ) {
        let shape = out.shape;
        let (row, plane, band) = (shape.row(), shape.plane(), shape.band());
        let mut inputs: Vec<&[[f32; TILE]]> = Vec::with_capacity(input.shape.channels);
        for first in (0..shape.height).step_by(band) {
            let end = shape.height.min(first + band);
            // A row is filtered with its neighbours: the row after the band is mixed along, and was so before this one.
            let from = if first == 0 { 0 } else { first + 1 };
            let to = shape.height.min(end + 1);
            let length = ((to - from) * row).next_multiple_of(TILE);
            let start = (from + 1 - first) * row;
            inputs.clear();
            for channel in input.channels() {
                inputs.push(channel[from * row..][..length].as_chunks().0);
            }
            let channels = together(TILE) * BLOCK;
            let blocks = mixed.chunks_mut(channels * shape.mixed());
            let blocks = blocks.zip(out.blocks_mut(channels));
            let layers = self.mixes.chunks(together(TILE));
            let layers = layers.zip(self.filters.chunks(channels));
            for ((mixed, outs), (layers, filters)) in blocks.zip(layers) {
                let mixed = &mut mixed[..layers.len() * BLOCK * shape.mixed()];
                mix_all(&inputs, layers, mixed, start..start + length);
                let channels = mixed.chunks_exact_mut(shape.mixed());
                let outs = outs.chunks_exact_mut(plane);
                for ((rows, out), filter) in channels.zip(outs).zip(filters) {
                    for row in rows[start..].chunks_exact_mut(row).take(to - from) {
                        (row[0], row[shape.width + 1]) = (0.0, 0.0);
                    }
                    if first == 0 {
                        rows[..row].fill(0.0);
                    }
                    if end == shape.height {
                        rows[(end + 1 - first) * row..][..row].fill(0.0);
                    }
                    let length = ((end - first) * row).next_multiple_of(TILE);
                    let out = &mut out[shape.inner(first).start..][..length];
                    filter.run(rows, row, self.rectified, out);
                    // The next band begins with the last two rows of this one.
                    rows.copy_within(band * row..(band + 2) * row, 0);
                }
            }
        }
    }
}

/// Mixes that are made together: sixteen sums leave room among 32 registers, and what is read is read half as often.
const fn together(tile: usize) -> usize {
    if tile == WIDEST { 2 } else { 1 }
}

/// Mixes the inputs into a part of each of the planes, of which there are four for each mix.
#[inline(always)]
fn mix_all<const TILE: usize>(
    inputs: &[&[[f32; TILE]]],
    layers: &[Mix],
    planes: &mut [f32],
    part: std::ops::Range<usize>,
) {
    match layers {
        [one] => mix(inputs, one, quarters(planes, part)),
        [one, other] => {
            let (half, planes) = planes.split_at_mut(planes.len() / 2);
            let outs = [quarters(half, part.clone()), quarters(planes, part)];
            mix_two(inputs, [one, other], outs);
        }
        _ => {}
    }
}

/// A part of each of four planes, in tiles.
#[inline(always)]
fn quarters<const TILE: usize>(
    planes: &mut [f32],
    part: std::ops::Range<usize>,
) -> [&mut [[f32; TILE]]; BLOCK] {
    let plane = planes.len() / BLOCK;
    let (a, planes) = planes.split_at_mut(plane);
    let (b, planes) = planes.split_at_mut(plane);
    let (c, d) = planes.split_at_mut(plane);
    [a, b, c, d].map(|plane| plane[part.clone()].as_chunks_mut().0)
}

/// Sums of all inputs, weighted, for each of the outputs. All slices have one length.
// In a browser's module the compiler makes SIMD of it only where it stands alone.
#[cfg_attr(feature = "engine", inline(always))]
#[cfg_attr(not(feature = "engine"), inline(never))]
fn mix<const TILE: usize>(
    inputs: &[&[[f32; TILE]]],
    layer: &Mix,
    outs: [&mut [[f32; TILE]]; BLOCK],
) {
    let [a, b, c, d] = outs;
    let outs = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
    for (at, ((to_a, to_b), (to_c, to_d))) in outs.enumerate() {
        // Four names instead of a loop: so the compiler sees that each sum is a register.
        let [mut a, mut b, mut c, mut d] = layer.bias.map(|bias| [bias; TILE]);
        for (input, [for_a, for_b, for_c, for_d]) in inputs.iter().zip(&layer.weights) {
            let tile = &input[at];
            a = plus(a, *for_a, tile);
            b = plus(b, *for_b, tile);
            c = plus(c, *for_c, tile);
            d = plus(d, *for_d, tile);
        }
        (*to_a, *to_b, *to_c, *to_d) = (a, b, c, d);
    }
}

/// The same for eight outputs, where there are registers for as many sums.
#[inline(always)]
fn mix_two<const TILE: usize>(
    inputs: &[&[[f32; TILE]]],
    layers: [&Mix; 2],
    outs: [[&mut [[f32; TILE]]; BLOCK]; 2],
) {
    let [[a, b, c, d], [e, f, g, h]] = outs;
    let outs = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
    let others = e.iter_mut().zip(f).zip(g.iter_mut().zip(h));
    for (at, (first, second)) in outs.zip(others).enumerate() {
        let ((to_a, to_b), (to_c, to_d)) = first;
        let ((to_e, to_f), (to_g, to_h)) = second;
        let [mut a, mut b, mut c, mut d] = layers[0].bias.map(|bias| [bias; TILE]);
        let [mut e, mut f, mut g, mut h] = layers[1].bias.map(|bias| [bias; TILE]);
        let weights = layers[0].weights.iter().zip(&layers[1].weights);
        for (input, (for_first, for_second)) in inputs.iter().zip(weights) {
            let tile = &input[at];
            a = plus(a, for_first[0], tile);
            b = plus(b, for_first[1], tile);
            c = plus(c, for_first[2], tile);
            d = plus(d, for_first[3], tile);
            e = plus(e, for_second[0], tile);
            f = plus(f, for_second[1], tile);
            g = plus(g, for_second[2], tile);
            h = plus(h, for_second[3], tile);
        }
        (*to_a, *to_b, *to_c, *to_d) = (a, b, c, d);
        (*to_e, *to_f, *to_g, *to_h) = (e, f, g, h);
    }
}

#[inline(always)]
fn plus<const TILE: usize>(sums: [f32; TILE], weight: f32, numbers: &[f32; TILE]) -> [f32; TILE] {
    std::array::from_fn(|at| {
        // At once only where one instruction does it: elsewhere `mul_add` is a call.
        if TILE > PORTABLE {
            weight.mul_add(numbers[at], sums[at])
        } else {
            sums[at] + weight * numbers[at]
        }
    })
}

#[inline(always)]
fn rectify(numbers: &mut [f32]) {
    for number in numbers {
        *number = if *number > 0.0 { *number } else { 0.0 };
    }
}

impl Filter {
    /// Filters rows of a length, from the second to the last but one, edges along with the rest.
    #[cfg_attr(feature = "engine", inline(always))]
    #[cfg_attr(not(feature = "engine"), inline(never))]
    fn run(&self, rows: &[f32], row: usize, rectified: bool, out: &mut [f32]) {
        let length = out.len();
        let [above, here, below] =
            [0, row, 2 * row].map(|from| [0, 1, 2].map(|at| &rows[from + at..][..length]));
        let k = &self.taps;
        let least = if rectified { 0.0 } else { f32::NEG_INFINITY };
        for (x, out) in out.iter_mut().enumerate() {
            let sum = self.bias
                + (k[0] * above[0][x] + k[1] * above[1][x] + k[2] * above[2][x])
                + (k[3] * here[0][x] + k[4] * here[1][x] + k[5] * here[2][x])
                + (k[6] * below[0][x] + k[7] * below[1][x] + k[8] * below[2][x]);
            *out = if sum > least { sum } else { least };
        }
    }
}

/// The largest of each four neighbours.
#[inline(always)]
pub(super) fn halve(input: &Planes, out: &mut Planes) {
    let (from, to) = (input.shape, out.shape);
    for (input, out) in input.channels().zip(out.channels_mut()) {
        for y in 0..to.height {
            let (upper, lower) = (&input[from.inner(2 * y)], &input[from.inner(2 * y + 1)]);
            let pairs = upper
                .as_chunks::<2>()
                .0
                .iter()
                .zip(lower.as_chunks::<2>().0);
            for (out, ([a, b], [c, d])) in out[to.inner(y)].iter_mut().zip(pairs) {
                let larger = |a: f32, b: f32| if a > b { a } else { b };
                *out = larger(larger(*a, *b), larger(*c, *d));
            }
        }
    }
}

/// Adds what is half as large, each of its pixels four times.
#[inline(always)]
pub(super) fn add_doubled(large: &Planes, small: &Planes, out: &mut Planes) {
    let (of, to) = (small.shape, out.shape);
    let inputs = large.channels().zip(small.channels());
    for ((large, small), out) in inputs.zip(out.channels_mut()) {
        for y in 0..to.height {
            let pairs = large[to.inner(y)].as_chunks::<2>().0.iter();
            let outs = out[to.inner(y)].as_chunks_mut::<2>().0;
            for (out, ([a, b], small)) in outs.iter_mut().zip(pairs.zip(&small[of.inner(y / 2)])) {
                *out = [a + small, b + small];
            }
        }
    }
}

/// Writes all channels of a pixel, then those of the next.
#[inline(always)]
pub(super) fn list(input: &Planes, sigmoid: bool, out: &mut [f32]) {
    let shape = input.shape;
    for (channel, plane) in input.channels().enumerate() {
        let places = out.iter_mut().skip(channel).step_by(shape.channels);
        let numbers = (0..shape.height).flat_map(|y| &plane[shape.inner(y)]);
        for (out, number) in places.zip(numbers) {
            *out = if sigmoid {
                1.0 / (1.0 + (-number).exp())
            } else {
                *number
            };
        }
    }
}
