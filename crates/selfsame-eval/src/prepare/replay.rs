//! Replay-Attack's frames: for each split `bona-fide/PERSON/LIGHT-N/` and `attacks/SPECIES/PERSON-LIGHT/`, each with
//! `selfie.jpg` and eight frames.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::place::{Place, first_of};
use super::{CLOSED_SPLIT, Layout, Options, Split, part};
use crate::dataset::{entries, is_image, name};
use crate::error::{EvalError, input};
use crate::progress::Progress;

/// Frames beside the selfie, as clients send them.
const FRAMES: usize = 8;

/// So many frames of the video lie between two that are taken: 0.8 seconds of 25 frames each. The stored frames of live
/// videos lie about 20 apart and those of attacks 12.5; were they taken as they come, attacks would look stiller than they
/// are for no other reason.
const APART: usize = 20;

pub(super) fn prepare(
    from: &Path,
    place: &Place,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Layout, EvalError> {
    let root = first_of(from, &["frames/replay_attack"]).unwrap_or_else(|| from.to_owned());
    let closed = options.splits.contains(&Split::Test);
    if closed && !options.open_the_closed_split {
        return Err(input(&root.join("test"), CLOSED_SPLIT));
    }
    let mut parts = Vec::new();
    let mut notes = Vec::new();
    if closed {
        notes.push(CLOSED_SPLIT.to_owned());
    }
    for split in &options.splits {
        let folder = root.join(split.name());
        if !folder.is_dir() {
            return Err(input(
                &folder,
                "is no folder: it is to hold one folder of frames for each video",
            ));
        }
        let videos: Vec<PathBuf> = entries(&folder)?
            .into_iter()
            .filter(|path| path.is_dir())
            .collect();
        progress.begin(&format!("linking {}", split.name()), videos.len());
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for video in &videos {
            let Some(what) = Video::named(&name(video)) else {
                return Err(input(
                    video,
                    "is not named as Replay-Attack's videos are: …client001_session01_webcam_authenticate_adverse_1 or …attack_print_client001_session01_highdef_photo_adverse, with fixed or hand before",
                ));
            };
            let frames = frames(video)?;
            let to = format!("{}/{}", split.name(), what.folder());
            let files = ["selfie".to_owned()]
                .into_iter()
                .chain((1..=FRAMES).map(|n| format!("frame-{n}")));
            for (frame, file) in frames.iter().zip(files) {
                place.put(frame, &format!("{to}/{file}.jpg"))?;
            }
            *counts.entry(what.species().to_owned()).or_default() += 1;
            progress.advance();
        }
        let said: Vec<String> = counts
            .iter()
            .map(|(species, count)| format!("{species} {count}"))
            .collect();
        parts.push(part(split.name(), format!("videos: {}", said.join(", "))));
    }
    Ok((parts, notes))
}

/// What a video shows, by its name.
#[derive(Debug, PartialEq, Eq)]
struct Video {
    /// As in `client001`.
    person: String,
    /// `controlled` or `adverse`.
    light: String,
    shows: Shows,
}

#[derive(Debug, PartialEq, Eq)]
enum Shows {
    /// A live person; which of the recordings under that light.
    Live { take: String },
    /// An attack, as in `mobile-photo-hand`.
    Attack { species: String },
}

impl Video {
    fn named(name: &str) -> Option<Self> {
        let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
        let at = words.iter().position(|word| word.starts_with("client"))?;
        let person = words[at].to_owned();
        let after = &words[at + 1..];
        let light_at = after
            .iter()
            .position(|word| ["controlled", "adverse"].contains(word))?;
        let light = after[light_at].to_owned();
        if after.contains(&"authenticate") {
            let take = after.get(light_at + 1)?.to_string();
            return Some(Self {
                person,
                light,
                shows: Shows::Live { take },
            });
        }
        let before = &words[..at];
        let held = ["fixed", "hand"]
            .into_iter()
            .find(|held| before.contains(held))?;
        let medium = ["photo", "video"]
            .into_iter()
            .find(|medium| after.contains(medium))?;
        // The word before the person is the instrument; a print's high-definition photograph is what was printed.
        let species = match *before.last()? {
            "print" => format!("print-{held}"),
            screen @ ("mobile" | "highdef") => format!("{screen}-{medium}-{held}"),
            _ => return None,
        };
        Some(Self {
            person,
            light,
            shows: Shows::Attack { species },
        })
    }

    fn folder(&self) -> String {
        let (person, light) = (&self.person, &self.light);
        match &self.shows {
            Shows::Live { take } => format!("bona-fide/{person}/{light}-{take}"),
            Shows::Attack { species } => format!("attacks/{species}/{person}-{light}"),
        }
    }

    fn species(&self) -> &str {
        match &self.shows {
            Shows::Live { .. } => "live",
            Shows::Attack { species } => species,
        }
    }
}

/// The frames that are taken of a video: the first as selfie, then those nearest to equal steps of time, each once.
fn frames(video: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let mut stored: Vec<(usize, PathBuf)> = Vec::new();
    for path in entries(video)?.into_iter().filter(|path| is_image(path)) {
        let digits: String = name(&path).chars().filter(char::is_ascii_digit).collect();
        let number = digits
            .parse()
            .map_err(|_| input(&path, "holds no frame's number in its name"))?;
        stored.push((number, path));
    }
    stored.sort();
    let numbers: Vec<usize> = stored.iter().map(|(number, _)| *number).collect();
    let taken = taken(&numbers).ok_or_else(|| {
        input(
            video,
            format!("holds {} frames; {} are needed", stored.len(), FRAMES + 1),
        )
    })?;
    Ok(taken.into_iter().map(|at| stored[at].1.clone()).collect())
}

/// Which of the stored frames' numbers, in rising order, are taken; nothing where there are too few.
fn taken(numbers: &[usize]) -> Option<Vec<usize>> {
    let first = *numbers.first()?;
    let mut taken = vec![0];
    for step in 1..=FRAMES {
        let wanted = first + step * APART;
        let next = taken.last()? + 1;
        // Enough must be left for the steps to come.
        let last = numbers.len().checked_sub(FRAMES + 1 - step)?;
        let at = (next..=last)
            .min_by_key(|at| numbers.get(*at).map_or(usize::MAX, |n| n.abs_diff(wanted)))?;
        numbers.get(at)?;
        taken.push(at);
    }
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::{DataSet, prepare};
    use crate::progress::Quiet;

    #[test]
    fn names_tell_the_person_the_light_and_the_species() {
        let folder = |name: &str| Video::named(name).map(|video| video.folder());
        for (name, expected) in [
            (
                "devel__real__real__client003_session01_webcam_authenticate_adverse_1",
                "bona-fide/client003/adverse-1",
            ),
            (
                "train__attack__fixed__attack_print_client001_session01_highdef_photo_controlled",
                "attacks/print-fixed/client001-controlled",
            ),
            (
                "train__attack__hand__attack_mobile_client001_session01_mobile_video_adverse",
                "attacks/mobile-video-hand/client001-adverse",
            ),
            (
                "train__attack__hand__attack_highdef_client001_session01_highdef_photo_adverse",
                "attacks/highdef-photo-hand/client001-adverse",
            ),
        ] {
            assert_eq!(folder(name).as_deref(), Some(expected));
        }
        assert_eq!(folder("holiday"), None);
        assert_eq!(
            folder("attack_print_client001_session01_highdef_photo_adverse"),
            None
        );
    }

    #[test]
    fn frames_of_attacks_lie_as_far_apart_as_those_of_live_people() {
        let every = |step: f64| (0..20).map(move |n| (f64::from(n) * step).round() as usize);
        for step in [12.5, 12.05, 19.7] {
            let numbers: Vec<usize> = every(step).collect();
            let taken: Vec<usize> = taken(&numbers)
                .unwrap()
                .into_iter()
                .map(|at| numbers[at])
                .collect();
            assert_eq!(taken.len(), FRAMES + 1);
            assert!(taken.windows(2).all(|w| w[0] < w[1]), "{taken:?}");
            let span = taken[FRAMES] - taken[0];
            assert!(span.abs_diff(FRAMES * APART) <= 7, "{step}: {taken:?}");
        }
        // Nine are enough, and then all are taken.
        assert_eq!(
            taken(&[0, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap(),
            (0..9).collect::<Vec<_>>()
        );
        assert_eq!(taken(&[0, 1, 2, 3, 4, 5, 6, 7]), None);
    }

    #[test]
    fn the_test_split_opens_by_its_flag_only() {
        let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for split in ["train", "devel", "test"] {
            let video = from.path().join(split).join(format!(
                "{split}__real__real__client009_session01_webcam_authenticate_adverse_1"
            ));
            std::fs::create_dir_all(&video).unwrap();
            for n in 0..20 {
                std::fs::write(video.join(format!("frame_{:05}.jpg", n * 20)), "x").unwrap();
            }
        }
        let run = |splits: &[Split], open| {
            let options = Options {
                splits: splits.to_vec(),
                open_the_closed_split: open,
            };
            prepare(
                DataSet::ReplayAttack,
                from.path(),
                out.path(),
                &options,
                &Quiet,
            )
        };
        run(&[Split::Train, Split::Devel], false).unwrap();
        assert!(
            out.path()
                .join("train/bona-fide/client009/adverse-1/frame-8.jpg")
                .is_file()
        );
        let error = run(&[Split::Test], false).unwrap_err().to_string();
        assert!(error.contains("closed"), "{error}");
        assert!(!out.path().join("test").exists());
        let opened = run(&[Split::Test], true).unwrap();
        assert_eq!(opened.notes, [CLOSED_SPLIT]);
        assert!(
            out.path()
                .join("test/bona-fide/client009/adverse-1/selfie.jpg")
                .is_file()
        );
    }
}
