//! Products of probes with many rows' halves, in whole numbers: the same on every machine, by the instructions that it has.

use multiversion::multiversion;
use multiversion::target::match_target;

use crate::quantise::{Codes, Half};

/// Rows that are worked on together.
pub(crate) const TILE: usize = 16;

/// One group of a tile's rows, one row's half after the other: what a processor fetches from memory at a time.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
#[repr(align(64))]
pub(crate) struct Line(pub(crate) [u8; TILE * size_of::<Half>()]);

/// Groups whose products a 16-bit number holds: 4 · 4 · 15 · 127 is less than 2^15.
const GROUPS_IN_16_BITS: usize = 4;

/// What each row of some tiles sums to with each probe. A tile has as many lines as each probe has groups. Memory is read once,
/// whatever the number of probes.
#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn tiles<const PROBES: usize, const TILES: usize>(
    lines: &[Line],
    probes: &[&[Codes]; PROBES],
    sums: &mut [[[i32; TILE]; PROBES]; TILES],
) {
    let groups = probes.first().map_or(1, |probe| probe.len().max(1));
    for (lines, sums) in lines.chunks_exact(groups).zip(sums) {
        *sums = match_target! {
            "x86_64+avx2" => avx2::tile(lines, probes),
            _ => portable(lines, probes),
        };
    }
}

/// What one row's other halves sum to with a probe.
#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn row(halves: &[Half], probe: &[Codes]) -> i32 {
    let mut sum = 0i32;
    for (half, codes) in halves.iter().zip(probe) {
        for k in 0..half.len() {
            let low = i32::from(half[k] & 0xf).wrapping_mul(codes[k].into());
            let high = i32::from(half[k] >> 4).wrapping_mul(codes[k + half.len()].into());
            // It never wraps, but a check for it would keep the loop from being vectors.
            sum = sum.wrapping_add(low).wrapping_add(high);
        }
    }
    sum
}

