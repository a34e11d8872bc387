//! A capture in, its evidence out: the selfie, its frames, and what they say together.

use std::collections::HashSet;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::{Analyser, Clock};
use crate::align::{self, AlignedFace};
use crate::deadline::Deadline;
use crate::decode::{Decoded, ImageError};
use crate::detect::Detection;
use crate::digest;
use crate::evidence::{
    CaptureEvidence, CaptureTimings, FaceBox, FrameEvidence, ImageEvidence,
    PresentationAttackEvidence, RepetitionEvidence,
};
use crate::inference::InferenceError;
use crate::mesh::Mesh;
use crate::motion::{self, View};
use crate::pattern;
use crate::presentation_attack;
use crate::quality;
use crate::repetition::{self, Thumbnail, Window};
use crate::template::Template;
use crate::turn::Turns;

/// Most frames of a capture. Clients send about eight.
pub const MOST_FRAMES: usize = 24;
/// How many frames are compared with the selfie, and how many looked at for an attack. Which they are is drawn anew for each
/// capture: whoever prepares one cannot know (docs/decisions/0008-capture-cost.md).
const COMPARED: usize = 2;
const SCORED: usize = 2;

/// What is known of a capture beside its images.
#[derive(Debug, Clone, Default)]
pub struct CaptureContext {
    /// When it came: the dates in the selfie's metadata are held against it.
    pub received: Option<SystemTime>,
    /// Which frames are looked at more closely.
    pub draw: Draw,
    /// The head was asked to turn: every frame's pose is measured, and each is compared with the selfie and the one before;
    /// otherwise only frames in which the head is turned far.
    pub turns: bool,
    /// When the analysis must have ended. It is looked at between stages and every few rows of a picture, so that it is
    /// passed by a second at most.
    pub deadline: Deadline,
}

/// How the frames that are looked at more closely are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Draw {
    /// By the system's random numbers: whoever prepares a capture cannot know. For everything that is decided.
    #[default]
    Unpredictable,
    /// By a seed: the same each time. For measurements that must be repeatable.
    Seeded(u64),
}

/// What is gathered while the images are looked at one by one.
#[derive(Default)]
struct Gathered {
    scores: Vec<f32>,
    pattern: Option<f32>,
    views: Vec<View>,
    window: Option<Window>,
    thumbnails: Vec<Thumbnail>,
    turns: Option<Turns>,
    timings: CaptureTimings,
}

/// What is to be done with one frame.
struct Task<'t> {
    bytes: &'t [u8],
    /// The selfie's template.
    reference: Option<&'t Template>,
    compared: bool,
    scored: bool,
    /// How the head is turned is measured in any case.
    turns: bool,
}

fn failed(error: InferenceError) -> ImageError {
    ImageError::Analysis(error.to_string())
}

