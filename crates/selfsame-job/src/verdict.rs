//! From evidence to a verdict, by policy.

use selfsame_face::evidence::{FaceEvidence, ImageEvidence};
use selfsame_face::template::{ComparisonScore, Template};
use serde::{Deserialize, Serialize};

use crate::policy::{ComparisonPolicy, Policy, QualityPolicy};

/// What a job comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The person is enrolled, or is the enrolled person.
    Pass,
    /// The comparison lies between the thresholds: a person must look.
    Provisional,
    /// Another person.
    NoMatch,
    /// No face in the selfie.
    NoFace,
    /// More than one face of about the same size.
    SeveralFaces,
    /// A face, but not good enough to decide by.
    PoorQuality,
    /// The image cannot be read; the text says why.
    UnusableImage(String),
    /// The package cannot be read; the text says why.
    CorruptPackage(String),
    /// Somebody enrolled this user while the job was under way.
    AlreadyEnrolled,
    /// The user is disabled, deleted, not enrolled, or has no photo on file (any more).
    ReferenceGone(ReferenceGone),
    /// The job could not be processed, however often it was tried.
    SystemError,
}

/// Why there is nothing to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceGone {
    /// Never enrolled (2210).
    NotEnrolled,
    /// Disabled (2207).
    Disabled,
    /// Deleted (2208).
    Deleted,
    /// No photo on file (2216).
    NoPhoto,
    /// Enrolled with another recognition model (2211).
    OtherModel,
}

/// A comparison and the thresholds that judged it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Cosine, −1 to 1.
    pub score: ComparisonScore,
    /// The thresholds.
    #[serde(flatten)]
    pub thresholds: ComparisonPolicy,
}

/// A verdict with what led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What the job comes to.
    pub verdict: Verdict,
    /// The comparison, where one was made.
    pub comparison: Option<Comparison>,
    /// What speaks against the selfie, each something the person can act on.
    pub reasons: Vec<Reason>,
}

/// Something that speaks against a selfie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No face was found.
    NoFace,
    /// More than one face.
    SeveralFaces,
    /// The detector is unsure.
    FaceUnclear,
    /// The face is small.
    FaceTooSmall,
    /// The face is not sharp.
    Blurred,
    /// Too little light.
    TooDark,
    /// Too much light.
    TooBright,
    /// The comparison score is below the review threshold.
    OtherPerson,
    /// The comparison score is between the thresholds.
    BetweenThresholds,
}

impl Reason {
    /// What to tell the person.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NoFace => "no face was found: face the camera",
            Self::SeveralFaces => "more than one face was found: be alone in the picture",
            Self::FaceUnclear => "the face is not clear: uncover it and look at the camera",
            Self::FaceTooSmall => "the face is too small: move closer",
            Self::Blurred => "the picture is blurred: hold the camera still",
            Self::TooDark => "the picture is too dark: find more light",
            Self::TooBright => "the picture is too bright: avoid direct light",
            Self::OtherPerson => "the face is not the enrolled person's",
            Self::BetweenThresholds => "the comparison is not clear enough to decide",
        }
    }
}

fn quality_reasons(face: &FaceEvidence, policy: &QualityPolicy) -> Vec<Reason> {
    [
        (
            face.detection_score < policy.min_detection_score,
            Reason::FaceUnclear,
        ),
        (
            face.inter_eye_distance < policy.min_inter_eye_distance,
            Reason::FaceTooSmall,
        ),
        (face.sharpness < policy.min_sharpness, Reason::Blurred),
        (face.exposure < policy.min_exposure, Reason::TooDark),
        (face.exposure > policy.max_exposure, Reason::TooBright),
    ]
    .into_iter()
    .filter_map(|(applies, reason)| applies.then_some(reason))
    .collect()
}

