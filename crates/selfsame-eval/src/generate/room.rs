//! The room around what is held up: a blurred background, and light that falls unevenly.

use chacha20::ChaCha8Rng;
use rand::RngExt as _;

use super::light::{Colour, smooth_step};
use super::texture::clouds;

/// A wall with a few things before it, out of focus. Coordinates are parts of the picture's width.
#[derive(Debug, Clone)]
pub(super) struct Room {
    wall: Colour,
    things: Vec<Thing>,
    seed: u64,
}

#[derive(Debug, Clone)]
struct Thing {
    middle: (f32, f32),
    half: (f32, f32),
    colour: Colour,
    softness: f32,
}

/// Light that is stronger on one side.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnevenLight {
    along: (f32, f32),
    level: f32,
}

impl Room {
    /// A room by chance.
    pub(super) fn new(rng: &mut ChaCha8Rng) -> Self {
        let mut muted = |low: f32, high: f32| {
            let grey = rng.random_range(low..high);
            std::array::from_fn(|_| (grey * rng.random_range(0.8..1.2)).min(0.9))
        };
        let wall = muted(0.12, 0.5);
        let colours: [Colour; 5] = std::array::from_fn(|_| muted(0.02, 0.6));
        let things = colours.map(|colour| Thing {
            middle: (rng.random_range(-0.1..1.1), rng.random_range(0.0..1.5)),
            half: (rng.random_range(0.08..0.35), rng.random_range(0.1..0.6)),
            colour,
            softness: rng.random_range(0.02..0.08),
        });
        Self {
            wall,
            things: things.into(),
            seed: rng.random(),
        }
    }

    /// The light that comes from a point.
    pub(super) fn at(&self, x: f32, y: f32) -> Colour {
        let shade = 0.85 + 0.3 * clouds(x * 2.0, y * 2.0, self.seed);
        let mut colour = self.wall.map(|v| v * shade);
        for thing in &self.things {
            let edge = |at: f32, middle: f32, half: f32| {
                smooth_step(
                    half + thing.softness,
                    half - thing.softness,
                    (at - middle).abs(),
                )
            };
            let cover =
                edge(x, thing.middle.0, thing.half.0) * edge(y, thing.middle.1, thing.half.1);
            for (value, over) in colour.iter_mut().zip(thing.colour) {
                *value += cover * (over - *value);
            }
        }
        colour
    }
}

impl UnevenLight {
    /// Light by chance: up to `strength` more on one side and less on the other, 0 to 1, around a level.
    pub(super) fn new(rng: &mut ChaCha8Rng, strength: f32) -> Self {
        let angle = rng.random_range(0.0..std::f32::consts::TAU);
        let strength = rng.random_range(0.3 * strength..strength);
        Self {
            along: (angle.cos() * strength, angle.sin() * strength),
            level: rng.random_range(0.85..1.1),
        }
    }

    /// How strong it is at a point, from -1 to 1 across what is lit.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        (self.level * (1.0 + self.along.0 * x + self.along.1 * y)).max(0.05)
    }
}
