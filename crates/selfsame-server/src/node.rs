//! One of the processes that serve a store, and what it does.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What people call a node: in the log, in metrics and in `/ready`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeName(String);

/// The text names no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a node's name must be 1 to 63 letters, digits, dots, hyphens or underscores")]
pub struct NotANodeName;

impl NodeName {
    /// The longest name of a host in one part.
    const LONGEST: usize = 63;

    /// The host's name; `node` where it has none, or one that will not do.
    #[must_use]
    pub fn of_host() -> Self {
        // Containers set the first; the second is the kernel's own word.
        let set = std::env::var("HOSTNAME").ok();
        let read = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        [set, read()]
            .into_iter()
            .flatten()
            .find_map(|name| name.trim().parse().ok())
            .unwrap_or_else(|| Self("node".to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeName {
    type Err = NotANodeName;
    fn from_str(text: &str) -> Result<Self, NotANodeName> {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if text.is_empty() || text.len() > Self::LONGEST || !text.bytes().all(good) {
            return Err(NotANodeName);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part of the work that a node may leave to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeRole {
    /// Answers requests: the wire API, the operator API and the pages.
    Api,
    /// Analyses captures and ends jobs. The only one that needs the models.
    Workers,
    /// Delivers callbacks.
    Callbacks,
    /// Looks after leases, awaited uploads and what is older than it is kept.
    Housekeeping,
}

impl NodeRole {
    const ALL: [Self; 4] = [
        Self::Api,
        Self::Workers,
        Self::Callbacks,
        Self::Housekeeping,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Workers => "workers",
            Self::Callbacks => "callbacks",
            Self::Housekeeping => "housekeeping",
        }
    }
}

impl fmt::Display for NodeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The roles of a node: at least one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct NodeRoles(BTreeSet<NodeRole>);

/// The text lists no roles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no role; roles are api, workers, callbacks and housekeeping, one or more, divided by commas"
)]
pub struct NotARole(String);

impl NodeRoles {
    /// Whether it has a role.
    #[must_use]
    pub fn has(&self, role: NodeRole) -> bool {
        self.0.contains(&role)
    }

    /// Those that it has not.
    #[must_use]
    pub fn lacking(&self) -> Vec<NodeRole> {
        let all = NodeRole::ALL.into_iter();
        all.filter(|role| !self.has(*role)).collect()
    }
}

impl Default for NodeRoles {
    /// All of them.
    fn default() -> Self {
        Self(NodeRole::ALL.into())
    }
}

impl FromStr for NodeRoles {
    type Err = NotARole;
    fn from_str(text: &str) -> Result<Self, NotARole> {
        let role = |name: &str| {
            let mut all = NodeRole::ALL.into_iter();
            let found = all.find(|role| role.as_str() == name.trim());
            found.ok_or_else(|| NotARole(name.trim().to_owned()))
        };
        text.split(',')
            .map(role)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for NodeRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|role| role.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_a_list_of_at_least_one() {
        let roles: NodeRoles = "callbacks, api,api".parse().unwrap();
        assert!(roles.has(NodeRole::Api) && roles.has(NodeRole::Callbacks));
        assert_eq!(roles.lacking(), [NodeRole::Workers, NodeRole::Housekeeping]);
        assert_eq!(roles.to_string(), "api,callbacks");
        let all = NodeRoles::default();
        assert_eq!(all.to_string().parse(), Ok(all.clone()));
        assert!(all.lacking().is_empty());
        for text in ["", "api,", "worker", "API"] {
            assert!(text.parse::<NodeRoles>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_nodes_name_is_a_word() {
        for name in ["a", "node-1.example", "n_2"] {
            assert_eq!(name.parse::<NodeName>().unwrap().as_str(), name);
        }
        for name in ["", "a b", "a\"b", "é", &"a".repeat(64)] {
            assert_eq!(name.parse::<NodeName>(), Err(NotANodeName), "{name:?}");
        }
        assert!(!NodeName::of_host().as_str().is_empty());
    }
}
