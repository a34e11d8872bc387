//! One score for how much a capture looks like a live person's, from all that was measured of it.
//!
//! A logistic model with bounded, monotone terms: `score = intercept + Σ ± weight · part`, where a measure's part is where it
//! lies between `low` and `high`, 0 to 1. Weights are never negative, so that worse evidence never raises the score, and no
//! measure moves it by more than its weight. The score is a log-odds: 0 is where the data that it was fitted on were as
//! often attacks as not, each counted alike. `selfsame eval fit` makes the numbers; docs/evaluation says of which data.

use selfsame_face::evidence::{CaptureEvidence, ModelScores};
use serde::{Deserialize, Serialize};

/// Whether more of a measure speaks for a live person or against one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More speaks for a live person.
    For,
    /// More speaks against one.
    Against,
}

/// How much one measure counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// By how much the score moves from `low` to `high`, in log-odds; 0 or more.
    pub weight: f32,
    /// Less of the measure counts as this much.
    pub low: f32,
    /// More of it counts as this much; above `low`.
    pub high: f32,
}

impl Term {
    /// A measure that does not count.
    pub const NOTHING: Self = Self {
        weight: 0.0,
        low: 0.0,
        high: 1.0,
    };

    /// A measure that counts.
    #[must_use]
    pub const fn new(weight: f32, low: f32, high: f32) -> Self {
        Self { weight, low, high }
    }

    /// What the measure adds to the score: 0 to `weight` where more of it speaks for a live person, −`weight` to 0 where it
    /// speaks against one. What was not measured, and what is no number, counts as the worst there is.
    #[must_use]
    pub fn adds(&self, direction: Direction, value: Option<f32>) -> f32 {
        let part = value.filter(|v| !v.is_nan()).map(|value| {
            let span = (self.high - self.low).max(f32::MIN_POSITIVE);
            ((value - self.low) / span).clamp(0.0, 1.0)
        });
        match direction {
            Direction::For => self.weight * part.unwrap_or(0.0),
            Direction::Against => -self.weight * part.unwrap_or(1.0),
        }
    }
}

