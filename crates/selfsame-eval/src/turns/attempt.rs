//! What is put in the place of a head that turns: made of people's own captures.

use std::collections::BTreeSet;

use selfsame_face::analyser::Analyser;
use selfsame_job::challenge::{Place, Turn};
use sha2::{Digest as _, Sha256};

use super::look::Looked;
use super::{Asked, Tried};
use crate::dataset::presentation::{Images, Origin};
use crate::dataset::read_image;
use crate::error::{EvalError, input};
use crate::generate::{Capture, Sheet, Species, Subject, turned};
use crate::staged::Treatment;

/// How far a picture is turned, degrees.
const TURNED: f32 = 30.0;
/// See [`TURNED`].
const TURNED_FAR: f32 = 45.0;
/// What is made is made again alike.
const SEED: u64 = 1;

/// What an attack is.
pub(super) struct About {
    pub(super) tried: Tried,
    pub(super) name: String,
    /// Who is to be taken for live.
    pub(super) person: String,
    /// What was asked for.
    pub(super) turns: Vec<Turn>,
}

/// One attack with its images.
pub(super) struct Attempt {
    pub(super) about: About,
    pub(super) images: Images,
}

impl Attempt {
    /// Of its images and turns.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut all = Sha256::new();
        for image in std::iter::once(&self.images.selfie).chain(&self.images.frames) {
            all.update(Sha256::digest(image));
        }
        all.update(format!("{:?}", self.about.turns));
        all.finalize().into()
    }
}

/// A capture's pictures, with where each frame's head is.
struct Own {
    images: Images,
    places: Vec<Option<Place>>,
}

impl Own {
    fn read(asked: &Asked, looked: &Looked) -> Result<Option<Self>, EvalError> {
        let Origin::Files { selfie, frames } = &asked.presentation.origin else {
            return Ok(None);
        };
        if looked.frames.len() != frames.len() {
            return Ok(None);
        }
        let images = Images {
            selfie: read_image(selfie)?,
            frames: frames
                .iter()
                .map(|path| read_image(path))
                .collect::<Result<_, _>>()?,
        };
        let places = looked
            .frames
            .iter()
            .map(|frame| Some(frame.as_ref()?.place));
        Ok(Some(Self {
            images,
            places: places.collect(),
        }))
    }

    fn at(&self, place: Place) -> Vec<&Vec<u8>> {
        let frames = self.images.frames.iter().zip(&self.places);
        frames
            .filter(|(_, at)| **at == Some(place))
            .map(|(frame, _)| frame)
            .collect()
    }
}

/// Whose capture attacks are made of, and who lends frames to it: places in the list of captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) own: usize,
    /// Of the next person whose capture made the same turns and followed.
    pub(super) another: Option<usize>,
}

/// Each person's first capture.
pub(super) fn plans(asked: &[Asked], looked: &[Looked]) -> Vec<Plan> {
    let mut seen = BTreeSet::new();
    let firsts: Vec<usize> = (0..asked.len())
        .filter(|at| seen.insert(asked[*at].person()))
        .collect();
    let plan = |(order, own): (usize, &usize)| {
        let after = firsts[order + 1..].iter().chain(&firsts[..order]);
        let another = after.map(|at| asked[*at].person()).find_map(|person| {
            (0..asked.len()).find(|at| {
                asked[*at].person() == person
                    && asked[*at].turns == asked[*own].turns
                    && looked[*at].asked.followed
            })
        });
        Plan { own: *own, another }
    };
    firsts.iter().enumerate().map(plan).collect()
}

/// The attacks of one plan.
pub(super) fn of(
    plan: Plan,
    asked: &[Asked],
    looked: &[Looked],
    analyser: &Analyser,
) -> Result<Vec<Attempt>, EvalError> {
    let own = &asked[plan.own];
    let Some(pictures) = Own::read(own, &looked[plan.own])? else {
        return Ok(Vec::new());
    };
    let mut attempts = Vec::new();
    let mut add = |tried: Tried, images: Images| {
        attempts.push(Attempt {
            about: About {
                tried,
                name: format!("{} of {}", tried.name(), own.presentation.name),
                person: own.person().to_owned(),
                turns: own.turns.clone(),
            },
            images,
        });
    };
    let theirs = match plan.another {
        Some(another) => Own::read(&asked[another], &looked[another])?,
        None => None,
    };
    if let Some(theirs) = theirs {
        if let Some(frames) = swapped(&pictures, &theirs) {
            add(Tried::AnothersTurns, with_frames(&pictures, frames));
        }
        add(
            Tried::AnothersFrames,
            with_frames(&pictures, theirs.images.frames),
        );
    }
    let mirrored = mirrored(&pictures)
        .map_err(|problem| input(std::path::Path::new(&own.presentation.name), problem))?;
    if let Some(frames) = mirrored {
        add(Tried::Mirrored, with_frames(&pictures, frames));
    }
    // A selfie without a face was told above: its capture had nothing to judge.
    let Ok(subject) = Subject::find(analyser, &pictures.images.selfie) else {
        return Ok(attempts);
    };
    let mut made = |tried: Tried, made: Capture| {
        add(
            tried,
            Images {
                selfie: made.selfie,
                frames: made.frames,
            },
        );
    };
    made(Tried::Moved, Species::FlatInjected.make(&subject, SEED));
    for (tried, sheet, degrees) in [
        (Tried::Plane, Sheet::Flat, TURNED),
        (Tried::PlaneFar, Sheet::Flat, TURNED_FAR),
        (Tried::Bent, Sheet::Bent, TURNED),
    ] {
        made(tried, turned(&subject, SEED, &own.turns, sheet, degrees));
    }
    Ok(attempts)
}

fn with_frames(own: &Own, frames: Vec<Vec<u8>>) -> Images {
    Images {
        selfie: own.images.selfie.clone(),
        frames,
    }
}

/// Another's frames, but those at front one's own, by turns.
fn swapped(own: &Own, theirs: &Own) -> Option<Vec<Vec<u8>>> {
    let front = own.at(Place::Front);
    let mut own_front = front.iter().cycle();
    let frames = theirs.images.frames.iter().zip(&theirs.places);
    frames
        .map(|(frame, place)| match place {
            Some(Place::Front) => own_front.next().map(|own| (*own).clone()),
            _ => Some(frame.clone()),
        })
        .collect()
}

/// The frames to the right replaced by mirror images of those to the left; nothing where the head turns to one side only.
fn mirrored(own: &Own) -> Result<Option<Vec<Vec<u8>>>, String> {
    let left = own.at(Place::Towards(Turn::Left));
    if left.is_empty() || own.at(Place::Towards(Turn::Right)).is_empty() {
        return Ok(None);
    }
    let mut left = left.iter().cycle();
    let treatment = Treatment {
        mirrored: true,
        ..Treatment::default()
    };
    let mut frames = Vec::new();
    for (frame, place) in own.images.frames.iter().zip(&own.places) {
        match (place, left.clone().next()) {
            (Some(Place::Towards(Turn::Right)), Some(mirror)) => {
                left.next();
                frames.push(treatment.of(mirror)?);
            }
            _ => frames.push(frame.clone()),
        }
    }
    Ok(Some(frames))
}
