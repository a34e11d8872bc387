//! What `selfsame serve --demo-page` needs: the built page, the detector's model, and a partner of its own.

use std::path::Path;

use selfsame_face::models::{Model, ModelStore};
use selfsame_server::callback::target::TargetRules;
use selfsame_server::config::Demo;
use selfsame_server::operate::{NewPartner, NotDone, Operator};
use selfsame_store::store::Store;
use selfsame_wire::id::PartnerId;

use super::data::actor;

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
    let operator = Operator::new(store, actor());
    let new = NewPartner {
        id: &id,
        name: "The demo page",
        production_enabled: false,
        callback_url: None,
    };
    match operator.add_partner(&new, TargetRules::default()).await {
        // One that is there already stays as it is.
        Ok(_) | Err(NotDone::PartnerExists(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Demo {
        pages: pages.to_owned(),
        detector: models.read(Model::YuNet.artefact())?,
        partner: id,
    })
}