/// Checks a selfie alone: one face, good enough. Gives its template, or the decision that ends the job.
fn accept_selfie<'e>(
    evidence: &'e ImageEvidence,
    policy: &QualityPolicy,
) -> Result<&'e Template, Decision> {
    let refuse = |verdict, reasons| {
        Err(Decision {
            verdict,
            comparison: None,
            reasons,
        })
    };
    let (Some(face), Some(template)) = (evidence.faces.first(), evidence.template.as_ref()) else {
        return refuse(Verdict::NoFace, vec![Reason::NoFace]);
    };
    let area = |f: &FaceEvidence| f.face_box.width * f.face_box.height;
    let crowd = evidence.faces[1..].iter().any(|other| {
        other.detection_score >= policy.min_detection_score
            && area(other) >= policy.second_face_area * area(face)
    });
    if crowd {
        return refuse(Verdict::SeveralFaces, vec![Reason::SeveralFaces]);
    }
    let reasons = quality_reasons(face, policy);
    if reasons.is_empty() {
        Ok(template)
    } else {
        refuse(Verdict::PoorQuality, reasons)
    }
}

/// Judges a selfie for enrolment.
#[must_use]
pub fn judge_enrolment(evidence: &ImageEvidence, policy: &Policy) -> Decision {
    match accept_selfie(evidence, &policy.quality) {
        Ok(_) => Decision {
            verdict: Verdict::Pass,
            comparison: None,
            reasons: Vec::new(),
        },
        Err(decision) => decision,
    }
}

/// Judges a probe against a reference made by the same model.
#[must_use]
pub fn judge_authentication(
    evidence: &ImageEvidence,
    reference: &Template,
    policy: &Policy,
) -> Decision {
    let template = match accept_selfie(evidence, &policy.quality) {
        Ok(template) => template,
        Err(decision) => return decision,
    };
    let comparison = Comparison {
        score: template.compare(reference),
        thresholds: policy.comparison,
    };
    let (verdict, reasons) = judge_score(comparison);
    Decision {
        verdict,
        comparison: Some(comparison),
        reasons,
    }
}

fn judge_score(comparison: Comparison) -> (Verdict, Vec<Reason>) {
    let Comparison { score, thresholds } = comparison;
    if score.value() >= thresholds.match_threshold {
        (Verdict::Pass, Vec::new())
    } else if score.value() >= thresholds.review_threshold {
        (Verdict::Provisional, vec![Reason::BetweenThresholds])
    } else {
        (Verdict::NoMatch, vec![Reason::OtherPerson])
    }
}

impl Comparison {
    /// The wire's `ConfidenceValue`, 0 to 100: 50 at the match threshold, linear on either side of it, 0 for cosines up to 0.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        let (score, threshold) = (
            f64::from(self.score.value()),
            f64::from(self.thresholds.match_threshold),
        );
        let confidence = if score < threshold {
            50.0 * score / threshold
        } else if threshold < 1.0 {
            50.0 + 50.0 * (score - threshold) / (1.0 - threshold)
        } else {
            100.0
        };
        confidence.clamp(0.0, 100.0)
    }
}

