//! Heads that turn far, made from one photograph: it lies on a head's surface, or on a plane or a bent sheet, which is turned and
//! looked at anew. What is hidden by the nose or behind the cheek is hidden.

use image::{Rgb, RgbImage};

use super::sequence::{Face, Random, SIDE, jpeg, sample};

/// What the photograph lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A head with a nose.
    Head,
    /// A plane.
    Plane,
    /// A sheet bent about the upright axis, with a radius of an inter-eye distance and a half.
    Bent,
}

/// How it is held, in degrees: to the picture's right, and up.
pub type Pose = (f32, f32);

/// The way is looked up at every so many pixels.
const EVERY: u32 = 4;
/// The camera's distance, in inter-eye distances: about 45 cm.
const CAMERA: f32 = 7.0;
/// The middle of turning, down from between the eyes.
const MIDDLE: f32 = 0.4;
const RADIUS: f32 = 1.5;

impl Shape {
    /// How far before the middle of turning the surface is; `None` beside it.
    fn depth(self, x: f32, y: f32) -> Option<f32> {
        match self {
            Self::Plane => Some(0.0),
            Self::Bent => {
                let inside = 1.0 - (x / RADIUS).powi(2);
                (inside > 0.0).then(|| RADIUS * (inside.sqrt() - 1.0))
            }
            Self::Head => {
                let inside = 1.0 - (x / 1.25).powi(2) - (y / 1.75).powi(2);
                (inside > 0.0).then(|| 1.15 * inside.sqrt() + nose(x, y + MIDDLE))
            }
        }
    }

    /// Where in the photograph a point of the surface is.
    fn printed(self, x: f32, y: f32) -> (f32, f32) {
        match self {
            // A sheet is as long as before when it is bent.
            Self::Bent => (RADIUS * (x / RADIUS).asin(), y),
            Self::Head | Self::Plane => (x, y),
        }
    }
}

/// How far the nose stands out of the ellipsoid.
fn nose(x: f32, y: f32) -> f32 {
    let along = if y < 0.6 {
        (y + 0.05) / 0.65
    } else {
        (0.8 - y) / 0.2
    };
    let wide = 0.16 + 0.14 * y.clamp(0.0, 0.6) / 0.6;
    0.36 * along.clamp(0.0, 1.0) * (-(x / wide).powi(2)).exp()
}

/// The photograph on its shape in a pose, as a file. The camera's noise is new in each.
pub fn picture(
    photograph: &RgbImage,
    face: &Face,
    shape: Shape,
    pose: Pose,
    number: u64,
) -> Vec<u8> {
    let mut random = Random(number * 7919 + 17);
    let shift = (3.0 * random.next(), 3.0 * random.next());
    let ways = ways(face, shape, pose);
    let columns = SIDE / EVERY + 1;
    let warped = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let (x, y) = (x as f32 - shift.0, y as f32 - shift.1);
        let at = |v: f32| (v / EVERY as f32).clamp(0.0, (SIDE / EVERY) as f32 - 0.001);
        let (column, row) = (at(x), at(y));
        let way =
            |dx: u32, dy: u32| ways[((row as u32 + dy) * columns + column as u32 + dx) as usize];
        let mix = |a: (f32, f32), b: (f32, f32), part: f32| {
            (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part)
        };
        let upper = mix(way(0, 0), way(1, 0), column.fract());
        let lower = mix(way(0, 1), way(1, 1), column.fract());
        let (dx, dy) = mix(upper, lower, row.fract());
        let noise = 4.0 * random.next();
        Rgb(sample(photograph, x + dx, y + dy).map(|v| (v + noise).clamp(0.0, 255.0) as u8))
    });
    jpeg(&warped, 88)
}

/// From each node of the picture to where its content is in the photograph.
fn ways(face: &Face, shape: Shape, pose: Pose) -> Vec<(f32, f32)> {
    let side = SIDE / EVERY + 1;
    let nodes = (0..side * side).map(|n| ((n % side * EVERY) as f32, (n / side * EVERY) as f32));
    nodes
        .map(|(px, py)| {
            let (x, y) = (
                (px - face.x) / face.unit,
                (py - face.y) / face.unit - MIDDLE,
            );
            match met(shape, pose, x, y) {
                Some((u, v)) => ((u - x) * face.unit, (v - y) * face.unit),
                None => (0.0, 0.0),
            }
        })
        .collect()
}

/// The first point of the turned surface on the way from the camera, in the photograph.
fn met(shape: Shape, (right, up): Pose, x: f32, y: f32) -> Option<(f32, f32)> {
    const STEP: f32 = 0.02;
    // Back from the camera's axes into the shape's own: the chin down again, then the face to the front.
    let (sin_yaw, cos_yaw) = right.to_radians().sin_cos();
    let (sin_up, cos_up) = up.to_radians().sin_cos();
    let own = |near: f32| {
        let spread = (CAMERA - near) / CAMERA;
        let (x, y) = (x * spread, y * spread);
        let (x, z) = (x * cos_yaw - near * sin_yaw, x * sin_yaw + near * cos_yaw);
        let (y, z) = (y * cos_up + z * sin_up, z * cos_up - y * sin_up);
        (x, y, z)
    };
    let below = |near: f32| {
        let (x, y, z) = own(near);
        shape.depth(x, y).is_some_and(|depth| z <= depth)
    };
    let (mut near, far) = (2.0, -2.5);
    while near > far && !below(near) {
        near -= STEP;
    }
    if near <= far {
        return None;
    }
    let (mut outside, mut inside) = (near + STEP, near);
    for _ in 0..12 {
        let middle = f32::midpoint(outside, inside);
        if below(middle) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    let (u, v, z) = own(inside);
    // What a photograph from the front does not show.
    if shape == Shape::Head && z < 0.0 {
        return None;
    }
    let (u, v) = shape.printed(u, v);
    // The photograph saw it through a lens, too.
    let seen = match shape {
        Shape::Head => CAMERA / (CAMERA - z),
        Shape::Plane | Shape::Bent => 1.0,
    };
    Some((u * seen, v * seen))
}
