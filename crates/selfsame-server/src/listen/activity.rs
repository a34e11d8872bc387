//! What a connection is doing, and how long it may go on doing that.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::config::ConnectionLimits;
use crate::pace::{Pace, Transfer};

/// A request in hand for so long, from nobody known, may make room for a newcomer.
const UNHURRIED: Duration = Duration::from_secs(5);
/// Bytes of a refused client that are thrown away before its connection is cut: the largest body that it may be sending.
const LINGER_BYTES: u64 = 64 * 1024 * 1024;
/// The longest that they are waited for, and the longest silence in between.
const LINGER: Pace = Pace {
    total: Duration::from_secs(30),
    silence: Duration::from_secs(2),
    grace: Duration::from_secs(30),
    bytes_per_second: 0,
};

/// Between requests for so long, nothing of an earlier one is still on its way.
const RESTED: Duration = Duration::from_secs(1);

/// One connection, as seen by the socket, by its requests and by whoever ends it.
#[derive(Debug)]
pub(crate) struct Activity {
    /// Whose it is: an address, or an IPv6 network.
    pub(super) address: IpAddr,
    state: Mutex<State>,
    /// Rung when the connection is to be closed at once.
    close: Notify,
}

#[derive(Debug)]
struct State {
    opened: Instant,
    phase: Phase,
    /// Whether streams share the connection (HTTP/2): then bytes that arrive between requests are not always a head.
    multiplexed: bool,
    /// Whether a request on it was authenticated.
    known: bool,
    /// Requests whose answer is being made.
    handling: usize,
    /// Answers that are being sent: by when each must be gone.
    sending: BTreeSet<(Instant, u64)>,
    next_answer: u64,
    /// Bytes that the peer does not take.
    stalled: Option<Transfer>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// TLS is being negotiated.
    Handshake,
    /// No request has come yet.
    Fresh,
    /// Requests are in hand, since the first of them.
    Busy(Instant),
    /// Between requests.
    Quiet(Instant),
    /// The head of another request is arriving.
    Head(Instant),
    /// All is said; what still arrives is thrown away.
    Lingering(Transfer),
}

/// How readily a connection is closed to make room; the earlier the readier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dispensable {
    /// Nobody known, and nothing in hand.
    Idle,
    /// Nobody known; what is in hand takes long.
    Slow,
    /// Somebody known, between requests.
    KeptAlive,
}

impl Activity {
    pub(super) fn new(address: IpAddr, secure: bool, now: Instant) -> Self {
        let phase = if secure {
            Phase::Handshake
        } else {
            Phase::Fresh
        };
        Self {
            address,
            state: Mutex::new(State {
                opened: now,
                phase,
                multiplexed: false,
                known: false,
                handling: 0,
                sending: BTreeSet::new(),
                next_answer: 0,
                stalled: None,
            }),
            close: Notify::new(),
        }
    }

    /// A request on it was authenticated: it is among the last to be closed for want of room.
    pub(crate) fn authenticated(&self) {
        self.lock().known = true;
    }

    pub(super) fn close(&self) {
        // Kept until it is waited for.
        self.close.notify_one();
    }

    pub(super) async fn closed(&self) {
        self.close.notified().await;
    }

    pub(super) fn secured(&self) {
        self.lock().phase = Phase::Fresh;
    }

    /// Bytes arrived. `false`: more than is put up with.
    pub(super) fn received(&self, bytes: usize, now: Instant) -> bool {
        let mut state = self.lock();
        let multiplexed = state.multiplexed;
        match &mut state.phase {
            Phase::Quiet(_) if !multiplexed => state.phase = Phase::Head(now),
            Phase::Lingering(transfer) => {
                transfer.moved(bytes, now);
                return transfer.bytes() <= LINGER_BYTES;
            }
            _ => {}
        }
        true
    }

    /// The peer took so many of the bytes that were offered; `None`: none, for now.
    pub(super) fn sent(&self, taken: Option<usize>, offered: usize, now: Instant) {
        let mut state = self.lock();
        match taken {
            None => {
                state.stalled.get_or_insert_with(|| Transfer::begin(now));
            }
            Some(taken) if taken >= offered => state.stalled = None,
            Some(taken) => {
                if let Some(transfer) = &mut state.stalled {
                    transfer.moved(taken, now);
                }
            }
        }
    }

