//! Random directions for tests, the same each time.

use selfsame_face::template::{TEMPLATE_LEN, Template, TemplateModel};

pub(crate) struct Directions {
    state: u64,
    length: usize,
}

/// The model that all of them are of.
pub(crate) fn model() -> TemplateModel {
    TemplateModel::new("synthetic").unwrap()
}

impl Directions {
    pub(crate) fn new(seed: u64) -> Self {
        Self::of_length(seed, TEMPLATE_LEN)
    }

    pub(crate) fn of_length(seed: u64, length: usize) -> Self {
        Self {
            state: seed,
            length,
        }
    }

    /// Uniform in 0..1 (SplitMix64).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Sums of twelve uniform numbers are normal enough: the direction has no preferred axis.
    pub(crate) fn values(&mut self) -> Vec<f32> {
        let length = self.length;
        std::iter::repeat_with(|| ((0..12).map(|_| self.uniform()).sum::<f64>() - 6.0) as f32)
            .take(length)
            .collect()
    }

    pub(crate) fn template(&mut self) -> Template {
        Template::new(&self.values(), &model()).unwrap()
    }

    /// A template that scores about `cosine` against another.
    pub(crate) fn near(&mut self, other: &Template, cosine: f32) -> Template {
        let noise = self.template();
        let along = other.compare(&noise).unwrap().value();
        let pairs = || noise.values().iter().zip(other.values());
        let orthogonal: Vec<f32> = pairs().map(|(n, a)| n - along * a).collect();
        let length = orthogonal.iter().map(|v| v * v).sum::<f32>().sqrt();
        let sine = (1.0 - cosine * cosine).sqrt();
        let values: Vec<f32> = (other.values().iter().zip(&orthogonal))
            .map(|(a, o)| cosine * a + sine * o / length)
            .collect();
        Template::new(&values, &model()).unwrap()
    }
}