impl Analyser {
    /// Measures a selfie and the frames around it, which are given in the order in which they were taken.
    ///
    /// # Errors
    /// When the selfie cannot be used, there are more than [`MOST_FRAMES`], or the deadline passes. A frame that cannot be
    /// used says so in its own evidence.
    pub fn analyse_capture(
        &self,
        selfie: &[u8],
        frames: &[&[u8]],
        context: &CaptureContext,
    ) -> Result<CaptureEvidence, ImageError> {
        if frames.len() > MOST_FRAMES {
            return Err(ImageError::TooManyFrames(frames.len(), MOST_FRAMES));
        }
        let deadline = &context.deadline;
        let (mut evidence, picture) = self.look(selfie, context.received, deadline)?;
        let mut gathered = Gathered::default();
        deadline.check()?;
        self.selfie(&mut evidence, &picture.decoded, &mut gathered)?;
        drop(picture);
        let drawn = context.draw.order(frames.len())?;
        let compared = &drawn[..COMPARED.min(drawn.len())];
        let scored = &drawn[drawn.len().saturating_sub(SCORED)..];
        let mut seen = Vec::with_capacity(frames.len());
        for (at, bytes) in frames.iter().enumerate() {
            let task = Task {
                bytes,
                reference: evidence.template.as_ref(),
                compared: compared.contains(&at),
                scored: scored.contains(&at),
                turns: context.turns,
            };
            seen.push(self.frame(&task, &mut gathered, deadline)?);
            if let Some(turns) = &mut gathered.turns {
                turns.came(at + 1);
            }
        }
        deadline.check()?;
        let presentation_attack =
            presentation_attack::fuse(&gathered.scores).map(|fused| PresentationAttackEvidence {
                scores: gathered.scores,
                fused,
            });
        let mut timings = gathered.timings;
        let mut clock = Clock::start();
        let motion = motion::between(&gathered.views);
        // What could not be decoded has no digests yet.
        let files = seen.iter().zip(frames).map(|(frame, bytes)| {
            let digests = frame.digests;
            digests.map_or_else(|| Sha256::digest(bytes).into(), |d| d.exact)
        });
        let repetition = RepetitionEvidence {
            identical_bytes: identical(evidence.digests.exact, files),
            identical_pictures: repetition::repeated(&gathered.thumbnails),
        };
        timings.motion_ms += clock.lap();
        Ok(CaptureEvidence {
            selfie: evidence,
            frames: seen,
            presentation_attack,
            pattern: gathered.pattern,
            motion,
            repetition,
            turns: gathered
                .turns
                .filter(|turns| context.turns || turns.were_seen())
                .map(Turns::evidence),
            timings,
        })
    }

    fn selfie(
        &self,
        evidence: &mut ImageEvidence,
        decoded: &Decoded,
        gathered: &mut Gathered,
    ) -> Result<(), ImageError> {
        let Some(face) = evidence.faces.first_mut() else {
            return Ok(());
        };
        let mut clock = Clock::start();
        let mesh = self.inner.mesh.find(&decoded.pixels, &face.landmarks);
        let mesh = mesh.map_err(failed)?;
        face.geometry = mesh.as_ref().map(Mesh::geometry);
        gathered.turns =
            mesh.map(|mesh| Turns::new(mesh, face.landmarks, evidence.template.as_ref()));
        gathered.timings.mesh_ms += clock.lap();
        gathered.pattern = pattern::strength(&decoded.pixels, &face.face_box);
        gathered.timings.pattern_ms += clock.lap();
        gathered.scores.extend(self.score(decoded, &face.face_box)?);
        gathered.timings.attacks_ms += clock.lap();
        gathered
            .views
            .extend(View::of(&decoded.pixels, &face.landmarks));
        gathered.timings.motion_ms += clock.lap();
        Ok(())
    }

    fn frame(
        &self,
        task: &Task<'_>,
        gathered: &mut Gathered,
        deadline: &Deadline,
    ) -> Result<FrameEvidence, ImageError> {
        let mut clock = Clock::start();
        let picture = match self.open(task.bytes, deadline) {
            Ok(picture) => picture,
            Err(error @ ImageError::Overdue(_)) => return Err(error),
            Err(error) => {
                return Ok(FrameEvidence {
                    image: None,
                    unusable: Some(error.to_string()),
                    faces: 0,
                    likeness: None,
                    pose: None,
                    digests: None,
                });
            }
        };
        let image = &picture.decoded;
        let Gathered {
            scores,
            views,
            window,
            thumbnails,
            turns,
            timings,
            ..
        } = gathered;
        timings.decode_ms += clock.lap();
        deadline.check()?;
        let found = self.glance(image).map_err(failed)?;
        timings.detect_ms += clock.lap();
        let (mut likeness, mut template, mut pose) = (None, None, None);
        if let Some(face) = found.first() {
            pose = quality::head_pose(&face.landmarks);
            let turned = task.turns || pose.is_some_and(|pose| pose.is_turned());
            if let Some(view) = View::of(&image.pixels, &face.landmarks) {
                window.get_or_insert_with(|| Window::around(&view));
                views.push(view);
            }
            timings.motion_ms += clock.lap();
            if task.scored {
                scores.extend(self.score(image, &face.face_box)?);
            }
            timings.attacks_ms += clock.lap();
            if (task.compared || turned)
                && let Some(reference) = task.reference
                && let Some(aligned) = self.aligned(image, face)?
            {
                template = self.embed(&aligned).map_err(failed)?;
                likeness = template.as_ref().map(|probe| probe.compare(reference));
            }
            timings.embed_ms += clock.lap();
            if let Some(turns) = turns.as_mut().filter(|_| turned) {
                let mesh = self.inner.mesh.find(&image.pixels, &face.landmarks);
                turns.follow(mesh.map_err(failed)?.as_ref(), &face.landmarks, template);
            }
            timings.mesh_ms += clock.lap();
        }
        if let Some(window) = window {
            thumbnails.push(window.cut(&image.pixels));
        }
        timings.motion_ms += clock.lap();
        let digests = digest::digests(task.bytes, &image.pixels);
        timings.file_ms += clock.lap();
        Ok(FrameEvidence {
            image: Some(image.facts),
            unusable: None,
            faces: found.len(),
            likeness,
            pose,
            digests: Some(digests),
        })
    }

