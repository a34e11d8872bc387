//! One photograph that is turned in a head's place, as a capture that answers a challenge would show it.

use rand::SeedableRng as _;
use selfsame_job::challenge::Turn;

use super::camera::encode;
use super::placement::{Pinhole, Placement};
use super::sequence::{Framing, working};
use super::subject::Subject;
use super::{Capture, SIZE};

/// What holds the photograph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// A plane.
    Flat,
    /// A sheet that is bent about the upright axis through the face, with a radius of an inter-eye distance and a half.
    Bent,
}

/// The part of the turn that the frames on the way show.
const ON_THE_WAY: f32 = 0.5;
/// No hand holds still: degrees between two frames of one turn.
const TREMBLE: f32 = 2.0;
/// As if the photograph were so wide, and so far away; centimetres.
const WIDE: f32 = 30.0;
/// See [`WIDE`].
const FAR: f32 = 60.0;
/// Of the bent sheet, in inter-eye distances.
const RADIUS: f32 = 1.5;

/// How the sheet is held in each image: to the picture's right and up, in degrees. The selfie and the first frame at front, each
/// turn in three frames, and front after it.
fn poses(turns: &[Turn], degrees: f32) -> Vec<(f32, f32)> {
    let mut poses = vec![(0.0, 0.0), (0.5, 0.5)];
    for turn in turns {
        for angle in [degrees * ON_THE_WAY, degrees, degrees + TREMBLE, 0.5] {
            poses.push(match turn {
                Turn::Left => (angle, 0.0),
                Turn::Right => (-angle, 0.0),
                Turn::Up => (0.0, angle),
            });
        }
    }
    poses
}

/// The subject's photograph on a sheet that makes the turns, each by so many degrees, in place of the camera's picture, with new
/// noise each time. The same arguments make the same bytes.
#[must_use]
pub fn turned(subject: &Subject, seed: u64, turns: &[Turn], sheet: Sheet, degrees: f32) -> Capture {
    let rng = &mut chacha20::ChaCha8Rng::seed_from_u64(seed);
    let subject = working(subject, SIZE);
    let framing = Framing::new(rng, &subject, SIZE);
    let unit = subject.size().0 / WIDE;
    let pinhole = Pinhole {
        focal: FAR * unit,
        centre: (0.0, 0.0),
    };
    let (left, right) = (subject.landmarks.left_eye, subject.landmarks.right_eye);
    let between = (right.x - left.x).hypot(right.y - left.y).max(1.0);
    // The sheet turns about the face, wherever that is in the photograph.
    let face = (
        f32::midpoint(left.x, right.x) - subject.size().0 / 2.0,
        f32::midpoint(left.y, right.y) + 0.5 * between - subject.size().1 / 2.0,
    );
    let mut images = poses(turns, degrees).into_iter().map(|(aside, up)| {
        let seen = Placement {
            // Whose face is turned to the picture's right has its right side further away.
            yaw: -aside.to_radians(),
            pitch: up.to_radians(),
            roll: 0.0,
            at: [0.0, 0.0, FAR],
            bend: match sheet {
                Sheet::Flat => 0.0,
                Sheet::Bent => unit / (RADIUS * between),
            },
        }
        .seen_by(pinhole);
        let picture = framing.picture(rng, &subject, 1.0, |dx, dy| {
            seen.meet(dx - face.0, dy - face.1).map_or((dx, dy), |met| {
                (met.u * unit + face.0, met.v * unit + face.1)
            })
        });
        encode(&picture, framing.quality)
    });
    Capture {
        selfie: images.next().unwrap_or_default(),
        frames: images.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_is_seen_in_two_full_frames_with_a_front_before_and_after() {
        let poses = poses(&[Turn::Up, Turn::Right], 30.0);
        let expected = [
            (0.0, 0.0),
            (0.5, 0.5),
            (0.0, 15.0),
            (0.0, 30.0),
            (0.0, 32.0),
            (0.0, 0.5),
            (-15.0, 0.0),
            (-30.0, 0.0),
            (-32.0, 0.0),
            (-0.5, 0.0),
        ];
        assert_eq!(poses, expected);
    }
}