    /// All is said, and the peer was told so. Whether it had long been between requests: then nothing more need be waited for.
    pub(super) fn lingers(&self, now: Instant) -> bool {
        let mut state = self.lock();
        let rested = match state.phase {
            Phase::Quiet(since) => now.saturating_duration_since(since) >= RESTED,
            Phase::Handshake
            | Phase::Fresh
            | Phase::Busy(_)
            | Phase::Head(_)
            | Phase::Lingering(_) => false,
        };
        if !matches!(state.phase, Phase::Lingering(_)) {
            state.phase = Phase::Lingering(Transfer::begin(now));
            state.stalled = None;
        }
        rested
    }

    /// A request's head has arrived.
    pub(super) fn begins(&self, multiplexed: bool, now: Instant) {
        let mut state = self.lock();
        state.multiplexed = multiplexed;
        state.handling += 1;
        if !matches!(state.phase, Phase::Busy(_)) {
            state.phase = Phase::Busy(now);
        }
    }

    /// A request's answer is made, or the request was given up.
    pub(super) fn handled(&self, now: Instant) {
        let mut state = self.lock();
        state.handling = state.handling.saturating_sub(1);
        state.rest(now);
    }

    /// An answer is on its way; it must be gone by `until`. Gives its name.
    pub(super) fn answers(&self, until: Instant) -> (Instant, u64) {
        let mut state = self.lock();
        let name = (until, state.next_answer);
        state.next_answer += 1;
        state.sending.insert(name);
        name
    }

    /// An answer is gone.
    pub(super) fn answered(&self, name: (Instant, u64), now: Instant) {
        let mut state = self.lock();
        state.sending.remove(&name);
        state.rest(now);
    }

    /// Whether it has had its time.
    pub(super) fn expired(&self, limits: &ConnectionLimits, now: Instant) -> bool {
        let state = self.lock();
        let after = |since: Instant, long: Duration| now.saturating_duration_since(since) >= long;
        let stalled = state
            .stalled
            .is_some_and(|t| t.deadline(&limits.answer_pace) <= now);
        let unread = state
            .sending
            .first()
            .is_some_and(|(until, _)| *until <= now);
        stalled
            || unread
            || match state.phase {
                Phase::Handshake | Phase::Fresh => after(state.opened, limits.head_timeout),
                Phase::Head(since) => after(since, limits.head_timeout),
                Phase::Quiet(since) => after(since, limits.idle_timeout),
                // Bodies and handlers have limits of their own.
                Phase::Busy(_) => false,
                Phase::Lingering(transfer) => transfer.deadline(&LINGER) <= now,
            }
    }

