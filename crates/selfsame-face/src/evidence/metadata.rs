//! What a file says of its origin.

use serde::{Deserialize, Serialize};

/// Something in an image file that speaks of its origin. Notes, never decisions: most can be honest, all can be forged, and
/// that a file says nothing means nothing. They hold no text of the file's, no place and no serial number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum MetadataNote {
    /// An image editor names itself.
    EditedWith {
        /// The editor, as this project calls it.
        program: String,
    },
    /// An image generator names itself.
    GeneratedWith {
        /// The generator, as this project calls it.
        program: String,
    },
    /// The file declares (IPTC digital source type) that a trained model made the picture or a part of it.
    DeclaredGenerated,
    /// The file carries the settings or the prompt of an image generator.
    GeneratorSettings,
    /// The file carries content credentials (C2PA): cameras, editors and generators write them. They are not verified.
    ContentCredentials,
    /// The file says that it is a screenshot.
    Screenshot,
    /// A PNG without camera data that is as large as a phone's screen.
    ScreenSized,
    /// By its own date the picture was taken more than a day after it was received.
    DateInFuture {
        /// Whole days after.
        days: u32,
    },
    /// By its own date the picture was taken more than a day before it was received.
    TakenEarlier {
        /// Whole days before.
        days: u32,
    },
    /// Its own date cannot be: before 1995, when no camera wrote such dates, or no date at all.
    ImpossibleDate,
    /// The size that its metadata tells is not the picture's: it was cropped or resized after it was taken.
    SizeDiffers,
    /// The preview in the file shows another picture: the file was edited by a program that left the preview as it was.
    PreviewDiffers {
        /// Distance of the perceptual hashes, 0 to 256; see [`super::ImageDigests`].
        distance: u32,
    },
    /// The metadata cannot be read.
    Unreadable,
}
