//! Sets of people who turned their heads, as captures that answer a challenge: `PERSON/TURN-TURN-TAKE/` with a selfie and frames.
//!
//! They are photographs of one occasion, brought into the order in which a head would turn. Left and right are the person's own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use selfsame_face::decode::{Limits, decode};

use super::place::Place;
use super::{DataSet, Layout, part};
use crate::dataset::{DEEPEST, entries, is_image, name, read_image};
use crate::error::{EvalError, file, input};
use crate::progress::Progress;

/// Pictures below this side are enlarged: the server asks for more, and these sets are old.
const SMALL: u32 = 200;
/// How often.
const ENLARGED: u32 = 5;
/// What is cut off at the left, top, right and bottom of a photograph's second view, in hundredths.
const CLOSER: [u32; 4] = [5, 2, 3, 6];
const QUALITY: u8 = 92;

/// A photograph as it goes into a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View<'p> {
    /// As it is.
    Whole(&'p PathBuf),
    /// A little closer: a second view where there is no second photograph.
    Closer(&'p PathBuf),
}

impl<'p> View<'p> {
    const fn path(self) -> &'p PathBuf {
        let (Self::Whole(path) | Self::Closer(path)) = self;
        path
    }
}

/// A person's photographs by what they show.
type Shown = BTreeMap<String, PathBuf>;

/// How a set is read: whose a file is, and what it shows, by its name.
fn shows(set: DataSet, file: &str) -> Option<(String, String)> {
    let (stem, _) = file.rsplit_once('.')?;
    match set {
        // AF01NEHL: session A, woman 1, neutral, half turned to the picture's left.
        DataSet::Kdef => {
            let (session, rest) = stem.split_at_checked(1)?;
            let (person, shown) = rest.split_at_checked(3)?;
            Some((person.to_owned(), format!("{session} {shown}")))
        }
        // 07-3m: person 7, picture 3.
        DataSet::Imm => {
            let (person, shown) = stem.split_once('-')?;
            Some((person.to_owned(), shown.get(..1)?.to_owned()))
        }
        // 07-03: person 7, the third on the way from one profile to the other.
        DataSet::Fei => {
            let (person, shown) = stem.split_once('-')?;
            Some((person.to_owned(), shown.to_owned()))
        }
        // an2i_left_angry_open: at full size, without dark glasses.
        DataSet::CmuFaces => {
            let [person, pose, expression, "open"] =
                <[&str; 4]>::try_from(stem.split('_').collect::<Vec<_>>()).ok()?
            else {
                return None;
            };
            Some((person.to_owned(), format!("{pose} {expression}")))
        }
        _ => None,
    }
}