    /// A small look suffices for a frame; where it finds nothing, the frame is looked at as a selfie is.
    fn glance(&self, image: &Decoded) -> Result<Vec<Detection>, InferenceError> {
        let found = self.inner.glance.detect(&image.pixels, 0.0)?;
        if found.is_empty() {
            return self.find(&image.pixels);
        }
        Ok(found)
    }

    /// A frame's face, ready for its template.
    fn aligned(
        &self,
        image: &Decoded,
        face: &Detection,
    ) -> Result<Option<AlignedFace>, ImageError> {
        let straight = self.straighten(&image.pixels, *face).map_err(failed)?;
        Ok(align::align(&image.pixels, &straight.landmarks))
    }

    /// `None` without the model.
    fn score(&self, image: &Decoded, face: &FaceBox) -> Result<Option<f32>, ImageError> {
        match &self.inner.attacks {
            Some(attacks) => attacks.score(&image.pixels, face).map_err(failed),
            None => Ok(None),
        }
    }
}

impl Draw {
    /// All frames' numbers in the order drawn.
    fn order(self, count: usize) -> Result<Vec<usize>, ImageError> {
        let mut seed = match self {
            Self::Seeded(seed) => seed,
            Self::Unpredictable => getrandom::u64().map_err(|e| {
                ImageError::Analysis(format!("the system gives no random numbers: {e}"))
            })?,
        };
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            // SplitMix64 spreads one random number over at most 24 small ones.
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            order.swap(last, (mixed ^ (mixed >> 31)) as usize % (last + 1));
        }
        Ok(order)
    }
}

/// How many files are those of the selfie or an earlier frame, by their digests.
fn identical(selfie: [u8; 32], frames: impl Iterator<Item = [u8; 32]>) -> usize {
    let mut seen = HashSet::from([selfie]);
    frames.filter(|frame| !seen.insert(*frame)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_bytes_are_counted_once_each() {
        let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| Sha256::digest(bytes).into());
        assert_eq!(identical(a, [b, c].into_iter()), 0);
        assert_eq!(identical(a, [a, a, b, b].into_iter()), 3);
    }

    #[test]
    fn every_frame_is_drawn_once_and_not_always_in_one_order() {
        let mut orders = HashSet::new();
        for _ in 0..20 {
            let order = Draw::Unpredictable.order(8).unwrap();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..8).collect::<Vec<_>>());
            orders.insert(order);
        }
        assert!(orders.len() > 10, "{orders:?}");
        let seeded = |seed| Draw::Seeded(seed).order(8).unwrap();
        assert_eq!(seeded(7), seeded(7));
        assert_ne!(seeded(7), seeded(8));
    }
}
