//! When to try a callback again.

use std::time::Duration;

/// How a callback is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Pause after the first failure.
    pub first: Duration,
    /// The longest pause, before jitter.
    pub longest: Duration,
    /// Tries altogether.
    pub max_attempts: u32,
}

impl Default for Backoff {
    /// 26 tries over 75 hours, three days and three hours: pauses of 2 s, 4 s, … 4.6 hours, then eleven of 6 hours.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(6 * 3600),
            max_attempts: 26,
        }
    }
}

/// How far jitter moves a pause to either side, as a part of it.
const JITTER: f64 = 0.25;

/// Failures in a row before an endpoint is given pauses of its own.
const PATIENCE: u32 = 3;
/// The longest pause of an endpoint.
const LONGEST_ENDPOINT_PAUSE: Duration = Duration::from_secs(30);

impl Backoff {
    /// The pause after so many failures, or `None` when no try is left.
    ///
    /// The pause doubles each time. `jitter` (0 to 1) makes it up to a quarter shorter or longer, so that receivers that come
    /// back are not met by all callers at once; 0.5 leaves it as it is.
    #[must_use]
    pub fn pause(&self, failures: u32, jitter: f64) -> Option<Duration> {
        if failures >= self.max_attempts {
            return None;
        }
        let doubled = self.first.saturating_mul(
            1u32.checked_shl(failures.saturating_sub(1))
                .unwrap_or(u32::MAX),
        );
        let factor = 1.0 + JITTER * (2.0 * jitter.clamp(0.0, 1.0) - 1.0);
        Some(doubled.min(self.longest).mul_f64(factor))
    }

    /// How long a callback is tried before it is given up: all pauses together, without jitter.
    #[must_use]
    pub fn total(&self) -> Duration {
        (1..self.max_attempts)
            .filter_map(|failures| self.pause(failures, 0.5))
            .sum()
    }
}

/// How long nothing goes to an endpoint that has not answered so many times in a row.
///
/// Far below the pauses of one callback: it only slows those behind which many wait.
#[must_use]
pub fn endpoint_pause(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(PATIENCE) else {
        return Duration::ZERO;
    };
    Duration::from_secs(1u64.checked_shl(doublings).unwrap_or(u64::MAX)).min(LONGEST_ENDPOINT_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let backoff = Backoff {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(10),
            max_attempts: 5,
        };
        let pauses: Vec<_> = (1..=5)
            .map(|n| backoff.pause(n, 0.5).map(|p| p.as_secs()))
            .collect();
        assert_eq!(pauses, [Some(2), Some(4), Some(8), Some(10), None]);
        assert_eq!(backoff.pause(2, 0.0), Some(Duration::from_secs(3)));
        assert_eq!(backoff.pause(2, 1.0), Some(Duration::from_secs(5)));
        assert_eq!(backoff.total(), Duration::from_secs(24));
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let backoff = Backoff {
            max_attempts: u32::MAX,
            ..Backoff::default()
        };
        assert_eq!(backoff.pause(4_000_000_000, 0.5), Some(backoff.longest));
        assert_eq!(endpoint_pause(u32::MAX), LONGEST_ENDPOINT_PAUSE);
    }

    /// What the documents say about the tries is what is done.
    #[test]
    fn the_documents_state_the_sum() {
        let backoff = Backoff::default();
        let hours = backoff.total().as_secs() / 3600;
        assert_eq!((backoff.max_attempts, hours), (26, 75));
        let said = format!("{} tries over {hours} hours", backoff.max_attempts);
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        for document in [
            "docs/wire.md",
            "docs/decisions/0047-callbacks-take-turns.md",
        ] {
            let text = std::fs::read_to_string(format!("{root}/{document}")).unwrap();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(&said), "{document} does not say: {said}");
        }
    }

    #[test]
    fn an_endpoint_is_slowed_only_after_some_failures() {
        let seconds: Vec<u64> = (0..10).map(|n| endpoint_pause(n).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 0, 1, 2, 4, 8, 16, 30, 30]);
    }
}
