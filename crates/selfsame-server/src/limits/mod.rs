//! Limits on callers that hold for all nodes of a store together.
//!
//! Each node limits by itself, at once and in memory. Where it sees a caller near a limit it tells the others through the store,
//! a batch each second, and hears what they see: the limit is then theirs together. A caller that is far from every limit
//! costs the store nothing (docs/decisions/0098-limits-across-nodes.md).

pub(crate) mod failed_authentications;
pub(crate) mod links;
pub(crate) mod rate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use selfsame_store::error::StoreError;
use selfsame_store::nodes::{Counted, NodeCount, NodeId, Nodes};
use tokio::sync::watch;

use crate::app::App;

/// How often nodes tell each other.
const EVERY: Duration = Duration::from_secs(1);
/// What a node told longer ago does not count: it has died, or its callers have gone.
const WITHIN: Duration = Duration::from_secs(3);
/// From this part of a limit on a caller is told of. So many nodes may each see less of one that is at its limit in all.
const NEAR: u64 = 8;
/// The most callers of which a node tells at once, those nearest to the limit: one transaction stays short.
const MOST: usize = 256;

/// A limit of which nodes tell each other.
pub(crate) trait SharedLimit: Sync {
    /// Whom it limits.
    type Caller: Send + Sync;

    /// What is counted.
    const COUNTED: Counted;

    /// Who is near the limit at this node, how the store names it, and how much of the limit it takes here.
    fn near(&self, now: Instant) -> Vec<(Self::Caller, NodeCount)>;

    /// Takes to heart what a caller takes of the limit at the other nodes.
    fn heard(&self, caller: &Self::Caller, others: u64, now: Instant);

    /// The other nodes cannot be heard: what they told before counts no more.
    fn alone(&self);
}

/// Tells the other nodes and hears them, once.
async fn exchange<L: SharedLimit>(
    limit: &L,
    store: &(impl Nodes + ?Sized),
    node: NodeId,
) -> Result<(), StoreError> {
    let mut near = limit.near(Instant::now());
    near.sort_unstable_by_key(|(_, told)| std::cmp::Reverse(told.count));
    near.truncate(MOST);
    if near.is_empty() {
        return Ok(());
    }
    let (callers, counts): (Vec<_>, Vec<_>) = near.into_iter().unzip();
    let others = store
        .share_counts(node, L::COUNTED, &counts, WITHIN)
        .await
        .inspect_err(|_| limit.alone())?;
    let now = Instant::now();
    for (caller, others) in callers.iter().zip(others) {
        limit.heard(caller, others, now);
    }
    Ok(())
}

/// Tells and hears until told to stop.
pub(crate) async fn share(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut fails = false;
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => return,
        }
        let rates = exchange(&app.rates, &*app.store, app.node_id).await;
        let failures = exchange(&*app.failed_authentications, &*app.store, app.node_id).await;
        match rates.and(failures) {
            Ok(()) => fails = false,
            // Each node's own limits hold meanwhile. Once is enough: it comes every second.
            Err(error) if !fails => {
                fails = true;
                tracing::warn!(%error, "nodes cannot tell each other who is near a limit; each node limits by itself");
            }
            Err(_) => {}
        }
    }
}

/// For so long what nodes told each other stays on record.
pub(crate) const KEPT: Duration = Duration::from_secs(60);
