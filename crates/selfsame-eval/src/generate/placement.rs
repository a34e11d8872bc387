//! Where a flat thing, held before a camera, is seen: a pinhole camera and a sheet that may be bent to a cylinder.

/// A sheet before the camera. Lengths in centimetres, angles in radians.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placement {
    /// Turn about the upright axis.
    pub(super) yaw: f32,
    /// Turn about the level axis.
    pub(super) pitch: f32,
    /// Turn in the picture.
    pub(super) roll: f32,
    /// Where the sheet's origin is: right, down, and away from the camera.
    pub(super) at: [f32; 3],
    /// How strongly it is bent about its upright axis: 1 / radius; 0 is flat, above 0 its sides bend away.
    pub(super) bend: f32,
}

/// A pinhole camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pinhole {
    /// Focal length in pixels.
    pub(super) focal: f32,
    /// The middle of the picture.
    pub(super) centre: (f32, f32),
}

/// What a camera's ray meets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Meeting {
    /// Centimetres along the sheet to the right of its origin.
    pub(super) u: f32,
    /// Centimetres down the sheet from its origin.
    pub(super) v: f32,
    /// Cosine between the sheet's normal there and the ray, 0 to 1.
    pub(super) facing: f32,
}

type Vector = [f32; 3];

fn dot(a: Vector, b: Vector) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// A placement with its axes worked out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    camera: Pinhole,
    /// The sheet's right, down and away directions.
    axes: [Vector; 3],
    /// The camera, from the sheet's origin, along the axes.
    eye: Vector,
    bend: f32,
}

impl Placement {
    /// Works out what the camera sees of it.
    pub(super) fn seen_by(&self, camera: Pinhole) -> Seen {
        let axes = axes(self.yaw, self.pitch, self.roll);
        Seen {
            camera,
            axes,
            eye: axes.map(|axis| -dot(axis, self.at)),
            bend: self.bend,
        }
    }
}

/// The rotated right, down and away directions: yaw first, then pitch, then roll.
fn axes(yaw: f32, pitch: f32, roll: f32) -> [Vector; 3] {
    let turn = |[x, y, z]: Vector| {
        let (s, c) = yaw.sin_cos();
        let (x, z) = (c * x + s * z, c * z - s * x);
        let (s, c) = pitch.sin_cos();
        let (y, z) = (c * y - s * z, s * y + c * z);
        let (s, c) = roll.sin_cos();
        [c * x - s * y, s * x + c * y, z]
    };
    [
        turn([1.0, 0.0, 0.0]),
        turn([0.0, 1.0, 0.0]),
        turn([0.0, 0.0, 1.0]),
    ]
}

impl Seen {
    /// What the ray through a point of the picture meets; `None` where it passes the sheet's plane by.
    pub(super) fn meet(&self, x: f32, y: f32) -> Option<Meeting> {
        let ray = [
            (x - self.camera.centre.0) / self.camera.focal,
            (y - self.camera.centre.1) / self.camera.focal,
            1.0,
        ];
        let along = self.axes.map(|axis| dot(axis, ray));
        if along[2] < 1e-3 {
            return None;
        }
        // The bent sheet's depth at u is not known before u is: start flat and correct.
        let mut depth = 0.0;
        let mut slope = 0.0;
        let (mut right, mut v) = (0.0, 0.0);
        for _ in 0..if self.bend == 0.0 { 1 } else { 6 } {
            let far = (depth - self.eye[2]) / along[2];
            right = self.eye[0] + far * along[0];
            v = self.eye[1] + far * along[1];
            // Half a turn is where a sheet would hide itself.
            slope = (right * self.bend).clamp(-0.95, 0.95);
            if self.bend != 0.0 {
                depth = (1.0 - (1.0 - slope * slope).sqrt()) / self.bend;
            }
        }
        let u = if self.bend == 0.0 {
            right
        } else {
            slope.asin() / self.bend
        };
        let length = dot(along, along).sqrt();
        // The normal leans by the angle whose sine is the slope.
        let normal = [-slope, 0.0, (1.0 - slope * slope).sqrt()];
        Some(Meeting {
            u,
            v,
            facing: (dot(normal, along) / length).clamp(0.0, 1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMERA: Pinhole = Pinhole {
        focal: 500.0,
        centre: (240.0, 320.0),
    };

    fn straight(bend: f32) -> Placement {
        Placement {
            yaw: 0.0,
            pitch: 0.0,
            roll: 0.0,
            at: [0.0, 0.0, 50.0],
            bend,
        }
    }

    fn meet(placement: Placement, x: f32, y: f32) -> Meeting {
        placement.seen_by(CAMERA).meet(x, y).unwrap()
    }

    #[test]
    fn a_sheet_held_straight_is_only_scaled() {
        // 500 pixels of focal length at 50 cm: ten pixels for a centimetre.
        let met = meet(straight(0.0), 340.0, 270.0);
        assert!(
            (met.u - 10.0).abs() < 1e-4 && (met.v + 5.0).abs() < 1e-4,
            "{met:?}"
        );
        assert!((meet(straight(0.0), 240.0, 320.0).facing - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_far_side_of_a_turned_sheet_is_smaller() {
        let turned = Placement {
            yaw: 0.5,
            ..straight(0.0)
        };
        let (left, right) = (meet(turned, 140.0, 320.0).u, meet(turned, 340.0, 320.0).u);
        assert!((left.abs() - right.abs()).abs() > 0.5, "{left} {right}");
        let rolled = Placement {
            roll: std::f32::consts::FRAC_PI_2,
            ..straight(0.0)
        };
        assert!((meet(rolled, 340.0, 320.0).v.abs() - 10.0).abs() < 1e-3);
    }

    #[test]
    fn a_bent_sheet_shows_more_of_itself_and_turns_away_at_the_sides() {
        let (flat, bent) = (
            meet(straight(0.0), 340.0, 320.0),
            meet(straight(0.05), 340.0, 320.0),
        );
        assert!(bent.u > flat.u + 0.3, "{flat:?} {bent:?}");
        assert!(bent.facing < flat.facing - 0.05, "{flat:?} {bent:?}");
        let (left, middle) = (
            meet(straight(0.05), 140.0, 320.0),
            meet(straight(0.05), 240.0, 320.0),
        );
        assert!((left.u + bent.u).abs() < 1e-3 && middle.u.abs() < 1e-4);
    }
}
