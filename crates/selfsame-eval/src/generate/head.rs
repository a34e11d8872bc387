//! A head's shape, as far as one photograph of it and the proportions of an average face tell: enough to turn it a little,
//! so that near parts move against far ones, and to let it smile.
//!
//! Lengths are in inter-eye distances (about 63 mm) of a face seen from the front. The proportions are rounded averages of
//! adult faces: the nose's tip stands 0.6 before the eyes, the mouth's corners 0.1, the ears 1.3 behind.

use selfsame_face::evidence::{Landmarks, Point};

use super::light::smooth_step;

/// How the head is held against how it was photographed, and how much it smiles.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Pose {
    /// Turn about the upright axis, radians.
    pub(super) yaw: f32,
    /// Nod, radians.
    pub(super) pitch: f32,
    /// Tilt in the picture, radians.
    pub(super) roll: f32,
    /// 0 as photographed, 1 a broad smile.
    pub(super) smile: f32,
}

/// The middle of turning, behind and below the eyes.
const PIVOT: [f32; 3] = [0.0, 0.9, -1.3];

/// The camera's distance: about 45 cm.
const CAMERA: f32 = 7.0;

/// The warp is worked out at every so many pixels, and is straight between.
const MESH: u32 = 4;

/// A head in a picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    origin: Point,
    /// The head's right (in the picture) and down, in pixels for one inter-eye distance.
    right: (f32, f32),
    down: (f32, f32),
    nose: (f32, f32),
    mouth: [(f32, f32); 2],
}

impl Head {
    /// From the landmarks of a face.
    pub(super) fn from_landmarks(l: &Landmarks) -> Self {
        let middle = |a: Point, b: Point| Point {
            x: (a.x + b.x) / 2.0,
            y: (a.y + b.y) / 2.0,
        };
        let (eyes, mouth) = (
            middle(l.left_eye, l.right_eye),
            middle(l.mouth_left, l.mouth_right),
        );
        let across = (l.right_eye.x - l.left_eye.x, l.right_eye.y - l.left_eye.y);
        let between = across.0.hypot(across.1).max(1.0);
        // A face that is turned shows its eyes closer together, one that nods its mouth closer to its eyes: the larger counts.
        let unit = between.max((mouth.x - eyes.x).hypot(mouth.y - eyes.y) / 1.1);
        let right = (across.0 / between * unit, across.1 / between * unit);
        let mut head = Self {
            origin: eyes,
            right,
            down: (-right.1, right.0),
            nose: (0.0, 0.6),
            mouth: [(-0.4, 1.1), (0.4, 1.1)],
        };
        head.nose = head.place(l.nose);
        head.mouth = [head.place(l.mouth_left), head.place(l.mouth_right)];
        head
    }

    /// A point of the picture in the head's lengths.
    fn place(&self, p: Point) -> (f32, f32) {
        let (dx, dy) = (p.x - self.origin.x, p.y - self.origin.y);
        let square = self.right.0.powi(2) + self.right.1.powi(2);
        (
            (dx * self.right.0 + dy * self.right.1) / square,
            (dx * self.down.0 + dy * self.down.1) / square,
        )
    }

    /// How far before the eyes a point is; the surroundings are as far as the middle of turning.
    fn depth(&self, x: f32, y: f32) -> f32 {
        // The skull: half an ellipsoid behind the face's front.
        let reach = (x / 1.3).powi(2) + ((y - 0.45) / 1.85).powi(2);
        let skull = 1.45 * (1.0 - reach).max(0.0).sqrt() - 1.38;
        // The nose rises from between the eyes to its tip and falls off quickly below.
        let (nx, ny) = self.nose;
        let along = (y / ny.max(0.3)).clamp(0.0, 2.0);
        let ridge = if along < 1.0 {
            along.powf(1.3)
        } else {
            bell((along - 1.0) / 0.16)
        };
        let bridge = nx * along.min(1.0);
        let nose = 0.42 * ridge * bell((x - bridge) / (0.13 + 0.1 * along.min(1.0)));
        let eyes = -0.05 * (bell2(x + 0.5, y, 0.22) + bell2(x - 0.5, y, 0.22));
        let lips = {
            let (mx, my) = self.mouth_middle();
            0.12 * bell((x - mx) / 0.3) * bell((y - my) / 0.2)
        };
        let chin = 0.1 * bell2(x, y - 1.75, 0.3);
        (skull + nose + eyes + lips + chin).max(PIVOT[2])
    }

