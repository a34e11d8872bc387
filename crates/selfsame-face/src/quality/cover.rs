//! Dark glasses and coloured masks, by their colours.

use std::ops::Range;

use crate::align::{AlignedFace, SIDE};
use crate::evidence::Cover;

/// A rectangle of the aligned face.
struct Zone {
    x: Range<usize>,
    y: Range<usize>,
}

impl Zone {
    /// The pixels of a plane that it holds.
    fn of<'p>(&self, plane: &'p [f32]) -> impl Iterator<Item = f32> + use<'p> {
        let across = self.x.clone();
        plane
            .chunks_exact(SIDE)
            .take(self.y.end)
            .skip(self.y.start)
            .flat_map(move |row| row[across.clone()].iter().copied())
    }
}

/// Around each eye, as wide as a lens.
const EYES: [Zone; 2] = [
    Zone {
        x: 28..49,
        y: 47..60,
    },
    Zone {
        x: 63..84,
        y: 47..60,
    },
];
/// Skin that a mask over the mouth leaves free and that glasses do not darken: beside the bridge of the nose and above it.
const BRIDGE: Zone = Zone {
    x: 47..65,
    y: 40..62,
};
/// Cheeks, below the eyes.
const CHEEKS: [Zone; 2] = [
    Zone {
        x: 28..46,
        y: 66..80,
    },
    Zone {
        x: 66..84,
        y: 66..80,
    },
];
/// From below the nose to below the lips, between the mouth's corners.
const MOUTH: Zone = Zone {
    x: 40..72,
    y: 80..108,
};
/// Cheeks darker than this, of 255, compare with nothing.
const DARKEST_CHEEK: f32 = 30.0;

pub(super) fn measure(face: &AlignedFace, grey: &[f32]) -> Cover {
    Cover {
        dark_eyes: dark_eyes(grey),
        mouth_colour: mouth_colour(face),
    }
}

fn dark_eyes(grey: &[f32]) -> Option<f32> {
    // The brighter cheek: light from one side must not make the other side's eye look bright.
    let cheek = CHEEKS
        .iter()
        .map(|zone| mean(zone.of(grey)))
        .fold(0.0, f32::max);
    let dark = |value| if value < 0.5 * cheek { 1.0 } else { 0.0 };
    (cheek >= DARKEST_CHEEK).then(|| mean(EYES.iter().flat_map(|zone| zone.of(grey)).map(dark)))
}

fn mouth_colour(face: &AlignedFace) -> f32 {
    let chroma = |zone: &Zone| {
        let [r, g, b] = face.colours().map(|plane| mean(zone.of(plane)));
        (
            -0.169 * r - 0.331 * g + 0.5 * b,
            0.5 * r - 0.419 * g - 0.081 * b,
        )
    };
    let (nose, mouth) = (chroma(&BRIDGE), chroma(&MOUTH));
    (nose.0 - mouth.0).hypot(nose.1 - mouth.1) / 255.0
}

fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0, 0.0f32), |(sum, count), v| (sum + v, count + 1.0));
    sum / count.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    const SKIN: [f32; 3] = [200.0, 150.0, 125.0];

    fn covered(colour: impl Fn((f32, f32)) -> [f32; 3]) -> Cover {
        let face = AlignedFace::painted(places().map(colour));
        measure(&face, &face.luminance())
    }

    #[test]
    fn bare_skin_hides_nothing_dark_or_light() {
        for light in [0.3, 0.7, 1.2] {
            let found = covered(|_| SKIN.map(|v| v * light));
            assert_eq!(found.dark_eyes, Some(0.0));
            assert!(found.mouth_colour < 1e-3, "{found:?}");
        }
        assert_eq!(covered(|_| [9.0; 3]).dark_eyes, None, "too dark to tell");
    }

    #[test]
    fn dark_glasses_and_a_blue_mask_are_seen_each_by_its_number() {
        let glasses = covered(|(_, y)| {
            if (44.0..62.0).contains(&y) {
                [30.0; 3]
            } else {
                SKIN
            }
        });
        assert_eq!(glasses.dark_eyes, Some(1.0));
        let mask = covered(|(_, y)| {
            if y > 70.0 {
                [120.0, 170.0, 210.0]
            } else {
                SKIN
            }
        });
        assert_eq!(mask.dark_eyes, Some(0.0));
        assert!(mask.mouth_colour > 0.15, "{mask:?}");
    }
}
