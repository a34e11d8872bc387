//! Whole captures of people compared with each other, as an enrolment and a later authentication are: under one light and
//! another, on one day and another.

use std::path::PathBuf;

use selfsame_face::analyser::{Analyser, CaptureContext};
use selfsame_face::evidence::CaptureEvidence;
use selfsame_face::template::Template;
use selfsame_job::policy::ComparisonPolicy;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use crate::cache::Cache;
use crate::comparison::{Failure, ScoredPair, score};
use crate::dataset::presentation::{Origin, Presentation, bona_fide};
use crate::error::{EvalError, input};
use crate::metrics::interval::Proportion;
use crate::presentation_attack::drawn_alike;
use crate::progress::{Progress, on_each};

/// Of what a template is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MadeOf {
    /// Of the selfie alone.
    Selfie,
    /// Of the selfie and the frames that were compared with it.
    Capture,
}

/// How well captures are told apart.
#[derive(Debug, Clone, Serialize)]
pub struct CapturesReport {
    /// Captures.
    pub captures: usize,
    /// People.
    pub people: usize,
    /// Captures that gave no template, and why.
    pub failures: Vec<Failure>,
    /// The policy's thresholds, at which the rates are.
    pub thresholds: ComparisonPolicy,
    /// Rates for each way to make templates, condition by condition.
    pub rates: Vec<CaptureRates>,
}

/// Rates for one way to make templates and one pair of conditions.
#[derive(Debug, Clone, Serialize)]
pub struct CaptureRates {
    /// Of what the templates are made.
    pub made_of: MadeOf,
    /// The condition of enrolment, as `controlled`; `any` for all together.
    pub enrolled: String,
    /// The condition of authentication.
    pub authenticated: String,
    /// Genuine comparisons below the match threshold: not let in at once.
    pub fnmr: Proportion,
    /// Genuine comparisons below the review threshold: taken for another person.
    pub taken_for_another: Proportion,
    /// Impostor comparisons at or above the match threshold.
    pub fmr: Proportion,
    /// Impostor comparisons between the thresholds: a person decides about strangers.
    pub false_reviews: Proportion,
    /// The lowest genuine score, and whose.
    pub lowest_genuine: Option<ScoredPair>,
    /// The highest impostor score, and whose.
    pub highest_impostor: Option<ScoredPair>,
}

/// A capture with its templates.
struct Captured {
    name: String,
    person: String,
    condition: String,
    selfie: PathBuf,
    templates: Vec<(MadeOf, Template)>,
}

/// The name for all conditions together.
const ANY: &str = "any";

impl MadeOf {
    /// Every way.
    const ALL: [Self; 2] = [Self::Selfie, Self::Capture];

