//! What is done to a photograph before it is sent.

use std::path::PathBuf;

use image::codecs::jpeg::JpegEncoder;
use image::{RgbImage, imageops};
use selfsame_face::decode::{Limits, decode};
use serde::Serialize;

/// How a photograph is turned and mirrored, cut and saved. The default leaves it as it is, saved well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Treatment {
    /// Clockwise quarters, 0 to 3.
    pub quarters: u8,
    /// Left for right.
    pub mirrored: bool,
    /// What is cut off at the left, top, right and bottom, in thousandths of the side.
    pub cut: [u16; 4],
    /// Added to each channel, −255 to 255.
    pub brighter: i16,
    /// JPEG quality, 1 to 100.
    pub quality: u8,
}

impl Default for Treatment {
    fn default() -> Self {
        Self {
            quarters: 0,
            mirrored: false,
            cut: [0; 4],
            brighter: 0,
            quality: 95,
        }
    }
}

/// One image of a staged presentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Treated {
    /// The photograph.
    pub photograph: PathBuf,
    /// What is done to it.
    pub treatment: Treatment,
}

impl Treatment {
    /// A photograph turned by clockwise quarters.
    #[must_use]
    pub fn turned(quarters: u8) -> Self {
        Self {
            quarters: quarters % 4,
            ..Self::default()
        }
    }

    /// The treated photograph as a JPEG file without metadata. The same file and treatment give the same bytes.
    ///
    /// # Errors
    /// When the photograph cannot be decoded, or nothing of it is left.
    pub fn of(&self, file: &[u8]) -> Result<Vec<u8>, String> {
        let pixels = decode(file, &Limits::default())
            .map_err(|e| e.to_string())?
            .pixels;
        let mut picture = self
            .cut_out(&pixels)
            .ok_or("nothing of the picture is left")?;
        if self.mirrored {
            imageops::flip_horizontal_in_place(&mut picture);
        }
        let mut picture = match self.quarters % 4 {
            1 => imageops::rotate90(&picture),
            2 => imageops::rotate180(&picture),
            3 => imageops::rotate270(&picture),
            _ => picture,
        };
        if self.brighter != 0 {
            for channel in picture.iter_mut() {
                *channel = (i16::from(*channel) + self.brighter).clamp(0, 255) as u8;
            }
        }
        let mut bytes = Vec::new();
        picture
            .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, self.quality))
            .map_err(|e| e.to_string())?;
        Ok(bytes)
    }

    fn cut_out(&self, of: &RgbImage) -> Option<RgbImage> {
        let (width, height) = of.dimensions();
        let part = |side: u32, thousandths: u16| {
            u32::try_from(u64::from(side) * u64::from(thousandths) / 1000).unwrap_or(side)
        };
        let [left, top, right, bottom] = self.cut;
        let (left, right) = (part(width, left), part(width, right));
        let (top, bottom) = (part(height, top), part(height, bottom));
        let wide = width.checked_sub(left + right).filter(|w| *w > 0)?;
        let high = height.checked_sub(top + bottom).filter(|h| *h > 0)?;
        Some(imageops::crop_imm(of, left, top, wide, high).to_image())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// Red at the top left, blue elsewhere, 64 by 32.
    fn file() -> Vec<u8> {
        let picture = RgbImage::from_fn(64, 32, |x, y| {
            if x < 32 && y < 16 {
                Rgb([220, 20, 20])
            } else {
                Rgb([20, 20, 220])
            }
        });
        let mut bytes = Vec::new();
        picture
            .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 95))
            .unwrap();
        bytes
    }

    fn treated(treatment: Treatment) -> RgbImage {
        let bytes = treatment.of(&file()).unwrap();
        assert_eq!(bytes, treatment.of(&file()).unwrap());
        decode(&bytes, &Limits::default()).unwrap().pixels
    }

    fn is_red(picture: &RgbImage, x: u32, y: u32) -> bool {
        let Rgb([red, _, blue]) = *picture.get_pixel(x, y);
        red > blue
    }

    #[test]
    fn quarters_are_clockwise_and_mirroring_is_left_for_right() {
        let quarter = treated(Treatment::turned(1));
        assert_eq!(quarter.dimensions(), (32, 64));
        assert!(is_red(&quarter, 28, 4) && !is_red(&quarter, 4, 4));
        let half = treated(Treatment::turned(2));
        assert!(is_red(&half, 60, 28) && !is_red(&half, 4, 4));
        let mirrored = treated(Treatment {
            mirrored: true,
            ..Treatment::default()
        });
        assert!(is_red(&mirrored, 60, 4) && !is_red(&mirrored, 4, 4));
    }

    #[test]
    fn cutting_takes_its_part_and_never_all() {
        let cut = treated(Treatment {
            cut: [500, 0, 0, 250],
            ..Treatment::default()
        });
        assert_eq!(cut.dimensions(), (32, 24));
        assert!(!is_red(&cut, 4, 4));
        let all = Treatment {
            cut: [500, 0, 500, 0],
            ..Treatment::default()
        };
        assert!(all.of(&file()).is_err());
        let bright = treated(Treatment {
            brighter: 255,
            ..Treatment::default()
        });
        assert!(bright.pixels().all(|p| p.0.iter().all(|c| *c > 240)));
    }
}
