//! Dense landmarks of a face in three dimensions, and its expression: MediaPipe's face mesh and blendshapes.

use image::RgbImage;

use crate::align::Similarity;
use crate::cut;
use crate::evidence::{FaceGeometry, Landmarks, Point};
use crate::inference::{Inference, InferenceError};

/// Side of the landmark model's input.
pub(crate) const SIDE: usize = 256;
/// How many points: 468 make the face, ten more the irises.
const POINTS: usize = 478;
/// How many of the points the expression model reads.
pub(crate) const EXPRESSION_POINTS: usize = 146;
const EXPRESSIONS: usize = 52;

/// The points that the expression model reads, in its order. The irises are among them.
#[rustfmt::skip]
const READ_BY_EXPRESSION: [usize; EXPRESSION_POINTS] = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82,
    84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157,
    158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270,
    276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334,
    336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398,
    400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
];

/// Where strengths stand among the expression model's outputs, for the subject's own left and right.
const BLINK_LEFT: usize = 9;
const BLINK_RIGHT: usize = 10;
const JAW_OPEN: usize = 25;
const SMILE_LEFT: usize = 44;
const SMILE_RIGHT: usize = 45;

/// The outer corners of the eyes, as seen in the picture.
const EYE_LEFT: usize = 33;
const EYE_RIGHT: usize = 263;
/// The top of the forehead and the tip of the chin.
const FOREHEAD: usize = 10;
const CHIN: usize = 152;

/// The side of the square that the model looks at, in distances between the eyes or between eyes and mouth: as wide as the
/// one and a half times of the mesh's own extent that the model was trained with (measured on the development photographs).
const EXTENT: f32 = 3.6;
/// The distance between eyes and mouth in distances between the eyes, of a face seen from the front.
const HEIGHT: f32 = 1.1;

/// Below this the model sees no face: sigmoid 0.5.
const MIN_PRESENCE: f32 = 0.0;

/// Finds a face's points and its expression.
pub(crate) struct FaceMesh {
    landmarks: Box<dyn Inference>,
    expression: Box<dyn Inference>,
}

/// A face's points.
#[derive(Debug, Clone)]
pub(crate) struct Mesh {
    /// In pixels of the upright image; the depth, of the same scale, grows away from the camera.
    points: Vec<[f32; 3]>,
    /// Strengths of its expression, 0 to 1.
    expression: [f32; EXPRESSIONS],
}

impl FaceMesh {
    pub(crate) fn new(landmarks: Box<dyn Inference>, expression: Box<dyn Inference>) -> Self {
        Self {
            landmarks,
            expression,
        }
    }

    /// `None` when the model sees no face there.
    pub(crate) fn find(
        &self,
        image: &RgbImage,
        landmarks: &Landmarks,
    ) -> Result<Option<Mesh>, InferenceError> {
        let Some(back) = square(landmarks) else {
            return Ok(None);
        };
        // Between one and two pixels to one of the crop, one sample moves the points by less than the model's own noise.
        let samples = match back.a.hypot(back.b) {
            near if near < 2.0 => 1,
            _ => 3,
        };
        let mut points = None;
        self.landmarks.run(
            &mut |input| {
                let planes = cut::thirds(input, SIDE);
                cut::cut(image, &back, SIDE, samples, planes);
                for value in input {
                    *value /= 255.0;
                }
            },
            &mut |outputs| points = read(outputs, &back),
        )?;
        let Some(points) = points else {
            return Ok(None);
        };
        let mut expression = [0.0; EXPRESSIONS];
        self.expression.run(
            &mut |input| {
                for (target, at) in input.chunks_exact_mut(2).zip(READ_BY_EXPRESSION) {
                    target.copy_from_slice(&points[at][..2]);
                }
            },
            &mut |outputs| {
                if let Some(found) = outputs.first().filter(|o| o.len() == EXPRESSIONS) {
                    expression.copy_from_slice(found);
                }
            },
        )?;
        Ok(Some(Mesh { points, expression }))
    }
}

/// The square to look at: upright by the eyes and the mouth, centred between them.
fn square(landmarks: &Landmarks) -> Option<Similarity> {
    let middle = |a: Point, b: Point| ((a.x + b.x) / 2.0, (a.y + b.y) / 2.0);
    let eyes = middle(landmarks.left_eye, landmarks.right_eye);
    let mouth = middle(landmarks.mouth_left, landmarks.mouth_right);
    let across = (
        landmarks.right_eye.x - landmarks.left_eye.x,
        landmarks.right_eye.y - landmarks.left_eye.y,
    );
    let down = (mouth.0 - eyes.0, mouth.1 - eyes.1);
    let angle = landmarks.tilt();
    let length = across.0.hypot(across.1).max(HEIGHT * down.0.hypot(down.1));
    let scale = EXTENT * length / SIDE as f32;
    if !scale.is_finite() || scale < 0.01 {
        return None;
    }
    let (a, b) = (scale * angle.cos(), scale * angle.sin());
    let centre = (SIDE as f32 - 1.0) / 2.0;
    Some(Similarity {
        a,
        b,
        dx: (eyes.0 + mouth.0) / 2.0 - centre * (a - b),
        dy: (eyes.1 + mouth.1) / 2.0 - centre * (a + b),
    })
}