/// A selfie and frames, in the order in which the head turns, with the part and the capture's name; nothing where photographs are
/// missing.
fn captures(set: DataSet, of: &Shown) -> Vec<(String, Vec<View<'_>>)> {
    let both = [["left", "right"], ["right", "left"]];
    let mut made: Vec<(String, Vec<Option<View<'_>>>)> = Vec::new();
    match set {
        DataSet::Kdef => {
            // KDEF's left is the picture's.
            let half = |turn: &str| if turn == "left" { "HR" } else { "HL" };
            let profile = |turn: &str| if turn == "left" { "FR" } else { "FL" };
            for [first, second] in both {
                let shown = |what: &str, pose: &str| whole(of, &format!("{what}{pose}"));
                let again = |what: &str| closer(of, &format!("{what}S"));
                // Who keeps a straight face: the two sessions' pictures by turns.
                let calm = vec![
                    shown("A NE", "S"),
                    shown("B NE", "S"),
                    shown("A NE", half(first)),
                    shown("B NE", half(first)),
                    again("A NE"),
                    shown("A NE", half(second)),
                    shown("B NE", half(second)),
                    again("B NE"),
                ];
                made.push((format!("captures/{first}-{second}-1"), calm));
                let far = vec![
                    shown("A NE", "S"),
                    shown("B NE", "S"),
                    shown("A NE", half(first)),
                    shown("A NE", profile(first)),
                    shown("B NE", half(first)),
                    again("A NE"),
                    shown("A NE", half(second)),
                    shown("A NE", profile(second)),
                    shown("B NE", half(second)),
                    again("B NE"),
                ];
                made.push((format!("profiles/{first}-{second}-1"), far));
                for (session, take) in [("A", 1), ("B", 2)] {
                    let views = [
                        ("NE", "S"),
                        ("SA", "S"),
                        ("NE", half(first)),
                        ("SA", half(first)),
                        ("AN", "S"),
                        ("NE", half(second)),
                        ("SA", half(second)),
                        ("DI", "S"),
                    ];
                    let views = views.map(|(what, pose)| shown(&format!("{session} {what}"), pose));
                    made.push((
                        format!("expressions/{first}-{second}-{take}"),
                        views.to_vec(),
                    ));
                }
            }
        }
        DataSet::Imm => {
            for [first, second] in both {
                let side = |turn: &str| if turn == "right" { "3" } else { "4" };
                let views = [
                    whole(of, "1"),
                    whole(of, "2"),
                    whole(of, side(first)),
                    closer(of, side(first)),
                    closer(of, "1"),
                    whole(of, side(second)),
                    closer(of, side(second)),
                    closer(of, "2"),
                ];
                made.push((format!("captures/{first}-{second}-1"), views.to_vec()));
            }
        }
        DataSet::Fei => {
            for [first, second] in both {
                let side = |turn: &str| match turn {
                    "right" => ["04", "03", "02"],
                    _ => ["07", "08", "09"],
                };
                let each = |turn: &str| side(turn).map(|shown| whole(of, shown));
                let mut views = vec![whole(of, "11"), closer(of, "11")];
                views.extend(each(first));
                views.push(closer(of, "11"));
                views.extend(each(second));
                views.push(closer(of, "11"));
                made.push((format!("captures/{first}-{second}-1"), views));
            }
        }
        _ => {
            let posed = |pose: &str| -> Vec<Option<View<'_>>> {
                let each = ["neutral", "happy", "sad", "angry"].into_iter();
                each.map(|expression| whole(of, &format!("{pose} {expression}")))
                    .filter(Option::is_some)
                    .collect()
            };
            let front = posed("straight");
            let directions = ["left", "right", "up"];
            for first in directions {
                for second in directions.into_iter().filter(|second| *second != first) {
                    let (one, two) = (posed(first), posed(second));
                    let views = [
                        at(&front, 0),
                        at(&front, 1),
                        at(&one, 0),
                        at(&one, 1),
                        at(&front, 2),
                        at(&two, 0),
                        at(&two, 1),
                        at(&front, 3).or_else(|| Some(View::Closer(at(&front, 1)?.path()))),
                    ];
                    made.push((format!("captures/{first}-{second}-1"), views.to_vec()));
                }
            }
        }
    }
    let complete = made.into_iter().filter_map(|(name, views)| {
        let views: Option<Vec<View<'_>>> = views.into_iter().collect();
        Some((name, views?))
    });
    complete.collect()
}

fn at<'p>(of: &[Option<View<'p>>], number: usize) -> Option<View<'p>> {
    of.get(number).copied().flatten()
}

fn whole<'p>(of: &'p Shown, what: &str) -> Option<View<'p>> {
    of.get(what).map(View::Whole)
}

fn closer<'p>(of: &'p Shown, what: &str) -> Option<View<'p>> {
    of.get(what).map(View::Closer)
}

pub(super) fn prepare(
    set: DataSet,
    from: &Path,
    place: &Place,
    progress: &dyn Progress,
) -> Result<Layout, EvalError> {
    let mut people: BTreeMap<String, Shown> = BTreeMap::new();
    gather(set, from, DEEPEST, &mut people)?;
    let mut parts: BTreeMap<String, (usize, BTreeSet<&str>)> = BTreeMap::new();
    progress.begin("arranging captures", people.len());
    for (person, shown) in &people {
        for (capture, views) in captures(set, shown) {
            let (kind, capture) = capture
                .split_once('/')
                .unwrap_or(("captures", capture.as_str()));
            let (number, who) = parts.entry(kind.to_owned()).or_default();
            *number += 1;
            who.insert(person);
            for (number, view) in views.into_iter().enumerate() {
                let name = match number {
                    0 => "selfie.jpg".to_owned(),
                    _ => format!("frame-{number}.jpg"),
                };
                put(view, place, &format!("{kind}/{person}/{capture}/{name}"))?;
            }
        }
        progress.advance();
    }
    if parts.is_empty() {
        return Err(input(
            from,
            format!("holds no photographs named as {} names them", set.name()),
        ));
    }
    let parts = parts.into_iter().map(|(kind, (number, who))| {
        let people = who.len();
        part(
            &kind,
            format!("{number} captures of {people} people, for eval turns"),
        )
    });
    Ok((
        parts.collect(),
        vec!["photographs of one occasion in the order of a turn, no videos".to_owned()],
    ))
}

