//! What the documents name exists.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The paths of the repository that a document sets as code.
fn paths(text: &str) -> Vec<&str> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter(|word| {
        let first = word.split('/').next().unwrap_or_default();
        let folders = [
            "crates",
            "clients",
            "web",
            "docs",
            "fuzz",
            "conformance",
            "scripts",
            "bench",
            "deploy",
        ];
        word.contains("/")
            && !word.contains("NNNN")
            && folders.contains(&first)
            && !word.contains(char::is_whitespace)
    })
    .collect()
}

/// A module is a file or a folder: a document need not follow when it is split.
fn exists(path: &str) -> bool {
    let path = root().join(path);
    path.exists() || path.with_extension("").is_dir() || path.with_extension("rs").is_file()
}

#[test]
fn every_path_that_a_document_names_exists() {
    for (document, at_least) in [
        ("docs/architecture.md", 30),
        ("docs/nodes.md", 10),
        ("docs/scale.md", 3),
        ("CONTRIBUTING.md", 10),
        ("SECURITY.md", 3),
    ] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        let paths = paths(&text);
        assert!(paths.len() >= at_least, "{document}: {paths:?}");
        let gone: Vec<_> = paths.into_iter().filter(|path| !exists(path)).collect();
        assert!(
            gone.is_empty(),
            "{document} names what is not there: {gone:?}"
        );
    }
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    for document in [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/architecture.md",
        "docs/nodes.md",
        "docs/wire.md",
        "docs/wire-v3.md",
        "docs/policy.md",
        "docs/embedders.md",
        "docs/storage.md",
        "docs/operate.md",
        "docs/scale.md",
        "deploy/README.md",
    ] {
        let file = root().join(document);
        let text = std::fs::read_to_string(&file).unwrap();
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = link.split('#').next().unwrap_or_default();
            let target = file.parent().unwrap().join(target);
            assert!(target.exists(), "{document} links to {link}");
        }
    }
}

/// All files below a folder with an ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found
}

/// The metrics that the code measures: the first text after each macro's name.
fn measured() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let of = |source: &str| files(&root().join("crates").join(source).join("src"), "rs");
    for file in [of("selfsame-server"), of("selfsame-authority")].concat() {
        let text = std::fs::read_to_string(file).unwrap();
        for kind in ["counter!(", "gauge!(", "histogram!("] {
            for rest in text.split(&format!("metrics::{kind}")).skip(1) {
                let name = rest.trim_start().strip_prefix('"').unwrap();
                names.insert(name.split('"').next().unwrap().to_owned());
            }
        }
    }
    names
}

/// The metrics that a file of an operator names. A histogram is read by what Prometheus makes of it.
fn watched(file: &str, measured: &BTreeSet<String>) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("selfsame_"))
        .map(|word| {
            let of_histogram = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| word.strip_suffix(end));
            match of_histogram {
                Some(name) if measured.contains(name) => name.to_owned(),
                _ => word.to_owned(),
            }
        })
        .collect()
}

#[test]
fn what_is_watched_is_measured_and_what_is_measured_is_watched() {
    let measured = measured();
    assert!(measured.len() > 15, "{measured:?}");
    for file in [
        "deploy/observe/alerts.yaml",
        "deploy/observe/dashboard.json",
    ] {
        let watched = watched(file, &measured);
        let unknown: Vec<_> = watched.difference(&measured).collect();
        assert!(
            unknown.is_empty(),
            "{file} names what nothing measures: {unknown:?}"
        );
    }
    let shown = watched("deploy/observe/dashboard.json", &measured);
    let hidden: Vec<_> = measured.difference(&shown).collect();
    assert!(hidden.is_empty(), "the dashboard does not show {hidden:?}");
}