fn read(outputs: &[&[f32]], back: &Similarity) -> Option<Vec<[f32; 3]>> {
    let [found, presence, ..] = outputs else {
        return None;
    };
    let sure = presence.first().is_some_and(|p| *p > MIN_PRESENCE);
    if !sure || found.len() != 3 * POINTS || found.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let scale = back.a.hypot(back.b);
    let points = found.chunks_exact(3).map(|p| {
        let (x, y) = back.apply(p[0], p[1]);
        [x, y, p[2] * scale]
    });
    Some(points.collect())
}

impl Mesh {
    /// In pixels of the upright image; the depth, of the same scale, grows away from the camera.
    pub(crate) fn points(&self) -> &[[f32; 3]] {
        &self.points
    }

    /// Of these points, without an expression.
    #[cfg(test)]
    pub(crate) const fn made_up(points: Vec<[f32; 3]>) -> Self {
        Self {
            points,
            expression: [0.0; EXPRESSIONS],
        }
    }

    /// Pose and expression.
    pub(crate) fn geometry(&self) -> FaceGeometry {
        let between = |from: usize, to: usize| {
            let ([ax, ay, az], [bx, by, bz]) = (self.points[from], self.points[to]);
            [bx - ax, by - ay, bz - az]
        };
        let [across_x, across_y, across_z] = between(EYE_LEFT, EYE_RIGHT);
        let [down_x, down_y, down_z] = between(FOREHEAD, CHIN);
        FaceGeometry {
            yaw: across_z.atan2(across_x.hypot(across_y)).to_degrees(),
            pitch: down_z.atan2(down_x.hypot(down_y)).to_degrees(),
            roll: across_y.atan2(across_x).to_degrees(),
            // The subject's right eye is at the picture's left.
            left_eye_closed: self.expression[BLINK_RIGHT],
            right_eye_closed: self.expression[BLINK_LEFT],
            smile: f32::midpoint(self.expression[SMILE_LEFT], self.expression[SMILE_RIGHT]),
            mouth_open: self.expression[JAW_OPEN],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(degrees: f32) -> Landmarks {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let at = |x: f32, y: f32| Point {
            x: 200.0 + x * cos - y * sin,
            y: 150.0 + x * sin + y * cos,
        };
        Landmarks {
            left_eye: at(-40.0, -40.0),
            right_eye: at(40.0, -40.0),
            nose: at(0.0, 0.0),
            mouth_left: at(-30.0, 40.0),
            mouth_right: at(30.0, 40.0),
        }
    }

    #[test]
    fn the_square_turns_with_the_face() {
        for degrees in [0.0, 30.0, -75.0, 180.0] {
            let back = square(&turned(degrees)).unwrap();
            let middle = (SIDE as f32 - 1.0) / 2.0;
            let (x, y) = back.apply(middle, middle);
            assert!(
                (x - 200.0).abs() < 0.1 && (y - 150.0).abs() < 0.1,
                "{degrees}: {x} {y}"
            );
            let found = back.b.atan2(back.a).to_degrees();
            let off = (found - degrees + 540.0).rem_euclid(360.0) - 180.0;
            assert!(off.abs() < 0.1, "{degrees}: {found}");
            let side = back.a.hypot(back.b) * SIDE as f32;
            assert!((side - EXTENT * HEIGHT * 80.0).abs() < 0.5, "{side}");
        }
    }

    #[test]
    fn landmarks_that_fall_together_have_no_square() {
        let nowhere = Point { x: 5.0, y: 5.0 };
        let landmarks = Landmarks {
            left_eye: nowhere,
            right_eye: nowhere,
            nose: nowhere,
            mouth_left: nowhere,
            mouth_right: nowhere,
        };
        assert!(square(&landmarks).is_none());
    }

    #[test]
    fn what_is_no_face_has_no_points() {
        let back = square(&turned(0.0)).unwrap();
        let points = vec![1.0; 3 * POINTS];
        assert!(read(&[&points, &[5.0]], &back).is_some());
        assert!(read(&[&points, &[-5.0]], &back).is_none());
        assert!(read(&[&points[1..], &[5.0]], &back).is_none());
        assert!(read(&[&[f32::NAN; 3 * POINTS], &[5.0]], &back).is_none());
        assert!(read(&[], &back).is_none());
    }
}
