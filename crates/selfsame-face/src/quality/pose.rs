//! Head pose from five landmarks.

use crate::evidence::{HeadPose, Landmarks};

/// A mean face in inter-eye distances: right, down, and towards the camera. Eyes, nose and mouth's corners, in the order of
/// [`Landmarks::points`]. Right and down are the medians of where the detector puts them in 47 photographs that look into
/// the camera, most with a smile; the depths are those of MediaPipe's canonical face.
const MEAN_FACE: [[f32; 3]; 5] = [
    [-0.5, 0.0, 0.0],
    [0.5, 0.0, 0.0],
    [0.0, 0.57, 0.6],
    [-0.44, 0.98, 0.085],
    [0.44, 0.98, 0.085],
];
const ROUNDS: usize = 12;
/// How far a parameter is moved to see what it does.
const STEP: f32 = 1e-3;
/// Furthest turn, in radians, that five landmarks can show: past it, the nose hides an eye.
const FURTHEST: f32 = std::f32::consts::FRAC_PI_2;

/// Yaw, pitch and roll in radians, and scale in pixels.
type Pose = [f32; 4];

/// The pose under which the mean face, seen from far away (weak perspective), comes nearest to the landmarks.
pub(crate) fn estimate(landmarks: &Landmarks) -> Option<HeadPose> {
    let points = landmarks.points();
    let (eyes_x, eyes_y) = (
        landmarks.right_eye.x - landmarks.left_eye.x,
        landmarks.right_eye.y - landmarks.left_eye.y,
    );
    let seen = centred(points.map(|p| [p.x, p.y]));
    let spread = seen.iter().map(|p| p[0].hypot(p[1])).fold(0.0, f32::max);
    if !spread.is_finite() || spread < 1.0 {
        return None;
    }
    let mut pose = [0.0, 0.0, eyes_y.atan2(eyes_x), spread];
    let mut misfit = squared(&difference(&seen, &pose));
    let mut damping = 1e-3;
    for _ in 0..ROUNDS {
        let Some(better) = step(&seen, &pose, damping) else {
            break;
        };
        let found = squared(&difference(&seen, &better));
        if found < misfit {
            (pose, misfit, damping) = (better, found, damping * 0.1);
        } else {
            damping *= 10.0;
        }
    }
    let [yaw, pitch, roll, _] = pose;
    let full_turn = std::f32::consts::TAU;
    let roll = (roll + FURTHEST * 2.0).rem_euclid(full_turn) - FURTHEST * 2.0;
    [yaw, pitch, roll]
        .iter()
        .all(|a| a.is_finite())
        .then(|| HeadPose {
            yaw: yaw.to_degrees(),
            pitch: pitch.to_degrees(),
            roll: roll.to_degrees(),
        })
}

/// One damped Gauss-Newton step (Levenberg-Marquardt).
fn step(seen: &[[f32; 2]; 5], pose: &Pose, damping: f32) -> Option<Pose> {
    let now = difference(seen, pose);
    let mut slopes = [[0.0f32; 10]; 4];
    for (which, slope) in slopes.iter_mut().enumerate() {
        let mut moved = *pose;
        let by = if which == 3 { STEP * pose[3] } else { STEP };
        moved[which] += by;
        for ((s, a), b) in slope.iter_mut().zip(difference(seen, &moved)).zip(now) {
            *s = (a - b) / by;
        }
    }
    let mut system = [[0.0f32; 5]; 4];
    for (row, slope) in system.iter_mut().zip(&slopes) {
        for (cell, other) in row.iter_mut().zip(&slopes) {
            *cell = slope.iter().zip(other).map(|(a, b)| a * b).sum();
        }
        row[4] = -slope.iter().zip(&now).map(|(a, b)| a * b).sum::<f32>();
    }
    for (which, row) in system.iter_mut().enumerate() {
        row[which] *= 1.0 + damping;
    }
    let change = solve(system)?;
    let mut better: Pose = std::array::from_fn(|n| pose[n] + change[n]);
    for turn in &mut better[..2] {
        *turn = turn.clamp(-FURTHEST, FURTHEST);
    }
    (better[3] > 0.0).then_some(better)
}

/// Gaussian elimination with pivoting.
fn solve(mut system: [[f32; 5]; 4]) -> Option<[f32; 4]> {
    for column in 0..4 {
        let pivot = (column..4).max_by(|a, b| {
            system[*a][column]
                .abs()
                .total_cmp(&system[*b][column].abs())
        })?;
        system.swap(column, pivot);
        let head = system[column];
        if !head[column].is_normal() {
            return None;
        }
        for (at, row) in system.iter_mut().enumerate() {
            if at != column {
                let factor = row[column] / head[column];
                for (cell, above) in row.iter_mut().zip(head) {
                    *cell -= factor * above;
                }
            }
        }
    }
    Some(std::array::from_fn(|n| system[n][4] / system[n][n]))
}

/// Where the landmarks would be, less where they are.
fn difference(seen: &[[f32; 2]; 5], pose: &Pose) -> [f32; 10] {
    let projected = centred(MEAN_FACE.map(|point| project(point, pose)));
    std::array::from_fn(|n| projected[n / 2][n % 2] - seen[n / 2][n % 2])
}

/// Nods, then turns, then leans, then drops the depth.
fn project([x, y, near]: [f32; 3], [yaw, pitch, roll, scale]: &Pose) -> [f32; 2] {
    let (y, near) = (
        y * pitch.cos() - near * pitch.sin(),
        y * pitch.sin() + near * pitch.cos(),
    );
    let x = x * yaw.cos() + near * yaw.sin();
    [
        scale * (x * roll.cos() - y * roll.sin()),
        scale * (x * roll.sin() + y * roll.cos()),
    ]
}

