//! Head turns that the server draws: drawing them, and judging whether a capture shows them.
//!
//! A capture follows its challenge where one person's head, with a head's shape, begins at front, makes the drawn turns in their
//! order, each seen in two frames or more, comes back to front after each, and is fully turned nowhere else.

use jiff::{SignedDuration, Timestamp};
use selfsame_face::evidence::{CaptureEvidence, HeadTurn};
use selfsame_wire::id::{JobId, SmileJobId};
use serde::{Deserialize, Serialize};

use crate::policy::{ChallengeMode, ChallengePolicy};
use crate::reason::Reason;
use crate::user::UserKey;

pub use selfsame_wire::challenge::{Challenge, ChallengeId, MOST_TURNS, Turn};

/// A challenge with whom it was drawn for, as it is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnChallenge {
    /// What is to be done.
    pub challenge: Challenge,
    /// Who is to do it.
    pub user: UserKey,
    /// The one job that it is for; `None`: any job of the user.
    pub job_id: Option<JobId>,
    /// When it was drawn.
    pub drawn_at: Timestamp,
    /// The job whose capture answers it, once there is one.
    pub used_by: Option<SmileJobId>,
}

/// How many random bytes a draw takes: sixteen for the name, four for each turn.
pub const DRAW_BYTES: usize = 16 + 4 * MOST_TURNS;

/// How many challenges of a user may stay unanswered within [`UNANSWERED_WITHIN`]: whoever draws until a challenge fits what was
/// prepared is held up.
pub const MOST_UNANSWERED: u32 = 10;
/// See [`MOST_UNANSWERED`].
pub const UNANSWERED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// Draws a challenge from random bytes: each turn as likely as any other but the one before it.
#[must_use]
pub fn draw(random: &[u8; DRAW_BYTES], policy: &ChallengePolicy, now: Timestamp) -> Challenge {
    let (name, numbers) = random.split_at(16);
    let mut bits = [0; 16];
    bits.copy_from_slice(name);
    let mut turns: Vec<Turn> = Vec::with_capacity(MOST_TURNS);
    for number in numbers.chunks_exact(4).take(policy.turns) {
        let choices: Vec<Turn> = Turn::ALL
            .into_iter()
            .filter(|turn| turns.last() != Some(turn))
            .collect();
        // The rest of a division of 32 bits prefers nothing by more than a billionth.
        let number = number
            .iter()
            .fold(0u32, |n, byte| (n << 8) | u32::from(*byte));
        turns.push(choices[number as usize % choices.len()]);
    }
    Challenge {
        id: ChallengeId::from_random(bits),
        turns,
        expires_at: now + SignedDuration::from_secs(policy.seconds.into()),
    }
}

impl DrawnChallenge {
    /// Whether it is given again to who asks for another: it is open for at least half of its time yet.
    #[must_use]
    pub fn is_given_again(&self, now: Timestamp) -> bool {
        let (whole, left) = (
            self.challenge.expires_at.duration_since(self.drawn_at),
            self.challenge.expires_at.duration_since(now),
        );
        self.used_by.is_none() && left * 2 >= whole
    }

    /// Why a job cannot answer it, if it cannot. Whether another job has is for the store to say, in the transaction that
    /// records the job.
    ///
    /// # Errors
    /// [`Unanswerable`] says why.
    pub fn may_be_answered(
        &self,
        user: &UserKey,
        job: &JobId,
        policy: &ChallengePolicy,
        now: Timestamp,
    ) -> Result<(), Unanswerable> {
        // Whose it is comes first: nobody learns of others' challenges.
        if self.user != *user || self.job_id.as_ref().is_some_and(|bound| bound != job) {
            return Err(Unanswerable::Unknown);
        }
        if self.challenge.expires_at <= now {
            return Err(Unanswerable::Expired);
        }
        if policy.mode != ChallengeMode::Off && self.challenge.turns.len() < policy.turns {
            return Err(Unanswerable::TooFewTurns);
        }
        Ok(())
    }
}

