//! When to try a callback again.

use std::time::Duration;

/// How a callback is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Pause after the first failure.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// Tries altogether.
    pub max_attempts: u32,
}

impl Default for Backoff {
    /// Fifteen tries over about a day and a half: 2 s, 4 s, … up to 6 hours apart.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(6 * 3600),
            max_attempts: 15,
        }
    }
}

impl Backoff {
    /// The pause after so many failures, or `None` when no try is left.
    ///
    /// The pause doubles each time; `jitter` (0 to 1) takes off up to half of it, so that receivers that come back are
    /// not met by all callers at once.
    #[must_use]
    pub fn pause(&self, failures: u32, jitter: f64) -> Option<Duration> {
        if failures >= self.max_attempts {
            return None;
        }
        let doubled = self.first.saturating_mul(
            1u32.checked_shl(failures.saturating_sub(1))
                .unwrap_or(u32::MAX),
        );
        Some(
            doubled
                .min(self.longest)
                .mul_f64(1.0 - 0.5 * jitter.clamp(0.0, 1.0)),
        )
    }
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
            .map(|n| backoff.pause(n, 0.0).map(|p| p.as_secs()))
            .collect();
        assert_eq!(pauses, [Some(2), Some(4), Some(8), Some(10), None]);
        assert_eq!(backoff.pause(2, 1.0), Some(Duration::from_secs(2)));
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let backoff = Backoff {
            max_attempts: u32::MAX,
            ..Backoff::default()
        };
        assert_eq!(backoff.pause(4_000_000_000, 0.0), Some(backoff.longest));
    }
}
