//! Sequences of one selfie and eight frames: a still repeated, a flat picture moved about, and a head that turns a little
//! and begins to smile.

use chacha20::ChaCha8Rng;
use image::{Rgb, Rgb32FImage, imageops};
use rand::RngExt as _;

use super::Capture;
use super::camera::{encode, noisy};
use super::head::{Head, Pose};
use super::light::{bicubic, smooth_step};
use super::placement::{Pinhole, Placement};
use super::recapture::Recapture;
use super::subject::Subject;

/// Frames beside the selfie.
const FRAMES: u16 = 8;

/// Portraits are sampled at no more than this many times the frame's resolution.
const DETAIL: f32 = 1.4;

/// A smooth movement by chance: two slow waves. Time runs from 0 to 1.
#[derive(Debug, Clone, Copy)]
struct Sway {
    waves: [(f32, f32, f32); 2],
}

impl Sway {
    fn new(rng: &mut ChaCha8Rng, reach: f32) -> Self {
        let mut wave = |slowest: f32, share: f32| {
            let signed = if rng.random_bool(0.5) { reach } else { -reach };
            (
                signed * share * rng.random_range(0.7..1.0),
                rng.random_range(slowest..slowest * 1.6),
                rng.random_range(0.0..std::f32::consts::TAU),
            )
        };
        Self {
            waves: [wave(0.45, 0.8), wave(1.1, 0.2)],
        }
    }

    /// How far it has gone from where it was at the start.
    fn at(&self, time: f32) -> f32 {
        let waves = self.waves.iter().map(|(reach, pace, phase)| {
            reach * ((std::f32::consts::TAU * pace * time + phase).sin() - phase.sin())
        });
        waves.sum()
    }
}

/// When each image is taken: the selfie first, at 0.
fn times() -> impl Iterator<Item = (u16, f32)> {
    (0..=FRAMES).map(|n| (n, f32::from(n) / f32::from(FRAMES)))
}

fn collect(mut images: impl Iterator<Item = Vec<u8>>) -> Capture {
    Capture {
        selfie: images.next().unwrap_or_default(),
        frames: images.collect(),
    }
}

/// How a live capture's pictures are framed and what its camera adds.
pub(super) struct Framing {
    size: (u32, u32),
    /// Portrait pixels for a frame pixel.
    scale: f32,
    noise: f32,
    /// Of the JPEG files.
    pub(super) quality: u8,
}

impl Framing {
    pub(super) fn new(rng: &mut ChaCha8Rng, subject: &Subject, size: (u32, u32)) -> Self {
        let (width, height) = subject.size();
        // A margin is left for the hand's movement.
        let scale = (width / size.0 as f32).min(height / size.1 as f32) * 0.94;
        Self {
            size,
            scale,
            noise: rng.random_range(0.003..0.007),
            quality: rng.random_range(88..=95),
        }
    }

    /// A picture of the portrait, where `from` says which point of it is seen at an offset from its middle.
    pub(super) fn picture(
        &self,
        rng: &mut ChaCha8Rng,
        subject: &Subject,
        gain: f32,
        from: impl Fn(f32, f32) -> (f32, f32),
    ) -> Rgb32FImage {
        let (width, height) = self.size;
        let middle = (subject.size().0 / 2.0, subject.size().1 / 2.0);
        Rgb32FImage::from_fn(width, height, |x, y| {
            let mut sum = [0.0; 3];
            for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let (px, py) = from(
                    (x as f32 + dx - width as f32 / 2.0) * self.scale,
                    (y as f32 + dy - height as f32 / 2.0) * self.scale,
                );
                let colour = bicubic(&subject.portrait, px + middle.0 - 0.5, py + middle.1 - 0.5);
                for (sum, value) in sum.iter_mut().zip(colour) {
                    *sum += value / 4.0;
                }
            }
            Rgb(sum.map(|v| noisy(rng, v * gain, self.noise)))
        })
    }
}

pub(super) fn working(subject: &Subject, size: (u32, u32)) -> Subject {
    subject.no_wider_than((size.0 as f32 * DETAIL) as u32)
}

