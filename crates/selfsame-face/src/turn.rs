//! How the head turns over a capture: each frame's pose against the selfie's, and whether what turns has a head's shape.

use crate::evidence::{HeadPose, HeadTurn, Landmarks, TurnEvidence};
use crate::mesh::Mesh;
use crate::template::Template;

/// The pitch that the mesh gives to an average face that looks into the camera, degrees.
const SLOPE: f32 = 8.0;
/// The eyes and the mouth's corners among the detector's five points.
const EYES_AND_MOUTH: [usize; 4] = [0, 1, 3, 4];

/// How far the nose moves against the plane through the eyes and the mouth's corners from one face to another: to the right
/// and up in the face's own axes, in the second face's inter-eye distances seen from the front. `None` where the points fall
/// together.
fn nose_against_plane(from: &Landmarks, to: &Landmarks) -> Option<[f32; 2]> {
    let upright = |landmarks: &Landmarks| {
        let (sin, cos) = landmarks.tilt().sin_cos();
        landmarks
            .points()
            .map(|p| [p.x * cos + p.y * sin, p.y * cos - p.x * sin])
    };
    let unit = from.inter_eye_distance();
    if !unit.is_finite() || unit < 1.0 {
        return None;
    }
    let (from, to) = (upright(from), upright(to));
    let rows = EYES_AND_MOUTH.map(|at| {
        let [x, y] = from[at];
        [(x - from[2][0]) / unit, (y - from[2][1]) / unit, 1.0]
    });
    let solved = |axis: usize| {
        let pairs = rows.iter().zip(EYES_AND_MOUTH);
        least_squares(pairs.map(|(row, at)| (*row, to[at][axis])))
    };
    let (across, down) = (solved(0)?, solved(1)?);
    // The plane's largest stretch: a turn only shortens.
    let (a, b, c, d) = (across[0], across[1], down[0], down[1]);
    let (sum, product) = (a * a + b * b + c * c + d * d, a * d - b * c);
    let scale = ((sum + (sum * sum - 4.0 * product * product).max(0.0).sqrt()) / 2.0).sqrt();
    // The nose is the origin of the first face, so that the plane takes it to the constants.
    let moved = [(to[2][0] - across[2]) / scale, (down[2] - to[2][1]) / scale];
    moved.iter().all(|v| v.is_finite()).then_some(moved)
}

/// The solution by least squares of `row · x = value`. `None` where the rows do not tell.
fn least_squares<const N: usize>(pairs: impl Iterator<Item = ([f32; N], f32)>) -> Option<[f32; N]> {
    let mut normal = [[0.0f64; N]; N];
    let mut right = [0.0f64; N];
    for (row, value) in pairs {
        let row = row.map(f64::from);
        for (n, sums) in normal.iter_mut().enumerate() {
            right[n] += row[n] * f64::from(value);
            for (sum, other) in sums.iter_mut().zip(row) {
                *sum += row[n] * other;
            }
        }
    }
    let largest = normal.iter().flatten().fold(0.0f64, |m, v| m.max(v.abs()));
    for column in 0..N {
        let pivot = (column..N).max_by(|a, b| {
            normal[*a][column]
                .abs()
                .total_cmp(&normal[*b][column].abs())
        })?;
        normal.swap(column, pivot);
        right.swap(column, pivot);
        let head = normal[column];
        let size = head[column].abs();
        if size.is_nan() || size <= 1e-9 * largest {
            return None;
        }
        for at in 0..N {
            if at != column {
                let factor = normal[at][column] / head[column];
                for (cell, above) in normal[at].iter_mut().zip(head) {
                    *cell -= factor * above;
                }
                right[at] -= factor * right[column];
            }
        }
    }
    let found: [f32; N] = std::array::from_fn(|n| (right[n] / normal[n][n]) as f32);
    found.iter().all(|v| v.is_finite()).then_some(found)
}

