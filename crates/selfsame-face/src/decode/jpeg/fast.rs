//! The fast decoder, for baseline files of one scan.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::outline::Outline;

/// The pixels, or `None` where the decoder fails or the scan's data end too early.
pub(super) fn pixels(bytes: &[u8], outline: &Outline<'_>) -> Option<Vec<u8>> {
    // Where a marker cuts a scan short, the decoder makes the rest up and says nothing. Where the file ends there, it refuses.
    let bytes = bytes.get(..outline.coded_until)?;
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let wanted = 3 * outline.frame.width * outline.frame.height;
    // Fuzzing finds files on which it fails an assertion of its own.
    let pixels = std::panic::catch_unwind(|| {
        JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode()
    });
    pixels.ok()?.ok().filter(|pixels| pixels.len() == wanted)
}
