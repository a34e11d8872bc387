//! Templates and their comparison.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// Length of a template: SFace's embedding.
pub const TEMPLATE_LEN: usize = 128;

/// A face as the recognition model sees it: a unit vector of [`TEMPLATE_LEN`] numbers.
///
/// Biometric data: wiped when dropped, never printed, and only written to disk encrypted.
#[derive(Clone, PartialEq)]
pub struct Template(Box<[f32; TEMPLATE_LEN]>);

/// Why numbers are not a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The wrong count of bytes.
    #[error("a template is 512 bytes long, not {0}")]
    Length(usize),
    /// A number is not finite, or all are zero: it has no direction.
    #[error("the embedding has no direction: it holds a number that is not finite, or only zeros")]
    Degenerate,
}

impl Template {
    /// Normalises an embedding to unit length.
    ///
    /// # Errors
    /// [`TemplateError::Degenerate`] where it has no direction.
    pub fn from_embedding(embedding: &[f32; TEMPLATE_LEN]) -> Result<Self, TemplateError> {
        let norm = embedding
            .iter()
            .map(|v| f64::from(*v).powi(2))
            .sum::<f64>()
            .sqrt();
        if !norm.is_finite() || norm < 1e-12 {
            return Err(TemplateError::Degenerate);
        }
        Ok(Self(Box::new(
            embedding.map(|v| (f64::from(v) / norm) as f32),
        )))
    }

    /// The numbers, of unit length together: for searching among many, not for keeping.
    #[must_use]
    pub const fn values(&self) -> &[f32; TEMPLATE_LEN] {
        &self.0
    }

    /// Cosine of the angle between two templates.
    #[must_use]
    pub fn compare(&self, reference: &Self) -> ComparisonScore {
        let dot = self
            .0
            .iter()
            .zip(reference.0.iter())
            .map(|(a, b)| a * b)
            .sum::<f32>();
        ComparisonScore(dot.clamp(-1.0, 1.0))
    }

    /// Little-endian f32, for storage under encryption.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    /// Reads what [`Template::to_bytes`] wrote.
    ///
    /// # Errors
    /// The wrong length, or numbers without a direction.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TemplateError> {
        if bytes.len() != TEMPLATE_LEN * 4 {
            return Err(TemplateError::Length(bytes.len()));
        }
        let mut values = [0f32; TEMPLATE_LEN];
        for (value, chunk) in values.iter_mut().zip(bytes.chunks_exact(4)) {
            *value = f32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        }
        let template = Self::from_embedding(&values);
        values.zeroize();
        template
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        self.0.zeroize();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn embedding(seed: u32) -> [f32; TEMPLATE_LEN] {
        let mut state = seed;
        std::array::from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
    }

    #[test]
    fn a_template_is_most_like_itself() {
        let (a, b) = (embedding(1), embedding(2));
        let (a, b) = (
            Template::from_embedding(&a).unwrap(),
            Template::from_embedding(&b).unwrap(),
        );
        assert!((a.compare(&a).value() - 1.0).abs() < 1e-5);
        assert!(a.compare(&b).value() < 0.9);
        assert_eq!(a.compare(&b), b.compare(&a));
    }

    #[test]
    fn bytes_come_back() {
        let a = Template::from_embedding(&embedding(3)).unwrap();
        let back = Template::from_bytes(&a.to_bytes()).unwrap();
        assert!((a.compare(&back).value() - 1.0).abs() < 1e-6);
        assert_eq!(Template::from_bytes(&[0; 5]), Err(TemplateError::Length(5)));
        assert_eq!(
            Template::from_bytes(&[0; 512]),
            Err(TemplateError::Degenerate)
        );
    }

    #[test]
    fn numbers_are_never_printed() {
        let a = Template::from_embedding(&embedding(4)).unwrap();
        assert_eq!(format!("{a:?}"), "Template(redacted)");
    }
}