/// Why a challenge cannot be answered by a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unanswerable {
    /// There is none of this name for this user and job.
    #[error("challenge_id names no challenge of this user and job; draw one with /v1/challenge")]
    Unknown,
    /// Its time is over.
    #[error("the challenge has expired; draw another with /v1/challenge and capture anew")]
    Expired,
    /// Another job has answered it.
    #[error(
        "the challenge was used by another job; draw another with /v1/challenge and capture anew"
    )]
    Used,
    /// It was drawn for jobs that need fewer.
    #[error(
        "the challenge has fewer turns than this job's policy asks for; name the job_type when drawing it with /v1/challenge"
    )]
    TooFewTurns,
}

/// What keeps a capture from answering its challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// The selfie's or too many frames' faces could not be measured.
    NotMeasured,
    /// The selfie's head is turned.
    SelfieNotFrontal,
    /// The frames do not begin, pause between turns, or end at front.
    NotBackAtFront,
    /// A turn is seen in one frame only.
    TurnTooBrief,
    /// Other turns were made than were drawn, or in another order.
    OtherTurns,
    /// What turns has no head's shape.
    Flat,
    /// A frame's face is another's than the selfie's, or than the frame's before it.
    OtherPerson,
    /// Frames of opposite turns are mirror images of each other.
    Mirrored,
}

/// What a capture made of its challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The turns that were drawn.
    pub drawn: Vec<Turn>,
    /// The turns that were made, as far as frames are fully turned. `None` is down.
    pub made: Vec<Option<Turn>>,
    /// What keeps it from answering.
    pub flaws: Vec<Flaw>,
}

impl Answer {
    /// The head followed.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.flaws.is_empty()
    }
}

/// Below this part of a full turn the head is at front.
const FRONT: f32 = 0.6;
/// Down is never drawn, and people who come back to the front, smile or held the camera low for the selfie look lower than there: only
/// this part of it counts.
const DOWN: f32 = 0.5;
/// A head that is turned both ways at once, the lesser by more than this part of the greater, is turned neither way.
const ASKEW: f32 = 0.8;
/// What the selfie's head may be turned by, in full turns: the frames are measured against it, so that a turned selfie would make
/// a frontal frame a turn the other way. Cameras are held low and faces slope differently: pitch is given more.
const SELFIE_ASIDE: f32 = 0.75;
/// See [`SELFIE_ASIDE`]; degrees.
const SELFIE_PITCH: f32 = 25.0;
/// The least part of the frames that must show a face.
const MEASURED: f32 = 0.75;
/// Pictures are each other's mirror image up to this distance of their perceptual hashes, of 256 bits.
const MIRRORED: u32 = 24;

/// Where a frame's head is held.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Held {
    Front,
    /// Towards here (`None`: down), fully or on the way.
    Towards(Option<Turn>, bool),
    /// Two ways at once.
    Askew,
}

impl Held {
    fn of(turn: &HeadTurn, policy: &ChallengePolicy) -> Self {
        let (across, up) = (turn.yaw / policy.min_yaw, turn.pitch / policy.min_pitch);
        let up = if up < 0.0 { DOWN * up } else { up };
        let (towards, most, least) = if across.abs() >= up.abs() {
            let side = if across > 0.0 {
                Turn::Left
            } else {
                Turn::Right
            };
            (Some(side), across.abs(), up.abs())
        } else {
            ((up > 0.0).then_some(Turn::Up), up.abs(), across.abs())
        };
        if most < FRONT {
            Self::Front
        } else if least > ASKEW * most || !most.is_finite() {
            Self::Askew
        } else {
            Self::Towards(towards, most >= 1.0)
        }
    }

    const fn fully(self) -> Option<Option<Turn>> {
        match self {
            Self::Towards(turn, true) => Some(turn),
            _ => None,
        }
    }
}

/// Where a frame's head is held, for those who measure how captures are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// At front.
    Front,
    /// Turned this way, fully or on the way there.
    Towards(Turn),
    /// Down, or two ways at once.
    Elsewhere,
}

