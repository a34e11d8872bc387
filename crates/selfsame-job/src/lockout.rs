//! Attempts of a user that fail, and the growing delays that follow.
//!
//! Whoever may try again without end passes in the end: each comparison has its false-match rate. So attempts are counted for
//! each user, and once [`LockoutPolicy::max_failures`] have failed in a row, each further failure locks the user for twice as
//! long as the one before.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::reason::{Check, Reason};
use crate::verdict::{Decision, Verdict};

/// When a user is locked, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockoutPolicy {
    /// With so many failures in a row the delays begin; 0: they never do.
    pub max_failures: u32,
    /// The first delay, in seconds; each further failure doubles it.
    pub first_delay_seconds: u32,
    /// The longest delay, in seconds.
    pub longest_delay_seconds: u32,
    /// Failures are forgotten when none followed for so many seconds.
    pub forget_after_seconds: u32,
}

impl Default for LockoutPolicy {
    fn default() -> Self {
        Self {
            max_failures: 5,
            first_delay_seconds: 30,
            longest_delay_seconds: 3600,
            forget_after_seconds: 24 * 3600,
        }
    }
}

impl LockoutPolicy {
    /// The most seconds that a policy may remember failures for: what is older can be removed from the record.
    pub const MAX_FORGET_AFTER_SECONDS: u32 = 30 * 24 * 3600;

    /// Whether failures are counted at all.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        self.max_failures == 0
    }

    /// How long the user is locked after so many failures in a row.
    fn delay(&self, failures: u32) -> Option<Duration> {
        let further = failures.checked_sub(self.max_failures)?;
        let factor = 1u64.checked_shl(further).unwrap_or(u64::MAX);
        let seconds = u64::from(self.first_delay_seconds).saturating_mul(factor);
        Some(Duration::from_secs(
            seconds.min(u64::from(self.longest_delay_seconds)),
        ))
    }
}

/// The failures of one user since its last success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAttempts {
    /// How many, in a row.
    pub count: u32,
    /// When the latest was.
    pub last_at: Timestamp,
    /// Until when the user is locked, where the latest failure brought a delay.
    pub locked_until: Option<Timestamp>,
}

impl FailedAttempts {
    /// One failure more.
    #[must_use]
    pub fn and_one(earlier: Option<Self>, policy: &LockoutPolicy, now: Timestamp) -> Self {
        let forget_after = Duration::from_secs(u64::from(policy.forget_after_seconds));
        let count = match earlier {
            Some(earlier) if now.duration_since(earlier.last_at).unsigned_abs() < forget_after => {
                earlier.count.saturating_add(1)
            }
            _ => 1,
        };
        Self {
            count,
            last_at: now,
            locked_until: policy
                .delay(count)
                .and_then(|delay| now.checked_add(delay).ok()),
        }
    }

    /// Until when the user is locked, if it is at this moment.
    #[must_use]
    pub fn locked_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| *until > now)
    }
}

/// What a job's outcome means for the count of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// The right person: the failures are forgotten.
    Passed,
    /// A guess that failed, or that a person has yet to decide: one failure more.
    Failed,
    /// Nothing was compared, or nothing but the picture's quality stood in the way.
    Uncounted,
}

/// A job's outcome under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// What it came to.
    pub tried: Tried,
    /// What counts its failures.
    pub policy: LockoutPolicy,
}

/// What becomes of a user's failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// They stay as they are.
    Unchanged,
    /// They are forgotten.
    Cleared,
    /// There is one more.
    Grown(FailedAttempts),
}

impl Attempt {
    /// An outcome under a policy; `None` where the policy counts nothing.
    #[must_use]
    pub fn new(tried: Tried, policy: LockoutPolicy) -> Option<Self> {
        (!policy.is_off()).then_some(Self { tried, policy })
    }

    /// What the attempt does to the user's failures.
    #[must_use]
    pub fn tally(&self, earlier: Option<FailedAttempts>, now: Timestamp) -> Tally {
        match self.tried {
            Tried::Passed => Tally::Cleared,
            Tried::Failed => Tally::Grown(FailedAttempts::and_one(earlier, &self.policy, now)),
            Tried::Uncounted => Tally::Unchanged,
        }
    }
}

impl Decision {
    /// What the decision means for the count of failures. A provisional one counts as a failure unless only the quality of the
    /// picture is in doubt: else a stranger could make people decide about guesses without end. Their approval forgets it.
    #[must_use]
    pub fn tried(&self) -> Tried {
        match self.verdict {
            Verdict::Pass => Tried::Passed,
            Verdict::NoMatch
            | Verdict::Duplicate
            | Verdict::PossibleSpoof
            | Verdict::Provisional
                if self.reasons.iter().any(|reason| is_guess(*reason)) =>
            {
                Tried::Failed
            }
            _ => Tried::Uncounted,
        }
    }
}

