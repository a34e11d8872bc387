//! What a photograph says that an authority keeps of a person.

use serde::{Deserialize, Serialize};

use super::{FaceEvidence, ImageDigests, ImageFacts, Timings, Turn};
use crate::template::{Template, TemplateModel};

/// What a photograph came in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrapping {
    /// Nothing: the picture's own file.
    #[default]
    None,
    /// A face image record, ISO/IEC 19794-5.
    FaceRecord,
    /// A passport's data group 2, which holds such a record.
    DataGroup,
    /// A CBEFF record in XML.
    Cbeff,
}

/// All that an authority's photograph says. Nobody took it for this comparison, so that nothing is asked of its liveness.
///
/// Its templates are not serialised.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PortraitEvidence {
    /// What the file was.
    pub image: ImageFacts,
    /// What it came in.
    pub wrapping: Wrapping,
    /// Whether it shows greys only.
    pub grey: bool,
    /// Every face that was found, the subject first. A document's photograph may show its own small copy.
    pub faces: Vec<FaceEvidence>,
    /// Length of the recognition model's output; see [`super::ImageEvidence::template_length`].
    pub template_length: Option<f32>,
    /// How far the picture was turned, because its subject was not upright.
    pub turned: Turn,
    /// What tells whether the picture was seen before: an authority that sends one placeholder for all is noticed.
    pub digests: ImageDigests,
    /// How long each stage took.
    pub timings: Timings,
    /// The subject's template, by the primary model.
    #[serde(skip)]
    pub template: Option<Template>,
    /// Its templates by the other models that are served.
    #[serde(skip)]
    pub further_templates: Vec<Template>,
}

/// Why an authority's photograph cannot be compared with a selfie. None of it is the fault of whoever took the selfie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PortraitFlaw {
    /// The record holds none.
    #[error("the authority's record holds no photograph")]
    Absent,
    /// It cannot be decoded, or is no picture at all.
    #[error("the authority's photograph cannot be read")]
    Unreadable,
    /// It shows no face.
    #[error("the authority's photograph shows no face")]
    NoFace,
    /// It shows several faces of about the same size.
    #[error("the authority's photograph shows more than one face")]
    SeveralFaces,
    /// Its face has too few pixels.
    #[error("the face in the authority's photograph is too small")]
    TooSmall,
    /// Its face is not upright, or shows too little.
    #[error("the face in the authority's photograph shows too little to be compared")]
    NotComparable,
}

impl PortraitFlaw {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Absent,
        Self::Unreadable,
        Self::NoFace,
        Self::SeveralFaces,
        Self::TooSmall,
        Self::NotComparable,
    ];

    /// What whoever runs the check can do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Absent => {
                "Check the person by another document, or let a member of staff compare. A new selfie will not help."
            }
            Self::Unreadable => {
                "Tell the authority that its photograph is damaged, and check the person by another document. A new selfie will not help."
            }
            Self::NoFace => {
                "Look whether the authority sends a placeholder or a signature in the photograph's place, and check the person by another document."
            }
            Self::SeveralFaces => {
                "Let a member of staff compare: who of the people in the authority's photograph is meant cannot be told by a machine."
            }
            Self::TooSmall => {
                "Ask the authority for a larger copy of its photograph, or check the person by another document. A new selfie will not help."
            }
            Self::NotComparable => {
                "Let a member of staff compare, or check the person by another document: the photograph on file hides too much of the face."
            }
        }
    }
}

/// A face this part as tall as the subject's is about as large.
const ABOUT_AS_LARGE: f32 = 0.6;
/// What the detector is less sure of is not counted as another person: patterns of documents look like faces now and then.
const SURELY_A_FACE: f32 = 0.8;

impl PortraitEvidence {
    /// Fewest pixels between the eyes that are compared where nothing else is said. Less than a selfie must have, for nobody can
    /// take the photograph again.
    pub const LEAST_INTER_EYE: f32 = 16.0;

    /// The face that the photograph is of.
    #[must_use]
    pub fn subject(&self) -> Option<&FaceEvidence> {
        self.faces.first()
    }

    /// Why the photograph cannot be compared, where the eyes must be so many pixels apart.
    #[must_use]
    pub fn flaw(&self, least_inter_eye: f32) -> Option<PortraitFlaw> {
        let Some((subject, others)) = self.faces.split_first() else {
            return Some(PortraitFlaw::NoFace);
        };
        let rival = |other: &FaceEvidence| {
            other.detection_score >= SURELY_A_FACE
                && other.face_box.height >= ABOUT_AS_LARGE * subject.face_box.height
        };
        if others.iter().any(rival) {
            return Some(PortraitFlaw::SeveralFaces);
        }
        let between = subject.inter_eye_distance;
        if between < least_inter_eye || between.is_nan() {
            return Some(PortraitFlaw::TooSmall);
        }
        self.template
            .is_none()
            .then_some(PortraitFlaw::NotComparable)
    }

