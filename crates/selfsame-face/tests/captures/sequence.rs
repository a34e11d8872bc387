//! Captures made from one photograph.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgb, RgbImage};
use selfsame_face::evidence::Landmarks;

pub const SIDE: u32 = 480;
const FRAMES: usize = 8;

/// Where the face is in a frame: the middle between the eyes, and the distance between them in pixels.
#[derive(Clone, Copy)]
pub struct Face {
    pub x: f32,
    pub y: f32,
    pub unit: f32,
}

/// A selfie and its frames, as files.
pub struct Capture {
    pub selfie: Vec<u8>,
    pub frames: Vec<Vec<u8>>,
}

/// What is held before the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One file.
    Still,
    /// One picture saved again and again at several qualities.
    Saved,
    /// At several sizes.
    Resized,
    /// In changing light.
    Relit,
    /// Shifted, turned and scaled.
    Moved,
    /// Tilted in space.
    Tilted,
    /// Tilted and curled.
    Curled,
    /// A head that turns and nods a few degrees and begins to smile.
    Live,
    /// One that turns without a smile.
    LiveTurning,
    /// One that smiles and hardly turns.
    LiveSmiling,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::Still,
        Self::Saved,
        Self::Resized,
        Self::Relit,
        Self::Moved,
        Self::Tilted,
        Self::Curled,
        Self::Live,
        Self::LiveTurning,
        Self::LiveSmiling,
    ];

    pub fn is_live(self) -> bool {
        matches!(self, Self::Live | Self::LiveTurning | Self::LiveSmiling)
    }

    pub fn is_still(self) -> bool {
        matches!(
            self,
            Self::Still | Self::Saved | Self::Resized | Self::Relit
        )
    }

    pub fn smiles(self) -> bool {
        matches!(self, Self::Live | Self::LiveSmiling)
    }
}

/// Numbers that look random and are the same each time.
pub struct Random(pub u64);

impl Random {
    /// From −1 to 1.
    pub fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 40) as f32 / (1u64 << 24) as f32) * 2.0 - 1.0
    }
}

/// Cuts a frame out around a face, which then is a fifth of it wide between the eyes.
pub fn framed(picture: &RgbImage, landmarks: &Landmarks) -> (RgbImage, Face) {
    let unit = landmarks.inter_eye_distance();
    let (x, y) = (
        f32::midpoint(landmarks.left_eye.x, landmarks.right_eye.x),
        f32::midpoint(landmarks.left_eye.y, landmarks.right_eye.y),
    );
    let side = (5.0 * unit).min(picture.width().min(picture.height()) as f32);
    let start = |middle: f32, length: u32| (middle - side / 2.0).clamp(0.0, length as f32 - side);
    let (left, top) = (
        start(x, picture.width()),
        start(y + 0.5 * unit, picture.height()),
    );
    let cut = imageops::crop_imm(picture, left as u32, top as u32, side as u32, side as u32);
    let scale = SIDE as f32 / side;
    let face = Face {
        x: (x - left) * scale,
        y: (y - top) * scale,
        unit: unit * scale,
    };
    (
        imageops::resize(&cut.to_image(), SIDE, SIDE, FilterType::Lanczos3),
        face,
    )
}

/// The capture of a kind.
pub fn capture(frame: &RgbImage, face: &Face, kind: Kind) -> Capture {
    let mut random = Random(kind as u64 + 7);
    let still = jpeg(frame, 90);
    if kind == Kind::Still {
        return Capture {
            selfie: still.clone(),
            frames: vec![still; FRAMES],
        };
    }
    let files = (0..=FRAMES).map(|n| {
        let time = n as f32 / FRAMES as f32;
        match kind {
            Kind::Still | Kind::Saved => jpeg(frame, 55 + 5 * n as u8),
            Kind::Resized => {
                let side = 300 + 20 * n as u32;
                jpeg(
                    &imageops::resize(frame, side, side, FilterType::Triangle),
                    85,
                )
            }
            Kind::Relit => {
                let (gain, offset) = (1.0 + 0.15 * random.next(), 15.0 * random.next());
                let lit = |v: u8| (f32::from(v) * gain + offset).clamp(0.0, 255.0) as u8;
                let lit =
                    RgbImage::from_fn(SIDE, SIDE, |x, y| Rgb(frame.get_pixel(x, y).0.map(lit)));
                jpeg(&lit, 85)
            }
            _ => {
                let warp = Warp::of(kind, time, &mut random, face);
                let warped = RgbImage::from_fn(SIDE, SIDE, |x, y| {
                    let (x, y) = warp.source(x as f32, y as f32);
                    let noise = 5.0 * random.next();
                    Rgb(sample(frame, x, y).map(|v| (v + noise).clamp(0.0, 255.0) as u8))
                });
                jpeg(&warped, 85)
            }
        }
    });
    let mut files: Vec<Vec<u8>> = files.collect();
    Capture {
        selfie: files.remove(0),
        frames: files,
    }
}