/// A capture of a person who keeps looking at the camera, turns and nods a little, and begins to smile.
///
/// The head is a relief over the one photograph: near parts move against far ones as they would, but teeth, the far side of
/// the nose and what the head hid are not in the photograph and are not invented; eyes do not blink.
pub(super) fn live(rng: &mut ChaCha8Rng, subject: &Subject, size: (u32, u32)) -> Capture {
    let subject = working(subject, size);
    let framing = Framing::new(rng, &subject, size);
    let head = Head::from_landmarks(&subject.landmarks);
    let turn = [0.15, 0.075, 0.045].map(|reach| Sway::new(rng, reach));
    let [yaw, pitch, roll] = turn;
    let wide = subject.face.width;
    let [right, down] = [0.03, 0.03].map(|reach| Sway::new(rng, reach * wide));
    let (nearer, brighter) = (Sway::new(rng, 0.03), Sway::new(rng, 0.02));
    let (starts, broad) = (rng.random_range(0.15..0.35), rng.random_range(0.8..1.0));
    collect(times().map(|(_, time)| {
        let pose = Pose {
            yaw: yaw.at(time),
            pitch: pitch.at(time),
            roll: roll.at(time),
            smile: broad * smooth_step(starts, 0.9, time),
        };
        let mesh = head.posed(subject.portrait.dimensions(), &pose);
        let middle = (subject.size().0 / 2.0, subject.size().1 / 2.0);
        let closer = 1.0 + nearer.at(time);
        let picture = framing.picture(rng, &subject, 1.0 + brighter.at(time), |dx, dy| {
            let at = mesh.origin(
                dx / closer - right.at(time) + middle.0,
                dy / closer - down.at(time) + middle.1,
            );
            (at.x - middle.0, at.y - middle.1)
        });
        encode(&picture, framing.quality)
    }))
}

/// The photograph itself, put in place of the camera's picture.
fn still(rng: &mut ChaCha8Rng, subject: &Subject, size: (u32, u32)) -> Rgb32FImage {
    let subject = working(subject, size);
    let framing = Framing::new(rng, &subject, size);
    framing.picture(rng, &subject, 1.0, |dx, dy| (dx, dy))
}

/// One file, nine times.
pub(super) fn still_repeated(rng: &mut ChaCha8Rng, subject: &Subject, size: (u32, u32)) -> Capture {
    let file = encode(&still(rng, subject, size), 92);
    collect(std::iter::repeat_n(file, usize::from(FRAMES) + 1))
}

/// One picture, saved nine times at other qualities and sizes.
pub(super) fn still_reencoded(
    rng: &mut ChaCha8Rng,
    subject: &Subject,
    size: (u32, u32),
) -> Capture {
    let picture = still(rng, subject, size);
    collect(times().map(|(_, _)| {
        let part: f32 = rng.random_range(0.85..1.0);
        let sized = |pixels: u32| (pixels as f32 * part).round() as u32;
        let other = imageops::resize(
            &picture,
            sized(size.0),
            sized(size.1),
            imageops::FilterType::Triangle,
        );
        encode(&other, rng.random_range(70..=95))
    }))
}

/// Something flat held before a camera and moved about.
pub(super) fn flat_recaptured(rng: &mut ChaCha8Rng, mut held: Recapture) -> Capture {
    let start = held.placement;
    let movement = Movement::new(rng, start.at[2]);
    collect(times().map(|(n, time)| {
        held.placement = movement.placed(&start, time);
        held.take(rng, n)
    }))
}

/// The photograph put in place of the camera's picture and moved about as a flat thing, with new noise each time.
pub(super) fn flat_injected(rng: &mut ChaCha8Rng, subject: &Subject, size: (u32, u32)) -> Capture {
    let subject = working(subject, size);
    let framing = Framing::new(rng, &subject, size);
    // As if it were a photograph 30 cm wide, 60 cm away.
    let unit = subject.size().0 / 30.0;
    let start = Placement {
        yaw: 0.0,
        pitch: 0.0,
        roll: 0.0,
        at: [0.0, 0.0, 60.0],
        bend: 0.0,
    };
    let movement = Movement::new(rng, 60.0);
    let pinhole = Pinhole {
        focal: 60.0 * unit,
        centre: (0.0, 0.0),
    };
    collect(times().map(|(_, time)| {
        let seen = movement.placed(&start, time).seen_by(pinhole);
        let picture = framing.picture(rng, &subject, 1.0, |dx, dy| {
            seen.meet(dx, dy)
                .map_or((dx, dy), |met| (met.u * unit, met.v * unit))
        });
        encode(&picture, framing.quality)
    }))
}

/// How something flat is moved to look alive: turned, tilted, shifted, brought nearer.
struct Movement {
    turn: [Sway; 3],
    shift: [Sway; 3],
}

impl Movement {
    fn new(rng: &mut ChaCha8Rng, distance: f32) -> Self {
        Self {
            turn: [0.22, 0.16, 0.07].map(|reach| Sway::new(rng, reach)),
            shift: [0.04, 0.04, 0.06].map(|reach| Sway::new(rng, reach * distance)),
        }
    }

    fn placed(&self, start: &Placement, time: f32) -> Placement {
        let [yaw, pitch, roll] = self.turn.map(|sway| sway.at(time));
        let shift = self.shift.map(|sway| sway.at(time));
        Placement {
            yaw: start.yaw + yaw,
            pitch: start.pitch + pitch,
            roll: start.roll + roll,
            at: std::array::from_fn(|n| start.at[n] + shift[n]),
            bend: start.bend,
        }
    }
}
