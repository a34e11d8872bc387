//! Recaptures of CelebA-Spoof: `attacks/recapture/1.jpg`.

use std::path::Path;

use super::place::{Place, first_of};
use super::{Layout, part};
use crate::dataset::{entries, is_image, name};
use crate::error::{EvalError, input};
use crate::progress::Progress;

pub(super) fn prepare(
    from: &Path,
    place: &Place,
    progress: &dyn Progress,
) -> Result<Layout, EvalError> {
    let folder = first_of(from, &["Dataset/Spoof", "Spoof"])
        .ok_or_else(|| input(from, "holds no folder Dataset/Spoof"))?;
    let images: Vec<_> = entries(&folder)?
        .into_iter()
        .filter(|path| is_image(path))
        .collect();
    if images.is_empty() {
        return Err(input(&folder, "holds no image"));
    }
    progress.begin("linking recaptures", images.len());
    for image in &images {
        place.put(image, &format!("attacks/recapture/{}", name(image)))?;
        progress.advance();
    }
    let parts = vec![part("attacks", format!("{} recaptures", images.len()))];
    Ok((parts, Vec::new()))
}
