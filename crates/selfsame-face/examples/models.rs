//! Fetches the models and tells how they stand: `cargo run -p selfsame-face --example models`.
#![allow(clippy::print_stdout)]

use selfsame_face::models::ModelStore;

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
    Ok(())
}
