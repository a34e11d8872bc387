//! One page's finder, with the buffer through which the page talks to it.

use selfsame_face::evidence::{FaceEvidence, HeadPose};
use selfsame_face::finder::{Finder, Rgba};

/// Numbers for each face: box (x, y, width, height), five landmarks (x, y each; left eye, right eye, nose, mouth's left and
/// right corner), detection score, sharpness, exposure, and where the head is turned (yaw, pitch, roll). Lengths are in pixels
/// of the picture, angles in degrees, not a number where they are unknown.
pub const FACE_NUMBERS: usize = 20;

/// The largest buffer: the pixels of a 4K picture. What asks for more gets nothing.
const MOST_BYTES: usize = 4 * 3840 * 2160;

/// What the exported functions work on.
#[derive(Debug, Default)]
pub struct Session {
    finder: Option<Finder>,
    input: Vec<u8>,
    output: Vec<f32>,
    error: String,
}

impl Session {
    /// A session without a finder.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            finder: None,
            input: Vec::new(),
            output: Vec::new(),
            error: String::new(),
        }
    }

    /// The buffer, made `len` bytes long; `None` where that is too long.
    pub fn input(&mut self, len: usize) -> Option<&mut [u8]> {
        if len > MOST_BYTES {
            return None;
        }
        self.input.resize(len, 0);
        Some(&mut self.input)
    }

    /// Makes the finder from the buffer, which holds YuNet as published. Gives whether that went well; else
    /// [`Session::error`] says why not.
    pub fn load(&mut self, side: usize) -> bool {
        match Finder::load(&self.input, side) {
            Ok(finder) => {
                self.finder = Some(finder);
                self.input = Vec::new();
                true
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Finds faces in the buffer, which holds a picture. Gives how many, largest first in [`Session::output`]; `None`
    /// where it failed, and [`Session::error`] says why.
    pub fn look(&mut self, width: u32, height: u32) -> Option<usize> {
        self.output.clear();
        let Some(finder) = &self.finder else {
            self.fail(&"no model was loaded");
            return None;
        };
        let picture = Rgba {
            width,
            height,
            bytes: &self.input,
        };
        match finder.find(picture) {
            Ok(faces) => {
                self.output.extend(faces.iter().flat_map(numbers));
                Some(faces.len())
            }
            Err(error) => {
                self.fail(&error);
                None
            }
        }
    }

    /// [`FACE_NUMBERS`] numbers for each face that was found last.
    #[must_use]
    pub fn output(&self) -> &[f32] {
        &self.output
    }

    /// What went wrong last.
    #[must_use]
    pub fn error(&self) -> &str {
        &self.error
    }

    fn fail(&mut self, error: &impl ToString) -> bool {
        self.error = error.to_string();
        false
    }
}

fn numbers(face: &FaceEvidence) -> [f32; FACE_NUMBERS] {
    let b = face.face_box;
    let [l, r, n, ml, mr] = face.landmarks.points();
    let pose = face.quality.pose;
    let angle = |of: fn(HeadPose) -> f32| pose.map_or(f32::NAN, of);
    [
        b.x,
        b.y,
        b.width,
        b.height,
        l.x,
        l.y,
        r.x,
        r.y,
        n.x,
        n.y,
        ml.x,
        ml.y,
        mr.x,
        mr.y,
        face.detection_score,
        face.sharpness,
        face.exposure,
        angle(|pose| pose.yaw),
        angle(|pose| pose.pitch),
        angle(|pose| pose.roll),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_is_said() {
        let mut session = Session::new();
        assert_eq!(session.look(1, 1), None);
        assert_eq!(session.error(), "no model was loaded");
        session.input(3).unwrap().copy_from_slice(b"no!");
        assert!(!session.load(320));
        assert!(session.error().contains("model"), "{}", session.error());
        assert!(session.input(MOST_BYTES + 1).is_none());
    }
}
