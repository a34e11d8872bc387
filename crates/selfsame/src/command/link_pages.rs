//! What `selfsame serve --link-pages` needs: the built pages, and the detector's model.

use std::path::Path;

use selfsame_face::models::{Model, ModelStore};
use selfsame_server::config::LinkPages;

/// Looks whether the pages are there, and reads the model.
pub(super) fn prepare(
    folder: &Path,
    logos: bool,
    models: &ModelStore,
) -> Result<LinkPages, Box<dyn std::error::Error + Send + Sync>> {
    if let Some(name) = LinkPages::FILES
        .iter()
        .find(|name| !folder.join(name).is_file())
    {
        return Err(format!(
            "{} holds no built pages for links ({name} is missing); make them with web/build.sh",
            folder.display()
        )
        .into());
    }
    Ok(LinkPages {
        folder: folder.to_owned(),
        detector: models.read(Model::YuNet.artefact())?,
        logos,
    })
}
