//! Where the face is in the picture.

use crate::evidence::{FaceBox, Framing};

pub(super) fn measure(face: &FaceBox, size: (u32, u32)) -> Framing {
    let (width, height) = (size.0.max(1) as f32, size.1.max(1) as f32);
    let inside = |from: f32, length: f32, end: f32| {
        ((from + length).min(end) - from.max(0.0)).max(0.0) / length.max(f32::MIN_POSITIVE)
    };
    let off =
        |from: f32, length: f32, end: f32| ((from + length / 2.0) / end - 0.5).clamp(-0.5, 0.5);
    Framing {
        size: face.width.max(face.height) / width.min(height),
        off_centre_across: off(face.x, face.width, width),
        off_centre_down: off(face.y, face.height, height),
        outside: (1.0 - inside(face.x, face.width, width) * inside(face.y, face.height, height))
            .clamp(0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(x: f32, y: f32) -> Framing {
        let face = FaceBox {
            x,
            y,
            width: 100.0,
            height: 120.0,
        };
        measure(&face, (400, 240))
    }

    #[test]
    fn a_face_in_the_middle_is_centred_and_whole() {
        let found = framing(150.0, 60.0);
        assert_eq!((found.off_centre_across, found.off_centre_down), (0.0, 0.0));
        assert_eq!((found.size, found.outside), (0.5, 0.0));
    }

    #[test]
    fn a_face_over_the_edge_is_off_centre_and_cut() {
        let found = framing(-50.0, 180.0);
        assert!((found.outside - 0.75).abs() < 1e-6, "{found:?}");
        assert!((found.off_centre_across + 0.5).abs() < 1e-6, "{found:?}");
        assert!((found.off_centre_down - 0.5).abs() < 1e-6, "{found:?}");
    }
}
