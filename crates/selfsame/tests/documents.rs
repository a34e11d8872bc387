//! What the documents name exists.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

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
        "docs/policy.md",
        "docs/embedders.md",
        "docs/storage.md",
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
