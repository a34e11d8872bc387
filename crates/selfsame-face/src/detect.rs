//! Finds faces: YuNet at a fixed size, with a second look when the first finds none.

use image::RgbImage;

#[cfg(feature = "engine")]
use crate::align::Similarity;
#[cfg(feature = "engine")]
use crate::cut;
use crate::evidence::{FaceBox, Landmarks, Point};
use crate::inference::{Inference, InferenceError};
use crate::shrink::{self, Canvas};

/// The side in pixels of the look that a picture gets first of which only a template is wanted: enough for a face that fills a fair
/// part of it. Chosen by measurement, as the next: docs/decisions/0137-smaller-looks.md.
pub(crate) const SMALL_LOOK: usize = 192;
/// The side of the close look at a subject's face, which finds its landmarks.
pub(crate) const CLOSE_LOOK: usize = 256;
/// The side of the look for a face that is small in the picture: docs/decisions/0002-detection-size.md.
pub(crate) const FIRST_LOOK: usize = 320;
/// The glance's: enough for a face that fills a fair part of a frame.
pub(crate) const GLANCE: usize = 128;
/// The second look's.
pub(crate) const SECOND_LOOK: usize = 640;

const STRIDES: [usize; 3] = [8, 16, 32];
/// Detections below this are noise.
const MIN_SCORE: f32 = 0.6;
/// Boxes that overlap more than this are one face.
const MAX_OVERLAP: f32 = 0.3;

/// A face in the picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Detection {
    pub(crate) face_box: FaceBox,
    pub(crate) landmarks: Landmarks,
    pub(crate) score: f32,
}

/// Detects at one size.
pub(crate) struct Detector {
    model: Box<dyn Inference>,
    side: usize,
}

impl Detector {
    pub(crate) fn new(model: Box<dyn Inference>, side: usize) -> Self {
        Self { model, side }
    }

    /// The side of the square that it looks at, in pixels.
    #[cfg(feature = "engine")]
    pub(crate) const fn side(&self) -> usize {
        self.side
    }

    /// Faces in a turned part of the picture, in that part's own pixels; `back` leads from them to the picture's.
    #[cfg(feature = "engine")]
    pub(crate) fn detect_turned(
        &self,
        image: &RgbImage,
        back: &Similarity,
    ) -> Result<Vec<Detection>, InferenceError> {
        let mut found = Vec::new();
        // Between one and two pixels to one, one sample is enough; past that, nine are quicker than four mixtures.
        let samples = if back.a.hypot(back.b) < 2.0 { 1 } else { 3 };
        self.model.run(
            &mut |input| {
                let [blue, green, red] = cut::thirds(input, self.side);
                cut::cut(image, back, self.side, samples, [red, green, blue]);
            },
            &mut |outputs| found = suppress(candidates(outputs, self.side)),
        )?;
        Ok(found)
    }

    /// Faces, largest first. `margin` is the part of the side left empty on each edge, for faces that fill the frame.
    pub(crate) fn detect(
        &self,
        image: &RgbImage,
        margin: f32,
    ) -> Result<Vec<Detection>, InferenceError> {
        let (width, height) = (image.width() as f32, image.height() as f32);
        let side = self.side as f32;
        let scale = side * (1.0 - 2.0 * margin) / width.max(height);
        let size = |length: f32| ((length * scale).round() as usize).clamp(1, self.side);
        let (small_width, small_height) = (size(width), size(height));
        let offset = (side * margin) as usize;
        let mut found = Vec::new();
        self.model.run(
            &mut |input| {
                input.fill(0.0);
                shrink::into_planes(
                    image,
                    (small_width, small_height),
                    &mut Canvas {
                        planes: input,
                        side: self.side,
                        offset,
                    },
                );
            },
            &mut |outputs| found = suppress(candidates(outputs, self.side)),
        )?;
        let (scale_x, scale_y) = (width / small_width as f32, height / small_height as f32);
        let back = |p: Point| Point {
            x: (p.x - offset as f32) * scale_x,
            y: (p.y - offset as f32) * scale_y,
        };
        for detection in &mut found {
            let b = detection.face_box;
            let corner = back(Point { x: b.x, y: b.y });
            detection.face_box = FaceBox {
                x: corner.x,
                y: corner.y,
                width: b.width * scale_x,
                height: b.height * scale_y,
            };
            detection.landmarks = detection.landmarks.map(back);
        }
        let area = |d: &Detection| d.face_box.width * d.face_box.height;
        found.sort_by(|a, b| area(b).total_cmp(&area(a)));
        Ok(found)
    }
}

/// Decodes the twelve outputs: class, object, box and landmark planes at strides 8, 16 and 32, as YuNet defines them.
fn candidates(outputs: &[&[f32]], side: usize) -> Vec<Detection> {
    let mut found = Vec::new();
    for (level, stride) in STRIDES.into_iter().enumerate() {
        let columns = side / stride;
        let (Some(class), Some(object), Some(boxes), Some(points)) = (
            outputs.get(level),
            outputs.get(3 + level),
            outputs.get(6 + level),
            outputs.get(9 + level),
        ) else {
            continue;
        };
        let cells = class
            .iter()
            .zip(*object)
            .zip(boxes.chunks_exact(4).zip(points.chunks_exact(10)));
        for (cell, ((class, object), (b, p))) in cells.enumerate() {
            let score = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
            if score < MIN_SCORE {
                continue;
            }
            let stride = stride as f32;
            let (column, row) = ((cell % columns) as f32, (cell / columns) as f32);
            let (width, height) = (b[2].exp() * stride, b[3].exp() * stride);
            let (x, y) = ((column + b[0]) * stride, (row + b[1]) * stride);
            let point = |n: usize| Point {
                x: (p[2 * n] + column) * stride,
                y: (p[2 * n + 1] + row) * stride,
            };
            found.push(Detection {
                face_box: FaceBox {
                    x: x - width / 2.0,
                    y: y - height / 2.0,
                    width,
                    height,
                },
                landmarks: Landmarks {
                    left_eye: point(0),
                    right_eye: point(1),
                    nose: point(2),
                    mouth_left: point(3),
                    mouth_right: point(4),
                },
                score,
            });
        }
    }
    found
}

/// Keeps the best of boxes that overlap.
fn suppress(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for detection in found {
        if kept
            .iter()
            .all(|k| overlap(&k.face_box, &detection.face_box) <= MAX_OVERLAP)
        {
            kept.push(detection);
        }
    }
    kept
}

/// Intersection over union.
fn overlap(a: &FaceBox, b: &FaceBox) -> f32 {
    let shared = |a0: f32, a1: f32, b0: f32, b1: f32| (a1.min(b1) - a0.max(b0)).max(0.0);
    let both = shared(a.x, a.x + a.width, b.x, b.x + b.width)
        * shared(a.y, a.y + a.height, b.y, b.y + b.height);
    let either = a.width * a.height + b.width * b.height - both;
    if either > 0.0 { both / either } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_intersection_over_union() {
        let square = |x| FaceBox {
            x,
            y: 0.0,
            width: 2.0,
            height: 2.0,
        };
        assert!((overlap(&square(0.0), &square(0.0)) - 1.0).abs() < 1e-6);
        assert!((overlap(&square(0.0), &square(1.0)) - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(overlap(&square(0.0), &square(5.0)), 0.0);
    }
}