macro_rules! measures {
    ($($(#[$doc:meta])* $name:ident, $field:ident: $direction:ident, $of:expr;)*) => {
        /// Something that was measured of a capture and may count for or against a live person.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Measure {
            $($(#[$doc])* $name,)*
        }

        impl Measure {
            /// Every measure.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in policy files, results and tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($field),)*
                }
            }

            /// What more of it says.
            #[must_use]
            pub const fn direction(self) -> Direction {
                match self {
                    $(Self::$name => Direction::$direction,)*
                }
            }

            /// Whether only the models that detect presentation attacks can measure it.
            #[must_use]
            pub const fn needs_detector(self) -> bool {
                matches!(self, Self::Passive | Self::PassiveMean | Self::Silent | Self::SilentMean)
            }

            /// What a capture measures; `None` where that was not to be had.
            #[must_use]
            pub fn of(self, capture: &CaptureEvidence) -> Option<f32> {
                let of: fn(&CaptureEvidence) -> Option<f32> = match self {
                    $(Self::$name => $of,)*
                };
                of(capture)
            }
        }

        /// How much each measure counts.
        #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Terms {
            $($(#[$doc])* pub $field: Term,)*
        }

        impl Terms {
            /// Nothing counts.
            pub const NOTHING: Self = Self { $($field: Term::NOTHING,)* };

            /// How much a measure counts.
            #[must_use]
            pub const fn of(&self, measure: Measure) -> Term {
                match measure {
                    $(Measure::$name => self.$field,)*
                }
            }

            /// The same, to be changed.
            pub const fn of_mut(&mut self, measure: Measure) -> &mut Term {
                match measure {
                    $(Measure::$name => &mut self.$field,)*
                }
            }
        }
    };
}

measures! {
    /// Passive detection by MiniFAS over the images that were scored: the mean of the lower half.
    Passive, passive: For, |c| {
        // Without MiniFAS it would be another model's number, on another scale.
        let evidence = c.presentation_attack.as_ref()?;
        let first = evidence.models.first();
        first.is_none_or(|m| m.model == "MiniFAS").then_some(evidence.fused)
    };
    /// The same by the mean of all images.
    PassiveMean, passive_mean: For, |c| {
        let models = &c.presentation_attack.as_ref()?.models;
        models.iter().find(|m| m.model == "MiniFAS").map(|m| m.mean)
    };
    /// Passive detection by the two Silent-Face models: the mean of their lower halves' means.
    Silent, silent: For, |c| silent(c, |m| m.lower_half);
    /// The same by the mean of all images.
    SilentMean, silent_mean: For, |c| silent(c, |m| m.mean);
    /// The strongest regular pattern in the selfie's face, decibels.
    Pattern, pattern: Against, |c| c.pattern;
    /// How far the expression moves, inter-eye distances.
    Deformation, deformation: For, |c| c.motion.map(|m| m.deformation);
    /// How far the nose moves against the face around it, inter-eye distances.
    Parallax, parallax: For, |c| c.motion.map(|m| m.parallax);
    /// The parallax for how far the face moves at all: near 0 for a flat picture that is moved.
    RelativeParallax, relative_parallax: For, |c| {
        let small = c.motion.map(|m| m.relative_parallax());
        small.into_iter().chain(turned(c)).reduce(f32::max)
    };
    /// How far the face moves in the picture, inter-eye distances.
    Movement, movement: For, |c| c.motion.map(|m| m.movement);
    /// How far the smile grows, inter-eye distances.
    SmileGrowth, smile_growth: For, |c| c.motion.and_then(|m| m.smile_growth);
    /// What part of the face differs from frame to frame beyond what a sheet that is moved shows.
    Flatness, flatness: For, |c| c.surroundings.map(|s| s.flatness);
    /// How far the face moves against what is around it, inter-eye distances.
    Apart, apart: For, |c| c.surroundings.and_then(|s| s.apart);
    /// The same for how far the face moves at all: 0 where face and surroundings are one picture.
    Independence, independence: For, |c| c.surroundings.and_then(|s| s.independence());
    /// The lowest comparison score of a frame with the selfie.
    LeastLikeness, least_likeness: For, |c| {
        c.frames.iter().filter_map(|f| f.likeness).map(|l| l.value()).reduce(f32::min)
    };
    /// The lowest comparison score of two neighbouring frames.
    LeastLikenessOfNeighbours, least_likeness_of_neighbours: For, |c| c.continuity.and_then(|c| c.likeness_of_neighbours);
    /// The largest cut in the face between neighbouring frames.
    LargestCut, largest_cut: Against, |c| c.continuity.map(|c| c.largest_cut);
    /// The mean of those cuts.
    MeanCut, mean_cut: Against, |c| c.continuity.map(|c| c.mean_cut);
    /// The cut from the selfie to the nearest frame.
    SelfieCut, selfie_cut: Against, |c| c.continuity.and_then(|c| c.selfie_cut);
    /// The mean of those cuts.
    MeanSceneCut, mean_scene_cut: Against, |c| c.continuity.and_then(|c| c.mean_scene_cut);
    /// The largest change of light on the face between neighbouring frames.
    LightChange, light_change: Against, |c| c.continuity.map(|c| c.largest_light_change);
    /// The largest change of the face's colour between neighbouring frames.
    TintChange, tint_change: Against, |c| c.continuity.map(|c| c.largest_tint_change);
    /// The least cut between a frame and another's mirror image.
    Mirrored, mirrored: For, |c| c.continuity.and_then(|c| c.mirrored);
    /// The part of the frames that repeat another image's picture, 0 to 1.
    Repeated, repeated: Against, |c| {
        (!c.frames.is_empty()).then(|| c.repetition.identical_pictures as f32 / c.frames.len() as f32)
    };
}

/// So far the detector's nose strays on a flat picture; of a head at 16 degrees it moves about 0.16. Inter-eye distances.
const NOSE_STRAYS: f32 = 0.1;

/// The distance at which a head that turns far shows as much as any small movement could.
const NOSE_OF_A_TURN: f32 = 0.2;

/// How far the nose moves against the plane of eyes and mouth where the head turns far, in the second of its frames, so that no
/// one frame decides; as a part of [`NOSE_OF_A_TURN`].
fn turned(capture: &CaptureEvidence) -> Option<f32> {
    let frames = capture.turns.iter().flat_map(|t| &t.frames);
    let mut moved: Vec<f32> = frames
        .flatten()
        .map(|turn| (turn.nose_across.hypot(turn.nose_up) - NOSE_STRAYS) / NOSE_OF_A_TURN)
        .collect();
    moved.sort_by(|a, b| b.total_cmp(a));
    moved.get(1).copied()
}

/// The mean over the Silent-Face models; absent unless both gave a number.
fn silent(capture: &CaptureEvidence, of: fn(&ModelScores) -> f32) -> Option<f32> {
    let models = &capture.presentation_attack.as_ref()?.models;
    let [near, far] = ["Silent-Face near", "Silent-Face far"]
        .map(|name| models.iter().find(|m| m.model == name).map(of));
    Some(f32::midpoint(near?, far?))
}

/// How the measures of a capture with frames are weighed together, and where the score divides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FusionPolicy {
    /// Below this score it is an attack.
    pub reject_below: f32,
    /// Below this score, and not below `reject_below`, it is not clear (`liveness_unclear`).
    pub review_below: f32,
    /// The score of a capture whose measures add nothing.
    pub intercept: f32,
    /// How much each measure counts.
    pub terms: Terms,
}

/// What one measure adds to the score, and what it could have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Contribution {
    /// The measure.
    pub measure: Measure,
    /// What was measured; absent where that was not to be had.
    pub value: Option<f32>,
    /// What it adds.
    pub adds: f32,
    /// How much more it would add at its best, 0 or more.
    pub lacks: f32,
}

