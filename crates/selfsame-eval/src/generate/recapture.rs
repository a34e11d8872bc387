//! Something flat that shows the subject, held up in a room and photographed with a phone.

use chacha20::ChaCha8Rng;
use rand::RngExt as _;

use super::camera::{Camera, selfie_camera};
use super::cutout::Outline;
use super::light::Colour;
use super::placement::{Meeting, Pinhole, Placement};
use super::print::{Print, Stock};
use super::room::{Room, UnevenLight};
use super::screen::{Device, Display, Glare};
use super::subject::Subject;

/// What is held up.
enum Instrument {
    Print {
        print: Print,
        light: UnevenLight,
        gloss: Option<Glare>,
        outline: Option<Outline>,
    },
    Screen(Box<Display>),
}

/// Something held up, and all that is needed to photograph it.
pub(super) struct Recapture {
    instrument: Instrument,
    room: Room,
    /// The face's middle on the instrument.
    middle: (f32, f32),
    gain: f32,
    pub(super) placement: Placement,
    pub(super) camera: Camera,
    pinhole: Pinhole,
}

/// How it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// At arm's length: its borders may be seen.
    Arm,
    /// So close, and so large, that no border is seen.
    Close,
    /// In the hand so that it bends.
    Bent,
}

/// The spread of a point that is not in focus, as a part of the picture's width: a selfie camera is focused for good at
/// about 50 cm; 2.5 mm of focal length, an opening of 1.25 mm and a sensor 3.5 mm wide are usual. A quarter of the disc's
/// width is its standard deviation.
fn defocus(distance: f32) -> f32 {
    let disc = 1.25 * 2.5 * (1.0 / (distance * 10.0) - 1.0 / 500.0).abs();
    disc / 3.5 / 4.0
}

impl Recapture {
    /// A print held up.
    pub(super) fn of_print(
        rng: &mut ChaCha8Rng,
        subject: &Subject,
        stock: Stock,
        hold: Hold,
        size: (u32, u32),
    ) -> Self {
        let width = match hold {
            Hold::Close => rng.random_range(22.0..30.0),
            Hold::Arm | Hold::Bent => rng.random_range(13.0..19.0),
        };
        let print = Print::new(rng, &subject.portrait, width, stock);
        let light = UnevenLight::new(rng, 0.3);
        let gloss = (stock == Stock::Photo).then(|| Glare::new(rng, print.size, 0.3));
        let instrument = Instrument::Print {
            print,
            light,
            gloss,
            outline: None,
        };
        Self::new(rng, subject, instrument, hold, size)
    }

    /// A print cut out along the head and shoulders.
    pub(super) fn of_cutout(rng: &mut ChaCha8Rng, subject: &Subject, size: (u32, u32)) -> Self {
        let width = rng.random_range(22.0..30.0);
        let mut print = Print::new(rng, &subject.portrait, width, Stock::Photo);
        print.margin = 0.0;
        let outline = Outline::around(rng, subject, width);
        let light = UnevenLight::new(rng, 0.3);
        let instrument = Instrument::Print {
            print,
            light,
            gloss: None,
            outline: Some(outline),
        };
        Self::new(rng, subject, instrument, Hold::Arm, size)
    }

    /// A screen held up.
    pub(super) fn of_screen(
        rng: &mut ChaCha8Rng,
        subject: &Subject,
        device: Device,
        size: (u32, u32),
    ) -> Self {
        let display = Display::new(rng, &subject.portrait, device);
        Self::new(
            rng,
            subject,
            Instrument::Screen(Box::new(display)),
            Hold::Arm,
            size,
        )
    }

