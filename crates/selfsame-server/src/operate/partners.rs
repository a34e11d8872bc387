//! Partners and their keys.

use jiff::Timestamp;
use selfsame_job::callback_url::{CallbackUrl, CallbackUrls};
use selfsame_job::partner::Partner;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::ApiKey;

use super::{NotDone, Operator};
use crate::callback::target::TargetRules;
use crate::random;

/// A partner to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewPartner<'n> {
    /// Its identifier on the wire.
    pub id: &'n PartnerId,
    /// What people call it.
    pub name: &'n str,
    /// Whether production is open to it.
    pub production_enabled: bool,
    /// Where results go of jobs that name no callback URL, in both environments.
    pub callback_url: Option<&'n CallbackUrl>,
}

fn new_key() -> Result<ApiKey, NotDone> {
    Ok(random::secret().map(ApiKey::new)?)
}

/// Whether results of all these environments may go there.
fn may_be_called(
    url: Option<&CallbackUrl>,
    environments: &[Environment],
    rules: TargetRules,
) -> Result<(), NotDone> {
    if let Some(url) = url {
        for environment in environments {
            rules.check_url(url, *environment)?;
        }
    }
    Ok(())
}

impl Operator<'_> {
    /// Adds a partner with new keys, which are shown this once. The rules are those of the server that will call it back.
    ///
    /// # Errors
    /// [`NotDone::PartnerExists`], [`NotDone::CallbackUrl`], or what the store says.
    pub async fn add_partner(
        &self,
        new: &NewPartner<'_>,
        rules: TargetRules,
    ) -> Result<Partner, NotDone> {
        let NewPartner {
            id,
            name,
            production_enabled,
            callback_url,
        } = *new;
        may_be_called(callback_url, &Environment::ALL, rules)?;
        let partner = Partner {
            id: id.clone(),
            name: name.to_owned(),
            production_enabled,
            signs_bodies: false,
            callback_urls: CallbackUrls {
                sandbox: callback_url.cloned(),
                production: callback_url.cloned(),
            },
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

    /// Says where results go of jobs in these environments whose request names no callback URL; `None`: nowhere. Jobs that were
    /// accepted before stay as they are. The rules are those of the server that will call it.
    ///
    /// # Errors
    /// [`NotDone::NoPartner`], [`NotDone::CallbackUrl`], or what the store says.
    pub async fn set_callback_url(
        &self,
        id: &PartnerId,
        environments: &[Environment],
        url: Option<&CallbackUrl>,
        rules: TargetRules,
    ) -> Result<(), NotDone> {
        may_be_called(url, environments, rules)?;
        let set = self
            .store
            .set_callback_url(id, environments, url, &self.actor);
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
