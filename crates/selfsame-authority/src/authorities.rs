//! All authorities of an installation, and who answers for whom.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::identity::{Answer, Lookup, Photo};
use selfsame_store::store::Registers;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::id_info::{Country, IdType};
use serde::Serialize;

use crate::asking::Asking;
use crate::config::{ConfigError, File, Limits, Routes};
use crate::guard::{Availability, Guard};
use crate::id_types::{IdTypeRule, IdTypes, Product, Unfit};
use crate::kinds::{self, Beside};
use crate::sandbox::Sandbox;

/// By what name this server answers where it need not ask: a number that does not fit, an ID type that is not enabled.
pub(crate) const OWN: &str = "selfsame";
/// The name of the sandbox that is built in.
pub(crate) const SANDBOX: &str = "sandbox";

/// What comes of a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// There is an answer.
    Answered(Lookup),
    /// There is none yet. The texts name no person.
    Later {
        /// Which authority gave none: its name in the operator's file.
        authority: String,
        /// Why.
        why: String,
        /// After what time it is worth asking again.
        after: Duration,
    },
}

/// An ID type that may be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offered {
    /// Whose.
    pub country: Country,
    /// Which.
    pub id_type: IdType,
    /// For what.
    pub products: Vec<Product>,
    /// Whether the person's consent must come with a request.
    pub consent_required: bool,
}

/// All authorities. In the sandbox the built-in one answers for every ID type, unless a route of the operator's file says
/// otherwise; in production only routes lead to an authority.
#[derive(Debug)]
pub struct Authorities {
    id_types: Arc<IdTypes>,
    /// As the file names them.
    guards: Vec<Guard>,
    routes: Routes,
    sandbox: Guard,
    /// Whether the file names a photograph for the sandbox.
    has_own_photo: bool,
}

impl Authorities {
    /// Only the sandbox: nothing is enabled in production.
    #[must_use]
    pub fn sandbox_only() -> Self {
        let id_types = Arc::new(IdTypes::built_in());
        Self {
            sandbox: sandbox(&id_types, None),
            id_types,
            guards: Vec::new(),
            routes: Routes::default(),
            has_own_photo: false,
        }
    }

    /// What the operator's file describes.
    ///
    /// # Errors
    /// The first thing that is wrong, by its dotted name.
    pub fn load(path: &Path, registers: &Arc<dyn Registers>) -> Result<Self, ConfigError> {
        let file = File::load(path)?;
        let id_types = Arc::new(file.id_types);
        let beside = Beside {
            id_types: &id_types,
            sandbox_photo: file.sandbox_photo.as_ref(),
            registers,
        };
        let mut guards = Vec::with_capacity(file.authorities.len());
        for (at, described) in file.authorities.into_iter().enumerate() {
            if !file.routes.lead_to(at) {
                tracing::warn!(
                    authority = described.name,
                    "no route leads to this authority: nobody asks it"
                );
            }
            guards.push(kinds::make(described, &beside)?);
        }
        Ok(Self {
            sandbox: sandbox(&id_types, file.sandbox_photo.clone()),
            id_types,
            guards,
            routes: file.routes,
            has_own_photo: file.sandbox_photo.is_some(),
        })
    }

    /// With a photograph for the people of the built-in sandbox, unless the operator's file names one.
    #[must_use]
    pub fn with_sandbox_photo(self, photo: Photo) -> Self {
        if self.has_own_photo {
            return self;
        }
        Self {
            sandbox: sandbox(&self.id_types, Some(photo)),
            ..self
        }
    }

    /// The table of ID types in force.
    #[must_use]
    pub fn id_types(&self) -> &IdTypes {
        &self.id_types
    }