/// A score with what it is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fused {
    /// Log-odds of a live person.
    pub score: f32,
    /// The measures that count, in the order of [`Measure::ALL`].
    pub contributions: Vec<Contribution>,
}

impl FusionPolicy {
    /// What is built in for a selfie alone: MiniFAS's score and half of the Silent-Face models', between −10 and 10 each. Of
    /// Replay-Attack's live first frames 3.3 % (devel) are refused by it, and 5 % are not let in (decision 0083).
    pub const STILL: Self = {
        let mut terms = Terms::NOTHING;
        terms.passive = Term::new(20.0, -10.0, 10.0);
        terms.silent = Term::new(10.0, -10.0, 10.0);
        Self {
            reject_below: 1.0,
            review_below: 2.0,
            intercept: -15.0,
            terms,
        }
    };

    /// What is built in for a capture with frames: fitted by `selfsame eval fit` to Replay-Attack's train and staged stills of
    /// half of LFW's people, checked on devel and the other half (decision 0083).
    pub const CAPTURE: Self = {
        let mut terms = Terms::NOTHING;
        terms.passive = Term::new(5.882, -6.816, 10.72);
        terms.passive_mean = Term::new(5.522, -6.147, 11.1);
        terms.silent = Term::new(3.963, -6.439, 7.772);
        terms.silent_mean = Term::new(2.842, -5.729, 8.573);
        terms.pattern = Term::new(1.061, 4.622, 7.512);
        terms.relative_parallax = Term::new(6.318, 0.02443, 0.5404);
        terms.independence = Term::new(6.544, 0.05433, 1.92);
        terms.least_likeness = Term::new(1.24, 0.04226, 0.9755);
        terms.least_likeness_of_neighbours = Term::new(3.078, 0.4609, 0.9864);
        terms.largest_cut = Term::new(4.136, 0.001969, 0.4619);
        terms.mean_cut = Term::new(5.052, 0.001072, 0.3672);
        terms.mean_scene_cut = Term::new(7.669, 0.0001277, 0.6227);
        terms.light_change = Term::new(5.728, 0.008789, 0.3283);
        terms.tint_change = Term::new(2.37, 0.003705, 0.1349);
        terms.mirrored = Term::new(2.765, 0.005235, 0.6432);
        terms.repeated = Term::new(5.931, 0.0, 0.875);
        Self {
            reject_below: -1.0,
            review_below: 0.0,
            intercept: -14.589,
            terms,
        }
    };

