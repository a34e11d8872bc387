//! Templates and their comparison.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// Length of the built-in model's templates: SFace's embedding.
pub const TEMPLATE_LEN: usize = 128;
/// The shortest template that a model may make.
pub const MIN_TEMPLATE_LEN: usize = 16;
/// The longest template that a model may make.
pub const MAX_TEMPLATE_LEN: usize = 4096;
/// A sum of unit vectors that is shorter than this has no direction that means anything.
const LEAST_MEAN: f64 = 1e-3;

/// Which model made a template: the name under which it compares with others. Cheap to clone.
///
/// For the built-in model as it was published it is the SHA-256 (hex) of its file. For others it is a digest of all that shapes
/// their templates: the file, how its input is made, alignment and calibration.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TemplateModel(Arc<str>);

/// The text names no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a template's model is named by 1 to 64 letters, digits, `-`, `_` and `.`")]
pub struct NotATemplateModel;

impl TemplateModel {
    /// Accepts 1 to 64 ASCII letters, digits, `-`, `_` and `.`.
    ///
    /// # Errors
    /// For any other text.
    pub fn new(text: &str) -> Result<Self, NotATemplateModel> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if text.is_empty() || text.len() > 64 || !text.bytes().all(allowed) {
            return Err(NotATemplateModel);
        }
        Ok(Self(text.into()))
    }

    /// A model that makes no templates: where one must be named and none is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self("unknown".into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TemplateModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TemplateModel({})", self.0)
    }
}

impl fmt::Display for TemplateModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TemplateModel {
    type Error = NotATemplateModel;
    fn try_from(text: String) -> Result<Self, NotATemplateModel> {
        Self::new(&text)
    }
}

impl From<TemplateModel> for String {
    fn from(model: TemplateModel) -> Self {
        model.0.as_ref().to_owned()
    }
}

/// A face as a recognition model sees it: a unit vector of [`MIN_TEMPLATE_LEN`] to [`MAX_TEMPLATE_LEN`] numbers, and which
/// model that is. Templates of two models never give a score.
///
/// Biometric data: wiped when dropped, never printed, and only written to disk encrypted.
#[derive(Clone)]
pub struct Template {
    values: Box<[f32]>,
    model: TemplateModel,
    raw_length: Option<f32>,
}

/// Why numbers are not a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The wrong count of numbers.
    #[error(
        "a template has {MIN_TEMPLATE_LEN} to {MAX_TEMPLATE_LEN} numbers of four bytes each; this is {0} bytes long"
    )]
    Length(usize),
    /// A number is not finite, or all are zero: it has no direction.
    #[error("the embedding has no direction: it holds a number that is not finite, or only zeros")]
    Degenerate,
}

impl Template {
    /// Normalises a model's output to unit length.
    ///
    /// # Errors
    /// Where there are too few numbers, too many, or they have no direction.
    pub fn new(embedding: &[f32], model: &TemplateModel) -> Result<Self, TemplateError> {
        let length = Self::norm(embedding)?;
        let values = embedding
            .iter()
            .map(|v| (f64::from(*v) / length) as f32)
            .collect();
        Ok(Self {
            values,
            model: model.clone(),
            raw_length: Some(length as f32),
        })
    }

    fn norm(values: &[f32]) -> Result<f64, TemplateError> {
        if !(MIN_TEMPLATE_LEN..=MAX_TEMPLATE_LEN).contains(&values.len()) {
            return Err(TemplateError::Length(values.len() * 4));
        }
        let norm = values
            .iter()
            .map(|v| f64::from(*v).powi(2))
            .sum::<f64>()
            .sqrt();
        if !norm.is_finite() || norm < 1e-12 {
            return Err(TemplateError::Degenerate);
        }
        Ok(norm)
    }

    /// The same with the length of another embedding: what it was calibrated from.
    #[cfg(feature = "engine")]
    pub(crate) fn with_raw_length(mut self, length: Option<f32>) -> Self {
        self.raw_length = length;
        self
    }

    /// The numbers, of unit length together: for searching among many, not for keeping.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Which model made it.
    #[must_use]
    pub const fn model(&self) -> &TemplateModel {
        &self.model
    }

    /// How long the model's output was before it was brought to unit length: a measure of quality, for longer means a clearer
    /// face. Its scale is the model's own (SFace: about 13 for a good picture, below 10 for a bad one). Absent of templates from
    /// storage and of fused ones.
    #[must_use]
    pub const fn raw_length(&self) -> Option<f32> {
        self.raw_length
    }

