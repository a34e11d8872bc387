//! Random directions for tests, the same each time.

use selfsame_face::template::{TEMPLATE_LEN, Template};

pub(crate) struct Directions(u64);

impl Directions {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in 0..1 (SplitMix64).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Sums of twelve uniform numbers are normal enough: the direction has no preferred axis.
    pub(crate) fn values(&mut self) -> [f32; TEMPLATE_LEN] {
        std::array::from_fn(|_| ((0..12).map(|_| self.uniform()).sum::<f64>() - 6.0) as f32)
    }

    pub(crate) fn template(&mut self) -> Template {
        Template::from_embedding(&self.values()).unwrap()
    }

    /// A template that scores about `cosine` against another.
    pub(crate) fn near(&mut self, other: &Template, cosine: f32) -> Template {
        let noise = self.template();
        let (across, along) = (other.values(), other.compare(&noise).value());
        let orthogonal: [f32; TEMPLATE_LEN] =
            std::array::from_fn(|n| noise.values()[n] - along * across[n]);
        let length = orthogonal.iter().map(|v| v * v).sum::<f32>().sqrt();
        let sine = (1.0 - cosine * cosine).sqrt();
        Template::from_embedding(&std::array::from_fn(|n| {
            cosine * across[n] + sine * orthogonal[n] / length
        }))
        .unwrap()
    }
}
