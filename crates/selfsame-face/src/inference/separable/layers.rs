//! The layers' arithmetic. Each loop runs over slices of one known length, for the compiler makes SIMD of such.

/// Channels that are mixed together: their sums stay in registers.
pub(super) const BLOCK: usize = 4;
/// Pixels likewise.
pub(super) const TILE: usize = 8;
/// The side of a filter.
pub(super) const SIDE: usize = 3;
/// Weights of a filter of one channel.
pub(super) const TAPS: usize = SIDE * SIDE;

type Tile = [f32; TILE];

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

    /// A row with a pixel of edge on both sides.
    const fn row(self) -> usize {
        self.width + 2
    }

    /// A channel with a row of edge above and below, and room to write the last tile whole.
    const fn plane(self) -> usize {
        self.row() * (self.height + 2) + TILE
    }

    /// Where a row without its edges lies in a plane.
    const fn inner(self, y: usize) -> std::ops::Range<usize> {
        let from = (y + 1) * self.row() + 1;
        from..from + self.width
    }

    /// The plane's rows from first to last, edges left and right included, in whole tiles.
    const fn tiles(self) -> std::ops::Range<usize> {
        let length = (self.height * self.row()).next_multiple_of(TILE);
        self.row()..self.row() + length
    }
}

/// Channels in memory, each with an edge around.
#[derive(Debug, Default)]
pub(super) struct Planes {
    shape: Shape,
    numbers: Vec<f32>,
}

impl Planes {
    pub(super) fn new(shape: Shape) -> Self {
        let numbers = vec![0.0; shape.channels * shape.plane()];
        Self { shape, numbers }
    }

    pub(super) const fn shape(&self) -> Shape {
        self.shape
    }

    fn channels(&self) -> std::slice::ChunksExact<'_, f32> {
        self.numbers.chunks_exact(self.shape.plane())
    }

    fn channels_mut(&mut self) -> std::slice::ChunksExactMut<'_, f32> {
        self.numbers.chunks_exact_mut(self.shape.plane())
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
    input.channels * (input.height + 1) * (input.width + 2)
}

/// How many numbers a block of mixed channels takes.
pub(super) const fn mixed(shape: Shape) -> usize {
    BLOCK * shape.plane()
}

/// Parts the even columns of each row from the odd ones, so that what lies two apart lies side by side. The edge above and on the left
/// is part of that; `half` is the shape of what comes of it, half as wide and high as the input.
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
    pub(super) fn run(&self, phases: &[f32], out: &mut Planes) {
        let shape = out.shape;
        let (rows, length) = (2 * shape.height + 1, 2 * shape.width + 2);
        let mut inputs: Vec<&[Tile]> = Vec::new();
        for y in 0..shape.height {
            inputs.clear();
            for channel in phases.chunks_exact(rows * length) {
                for row in channel[2 * y * length..].chunks_exact(length).take(SIDE) {
                    for from in [0, shape.width + 1, 1] {
                        inputs.push(row[from..from + shape.width].as_chunks().0);
                    }
                }
            }
            let blocks = out.numbers.chunks_exact_mut(BLOCK * shape.plane());
            for (block, layer) in blocks.zip(&self.mixes) {
                let mut rows = quarters(block).map(|plane| &mut plane[shape.inner(y)]);
                mix(
                    &inputs,
                    layer,
                    rows.each_mut().map(|row| row.as_chunks_mut().0),
                );
                if self.rectified {
                    rows.into_iter().for_each(rectify);
                }
            }
        }
    }
}

impl Filtered {
    pub(super) fn run(&self, input: &Planes, mixed: &mut [f32], out: &mut Planes) {
        let shape = out.shape;
        let plane = shape.plane();
        let inputs: Vec<&[Tile]> = input
            .channels()
            .map(|channel| channel[shape.tiles()].as_chunks().0)
            .collect();
        let mixed = &mut mixed[..BLOCK * plane];
        let outs = out.numbers.chunks_mut(BLOCK * plane);
        for ((outs, layer), filters) in outs.zip(&self.mixes).zip(self.filters.chunks(BLOCK)) {
            let tiles = quarters(mixed).map(|plane| plane[shape.tiles()].as_chunks_mut().0);
            mix(&inputs, layer, tiles);
            let outs = outs.chunks_exact_mut(plane);
            for ((channel, out), filter) in mixed.chunks_exact_mut(plane).zip(outs).zip(filters) {
                clear_edges(channel, shape);
                for y in 0..shape.height {
                    let rows =
                        [0, 1, 2].map(|row| &channel[(y + row) * shape.row()..][..shape.row()]);
                    filter_row(rows, filter, self.rectified, &mut out[shape.inner(y)]);
                }
            }
        }
    }
}

/// Mixing writes its bias to the edges also, and those above and below hold what a layer of another shape left there.
fn clear_edges(channel: &mut [f32], shape: Shape) {
    channel[..shape.row()].fill(0.0);
    let rows = channel.chunks_exact_mut(shape.row());
    for row in rows.skip(1).take(shape.height) {
        (row[0], row[shape.width + 1]) = (0.0, 0.0);
    }
    channel[shape.row() * (shape.height + 1)..].fill(0.0);
}

fn quarters(planes: &mut [f32]) -> [&mut [f32]; BLOCK] {
    let plane = planes.len() / BLOCK;
    let (a, planes) = planes.split_at_mut(plane);
    let (b, planes) = planes.split_at_mut(plane);
    let (c, d) = planes.split_at_mut(plane);
    [a, b, c, d]
}

/// Sums of all inputs, weighted, for each of the outputs. All slices have one length.
fn mix(inputs: &[&[Tile]], layer: &Mix, outs: [&mut [Tile]; BLOCK]) {
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

#[inline(always)]
fn plus(sums: Tile, weight: f32, numbers: &Tile) -> Tile {
    std::array::from_fn(|at| sums[at] + weight * numbers[at])
}

fn rectify(numbers: &mut [f32]) {
    for number in numbers {
        *number = if *number > 0.0 { *number } else { 0.0 };
    }
}

/// Filters one row; `rows` are it and its neighbours, with their edges.
fn filter_row(rows: [&[f32]; SIDE], filter: &Filter, rectified: bool, out: &mut [f32]) {
    let width = out.len();
    let [above, here, below] = rows.map(|row| [&row[..width], &row[1..=width], &row[2..width + 2]]);
    let k = &filter.taps;
    let least = if rectified { 0.0 } else { f32::NEG_INFINITY };
    for (x, out) in out.iter_mut().enumerate() {
        let sum = filter.bias
            + (k[0] * above[0][x] + k[1] * above[1][x] + k[2] * above[2][x])
            + (k[3] * here[0][x] + k[4] * here[1][x] + k[5] * here[2][x])
            + (k[6] * below[0][x] + k[7] * below[1][x] + k[8] * below[2][x]);
        *out = if sum > least { sum } else { least };
    }
}

/// The largest of each four neighbours.
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
