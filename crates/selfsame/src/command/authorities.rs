//! Who is asked about identities: the operator's file, and the sandbox's photograph.

use std::path::Path;
use std::sync::Arc;

use selfsame_authority::Authorities;
use selfsame_face::models::{ModelStore, PHOTOGRAPHS};
use selfsame_job::identity::Photo;
use selfsame_store::store::{Registers, Store};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Reads the operator's file, where there is one. The people of the built-in sandbox have the demo's first photograph, where it was
/// fetched with the models; else none, and their photographs are "not available".
pub(crate) fn load(
    file: Option<&Path>,
    store: &Arc<dyn Store>,
    models: &ModelStore,
) -> Result<Authorities, Failure> {
    let authorities = match file {
        Some(file) => {
            let registers: Arc<dyn Registers> = Arc::<dyn Store>::clone(store);
            Authorities::load(file, &registers)?
        }
        None => Authorities::sandbox_only(),
    };
    let [photograph, ..] = &PHOTOGRAPHS;
    Ok(match models.read(photograph) {
        Ok(photograph) => authorities.with_sandbox_photo(Photo(photograph.into())),
        Err(error) => {
            tracing::info!(%error, "the sandbox's people have no photograph");
            authorities
        }
    })
}