    fn mouth_middle(&self) -> (f32, f32) {
        let [a, b] = self.mouth;
        ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)
    }

    /// 1 on the head, falling to 0 in its surroundings, so that nothing tears.
    fn hold(x: f32, y: f32) -> f32 {
        let reach = ((x / 1.3).powi(2) + ((y - 0.5) / 1.95).powi(2)).sqrt();
        1.0 - smooth_step(1.0, 1.9, reach)
    }

    /// Where a smile takes a point.
    fn smiling(&self, x: f32, y: f32, smile: f32) -> (f32, f32) {
        let (mut dx, mut dy) = (0.0, 0.0);
        for (side, (mx, my)) in [-1.0, 1.0].into_iter().zip(self.mouth) {
            // The corner goes out and up, and takes the skin around it along.
            let corner = bell2(x - mx, y - my, 0.26);
            dx += side * 0.15 * corner;
            dy -= 0.13 * corner;
            // The cheek is pushed up and out.
            let cheek = bell2(x - (mx + side * 0.18), y - (my - 0.42), 0.26);
            dx += side * 0.035 * cheek;
            dy -= 0.06 * cheek;
        }
        // The lips' middle is pulled thin: the lower one sinks a little.
        let (mx, my) = self.mouth_middle();
        dy += 0.03 * bell((x - mx) / 0.25) * bell((y - my - 0.12) / 0.12);
        (x + smile * dx, y + smile * dy)
    }

    /// Where a point of the picture goes in a pose.
    pub(super) fn moved(&self, p: Point, pose: &Pose) -> Point {
        let (x, y) = self.place(p);
        let hold = Self::hold(x, y);
        if hold <= 0.0 {
            return p;
        }
        let z = self.depth(x, y);
        let (sx, sy) = self.smiling(x, y, pose.smile);
        // From the picture into space, turned about the pivot, and back.
        let out = (CAMERA - z) / CAMERA;
        let v = turn(
            [sx * out - PIVOT[0], sy * out - PIVOT[1], z - PIVOT[2]],
            pose,
        );
        let back = CAMERA / (CAMERA - (v[2] + PIVOT[2]));
        let (tx, ty) = ((v[0] + PIVOT[0]) * back, (v[1] + PIVOT[1]) * back);
        let (dx, dy) = ((tx - x) * hold, (ty - y) * hold);
        Point {
            x: p.x + dx * self.right.0 + dy * self.down.0,
            y: p.y + dx * self.right.1 + dy * self.down.1,
        }
    }

    /// The way back from a picture that size with the head in another pose.
    pub(super) fn posed(&self, size: (u32, u32), pose: &Pose) -> Mesh {
        Mesh::new(size.0, size.1, |p| self.moved(p, pose))
    }
}

/// Yaw about the upright axis, then pitch, then roll; z is towards the camera.
fn turn([x, y, z]: [f32; 3], pose: &Pose) -> [f32; 3] {
    let (s, c) = pose.yaw.sin_cos();
    let (x, z) = (c * x + s * z, c * z - s * x);
    let (s, c) = pose.pitch.sin_cos();
    let (y, z) = (c * y + s * z, c * z - s * y);
    let (s, c) = pose.roll.sin_cos();
    [c * x - s * y, s * x + c * y, z]
}

fn bell(t: f32) -> f32 {
    (-t * t / 2.0).exp()
}

fn bell2(x: f32, y: f32, width: f32) -> f32 {
    (-(x * x + y * y) / (2.0 * width * width)).exp()
}

/// The way back from where points were moved, at the nodes of a square mesh and straight between them.
pub(super) struct Mesh {
    columns: u32,
    shifts: Vec<(f32, f32)>,
}

impl Mesh {
    fn new(width: u32, height: u32, moved: impl Fn(Point) -> Point) -> Self {
        let (columns, rows) = (width / MESH + 2, height / MESH + 2);
        let nodes = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        let shifts = nodes.map(|(column, row)| {
            let to = Point {
                x: (column * MESH) as f32,
                y: (row * MESH) as f32,
            };
            // The movement changes by less than one pixel a pixel, so that going back by what the last guess is moved by
            // comes ever closer.
            let mut from = to;
            for _ in 0..10 {
                let there = moved(from);
                from = Point {
                    x: from.x + to.x - there.x,
                    y: from.y + to.y - there.y,
                };
            }
            (from.x - to.x, from.y - to.y)
        });
        Self {
            columns,
            shifts: shifts.collect(),
        }
    }