fn gather(
    set: DataSet,
    folder: &Path,
    deeper: usize,
    people: &mut BTreeMap<String, Shown>,
) -> Result<(), EvalError> {
    for path in entries(folder)? {
        if path.is_dir() {
            if deeper > 0 {
                gather(set, &path, deeper - 1, people)?;
            }
            continue;
        }
        let file = name(&path);
        let is_grey = set == DataSet::CmuFaces && file.ends_with(".pgm");
        if !is_grey && !is_image(&path) {
            continue;
        }
        if let Some((person, shown)) = shows(set, &file) {
            people.entry(person).or_default().insert(shown, path);
        }
    }
    Ok(())
}

/// Links a photograph that is large enough and taken as it is; else makes it.
fn put(view: View<'_>, place: &Place, to: &str) -> Result<(), EvalError> {
    let path = view.path();
    let picture = read(path)?;
    let small = picture.width().min(picture.height()) < SMALL;
    if !small && matches!(view, View::Whole(_)) {
        return place.put(path, to);
    }
    let (width, height) = picture.dimensions();
    let mut picture = match view {
        View::Whole(_) => picture,
        View::Closer(_) => {
            let [left, top, right, bottom] = CLOSER;
            imageops::crop_imm(
                &picture,
                width * left / 100,
                height * top / 100,
                width * (100 - left - right) / 100,
                height * (100 - top - bottom) / 100,
            )
            .to_image()
        }
    };
    if small {
        let (width, height) = picture.dimensions();
        picture = imageops::resize(
            &picture,
            width * ENLARGED,
            height * ENLARGED,
            FilterType::Lanczos3,
        );
    }
    let mut bytes = Vec::new();
    picture
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))
        .map_err(|e| input(path, e.to_string()))?;
    place.write(to, &bytes)
}

fn read(path: &Path) -> Result<RgbImage, EvalError> {
    if path.extension().is_some_and(|ending| ending == "pgm") {
        let bytes = std::fs::read(path).map_err(file(path))?;
        return grey(&bytes)
            .ok_or_else(|| input(path, "is no grey picture (PGM, P2 or P5, 8 bits)"));
    }
    let decoded = decode(&read_image(path)?, &Limits::default());
    Ok(decoded.map_err(|e| input(path, e.to_string()))?.pixels)
}

/// A PGM file, of numbers in words (P2) or of 8 bits for a pixel (P5). What is brightest in it becomes white.
fn grey(bytes: &[u8]) -> Option<RgbImage> {
    let mut at = 0;
    let mut word = || {
        loop {
            let rest = bytes.get(at..)?;
            let skip = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let rest = rest.get(skip..)?;
            if rest.first() == Some(&b'#') {
                at += skip + rest.iter().take_while(|b| **b != b'\n').count();
                continue;
            }
            let long = rest.iter().take_while(|b| !b.is_ascii_whitespace()).count();
            at += skip + long;
            return std::str::from_utf8(rest.get(..long)?).ok();
        }
    };
    let kind = word()?;
    let mut number = || word()?.parse::<u32>().ok();
    let (width, height, most) = (number()?, number()?, number()?);
    if !(1..=255).contains(&most) {
        return None;
    }
    let pixels = width.checked_mul(height)? as usize;
    let values: Vec<u32> = match kind {
        "P2" => (0..pixels).map(|_| number()).collect::<Option<_>>()?,
        // One blank ends the head.
        "P5" => {
            let rest = bytes.get(at + 1..)?.get(..pixels)?;
            rest.iter().map(|value| u32::from(*value)).collect()
        }
        _ => return None,
    };
    let white = values
        .into_iter()
        .flat_map(|value| [(value.min(most) * 255 / most) as u8; 3]);
    RgbImage::from_raw(width, height, white.collect())
}

#[cfg(test)]
mod tests;
