//! How well faces are told apart: photographs to templates, pairs to scores, scores to error rates.

use std::path::PathBuf;

use selfsame_face::analyser::Analyser;
use selfsame_face::evidence::ImageEvidence;
use selfsame_face::template::{Template, TemplateModel};
use selfsame_job::policy::ComparisonPolicy;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use crate::cache::Cache;
use crate::dataset::pairs::{Pair, Pairs, Photograph};
use crate::dataset::read_image;
use crate::error::EvalError;
use crate::metrics::error_rate::{
    AtThreshold, DetPoint, EqualErrorRate, FMR_TARGETS, OperatingPoint, Scores,
};
use crate::metrics::histogram::Histogram;
use crate::metrics::interval::Proportion;
use crate::progress::{Progress, on_each};

/// So many of the worst pairs are shown.
const WORST: usize = 12;

/// What templates are kept as in the cache; raised when what is kept changes its shape.
const KEPT_AS: &str = "template 2";

/// How well faces are told apart.
#[derive(Debug, Clone, Serialize)]
pub struct ComparisonReport {
    /// Where the pairs are from.
    pub source: String,
    /// Photographs.
    pub photographs: usize,
    /// Photographs that gave no template.
    pub failure_to_acquire: Proportion,
    /// Which, and why.
    pub failures: Vec<Failure>,
    /// Photographs with several faces, of which the largest was taken.
    pub several_faces: usize,
    /// Genuine comparisons that were made.
    pub genuine: usize,
    /// Impostor comparisons that were made.
    pub impostor: usize,
    /// Pairs that could not be compared because a photograph gave no template.
    pub not_compared: usize,
    /// The lowest genuine score.
    pub lowest_genuine: Option<f32>,
    /// The highest impostor score.
    pub highest_impostor: Option<f32>,
    /// Where both error rates are equal.
    pub equal_error_rate: Option<EqualErrorRate>,
    /// Thresholds for FMR targets.
    pub operating_points: Vec<OperatingPoint>,
    /// What the policy's thresholds give.
    pub policy_thresholds: Vec<NamedThreshold>,
    /// The scores.
    pub histogram: Histogram,
    /// The DET curve.
    pub det: Vec<DetPoint>,
    /// Genuine pairs with the lowest scores.
    pub worst_genuine: Vec<ScoredPair>,
    /// Impostor pairs with the highest scores.
    pub worst_impostor: Vec<ScoredPair>,
}

/// A photograph that gave no template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Its name.
    pub photograph: String,
    /// Why.
    pub reason: String,
}

/// What a threshold of the policy gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedThreshold {
    /// The policy's field.
    pub name: &'static str,
    /// The rates.
    #[serde(flatten)]
    pub rates: AtThreshold,
}

/// A pair and its score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoredPair {
    /// The reference's name.
    pub reference: String,
    /// The probe's.
    pub probe: String,
    /// Their comparison score.
    pub score: f32,
    /// Where the photographs are.
    #[serde(skip)]
    pub paths: [PathBuf; 2],
}

/// What a photograph gave.
pub(crate) struct Acquired {
    pub(crate) template: Result<Template, String>,
    /// How good the template is; higher is better.
    pub(crate) quality: Option<f32>,
    faces: usize,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Hexadecimal.
    template: Option<String>,
    reason: Option<String>,
    quality: Option<f32>,
    faces: usize,
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(template) = &mut self.template {
            template.zeroize();
        }
    }
}

/// The template of an image's largest face, or why there is none.
pub(crate) fn acquire(
    analyser: &Analyser,
    cache: &Cache,
    bytes: &[u8],
) -> Result<Acquired, EvalError> {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    if let Some(kept) = cache.get::<Kept>(KEPT_AS, &digest) {
        let template = kept
            .template
            .as_deref()
            .and_then(|text| from_text(text, analyser.template_model()));
        let reason = kept.reason.clone().unwrap_or_default();
        return Ok(Acquired {
            template: template.ok_or(reason),
            quality: kept.quality,
            faces: kept.faces,
        });
    }
    let acquired = match analyser.analyse(bytes) {
        Ok(evidence) => Acquired {
            faces: evidence.faces.len(),
            quality: quality(&evidence),
            template: evidence
                .template
                .ok_or_else(|| "no face was found".to_owned()),
        },
        Err(error) => Acquired {
            faces: 0,
            quality: None,
            template: Err(error.to_string()),
        },
    };
    let kept = Kept {
        template: acquired.template.as_ref().ok().map(to_text),
        reason: acquired.template.as_ref().err().cloned(),
        quality: acquired.quality,
        faces: acquired.faces,
    };
    cache.put(KEPT_AS, &digest, &kept)?;
    Ok(acquired)
}

