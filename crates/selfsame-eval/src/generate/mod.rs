//! Makes presentations of photographs: attacks as a camera would see them, and sequences, bona fide and not. All synthetic.
//!
//! The effects are modelled where they arise (ink, paper, stripes of a screen, lens, sensor, JPEG), in linear light, and
//! compose: a moiré is what the modelled sensor makes of the modelled grid. They serve regression and the shape of a curve.
//! They are not attacks that anyone made: a rate measured on them is not a rate in the field, and no threshold is taken
//! from them.

mod camera;
mod cutout;
mod folder;
mod head;
mod light;
mod placement;
mod print;
mod recapture;
mod rescan;
mod room;
mod screen;
mod sequence;
mod subject;
mod texture;
mod turning;

use std::fmt;
use std::str::FromStr;

use chacha20::ChaCha8Rng;
use image::Rgb32FImage;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

pub(crate) use folder::{MANIFEST, VERSION};
pub use folder::{Skipped, Written, into_folder};
use print::{Print, Stock};
use recapture::{Hold, Recapture};
use screen::Device;
use selfsame_face::evidence::Point;
pub use subject::{Subject, SubjectError};
pub use turning::{Sheet, turned};

/// Width and height of what is made: a phone's portrait picture, small.
pub const SIZE: (u32, u32) = (480, 640);

/// One selfie and, for sequences, the frames after it; JPEG files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The selfie.
    pub selfie: Vec<u8>,
    /// The frames in their order; none for single images.
    pub frames: Vec<Vec<u8>>,
}

macro_rules! species {
    ($($name:ident $text:literal $sequence:literal $note:literal)*) => {
        /// What can be made. What stands before the hyphen of a name is the attack type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Species { $(#[doc = $note] $name,)* }

        impl Species {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What is modelled.
            #[must_use]
            pub const fn note(self) -> &'static str {
                match self { $(Self::$name => $note,)* }
            }

            /// Whether it is a selfie with frames rather than one image.
            #[must_use]
            pub const fn is_sequence(self) -> bool {
                match self { $(Self::$name => $sequence,)* }
            }
        }
    };
}

species! {
    PrintOffice "print-office" false "Laser print on office paper: round dots in four rotated screens, dull white, wide margins, held up and photographed."
    PrintPhoto "print-photo" false "Inkjet print on photo paper: scattered dots, gloss, narrow margins or none, held up and photographed."
    PrintCurled "print-curled" false "Photo print that bends in the hand, as part of a cylinder."
    ScreenPhone "screen-phone" false "Phone's screen: fine stripes, frame, bluish white, glare, flicker bands."
    ScreenTablet "screen-tablet" false "Tablet's screen: coarser stripes, larger picture."
    ScreenMonitor "screen-monitor" false "Monitor: stripes as coarse as the sensor's pixels, hence moiré."
    RescanFlatbed "rescan-flatbed" false "Office print laid on a scanner; the scan itself is sent."
    RescanCopy "rescan-copy" false "Photocopy: print, scan, print again, held up and photographed."
    CropClose "crop-close" false "Photo print so large and close that no border is seen."
    CropCutout "crop-cutout" false "Photo print cut out along head and shoulders, held before the room."
    StillRepeated "still-repeated" true "One file sent as the selfie and as every frame."
    StillReencoded "still-reencoded" true "One picture, saved again for each frame at another quality and size."
    FlatInjected "flat-injected" true "The photograph in place of the camera's picture, moved about as a flat thing, with new noise each time."
    FlatPrint "flat-print" true "Photo print moved about before the camera: shifted, turned, tilted."
    FlatScreen "flat-screen" true "Phone's screen moved about before the camera."
    LiveSequence "live-sequence" true "Not an attack: a head that turns and nods a little and begins to smile, by a relief over the photograph."
}

impl Species {
    /// Whether it stands for an attack; the live sequence does not.
    #[must_use]
    pub fn is_attack(self) -> bool {
        self != Self::LiveSequence
    }

    /// Makes one of a subject. The same subject, species and seed make the same bytes.
    #[must_use]
    pub fn make(self, subject: &Subject, seed: u64) -> Capture {
        self.make_sized(subject, seed, SIZE)
    }

    fn make_sized(self, subject: &Subject, seed: u64, size: (u32, u32)) -> Capture {
        let rng = &mut self.chance(subject, seed);
        let single = |selfie| Capture {
            selfie,
            frames: Vec::new(),
        };
        let printed = |rng: &mut ChaCha8Rng, stock, hold| {
            Recapture::of_print(rng, subject, stock, hold, size)
        };
        let shown = |rng: &mut ChaCha8Rng, device| Recapture::of_screen(rng, subject, device, size);
        let mut held = match self {
            Self::PrintOffice => printed(rng, Stock::Office, Hold::Arm),
            Self::PrintPhoto => printed(rng, Stock::Photo, Hold::Arm),
            Self::PrintCurled => printed(rng, Stock::Photo, Hold::Bent),
            Self::CropClose => printed(rng, Stock::Photo, Hold::Close),
            Self::CropCutout => Recapture::of_cutout(rng, subject, size),
            Self::ScreenPhone => shown(rng, Device::Phone),
            Self::ScreenTablet => shown(rng, Device::Tablet),
            Self::ScreenMonitor => shown(rng, Device::Monitor),
            Self::RescanCopy => {
                let copy = scanned(rng, subject, 720);
                Recapture::of_print(rng, &copy, Stock::Office, Hold::Arm, size)
            }
            Self::RescanFlatbed => {
                let quality = rng.random_range(80..=92);
                return single(camera::encode(
                    &scanned(rng, subject, size.0).portrait,
                    quality,
                ));
            }
            Self::StillRepeated => return sequence::still_repeated(rng, subject, size),
            Self::StillReencoded => return sequence::still_reencoded(rng, subject, size),
            Self::FlatInjected => return sequence::flat_injected(rng, subject, size),
            Self::LiveSequence => return sequence::live(rng, subject, size),
            Self::FlatPrint => {
                let held = printed(rng, Stock::Photo, Hold::Arm);
                return sequence::flat_recaptured(rng, held);
            }
            Self::FlatScreen => {
                let held = shown(rng, Device::Phone);
                return sequence::flat_recaptured(rng, held);
            }
        };
        held.camera.quality = held.camera.quality.max(80);
        single(held.take(rng, 0))
    }

    /// Chance of its own for each seed, species and subject: what else is made does not matter.
    fn chance(self, subject: &Subject, seed: u64) -> ChaCha8Rng {
        let mut hasher = Sha256::new();
        hasher.update(seed.to_le_bytes());
        hasher.update(self.name());
        for value in subject.portrait.as_raw().iter().step_by(97) {
            hasher.update(value.to_le_bytes());
        }
        ChaCha8Rng::from_seed(hasher.finalize().into())
    }
}

/// An office print of a subject, scanned, that many pixels wide.
fn scanned(rng: &mut ChaCha8Rng, subject: &Subject, pixels: u32) -> Subject {
    let width = 16.0;
    let print = Print::new(rng, &subject.portrait, width, Stock::Office);
    let scale = pixels as f32 / subject.size().0;
    let height = (subject.size().1 * scale).round() as u32;
    let scan: Rgb32FImage = rescan::scan(rng, &print, (0.0, 0.0), width, (pixels, height));
    subject.mapped(scan, |p| Point {
        x: p.x * scale,
        y: p.y * scale,
    })
}

impl fmt::Display for Species {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Species {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl FromStr for Species {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|species| species.name() == text);
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|s| s.name()).collect();
            format!("{text:?} is none of {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests;