    /// The point that is moved to `(x, y)`.
    pub(super) fn origin(&self, x: f32, y: f32) -> Point {
        let rows = self.shifts.len() as u32 / self.columns;
        let within = |at: f32, count: u32| (at / MESH as f32).clamp(0.0, count as f32 - 1.001);
        let (column, row) = (within(x, self.columns), within(y, rows));
        let (fx, fy) = (column.fract(), row.fract());
        let first = row as usize * self.columns as usize + column as usize;
        let upper = mixed(self.shifts[first], self.shifts[first + 1], fx);
        let below = first + self.columns as usize;
        let lower = mixed(self.shifts[below], self.shifts[below + 1], fx);
        let (dx, dy) = mixed(upper, lower, fy);
        Point {
            x: x + dx,
            y: y + dy,
        }
    }
}

fn mixed(a: (f32, f32), b: (f32, f32), part: f32) -> (f32, f32) {
    (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landmarks() -> Landmarks {
        let point = |x, y| Point { x, y };
        Landmarks {
            left_eye: point(140.0, 150.0),
            right_eye: point(240.0, 150.0),
            nose: point(190.0, 210.0),
            mouth_left: point(150.0, 260.0),
            mouth_right: point(230.0, 260.0),
        }
    }

    #[test]
    fn a_head_that_keeps_still_is_not_moved() {
        let head = Head::from_landmarks(&landmarks());
        for p in landmarks().points() {
            let to = head.moved(p, &Pose::default());
            assert!(
                (to.x - p.x).abs() < 1e-3 && (to.y - p.y).abs() < 1e-3,
                "{p:?} {to:?}"
            );
        }
    }

    #[test]
    fn the_nose_moves_against_the_eyes_when_the_head_turns() {
        let (head, l) = (Head::from_landmarks(&landmarks()), landmarks());
        let turned = Pose {
            yaw: 0.15,
            ..Pose::default()
        };
        let shift = |p: Point| head.moved(p, &turned).x - p.x;
        let eyes = (shift(l.left_eye) + shift(l.right_eye)) / 2.0;
        let parallax = shift(l.nose) - eyes;
        // 0.6 of an inter-eye distance times the sine of the angle is 9 pixels; the nose is nearer the camera, too.
        assert!((6.0..13.0).contains(&parallax), "{parallax}");
        let back = Pose {
            yaw: -0.15,
            ..turned
        };
        assert!(head.moved(l.nose, &back).x - l.nose.x < -5.0);
        let nodding = Pose {
            pitch: 0.15,
            ..Pose::default()
        };
        let down = |p: Point| head.moved(p, &nodding).y - p.y;
        assert!((down(l.nose) - down(l.left_eye)).abs() > 3.0);
    }

    #[test]
    fn a_smile_widens_the_mouth_and_lifts_its_corners_only() {
        let (head, l) = (Head::from_landmarks(&landmarks()), landmarks());
        let smiling = Pose {
            smile: 1.0,
            ..Pose::default()
        };
        let to = |p: Point| head.moved(p, &smiling);
        assert!(to(l.mouth_left).x < l.mouth_left.x - 8.0);
        assert!(to(l.mouth_right).x > l.mouth_right.x + 8.0);
        assert!(to(l.mouth_left).y < l.mouth_left.y - 6.0);
        assert!((to(l.left_eye).y - l.left_eye.y).abs() < 1.5);
        assert!((to(l.nose).x - l.nose.x).abs() < 1.5);
    }

    #[test]
    fn the_surroundings_stay_and_the_way_back_is_found() {
        let head = Head::from_landmarks(&landmarks());
        let pose = Pose {
            yaw: 0.2,
            pitch: -0.1,
            roll: 0.05,
            smile: 1.0,
        };
        let corner = Point { x: -70.0, y: -60.0 };
        assert_eq!(head.moved(corner, &pose), corner);
        let mesh = Mesh::new(380, 480, |p| head.moved(p, &pose));
        for p in landmarks().points() {
            let to = head.moved(p, &pose);
            let back = mesh.origin(to.x, to.y);
            assert!(
                (back.x - p.x).abs() < 0.6 && (back.y - p.y).abs() < 0.6,
                "{p:?} {back:?}"
            );
        }
    }
}