/// A template as the cache keeps it, under encryption.
pub(crate) fn to_text(template: &Template) -> String {
    let mut bytes = template.to_bytes();
    let text = hex::encode(&bytes);
    bytes.zeroize();
    text
}

/// What [`to_text`] wrote.
pub(crate) fn from_text(text: &str, model: &TemplateModel) -> Option<Template> {
    let mut bytes = hex::decode(text).ok()?;
    let template = Template::from_bytes(&bytes, model).ok();
    bytes.zeroize();
    template
}

/// How good an image's template is: the length of the model's output.
fn quality(evidence: &ImageEvidence) -> Option<f32> {
    evidence.template_length
}

/// How alike two templates are; absent where they cannot be compared.
pub(crate) fn score(probe: &Template, reference: &Template) -> Option<f32> {
    Some(probe.compare(reference)?.value())
}

/// A template of numbers that a test makes up.
#[cfg(test)]
pub(crate) fn made_up(values: &[f32; 128]) -> Template {
    Template::new(values, &TemplateModel::unknown()).unwrap()
}

/// The photographs without a template, and why.
pub(crate) fn failures(photographs: &[Photograph], acquired: &[Acquired]) -> Vec<Failure> {
    photographs
        .iter()
        .zip(acquired)
        .filter_map(|(photograph, acquired)| {
            Some(Failure {
                photograph: photograph.name.clone(),
                reason: acquired.template.as_ref().err()?.clone(),
            })
        })
        .collect()
}

/// Compares all pairs.
///
/// # Errors
/// When a photograph cannot be read. One without a usable face is a failure to acquire, and counted.
pub fn evaluate(
    pairs: &Pairs,
    analyser: &Analyser,
    cache: &Cache,
    policy: &ComparisonPolicy,
    progress: &dyn Progress,
) -> Result<ComparisonReport, EvalError> {
    let acquired = on_each(
        "making templates",
        &pairs.photographs,
        progress,
        |photograph| acquire(analyser, cache, &read_image(&photograph.path)?),
    )?;
    let failures = failures(&pairs.photographs, &acquired);
    let scored: Vec<(Pair, f32)> = pairs
        .pairs
        .iter()
        .filter_map(|pair| {
            let template = |place: u32| acquired[place as usize].template.as_ref().ok();
            let score = score(template(pair.probe)?, template(pair.reference)?)?;
            Some((*pair, score))
        })
        .collect();
    let of = |genuine: bool| -> Vec<f32> {
        let kind = scored.iter().filter(|(pair, _)| pair.genuine == genuine);
        kind.map(|(_, score)| *score).collect()
    };
    let scores = Scores::new(of(true), of(false));
    let at = |name, threshold| NamedThreshold {
        name,
        rates: scores.at(threshold),
    };
    Ok(ComparisonReport {
        source: pairs.source.clone(),
        photographs: pairs.photographs.len(),
        failure_to_acquire: Proportion::of(failures.len() as u64, pairs.photographs.len() as u64),
        failures,
        several_faces: acquired.iter().filter(|a| a.faces > 1).count(),
        genuine: scores.genuine().len(),
        impostor: scores.impostor().len(),
        not_compared: pairs.pairs.len() - scored.len(),
        lowest_genuine: scores.genuine().first().copied(),
        highest_impostor: scores.impostor().last().copied(),
        equal_error_rate: scores.equal_error_rate(),
        operating_points: FMR_TARGETS
            .map(|target| scores.operating_point(target))
            .into(),
        policy_thresholds: vec![
            at("match_threshold", policy.match_threshold),
            at("review_threshold", policy.review_threshold),
        ],
        histogram: Histogram::of(
            &[
                ("genuine", scores.genuine()),
                ("impostor", scores.impostor()),
            ],
            50,
        ),
        det: scores.det(),
        worst_genuine: worst(&pairs.photographs, &scored, true),
        worst_impostor: worst(&pairs.photographs, &scored, false),
    })
}

fn worst(photographs: &[Photograph], scored: &[(Pair, f32)], genuine: bool) -> Vec<ScoredPair> {
    let mut kind: Vec<_> = scored
        .iter()
        .filter(|(pair, _)| pair.genuine == genuine)
        .collect();
    // Stable: pairs of one score stay in the order of the input.
    kind.sort_by(|(_, a), (_, b)| {
        if genuine {
            a.total_cmp(b)
        } else {
            b.total_cmp(a)
        }
    });
    let shown = kind.into_iter().take(WORST).map(|(pair, score)| {
        let [reference, probe] =
            [pair.reference, pair.probe].map(|place| &photographs[place as usize]);
        ScoredPair {
            reference: reference.name.clone(),
            probe: probe.name.clone(),
            score: *score,
            paths: [reference.path.clone(), probe.path.clone()],
        }
    });
    shown.collect()
}
