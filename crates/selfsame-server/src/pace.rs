//! How slowly bytes may move before whoever moves them is let go.

use std::time::{Duration, Instant};

/// What is demanded of bytes that arrive or leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The longest that all of it may take.
    pub total: Duration,
    /// The longest that nothing may move.
    pub silence: Duration,
    /// For so long only silence counts; then the average does.
    pub grace: Duration,
    /// The least average, counted from the end of the grace; 0 demands none.
    pub bytes_per_second: u64,
}

/// Bytes on their way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transfer {
    began: Instant,
    last: Instant,
    bytes: u64,
}

impl Transfer {
    pub(crate) const fn begin(now: Instant) -> Self {
        Self {
            began: now,
            last: now,
            bytes: 0,
        }
    }

    pub(crate) fn moved(&mut self, bytes: usize, now: Instant) {
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if bytes > 0 {
            self.last = now;
        }
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) const fn began(&self) -> Instant {
        self.began
    }

    /// When something moved last.
    pub(crate) const fn last(&self) -> Instant {
        self.last
    }

    /// When it is over, unless more moves before.
    pub(crate) fn deadline(&self, pace: &Pace) -> Instant {
        let first = (self.began + pace.total).min(self.last + pace.silence);
        match self.bytes.checked_div(pace.bytes_per_second) {
            None => first,
            // What has moved pays for so many seconds.
            Some(paid) => {
                // A day is beyond every total.
                let paid = Duration::from_secs(paid.min(24 * 3600));
                first.min(self.began + pace.grace + paid)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_slowness_and_length_each_end_it() {
        let second = Duration::from_secs(1);
        let pace = Pace {
            total: 60 * second,
            silence: 10 * second,
            grace: 15 * second,
            bytes_per_second: 1000,
        };
        let now = Instant::now();
        let mut transfer = Transfer::begin(now);
        assert_eq!(transfer.deadline(&pace), now + 10 * second);
        transfer.moved(1, now + 9 * second);
        assert_eq!(transfer.deadline(&pace), now + 15 * second, "too slow");
        transfer.moved(0, now + 14 * second);
        assert_eq!(transfer.deadline(&pace), now + 15 * second);
        transfer.moved(20_000, now + 14 * second);
        assert_eq!(transfer.deadline(&pace), now + 24 * second);
        transfer.moved(10_000_000, now + 55 * second);
        assert_eq!(transfer.deadline(&pace), now + 60 * second);
        assert_eq!(transfer.bytes(), 10_020_001);
        let unhurried = Pace {
            bytes_per_second: 0,
            ..pace
        };
        let mut transfer = Transfer::begin(now);
        transfer.moved(1, now + 9 * second);
        assert_eq!(transfer.deadline(&unhurried), now + 19 * second);
    }
}