fn centred(points: [[f32; 2]; 5]) -> [[f32; 2]; 5] {
    let mean = |axis: usize| points.iter().map(|p| p[axis]).sum::<f32>() / 5.0;
    let (x, y) = (mean(0), mean(1));
    points.map(|p| [p[0] - x, p[1] - y])
}

fn squared(residuals: &[f32; 10]) -> f32 {
    residuals.iter().map(|r| r * r).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evidence::Point;

    fn seen(points: [[f32; 2]; 5]) -> Landmarks {
        let at = |n: usize| Point {
            x: 300.0 + points[n][0],
            y: 200.0 + points[n][1],
        };
        Landmarks {
            left_eye: at(0),
            right_eye: at(1),
            nose: at(2),
            mouth_left: at(3),
            mouth_right: at(4),
        }
    }

    /// Root mean square errors of yaw and pitch over many poses within `most` degrees, when `project` sees the face.
    fn errors(most: f32, mut project: impl FnMut(&Pose) -> [[f32; 2]; 5]) -> (f32, f32) {
        let (mut yaws, mut pitches, mut count) = (0.0, 0.0, 0.0);
        for n in 0..2000u32 {
            // Golden-ratio steps spread the poses evenly.
            let part = |k: f32| ((n as f32 * k).fract() - 0.5) * 2.0 * most;
            let (yaw, pitch, roll) = (part(0.618_034), part(0.754_878), part(0.569_840));
            let pose = [
                yaw.to_radians(),
                pitch.to_radians(),
                roll.to_radians(),
                60.0,
            ];
            let found = estimate(&seen(project(&pose))).unwrap();
            yaws += (found.yaw - yaw).powi(2);
            pitches += (found.pitch - pitch).powi(2);
            count += 1.0;
        }
        ((yaws / count).sqrt(), (pitches / count).sqrt())
    }

    /// Noise that is the same in every run, about normal, with the given deviation.
    fn noise(deviation: f32) -> impl FnMut() -> f32 {
        let mut state = 1u32;
        move || {
            let mut uniform = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32 - 0.5
            };
            let sum: f32 = (0..12).map(|_| uniform()).sum();
            sum * deviation
        }
    }

    #[test]
    fn each_turn_has_its_sign() {
        let at = |yaw: f32, pitch: f32, roll: f32| {
            let pose = [
                yaw.to_radians(),
                pitch.to_radians(),
                roll.to_radians(),
                50.0,
            ];
            estimate(&seen(MEAN_FACE.map(|p| project(p, &pose)))).unwrap()
        };
        let frontal = seen(MEAN_FACE.map(|p| project(p, &[0.0, 0.0, 0.0, 50.0])));
        let mut turned = frontal;
        turned.nose.x += 10.0;
        assert!(
            estimate(&turned).unwrap().yaw > 5.0,
            "the nose points right"
        );
        let mut raised = frontal;
        raised.nose.y -= 10.0;
        assert!(estimate(&raised).unwrap().pitch > 5.0, "the nose points up");
        let found = at(20.0, -15.0, 30.0);
        for (is, should) in [(found.yaw, 20.0), (found.pitch, -15.0), (found.roll, 30.0)] {
            assert!((is - should).abs() < 0.1, "{found:?}");
        }
        assert!(
            (at(0.0, 0.0, 175.0).roll - 175.0).abs() < 0.1,
            "upside down"
        );
    }

    #[test]
    fn landmarks_that_fall_together_have_no_pose() {
        assert_eq!(estimate(&seen([[1.0, 1.0]; 5])), None);
        assert_eq!(estimate(&seen([[f32::NAN, 1.0]; 5])), None);
    }

    #[test]
    fn the_mean_face_is_found_exactly_and_noise_costs_little() {
        let exact = errors(40.0, |pose| MEAN_FACE.map(|p| project(p, pose)));
        assert!(exact.0 < 0.1 && exact.1 < 0.1, "{exact:?}");
        let mut off = noise(0.02 * 60.0);
        let noisy = errors(30.0, |pose| {
            MEAN_FACE.map(|p| project(p, pose).map(|v| v + off()))
        });
        println!("noise of 2 %: {noisy:?}");
        assert!(noisy.0 < 3.0 && noisy.1 < 4.0, "{noisy:?}");
    }

    #[test]
    fn another_face_nearby_is_still_told_roughly() {
        // As the landmarks of the 47 photographs vary.
        let mut off = noise(0.045);
        // Five inter-eye distances away is a selfie at arm's length.
        let errors = errors(30.0, |pose| {
            let [yaw, pitch, roll, scale] = *pose;
            let shape = MEAN_FACE.map(|p| p.map(|v| v + off()));
            // Perspective: what is nearer is larger. Depth after the turn, by projecting a face turned a quarter further.
            shape.map(|p| {
                let near = -project(p, &[yaw - FURTHEST, pitch, 0.0, 1.0])[0];
                project(p, &[yaw, pitch, roll, scale * 5.0 / (5.0 - near)])
            })
        });
        println!("another face, at arm's length: {errors:?}");
        assert!(errors.0 < 7.0 && errors.1 < 9.0, "{errors:?}");
    }

    proptest! {
        #[test]
        fn any_landmarks_give_angles_in_range_or_none(values in prop::array::uniform10(-1e4f32..1e4)) {
            let points = std::array::from_fn(|n| [values[2 * n], values[2 * n + 1]]);
            if let Some(found) = estimate(&seen(points)) {
                prop_assert!(found.yaw.abs() <= 90.0 && found.pitch.abs() <= 90.0, "{found:?}");
                prop_assert!(found.roll.abs() <= 180.001, "{found:?}");
            }
        }
    }
}