    /// Asks whoever answers for this partner and ID type, as often as may help. Whoever stops waiting leaves nothing behind.
    pub async fn ask(&self, asking: &Asking) -> Asked {
        let own = |answer| answered(answer, OWN);
        let rule = match self.id_types.check(&asking.query) {
            Ok(rule) => rule,
            Err(Unfit::UnknownType) => return own(Answer::NotEnabled),
            Err(Unfit::Malformed(how)) => return own(Answer::Malformed(how)),
            Err(Unfit::Missing(field)) => {
                return own(Answer::Malformed(format!(
                    "{field} is required for this ID type"
                )));
            }
        };
        if asking.environment == Environment::Production
            && rule.is_test_number(&asking.query.id_number)
        {
            return own(Answer::Malformed(
                "a test number, which is for the sandbox only".to_owned(),
            ));
        }
        let Some(guard) = self.guard(Some(&asking.partner), asking.environment, rule) else {
            return own(Answer::NotEnabled);
        };
        match guard.ask(asking).await {
            Ok(answer) => answered(answer, guard.name()),
            Err(not_now) => Asked::Later {
                authority: guard.name().to_owned(),
                why: not_now.why,
                after: not_now.after,
            },
        }
    }

    fn guard(
        &self,
        partner: Option<&PartnerId>,
        environment: Environment,
        rule: &IdTypeRule,
    ) -> Option<&Guard> {
        match (self.routes.find(partner, environment, rule), environment) {
            (Some(route), _) => self.guards.get(route.authority),
            (None, Environment::Sandbox) => Some(&self.sandbox),
            (None, Environment::Production) => None,
        }
    }

    fn offer(
        &self,
        partner: Option<&PartnerId>,
        environment: Environment,
        rule: &IdTypeRule,
    ) -> Option<Offered> {
        self.guard(partner, environment, rule)?;
        let route = self.routes.find(partner, environment, rule);
        Some(Offered {
            country: rule.country,
            id_type: rule.id_type.clone(),
            products: route.map_or_else(|| rule.products.clone(), |route| route.products(rule)),
            consent_required: route.map_or(rule.consent, |route| route.consent_required(rule)),
        })
    }

    /// All ID types that a partner may ask for, in the order of the table; `partner` absent: one that no route names.
    #[must_use]
    pub fn offered(&self, partner: Option<&PartnerId>, environment: Environment) -> Vec<Offered> {
        let each = self.id_types.iter();
        each.filter_map(|rule| self.offer(partner, environment, rule))
            .collect()
    }

    /// What of an ID type a partner may ask for; `None`: nothing.
    #[must_use]
    pub fn enabled(
        &self,
        partner: &PartnerId,
        environment: Environment,
        country: Country,
        id_type: &IdType,
    ) -> Option<Offered> {
        let rule = self.id_types.get(country, id_type)?;
        self.offer(Some(partner), environment, rule)
    }

    /// How the authority that answers a partner answered questions about an ID type of late, whoever asked them; `None`: the partner
    /// may not ask for it. This process tells what it has seen itself.
    #[must_use]
    pub fn availability(
        &self,
        partner: &PartnerId,
        environment: Environment,
        country: Country,
        id_type: &IdType,
    ) -> Option<Availability> {
        let rule = self.id_types.get(country, id_type)?;
        let guard = self.guard(Some(partner), environment, rule)?;
        Some(guard.availability(country, id_type))
    }

    /// Whether a partner may ask for an ID type.
    #[must_use]
    pub fn is_enabled(
        &self,
        partner: &PartnerId,
        environment: Environment,
        country: Country,
        id_type: &IdType,
    ) -> bool {
        self.enabled(partner, environment, country, id_type)
            .is_some()
    }
}

fn answered(answer: Answer, authority: &str) -> Asked {
    Asked::Answered(Lookup {
        answer,
        authority: authority.to_owned(),
        at: Timestamp::now(),
    })
}

fn sandbox(id_types: &Arc<IdTypes>, photo: Option<Photo>) -> Guard {
    let sandbox = Sandbox::new(Arc::clone(id_types), photo);
    let limits = Limits {
        // It answers at once.
        concurrent: 1000,
        ..Limits::default()
    };
    Guard::new(SANDBOX.to_owned(), Arc::new(sandbox), limits)
}

#[cfg(test)]
mod tests;
