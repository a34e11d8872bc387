//! Light on the face.

use super::places;
use crate::evidence::Light;

/// Centre and half axes of the oval, in pixels of the aligned face: from the brows to below the lips, from cheek to cheek.
const CENTRE: (f32, f32) = (56.0, 66.0);
const HALF_AXES: (f32, f32) = (30.0, 38.0);
/// Grey levels from which on, downwards and upwards, a pixel holds no detail: the bounds of ISO/IEC 29794-5.
const BLACK: f32 = 25.0;
const WHITE: f32 = 247.0;

/// Mean luminance of the whole crop, 0 to 1.
pub(crate) fn mean_luminance(grey: &[f32]) -> f32 {
    grey.iter().sum::<f32>() / grey.len().max(1) as f32 / 255.0
}

pub(super) fn measure(grey: &[f32]) -> Light {
    let mut histogram = [0u32; 256];
    let (mut left, mut right, mut upper, mut lower) = (
        Mean::default(),
        Mean::default(),
        Mean::default(),
        Mean::default(),
    );
    let (mut black, mut white, mut all) = (0u32, 0u32, 0u32);
    for ((x, y), &value) in places().zip(grey) {
        let (dx, dy) = (x - CENTRE.0, y - CENTRE.1);
        if (dx / HALF_AXES.0).powi(2) + (dy / HALF_AXES.1).powi(2) > 1.0 {
            continue;
        }
        if let Some(bin) = histogram.get_mut(value.round() as usize) {
            *bin += 1;
        }
        all += 1;
        black += u32::from(value <= BLACK);
        white += u32::from(value >= WHITE);
        if dx < 0.0 { &mut left } else { &mut right }.add(value);
        if dy < 0.0 { &mut upper } else { &mut lower }.add(value);
    }
    let part = |count: u32| count as f32 / all.max(1) as f32;
    Light {
        evenness_across: evenness(&left, &right),
        evenness_down: evenness(&upper, &lower),
        dynamic_range: (percentile(&histogram, all, 95) - percentile(&histogram, all, 5)) / 255.0,
        under_exposed: part(black),
        over_exposed: part(white),
    }
}

#[derive(Default)]
struct Mean {
    sum: f32,
    count: f32,
}

impl Mean {
    fn add(&mut self, value: f32) {
        self.sum += value;
        self.count += 1.0;
    }

    /// At least one grey level, so that black compares with black.
    fn value(&self) -> f32 {
        (self.sum / self.count.max(1.0)).max(1.0)
    }
}

fn evenness(a: &Mean, b: &Mean) -> f32 {
    let (a, b) = (a.value(), b.value());
    a.min(b) / a.max(b)
}

/// The grey level that `percent` of all pixels do not exceed.
fn percentile(histogram: &[u32; 256], all: u32, percent: u32) -> f32 {
    let mut seen = 0;
    for (level, count) in histogram.iter().enumerate() {
        seen += count;
        if seen * 100 >= all * percent {
            return level as f32;
        }
    }
    255.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tone: impl Fn(f32, f32) -> f32) -> Light {
        let grey: Vec<f32> = places().map(|(x, y)| tone(x, y)).collect();
        measure(&grey)
    }

    #[test]
    fn one_tone_is_even_and_flat() {
        for tone in [0.0, 100.0, 255.0] {
            let light = of(|_, _| tone);
            assert_eq!((light.evenness_across, light.evenness_down), (1.0, 1.0));
            assert_eq!(light.dynamic_range, 0.0);
            assert_eq!(light.under_exposed, if tone == 0.0 { 1.0 } else { 0.0 });
            assert_eq!(light.over_exposed, if tone == 255.0 { 1.0 } else { 0.0 });
        }
    }

    #[test]
    fn light_from_a_side_is_uneven_across_only() {
        let side = of(|x, _| if x < 56.0 { 50.0 } else { 200.0 });
        assert!((side.evenness_across - 0.25).abs() < 0.01, "{side:?}");
        assert!(side.evenness_down > 0.95, "{side:?}");
        assert!(
            (side.dynamic_range - 150.0 / 255.0).abs() < 0.01,
            "{side:?}"
        );
        let above = of(|_, y| if y < 66.0 { 200.0 } else { 50.0 });
        assert!((above.evenness_down - 0.25).abs() < 0.01, "{above:?}");
        assert!(above.evenness_across > 0.95, "{above:?}");
    }
}
