//! A capture in, its evidence out: the selfie, its frames, and what they say together.

use std::collections::HashSet;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::doubt::Doubt;
use super::sight::{Search, Sight};
use super::{Analyser, Clock};
use crate::continuity::{self, Colour, Moment};
use crate::deadline::Deadline;
use crate::decode::{Decoded, ImageError};
use crate::digest;
use crate::evidence::{
    CaptureEvidence, CaptureTimings, FaceBox, FrameEvidence, HeadPose, ImageEvidence,
    RepetitionEvidence,
};
use crate::inference::InferenceError;
use crate::mesh::Mesh;
use crate::motion::{self, Surroundings, View};
use crate::pattern;
use crate::presentation_attack::{self, Scores};
use crate::quality;
use crate::repetition::{self, Thumbnail, Window};
use crate::straighten::Stance;
use crate::template::{ComparisonScore, Template};
use crate::turn::Turns;

/// Most frames of a capture. Clients send about eight.
pub const MOST_FRAMES: usize = 24;

/// What is known of a capture beside its images.
#[derive(Debug, Clone, Default)]
pub struct CaptureContext {
    /// When it came: the dates in the selfie's metadata are held against it.
    pub received: Option<SystemTime>,
    /// Which frames are looked at more closely, where not all are.
    pub draw: Draw,
    /// The head was asked to turn: every frame's pose is measured, and each is compared with the selfie and the one before;
    /// otherwise only frames in which the head is turned far.
    pub turns: bool,
    /// When the analysis must have ended. It is looked at between stages and every few rows of a picture, so that it is
    /// passed by a second at most.
    pub deadline: Deadline,
}

/// How many frames of a capture are looked at more closely at first; where these leave a doubt, all are. Which they are is
/// drawn anew for each capture: whoever prepares one cannot know. All are the default, for few decide a little otherwise. What
/// each costs, and what it tells: docs/decisions/0138-few-frames-first.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closely {
    /// How many are compared with the selfie and with each other.
    pub compared: usize,
    /// How many are scored for presentation attacks.
    pub scored: usize,
}

impl Closely {
    /// All, whatever they show.
    pub const ALL: Self = Self {
        compared: MOST_FRAMES,
        scored: MOST_FRAMES,
    };
    /// Two: the fewest that can be held against each other.
    pub const FEW: Self = Self {
        compared: 2,
        scored: 2,
    };
}

impl Default for Closely {
    fn default() -> Self {
        Self::ALL
    }
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
pub(super) struct Gathered {
    /// The selfie's first; an image without a face has none.
    pub(super) scores: Vec<Scores>,
    pattern: Option<f32>,
    selfie: Option<Moment>,
    pub(super) frames: Vec<Moment>,
    /// Where each frame is among those.
    pub(super) places: Vec<Option<usize>>,
    windows: Option<Windows>,
    thumbnails: Vec<Thumbnail>,
    turns: Option<Turns>,
    /// Templates of frames that face the camera.
    pub(super) frontal: Vec<Template>,
    pub(super) timings: CaptureTimings,
}

/// The first frame's face, and it with what is around it, as places in the picture that all frames share.
struct Windows {
    face: Window,
    wide: Window,
}

impl Gathered {
    /// Of the selfie and the frames that face the camera. A model's output is the longer the more of a face it saw.
    fn template(&self) -> Option<Template> {
        let selfie = self.selfie.as_ref()?.template.as_ref()?;
        let weighted: Vec<(&Template, f32)> = std::iter::once(selfie)
            .chain(&self.frontal)
            .map(|template| (template, template.raw_length().unwrap_or(1.0)))
            .collect();
        Template::fuse(&weighted)
    }
}

/// What is to be done with one frame.
pub(super) struct Task<'t> {
    pub(super) bytes: &'t [u8],
    /// The selfie's template.
    pub(super) reference: Option<&'t Template>,
    compared: bool,
    pub(super) scored: bool,
    /// How the head is turned is measured in any case.
    turns: bool,
}

