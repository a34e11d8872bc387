//! A secret turn of a tenant's templates: scores within the tenant stay, and with another tenant's they mean nothing.
//!
//! This is no encryption. Who knows enough templates and their rows solves for it, and who resembles whom is seen without it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

/// Reflections that it is made of, at most: with as many as a template has numbers it is as good as any turn at random.
const MIRRORS: usize = 256;

/// Signs, and then a product of reflections at planes, that a seed tells.
pub(super) struct Rotation {
    length: usize,
    /// Which numbers change their sign first: without it, as few reflections as there are would leave a long template much where it was.
    signs: Vec<bool>,
    /// What stands upright on each plane, one after the other, of any length.
    normals: Vec<f32>,
}

impl Drop for Rotation {
    fn drop(&mut self) {
        self.signs.zeroize();
        self.normals.zeroize();
    }
}

/// Numbers that a seed tells: the code of 0, 1, 2, …, cut in pieces of 16 bits.
struct Stream {
    code: Hmac<Sha256>,
    counter: u64,
}

impl Stream {
    fn next(&mut self) -> [i32; 16] {
        let mut code = self.code.clone();
        code.update(&self.counter.to_le_bytes());
        self.counter += 1;
        let bytes = code.finalize().into_bytes();
        std::array::from_fn(|n| i32::from(u16::from_le_bytes([bytes[2 * n], bytes[2 * n + 1]])))
    }
}

/// The code under a key.
pub(super) fn code(key: &[u8; 32]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(code) => code,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

impl Rotation {
    /// The one for templates of so many numbers that this seed tells: the same on every node.
    pub(super) fn new(seed: &[u8; 32], length: usize) -> Self {
        let mut stream = Stream {
            code: code(seed),
            counter: 0,
        };
        let mut signs = Vec::with_capacity(length + 16);
        while signs.len() < length {
            signs.extend(stream.next().map(|number| number % 2 == 1));
        }
        signs.truncate(length);
        let count = length * length.min(MIRRORS);
        let mut normals = Vec::with_capacity(count + 4);
        while normals.len() < count {
            // Sums of four are normal enough for a direction without preferred axes.
            let sums = stream.next();
            let sums = sums.as_chunks::<4>().0.iter();
            normals.extend(sums.map(|four| {
                let sum: i32 = four.iter().sum();
                (sum - 131_070) as f32 / 65_536.0
            }));
        }
        normals.truncate(count);
        Self {
            length,
            signs,
            normals,
        }
    }

    /// Turns a template's numbers.
    pub(super) fn turn(&self, values: &[f32]) -> Zeroizing<Vec<f32>> {
        let signed = values.iter().zip(&self.signs);
        let signed = signed.map(|(v, minus)| f64::from(if *minus { -v } else { *v }));
        let mut turned: Zeroizing<Vec<f64>> = Zeroizing::new(signed.collect());
        for normal in self.normals.chunks_exact(self.length.max(1)) {
            let (mut along, mut square) = (0f64, 0f64);
            for (value, n) in turned.iter().zip(normal) {
                along += value * f64::from(*n);
                square += f64::from(*n) * f64::from(*n);
            }
            // A plane that nothing stands upright on is none; no seed is known to tell one.
            let twice = if square > 0.0 {
                2.0 * along / square
            } else {
                0.0
            };
            for (value, n) in turned.iter_mut().zip(normal) {
                *value -= twice * f64::from(*n);
            }
        }
        Zeroizing::new(turned.iter().map(|v| *v as f32).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction(n: usize, length: usize) -> Vec<f32> {
        let values: Vec<f32> = (0..length)
            .map(|at| ((n * 31 + at * 17) as f32 * 0.7).sin())
            .collect();
        let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        values.iter().map(|v| v / norm).collect()
    }

    fn score(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn scores_within_a_tenant_stay_and_with_another_mean_nothing() {
        for length in [16, 128, 515] {
            let (one, other) = (
                Rotation::new(&[1; 32], length),
                Rotation::new(&[2; 32], length),
            );
            let again = Rotation::new(&[1; 32], length);
            let (a, b) = (direction(1, length), direction(2, length));
            let kept = score(&one.turn(&a), &again.turn(&b)) - score(&a, &b);
            assert!(kept.abs() < 1e-5, "{length}: {kept}");
            // One face in two tenants, and in one tenant before and after: as strangers score.
            let mut apart = 0f32;
            for n in 0..20 {
                let face = direction(n, length);
                let turned = one.turn(&face);
                apart += score(&turned, &other.turn(&face)).powi(2);
                apart += score(&turned, &face).powi(2);
            }
            // Strangers' scores have a mean square of 1 / length.
            let mean = apart / 40.0 * length as f32;
            assert!((0.1..5.0).contains(&mean), "{length}: {mean}");
        }
    }
}
