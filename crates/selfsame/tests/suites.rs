//! No file of tests is left out: where one binary runs a crate's tests, Cargo does not look for files by itself.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::fs;
use std::path::{Path, PathBuf};

/// The crates that have integration tests: their folders.
fn crates() -> Vec<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = fs::read_dir(all).unwrap().map(|e| e.unwrap().path());
    folders.filter(|f| f.join("tests").is_dir()).collect()
}

/// What stands in a folder of tests: the files, and the folders that hold sources.
fn names(tests: &Path) -> Vec<String> {
    let entries = fs::read_dir(tests).unwrap().map(|e| e.unwrap().path());
    let sources = entries.filter(|path| {
        path.extension().is_some_and(|e| e == "rs")
            || ["mod.rs", "main.rs"].iter().any(|f| path.join(f).is_file())
    });
    let name = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    sources.map(name).collect()
}

/// The names of `tests` that neither its `main.rs` has for a module nor the manifest for a test.
fn left_out(names: &[String], main: &str, manifest: &str) -> Vec<String> {
    let is_named = |name: &str| {
        let module = |line: &str| {
            let line = line.strip_prefix("pub ").unwrap_or(line);
            line.strip_prefix("mod ").and_then(|l| l.strip_suffix(';')) == Some(name)
        };
        main.lines().any(module)
            || ["", "/main"].iter().any(|file| {
                let path = format!("path = \"tests/{name}{file}.rs\"");
                manifest.lines().any(|line| line == path)
            })
    };
    let missing = names.iter().filter(|name| !is_named(name));
    missing.cloned().collect()
}

#[test]
fn every_file_of_tests_is_run() {
    let mut seen = 0;
    for folder in crates() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        if !manifest.lines().any(|line| line == "autotests = false") {
            continue;
        }
        let tests = folder.join("tests");
        let main = fs::read_to_string(tests.join("main.rs")).unwrap();
        let missing = left_out(&names(&tests), &main, &manifest);
        assert!(
            missing.is_empty(),
            "{}: neither a module of main.rs nor a [[test]] of Cargo.toml: {missing:?}",
            tests.display()
        );
        seen += 1;
    }
    assert!(seen >= 1, "this crate's are one binary");
}

#[test]
fn a_file_that_nobody_names_is_seen() {
    let names = ["main", "one", "two", "three"].map(str::to_owned);
    let main = "mod one;\n// mod two;\n";
    let manifest = "[[test]]\npath = \"tests/main.rs\"\n";
    assert_eq!(left_out(&names, main, manifest), ["two", "three"]);
}
