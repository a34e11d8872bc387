//! What stands around one authority: deadline, repeats, limits, a circuit breaker, and how it answered of late.

mod breaker;
mod history;
mod rate;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::identity::Answer;
use selfsame_wire::id_info::{Country, IdType};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::asking::Asking;
use crate::authority::{AskError, Authority};
use crate::config::Limits;
use breaker::Breaker;
use history::History;
pub use history::{Availability, LastQuestion};
use rate::Rate;

/// Why there is no answer now, and when to ask again. The text names no person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotNow {
    pub(crate) why: String,
    pub(crate) after: Duration,
}

/// An authority that is asked no more, no longer and no faster than its limits allow.
#[derive(Debug)]
pub(crate) struct Guard {
    name: String,
    authority: Arc<dyn Authority>,
    limits: Limits,
    places: Semaphore,
    rate: Rate,
    breaker: Breaker,
    history: History,
}

impl Guard {
    pub(crate) fn new(name: String, authority: Arc<dyn Authority>, limits: Limits) -> Self {
        let gauge = metrics::gauge!("selfsame_authority_open", "authority" => name.clone());
        Self {
            places: Semaphore::new(limits.concurrent),
            rate: Rate::new(limits.per_second),
            breaker: Breaker::new(limits.failures, limits.open_for, gauge),
            history: History::default(),
            name,
            authority,
            limits,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How it answered questions about an ID type of late.
    pub(crate) fn availability(&self, country: Country, id_type: &IdType) -> Availability {
        self.history.of(country, id_type, Timestamp::now())
    }

    /// Asks, as often as may help. Whoever stops waiting leaves nothing behind.
    ///
    /// # Errors
    /// [`NotNow`] where there is no answer.
    pub(crate) async fn ask(&self, asking: &Asking) -> Result<Answer, NotNow> {
        let began = Instant::now();
        let mut tries = 0;
        let asked = self.ask_in_turn(asking, &mut tries).await;
        // A question that did not reach the authority tells nothing about it.
        if tries > 0 {
            let question = LastQuestion {
                at: Timestamp::now(),
                answered: asked.as_ref().is_ok_and(is_of_use),
                tries,
            };
            let query = &asking.query;
            self.history.note(query.country, &query.id_type, question);
        }
        let outcome = match &asked {
            Ok(answer) => outcome(answer),
            Err(_) => "later",
        };
        let name = || self.name.clone();
        metrics::counter!("selfsame_authority_questions_total", "authority" => name(), "outcome" => outcome)
            .increment(1);
        metrics::histogram!("selfsame_authority_seconds", "authority" => name())
            .record(began.elapsed().as_secs_f64());
        asked
    }

    /// `tries` counts how often the authority was asked.
    async fn ask_in_turn(&self, asking: &Asking, tries: &mut u32) -> Result<Answer, NotNow> {
        // A place and a turn are worth waiting for as long as an answer is.
        let deadline = Instant::now() + self.limits.timeout;
        let place = tokio::time::timeout_at(deadline, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Err(self.not_now(
                "as many questions as it may have are under way",
                self.limits.timeout,
            ));
        };
        let mut attempt = 1;
        loop {
            let deadline = Instant::now() + self.limits.timeout;
            self.rate.turn(deadline).await.map_err(|wait| {
                self.not_now(
                    "as many questions as it may have this second were asked",
                    wait,
                )
            })?;
            let pass = self.breaker.pass().map_err(|left| {
                self.not_now(
                    "it failed several times and is left alone for a while",
                    left,
                )
            })?;
            *tries = attempt;
            let error = match self.ask_once(asking).await {
                Ok(answer) => {
                    pass.succeeded();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let open = pass.failed();
            self.tell(asking, &error, attempt, open);
            let again = matches!(error, AskError::Unreachable(_));
            if open || !again || attempt >= self.limits.attempts {
                return Err(self.not_now(&error.to_string(), self.limits.open_for));
            }
            tokio::time::sleep(self.pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn ask_once(&self, asking: &Asking) -> Result<Answer, AskError> {
        let within = self.limits.timeout;
        match tokio::time::timeout(within, self.authority.ask(asking)).await {
            Ok(answer) => answer,
            Err(_) => Err(AskError::Unreachable(format!(
                "no answer within {within:?}"
            ))),
        }
    }

    /// Between half and the whole of what the attempt's pause is, so that questions that failed together do not return together.
    fn pause(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        // Without randomness they return together, which is slower and not wrong.
        let random = getrandom::u32().unwrap_or(u32::MAX);
        let part = 0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX);
        self.limits.pause.saturating_mul(doubled).mul_f64(part)
    }

    fn not_now(&self, why: &str, after: Duration) -> NotNow {
        NotNow {
            why: why.to_owned(),
            // At once would be too soon in any case.
            after: after.max(Duration::from_millis(100)),
        }
    }

    /// Names the job, never the person.
    fn tell(&self, asking: &Asking, error: &AskError, attempt: u32, open: bool) {
        let (authority, job) = (&self.name, &asking.smile_job_id);
        match error {
            AskError::Unreachable(_) | AskError::Busy => {
                tracing::warn!(%authority, %job, attempt, open, %error, "an authority gave no answer");
            }
            AskError::Nonsense(_) | AskError::Refused(_) => {
                tracing::error!(%authority, %job, attempt, open, %error, "an authority gave no answer: the operator is wanted");
            }
        }
    }
}

/// Whether an answer is one about the identity: an authority that says that it cannot tell is as good as silent.
const fn is_of_use(answer: &Answer) -> bool {
    !matches!(answer, Answer::Unavailable | Answer::NotEnabled)
}

const fn outcome(answer: &Answer) -> &'static str {
    match answer {
        Answer::Found(_) | Answer::Business(_) => "found",
        Answer::Compared(_) => "compared",
        Answer::NotFound => "not_found",
        Answer::Malformed(_) => "malformed",
        Answer::Unavailable => "unavailable",
        Answer::NotEnabled => "not_enabled",
    }
}

#[cfg(test)]
mod tests;
