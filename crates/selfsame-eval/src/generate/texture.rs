//! Textures without a picture: noise that is a function of where one looks, the same each time.

/// A number from 0 to 1 for a place and a seed, without pattern.
pub(super) fn speckle(x: i64, y: i64, seed: u64) -> f32 {
    // The finaliser of SplitMix64 over the three numbers.
    let mut v = seed
        ^ (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    v = (v ^ (v >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    v = (v ^ (v >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((v ^ (v >> 31)) >> 40) as f32 / 16_777_216.0
}

/// Smooth noise from 0 to 1 that changes over a length of 1.
pub(super) fn clouds(x: f32, y: f32, seed: u64) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (fx, fy) = (ease(x - left), ease(y - top));
    let (left, top) = (left as i64, top as i64);
    let at = |dx, dy| speckle(left + dx, top + dy, seed);
    let upper = at(0, 0) + (at(1, 0) - at(0, 0)) * fx;
    let lower = at(0, 1) + (at(1, 1) - at(0, 1)) * fx;
    upper + (lower - upper) * fy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_even_repeatable_and_smooth() {
        let mean = (0..10_000)
            .map(|n| speckle(n % 100, n / 100, 1))
            .sum::<f32>()
            / 10_000.0;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
        assert_eq!(speckle(3, -4, 9), speckle(3, -4, 9));
        assert_ne!(speckle(3, -4, 9), speckle(3, -4, 10));
        for n in 0..1000 {
            let x = n as f32 * 0.037 - 9.0;
            assert!((clouds(x, 0.3, 1) - clouds(x + 0.01, 0.3, 1)).abs() < 0.03);
        }
    }
}
