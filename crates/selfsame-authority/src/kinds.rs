//! Makes an authority of what the operator's file says of it, by its kind.

use std::sync::Arc;

use selfsame_job::identity::Photo;
use selfsame_store::store::{RegisterName, Registers};
use serde::Deserialize;

use crate::authority::Authority;
use crate::camara::{Camara, CamaraSettings};
use crate::config::{ConfigError, Described, Kind};
use crate::guard::Guard;
use crate::http::HttpAuthority;
use crate::id_types::IdTypes;
use crate::mosip::{Mosip, MosipSettings};
use crate::register::Register;
use crate::sandbox::Sandbox;

/// What kinds need beside their settings.
pub(crate) struct Beside<'a> {
    pub(crate) id_types: &'a Arc<IdTypes>,
    pub(crate) sandbox_photo: Option<&'a Photo>,
    pub(crate) registers: &'a Arc<dyn Registers>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterSettings {
    /// Absent: the authority's own name.
    register: Option<RegisterName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SandboxSettings {}

/// The authority, with what stands around it.
///
/// # Errors
/// The first setting that is wrong, or a secret, certificate or key that is not there.
pub(crate) fn make(described: Described, beside: &Beside<'_>) -> Result<Guard, ConfigError> {
    let Described {
        name,
        kind,
        limits,
        settings,
        place,
    } = described;
    let authority: Arc<dyn Authority> = match kind {
        Kind::Http => Arc::new(HttpAuthority::new(settings, limits.timeout, &place)?),
        Kind::Mosip => {
            let settings: MosipSettings = place.read(settings)?;
            Arc::new(Mosip::new(settings, limits.timeout, &place)?)
        }
        Kind::Camara => {
            let settings: CamaraSettings = place.read(settings)?;
            Arc::new(Camara::new(settings, limits.timeout, &place)?)
        }
        Kind::Register => {
            let settings: RegisterSettings = place.read(settings)?;
            let register = match settings.register {
                Some(register) => register,
                None => RegisterName::new(&name)
                    .map_err(|error| place.wrong("register", format!("is missing, and {error}")))?,
            };
            Arc::new(Register::new(register, Arc::clone(beside.registers)))
        }
        Kind::Sandbox => {
            let SandboxSettings {} = place.read(settings)?;
            Arc::new(Sandbox::new(
                Arc::clone(beside.id_types),
                beside.sandbox_photo.cloned(),
            ))
        }
    };
    Ok(Guard::new(name, authority, limits))
}
