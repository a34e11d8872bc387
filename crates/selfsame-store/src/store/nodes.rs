//! What the nodes that serve one store learn of each other through it.
//!
//! Jobs, leases and results need none of this, but that a node is gone: its leases end sooner then. It is for what one process keeps
//! in memory, and several would each keep apart.

use std::time::Duration;

use async_trait::async_trait;
use selfsame_wire::id::SmileJobId;

use crate::error::StoreError;

/// Something that each node counts, and that is limited for all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Requests of a partner in one environment.
    Requests,
    /// Requests from an address that could not be authenticated.
    FailedAuthentications,
}

impl Counted {
    /// As it stands on record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::FailedAuthentications => "failed_authentications",
        }
    }
}

/// How often this node has lately seen something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeCount {
    /// Whose: as the counter names it.
    pub key: String,
    /// How often.
    pub count: u64,
}

/// One start of one node: another start has another, also under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub uuid::Uuid);

/// What nodes tell each other. Every age is by the clock of the back end, which all nodes share.
#[async_trait]
pub trait Nodes: Send + Sync {
    /// Whether several nodes may serve this store at the same time. Where not, a node need tell nothing and ask nothing.
    fn is_shared(&self) -> bool;

    /// Which of these jobs have ended, on whatever node.
    async fn ended(&self, jobs: &[SmileJobId]) -> Result<Vec<SmileJobId>, StoreError>;

    /// Whether [`Nodes::rung`] tells what other nodes queue. Where not, whoever waits for jobs must look often.
    fn hears(&self) -> bool {
        false
    }

    /// Resolves soon after a job was queued, by whatever node. It may resolve once too often.
    async fn rung(&self) {
        std::future::pending().await
    }

    /// Queues again every job and delivery of nodes that are seen to be gone, though their leases last. Returns how many jobs.
    async fn take_from_gone(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// Puts what this node counted in place of what it put before, and gives for each key what the other nodes put within
    /// `within`, added up. A node that put nothing for so long counts no more.
    async fn share_counts(
        &self,
        node: NodeId,
        counted: Counted,
        counts: &[NodeCount],
        within: Duration,
    ) -> Result<Vec<u64>, StoreError>;

    /// Forgets counts that were put longer ago. Returns how many.
    async fn forget_counts(&self, older_than: Duration) -> Result<u64, StoreError>;
}
