//! Fetches the models and tells how they stand: `cargo run -p selfsame-face --example models`. With a folder as argument, it
//! also writes the prepared models there, for other programs.
#![allow(clippy::print_stdout)]

use selfsame_face::models::{Model, ModelStore};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = ModelStore::locate(None);
    store.fetch(&mut |line| println!("{line}"))?;
    for artefact in store.status() {
        println!(
            "{:<24} {:<8} {}",
            artefact.name,
            artefact.status,
            artefact.path.display()
        );
    }
    if let Some(folder) = std::env::args().nth(1) {
        let folder = std::path::Path::new(&folder);
        for model in [
            Model::YuNet,
            Model::SFace,
            Model::FaceMesh,
            Model::Blendshapes,
            Model::MiniFas,
            Model::SilentFaceNear,
            Model::SilentFaceFar,
        ] {
            // Whatever they were published as, they are ONNX now.
            let path = folder
                .join(model.artefact().file_name)
                .with_extension("onnx");
            std::fs::write(path, store.load(model)?.onnx)?;
        }
    }
    Ok(())
}