/// Whether a reason tells that somebody tried to pass for another. Frames and challenges that are missing tell nothing, and teach nothing; nor
/// does a policy that leaves every replacement to people.
fn is_guess(reason: Reason) -> bool {
    match reason.check() {
        Check::Liveness => !matches!(reason, Reason::TooFewFrames | Reason::ChallengeMissing),
        Check::Comparison => reason != Reason::ReplacementReview,
        Check::Replay => true,
        Check::Account | Check::Face | Check::Quality => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const POLICY: LockoutPolicy = LockoutPolicy {
        max_failures: 3,
        first_delay_seconds: 10,
        longest_delay_seconds: 60,
        forget_after_seconds: 600,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    /// Seconds of delay after each of so many failures, one a minute.
    fn delays(policy: &LockoutPolicy, failures: i64) -> Vec<Option<i64>> {
        let mut state = None;
        (0..failures)
            .map(|n| {
                let now = at(60 * n);
                let next = FailedAttempts::and_one(state, policy, now);
                state = Some(next);
                next.locked_until
                    .map(|until| until.duration_since(now).as_secs())
            })
            .collect()
    }

    #[test]
    fn delays_begin_after_some_failures_double_and_end_at_the_longest() {
        assert_eq!(
            delays(&POLICY, 8),
            [
                None,
                None,
                Some(10),
                Some(20),
                Some(40),
                Some(60),
                Some(60),
                Some(60)
            ]
        );
        let forever = LockoutPolicy {
            max_failures: 1,
            ..POLICY
        };
        assert_eq!(delays(&forever, 200)[199], Some(60), "no shift overflows");
    }

    #[test]
    fn a_lock_ends_by_itself_and_quiet_time_forgets() {
        let mut state = None;
        for n in 0..3 {
            state = Some(FailedAttempts::and_one(state, &POLICY, at(n)));
        }
        let locked = state.unwrap();
        assert_eq!(locked.locked_at(at(2)), Some(at(12)));
        assert_eq!(locked.locked_at(at(11)), Some(at(12)));
        assert_eq!(locked.locked_at(at(12)), None);
        let next = FailedAttempts::and_one(state, &POLICY, at(601));
        assert_eq!(next.count, 4, "one second less than the quiet time");
        let next = FailedAttempts::and_one(state, &POLICY, at(602));
        assert_eq!((next.count, next.locked_until), (1, None));
        // A clock that was put back does not make failures old.
        let back = at(0) - SignedDuration::from_secs(60);
        assert_eq!(FailedAttempts::and_one(state, &POLICY, back).count, 4);
    }

    #[test]
    fn passing_forgets_and_zero_counts_nothing() {
        let failed = Some(FailedAttempts::and_one(None, &POLICY, at(0)));
        let tally = |tried| Attempt::new(tried, POLICY).unwrap().tally(failed, at(1));
        assert_eq!(tally(Tried::Passed), Tally::Cleared);
        assert_eq!(tally(Tried::Uncounted), Tally::Unchanged);
        assert!(matches!(tally(Tried::Failed), Tally::Grown(f) if f.count == 2));
        let off = LockoutPolicy {
            max_failures: 0,
            ..POLICY
        };
        assert_eq!(Attempt::new(Tried::Failed, off), None);
    }

    #[test]
    fn guesses_count_and_bad_pictures_do_not() {
        let tried = |verdict, reasons: &[Reason]| {
            Decision {
                reasons: reasons.to_vec(),
                ..Decision::without_evidence(verdict)
            }
            .tried()
        };
        assert_eq!(tried(Verdict::Pass, &[]), Tried::Passed);
        for (verdict, reason) in [
            (Verdict::NoMatch, Reason::OtherPerson),
            (Verdict::PossibleSpoof, Reason::PrintOrScreen),
            (Verdict::PossibleSpoof, Reason::ReplayedImage),
            (Verdict::Duplicate, Reason::Duplicate),
            (Verdict::Provisional, Reason::BetweenThresholds),
            (Verdict::Provisional, Reason::ReplacementMismatch),
            (Verdict::Provisional, Reason::LivenessUnclear),
        ] {
            assert_eq!(tried(verdict, &[reason]), Tried::Failed, "{reason:?}");
        }
        for (verdict, reason) in [
            (Verdict::NoFace, Reason::NoFace),
            (Verdict::PoorQuality, Reason::Blurred),
            (Verdict::Provisional, Reason::UnevenLight),
            (Verdict::Provisional, Reason::ReplacementReview),
            (Verdict::PossibleSpoof, Reason::TooFewFrames),
        ] {
            assert_eq!(tried(verdict, &[reason]), Tried::Uncounted, "{reason:?}");
        }
        assert_eq!(tried(Verdict::AlreadyEnrolled, &[]), Tried::Uncounted);
    }
}
