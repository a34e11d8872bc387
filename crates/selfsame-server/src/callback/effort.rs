//! How hard it is tried to bring a result to its partner. Each API has made a promise of its own.

use std::time::Duration;

use selfsame_job::job::Api;

use super::backoff::Backoff;

/// How hard a callback is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// When it is tried again, and how often.
    pub backoff: Backoff,
    /// How long each part of a try may take: looking up the name, waiting for a place at the address, and the request up to the
    /// answer's head.
    pub timeout: Duration,
}

impl Effort {
    /// v3's webhooks: 35 seconds a try, and up to three more, after 1, 2 and 4 minutes.
    pub const WEBHOOKS: Self = Self {
        backoff: Backoff {
            first: Duration::from_secs(60),
            longest: Duration::from_secs(240),
            max_attempts: 4,
        },
        timeout: Duration::from_secs(35),
    };
}

/// The effort for each API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Efforts {
    /// v1's callbacks, which are v2's too.
    pub(crate) callbacks: Effort,
    /// v3's.
    pub(crate) webhooks: Effort,
}

impl Efforts {
    /// That for a job's result.
    pub(super) const fn of(&self, api: Api) -> Effort {
        match api {
            Api::V1 | Api::V2 => self.callbacks,
            Api::V3 => self.webhooks,
        }
    }

    /// The longest that a try of any API may take.
    pub(super) fn longest_timeout(&self) -> Duration {
        self.callbacks.timeout.max(self.webhooks.timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the document says about webhooks is what is done.
    #[test]
    fn the_document_states_the_tries() {
        let Effort { backoff, timeout } = Effort::WEBHOOKS;
        let pauses: Vec<u64> = (1..=backoff.max_attempts)
            .filter_map(|failures| backoff.pause(failures, 0.5))
            .map(|pause| pause.as_secs())
            .collect();
        assert_eq!(pauses, [60, 120, 240]);
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let text = std::fs::read_to_string(format!("{root}/docs/wire-v3.md")).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = format!(
            "{} tries of {} seconds, after pauses of 1, 2 and 4 minutes",
            backoff.max_attempts,
            timeout.as_secs()
        );
        assert!(text.contains(&said), "docs/wire-v3.md does not say: {said}");
    }
}
