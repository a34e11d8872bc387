//! How many tries go to one address at a time, whatever names lead there.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use selfsame_wire::id::{Environment, PartnerId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Tries under way to one address, whoever's. More than one partner's, so that who shares an address (many sites behind one
/// front) is not kept out by one of them.
const PER_ADDRESS: usize = 16;
/// One partner's, in one environment.
const PER_ADDRESS_AND_SENDER: usize = 4;

/// The tries under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses {
    of_all: Gates<IpAddr>,
    of_sender: Gates<(PartnerId, Environment, IpAddr)>,
}

/// A place among the tries to one address.
#[derive(Debug)]
pub(super) struct Place {
    _of_all: Pass<IpAddr>,
    _of_sender: Pass<(PartnerId, Environment, IpAddr)>,
}

/// An IPv6 address counts as its /64, which is one customer's.
fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

impl Addresses {
    /// Waits for a place, in order of coming. Of a name with several addresses the lowest counts. `None` only without any.
    pub(super) async fn place(
        &self,
        partner: &PartnerId,
        environment: Environment,
        addresses: &[IpAddr],
    ) -> Option<Place> {
        let address = addresses.iter().copied().map(key).min()?;
        // The sender's first: who waits there takes no place from others.
        let sender = (partner.clone(), environment, address);
        let of_sender = self.of_sender.pass(sender, PER_ADDRESS_AND_SENDER).await?;
        Some(Place {
            _of_all: self.of_all.pass(address, PER_ADDRESS).await?,
            _of_sender: of_sender,
        })
    }
}

/// A gate for each key; one that nobody is at is forgotten.
#[derive(Debug)]
struct Gates<K: Hash + Eq>(Arc<Mutex<HashMap<K, Arc<Semaphore>>>>);

/// The way through a gate, or the wait before it.
#[derive(Debug)]
struct Pass<K: Hash + Eq> {
    gates: Gates<K>,
    key: K,
    permit: Option<OwnedSemaphorePermit>,
}

impl<K: Hash + Eq> Default for Gates<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Hash + Eq> Clone for Gates<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Hash + Eq + Clone> Gates<K> {
    async fn pass(&self, key: K, most: usize) -> Option<Pass<K>> {
        let gate = {
            let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Semaphore::new(most));
            Arc::clone(gates.entry(key.clone()).or_insert_with(new))
        };
        // Made before the wait: who gives up while waiting tidies up as any other.
        let mut pass = Pass {
            gates: self.clone(),
            key,
            permit: None,
        };
        pass.permit = Some(gate.acquire_owned().await.ok()?);
        Some(pass)
    }
}

impl<K: Hash + Eq> Drop for Pass<K> {
    fn drop(&mut self) {
        self.permit = None;
        let mut gates = self.gates.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Held by the map alone: nobody is through, and nobody waits.
        if gates
            .get(&self.key)
            .is_some_and(|g| Arc::strong_count(g) == 1)
        {
            gates.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SANDBOX: Environment = Environment::Sandbox;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn partner(n: usize) -> PartnerId {
        PartnerId::new(format!("p{n}")).unwrap()
    }

    #[tokio::test]
    async fn an_address_has_so_many_places_whatever_leads_there() {
        let addresses = Addresses::default();
        let soon = |partner: PartnerId, to: &'static [&'static str]| {
            let addresses = addresses.clone();
            async move {
                let to: Vec<IpAddr> = to.iter().map(|t| ip(t)).collect();
                let place = addresses.place(&partner, SANDBOX, &to);
                tokio::time::timeout(Duration::from_millis(20), place)
                    .await
                    .ok()
                    .flatten()
            }
        };
        let mut held = Vec::new();
        for n in 0..PER_ADDRESS {
            let form: &[&str] = if n % 2 == 0 {
                &["10.0.0.1"]
            } else {
                &["::ffff:10.0.0.1"]
            };
            held.push(
                soon(partner(n / PER_ADDRESS_AND_SENDER), form)
                    .await
                    .unwrap(),
            );
            if n + 1 == PER_ADDRESS_AND_SENDER {
                assert!(
                    soon(partner(0), &["10.0.0.1"]).await.is_none(),
                    "its share is spent"
                );
            }
        }
        assert!(soon(partner(99), &["10.0.0.1"]).await.is_none());
        assert!(soon(partner(99), &["10.0.0.2", "10.0.0.1"]).await.is_none());
        assert!(soon(partner(99), &["10.0.0.2"]).await.is_some());
        held.pop();
        assert!(soon(partner(99), &["10.0.0.1"]).await.is_some());
        drop(held);
        assert!(
            addresses.of_all.0.lock().unwrap().is_empty(),
            "nothing is left behind"
        );
        assert!(
            addresses.of_sender.0.lock().unwrap().is_empty(),
            "nothing is left behind"
        );
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        assert_eq!(key(ip("2001:db8:1:2:3::4")), key(ip("2001:db8:1:2::9")));
        assert_ne!(key(ip("2001:db8:1:2::")), key(ip("2001:db8:1:3::")));
    }
}
