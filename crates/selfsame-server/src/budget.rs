//! A budget of bytes for request bodies held in memory.
//!
//! What counts is what has arrived. Small bodies, which come before anybody is known, have a part of their own. Nobody may hold
//! all of a part, and where a part is spent, whoever holds the most gives way.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use selfsame_wire::id::PartnerId;
use tokio::sync::Notify;

/// How long a body waits for others to give way.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whose bytes they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// Nobody's who is known yet: an address's.
    Address(IpAddr),
    /// A partner's.
    Partner(PartnerId),
}

/// Which part of the budget bytes are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// JSON, of callers that are not known before it is read.
    Small,
    /// Packages, forms and images, of callers that are known.
    Large,
}

/// Bytes that bodies may take together.
#[derive(Debug, Clone)]
pub(crate) struct BodyBudget {
    small: Arc<Part>,
    large: Arc<Part>,
}

#[derive(Debug)]
struct Part {
    purpose: Purpose,
    bytes: usize,
    /// The most that one holder has.
    each: usize,
    taken: Mutex<Taken>,
    /// Rung when bytes were given back.
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    bytes: usize,
    of_holder: HashMap<Holder, usize>,
    /// Bodies that are still arriving, by age.
    arriving: std::collections::BTreeMap<u64, Arriving>,
    next: u64,
}

#[derive(Debug)]
struct Arriving {
    holder: Holder,
    gives_way: Arc<Notify>,
    told: bool,
}

/// The budget is spent: come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent;

/// A body's share; given back when dropped.
#[derive(Debug)]
pub(crate) struct BodyShare {
    part: Arc<Part>,
    holder: Holder,
    bytes: usize,
    name: u64,
    gives_way: Arc<Notify>,
}

impl BodyBudget {
    /// A budget of so many bytes, an eighth of them for small bodies; `small` and `large` are the longest bodies of each kind,
    /// one of which fits whatever else the figures say.
    pub(crate) fn new(bytes: usize, small: usize, large: usize) -> Self {
        let of_small = (bytes / 8).max(2 * small);
        let of_large = bytes.saturating_sub(of_small).max(large);
        let part = |purpose, bytes, each| {
            Arc::new(Part {
                purpose,
                bytes,
                each,
                taken: Mutex::default(),
                freed: Notify::new(),
            })
        };
        Self {
            small: part(Purpose::Small, of_small, (of_small / 4).max(small)),
            large: part(Purpose::Large, of_large, (of_large / 4 * 3).max(large)),
        }
    }

    /// A share of nothing yet.
    pub(crate) fn share(&self, purpose: Purpose, holder: Holder) -> BodyShare {
        let part = match purpose {
            Purpose::Small => &self.small,
            Purpose::Large => &self.large,
        };
        let gives_way = Arc::new(Notify::new());
        let mut taken = part.lock();
        let name = taken.next;
        taken.next += 1;
        let arriving = Arriving {
            holder: holder.clone(),
            gives_way: Arc::clone(&gives_way),
            told: false,
        };
        taken.arriving.insert(name, arriving);
        drop(taken);
        BodyShare {
            part: Arc::clone(part),
            holder,
            bytes: 0,
            name,
            gives_way,
        }
    }
}

impl Part {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes bytes, or tells somebody to give way. `Err`: nobody will.
    fn take(&self, holder: &Holder, name: u64, bytes: usize) -> Result<bool, Spent> {
        let mut taken = self.lock();
        let held = taken.of_holder.get(holder).copied().unwrap_or(0);
        let beyond_own = held + bytes > self.each;
        let beyond_all = taken.bytes + bytes > self.bytes;
        if !beyond_own && !beyond_all {
            taken.bytes += bytes;
            *taken.of_holder.entry(holder.clone()).or_default() += bytes;
            return Ok(true);
        }
        let victim = if beyond_own {
            Some((holder.clone(), held))
        } else {
            let most = taken.of_holder.iter().max_by_key(|(_, bytes)| **bytes);
            most.map(|(holder, bytes)| (holder.clone(), *bytes))
        };
        let (victim, has) = victim.ok_or(Spent)?;
        // Large bodies are work half done: a caller does not cut its own earlier one off, nor anybody's who holds no more.
        if self.purpose == Purpose::Large && (victim == *holder || has <= held + bytes) {
            return Err(Spent);
        }
        // Who was told already has not gone yet; the longest under way goes first.
        let told = taken
            .arriving
            .iter()
            .any(|(other, a)| *other != name && a.holder == victim && a.told);
        if told {
            return Ok(false);
        }
        let oldest = taken
            .arriving
            .iter_mut()
            .find(|(other, a)| **other != name && a.holder == victim);
        let (_, arriving) = oldest.ok_or(Spent)?;
        arriving.told = true;
        arriving.gives_way.notify_one();
        Ok(false)
    }

    fn give_back(&self, holder: &Holder, bytes: usize) {
        if bytes == 0 {
            return;
        }
        let mut taken = self.lock();
        taken.bytes = taken.bytes.saturating_sub(bytes);
        if let Some(held) = taken.of_holder.get_mut(holder) {
            *held = held.saturating_sub(bytes);
            if *held == 0 {
                taken.of_holder.remove(holder);
            }
        }
        drop(taken);
        self.freed.notify_waiters();
    }
}

impl BodyShare {
    /// Takes more; waits a moment where others have to give way.
    pub(crate) async fn grow(&mut self, bytes: usize) -> Result<(), Spent> {
        let take = async {
            loop {
                let freed = self.part.freed.notified();
                if self.part.take(&self.holder, self.name, bytes)? {
                    return Ok(());
                }
                freed.await;
            }
        };
        tokio::time::timeout(PATIENCE, take)
            .await
            .unwrap_or(Err(Spent))?;
        self.bytes += bytes;
        Ok(())
    }

