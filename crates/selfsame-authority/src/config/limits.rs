//! How an authority may be asked: settings that every kind has.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::SignedDuration;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Table;

use super::{ConfigError, Place};

/// How an authority may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How long one try may take, from connecting to the answer's end.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// How often a question is tried where the authority cannot be reached.
    pub attempts: u32,
    /// How long to wait before the second try; each further one waits twice as long. A random part of up to half is taken off.
    #[serde(deserialize_with = "duration")]
    pub pause: Duration,
    /// After how many failures in a row the authority is left alone.
    pub failures: u32,
    /// For how long. Questions that it could not answer are asked again after that.
    #[serde(deserialize_with = "duration")]
    pub open_for: Duration,
    /// How many questions may be under way at one time.
    pub concurrent: usize,
    /// How many tries may begin each second; absent: as many as come.
    pub per_second: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            attempts: 3,
            pause: Duration::from_millis(500),
            failures: 5,
            open_for: Duration::from_secs(30),
            concurrent: 16,
            per_second: None,
        }
    }
}

/// The fields' names, by which they are told from a kind's own settings.
const FIELDS: [&str; 7] = [
    "timeout",
    "attempts",
    "pause",
    "failures",
    "open_for",
    "concurrent",
    "per_second",
];

impl Limits {
    /// Takes the limits out of an authority's settings; what stays is the kind's own.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub(crate) fn take(settings: &mut Table, place: &Place) -> Result<Self, ConfigError> {
        let own = FIELDS
            .iter()
            .filter_map(|name| settings.remove_entry(*name));
        let limits: Self = place.read(own.collect())?;
        let between = |name: &str, value: Duration, least: Duration, most: Duration| {
            if (least..=most).contains(&value) {
                Ok(())
            } else {
                let problem = format!("must be between {least:?} and {most:?}");
                Err(place.wrong(name, problem))
            }
        };
        let (ms, s) = (Duration::from_millis, Duration::from_secs);
        between("timeout", limits.timeout, ms(100), s(120))?;
        between("pause", limits.pause, ms(0), s(60))?;
        between("open_for", limits.open_for, ms(100), s(3600))?;
        let count = |name: &str, value: usize, most: usize| {
            if (1..=most).contains(&value) {
                Ok(())
            } else {
                Err(place.wrong(name, format!("must be between 1 and {most}")))
            }
        };
        count("attempts", limits.attempts as usize, 10)?;
        count("failures", limits.failures as usize, 1000)?;
        count("concurrent", limits.concurrent, 1000)?;
        if limits.per_second.is_some_and(|n| n.get() > 10_000) {
            return Err(place.wrong("per_second", "must be between 1 and 10000"));
        }
        Ok(limits)
    }
}

/// `"10s"`, `"250ms"`, `"1m 30s"`.
pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let wrong = || D::Error::custom("a time such as \"10s\", \"250ms\" or \"1m 30s\" is wanted");
    let text = String::deserialize(deserializer).map_err(|_| wrong())?;
    let parsed: SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(parsed).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn take(text: &str) -> Result<(Limits, Table), String> {
        let place = Place::file(Path::new("/")).within("authority").within("x");
        let mut settings: Table = text.parse().unwrap();
        let limits = Limits::take(&mut settings, &place).map_err(|e| e.to_string())?;
        Ok((limits, settings))
    }

    #[test]
    fn limits_are_taken_and_the_rest_stays() {
        let text = "timeout = \"2s\"\npause = \"30ms\"\nper_second = 5\nurl = \"x\"";
        let (limits, rest) = take(text).unwrap();
        assert_eq!(limits.timeout, Duration::from_secs(2));
        assert_eq!(limits.pause, Duration::from_millis(30));
        assert_eq!(limits.per_second, NonZeroU32::new(5));
        assert_eq!(limits.attempts, Limits::default().attempts);
        assert_eq!(rest.keys().collect::<Vec<_>>(), ["url"]);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (text, field) in [
            ("timeout = \"0s\"", "timeout"),
            ("timeout = \"1h\"", "timeout"),
            ("timeout = \"-3s\"", "timeout"),
            ("timeout = 5", "timeout"),
            ("timeout = \"soon\"", "timeout"),
            ("attempts = 0", "attempts"),
            ("attempts = 11", "attempts"),
            ("failures = 0", "failures"),
            ("pause = \"1m 30ms\"", "pause"),
            ("open_for = \"2h\"", "open_for"),
            ("concurrent = 0", "concurrent"),
            ("per_second = 0", "per_second"),
            ("per_second = 10001", "per_second"),
        ] {
            let said = take(text).unwrap_err();
            assert!(
                said.starts_with(&format!("authorities: authority.x.{field} ")),
                "{said}"
            );
        }
    }
}
