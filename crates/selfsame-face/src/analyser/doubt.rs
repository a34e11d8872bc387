//! Whether the few frames that were looked at closely leave a doubt, and the rest of them where they do.

use super::capture::{Gathered, Task, failed};
use super::sight::Search;
use super::{Analyser, Clock};
use crate::deadline::Deadline;
use crate::decode::ImageError;
use crate::evidence::FrameEvidence;
use crate::presentation_attack::Scores;
use crate::template::{ComparisonScore, Template};

/// So far above its model's threshold for one person, a face is that person's beyond doubt.
const SURELY_THE_SAME: f32 = 0.1;

/// An image of which MiniFAS and half of the Silent-Face models' mean say at least so much shows a live face beyond doubt: twice what
/// the built-in policy lets a selfie alone pass with. Measured: docs/decisions/0138-few-frames-first.md.
const SURELY_ALIVE: f32 = 4.0;

/// What the frames that were drawn leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubt {
    /// Whether all of them show the person of the selfie.
    pub(super) person: bool,
    /// Whether that person is alive.
    pub(super) life: bool,
}

impl Doubt {
    /// By the likeness of each frame that was compared, and by the scores of the selfie and each frame that was scored. Of what
    /// was not measured nothing is sure.
    pub(super) fn of(
        compared: impl IntoIterator<Item = Option<ComparisonScore>>,
        same: Option<f32>,
        scored: impl IntoIterator<Item = Scores>,
    ) -> Self {
        let is_the_person = |likeness: Option<ComparisonScore>| {
            let pair = likeness.zip(same);
            pair.is_some_and(|(likeness, same)| likeness.value() >= same + SURELY_THE_SAME)
        };
        let is_alive = |scores: Scores| match scores {
            [Some(minifas), Some(near), Some(far)] => {
                minifas + f32::midpoint(near, far) / 2.0 >= SURELY_ALIVE
            }
            _ => false,
        };
        Self {
            person: !compared.into_iter().all(is_the_person),
            life: !scored.into_iter().all(is_alive),
        }
    }
}

impl Analyser {
    /// Opens the frames that were not looked at closely once more, where a doubt is left, and makes up for it. One picture is held
    /// at a time, so that doubt costs time and no memory.
    pub(super) fn settle(
        &self,
        doubt: Doubt,
        tasks: &[Task<'_>],
        seen: &mut [FrameEvidence],
        gathered: &mut Gathered,
        deadline: &Deadline,
    ) -> Result<(), ImageError> {
        for (at, (task, frame)) in tasks.iter().zip(seen).enumerate() {
            let reference = task.reference.filter(|_| doubt.person && frame.spared);
            let scored = doubt.life && !task.scored;
            if frame.faces == 0 || (reference.is_none() && !scored) {
                continue;
            }
            deadline.check()?;
            self.look_again(
                at,
                (task.bytes, reference, scored),
                frame,
                gathered,
                deadline,
            )?;
        }
        Ok(())
    }

    fn look_again(
        &self,
        at: usize,
        (bytes, reference, scored): (&[u8], Option<&Template>, bool),
        frame: &mut FrameEvidence,
        gathered: &mut Gathered,
        deadline: &Deadline,
    ) -> Result<(), ImageError> {
        let mut clock = Clock::start();
        let mut sight = self.see(bytes, Search::Glance, deadline)?;
        clock.lap();
        if reference.is_some() {
            self.closer(&mut sight)?;
        }
        gathered.timings.decode_ms += sight.decode_ms;
        gathered.timings.detect_ms += sight.detect_ms + clock.lap();
        let Some(face) = sight.faces.first() else {
            return Ok(());
        };
        if scored && let Some(scores) = gathered.scores.get_mut(at + 1) {
            let attacks = &self.inner.attacks;
            *scores = attacks
                .score(&sight.picture.decoded.pixels, &face.face_box)
                .map_err(failed)?;
        }
        gathered.timings.attacks_ms += clock.lap();
        if let Some(reference) = reference {
            let (template, likeness) =
                self.person(&sight, reference, frame.pose, &mut gathered.frontal)?;
            frame.likeness = likeness;
            frame.spared = false;
            let moment = gathered.places.get(at).copied().flatten();
            if let Some(moment) = moment.and_then(|at| gathered.frames.get_mut(at)) {
                moment.template = template;
            }
        }
        gathered.timings.embed_ms += clock.lap();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: Scores = [Some(9.0), Some(4.0), Some(4.0)];

    fn doubt(likeness: &[Option<f32>], scores: &[Scores]) -> (bool, bool) {
        let compared = likeness.iter().map(|l| l.map(ComparisonScore::new));
        let found = Doubt::of(compared, Some(0.5), scores.iter().copied());
        (found.person, found.life)
    }

    #[test]
    fn only_what_is_sure_throughout_leaves_no_doubt() {
        assert_eq!(doubt(&[Some(0.9), Some(0.7)], &[LIVE; 3]), (false, false));
        assert_eq!(doubt(&[Some(0.9), Some(0.55)], &[LIVE; 3]), (true, false));
        assert_eq!(doubt(&[Some(0.9), None], &[LIVE; 3]), (true, false));
        let dull = [Some(7.0), Some(-8.0), Some(-8.0)];
        assert_eq!(doubt(&[Some(0.9)], &[LIVE, dull]), (false, true));
    }

    #[test]
    fn what_is_not_measured_is_doubtful() {
        let partly = [Some(99.0), None, Some(99.0)];
        assert_eq!(doubt(&[Some(0.9)], &[LIVE, partly]), (false, true));
        let nan = [Some(f32::NAN), Some(9.0), Some(9.0)];
        assert_eq!(doubt(&[Some(f32::NAN)], &[nan]), (true, true));
        let found = Doubt::of([Some(ComparisonScore::new(1.0))], None, [LIVE]);
        assert!(
            found.person,
            "an embedder without thresholds says nothing for sure"
        );
    }
}
