//! Partners and their keys.

use jiff::Timestamp;
use selfsame_job::partner::Partner;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::ApiKey;

use super::{NotDone, Operator};
use crate::random;

fn new_key() -> Result<ApiKey, NotDone> {
    Ok(random::secret().map(ApiKey::new)?)
}

impl Operator<'_> {
    /// Adds a partner with new keys, which are shown this once.
    ///
    /// # Errors
    /// [`NotDone::PartnerExists`], or what the store says.
    pub async fn add_partner(
        &self,
        id: &PartnerId,
        name: &str,
        production_enabled: bool,
    ) -> Result<Partner, NotDone> {
        let partner = Partner {
            id: id.clone(),
            name: name.to_owned(),
            production_enabled,
            signs_bodies: false,
            sandbox_key: new_key()?,
            production_key: new_key()?,
            created_at: Timestamp::now(),
        };
        if !self.store.create_partner(&partner, &self.actor).await? {
            return Err(NotDone::PartnerExists(id.clone()));
        }
        Ok(partner)
    }

    /// Every partner, by id.
    ///
    /// # Errors
    /// What the store says.
    pub async fn partners(&self) -> Result<Vec<Partner>, NotDone> {
        Ok(self.store.partners().await?)
    }

    /// One partner.
    ///
    /// # Errors
    /// [`NotDone::NoPartner`], or what the store says.
    pub async fn partner(&self, id: &PartnerId) -> Result<Partner, NotDone> {
        let partner = self.store.partner(id).await?;
        partner.ok_or_else(|| NotDone::NoPartner(id.clone()))
    }

    /// Replaces an API key; the old one is dead at once. The new one is shown this once.
    ///
    /// # Errors
    /// [`NotDone::NoPartner`], or what the store says.
    pub async fn replace_key(
        &self,
        id: &PartnerId,
        environment: Environment,
    ) -> Result<ApiKey, NotDone> {
        let key = new_key()?;
        let replaced = self.store.replace_key(id, environment, &key, &self.actor);
        if !replaced.await? {
            return Err(NotDone::NoPartner(id.clone()));
        }
        Ok(key)
    }

    /// Demands signatures over the bodies that the partner submits by v3, or no longer.
    ///
    /// # Errors
    /// [`NotDone::NoPartner`], or what the store says.
    pub async fn set_signs_bodies(&self, id: &PartnerId, signs: bool) -> Result<(), NotDone> {
        let set = self.store.set_signs_bodies(id, signs, &self.actor);
        if !set.await? {
            return Err(NotDone::NoPartner(id.clone()));
        }
        Ok(())
    }

    /// Lets production in, or out.
    ///
    /// # Errors
    /// [`NotDone::NoPartner`], or what the store says.
    pub async fn set_production(&self, id: &PartnerId, enabled: bool) -> Result<(), NotDone> {
        let set = self.store.set_production_enabled(id, enabled, &self.actor);
        if !set.await? {
            return Err(NotDone::NoPartner(id.clone()));
        }
        Ok(())
    }
}
