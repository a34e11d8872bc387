//! What `selfsame serve --demo-page` needs: the built page, the detector's model, and a partner of its own.

use std::path::Path;

use jiff::Timestamp;
use selfsame_face::models::{Model, ModelStore};
use selfsame_job::partner::Partner;
use selfsame_server::config::Demo;
use selfsame_store::store::Store;
use selfsame_wire::id::PartnerId;

use super::data::{actor, new_key};

/// The demo's partner. Never has production.
const PARTNER: &str = "demo";

/// Makes the partner where it is missing, and reads the model.
pub(super) async fn prepare(
    pages: &Path,
    models: &ModelStore,
    store: &dyn Store,
) -> Result<Demo, Box<dyn std::error::Error + Send + Sync>> {
    if !pages.join("index.html").is_file() || !pages.join("engine.wasm").is_file() {
        return Err(format!(
            "{} holds no built demo page; make it with web/build.sh",
            pages.display()
        )
        .into());
    }
    let id = PartnerId::new(PARTNER)?;
    let partner = Partner {
        id: id.clone(),
        name: "The demo page".to_owned(),
        production_enabled: false,
        sandbox_key: new_key()?,
        production_key: new_key()?,
        created_at: Timestamp::now(),
    };
    // One that is there already stays as it is.
    store.create_partner(&partner, &actor()).await?;
    Ok(Demo {
        pages: pages.to_owned(),
        detector: models.read(Model::YuNet.artefact())?,
        partner: id,
    })
}
