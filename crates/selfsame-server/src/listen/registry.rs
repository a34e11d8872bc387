//! The open connections: how many there may be, and which makes room.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::activity::Activity;
use crate::client_address::{Proxies, network};
use crate::config::ConnectionLimits;

/// How often deadlines are looked at; each ends at most so much late.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Every open connection of all listeners.
#[derive(Debug)]
pub(super) struct Connections {
    limits: ConnectionLimits,
    proxies: Proxies,
    open: Mutex<Open>,
    /// Rung when a connection has ended.
    ended: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Arc<Activity>>,
    of_address: HashMap<IpAddr, usize>,
    /// Asked to close, and counted no more.
    closing: usize,
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    name: u64,
    pub(super) activity: Arc<Activity>,
    connections: Arc<Connections>,
}

impl Connections {
    pub(super) fn new(limits: ConnectionLimits, proxies: Proxies) -> Arc<Self> {
        Arc::new(Self {
            limits,
            proxies,
            open: Mutex::default(),
            ended: Notify::new(),
        })
    }

    /// A place for a new connection; `None` where nothing that is open may make room for it.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr, secure: bool) -> Option<Place> {
        let (address, now) = (network(peer), Instant::now());
        let mut open = self.lock();
        let of_address = open.of_address.get(&address).copied().unwrap_or(0);
        let most = self.limits.most_per_address;
        if most > 0
            && of_address >= most
            && !self.proxies.trust(peer)
            && !open.make_room(Some(address), now)
        {
            metrics::counter!("selfsame_connections_refused_total", "why" => "address")
                .increment(1);
            return None;
        }
        if open.connections.len() >= self.limits.most && !open.make_room(None, now) {
            metrics::counter!("selfsame_connections_refused_total", "why" => "all").increment(1);
            return None;
        }
        let name = open.next;
        open.next += 1;
        let activity = Arc::new(Activity::new(address, secure, now));
        open.connections.insert(name, Arc::clone(&activity));
        *open.of_address.entry(address).or_default() += 1;
        metrics::gauge!("selfsame_connections").set(open.connections.len() as f64);
        Some(Place {
            name,
            activity,
            connections: Arc::clone(self),
        })
    }

    /// Closes the most dispensable connection, where file descriptors are short. `false`: there is none.
    pub(super) fn make_room(&self) -> bool {
        self.lock().make_room(None, Instant::now())
    }

    /// Closes what has had its time, without end.
    pub(super) async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = Instant::now();
            let mut closed = 0;
            for activity in self.lock().connections.values() {
                if activity.expired(&self.limits, now) {
                    activity.close();
                    closed += 1;
                }
            }
            if closed > 0 {
                metrics::counter!("selfsame_connections_timed_out_total").increment(closed);
            }
        }
    }

    /// Closes every connection at once, and tells how many there were.
    pub(super) fn close_all(&self) -> usize {
        let open = self.lock();
        for activity in open.connections.values() {
            activity.close();
        }
        open.connections.len()
    }

    /// Resolves once no connection is open.
    pub(super) async fn all_ended(&self) {
        loop {
            let ended = self.ended.notified();
            if self.lock().is_empty() {
                return;
            }
            ended.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.closing == 0
    }

    /// Closes the connection that can best be done without: of the most dispensable kind, the one that has been so longest.
    fn make_room(&mut self, of: Option<IpAddr>, now: Instant) -> bool {
        let first = self
            .connections
            .iter()
            .filter(|(_, activity)| of.is_none_or(|address| activity.address == address))
            .filter_map(|(name, activity)| {
                activity
                    .dispensable(now)
                    .map(|dispensable| (dispensable, *name))
            })
            .min();
        let Some((_, name)) = first else {
            return false;
        };
        if let Some(activity) = self.remove(name) {
            activity.close();
            self.closing += 1;
            metrics::counter!("selfsame_connections_displaced_total").increment(1);
        }
        true
    }

    fn remove(&mut self, name: u64) -> Option<Arc<Activity>> {
        let activity = self.connections.remove(&name)?;
        if let Some(count) = self.of_address.get_mut(&activity.address) {
            *count -= 1;
            if *count == 0 {
                self.of_address.remove(&activity.address);
            }
        }
        Some(activity)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        if open.remove(self.name).is_none() {
            open.closing = open.closing.saturating_sub(1);
        }
        metrics::gauge!("selfsame_connections").set(open.connections.len() as f64);
        drop(open);
        self.connections.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn connections(most: usize, most_per_address: usize) -> Arc<Connections> {
        let limits = ConnectionLimits {
            most,
            most_per_address,
            ..ConnectionLimits::default()
        };
        Connections::new(limits, Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]))
    }

    fn is_told_to_close(place: &Place) -> bool {
        futures::FutureExt::now_or_never(place.activity.closed()).is_some()
    }

    #[test]
    fn a_newcomer_takes_the_place_of_the_longest_idle_stranger() {
        let connections = connections(3, 0);
        let busy = connections.enter(ip("192.0.2.1"), false).unwrap();
        busy.activity.begins(false, Instant::now());
        let known = connections.enter(ip("192.0.2.2"), false).unwrap();
        known.activity.begins(false, Instant::now());
        known.activity.authenticated();
        known.activity.handled(Instant::now());
        let idle = connections.enter(ip("192.0.2.3"), true).unwrap();
        let newcomer = connections.enter(ip("192.0.2.4"), false).unwrap();
        assert!(is_told_to_close(&idle) && !is_told_to_close(&known));
        newcomer.activity.begins(false, Instant::now());
        let another = connections.enter(ip("192.0.2.5"), false).unwrap();
        assert!(is_told_to_close(&known), "idle callers go before work does");
        another.activity.begins(false, Instant::now());
        assert!(
            connections.enter(ip("192.0.2.6"), false).is_none(),
            "all have work in hand"
        );
        drop(newcomer);
        assert!(connections.enter(ip("192.0.2.6"), false).is_some());
    }

    #[test]
    fn one_address_makes_room_for_itself_alone() {
        let connections = connections(100, 2);
        let other = connections.enter(ip("192.0.2.9"), false).unwrap();
        let places: Vec<_> = (0..3)
            .map(|n| {
                connections
                    .enter(ip(&format!("2001:db8::{n}")), false)
                    .unwrap()
            })
            .collect();
        assert!(is_told_to_close(&places[0]), "a /64 is one address");
        assert!(!is_told_to_close(&other) && !is_told_to_close(&places[2]));
        let proxied: Vec<_> = (0..10)
            .map(|_| connections.enter(ip("10.0.0.1"), false).unwrap())
            .collect();
        assert!(!proxied.iter().any(is_told_to_close));
        drop((other, places, proxied));
        assert!(connections.lock().is_empty());
        assert!(connections.lock().of_address.is_empty());
    }
}
