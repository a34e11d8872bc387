//! What is done to an embedding before it is compared: the mean of many faces taken away, and directions weighed.

use zeroize::Zeroizing;

use crate::template::{MAX_TEMPLATE_LEN, MIN_TEMPLATE_LEN};

/// What every calibration file begins with.
const MAGIC: &[u8; 8] = b"selfcal1";
/// Numbers beyond this are no calibration of unit vectors.
const LARGEST: f32 = 1e6;

/// Learned from many people's templates: takes away what all faces have in common, and weighs directions by how well they tell
/// people apart. Applied to the unit vector that the model gives; what comes out is brought to unit length again.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The mean template of many people, taken away first.
    mean: Vec<f32>,
    /// A matrix, row by row, that what is left is multiplied by: as many columns as `mean` has numbers, as many rows as the
    /// template is to have.
    whitening: Option<Vec<f32>>,
}

/// Why numbers are no calibration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalibrationError {
    /// Not a calibration file at all, or cut short.
    #[error("it is no calibration file: {0}")]
    Format(&'static str),
    /// Too few or too many numbers.
    #[error(
        "a calibration is for {MIN_TEMPLATE_LEN} to {MAX_TEMPLATE_LEN} numbers, and its matrix has whole rows and no more of \
         them than columns"
    )]
    Length,
    /// A number that is not finite, or far too large.
    #[error("a calibration holds a number that is not finite or larger than a million")]
    Number,
    /// It is for another model.
    #[error("the calibration is for {calibration} numbers, and the model gives {model}")]
    OtherLength {
        /// What it is for.
        calibration: usize,
        /// What the model gives.
        model: usize,
    },
}

impl Calibration {
    /// A mean to take away, and a matrix to multiply by (row by row; as many columns as the mean has numbers).
    ///
    /// # Errors
    /// When lengths do not fit, or a number is not finite.
    pub fn new(mean: Vec<f32>, whitening: Option<Vec<f32>>) -> Result<Self, CalibrationError> {
        let fits = |n: usize| (MIN_TEMPLATE_LEN..=MAX_TEMPLATE_LEN).contains(&n);
        let whole = |matrix: &Vec<f32>| {
            let rows = matrix.len() / mean.len();
            matrix.len().is_multiple_of(mean.len()) && fits(rows) && rows <= mean.len()
        };
        if !fits(mean.len()) || !whitening.as_ref().is_none_or(whole) {
            return Err(CalibrationError::Length);
        }
        let numbers = mean.iter().chain(whitening.iter().flatten());
        // NaN is not within anything.
        if !numbers.into_iter().all(|v| v.abs() <= LARGEST) {
            return Err(CalibrationError::Number);
        }
        Ok(Self { mean, whitening })
    }

    /// How many numbers go in.
    #[must_use]
    pub fn input(&self) -> usize {
        self.mean.len()
    }

    /// How many numbers come out.
    #[must_use]
    pub fn output(&self) -> usize {
        let rows = |matrix: &Vec<f32>| matrix.len() / self.mean.len();
        self.whitening.as_ref().map_or(self.mean.len(), rows)
    }

    /// As a file: `selfcal1`, the count of numbers that go in, the count of rows (0: no matrix), both u32; then the mean and the
    /// matrix, f32. Little-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
        let rows = self.whitening.as_ref().map_or(0, |_| self.output());
        let mut bytes = MAGIC.to_vec();
        bytes.extend(count(self.mean.len()));
        bytes.extend(count(rows));
        for value in self.mean.iter().chain(self.whitening.iter().flatten()) {
            bytes.extend(value.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`Calibration::to_bytes`] wrote.
    ///
    /// # Errors
    /// For anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CalibrationError> {
        let (head, body) = bytes
            .split_at_checked(16)
            .ok_or(CalibrationError::Format("it is shorter than its head"))?;
        if &head[..8] != MAGIC {
            return Err(CalibrationError::Format(
                "it does not begin with `selfcal1`",
            ));
        }
        let count = |at: usize| {
            let four = [head[at], head[at + 1], head[at + 2], head[at + 3]];
            u32::from_le_bytes(four) as usize
        };
        let (columns, rows) = (count(8), count(12));
        if columns > MAX_TEMPLATE_LEN || rows > MAX_TEMPLATE_LEN {
            return Err(CalibrationError::Length);
        }
        let (numbers, rest) = body.as_chunks::<4>();
        if !rest.is_empty() || numbers.len() != columns * (1 + rows) {
            return Err(CalibrationError::Format(
                "its length is not what its head says",
            ));
        }
        let values = |numbers: &[[u8; 4]]| numbers.iter().map(|n| f32::from_le_bytes(*n)).collect();
        let (mean, matrix) = numbers.split_at(columns);
        Self::new(values(mean), (rows > 0).then(|| values(matrix)))
    }

    /// `None` where the vector has another length.
    pub(super) fn apply(&self, unit: &[f32]) -> Option<Zeroizing<Vec<f32>>> {
        if unit.len() != self.mean.len() {
            return None;
        }
        let centred: Zeroizing<Vec<f32>> =
            Zeroizing::new(unit.iter().zip(&self.mean).map(|(v, m)| v - m).collect());
        let Some(matrix) = &self.whitening else {
            return Some(centred);
        };
        let product = |row: &[f32]| row.iter().zip(centred.iter()).map(|(a, b)| a * b).sum();
        Some(Zeroizing::new(
            matrix.chunks_exact(unit.len()).map(product).collect(),
        ))
    }
}