    /// Keeps so many of the bytes and gives the rest back.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let rest = self.bytes.saturating_sub(bytes);
        self.part.give_back(&self.holder, rest);
        self.bytes -= rest;
    }

    /// The body has arrived: it gives way to nobody any more.
    pub(crate) fn arrived(&self) {
        self.part.lock().arriving.remove(&self.name);
    }

    /// Resolves when the body has to give way.
    pub(crate) async fn told_to_give_way(&self) {
        self.gives_way.notified().await;
    }
}

impl Drop for BodyShare {
    fn drop(&mut self) {
        self.arrived();
        self.part.give_back(&self.holder, self.bytes);
        // Also a share of nothing may have been waited for.
        self.part.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const KIB: usize = 1024;

    fn address(n: u8) -> Holder {
        Holder::Address(IpAddr::from([192, 0, 2, n]))
    }

    fn partner(name: &str) -> Holder {
        Holder::Partner(PartnerId::new(name).unwrap())
    }

    /// 100 KiB for small bodies of 10, 700 for large ones of 100.
    fn budget() -> BodyBudget {
        BodyBudget::new(800 * KIB, 10 * KIB, 100 * KIB)
    }

    #[tokio::test]
    async fn only_what_has_arrived_counts_and_is_given_back() {
        let budget = budget();
        let mut idle: Vec<_> = (0..1000)
            .map(|_| budget.share(Purpose::Large, partner("idle")))
            .collect();
        let mut share = budget.share(Purpose::Large, partner("p"));
        share.grow(500 * KIB).await.unwrap();
        assert_eq!(
            share.grow(26 * KIB).await,
            Err(Spent),
            "three quarters at most"
        );
        share.shrink_to(100 * KIB);
        share.grow(400 * KIB).await.unwrap();
        idle[0].grow(200 * KIB).await.unwrap();
        drop(share);
        idle[1].grow(300 * KIB).await.unwrap();
        drop(idle);
        assert_eq!(budget.large.lock().bytes, 0);
        assert!(budget.large.lock().of_holder.is_empty());
        assert!(budget.large.lock().arriving.is_empty());
    }

    #[tokio::test]
    async fn large_bodies_leave_room_for_small_ones() {
        let budget = budget();
        let mut large = Vec::new();
        for name in ["p", "q"] {
            let mut share = budget.share(Purpose::Large, partner(name));
            share.grow(350 * KIB).await.unwrap();
            large.push(share);
        }
        let mut small = budget.share(Purpose::Small, address(1));
        small.grow(10 * KIB).await.unwrap();
    }

    #[tokio::test]
    async fn the_oldest_body_of_whoever_holds_most_gives_way_to_a_small_one() {
        let budget = budget();
        let mut held = Vec::new();
        for n in 1..=4 {
            for _ in 0..5 {
                let mut share = budget.share(Purpose::Small, address(n));
                share.grow(5 * KIB).await.unwrap();
                held.push(share);
            }
        }
        let mut newcomers = Vec::new();
        // From its own address even where that holds all it may: it may be a stranger's neighbour.
        for holder in [address(9), address(2)] {
            let mut newcomer = budget.share(Purpose::Small, holder);
            {
                let mut grown = std::pin::pin!(newcomer.grow(KIB));
                assert!(grown.as_mut().now_or_never().is_none());
                let told: Vec<_> = (0..held.len())
                    .filter(|at| held[*at].told_to_give_way().now_or_never().is_some())
                    .collect();
                assert_eq!(told.len(), 1);
                assert_eq!(told[0] % 5, 0, "the oldest of its address");
                drop(held.remove(told[0]));
                grown.await.unwrap();
                let address = address(u8::try_from(told[0] / 5 + 1).unwrap());
                let mut again = budget.share(Purpose::Small, address);
                again.grow(4 * KIB).await.unwrap();
                held.insert(told[0], again);
            }
            newcomers.push(newcomer);
        }
    }

    #[tokio::test]
    async fn a_body_that_never_gives_way_is_not_waited_for_long() {
        let budget = budget();
        let mut stuck = Vec::new();
        for n in 1..=4 {
            let mut share = budget.share(Purpose::Small, address(n));
            share.grow(25 * KIB).await.unwrap();
            stuck.push(share);
        }
        let mut newcomer = budget.share(Purpose::Small, address(9));
        assert_eq!(newcomer.grow(KIB).await, Err(Spent));
        for share in &stuck {
            share.arrived();
        }
        assert_eq!(newcomer.grow(KIB).await, Err(Spent), "arrived bodies stay");
    }

    #[tokio::test]
    async fn a_partner_that_holds_more_gives_way_to_one_that_holds_less_only() {
        let budget = budget();
        let (mut much, mut less) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let mut share = budget.share(Purpose::Large, partner("much"));
            share.grow(100 * KIB).await.unwrap();
            much.push(share);
        }
        for _ in 0..2 {
            let mut share = budget.share(Purpose::Large, partner("less"));
            share.grow(100 * KIB).await.unwrap();
            less.push(share);
        }
        let mut more = budget.share(Purpose::Large, partner("much"));
        assert_eq!(more.grow(KIB).await, Err(Spent));
        let mut third = budget.share(Purpose::Large, partner("less"));
        let mut grown = std::pin::pin!(third.grow(100 * KIB));
        assert!(grown.as_mut().now_or_never().is_none());
        assert!(much[0].told_to_give_way().now_or_never().is_some());
        drop(much.remove(0));
        grown.await.unwrap();
    }
}