/// Written so that the compiler makes vectors of the loops.
#[inline(always)]
fn portable<const PROBES: usize>(
    lines: &[Line],
    probes: &[&[Codes]; PROBES],
) -> [[i32; TILE]; PROBES] {
    const HALF: usize = size_of::<Half>();
    let mut sums = [[0i32; TILE]; PROBES];
    for (sums, probe) in sums.iter_mut().zip(probes) {
        let some = lines
            .chunks(GROUPS_IN_16_BITS)
            .zip(probe.chunks(GROUPS_IN_16_BITS));
        for (lines, probe) in some {
            let mut part = [0i16; TILE * HALF];
            for (line, codes) in lines.iter().zip(probe) {
                let low: [i16; TILE * HALF] = std::array::from_fn(|at| codes[at % HALF].into());
                let high: [i16; TILE * HALF] =
                    std::array::from_fn(|at| codes[at % HALF + HALF].into());
                for at in 0..TILE * HALF {
                    let byte = line.0[at];
                    part[at] = part[at]
                        .wrapping_add(i16::from(byte & 0xf).wrapping_mul(low[at]))
                        .wrapping_add(i16::from(byte >> 4).wrapping_mul(high[at]));
                }
            }
            for (sum, part) in sums.iter_mut().zip(part.as_chunks::<HALF>().0) {
                *sum = part
                    .iter()
                    .fold(*sum, |sum, p| sum.wrapping_add(i32::from(*p)));
            }
        }
    }
    sums
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi16, _mm256_add_epi32, _mm256_and_si256, _mm256_madd_epi16,
        _mm256_maddubs_epi16, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32,
        _mm256_setzero_si256, _mm256_srli_epi16,
    };

    use super::{Codes, GROUPS_IN_16_BITS, Line, TILE};

    /// A product of four bits and seven, two of which are added at a time, is far from where the instruction would stop.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn tile<const PROBES: usize>(
        lines: &[Line],
        probes: &[&[Codes]; PROBES],
    ) -> [[i32; TILE]; PROBES] {
        let (four, ones) = (_mm256_set1_epi8(0xf), _mm256_set1_epi16(1));
        let zero = _mm256_setzero_si256();
        let mut sums = [[zero; 2]; PROBES];
        let groups = lines.len();
        // Of the same length, so that the compiler sees that no index is out of it.
        let probes = probes.map(|probe| &probe[..groups]);
        let mut first = 0;
        while first < groups {
            let end = groups.min(first + GROUPS_IN_16_BITS);
            let mut parts = [[zero; 2]; PROBES];
            for at in first..end {
                let rows: [__m256i; 2] = bytemuck::cast(lines[at].0);
                let shifted = [
                    _mm256_srli_epi16::<4>(rows[0]),
                    _mm256_srli_epi16::<4>(rows[1]),
                ];
                let low = [
                    _mm256_and_si256(rows[0], four),
                    _mm256_and_si256(rows[1], four),
                ];
                let high = [
                    _mm256_and_si256(shifted[0], four),
                    _mm256_and_si256(shifted[1], four),
                ];
                for (parts, probe) in parts.iter_mut().zip(&probes) {
                    let codes: [i32; 2] = bytemuck::cast(probe[at]);
                    let (lower, upper) = (_mm256_set1_epi32(codes[0]), _mm256_set1_epi32(codes[1]));
                    for n in 0..2 {
                        let low = _mm256_maddubs_epi16(low[n], lower);
                        let high = _mm256_maddubs_epi16(high[n], upper);
                        parts[n] = _mm256_add_epi16(parts[n], _mm256_add_epi16(low, high));
                    }
                }
            }
            for (sums, parts) in sums.iter_mut().zip(parts) {
                for n in 0..2 {
                    sums[n] = _mm256_add_epi32(sums[n], _mm256_madd_epi16(parts[n], ones));
                }
            }
            first = end;
        }
        sums.map(bytemuck::cast)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::quantise::GROUP;

    fn by_hand(lines: &[Line], probe: &[Codes]) -> [i32; TILE] {
        std::array::from_fn(|row| {
            let mut sum = 0;
            for (line, codes) in lines.iter().zip(probe) {
                for (k, code) in codes.iter().enumerate() {
                    let byte = line.0[row * 4 + k % 4];
                    sum += i32::from(*code) * i32::from((byte >> (4 * (k / 4))) & 0xf);
                }
            }
            sum
        })
    }

    fn line() -> impl Strategy<Value = Line> {
        // The ends of the range too: there the arithmetic would break first.
        let byte = prop_oneof![Just(0xffu8), Just(0), any::<u8>()];
        prop::collection::vec(byte, 64).prop_map(|bytes| Line(bytes.try_into().unwrap()))
    }

    fn codes() -> impl Strategy<Value = Codes> {
        let code = prop_oneof![Just(127i8), Just(-127), -127i8..=127];
        prop::collection::vec(code, GROUP).prop_map(|codes| codes.try_into().unwrap())
    }

    fn tile<const PROBES: usize>(
        lines: &[Line],
        probes: &[&[Codes]; PROBES],
    ) -> [[i32; TILE]; PROBES] {
        let mut sums = [[[0; TILE]; PROBES]];
        tiles(lines, probes, &mut sums);
        sums[0]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn all_ways_give_the_same_whole_numbers(
            groups in prop::collection::vec((line(), codes(), codes()), 1..70),
        ) {
            let lines: Vec<Line> = groups.iter().map(|(line, ..)| *line).collect();
            let probe: Vec<Codes> = groups.iter().map(|(_, codes, _)| *codes).collect();
            let other: Vec<Codes> = groups.iter().map(|(.., codes)| *codes).collect();
            let (one, two) = (by_hand(&lines, &probe), by_hand(&lines, &other));
            prop_assert_eq!(tile(&lines, &[&probe]), [one]);
            prop_assert_eq!(tile(&lines, &[&probe, &other]), [one, two]);
            prop_assert_eq!(portable(&lines, &[&probe, &other]), [one, two]);
            let halves: Vec<Half> = lines.iter().map(|line| line.0[..4].try_into().unwrap()).collect();
            prop_assert_eq!(row(&halves, &probe), one[0]);
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        for (byte, code) in [(0xff, 127), (0xff, -127), (0, 127)] {
            let (lines, probe) = (vec![Line([byte; 64]); 512], vec![[code; GROUP]; 512]);
            let sum = 4096 * i32::from(byte & 0xf) * i32::from(code);
            assert_eq!(tile(&lines, &[&probe]), [[sum; TILE]]);
            assert_eq!(portable(&lines, &[&probe]), [[sum; TILE]]);
        }
    }
}
