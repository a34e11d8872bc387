//! Heads that turn far, and pictures that are turned in their place: what tells them apart. What is measured is printed.

use selfsame_face::analyser::{Analyser, CaptureContext};
use selfsame_face::evidence::{CaptureEvidence, TurnEvidence};
use selfsame_face::inference::EngineChoice;

use super::sequence::Face;
use super::turned::{Pose, Shape, picture};
use super::{analyser, photographs};

/// Front, then aside and back, then up and back.
const POSES: [Pose; 12] = [
    (0.0, 0.0),
    (0.0, 1.0),
    (-12.0, 0.0),
    (-25.0, 1.0),
    (-26.0, 0.0),
    (0.5, 0.0),
    (13.0, -1.0),
    (26.0, 0.0),
    (33.0, 0.0),
    (0.0, -0.5),
    (0.0, 9.0),
    (0.5, 18.0),
];

/// From here on a frame counts as turned; the policy asks for 16 degrees aside and 12 up.
const ASIDE: f32 = 20.0;
const UP: f32 = 15.0;
/// The policy's `min_parallax` and `min_nose`: less is flat.
const PARALLAX: f32 = 0.4;
const NOSE: f32 = 0.25;

/// How much depth the turned frames show, on average: one frame's landmarks may be off.
#[derive(Debug, Clone, Copy)]
struct Depth {
    /// The turn by parallax, as a part of the true one.
    parallax: f32,
    /// How far the nose stands before the plane of eyes and mouth, in inter-eye distances.
    nose: f32,
}

fn depth_of(turns: &TurnEvidence, case: &str) -> Depth {
    let frames = turns.frames.iter().zip(&POSES[1..]);
    let each: Vec<(f32, f32)> = frames
        .filter_map(|(turn, (aside, up))| {
            let turn = (*turn)?;
            let (angle, parallax, nose) = if aside.abs() >= ASIDE {
                (*aside, turn.parallax_yaw, turn.nose_across)
            } else if up.abs() >= UP {
                (*up, turn.parallax_pitch, turn.nose_up)
            } else {
                return None;
            };
            Some((parallax / angle, nose / angle.to_radians().sin()))
        })
        .collect();
    // Four are turned aside, one up.
    assert!(
        each.len() >= 3,
        "{case}: a face was measured in {} turned frames",
        each.len()
    );
    let number = each.len() as f32;
    Depth {
        parallax: each.iter().map(|(parallax, _)| parallax).sum::<f32>() / number,
        nose: each.iter().map(|(_, nose)| nose).sum::<f32>() / number,
    }
}

fn look(
    analyser: &Analyser,
    photograph: &image::RgbImage,
    face: &Face,
    shape: Shape,
) -> CaptureEvidence {
    let files: Vec<Vec<u8>> = POSES
        .iter()
        .enumerate()
        .map(|(n, pose)| picture(photograph, face, shape, *pose, n as u64))
        .collect();
    if let Some(folder) = std::env::var_os("SELFSAME_KEEP_PICTURES") {
        for (n, file) in files.iter().enumerate() {
            let name = format!("{shape:?}-{:.0}-{n:02}.jpg", face.unit * 100.0);
            std::fs::write(std::path::Path::new(&folder).join(name), file).unwrap();
        }
    }
    let frames: Vec<&[u8]> = files[1..].iter().map(Vec::as_slice).collect();
    let context = CaptureContext {
        turns: true,
        ..CaptureContext::default()
    };
    analyser
        .analyse_capture(&files[0], &frames, &context)
        .unwrap()
}

#[test]
fn a_turned_head_has_depth_and_a_turned_picture_has_none() {
    let Some(analyser) = analyser(EngineChoice::Auto) else {
        return;
    };
    for (name, photograph, face) in photographs(&analyser) {
        let [head, plane, bent] = [Shape::Head, Shape::Plane, Shape::Bent].map(|shape| {
            let seen = look(&analyser, &photograph, &face, shape);
            println!("{name} {shape:?}: {:?} {:?}", seen.motion, seen.repetition);
            let turns = seen.turns.unwrap();
            println!("  selfie {:?}", turns.selfie);
            for ((turn, frame), pose) in turns.frames.iter().zip(&seen.frames).zip(&POSES[1..]) {
                match turn {
                    Some(t) => println!(
                        "  {pose:?}: mesh {:.1} {:.1} parallax {:.1} {:.1} nose {:.3} {:.3} like {:.2} {:.2} landmarks {:?}",
                        t.yaw,
                        t.pitch,
                        t.parallax_yaw,
                        t.parallax_pitch,
                        t.nose_across,
                        t.nose_up,
                        t.likeness.map_or(f32::NAN, |l| l.value()),
                        t.follows.map_or(f32::NAN, |l| l.value()),
                        frame.pose.map(|p| (p.yaw.round(), p.pitch.round())),
                    ),
                    None => println!("  {pose:?}: not measured"),
                }
            }
            let depth = depth_of(&turns, &format!("{name} {shape:?}"));
            println!("  {depth:?}");
            depth
        });
        assert!(
            plane.parallax < PARALLAX && plane.nose < NOSE,
            "{name}: a plane has no depth, {plane:?}"
        );
        assert!(
            head.parallax > plane.parallax && head.nose > plane.nose,
            "{name}: {head:?} {plane:?}"
        );
        // A bent sheet has some of a head's curve, and no nose.
        assert!(head.nose > bent.nose, "{name}: {head:?} {bent:?}");
    }
}