/// Where a frame's pixels come from in the photograph.
struct Warp {
    face: Face,
    shift: (f32, f32),
    turn: f32,
    scale: f32,
    /// How much further away the picture is for each picture width to the right, and down.
    tilt: (f32, f32),
    curl: f32,
    yaw: f32,
    pitch: f32,
    smile: f32,
}

impl Warp {
    fn of(kind: Kind, time: f32, random: &mut Random, face: &Face) -> Self {
        let live = kind.is_live();
        let (hand, tilt, curl) = match kind {
            Kind::Moved => (1.0, 0.0, 0.0),
            Kind::Tilted => (0.7, 0.25, 0.0),
            Kind::Curled => (0.7, 0.15, 0.05),
            _ => (0.2, 0.0, 0.0),
        };
        let (yaw, pitch) = match kind {
            Kind::Live => (4.0, 2.0),
            Kind::LiveTurning => (6.0, -2.0),
            Kind::LiveSmiling => (0.5, 0.5),
            _ => (0.0, 0.0),
        };
        let sway = if live { 0.3 * random.next() } else { 0.0 };
        Self {
            face: *face,
            shift: (20.0 * hand * random.next(), 20.0 * hand * random.next()),
            turn: (8.0 * hand * random.next()).to_radians(),
            scale: 1.0 + 0.1 * hand * random.next(),
            tilt: (tilt * random.next(), tilt * random.next()),
            curl: curl * random.next(),
            yaw: (yaw * time + sway).to_radians(),
            pitch: (pitch * time + sway).to_radians(),
            smile: if kind.smiles() { 0.08 * time } else { 0.0 },
        }
    }

    fn source(&self, x: f32, y: f32) -> (f32, f32) {
        let middle = SIDE as f32 / 2.0;
        let (x, y) = (x - middle - self.shift.0, y - middle - self.shift.1);
        let (sin, cos) = self.turn.sin_cos();
        let (x, y) = (
            (x * cos + y * sin) / self.scale,
            (y * cos - x * sin) / self.scale,
        );
        // A plane tilted away, seen through a lens.
        let away = 1.0 + (self.tilt.0 * x + self.tilt.1 * y) / SIDE as f32;
        let (x, y) = (x / away, y / away);
        let x = x + self.curl * x * x / middle;
        let (x, y) = (x + middle, y + middle);
        // To the face's own lengths.
        let (fx, fy) = (
            (x - self.face.x) / self.face.unit,
            (y - self.face.y) / self.face.unit,
        );
        let depth = depth(fx, fy);
        let (mut dx, mut dy) = (self.yaw.sin() * depth, self.pitch.sin() * depth);
        for side in [-1.0, 1.0] {
            let away = ((fx - 0.47 * side).powi(2) + (fy - 1.0).powi(2)) / 0.09;
            let pull = self.smile * (-away).exp();
            dx += pull * side;
            dy -= 0.7 * pull;
        }
        (x - dx * self.face.unit, y - dy * self.face.unit)
    }
}

/// How far a head's surface is before its silhouette, in distances between the eyes: an ellipsoid with a pointed nose.
fn depth(x: f32, y: f32) -> f32 {
    let inside = 1.0 - (x / 1.25).powi(2) - ((y - 0.4) / 1.7).powi(2);
    let head = 1.1 * inside.max(0.0).sqrt();
    let along = if y < 0.65 {
        (y + 0.05) / 0.7
    } else {
        (0.85 - y) / 0.2
    };
    let nose = 0.42 * along.clamp(0.0, 1.0) * (1.0 - x.abs() / 0.32).max(0.0);
    head + nose
}

pub fn sample(picture: &RgbImage, x: f32, y: f32) -> [f32; 3] {
    let last = (SIDE - 1) as f32;
    let (x, y) = (x.clamp(0.0, last), y.clamp(0.0, last));
    let (left, top) = (x as u32, y as u32);
    let (right, below) = ((left + 1).min(SIDE - 1), (top + 1).min(SIDE - 1));
    let (fx, fy) = (x.fract(), y.fract());
    std::array::from_fn(|c| {
        let v = |x, y| f32::from(picture.get_pixel(x, y).0[c]);
        let upper = v(left, top) + fx * (v(right, top) - v(left, top));
        let lower = v(left, below) + fx * (v(right, below) - v(left, below));
        upper + fy * (lower - upper)
    })
}

pub fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut file, quality);
    DynamicImage::ImageRgb8(picture.clone())
        .write_with_encoder(encoder)
        .unwrap();
    file
}
