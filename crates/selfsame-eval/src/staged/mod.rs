//! Attacks that need no print and no screen: photographs of real people sent as selfie and frames, by those who send files
//! instead of using a camera.

mod treatment;

use std::path::{Path, PathBuf};

use chacha20::ChaCha8Rng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

pub use treatment::{Treated, Treatment};

use crate::dataset::people::People;
use crate::dataset::presentation::{Origin, Presentation};
use crate::error::{EvalError, input};

/// Raised when the same seed no longer draws the same tries.
pub(crate) const VERSION: u32 = 1;

/// Frames beside the selfie.
const FRAMES: usize = 8;

/// Frames of another person, where a few are mixed in.
const STRANGE_FRAMES: usize = 3;

/// How somebody with a few photographs goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Staging {
    /// Two or three photographs of one person, saved again and again.
    Plain,
    /// The same, some mirrored.
    Mirrored,
    /// The same, each cut a little differently.
    Cropped,
    /// The same, mirrored, cut, brighter and darker.
    Varied,
    /// The same, with a few frames of another person.
    WithAnother,
    /// The selfie is one person's and every frame another's.
    FramesOfAnother,
}

impl Staging {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Plain,
        Self::Mirrored,
        Self::Cropped,
        Self::Varied,
        Self::WithAnother,
        Self::FramesOfAnother,
    ];

    /// Its species' name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "stills-plain",
            Self::Mirrored => "stills-mirrored",
            Self::Cropped => "stills-cropped",
            Self::Varied => "stills-varied",
            Self::WithAnother => "stills-with-another",
            Self::FramesOfAnother => "frames-of-another",
        }
    }

    fn treatment(self, rng: &mut ChaCha8Rng) -> Treatment {
        let mirrors = matches!(self, Self::Mirrored | Self::Varied | Self::WithAnother);
        let cuts = matches!(self, Self::Cropped | Self::Varied | Self::WithAnother);
        Treatment {
            quarters: 0,
            mirrored: mirrors && rng.random_bool(0.5),
            cut: if cuts {
                std::array::from_fn(|_| rng.random_range(0..=100))
            } else {
                [0; 4]
            },
            brighter: if self == Self::Varied {
                rng.random_range(-12..=12)
            } else {
                0
            },
            quality: rng.random_range(60..=95),
        }
    }
}

/// `tries` presentations of each staging, drawn by seed from people with two photographs or more. The same seed draws the
/// same tries, whatever else is drawn.
///
/// # Errors
/// When fewer than two people have two photographs.
pub fn stills(
    people: &People,
    folder: &Path,
    tries: usize,
    seed: u64,
) -> Result<Vec<Presentation>, EvalError> {
    let mut of_person: Vec<Vec<&PathBuf>> = vec![Vec::new(); people.names.len()];
    for (photograph, person) in &people.photographs {
        of_person[*person as usize].push(&photograph.path);
    }
    of_person.retain(|photographs| photographs.len() > 1);
    if of_person.len() < 2 {
        return Err(input(
            folder,
            "is to hold two people or more with two photographs or more each",
        ));
    }
    let each = Staging::ALL
        .iter()
        .zip(0u64..)
        .flat_map(|(staging, n)| (0..tries as u64).map(move |at| (*staging, n, at)));
    let presentations = each.map(|(staging, n, at)| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_add(n << 48).wrapping_add(at));
        Presentation {
            name: format!("{} {}", staging.name(), at + 1),
            species: Some(staging.name().to_owned()),
            synthetic: true,
            origin: Origin::Staged(stage(staging, &of_person, &mut rng)),
        }
    });
    Ok(presentations.collect())
}

/// A selfie and its frames.
fn stage(staging: Staging, people: &[Vec<&PathBuf>], rng: &mut ChaCha8Rng) -> Vec<Treated> {
    let victim = rng.random_range(0..people.len());
    let another = (victim + rng.random_range(1..people.len())) % people.len();
    let mut few = |person: usize| {
        let mut all = people[person].clone();
        all.shuffle(rng);
        // Two or three of them, where there are so many.
        let most = rng.random_range(2..=3).min(all.len());
        all.truncate(most);
        all
    };
    let (own, strange) = (few(victim), few(another));
    let mut whose: Vec<bool> = (0..FRAMES)
        .map(|frame| match staging {
            Staging::WithAnother => frame >= STRANGE_FRAMES,
            Staging::FramesOfAnother => false,
            _ => true,
        })
        .collect();
    whose.shuffle(rng);
    let selfie = Treated {
        photograph: own[0].clone(),
        treatment: Treatment::default(),
    };
    let frames = whose.iter().enumerate().map(|(at, own_frame)| {
        let from = if *own_frame { &own } else { &strange };
        // Each photograph in turn: neighbours differ where there are two.
        Treated {
            photograph: from[(at + 1) % from.len()].clone(),
            treatment: staging.treatment(rng),
        }
    });
    std::iter::once(selfie).chain(frames).collect()
}