impl Place {
    /// By the angles from which the policy takes a head as turned.
    #[must_use]
    pub fn of(turn: &HeadTurn, policy: &ChallengePolicy) -> Self {
        match Held::of(turn, policy) {
            Held::Front => Self::Front,
            Held::Towards(Some(turn), _) => Self::Towards(turn),
            Held::Towards(None, _) | Held::Askew => Self::Elsewhere,
        }
    }
}

/// Whether a frame was measured against the selfie's head, by its place among the frames.
pub(crate) fn measured(capture: &CaptureEvidence, at: usize) -> bool {
    let frames = capture.turns.as_ref().map(|turns| &turns.frames);
    frames.is_some_and(|frames| frames.get(at).is_some_and(Option::is_some))
}

/// What a capture made of a challenge. The evidence must have been gathered with turns.
#[must_use]
pub fn answer(
    challenge: &Challenge,
    capture: &CaptureEvidence,
    policy: &ChallengePolicy,
) -> Answer {
    let mut answer = Answer {
        drawn: challenge.turns.clone(),
        made: Vec::new(),
        flaws: Vec::new(),
    };
    let Some(turns) = &capture.turns else {
        answer.flaws.push(Flaw::NotMeasured);
        return answer;
    };
    let seen: Vec<(usize, &HeadTurn, Held)> = turns
        .frames
        .iter()
        .enumerate()
        .filter_map(|(at, turn)| turn.as_ref().map(|turn| (at, turn, Held::of(turn, policy))))
        .collect();
    let mut note = |flaw: Flaw, found: bool| {
        if found {
            answer.flaws.push(flaw);
        }
    };
    let few = (seen.len() as f32) < MEASURED * turns.frames.len() as f32;
    note(Flaw::NotMeasured, few || seen.is_empty());
    // A number that is none counts as turned.
    let beyond = |angle: f32, most: f32| angle.is_nan() || angle.abs() > most;
    let aside = beyond(turns.selfie.yaw, SELFIE_ASIDE * policy.min_yaw)
        || beyond(turns.selfie.pitch, SELFIE_PITCH);
    note(Flaw::SelfieNotFrontal, aside);
    let held: Vec<Held> = seen.iter().map(|(_, _, held)| *held).collect();
    let moves = Moves::of(&held);
    note(Flaw::NotBackAtFront, !moves.begins_and_ends_at_front);
    note(Flaw::TurnTooBrief, moves.too_brief);
    let drawn = challenge.turns.iter().map(|turn| Some(*turn));
    note(Flaw::OtherTurns, !moves.made.iter().copied().eq(drawn));
    let fully = || {
        seen.iter()
            .filter_map(|(at, turn, held)| Some((*at, *turn, held.fully()??)))
    };
    note(
        Flaw::Flat,
        fully().any(|(_, turn, to)| !has_depth(turn, to, policy)),
    );
    note(
        Flaw::OtherPerson,
        seen.iter()
            .any(|(_, turn, held)| !is_one_person(turn, *held, policy)),
    );
    let digests = |at: usize| capture.frames.get(at).and_then(|frame| frame.digests);
    let mirrored = fully().any(|(a, _, to)| {
        fully().any(|(b, _, other)| {
            matches!((to, other), (Turn::Left, Turn::Right))
                && digests(a)
                    .zip(digests(b))
                    .is_some_and(|(a, b)| a.mirrored().distance(&b) <= MIRRORED)
        })
    });
    note(Flaw::Mirrored, mirrored);
    answer.made = moves.made;
    answer
}

/// The frames as turns between pauses at front.
#[derive(Debug, Default)]
struct Moves {
    made: Vec<Option<Turn>>,
    begins_and_ends_at_front: bool,
    too_brief: bool,
}