/// The turn that carries one mesh's points onto another's, by where they are in the picture: yaw and pitch in degrees. Only the
/// first mesh's depth is used. Seen from afar, a turned body's points are carried by a linear map of right, down and depth, whose
/// share of depth is the sine of the turn; a plane's points have no such share, however the plane is turned.
fn parallax(from: &Mesh, to: &Mesh) -> Option<[f32; 2]> {
    let (first, second) = (upright(from), upright(to));
    let middle = |axis: usize| first.iter().map(|p| p[axis]).sum::<f32>() / first.len() as f32;
    let middle = [middle(0), middle(1), middle(2)];
    let carried = |axis: usize| {
        let pairs = first.iter().zip(&second);
        least_squares(pairs.map(|(p, q)| {
            let row = [p[0] - middle[0], p[1] - middle[1], p[2] - middle[2], 1.0];
            (row, q[axis])
        }))
    };
    let angle = |axis: usize| {
        let [x, y, z, _] = carried(axis)?;
        let length = (x * x + y * y + z * z).sqrt();
        (length > 0.0).then(|| (z / length).asin().to_degrees())
    };
    // Depth grows away from the camera: what is near goes the other way.
    Some([-angle(0)?, angle(1)?])
}

/// The mesh's points with the eyes level.
fn upright(mesh: &Mesh) -> Vec<[f32; 3]> {
    let (sin, cos) = mesh.geometry().roll.to_radians().sin_cos();
    let points = mesh.points().iter();
    points
        .map(|[x, y, z]| [x * cos + y * sin, y * cos - x * sin, *z])
        .collect()
}

/// Follows the head from frame to frame.
pub(crate) struct Turns {
    selfie: Mesh,
    landmarks: Landmarks,
    reference: Option<Template>,
    previous: Option<Template>,
    frames: Vec<Option<HeadTurn>>,
}

impl Turns {
    /// From the selfie on.
    pub(crate) fn new(selfie: Mesh, landmarks: Landmarks, template: Option<&Template>) -> Self {
        Self {
            selfie,
            landmarks,
            reference: template.cloned(),
            previous: template.cloned(),
            frames: Vec::new(),
        }
    }

    /// The next frame in time shows this face.
    pub(crate) fn follow(
        &mut self,
        mesh: Option<&Mesh>,
        landmarks: &Landmarks,
        template: Option<Template>,
    ) {
        let compared = |with: &Option<Template>| template.as_ref()?.compare(with.as_ref()?);
        let (likeness, follows) = (compared(&self.reference), compared(&self.previous));
        let turn = mesh.and_then(|mesh| {
            let (before, now) = (self.selfie.geometry(), mesh.geometry());
            let [parallax_yaw, parallax_pitch] = parallax(&self.selfie, mesh)?;
            let [nose_across, nose_up] = nose_against_plane(&self.landmarks, landmarks)?;
            Some(HeadTurn {
                yaw: now.yaw - before.yaw,
                pitch: before.pitch - now.pitch,
                parallax_yaw,
                parallax_pitch,
                nose_across,
                nose_up,
                likeness,
                follows,
            })
        });
        // A frame that could not be measured is not judged, and nothing is held to it: of a face in full profile, where no mesh is
        // found, there is a template that is like nobody's.
        if turn.is_some() && template.is_some() {
            self.previous = template;
        }
        self.frames.push(turn);
    }

    /// So many frames came so far: those that were not followed show no face.
    pub(crate) fn came(&mut self, frames: usize) {
        self.frames.resize(frames, None);
    }

    /// Any frame was measured.
    pub(crate) fn were_seen(&self) -> bool {
        self.frames.iter().any(Option::is_some)
    }