    fn new(
        rng: &mut ChaCha8Rng,
        subject: &Subject,
        instrument: Instrument,
        hold: Hold,
        size: (u32, u32),
    ) -> Self {
        let mut camera = selfie_camera(rng, size);
        let room = Room::new(rng);
        let width = match &instrument {
            Instrument::Print { print, .. } => print.size.0,
            Instrument::Screen(display) => display.size.0,
        };
        let scale = width / subject.size().0;
        let face = subject.face;
        let middle = (
            (face.x + face.width / 2.0) * scale,
            (face.y + face.height / 2.0) * scale,
        );
        let frame_width = size.0 as f32;
        let pinhole = Pinhole {
            focal: frame_width * 0.95,
            centre: (frame_width / 2.0, size.1 as f32 * 0.48),
        };
        // The face is to take that part of the frame's width.
        let part = match hold {
            Hold::Close => rng.random_range(0.44..0.56),
            Hold::Arm | Hold::Bent => rng.random_range(0.36..0.5),
        };
        let distance = pinhole.focal * face.width * scale / (part * frame_width);
        camera.spread = camera
            .spread
            .hypot(defocus(distance) * frame_width * camera.oversampling);
        let mut small = |most: f32| rng.random_range(-most..most);
        let placement = Placement {
            yaw: small(0.14),
            pitch: small(0.14),
            roll: small(0.09),
            at: [small(0.04) * distance, small(0.04) * distance, distance],
            bend: match hold {
                Hold::Bent => (0.03 + small(0.015)) * if rng.random_bool(0.7) { 1.0 } else { -1.0 },
                Hold::Arm | Hold::Close => 0.0,
            },
        };
        let mut made = Self {
            instrument,
            room,
            middle,
            gain: 1.0,
            placement,
            camera,
            pinhole,
        };
        made.gain = made.automatic_exposure(face.width * scale);
        made
    }

    /// The gain that brings the face's middle to the level of a well-exposed one.
    fn automatic_exposure(&self, face: f32) -> f32 {
        let mut sum = 0.0;
        for n in 0..400u16 {
            let part = |at: u16| (f32::from(at) / 20.0 - 0.5) * 0.6 * face;
            let met = Meeting {
                u: part(n % 20),
                v: part(n / 20),
                facing: 1.0,
            };
            let [r, g, b] = self.light(&met, 0.2, 0.0).unwrap_or([0.2; 3]);
            sum += 0.2126 * r + 0.7152 * g + 0.0722 * b;
        }
        (0.26 * 400.0 / sum.max(1.0)).clamp(0.6, 2.2)
    }

    /// The light from where a ray meets the sheet; `None` where the instrument does not reach.
    fn light(&self, met: &Meeting, row: f32, frame: f32) -> Option<Colour> {
        let (u, v) = (met.u + self.middle.0, met.v + self.middle.1);
        match &self.instrument {
            Instrument::Print {
                print,
                light,
                gloss,
                outline,
            } => {
                if !print.covers(u, v) {
                    return None;
                }
                let reflectance = match outline {
                    Some(outline) if !outline.holds(u, v, 0.0) => {
                        if !outline.holds(u, v, 0.12) {
                            return None;
                        }
                        [0.85; 3]
                    }
                    _ => print.reflectance(u, v),
                };
                let level = light.at(u / print.size.0 * 2.0 - 1.0, v / print.size.1 * 2.0 - 1.0)
                    * met.facing;
                let gloss = gloss.map_or(0.0, |gloss| gloss.at(u, v));
                Some(reflectance.map(|r| r * level + gloss))
            }
            Instrument::Screen(display) => display
                .covers(u, v)
                .then(|| display.light(u, v, row, frame)),
        }
    }

    /// Photographs it where it is held.
    pub(super) fn take(&self, rng: &mut ChaCha8Rng, frame: u16) -> Vec<u8> {
        let seen = self.placement.seen_by(self.pinhole);
        let (width, height) = (self.camera.size.0 as f32, self.camera.size.1 as f32);
        self.camera.take(rng, &|x, y| {
            let met = seen.meet(x, y);
            met.and_then(|met| self.light(&met, y / height, f32::from(frame)))
                .map_or_else(
                    || self.room.at(x / width, y / width),
                    |light| light.map(|l| l * self.gain),
                )
        })
    }
}
