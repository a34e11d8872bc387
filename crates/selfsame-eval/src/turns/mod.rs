//! People who turn their heads as they were asked to: how many pass in strict mode, and what comes of the same turns in another
//! order, of other people's turns, of mirrored ones and of a photograph that is turned in the head's place.

mod attempt;
mod look;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use attempt::About;
use look::{Judged, Looked, Looker};
use selfsame_face::analyser::Analyser;
use selfsame_job::challenge::{MOST_TURNS, Turn};
use selfsame_job::policy::{ChallengePolicy, Policy};
use serde::Serialize;

use crate::cache::Cache;
use crate::dataset::presentation::{Presentation, bona_fide};
use crate::error::{EvalError, input};
use crate::metrics::interval::Proportion;
use crate::presentation_attack::{Answer, reason_name};
use crate::progress::{Progress, on_each};

/// What is tried. All but the first are attacks, or captures that do not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tried {
    /// The captures as they are, judged by the turns that were asked for.
    AsAsked,
    /// The same captures, judged by every other draw of as many turns.
    OtherTurns,
    /// The person's selfie and frontal frames with the turned frames of another who made the same turns.
    AnothersTurns,
    /// The person's selfie with all frames of another who made the same turns.
    AnothersFrames,
    /// One side's turned frames, mirrored, for the other side's.
    Mirrored,
    /// The selfie's picture moved about as a flat thing.
    Moved,
    /// The selfie's picture, turned as a plane.
    Plane,
    /// The same, turned further.
    PlaneFar,
    /// The selfie's picture on a bent sheet that is turned.
    Bent,
}

impl Tried {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::AsAsked,
        Self::OtherTurns,
        Self::AnothersTurns,
        Self::AnothersFrames,
        Self::Mirrored,
        Self::Moved,
        Self::Plane,
        Self::PlaneFar,
        Self::Bent,
    ];

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsAsked => "as asked",
            Self::OtherTurns => "judged by other turns",
            Self::AnothersTurns => "another's turned frames",
            Self::AnothersFrames => "another's frames",
            Self::Mirrored => "mirrored turns",
            Self::Moved => "picture moved about",
            Self::Plane => "picture turned by 30 degrees",
            Self::PlaneFar => "picture turned by 45 degrees",
            Self::Bent => "picture bent and turned by 30 degrees",
        }
    }
}

/// What came of people who turn their heads, and of what is put in their place.
#[derive(Debug, Clone, Serialize)]
pub struct TurnsReport {
    /// Captures.
    pub captures: usize,
    /// People.
    pub people: usize,
    /// By what they were judged.
    pub thresholds: ChallengePolicy,
    /// What came of each thing that was tried.
    pub outcomes: Vec<Outcome>,
    /// Captures as asked that did not follow, and why.
    pub not_followed: Vec<NotFollowed>,
}

/// What came of one thing that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// What.
    pub tried: Tried,
    /// Those that followed the challenge, whatever else the policy says of their pictures.
    pub followed: Proportion,
    /// Those that passed all checks of an enrolment in strict mode.
    pub passed: Proportion,
    /// People of whom every one followed.
    pub people_followed: Proportion,
    /// How often each flaw kept one from following.
    pub flaws: BTreeMap<String, usize>,
    /// How often each reason spoke against one and counted.
    pub reasons: BTreeMap<String, usize>,
}

/// A capture that did not follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotFollowed {
    /// Its name.
    pub capture: String,
    /// What kept it, or why there was nothing to judge.
    pub why: Vec<String>,
}

/// A capture with the turns that it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    presentation: Presentation,
    turns: Vec<Turn>,
}

impl Asked {
    fn person(&self) -> &str {
        self.presentation.person()
    }
}

/// The turns that a capture's name says, as `left-up-1`: what stands after the last hyphen is the take.
fn turns_in(name: &str) -> Option<Vec<Turn>> {
    let last = name.rsplit(['/', '\\']).next()?;
    let (condition, _) = last.rsplit_once('-')?;
    let turns: Vec<Turn> = condition
        .split('-')
        .map(|word| Turn::ALL.into_iter().find(|turn| turn.as_str() == word))
        .collect::<Option<_>>()?;
    let drawn = turns.len() <= MOST_TURNS && turns.windows(2).all(|two| two[0] != two[1]);
    drawn.then_some(turns)
}

/// All other draws of as many turns.
fn others(turns: &[Turn]) -> Vec<Vec<Turn>> {
    let mut all: Vec<Vec<Turn>> = vec![Vec::new()];
    for _ in turns {
        all = all
            .iter()
            .flat_map(|start| {
                Turn::ALL
                    .into_iter()
                    .filter(|turn| start.last() != Some(turn))
                    .map(|turn| [start.as_slice(), &[turn]].concat())
            })
            .collect();
    }
    all.retain(|draw| draw != turns);
    all
}

