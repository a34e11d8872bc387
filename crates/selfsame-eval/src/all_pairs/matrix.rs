//! Every template against every other: blocks of a matrix product, of which only what is asked for is kept.

use rayon::prelude::*;
use selfsame_face::template::Template;
use zeroize::Zeroize as _;

use crate::progress::Progress;

/// Templates in one block: two blocks of 64 by 128 numbers lie in a core's nearest caches.
const BLOCK: usize = 64;

/// Sums that run beside each other, so that the compiler uses the machine's vectors.
const LANES: usize = 16;

/// The histogram's bins, from −1 to 1.
const BINS: usize = 1 << 16;

/// Two images and their comparison score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Compared {
    /// The earlier image's place.
    pub(crate) a: u32,
    /// The later one's.
    pub(crate) b: u32,
    pub(crate) score: f32,
}

/// Templates one after another, with the person of each.
pub(crate) struct Templates {
    values: Vec<f32>,
    length: usize,
    people: Vec<u32>,
}

impl Drop for Templates {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

/// What comparing every image with every other gave.
#[derive(Debug, PartialEq)]
pub(crate) struct Scored {
    /// Every genuine comparison, lowest score first.
    pub(crate) genuine: Vec<Compared>,
    /// How many impostor comparisons were made.
    pub(crate) impostors: u64,
    /// Those of them that score highest, highest first.
    pub(crate) highest: Vec<Compared>,
    /// Every impostor comparison from this score on is among them.
    pub(crate) complete_from: f32,
}

impl Templates {
    /// Templates of one model. One of another length compares with nothing: it is taken for one that is like nobody.
    pub(crate) fn new<'t>(templates: impl Iterator<Item = (&'t Template, u32)>) -> Self {
        let mut made = Self {
            values: Vec::new(),
            length: 0,
            people: Vec::new(),
        };
        for (template, person) in templates {
            made.push(template.values(), person);
        }
        made
    }

    fn push(&mut self, values: &[f32], person: u32) {
        if self.people.is_empty() {
            self.length = values.len();
        }
        if values.len() == self.length {
            self.values.extend_from_slice(values);
        } else {
            self.values.extend(std::iter::repeat_n(0.0, self.length));
        }
        self.people.push(person);
    }

    fn row(&self, at: usize) -> &[f32] {
        &self.values[at * self.length..(at + 1) * self.length]
    }

    /// How many blocks of rows there are.
    fn blocks(&self) -> usize {
        self.people.len().div_ceil(BLOCK)
    }

    /// Compares every image with every later one, and keeps all genuine comparisons and the highest impostor ones: at most
    /// `most`, and all from some score on.
    pub(crate) fn compare_all(&self, most: u64, progress: &dyn Progress) -> Scored {
        progress.begin("comparing all pairs", self.blocks());
        let (mut genuine, counts) = (0..self.blocks())
            .into_par_iter()
            .map(|block| {
                let mut genuine = Vec::new();
                let mut counts = vec![0u64; BINS];
                self.block(block, |same, compared| {
                    if same {
                        genuine.push(compared);
                    } else {
                        counts[bin(compared.score)] += 1;
                    }
                });
                progress.advance();
                (genuine, counts)
            })
            .reduce(
                || (Vec::new(), vec![0; BINS]),
                |(mut genuine, mut counts), (more, others)| {
                    genuine.extend(more);
                    counts.iter_mut().zip(others).for_each(|(a, b)| *a += b);
                    (genuine, counts)
                },
            );
        let complete_from = cut(&counts, most);
        progress.begin("keeping the highest", self.blocks());
        let mut highest: Vec<Compared> = (0..self.blocks())
            .into_par_iter()
            .flat_map_iter(|block| {
                let mut kept = Vec::new();
                self.block(block, |same, compared| {
                    if !same && compared.score >= complete_from {
                        kept.push(compared);
                    }
                });
                progress.advance();
                kept
            })
            .collect();
        // Whatever the threads did, the order is one: by score, then by place.
        let place = |c: &Compared| (c.a, c.b);
        genuine.par_sort_by(|x, y| x.score.total_cmp(&y.score).then(place(x).cmp(&place(y))));
        highest.par_sort_by(|x, y| y.score.total_cmp(&x.score).then(place(x).cmp(&place(y))));
        Scored {
            genuine,
            impostors: counts.iter().sum(),
            highest,
            complete_from,
        }
    }

    /// Compares the images of one block with themselves and every later one; `each` is told whether both show one person.
    fn block(&self, block: usize, mut each: impl FnMut(bool, Compared)) {
        let all = self.people.len();
        let rows = block * BLOCK..((block + 1) * BLOCK).min(all);
        let mut columns = rows.start;
        while columns < all {
            let end = (columns + BLOCK).min(all);
            for a in rows.clone() {
                for b in columns.max(a + 1)..end {
                    let compared = Compared {
                        a: a as u32,
                        b: b as u32,
                        score: dot(self.row(a), self.row(b)).clamp(-1.0, 1.0),
                    };
                    each(self.people[a] == self.people[b], compared);
                }
            }
            columns = end;
        }
    }
}