    /// The template that a selfie is compared with, of the primary model.
    #[must_use]
    pub fn probe(&self) -> Option<&Template> {
        self.template.as_ref()
    }

    /// The template of this model; absent where the model is not served, or saw no face.
    #[must_use]
    pub fn probe_by(&self, model: &TemplateModel) -> Option<&Template> {
        self.probe()
            .into_iter()
            .chain(&self.further_templates)
            .find(|t| t.model() == model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{FaceBox, FaceQuality, ImageFormat, Landmarks, Point};

    fn face(height: f32, eyes: f32, score: f32) -> FaceEvidence {
        let point = Point { x: 0.0, y: 0.0 };
        FaceEvidence {
            face_box: FaceBox {
                x: 0.0,
                y: 0.0,
                width: 0.8 * height,
                height,
            },
            landmarks: Landmarks {
                left_eye: point,
                right_eye: Point { x: eyes, y: 0.0 },
                nose: point,
                mouth_left: point,
                mouth_right: point,
            },
            detection_score: score,
            inter_eye_distance: eyes,
            sharpness: 20.0,
            exposure: 0.5,
            quality: FaceQuality::default(),
            geometry: None,
        }
    }

    fn template(model: &str) -> Template {
        let model = TemplateModel::new(model).unwrap();
        Template::new(&[1.0; 32], &model).unwrap()
    }

    fn portrait(faces: Vec<FaceEvidence>) -> PortraitEvidence {
        PortraitEvidence {
            image: ImageFacts {
                format: ImageFormat::Jpeg2000,
                width: 120,
                height: 160,
            },
            wrapping: Wrapping::FaceRecord,
            grey: true,
            faces,
            template_length: Some(11.0),
            turned: Turn::None,
            digests: ImageDigests::default(),
            timings: Timings::default(),
            template: Some(template("first")),
            further_templates: vec![template("second")],
        }
    }

    fn flaw(faces: Vec<FaceEvidence>) -> Option<PortraitFlaw> {
        portrait(faces).flaw(PortraitEvidence::LEAST_INTER_EYE)
    }

    #[test]
    fn a_small_portrait_is_good_and_what_cannot_be_compared_says_why() {
        assert_eq!(flaw(vec![face(80.0, 30.0, 0.9)]), None);
        assert_eq!(flaw(vec![]), Some(PortraitFlaw::NoFace));
        let small = vec![face(40.0, 15.9, 0.9)];
        assert_eq!(flaw(small), Some(PortraitFlaw::TooSmall));
        let none = vec![face(40.0, f32::NAN, 0.9)];
        assert_eq!(flaw(none), Some(PortraitFlaw::TooSmall));
        let mut hidden = portrait(vec![face(80.0, 30.0, 0.9)]);
        hidden.template = None;
        assert_eq!(hidden.flaw(16.0), Some(PortraitFlaw::NotComparable));
    }

    #[test]
    fn a_second_person_is_one_and_a_documents_small_copy_or_pattern_is_none() {
        let with = |height, score| flaw(vec![face(80.0, 30.0, 0.9), face(height, 20.0, score)]);
        assert_eq!(with(70.0, 0.9), Some(PortraitFlaw::SeveralFaces));
        assert_eq!(with(30.0, 0.9), None);
        assert_eq!(with(70.0, 0.65), None);
    }

    #[test]
    fn templates_are_found_by_their_model_and_never_written() {
        let portrait = portrait(vec![face(80.0, 30.0, 0.9)]);
        let second = TemplateModel::new("second").unwrap();
        assert_eq!(portrait.probe_by(&second).unwrap().model(), &second);
        assert_eq!(portrait.probe_by(&TemplateModel::unknown()), None);
        let json = serde_json::to_string(&portrait).unwrap();
        assert!(
            !json.contains("\"template\"") && !json.contains("further"),
            "{json}"
        );
        assert!(
            json.contains("jpeg2000") && json.contains("face_record"),
            "{json}"
        );
        let back: PortraitEvidence = serde_json::from_str(&json).unwrap();
        assert_eq!((back.faces, back.template), (portrait.faces, None));
    }

    #[test]
    fn every_flaw_has_advice_and_a_text_of_its_own() {
        let texts: std::collections::HashSet<String> = PortraitFlaw::ALL
            .iter()
            .flat_map(|flaw| [flaw.to_string(), flaw.advice().to_owned()])
            .collect();
        assert_eq!(texts.len(), 2 * PortraitFlaw::ALL.len());
    }
}
