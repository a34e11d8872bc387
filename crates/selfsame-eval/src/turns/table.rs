//! Every frame of every capture as a table, so that a threshold can be argued about.

use std::path::Path;

use selfsame_face::template::ComparisonScore;
use selfsame_job::challenge::{Place, Turn};

use super::Tried;
use super::look::Looked;
use crate::error::{EvalError, file, input};

const COLUMNS: [&str; 17] = [
    "tried",
    "capture",
    "asked",
    "followed",
    "decision",
    "why",
    "selfie_yaw",
    "selfie_pitch",
    "frame",
    "place",
    "yaw",
    "pitch",
    "parallax_yaw",
    "parallax_pitch",
    "nose_across",
    "likeness",
    "follows",
];

/// Writes one row for each frame; what was not measured is empty.
pub(super) fn write<'a>(
    path: &Path,
    captures: impl Iterator<Item = (Tried, &'a str, &'a [Turn], &'a Looked)>,
) -> Result<(), EvalError> {
    let wrong = |e: csv::Error| input(path, e.to_string());
    let mut table = csv::Writer::from_path(path).map_err(wrong)?;
    table.write_record(COLUMNS).map_err(wrong)?;
    for (tried, capture, turns, looked) in captures {
        let judged = &looked.asked;
        let words: Vec<&str> = turns.iter().map(|turn| turn.as_str()).collect();
        let about = [
            tried.name().to_owned(),
            capture.to_owned(),
            words.join(" "),
            if judged.followed { "yes" } else { "no" }.to_owned(),
            judged.answer.name().to_owned(),
            judged.why().join(" "),
            angle(looked.selfie.map(|(yaw, _)| yaw)),
            angle(looked.selfie.map(|(_, pitch)| pitch)),
        ];
        for (number, frame) in looked.frames.iter().enumerate() {
            let measured = frame.as_ref().map_or_else(Default::default, |frame| {
                let t = &frame.turn;
                [
                    match frame.place {
                        Place::Front => "front",
                        Place::Towards(turn) => turn.as_str(),
                        Place::Elsewhere => "elsewhere",
                    }
                    .to_owned(),
                    angle(Some(t.yaw)),
                    angle(Some(t.pitch)),
                    angle(Some(t.parallax_yaw)),
                    angle(Some(t.parallax_pitch)),
                    format!("{:.4}", t.nose_across),
                    score(t.likeness),
                    score(t.follows),
                ]
            });
            let row = about
                .iter()
                .cloned()
                .chain([(number + 1).to_string()])
                .chain(measured);
            table.write_record(row).map_err(wrong)?;
        }
    }
    table.flush().map_err(file(path))
}

fn angle(of: Option<f32>) -> String {
    of.map_or_else(String::new, |degrees| format!("{degrees:.2}"))
}

fn score(of: Option<ComparisonScore>) -> String {
    of.map_or_else(String::new, |score| format!("{:.4}", score.value()))
}