    /// What was seen.
    pub(crate) fn evidence(self) -> TurnEvidence {
        let geometry = self.selfie.geometry();
        TurnEvidence {
            selfie: HeadPose {
                yaw: geometry.yaw,
                pitch: SLOPE - geometry.pitch,
                roll: geometry.roll,
            },
            frames: self.frames,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Point;

    /// Eyes, nose and mouth in inter-eye distances: right, down, towards the camera.
    const FACE: [[f32; 3]; 5] = [
        [-0.5, 0.0, 0.0],
        [0.5, 0.0, 0.0],
        [0.0, 0.57, 0.6],
        [-0.44, 0.98, 0.0],
        [0.44, 0.98, 0.0],
    ];

    /// The face turned to its own left and its chin raised, then leaning, seen from afar.
    fn seen(depth: f32, yaw: f32, up: f32, roll: f32, size: f32) -> Landmarks {
        let points = FACE.map(|[x, y, near]| {
            let near = near * depth;
            let (s, c) = up.to_radians().sin_cos();
            let (y, near) = (y * c - near * s, y * s + near * c);
            let (s, c) = yaw.to_radians().sin_cos();
            let x = x * c + near * s;
            let (s, c) = roll.to_radians().sin_cos();
            Point {
                x: 300.0 + size * (x * c - y * s),
                y: 200.0 + size * (x * s + y * c),
            }
        });
        let [left_eye, right_eye, nose, mouth_left, mouth_right] = points;
        Landmarks {
            left_eye,
            right_eye,
            nose,
            mouth_left,
            mouth_right,
        }
    }

    #[test]
    fn a_nose_moves_as_its_depth_says_and_a_plane_s_does_not() {
        let front = seen(1.0, 0.0, 0.0, 4.0, 80.0);
        for (yaw, up) in [(25.0, 0.0), (-25.0, 0.0), (0.0, 18.0), (0.0, -18.0)] {
            let turned = seen(1.0, yaw, up, -6.0, 65.0);
            let [across, raised] = nose_against_plane(&front, &turned).unwrap();
            let expected = (
                0.6 * f32::to_radians(yaw).sin(),
                0.6 * f32::to_radians(up).sin(),
            );
            assert!(
                (across - expected.0).abs() < 0.03 && (raised - expected.1).abs() < 0.03,
                "{yaw} {up}: {across} {raised}"
            );
            let (flat, turned) = (
                seen(0.0, 0.0, 0.0, 4.0, 80.0),
                seen(0.0, yaw, up, -6.0, 65.0),
            );
            let [across, raised] = nose_against_plane(&flat, &turned).unwrap();
            assert!(
                across.abs() < 0.01 && raised.abs() < 0.01,
                "{across} {raised}"
            );
        }
    }

    #[test]
    fn what_follows_a_frame_without_a_mesh_is_held_to_the_one_before_it() {
        let model = crate::template::TemplateModel::new("synthetic").unwrap();
        let template = |degrees: f32| {
            let mut values = [0.0; 128];
            (values[0], values[1]) = (degrees.to_radians().cos(), degrees.to_radians().sin());
            Template::new(&values, &model).unwrap()
        };
        // A wave in space: neither flat nor straight.
        let points = (0..478).map(|n| n as f32);
        let mesh = Mesh::made_up(
            points
                .map(|n| [n, 300.0 * (0.1 * n).sin(), 200.0 * (0.37 * n).cos()])
                .collect(),
        );
        let front = seen(1.0, 0.0, 0.0, 0.0, 80.0);
        let mut turns = Turns::new(mesh.clone(), front, Some(&template(0.0)));
        turns.follow(Some(&mesh), &front, Some(template(10.0)));
        // In full profile there is a template, of nobody, and no mesh.
        turns.follow(None, &front, Some(template(90.0)));
        turns.follow(Some(&mesh), &front, Some(template(20.0)));
        let frames = turns.evidence().frames;
        assert!(frames[1].is_none());
        let follows = frames[2].unwrap().follows.unwrap().value();
        assert!(
            (follows - 10.0f32.to_radians().cos()).abs() < 1e-4,
            "{follows}"
        );
    }

    #[test]
    fn points_that_fall_together_have_no_plane() {
        let nowhere = seen(1.0, 0.0, 0.0, 0.0, 0.0);
        let front = seen(1.0, 0.0, 0.0, 0.0, 80.0);
        assert_eq!(nose_against_plane(&nowhere, &front), None);
    }
}