impl Decision {
    /// A decision without evidence: what ended the job came before or after the pixels.
    #[must_use]
    pub const fn without_evidence(verdict: Verdict) -> Self {
        Self {
            verdict,
            comparison: None,
            reasons: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use selfsame_face::evidence::{FaceBox, ImageFacts, ImageFormat, Landmarks, Point, Timings};
    use selfsame_face::template::TEMPLATE_LEN;

    use super::*;

    fn face(size: f32) -> FaceEvidence {
        let at = |x, y| Point { x, y };
        FaceEvidence {
            face_box: FaceBox {
                x: 0.0,
                y: 0.0,
                width: size,
                height: size,
            },
            landmarks: Landmarks {
                left_eye: at(0.3 * size, 0.4 * size),
                right_eye: at(0.7 * size, 0.4 * size),
                nose: at(0.5 * size, 0.6 * size),
                mouth_left: at(0.35 * size, 0.8 * size),
                mouth_right: at(0.65 * size, 0.8 * size),
            },
            detection_score: 0.95,
            inter_eye_distance: 0.4 * size,
            sharpness: 12.0,
            exposure: 0.5,
        }
    }

    fn evidence(faces: Vec<FaceEvidence>) -> ImageEvidence {
        let template = (!faces.is_empty()).then(|| template(1.0, 0.0));
        ImageEvidence {
            image: ImageFacts {
                format: ImageFormat::Jpeg,
                width: 640,
                height: 480,
            },
            faces,
            template,
            timings: Timings::default(),
        }
    }

    fn template(x: f32, y: f32) -> Template {
        let mut values = [0.0; TEMPLATE_LEN];
        values[0] = x;
        values[1] = y;
        Template::from_embedding(&values).unwrap()
    }

    #[test]
    fn one_good_face_enrols() {
        let decision = judge_enrolment(&evidence(vec![face(200.0)]), &Policy::default());
        assert_eq!(decision, Decision::without_evidence(Verdict::Pass));
    }

    #[test]
    fn a_selfie_without_a_face_or_with_a_crowd_is_refused() {
        let policy = Policy::default();
        assert_eq!(
            judge_enrolment(&evidence(vec![]), &policy).verdict,
            Verdict::NoFace
        );
        assert_eq!(
            judge_enrolment(&evidence(vec![face(200.0), face(180.0)]), &policy).verdict,
            Verdict::SeveralFaces
        );
        let background = evidence(vec![face(200.0), face(60.0)]);
        assert_eq!(judge_enrolment(&background, &policy).verdict, Verdict::Pass);
    }

    #[test]
    fn each_flaw_has_its_reason() {
        let policy = Policy::default();
        let good = face(200.0);
        let cases = [
            (
                FaceEvidence {
                    detection_score: 0.5,
                    ..good
                },
                Reason::FaceUnclear,
            ),
            (
                FaceEvidence {
                    inter_eye_distance: 10.0,
                    ..good
                },
                Reason::FaceTooSmall,
            ),
            (
                FaceEvidence {
                    sharpness: 0.5,
                    ..good
                },
                Reason::Blurred,
            ),
            (
                FaceEvidence {
                    exposure: 0.01,
                    ..good
                },
                Reason::TooDark,
            ),
            (
                FaceEvidence {
                    exposure: 0.99,
                    ..good
                },
                Reason::TooBright,
            ),
        ];
        for (flawed, reason) in cases {
            let decision = judge_enrolment(&evidence(vec![flawed]), &policy);
            assert_eq!(
                (decision.verdict, decision.reasons),
                (Verdict::PoorQuality, vec![reason])
            );
        }
    }

    #[test]
    fn the_thresholds_belong_to_the_better_side() {
        let policy = Policy::default();
        let probe = evidence(vec![face(200.0)]);
        let at = |cosine: f32| {
            judge_authentication(
                &probe,
                &template(cosine, (1.0 - cosine * cosine).sqrt()),
                &policy,
            )
            .verdict
        };
        assert_eq!(at(0.9), Verdict::Pass);
        assert_eq!(at(0.451), Verdict::Pass);
        assert_eq!(at(0.449), Verdict::Provisional);
        assert_eq!(at(0.364), Verdict::Provisional);
        assert_eq!(at(0.362), Verdict::NoMatch);
        assert_eq!(at(-0.5), Verdict::NoMatch);
    }

    proptest! {
        #[test]
        fn confidence_grows_with_the_score(a in -1.0f32..=1.0, b in -1.0f32..=1.0) {
            let of = |score| Comparison {
                score: ComparisonScore::new(score),
                thresholds: Policy::default().comparison,
            }
            .confidence();
            let (low, high) = if a <= b { (a, b) } else { (b, a) };
            prop_assert!(of(low) <= of(high));
            prop_assert!((0.0..=100.0).contains(&of(a)));
        }
    }
}
