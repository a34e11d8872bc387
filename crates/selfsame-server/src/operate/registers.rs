//! Registers of the operator's own: imported into, listed, erased.

use selfsame_store::store::{
    EntryKey, EntryListed, Imported, RegisterEntry, RegisterName, RegisterSummary,
};

use super::{NotDone, Operator};

impl Operator<'_> {
    /// All registers, by name.
    ///
    /// # Errors
    /// What the store says.
    pub async fn registers(&self) -> Result<Vec<RegisterSummary>, NotDone> {
        Ok(self.store.registers().await?)
    }

    /// The entries of a register behind this place, without what they say of anybody.
    ///
    /// # Errors
    /// What the store says.
    pub async fn register_entries(
        &self,
        register: &RegisterName,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EntryListed>, NotDone> {
        Ok(self.store.register_entries(register, after, limit).await?)
    }

    /// Puts entries into a register, all of them or none. An import of many calls this many times, and each that changes something is
    /// on the audit's record with its counts.
    ///
    /// # Errors
    /// What the store says.
    pub async fn import_into_register(
        &self,
        register: &RegisterName,
        entries: &[RegisterEntry],
    ) -> Result<Imported, NotDone> {
        let imported = (self.store).put_register_entries(register, entries, &self.actor);
        Ok(imported.await?)
    }

    /// Erases one entry.
    ///
    /// # Errors
    /// [`NotDone::NoEntry`], or what the store says.
    pub async fn remove_register_entry(
        &self,
        register: &RegisterName,
        key: &EntryKey,
    ) -> Result<(), NotDone> {
        let removed = (self.store).remove_register_entry(register, key, &self.actor);
        if !removed.await? {
            return Err(NotDone::NoEntry(register.clone()));
        }
        Ok(())
    }

    /// Erases a register; tells how many entries it had.
    ///
    /// # Errors
    /// [`NotDone::NoRegister`], or what the store says.
    pub async fn remove_register(&self, register: &RegisterName) -> Result<u64, NotDone> {
        match self.store.remove_register(register, &self.actor).await? {
            0 => Err(NotDone::NoRegister(register.clone())),
            entries => Ok(entries),
        }
    }
}
