//! Policy: the numbers that turn evidence into a verdict. Data, not code: every number is recorded with each result.

use serde::{Deserialize, Serialize};

/// Thresholds for one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Comparing a probe with a reference.
    pub comparison: ComparisonPolicy,
    /// What a selfie must be like.
    pub quality: QualityPolicy,
}

/// Where comparison scores (cosines, −1 to 1) divide.
///
/// `score ≥ match_threshold` passes; `score < review_threshold` fails; what lies between is provisional.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonPolicy {
    /// From here on it is the same person. Default 0.45: half-way between the highest impostor score (0.357) and the lowest
    /// genuine one (0.549) of the labelled development pairs.
    pub match_threshold: f32,
    /// Below this it is another person. Default 0.363: the operating point that OpenCV Zoo publishes for SFace.
    pub review_threshold: f32,
}

/// What a selfie must be like. Units as in [`selfsame_face::evidence::FaceEvidence`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityPolicy {
    /// Least detector confidence, 0 to 1.
    pub min_detection_score: f32,
    /// Least distance between the eyes, pixels.
    pub min_inter_eye_distance: f32,
    /// Least sharpness of the aligned face.
    pub min_sharpness: f32,
    /// Least mean luminance, 0 to 1.
    pub min_exposure: f32,
    /// Greatest mean luminance, 0 to 1.
    pub max_exposure: f32,
    /// Another face is a second person when its box's area is at least this part of the largest one's; smaller ones are
    /// people in the background.
    pub second_face_area: f32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            comparison: ComparisonPolicy {
                match_threshold: 0.45,
                review_threshold: 0.363,
            },
            quality: QualityPolicy {
                min_detection_score: 0.7,
                min_inter_eye_distance: 24.0,
                min_sharpness: 3.0,
                min_exposure: 0.08,
                max_exposure: 0.95,
                second_face_area: 0.25,
            },
        }
    }
}

/// Why a policy cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("policy: {field} {problem}")]
pub struct PolicyError {
    /// The field, dotted.
    pub field: &'static str,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl Policy {
    /// Checks ranges and order.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let within = |field, value: f32, low: f32, high: f32| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(PolicyError {
                    field,
                    problem: format!("is {value}; it must be {low} to {high}"),
                })
            }
        };
        let c = self.comparison;
        within("comparison.match_threshold", c.match_threshold, -1.0, 1.0)?;
        within(
            "comparison.review_threshold",
            c.review_threshold,
            -1.0,
            c.match_threshold,
        )?;
        let q = self.quality;
        within(
            "quality.min_detection_score",
            q.min_detection_score,
            0.0,
            1.0,
        )?;
        within(
            "quality.min_inter_eye_distance",
            q.min_inter_eye_distance,
            0.0,
            1000.0,
        )?;
        within("quality.min_sharpness", q.min_sharpness, 0.0, 255.0)?;
        within("quality.max_exposure", q.max_exposure, 0.0, 1.0)?;
        within("quality.min_exposure", q.min_exposure, 0.0, q.max_exposure)?;
        within("quality.second_face_area", q.second_face_area, 0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid() {
        assert_eq!(Policy::default().validate(), Ok(()));
    }

    #[test]
    fn a_band_upside_down_is_refused() {
        let mut policy = Policy::default();
        policy.comparison.review_threshold = 0.9;
        assert_eq!(
            policy.validate().unwrap_err().field,
            "comparison.review_threshold"
        );
        policy.comparison.review_threshold = f32::NAN;
        assert!(policy.validate().is_err());
    }
}
