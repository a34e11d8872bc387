//! How heads are held in folders of pictures: the first picture of each folder as the selfie, the others as its frames.
//! `cargo run --release -p selfsame-face --features engine --example turns -- FOLDER...` writes CSV.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;

use selfsame_face::analyser::{Analyser, CaptureContext, MOST_FRAMES, Settings};
use selfsame_face::models::ModelStore;

fn main() {
    let analyser = Analyser::load(&ModelStore::locate(None), &Settings::default()).unwrap();
    println!(
        "folder,frame,selfie_yaw,selfie_pitch,yaw,pitch,parallax_yaw,parallax_pitch,nose_across,nose_up,likeness,follows,\
         landmarks_yaw,landmarks_pitch,faces,deformation,parallax,movement"
    );
    for folder in std::env::args().skip(1) {
        if let Err(why) = look(&analyser, Path::new(&folder)) {
            eprintln!("{folder}: {why}");
        }
    }
}

fn look(analyser: &Analyser, folder: &Path) -> Result<(), String> {
    let told = |e: std::io::Error| e.to_string();
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        paths.push(entry.map_err(told)?.path());
    }
    paths.sort();
    let files: Vec<Vec<u8>> = paths
        .iter()
        .take(MOST_FRAMES + 1)
        .map(std::fs::read)
        .collect::<Result<_, _>>()
        .map_err(told)?;
    let Some((selfie, frames)) = files.split_first() else {
        return Err("it is empty".to_owned());
    };
    let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let context = CaptureContext {
        turns: true,
        ..CaptureContext::default()
    };
    let seen = analyser
        .analyse_capture(selfie, &frames, &context)
        .map_err(|e| e.to_string())?;
    let turns = seen.turns.ok_or("the selfie's face was not measured")?;
    let score =
        |s: Option<selfsame_face::template::ComparisonScore>| s.map_or(f32::NAN, |s| s.value());
    let (deformation, parallax, movement) =
        seen.motion.map_or((f32::NAN, f32::NAN, f32::NAN), |m| {
            (m.deformation, m.parallax, m.movement)
        });
    for (at, (turn, frame)) in turns.frames.iter().zip(&seen.frames).enumerate() {
        let Some(t) = turn else {
            eprintln!(
                "{} {at}: not measured, {} faces",
                folder.display(),
                frame.faces
            );
            continue;
        };
        let pose = frame.pose.unwrap_or_default();
        println!(
            "{},{at},{:.2},{:.2},{:.2},{:.2},{:.2},{:.2},{:.4},{:.4},{:.4},{:.4},{:.2},{:.2},{},{deformation:.4},{parallax:.4},{movement:.4}",
            folder.display(),
            turns.selfie.yaw,
            turns.selfie.pitch,
            t.yaw,
            t.pitch,
            t.parallax_yaw,
            t.parallax_pitch,
            t.nose_across,
            t.nose_up,
            score(t.likeness),
            score(t.follows),
            pose.yaw,
            pose.pitch,
            frame.faces,
        );
    }
    Ok(())
}