    /// Whether all that only the models can measure, and that counts here, was measured. `false` where none of it counts.
    #[must_use]
    pub fn is_measured(&self, capture: &CaptureEvidence) -> bool {
        let counts = |m: &&Measure| m.needs_detector() && self.terms.of(**m).weight > 0.0;
        let is_there = |m: &Measure| m.of(capture).is_some_and(|value| !value.is_nan());
        Measure::ALL.iter().any(|m| counts(&m)) && Measure::ALL.iter().filter(counts).all(is_there)
    }

    /// Weighs what was measured. Unless all models that detect presentation attacks are loaded (`detector`), what none of
    /// them measured counts as neither good nor bad: the lack is the server's, not the person's. What others measured counts.
    #[must_use]
    pub fn weigh(&self, capture: &CaptureEvidence, detector: bool) -> Fused {
        let mut fused = self.weigh_values(|measure| measure.of(capture));
        if !detector {
            for contribution in &mut fused.contributions {
                if contribution.measure.needs_detector() && contribution.value.is_none() {
                    let half = self.terms.of(contribution.measure).weight / 2.0;
                    contribution.adds += half;
                    contribution.lacks -= half;
                    fused.score += half;
                }
            }
        }
        fused
    }

    /// The same for measures from elsewhere, such as a table; what is `None` counts as the worst there is.
    #[must_use]
    pub fn weigh_values(&self, value: impl Fn(Measure) -> Option<f32>) -> Fused {
        let contributions: Vec<Contribution> = Measure::ALL
            .iter()
            .map(|measure| (*measure, self.terms.of(*measure)))
            .filter(|(_, term)| term.weight > 0.0)
            .map(|(measure, term)| {
                let value = value(measure);
                let adds = term.adds(measure.direction(), value);
                let best = match measure.direction() {
                    Direction::For => term.weight,
                    Direction::Against => 0.0,
                };
                Contribution {
                    measure,
                    value,
                    adds,
                    lacks: best - adds,
                }
            })
            .collect();
        Fused {
            score: self.intercept + contributions.iter().map(|c| c.adds).sum::<f32>(),
            contributions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_bounded_and_what_is_missing_counts_as_the_worst() {
        let term = Term::new(3.0, -1.0, 1.0);
        assert_eq!(term.adds(Direction::For, Some(-5.0)), 0.0);
        assert_eq!(term.adds(Direction::For, Some(0.0)), 1.5);
        assert_eq!(term.adds(Direction::For, Some(f32::INFINITY)), 3.0);
        assert_eq!(term.adds(Direction::Against, Some(9.0)), -3.0);
        for value in [None, Some(f32::NAN)] {
            assert_eq!(term.adds(Direction::For, value), 0.0);
            assert_eq!(term.adds(Direction::Against, value), -3.0);
        }
    }

    #[test]
    fn a_score_is_made_of_what_each_measure_adds_and_lacks() {
        let mut policy = FusionPolicy {
            reject_below: 0.0,
            review_below: 0.0,
            intercept: -1.0,
            terms: Terms::NOTHING,
        };
        *policy.terms.of_mut(Measure::Passive) = Term::new(2.0, 0.0, 10.0);
        *policy.terms.of_mut(Measure::Pattern) = Term::new(4.0, 10.0, 20.0);
        let fused = policy.weigh_values(|measure| match measure {
            Measure::Passive => Some(10.0),
            Measure::Pattern => Some(15.0),
            _ => None,
        });
        assert_eq!(fused.score, -1.0 + 2.0 - 2.0);
        let told: Vec<_> = fused
            .contributions
            .iter()
            .map(|c| (c.measure, c.adds, c.lacks))
            .collect();
        assert_eq!(
            told,
            [(Measure::Passive, 2.0, 0.0), (Measure::Pattern, -2.0, 2.0)]
        );
    }
}
