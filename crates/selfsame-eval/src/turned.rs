//! Photographs that are turned by quarters, without metadata that says so: whether strangers match because both are turned,
//! and whether a person still matches.

use std::path::PathBuf;

use chacha20::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use selfsame_face::analyser::Analyser;
use selfsame_face::template::Template;
use selfsame_job::policy::{ComparisonPolicy, Policy};
use serde::Serialize;

use crate::cache::Cache;
use crate::comparison::{acquire, score};
use crate::dataset::people::People;
use crate::dataset::presentation::{Origin, Presentation};
use crate::dataset::read_image;
use crate::error::{EvalError, input};
use crate::metrics::interval::Proportion;
use crate::presentation_attack::{Answer, Judge};
use crate::progress::{Progress, on_each};
use crate::staged::{Treated, Treatment};

/// What turned photographs give.
#[derive(Debug, Clone, Serialize)]
pub struct TurnedReport {
    /// Where the photographs are from.
    pub source: String,
    /// The thresholds that accept.
    pub thresholds: ComparisonPolicy,
    /// Each turn, the upright one first.
    pub turns: Vec<Turn>,
}

/// One turn. A comparison is counted whatever the policy says of the pictures: templates alone must not match.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    /// Clockwise.
    pub degrees: u16,
    /// Photographs that gave a template.
    pub acquired: Proportion,
    /// Photographs that an enrolment, not asked for movement, would not refuse.
    pub enrolled: Proportion,
    /// Strangers, both turned, that score at or above the match threshold.
    pub strangers_accepted: Proportion,
    /// Strangers, both turned, between the thresholds.
    pub strangers_reviewed: Proportion,
    /// The highest score of strangers.
    pub highest_stranger: Option<f32>,
    /// One person, both photographs turned, at or above the match threshold; of the pairs that could be compared.
    pub genuine_accepted: Proportion,
    /// One person, the probe alone turned.
    pub genuine_probe_turned: Proportion,
}

/// Which pairs are tried: places in a list of photographs.
#[derive(Debug, PartialEq)]
struct Drawn {
    photographs: Vec<PathBuf>,
    strangers: Vec<(usize, usize)>,
    genuine: Vec<(usize, usize)>,
}

/// Turns `tries` pairs of strangers and `tries` pairs of one person's photographs, drawn by seed.
///
/// # Errors
/// When a photograph cannot be read, or nobody has two.
pub fn evaluate(
    people: &People,
    tries: usize,
    seed: u64,
    analyser: &Analyser,
    cache: &Cache,
    policy: &Policy,
    progress: &dyn Progress,
) -> Result<TurnedReport, EvalError> {
    let drawn = draw(people, tries, seed).ok_or_else(|| {
        input(
            std::path::Path::new(&people.source),
            "is to hold two people or more, and somebody with two photographs",
        )
    })?;
    let judge = Judge::new(analyser, cache, policy)?;
    let mut turns = Vec::new();
    let mut upright: Vec<Option<Template>> = Vec::new();
    for quarters in 0..4u8 {
        let treatment = Treatment::turned(quarters);
        let degrees = u16::from(quarters) * 90;
        let seen = on_each(
            &format!("turning by {degrees}"),
            &drawn.photographs,
            progress,
            |photograph| -> Result<(Option<Template>, bool), EvalError> {
                let turned = treatment
                    .of(&read_image(photograph)?)
                    .map_err(|reason| input(photograph, reason))?;
                let template = acquire(analyser, cache, &turned)?.template.ok();
                let answer = judge
                    .look(&Presentation {
                        name: String::new(),
                        species: None,
                        synthetic: false,
                        origin: Origin::Staged(vec![Treated {
                            photograph: photograph.clone(),
                            treatment,
                        }]),
                    })?
                    .answer;
                Ok((template, answer != Answer::Refused))
            },
        )?;
        let (templates, enrolled): (Vec<Option<Template>>, Vec<bool>) = seen.into_iter().unzip();
        if quarters == 0 {
            upright.clone_from(&templates);
        }
        turns.push(turn(
            degrees,
            &drawn,
            &upright,
            &templates,
            &enrolled,
            policy.comparison,
        ));
    }
    Ok(TurnedReport {
        source: people.source.clone(),
        thresholds: policy.comparison,
        turns,
    })
}