    /// Cosine of the angle between two templates of one model; `None` where two models made them.
    #[must_use]
    pub fn compare(&self, reference: &Self) -> Option<ComparisonScore> {
        if !self.is_comparable(reference) {
            return None;
        }
        let dot = self
            .values
            .iter()
            .zip(&reference.values)
            .map(|(a, b)| a * b)
            .sum::<f32>();
        Some(ComparisonScore(dot.clamp(-1.0, 1.0)))
    }

    /// Whether the two are of one model, so that comparing them gives a score.
    #[must_use]
    pub fn is_comparable(&self, other: &Self) -> bool {
        // Most often both names are the very same text in memory.
        self.values.len() == other.values.len()
            && (Arc::ptr_eq(&self.model.0, &other.model.0) || self.model == other.model)
    }

    /// One template of several pictures of one face: the mean direction, each counted by its weight (0 or more; only their
    /// ratios matter).
    ///
    /// `None` where there is none, a weight is negative or not finite, all are zero, two models made them, or they point so far
    /// apart that their mean has no direction. The order of what is given changes rounding only.
    #[must_use]
    pub fn fuse(weighted: &[(&Self, f32)]) -> Option<Self> {
        let (first, _) = weighted.first()?;
        let total: f64 = weighted.iter().map(|(_, weight)| f64::from(*weight)).sum();
        let usable = |(template, weight): &(&Self, f32)| {
            weight.is_finite() && *weight >= 0.0 && template.is_comparable(first)
        };
        if !weighted.iter().all(usable) || total <= 0.0 {
            return None;
        }
        let mut sum = Zeroizing::new(vec![0f64; first.values.len()]);
        for (template, weight) in weighted {
            let share = f64::from(*weight) / total;
            for (sum, value) in sum.iter_mut().zip(&template.values) {
                *sum += share * f64::from(*value);
            }
        }
        let length = sum.iter().map(|v| v * v).sum::<f64>().sqrt();
        if !length.is_finite() || length < LEAST_MEAN {
            return None;
        }
        Some(Self {
            values: sum.iter().map(|v| (v / length) as f32).collect(),
            model: first.model.clone(),
            raw_length: None,
        })
    }

    /// Little-endian f32, for storage under encryption; the model's name is stored beside it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    /// Reads what [`Template::to_bytes`] wrote of a template of this model.
    ///
    /// # Errors
    /// The wrong length, or numbers without a direction.
    pub fn from_bytes(bytes: &[u8], model: &TemplateModel) -> Result<Self, TemplateError> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || numbers.len() > MAX_TEMPLATE_LEN {
            return Err(TemplateError::Length(bytes.len()));
        }
        let values: Zeroizing<Vec<f32>> =
            Zeroizing::new(numbers.iter().map(|n| f32::from_le_bytes(*n)).collect());
        let mut template = Self::new(&values, model)?;
        template.raw_length = None;
        Ok(template)
    }
}

/// The same numbers of the same model, wherever they came from.
impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.model == other.model && self.values == other.values
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(redacted)")
    }
}

/// How alike two templates are: the cosine, −1 to 1; more is more alike.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ComparisonScore(f32);

impl ComparisonScore {
    /// A score from a cosine; values past the range are brought to its edge, and what is not a number to −1.
    #[must_use]
    pub fn new(cosine: f32) -> Self {
        Self(if cosine.is_nan() {
            -1.0
        } else {
            cosine.clamp(-1.0, 1.0)
        })
    }

    /// The cosine.
    #[must_use]
    pub const fn value(self) -> f32 {
        self.0
    }
}

/// Where a model's comparison scores divide. They belong to the model: another one's scores lie elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelThresholds {
    /// From here on it is the same person.
    #[serde(rename = "match")]
    pub same: f32,
    /// Below this it is another person.
    pub review: f32,
    /// From here on another user has this face already.
    pub duplicate: f32,
}

impl ModelThresholds {
    /// Whether they are in range and in order; the text says what is wrong.
    ///
    /// # Errors
    /// The field, and what it must be.
    pub fn check(&self) -> Result<(), &'static str> {
        let within = |value: f32| (0.01..=1.0).contains(&value);
        if !within(self.same) {
            return Err("thresholds.match must be 0.01 to 1");
        }
        if !within(self.duplicate) {
            return Err("thresholds.duplicate must be 0.01 to 1");
        }
        if !(-1.0..=self.same).contains(&self.review) {
            return Err("thresholds.review must be -1 to thresholds.match");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
