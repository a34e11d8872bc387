//! Keys that sign receipts.

use super::{NotDone, Operator};

impl Operator<'_> {
    /// Makes a new key that signs receipts from now on; tells its number. `forget` erases the older ones, and whatever they signed is
    /// verified no more.
    ///
    /// # Errors
    /// What the store says.
    pub async fn rotate_receipt_key(&self, forget: bool) -> Result<u32, NotDone> {
        Ok(self.store.rotate_receipt_key(forget, &self.actor).await?)
    }
}
