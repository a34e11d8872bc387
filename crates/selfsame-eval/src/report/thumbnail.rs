//! Small pictures of faces for the page, where they are asked for.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use selfsame_face::decode::{Limits, decode};

use crate::dataset::read_image;
use crate::error::{EvalError, input};

const HEIGHT: u32 = 112;

/// The photograph, small, as a `data:` URL.
pub(super) fn thumbnail(path: &Path) -> Result<String, EvalError> {
    let picture = decode(&read_image(path)?, &Limits::default())
        .map_err(|e| input(path, e.to_string()))?
        .pixels;
    let wide = f64::from(picture.width()) / f64::from(picture.height()) * f64::from(HEIGHT);
    let width = (wide.round() as u32).clamp(1, 4 * HEIGHT);
    let small = imageops::resize(&picture, width, HEIGHT, FilterType::Triangle);
    let mut bytes = Vec::new();
    small
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 70))
        .map_err(|e| input(path, e.to_string()))?;
    Ok(format!("data:image/jpeg;base64,{}", STANDARD.encode(bytes)))
}
