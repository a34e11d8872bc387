//! Names of leases. Where several nodes serve a store, the name tells which of them holds the lease.

use uuid::Uuid;

/// Who holds leases: one start of a node. Its leases are UUIDs of version 8 that begin with its number; of others it is not known
/// who holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in super::super) struct Holder(pub(in super::super) u32);

#[allow(dead_code, reason = "a data directory has one server")]
impl Holder {
    /// Another than any other, as far as chance goes.
    pub(in super::super) fn new() -> Self {
        let [a, b, c, d, ..] = *Uuid::new_v4().as_bytes();
        Self(u32::from_be_bytes([a, b, c, d]))
    }

    /// A new lease of its own.
    pub(in super::super) fn lease(self) -> Uuid {
        let mut bytes = *Uuid::new_v4().as_bytes();
        let (number, _) = bytes.split_at_mut(4);
        number.copy_from_slice(&self.0.to_be_bytes());
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// What its leases look like, as a pattern of LIKE.
    pub(in super::super) fn pattern(self) -> String {
        format!("{:08x}-____-8%", self.0)
    }

    /// By the first eight letters of a lease.
    pub(in super::super) fn of_prefix(prefix: &str) -> Option<Self> {
        u32::from_str_radix(prefix, 16).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_tells_its_holder() {
        for holder in [Holder(0x12), Holder::new()] {
            let (one, other) = (holder.lease().to_string(), holder.lease().to_string());
            assert_ne!(one, other);
            let prefix = holder.pattern();
            let (prefix, _) = prefix.split_at(8);
            assert!(one.starts_with(prefix) && other.starts_with(prefix));
            assert_eq!(one.get(14..15), Some("8"));
            assert_eq!(Holder::of_prefix(prefix), Some(holder));
        }
        assert_eq!(Holder::of_prefix("not hex!"), None);
    }
}