/// Selfies with the frames of another person's capture: `tries` pairs of live captures of different people, drawn by seed.
/// The person is what stands before the first `/` of a capture's name.
///
/// # Errors
/// When the captures are not of two people or more.
pub fn swapped(
    captures: &[Presentation],
    tries: usize,
    seed: u64,
) -> Result<Vec<Presentation>, EvalError> {
    let files: Vec<(&str, &PathBuf, &Vec<PathBuf>)> = captures
        .iter()
        .filter_map(|capture| match &capture.origin {
            Origin::Files { selfie, frames } if !frames.is_empty() => {
                Some((capture.person(), selfie, frames))
            }
            _ => None,
        })
        .collect();
    let two_people = files
        .first()
        .is_some_and(|first| files.iter().any(|other| other.0 != first.0));
    if !two_people {
        return Err(input(
            Path::new("--bona-fide"),
            "holds no captures of two people, as PERSON/CAPTURE/selfie.jpg with frames",
        ));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = Vec::with_capacity(tries);
    while drawn.len() < tries {
        let [own, other] = [(); 2].map(|()| &files[rng.random_range(0..files.len())]);
        if own.0 == other.0 {
            continue;
        }
        drawn.push(Presentation {
            name: format!("frames-of-another-capture {}", drawn.len() + 1),
            species: Some("frames-of-another-capture".to_owned()),
            synthetic: false,
            origin: Origin::Files {
                selfie: own.1.clone(),
                frames: other.2.clone(),
            },
        });
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::pairs::Photograph;
    use std::collections::BTreeSet;

    fn people() -> People {
        let mut photographs = Vec::new();
        for (person, count) in [(0u32, 3), (1, 2), (2, 1), (3, 5)] {
            for n in 0..count {
                let name = format!("{person}/{n}.jpg");
                let path = PathBuf::from(&name);
                photographs.push((Photograph { name, path }, person));
            }
        }
        People {
            source: "here".to_owned(),
            names: ["0", "1", "2", "3"].map(str::to_owned).to_vec(),
            photographs,
        }
    }

    fn parts(of: &Presentation) -> &[Treated] {
        match &of.origin {
            Origin::Staged(parts) => parts,
            _ => panic!("staged"),
        }
    }

    fn person(of: &Treated) -> String {
        let path = of.photograph.to_string_lossy();
        path.split('/').next().unwrap().to_owned()
    }

    #[test]
    fn tries_follow_the_seed_and_only_that() {
        let drawn = |tries, seed| stills(&people(), Path::new("here"), tries, seed).unwrap();
        assert_eq!(drawn(4, 1), drawn(4, 1));
        assert_ne!(drawn(4, 1), drawn(4, 2));
        // More tries do not change the first ones.
        let (few, many) = (drawn(2, 1), drawn(4, 1));
        let of = |all: &[Presentation]| {
            let first = all
                .iter()
                .filter(|p| p.name.ends_with(" 1") || p.name.ends_with(" 2"));
            first.cloned().collect::<Vec<_>>()
        };
        assert_eq!(of(&few), of(&many));
    }

    #[test]
    fn each_species_is_what_its_name_says() {
        for presentation in stills(&people(), Path::new("here"), 20, 1).unwrap() {
            let parts = parts(&presentation);
            assert_eq!(parts.len(), FRAMES + 1);
            assert!(presentation.is_sequence());
            let people: Vec<String> = parts.iter().map(person).collect();
            let own = people[1..].iter().filter(|p| **p == people[0]).count();
            let mirrored = parts.iter().any(|p| p.treatment.mirrored);
            let cut = parts.iter().any(|p| p.treatment.cut != [0; 4]);
            let photographs: BTreeSet<_> = parts.iter().map(|p| &p.photograph).collect();
            match presentation.species.as_deref().unwrap() {
                "stills-plain" => assert!(own == FRAMES && !mirrored && !cut),
                "stills-mirrored" => assert!(own == FRAMES && !cut),
                "stills-cropped" => assert!(own == FRAMES && !mirrored && cut),
                "stills-varied" => assert!(own == FRAMES && cut),
                "stills-with-another" => assert_eq!(own, FRAMES - STRANGE_FRAMES),
                "frames-of-another" => assert_eq!(own, 0),
                other => panic!("{other}"),
            }
            assert!((2..=6).contains(&photographs.len()), "{photographs:?}");
            assert!(
                !people.contains(&"2".to_owned()),
                "one photograph is not several"
            );
        }
    }

    #[test]
    fn frames_of_another_capture_are_of_another_person() {
        let capture = |name: &str| Presentation {
            name: name.to_owned(),
            species: None,
            synthetic: false,
            origin: Origin::Files {
                selfie: format!("{name}/selfie.jpg").into(),
                frames: vec![format!("{name}/frame-1.jpg").into()],
            },
        };
        let captures = ["a/1", "a/2", "b/1", "c/1"].map(capture);
        let drawn = swapped(&captures, 30, 1).unwrap();
        assert_eq!(drawn.len(), 30);
        for one in &drawn {
            let Origin::Files { selfie, frames } = &one.origin else {
                panic!("files")
            };
            assert_ne!(
                selfie.iter().next().unwrap(),
                frames[0].iter().next().unwrap()
            );
        }
        assert_eq!(drawn, swapped(&captures, 30, 1).unwrap());
        assert!(swapped(&captures[..2], 1, 1).is_err());
    }
}