    /// Whether it may be closed to make room, and since when it has been so.
    pub(super) fn dispensable(&self, now: Instant) -> Option<(Dispensable, Instant)> {
        let state = self.lock();
        match state.phase {
            Phase::Busy(since) => (!state.known
                && now.saturating_duration_since(since) >= UNHURRIED)
                .then_some((Dispensable::Slow, since)),
            Phase::Lingering(_) => Some((Dispensable::Idle, state.opened)),
            Phase::Handshake | Phase::Fresh => Some((Dispensable::Idle, state.opened)),
            Phase::Quiet(since) | Phase::Head(since) => Some((
                if state.known {
                    Dispensable::KeptAlive
                } else {
                    Dispensable::Idle
                },
                since,
            )),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Nothing in hand any more: the next request may come.
    fn rest(&mut self, now: Instant) {
        if self.handling == 0 && self.sending.is_empty() && matches!(self.phase, Phase::Busy(_)) {
            self.phase = Phase::Quiet(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits() -> ConnectionLimits {
        ConnectionLimits {
            head_timeout: 15 * SECOND,
            idle_timeout: 75 * SECOND,
            ..ConnectionLimits::default()
        }
    }

    fn activity(secure: bool, now: Instant) -> Activity {
        Activity::new(IpAddr::from([127, 0, 0, 1]), secure, now)
    }

    #[test]
    fn each_phase_has_its_deadline() {
        let (limits, now) = (limits(), Instant::now());
        for secure in [false, true] {
            let silent = activity(secure, now);
            assert!(!silent.expired(&limits, now + 14 * SECOND));
            assert!(silent.expired(&limits, now + 15 * SECOND));
        }
        // What the handshake took is not given again.
        let dripping = activity(true, now);
        dripping.secured();
        assert!(dripping.received(1, now + 10 * SECOND));
        assert!(dripping.expired(&limits, now + 15 * SECOND));

        let busy = activity(false, now);
        busy.begins(false, now);
        assert!(
            !busy.expired(&limits, now + 3600 * SECOND),
            "its handler decides"
        );
        busy.handled(now + SECOND);
        assert!(!busy.expired(&limits, now + 75 * SECOND));
        assert!(busy.expired(&limits, now + 76 * SECOND));
        busy.received(1, now + 20 * SECOND);
        busy.received(1, now + 34 * SECOND);
        assert!(busy.expired(&limits, now + 35 * SECOND), "half a head");
    }

    #[test]
    fn streams_that_share_a_connection_are_counted_together() {
        let (limits, now) = (limits(), Instant::now());
        let shared = activity(false, now);
        shared.begins(true, now);
        shared.begins(true, now);
        shared.handled(now);
        let answer = shared.answers(now + 30 * SECOND);
        shared.handled(now);
        assert!(!shared.expired(&limits, now + 29 * SECOND));
        assert!(shared.expired(&limits, now + 30 * SECOND), "it is not read");
        shared.answered(answer, now + 5 * SECOND);
        // A ping between requests is no head.
        shared.received(17, now + 6 * SECOND);
        assert!(!shared.expired(&limits, now + 79 * SECOND));
        assert!(shared.expired(&limits, now + 80 * SECOND));
    }

    #[test]
    fn bytes_that_nobody_takes_end_it() {
        let (limits, now) = (limits(), Instant::now());
        let stalled = activity(false, now);
        stalled.begins(false, now);
        stalled.sent(None, 100, now);
        let pace = limits.answer_pace;
        assert!(!stalled.expired(&limits, now + pace.silence - SECOND));
        assert!(stalled.expired(&limits, now + pace.silence));
        stalled.sent(Some(100), 100, now + SECOND);
        assert!(!stalled.expired(&limits, now + pace.silence));
    }

    #[test]
    fn a_refused_client_may_finish_what_it_says_within_limits() {
        let (limits, now) = (limits(), Instant::now());
        let lingering = activity(false, now);
        lingering.lingers(now);
        for second in 0..30 {
            let then = now + second * SECOND;
            assert!(!lingering.expired(&limits, then), "{second}");
            assert!(lingering.received(1_700_000, then));
            lingering.lingers(then);
        }
        assert!(lingering.expired(&limits, now + 30 * SECOND));
        assert!(
            !lingering.received(20_000_000, now + 30 * SECOND),
            "too much"
        );
        let silent = activity(false, now);
        silent.lingers(now);
        assert!(silent.expired(&limits, now + 2 * SECOND));
    }

    #[test]
    fn who_has_long_been_quiet_has_nothing_more_to_say() {
        let now = Instant::now();
        let answered = || {
            let activity = activity(false, now);
            activity.begins(false, now);
            activity.handled(now);
            activity
        };
        assert!(!activity(false, now).lingers(now + 60 * SECOND));
        assert!(!answered().lingers(now), "it may still be sending a body");
        assert!(answered().lingers(now + SECOND));
        let speaking = answered();
        speaking.received(1, now + SECOND);
        assert!(!speaking.lingers(now + 60 * SECOND), "half a head");
        let lingering = answered();
        assert!(!lingering.lingers(now));
        assert!(!lingering.lingers(now + 60 * SECOND));
    }

    #[test]
    fn strangers_go_first_and_work_in_hand_last() {
        let now = Instant::now();
        let later = now + 60 * SECOND;
        let kind = |activity: &Activity| activity.dispensable(later).map(|(kind, _)| kind);
        let stranger = activity(false, now);
        assert_eq!(kind(&stranger), Some(Dispensable::Idle));
        stranger.begins(false, now);
        assert_eq!(stranger.dispensable(now), None, "it has just come");
        assert_eq!(kind(&stranger), Some(Dispensable::Slow));
        stranger.authenticated();
        assert_eq!(
            kind(&stranger),
            None,
            "a known caller's request is finished"
        );
        stranger.handled(now);
        assert_eq!(kind(&stranger), Some(Dispensable::KeptAlive));
        assert!(
            Dispensable::Idle < Dispensable::Slow && Dispensable::Slow < Dispensable::KeptAlive
        );
    }
}
