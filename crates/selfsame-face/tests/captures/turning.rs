//! Heads that turn far, and pictures that are turned in their place: what tells them apart.

use selfsame_face::analyser::{Analyser, CaptureContext};
use selfsame_face::evidence::CaptureEvidence;
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
        for shape in [Shape::Head, Shape::Plane, Shape::Bent] {
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
        }
    }
}