/// The sum of products, in as many sums as a machine adds at once. Its order is not that of [`Template::compare`], which may
/// differ from it in the seventh decimal.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (mut xs, mut ys) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    for (x, y) in xs.by_ref().zip(ys.by_ref()) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    let rest = xs.remainder().iter().zip(ys.remainder());
    sums.iter().sum::<f32>() + rest.map(|(x, y)| x * y).sum::<f32>()
}

fn bin(score: f32) -> usize {
    (((score + 1.0) / 2.0 * BINS as f32) as usize).min(BINS - 1)
}

/// The lowest score from which on no more than `most` impostor comparisons were counted: a bin's lower edge, or −1 for all.
fn cut(counts: &[u64], most: u64) -> f32 {
    let mut kept = 0;
    for (at, count) in counts.iter().enumerate().rev() {
        kept += count;
        if kept > most {
            // Bins are powers of two wide: their edges are exact.
            return (at + 1) as f32 / BINS as f32 * 2.0 - 1.0;
        }
    }
    -1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::{made_up, score};
    use crate::progress::Quiet;

    /// `people` people with one to four images each, of `length` numbers, which follow from a seed.
    pub(crate) fn templates(people: u32, length: usize) -> Templates {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        let mut made = Templates {
            values: Vec::new(),
            length: 0,
            people: Vec::new(),
        };
        for person in 0..people {
            let centre: Vec<f32> = (0..length).map(|_| next()).collect();
            for _ in 0..=person % 4 {
                let mut image: Vec<f32> = centre.iter().map(|c| c + 0.7 * next()).collect();
                let norm = image.iter().map(|v| v * v).sum::<f32>().sqrt();
                image.iter_mut().for_each(|v| *v /= norm);
                made.push(&image, person);
            }
        }
        made
    }

    /// One pair after another, without blocks, threads or lanes.
    fn naive(templates: &Templates) -> (Vec<Compared>, Vec<Compared>) {
        let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
        for a in 0..templates.people.len() {
            for b in a + 1..templates.people.len() {
                let products = templates.row(a).iter().zip(templates.row(b));
                let score = products
                    .map(|(x, y)| f64::from(*x) * f64::from(*y))
                    .sum::<f64>();
                let compared = Compared {
                    a: a as u32,
                    b: b as u32,
                    score: score as f32,
                };
                if templates.people[a] == templates.people[b] {
                    genuine.push(compared);
                } else {
                    impostor.push(compared);
                }
            }
        }
        genuine.sort_by(|x, y| x.score.total_cmp(&y.score));
        impostor.sort_by(|x, y| y.score.total_cmp(&x.score));
        (genuine, impostor)
    }

    fn alike(a: &[Compared], b: &[Compared]) {
        assert_eq!(a.len(), b.len());
        for (x, y) in a.iter().zip(b) {
            assert!((x.score - y.score).abs() < 2e-6, "{x:?} {y:?}");
        }
        // The same pairs, each once.
        let pairs = |of: &[Compared]| {
            let mut pairs: Vec<_> = of.iter().map(|c| (c.a, c.b)).collect();
            pairs.sort_unstable();
            pairs
        };
        assert_eq!(pairs(a), pairs(b));
    }

    #[test]
    fn all_against_all_is_what_one_pair_after_another_gives() {
        // 175 images: blocks that are full and one that is not; and a length that is no multiple of the lanes.
        for length in [128, 37] {
            let templates = templates(70, length);
            let (genuine, impostor) = naive(&templates);
            let scored = templates.compare_all(u64::MAX, &Quiet);
            assert_eq!(scored.impostors, impostor.len() as u64);
            assert_eq!(scored.complete_from, -1.0);
            alike(&scored.genuine, &genuine);
            alike(&scored.highest, &impostor);
        }
    }

    #[test]
    fn what_is_kept_is_the_highest_and_nothing_from_there_on_is_missing() {
        let templates = templates(70, 128);
        let all = templates.compare_all(u64::MAX, &Quiet);
        let some = templates.compare_all(500, &Quiet);
        assert_eq!(some.impostors, all.impostors);
        assert!(
            some.highest.len() <= 500 && some.highest.len() > 400,
            "{}",
            some.highest.len()
        );
        assert_eq!(some.highest, all.highest[..some.highest.len()]);
        let next = all.highest[some.highest.len()].score;
        assert!(next < some.complete_from, "{next} {}", some.complete_from);
    }

    #[test]
    fn scores_are_those_of_templates() {
        let embedding: [f32; 128] = std::array::from_fn(|n| (n as f32 * 0.7).sin());
        let other: [f32; 128] = std::array::from_fn(|n| (n as f32 * 0.3).cos());
        let [a, b] = [embedding, other].map(|e| made_up(&e));
        let both = Templates::new([(&a, 0), (&b, 1)].into_iter());
        let scored = both.compare_all(10, &Quiet);
        assert!((scored.highest[0].score - score(&a, &b).unwrap()).abs() < 1e-6);
    }
}
