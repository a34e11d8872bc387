//! Finds and measures faces in pixels, without templates: what a device needs to guide a person to a good capture.

use image::RgbImage;

use crate::align;
use crate::detect::Detector;
use crate::evidence::FaceEvidence;
use crate::fold;
use crate::inference::InferenceError;
use crate::inference::separable::Separable;
use crate::quality;

/// Finds faces with YuNet, in loops of this project's own: docs/decisions/0153-own-loops-for-the-detector.md says why.
pub struct Finder(Detector);

/// Why there is no finder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FinderError {
    /// The side is not a multiple of 32 from 64 to 640.
    #[error("the detector's side must be a multiple of 32 from 64 to 640, not {0}")]
    Side(usize),
    /// The bytes are not the published model.
    #[error("the detector's model cannot be prepared: {0}")]
    Unpreparable(String),
    /// The engine refuses it.
    #[error(transparent)]
    Engine(#[from] InferenceError),
}

/// What the finder takes: 8 bits each of red, green, blue and alpha, row by row. Alpha is ignored.
#[derive(Debug, Clone, Copy)]
pub struct Rgba<'p> {
    /// Pixels from left to right.
    pub width: u32,
    /// Rows from top to bottom.
    pub height: u32,
    /// `4 * width * height` bytes.
    pub bytes: &'p [u8],
}

/// Why a picture cannot be searched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The count of bytes does not fit the size, or the picture is empty.
    #[error("a picture of {0} by {1} pixels does not have {2} bytes of RGBA")]
    Size(u32, u32, usize),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] InferenceError),
}

impl Finder {
    /// Prepares YuNet, given as published, to look at pictures of `side` by `side` pixels; pictures of another size are
    /// brought to it. Less is faster and misses small faces.
    ///
    /// # Errors
    /// [`FinderError`] says whether the side or the model is at fault.
    pub fn load(yunet: &[u8], side: usize) -> Result<Self, FinderError> {
        if !side.is_multiple_of(32) || !(64..=640).contains(&side) {
            return Err(FinderError::Side(side));
        }
        let onnx = fold::prepare(yunet).map_err(FinderError::Unpreparable)?;
        let model = Separable::load(&onnx, &[1, 3, side, side])?;
        Ok(Self(Detector::new(Box::new(model), side)))
    }

    /// The faces, largest first.
    ///
    /// # Errors
    /// [`SearchError::Size`] when the bytes are not a picture of that size.
    pub fn find(&self, picture: Rgba<'_>) -> Result<Vec<FaceEvidence>, SearchError> {
        let image = opaque(picture)?;
        let found = self.0.detect(&image, 0.0)?;
        Ok(found
            .iter()
            .filter_map(|detection| {
                let face = align::align(&image, &detection.landmarks)?;
                let grey = face.luminance();
                Some(FaceEvidence {
                    face_box: detection.face_box,
                    landmarks: detection.landmarks,
                    detection_score: detection.score,
                    inter_eye_distance: detection.landmarks.inter_eye_distance(),
                    sharpness: quality::sharpness(&grey),
                    exposure: quality::mean_luminance(&grey),
                    quality: quality::measure(
                        &face,
                        &grey,
                        &detection.face_box,
                        &detection.landmarks,
                        image.dimensions(),
                    ),
                    geometry: None,
                })
            })
            .collect())
    }
}

impl std::fmt::Debug for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Finder")
    }
}

fn opaque(picture: Rgba<'_>) -> Result<RgbImage, SearchError> {
    let Rgba {
        width,
        height,
        bytes,
    } = picture;
    let wrong = || SearchError::Size(width, height, bytes.len());
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || u64::try_from(bytes.len()).ok() != pixels.checked_mul(4) {
        return Err(wrong());
    }
    let rgb = bytes
        .chunks_exact(4)
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    RgbImage::from_raw(width, height, rgb).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_side_or_model_is_refused() {
        assert_eq!(Finder::load(&[], 100).err(), Some(FinderError::Side(100)));
        assert!(matches!(
            Finder::load(b"not a model", 320),
            Err(FinderError::Unpreparable(_))
        ));
    }

    #[test]
    fn bytes_that_are_no_such_picture_are_refused() {
        let of = |width, height, bytes: &[u8]| {
            opaque(Rgba {
                width,
                height,
                bytes,
            })
        };
        assert_eq!(of(2, 2, &[0; 15]), Err(SearchError::Size(2, 2, 15)));
        assert_eq!(of(0, 0, &[]), Err(SearchError::Size(0, 0, 0)));
        let image = of(1, 2, &[1, 2, 3, 9, 4, 5, 6, 9]).unwrap();
        assert_eq!(image.as_raw(), &[1, 2, 3, 4, 5, 6]);
    }
}