pub(super) fn failed(error: InferenceError) -> ImageError {
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
        let (mut evidence, picture) =
            self.look(selfie, context.received, Search::Thorough, deadline)?;
        let mut gathered = Gathered::default();
        deadline.check()?;
        self.selfie(&mut evidence, &picture.decoded, &mut gathered)?;
        drop(picture);
        let drawn = context.draw.order(frames.len())?;
        let compared = &drawn[..self.inner.closely.compared.min(drawn.len())];
        let scored = &drawn[drawn.len().saturating_sub(self.inner.closely.scored)..];
        let tasks: Vec<Task<'_>> = frames
            .iter()
            .enumerate()
            .map(|(at, bytes)| Task {
                bytes,
                reference: evidence.template.as_ref(),
                compared: compared.contains(&at),
                scored: scored.contains(&at),
                turns: context.turns,
            })
            .collect();
        let mut seen = Vec::with_capacity(frames.len());
        for (at, task) in tasks.iter().enumerate() {
            seen.push(self.frame(task, &mut gathered, deadline)?);
            if let Some(turns) = &mut gathered.turns {
                turns.came(at + 1);
            }
        }
        // Turned frames were compared too; where they are less alike, how many are not counts.
        let counts = |(at, frame): &(usize, &FrameEvidence)| {
            compared.contains(at) || frame.likeness.is_some()
        };
        let likeness = seen.iter().enumerate().filter(counts);
        let scored = std::iter::once(0).chain(scored.iter().map(|at| at + 1));
        let doubt = Doubt::of(
            likeness.map(|(_, frame)| frame.likeness),
            self.same(),
            scored.filter_map(|at| gathered.scores.get(at).copied()),
        );
        self.settle(doubt, &tasks, &mut seen, &mut gathered, deadline)?;
        deadline.check()?;
        let mut timings = gathered.timings;
        let mut clock = Clock::start();
        let selfie = gathered.selfie.as_ref();
        let views: Vec<&View> = selfie
            .into_iter()
            .chain(&gathered.frames)
            .map(|moment| &moment.view)
            .collect();
        let motion = motion::between(&views);
        let (continuity, surroundings) = continuity::evidence(selfie, &gathered.frames).unzip();
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
        let template = gathered.template();
        Ok(CaptureEvidence {
            selfie: evidence,
            template,
            frames: seen,
            presentation_attack: presentation_attack::evidence(&gathered.scores),
            pattern: gathered.pattern,
            motion,
            repetition,
            continuity,
            surroundings,
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
        gathered.scores.push(Scores::default());
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
        gathered.scores[0] = self.score(decoded, &face.face_box)?;
        gathered.timings.attacks_ms += clock.lap();
        let view = View::of(&decoded.pixels, &face.landmarks);
        gathered.selfie = view.and_then(|view| {
            Some(Moment {
                surroundings: Surroundings::of(&decoded.pixels, &view, None),
                view,
                light: Colour::of(&decoded.pixels, &face.face_box)?,
                template: evidence.template.clone(),
                digests: evidence.digests,
            })
        });
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
        gathered.scores.push(Scores::default());
        gathered.places.push(None);
        let mut sight = match self.see(task.bytes, Search::Glance, deadline) {
            Ok(sight) => sight,
            Err(error @ ImageError::Overdue(_)) => return Err(error),
            Err(error) => {
                return Ok(FrameEvidence {
                    image: None,
                    unusable: Some(error.to_string()),
                    faces: 0,
                    likeness: None,
                    spared: false,
                    pose: None,
                    digests: None,
                });
            }
        };
        let Gathered {
            scores,
            frames,
            places,
            windows,
            thumbnails,
            turns,
            frontal,
            timings,
            ..
        } = gathered;
        let mut pose = sight
            .faces
            .first()
            .and_then(|face| quality::head_pose(&face.landmarks));
        let turned = task.turns || pose.is_some_and(|pose| pose.is_turned());
        let reference = task.reference.filter(|_| task.compared || turned);
        clock.lap();
        // Movement is measured by landmarks too, so that every frame has them as good.
        if task.reference.is_some() {
            self.closer(&mut sight)?;
        }
        timings.decode_ms += sight.decode_ms;
        timings.detect_ms += sight.detect_ms + clock.lap();
        let image = &sight.picture.decoded;
        let digests = digest::digests(task.bytes, &image.pixels);
        timings.file_ms += clock.lap();
        let mut likeness = None;
        if let Some(face) = sight.faces.first() {
            pose = quality::head_pose(&face.landmarks);
            if task.scored
                && let Some(last) = scores.last_mut()
            {
                *last = self.score(image, &face.face_box)?;
            }
            timings.attacks_ms += clock.lap();
            let mut template = None;
            if let Some(reference) = reference {
                (template, likeness) = self.person(&sight, reference, pose, frontal)?;
            }
            timings.embed_ms += clock.lap();
            if let Some(turns) = turns.as_mut().filter(|_| turned) {
                let mesh = self.inner.mesh.find(&image.pixels, &face.landmarks);
                let mesh = mesh.map_err(failed)?;
                turns.follow(mesh.as_ref(), &face.landmarks, template.clone());
            }
            timings.mesh_ms += clock.lap();
            if let Some(view) = View::of(&image.pixels, &face.landmarks)
                && let Some(light) = Colour::of(&image.pixels, &face.face_box)
            {
                let Windows { wide, .. } = windows.get_or_insert_with(|| Windows {
                    face: Window::around(&view),
                    wide: Window::wide(&view),
                });
                let still = wide.place(&image.pixels);
                if let Some(place) = places.last_mut() {
                    *place = Some(frames.len());
                }
                frames.push(Moment {
                    surroundings: Surroundings::of(&image.pixels, &view, Some(&still)),
                    view,
                    light,
                    template,
                    digests,
                });
            }
        }
        if let Some(windows) = windows {
            thumbnails.push(windows.face.cut(&image.pixels));
        }
        timings.motion_ms += clock.lap();
        Ok(FrameEvidence {
            image: Some(image.facts),
            unusable: None,
            faces: sight.faces.len(),
            likeness,
            spared: task.reference.is_some()
                && reference.is_none()
                && !sight.faces.is_empty()
                && sight.stance != Stance::Turned,
            pose,
            digests: Some(digests),
        })
    }

    /// A frame's template, and how alike it is to the selfie's. Of a frame that faces the camera and matches it, the template is kept
    /// for what is enrolled.
    pub(super) fn person(
        &self,
        sight: &Sight,
        reference: &Template,
        pose: Option<HeadPose>,
        frontal: &mut Vec<Template>,
    ) -> Result<(Option<Template>, Option<ComparisonScore>), ImageError> {
        let Some(face) = sight
            .faces
            .first()
            .filter(|_| sight.stance != Stance::Turned)
        else {
            return Ok((None, None));
        };
        let pixels = &sight.picture.decoded.pixels;
        let template = self.embed(pixels, &face.landmarks, None).map_err(failed)?;
        let likeness = template.as_ref().and_then(|t| t.compare(reference));
        // Who does not match the selfie is not surely its person, and must not become part of what is enrolled.
        let matches = likeness
            .zip(self.same())
            .is_some_and(|(likeness, same)| likeness.value() >= same);
        if matches && !pose.is_some_and(|pose| pose.is_turned()) {
            frontal.extend(template.clone());
        }
        Ok((template, likeness))
    }

    /// From here on the primary embedder's scores tell one person, where that is known.
    fn same(&self) -> Option<f32> {
        self.inner.embedder.embedder().thresholds().map(|t| t.same)
    }

    fn score(&self, image: &Decoded, face: &FaceBox) -> Result<Scores, ImageError> {
        let attacks = &self.inner.attacks;
        attacks.score(&image.pixels, face).map_err(failed)
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