impl Moves {
    fn of(held: &[Held]) -> Self {
        let at_front = |held: Option<&Held>| held == Some(&Held::Front);
        let mut moves = Self {
            begins_and_ends_at_front: at_front(held.first()) && at_front(held.last()),
            ..Self::default()
        };
        for away in held.split(|held| *held == Held::Front) {
            // A head that passes from one full turn into another without a pause made both.
            let mut fully: Vec<Option<Turn>> = away.iter().filter_map(|h| h.fully()).collect();
            fully.dedup();
            for turn in &fully {
                let frames = away
                    .iter()
                    .filter(|held| matches!(held, Held::Towards(to, _) if to == turn));
                moves.too_brief |= frames.count() < 2;
            }
            moves.begins_and_ends_at_front &= fully.len() < 2;
            moves.made.extend(fully);
        }
        moves
    }
}

/// Whether near parts move against far ones as they do on a head that is turned so far: by the mesh's points, and aside also by the
/// nose against the plane of eyes and mouth. Up, the detector's five points do not tell: a head that is raised by 13 degrees moves
/// that nose by 0.02, as much as noise does.
fn has_depth(turn: &HeadTurn, to: Turn, policy: &ChallengePolicy) -> bool {
    let (angle, parallax, nose) = match to {
        Turn::Left => (turn.yaw, turn.parallax_yaw, Some(turn.nose_across)),
        Turn::Right => (-turn.yaw, -turn.parallax_yaw, Some(-turn.nose_across)),
        Turn::Up => (turn.pitch, turn.parallax_pitch, None),
    };
    // What is no number is not enough.
    parallax >= policy.min_parallax * angle
        && nose.is_none_or(|nose| nose >= policy.min_nose * angle.to_radians().sin())
}

fn is_one_person(turn: &HeadTurn, held: Held, policy: &ChallengePolicy) -> bool {
    let least = match held {
        Held::Front => policy.min_likeness,
        Held::Towards(..) | Held::Askew => policy.min_likeness_turned,
    };
    let enough = |score: Option<selfsame_face::template::ComparisonScore>, least: f32| {
        score.is_some_and(|score| score.value() >= least)
    };
    enough(turn.likeness, least) && enough(turn.follows, policy.min_likeness_turned)
}

/// What speaks against a capture by its challenge, or by the lack of one.
#[must_use]
pub fn judge(
    challenge: Option<&Challenge>,
    capture: &CaptureEvidence,
    policy: &ChallengePolicy,
) -> ChallengeSide {
    match (policy.mode, challenge) {
        (ChallengeMode::Off, _) | (ChallengeMode::WhenDrawn, None) => ChallengeSide::NotJudged,
        (ChallengeMode::Required, None) => ChallengeSide::Against(Reason::ChallengeMissing),
        (_, Some(challenge)) => {
            if answer(challenge, capture, policy).is_right() {
                ChallengeSide::Followed
            } else {
                ChallengeSide::Against(Reason::ChallengeNotFollowed)
            }
        }
    }
}

/// Whether one person's head, with a head's shape, is fully turned in two frames or more, whoever asked for it and wherever to.
#[must_use]
pub fn turns_as_a_head(capture: &CaptureEvidence, policy: &ChallengePolicy) -> bool {
    let frames = capture.turns.iter().flat_map(|turns| &turns.frames);
    let fully: Vec<(&HeadTurn, Turn)> = frames
        .flatten()
        .filter_map(|turn| Some((turn, Held::of(turn, policy).fully()??)))
        .collect();
    let is_the_person_s = |(turn, to): &(&HeadTurn, Turn)| {
        let alike = turn
            .likeness
            .is_some_and(|score| score.value() >= policy.min_likeness_turned);
        alike && has_depth(turn, *to, policy)
    };
    fully.len() >= 2 && fully.iter().all(is_the_person_s)
}

/// What came of a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeSide {
    /// There is none that counts.
    NotJudged,
    /// A live head followed it: that it moves and is not flat is shown better than by anything that it did by chance.
    Followed,
    /// It speaks against the capture.
    Against(Reason),
}

#[cfg(test)]
mod tests;