    /// Its name in the report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Selfie => "selfie",
            Self::Capture => "capture",
        }
    }

    fn template(self, evidence: &CaptureEvidence) -> Option<&Template> {
        match self {
            Self::Selfie => evidence.selfie.template.as_ref(),
            Self::Capture => evidence.probe(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Hexadecimal.
    templates: Vec<(MadeOf, String)>,
    reason: Option<String>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        for (_, template) in &mut self.templates {
            template.zeroize();
        }
    }
}

/// Compares every capture with every other of another condition or take. Folders hold `PERSON/CONDITION-TAKE/selfie.jpg`
/// with frames.
///
/// # Errors
/// When a folder or file cannot be read, or holds no captures of two people.
pub fn evaluate(
    folders: &[PathBuf],
    analyser: &Analyser,
    cache: &Cache,
    policy: &ComparisonPolicy,
    progress: &dyn Progress,
) -> Result<CapturesReport, EvalError> {
    let mut captures = Vec::new();
    for folder in folders {
        captures.extend(
            bona_fide(folder)?
                .into_iter()
                .filter(Presentation::is_sequence),
        );
    }
    let mut people: Vec<&str> = captures.iter().map(Presentation::person).collect();
    people.sort_unstable();
    people.dedup();
    let number = people.len();
    if number < 2 {
        return Err(input(
            folders
                .first()
                .map_or(std::path::Path::new("."), PathBuf::as_path),
            "holds no captures of two people, as PERSON/CONDITION-TAKE/selfie.jpg with frames",
        ));
    }
    let looked = on_each("analysing captures", &captures, progress, |capture| {
        templates(capture, analyser, cache)
    })?;
    let (mut captured, mut failures) = (Vec::new(), Vec::new());
    for (capture, templates) in captures.iter().zip(looked) {
        match templates {
            Ok(templates) => captured.push(Captured::new(capture, templates)),
            Err(reason) => failures.push(Failure {
                photograph: capture.name.clone(),
                reason,
            }),
        }
    }
    Ok(CapturesReport {
        captures: captures.len(),
        people: number,
        failures,
        thresholds: *policy,
        rates: rates(&captured, policy),
    })
}

/// What is kept of a capture, or why there is nothing.
fn templates(
    capture: &Presentation,
    analyser: &Analyser,
    cache: &Cache,
) -> Result<Result<Vec<(MadeOf, Template)>, String>, EvalError> {
    /// Raised when what is kept changes its shape.
    const KEPT_AS: &str = "capture templates 1";
    let digest = capture.digest()?;
    if let Some(kept) = cache.get::<Kept>(KEPT_AS, &digest) {
        if let Some(reason) = &kept.reason {
            return Ok(Err(reason.clone()));
        }
        let templates: Option<Vec<(MadeOf, Template)>> = kept
            .templates
            .iter()
            .map(|(made_of, text)| {
                Some((
                    *made_of,
                    crate::comparison::from_text(text, analyser.template_model())?,
                ))
            })
            .collect();
        if let Some(templates) = templates {
            return Ok(Ok(templates));
        }
    }
    let found = match capture.images(analyser)? {
        Err(reason) => Err(reason),
        Ok(images) => {
            let frames: Vec<&[u8]> = images.frames.iter().map(Vec::as_slice).collect();
            let context = CaptureContext {
                draw: drawn_alike(&images.selfie),
                ..CaptureContext::default()
            };
            match analyser.analyse_capture(&images.selfie, &frames, &context) {
                Err(error) => Err(error.to_string()),
                Ok(evidence) => {
                    let made: Vec<(MadeOf, Template)> = MadeOf::ALL
                        .into_iter()
                        .filter_map(|way| Some((way, way.template(&evidence)?.clone())))
                        .collect();
                    if made.is_empty() {
                        Err("no face was found".to_owned())
                    } else {
                        Ok(made)
                    }
                }
            }
        }
    };
    let kept = Kept {
        templates: found.as_ref().map_or_else(
            |_| Vec::new(),
            |made| {
                let texts = made.iter();
                texts
                    .map(|(way, template)| (*way, crate::comparison::to_text(template)))
                    .collect()
            },
        ),
        reason: found.as_ref().err().cloned(),
    };
    cache.put(KEPT_AS, &digest, &kept)?;
    Ok(found)
}

impl Captured {
    fn new(capture: &Presentation, templates: Vec<(MadeOf, Template)>) -> Self {
        let last = capture.name.rsplit(['/', '\\']).next().unwrap_or_default();
        // What stands after the last hyphen is the take.
        let condition = last
            .rsplit_once('-')
            .map_or(last, |(condition, _)| condition);
        Self {
            name: capture.name.clone(),
            person: capture.person().to_owned(),
            condition: condition.to_owned(),
            selfie: match &capture.origin {
                Origin::Files { selfie, .. } => selfie.clone(),
                _ => PathBuf::new(),
            },
            templates,
        }
    }

    fn template(&self, made_of: MadeOf) -> Option<&Template> {
        let found = self.templates.iter().find(|(way, _)| *way == made_of);
        found.map(|(_, template)| template)
    }
}

fn rates(captured: &[Captured], policy: &ComparisonPolicy) -> Vec<CaptureRates> {
    let mut conditions: Vec<&str> = captured.iter().map(|c| c.condition.as_str()).collect();
    conditions.sort_unstable();
    conditions.dedup();
    let mut pairs = vec![(ANY, ANY)];
    if conditions.len() > 1 {
        pairs.extend(
            conditions
                .iter()
                .flat_map(|a| conditions.iter().map(move |b| (*a, *b))),
        );
    }
    MadeOf::ALL
        .into_iter()
        .flat_map(|made_of| pairs.iter().map(move |pair| (made_of, *pair)))
        .map(|(made_of, (enrolled, authenticated))| {
            under(captured, policy, made_of, enrolled, authenticated)
        })
        .collect()
}

/// Every capture under one condition as enrolment against every one under the other as authentication, never itself.
fn under(
    captured: &[Captured],
    policy: &ComparisonPolicy,
    made_of: MadeOf,
    enrolled: &str,
    authenticated: &str,
) -> CaptureRates {
    let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
    let is =
        |capture: &Captured, condition: &str| condition == ANY || capture.condition == condition;
    // Scores are the same both ways: where both conditions are one, each pair is compared once.
    let once = enrolled == authenticated;
    for (a, reference) in captured.iter().enumerate().filter(|(_, c)| is(c, enrolled)) {
        for (b, probe) in captured
            .iter()
            .enumerate()
            .filter(|(_, c)| is(c, authenticated))
        {
            if a == b || (once && b < a) {
                continue;
            }
            let (Some(x), Some(y)) = (reference.template(made_of), probe.template(made_of)) else {
                continue;
            };
            let kind = if reference.person == probe.person {
                &mut genuine
            } else {
                &mut impostor
            };
            let Some(score) = score(y, x) else {
                continue;
            };
            kind.push(ScoredPair {
                reference: reference.name.clone(),
                probe: probe.name.clone(),
                score,
                paths: [reference.selfie.clone(), probe.selfie.clone()],
            });
        }
    }
    let part = |of: &[ScoredPair], holds: &dyn Fn(f32) -> bool| {
        let count = of.iter().filter(|pair| holds(pair.score)).count();
        Proportion::of(count as u64, of.len() as u64)
    };
    let ComparisonPolicy {
        match_threshold,
        review_threshold,
    } = *policy;
    let by_score = |a: &&ScoredPair, b: &&ScoredPair| a.score.total_cmp(&b.score);
    CaptureRates {
        made_of,
        enrolled: enrolled.to_owned(),
        authenticated: authenticated.to_owned(),
        fnmr: part(&genuine, &|s| s < match_threshold),
        taken_for_another: part(&genuine, &|s| s < review_threshold),
        fmr: part(&impostor, &|s| s >= match_threshold),
        false_reviews: part(&impostor, &|s| s >= review_threshold && s < match_threshold),
        lowest_genuine: genuine.iter().min_by(by_score).cloned(),
        highest_impostor: impostor.iter().max_by(by_score).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::made_up;

    fn captured(name: &str, degrees: f32) -> Captured {
        let mut values = [0.0; 128];
        (values[0], values[1]) = (degrees.to_radians().cos(), degrees.to_radians().sin());
        let presentation = Presentation {
            name: name.to_owned(),
            species: None,
            synthetic: false,
            origin: Origin::Files {
                selfie: "a.jpg".into(),
                frames: Vec::new(),
            },
        };
        let template = made_up(&values);
        Captured::new(&presentation, vec![(MadeOf::Selfie, template)])
    }

    #[test]
    fn captures_are_compared_across_conditions_and_never_with_themselves() {
        let all = [
            captured("ada/controlled-1", 0.0),
            captured("ada/controlled-2", 5.0),
            captured("ada/adverse-1", 30.0),
            captured("bea/controlled-1", 60.0),
            captured("bea/adverse-1", 90.0),
        ];
        // 25.8° and 60.2°.
        let policy = ComparisonPolicy {
            match_threshold: 0.9,
            review_threshold: 0.497,
        };
        let found = rates(&all, &policy);
        let of = |enrolled: &str, authenticated: &str| {
            found
                .iter()
                .find(|r| r.enrolled == enrolled && r.authenticated == authenticated)
                .unwrap()
        };
        let counted = |p: Proportion| (p.count, p.trials);
        // Each of ten pairs once: 3 + 1 genuine, 6 impostor.
        assert_eq!(counted(of(ANY, ANY).fnmr), (2, 4));
        assert_eq!(of(ANY, ANY).fmr.trials, 6);
        // Both of ada's and bea's one, against the other light: 30°, 25° and 30°; strangers 90°, 85° and 30°.
        let across = of("controlled", "adverse");
        assert_eq!(counted(across.fnmr), (2, 3));
        assert_eq!(counted(across.taken_for_another), (0, 3));
        assert_eq!(counted(across.fmr), (0, 3));
        assert_eq!(counted(across.false_reviews), (1, 3));
        let highest = across.highest_impostor.as_ref().unwrap();
        assert_eq!(highest.reference, "bea/controlled-1");
        assert_eq!(counted(of("controlled", "controlled").fnmr), (0, 1));
    }
}