fn read(folders: &[PathBuf]) -> Result<Vec<Asked>, EvalError> {
    let mut asked = Vec::new();
    for folder in folders {
        for presentation in bona_fide(folder)? {
            if !presentation.is_sequence() {
                continue;
            }
            let turns = turns_in(&presentation.name).ok_or_else(|| {
                let name = &presentation.name;
                input(
                    folder,
                    format!("{name}: the folder's name is to say the turns and a take, as PERSON/left-right-1"),
                )
            })?;
            asked.push(Asked {
                presentation,
                turns,
            });
        }
    }
    if asked.is_empty() {
        return Err(input(
            folders.first().map_or(Path::new("."), PathBuf::as_path),
            "holds no captures as PERSON/left-right-1/selfie.jpg with frames",
        ));
    }
    Ok(asked)
}

/// Judges captures of people who were asked to turn their heads, and attacks made of each person's first capture. Folders hold
/// `PERSON/TURN-TURN-TAKE/selfie.jpg` with frames in their order. With `table`, every measured frame is written there as CSV.
///
/// # Errors
/// When a folder or file cannot be read or written, or a capture's name says no turns.
pub fn evaluate(
    folders: &[PathBuf],
    attacks: bool,
    analyser: &Analyser,
    cache: &Cache,
    policy: &Policy,
    table: Option<&Path>,
    progress: &dyn Progress,
) -> Result<TurnsReport, EvalError> {
    let asked = read(folders)?;
    let looker = Looker::new(analyser, cache, policy)?;
    let looked = on_each("judging turns", &asked, progress, |capture| {
        looker.look(&capture.presentation, &capture.turns)
    })?;
    let mut found: Vec<(Tried, &str, &Judged)> = Vec::new();
    for (capture, looked) in asked.iter().zip(&looked) {
        found.push((Tried::AsAsked, capture.person(), &looked.asked));
        let others = looked.others.iter();
        found.extend(others.map(|judged| (Tried::OtherTurns, capture.person(), judged)));
    }
    let plans = if attacks {
        attempt::plans(&asked, &looked)
    } else {
        Vec::new()
    };
    let against = on_each("judging attacks", &plans, progress, |plan| {
        let attempts = attempt::of(*plan, &asked, &looked, analyser)?;
        let each = attempts.into_iter().map(|attempt| {
            let looked =
                looker.look_at(&attempt.images, &attempt.about.turns, &attempt.digest())?;
            Ok((attempt.about, looked))
        });
        each.collect::<Result<Vec<(About, Looked)>, EvalError>>()
    })?;
    let against: Vec<(About, Looked)> = against.into_iter().flatten().collect();
    let judged = against.iter();
    found.extend(judged.map(|(about, looked)| (about.tried, about.person.as_str(), &looked.asked)));
    if let Some(path) = table {
        let captures = asked.iter().zip(&looked).map(|(capture, looked)| {
            let name = capture.presentation.name.as_str();
            (Tried::AsAsked, name, capture.turns.as_slice(), looked)
        });
        let attempts = against.iter().map(|(about, looked)| {
            (
                about.tried,
                about.name.as_str(),
                about.turns.as_slice(),
                looked,
            )
        });
        table::write(path, captures.chain(attempts))?;
    }
    let not_followed = asked.iter().zip(&looked).filter(|(_, l)| !l.asked.followed);
    let people: BTreeSet<&str> = asked.iter().map(Asked::person).collect();
    Ok(TurnsReport {
        captures: asked.len(),
        people: people.len(),
        thresholds: policy.liveness.challenge,
        outcomes: Tried::ALL
            .into_iter()
            .filter_map(|tried| outcome(tried, &found))
            .collect(),
        not_followed: not_followed
            .map(|(capture, looked)| NotFollowed {
                capture: capture.presentation.name.clone(),
                why: looked.asked.why(),
            })
            .collect(),
    })
}

/// Counts; nothing where it was not tried.
fn outcome(tried: Tried, found: &[(Tried, &str, &Judged)]) -> Option<Outcome> {
    let of: Vec<(&str, &Judged)> = found
        .iter()
        .filter(|(what, _, _)| *what == tried)
        .map(|(_, person, judged)| (*person, *judged))
        .collect();
    if of.is_empty() {
        return None;
    }
    let all = of.len() as u64;
    let (mut flaws, mut reasons) = (BTreeMap::new(), BTreeMap::new());
    let mut people: BTreeMap<&str, bool> = BTreeMap::new();
    for (person, judged) in &of {
        *people.entry(person).or_insert(true) &= judged.followed;
        for flaw in judged.why() {
            *flaws.entry(flaw).or_insert(0) += 1;
        }
        for reason in &judged.reasons {
            *reasons.entry(reason_name(*reason)).or_insert(0) += 1;
        }
    }
    let count = |holds: &dyn Fn(&Judged) -> bool| {
        Proportion::of(
            of.iter().filter(|(_, judged)| holds(judged)).count() as u64,
            all,
        )
    };
    Some(Outcome {
        tried,
        followed: count(&|judged| judged.followed),
        passed: count(&|judged| judged.answer == Answer::Passed),
        people_followed: Proportion::of(
            people.values().filter(|all| **all).count() as u64,
            people.len() as u64,
        ),
        flaws,
        reasons,
    })
}

#[cfg(test)]
mod tests;
