//! Whose picture it is: the person for whom it was taken, among bystanders.

use super::{FaceBox, FaceEvidence};

/// How far from the middle, as a part of the picture's width and height, a face's area counts for 1/e of itself. Measured:
/// docs/decisions/0065-subject.md.
const REACH: f32 = 0.35;

impl FaceEvidence {
    /// How much the picture is this face's: its area in square pixels, less the further it is from the picture's middle. A
    /// selfie shows its subject large and near the middle, bystanders smaller and at the edge.
    #[must_use]
    pub fn prominence(&self) -> f32 {
        let framing = self.quality.framing;
        weigh(
            &self.face_box,
            framing.off_centre_across,
            framing.off_centre_down,
        )
    }
}

impl FaceBox {
    /// The same, of a face in a picture of so many pixels across and down.
    #[cfg(feature = "engine")]
    pub(crate) fn prominence(&self, (width, height): (u32, u32)) -> f32 {
        let off =
            |from: f32, length: f32, end: u32| (from + length / 2.0) / end.max(1) as f32 - 0.5;
        weigh(
            self,
            off(self.x, self.width, width),
            off(self.y, self.height, height),
        )
    }
}

fn weigh(face: &FaceBox, across: f32, down: f32) -> f32 {
    let away = across.hypot(down) / REACH;
    face.width * face.height * (-away * away).exp()
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use super::*;

    fn face(x: f32, y: f32, width: f32) -> FaceBox {
        FaceBox {
            x: x - width / 2.0,
            y: y - 0.6 * width,
            width,
            height: 1.2 * width,
        }
    }

    #[test]
    fn size_decides_at_the_same_place_and_nearness_at_the_same_size() {
        let of = |face: FaceBox| face.prominence((400, 300));
        assert!(of(face(200.0, 150.0, 80.0)) > of(face(200.0, 150.0, 70.0)));
        assert!(of(face(210.0, 150.0, 80.0)) > of(face(120.0, 150.0, 80.0)));
        assert!(of(face(200.0, 160.0, 80.0)) > of(face(200.0, 250.0, 80.0)));
        // A bystander at the edge whose face is half as large again is still one.
        assert!(of(face(200.0, 150.0, 80.0)) > of(face(30.0, 150.0, 120.0)));
        // Who fills the picture is its subject, wherever the middle of his face is.
        assert!(of(face(120.0, 120.0, 200.0)) > of(face(200.0, 150.0, 60.0)));
    }

    #[test]
    fn a_face_has_one_prominence_however_it_is_known() {
        let face_box = face(120.0, 170.0, 80.0);
        let framing = super::super::Framing {
            off_centre_across: 120.0 / 400.0 - 0.5,
            off_centre_down: 170.0 / 300.0 - 0.5,
            ..Default::default()
        };
        let known = weigh(
            &face_box,
            framing.off_centre_across,
            framing.off_centre_down,
        );
        let found = face_box.prominence((400, 300));
        assert!((known - found).abs() < 0.01 * found, "{known} {found}");
    }
}