fn draw(people: &People, tries: usize, seed: u64) -> Option<Drawn> {
    let mut of_person: Vec<Vec<usize>> = vec![Vec::new(); people.names.len()];
    for (at, (_, person)) in people.photographs.iter().enumerate() {
        of_person[*person as usize].push(at);
    }
    of_person.retain(|photographs| !photographs.is_empty());
    let several: Vec<&Vec<usize>> = of_person.iter().filter(|p| p.len() > 1).collect();
    if of_person.len() < 2 || several.is_empty() {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut places = std::collections::BTreeMap::new();
    let mut photographs = Vec::new();
    let mut place = |at: usize| {
        *places.entry(at).or_insert_with(|| {
            photographs.push(people.photographs[at].0.path.clone());
            photographs.len() - 1
        })
    };
    let (mut strangers, mut genuine) = (Vec::new(), Vec::new());
    for _ in 0..tries {
        let a = rng.random_range(0..of_person.len());
        let b = (a + rng.random_range(1..of_person.len())) % of_person.len();
        let [a, b] = [a, b].map(|person| {
            let own = &of_person[person];
            own[rng.random_range(0..own.len())]
        });
        strangers.push((place(a), place(b)));
        let own = several[rng.random_range(0..several.len())];
        let a = rng.random_range(0..own.len());
        let b = (a + rng.random_range(1..own.len())) % own.len();
        genuine.push((place(own[a]), place(own[b])));
    }
    Some(Drawn {
        photographs,
        strangers,
        genuine,
    })
}

fn turn(
    degrees: u16,
    drawn: &Drawn,
    upright: &[Option<Template>],
    turned: &[Option<Template>],
    enrolled: &[bool],
    thresholds: ComparisonPolicy,
) -> Turn {
    let scores = |pairs: &[(usize, usize)], references: &[Option<Template>]| -> Vec<f32> {
        pairs
            .iter()
            .filter_map(|(reference, probe)| {
                score(turned[*probe].as_ref()?, references[*reference].as_ref()?)
            })
            .collect()
    };
    let from = |scores: &[f32], low: f32, below: f32, of: usize| {
        let count = scores.iter().filter(|s| **s >= low && **s < below).count();
        Proportion::of(count as u64, of as u64)
    };
    let ComparisonPolicy {
        match_threshold,
        review_threshold,
    } = thresholds;
    let strangers = scores(&drawn.strangers, turned);
    let both = scores(&drawn.genuine, turned);
    let probe = scores(&drawn.genuine, upright);
    let all = turned.len() as u64;
    let of = |count: usize| Proportion::of(count as u64, all);
    Turn {
        degrees,
        acquired: of(turned.iter().flatten().count()),
        enrolled: of(enrolled.iter().filter(|e| **e).count()),
        // Strangers of whom there is no template are not accepted: they count among those tried.
        strangers_accepted: from(
            &strangers,
            match_threshold,
            f32::INFINITY,
            drawn.strangers.len(),
        ),
        strangers_reviewed: from(
            &strangers,
            review_threshold,
            match_threshold,
            drawn.strangers.len(),
        ),
        highest_stranger: strangers.iter().copied().reduce(f32::max),
        genuine_accepted: from(&both, match_threshold, f32::INFINITY, both.len()),
        genuine_probe_turned: from(&probe, match_threshold, f32::INFINITY, probe.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::made_up;
    use crate::dataset::pairs::Photograph;

    fn people() -> People {
        let photographs = (0..12u32).map(|n| {
            let name = format!("{}/{n}.jpg", n / 3);
            let path = PathBuf::from(&name);
            (Photograph { name, path }, n / 3)
        });
        People {
            source: "here".to_owned(),
            names: ["0", "1", "2", "3"].map(str::to_owned).to_vec(),
            photographs: photographs.collect(),
        }
    }

    #[test]
    fn strangers_are_strangers_and_the_seed_draws_them_again() {
        let drawn = draw(&people(), 50, 1).unwrap();
        let person = |place: usize| {
            let path = drawn.photographs[place].to_string_lossy().into_owned();
            path.split('/').next().unwrap().to_owned()
        };
        assert_eq!((drawn.strangers.len(), drawn.genuine.len()), (50, 50));
        assert!(
            drawn
                .strangers
                .iter()
                .all(|(a, b)| person(*a) != person(*b))
        );
        assert!(
            drawn
                .genuine
                .iter()
                .all(|(a, b)| a != b && person(*a) == person(*b))
        );
        assert_eq!(drawn, draw(&people(), 50, 1).unwrap());
        assert_ne!(drawn, draw(&people(), 50, 2).unwrap());
    }

    #[test]
    fn those_without_a_template_are_tried_but_not_accepted() {
        let at = |degrees: f32| {
            let mut values = [0.0; 128];
            (values[0], values[1]) = (degrees.to_radians().cos(), degrees.to_radians().sin());
            Some(made_up(&values))
        };
        let drawn = Drawn {
            photographs: vec![PathBuf::new(); 4],
            strangers: vec![(0, 1), (0, 2), (0, 3)],
            genuine: vec![(1, 2)],
        };
        let upright = [at(0.0), at(90.0), at(10.0), at(0.0)];
        let turned = [at(0.0), at(10.0), at(70.0), None];
        let thresholds = ComparisonPolicy {
            match_threshold: 0.9,
            review_threshold: 0.3,
        };
        let found = turn(
            90,
            &drawn,
            &upright,
            &turned,
            &[true, true, false, false],
            thresholds,
        );
        let counted = |p: Proportion| (p.count, p.trials);
        assert_eq!(counted(found.acquired), (3, 4));
        assert_eq!(counted(found.enrolled), (2, 4));
        assert_eq!(counted(found.strangers_accepted), (1, 3));
        assert_eq!(counted(found.strangers_reviewed), (1, 3));
        // 60° apart when both are turned, 20° when the reference is upright.
        assert_eq!(counted(found.genuine_accepted), (0, 1));
        assert_eq!(counted(found.genuine_probe_turned), (1, 1));
    }
}
