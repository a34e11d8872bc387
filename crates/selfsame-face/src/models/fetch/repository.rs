//! One file of one commit of a public repository, through git.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{FetchError, io};
use crate::models::Repository;

/// Fetches that commit alone, and of its files only the one asked for where the host can leave the others out.
pub(super) fn download(repository: &Repository, dir: &Path) -> Result<Vec<u8>, FetchError> {
    let target = tempfile::tempdir_in(dir).map_err(io(dir))?;
    let target = target.path();
    let Repository { url, commit, path } = repository;
    git(target, url, &["init", "--quiet", "--bare", "."])?;
    git(target, url, &["remote", "add", "origin", url])?;
    git(
        target,
        url,
        &[
            "fetch",
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--filter=blob:none",
            "origin",
            commit,
        ],
    )?;
    git(target, url, &["show", &format!("{commit}:{path}")])
}

fn git(dir: &Path, url: &str, arguments: &[&str]) -> Result<Vec<u8>, FetchError> {
    let failed = |detail: String| FetchError::Git {
        url: url.to_owned(),
        detail,
    };
    let output = Command::new("git")
        // A host that is silent for half a minute is not there; nobody is there to be asked for a password.
        .args(["-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=30"])
        .args(arguments)
        .current_dir(dir)
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| failed(format!("{e} (git is needed)")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(failed(super::last_line(&output.stderr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_of_an_older_commit_is_fetched() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        std::fs::create_dir_all(home.join("models")).unwrap();
        let run = |arguments: &[&str]| {
            let identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
            let said = git(&home, "home", &[&identity, arguments].concat()).unwrap();
            String::from_utf8(said).unwrap().trim().to_owned()
        };
        run(&["init", "--quiet", "."]);
        let commit = |content: &str| {
            std::fs::write(home.join("models/net.onnx"), content).unwrap();
            run(&["add", "."]);
            run(&["commit", "--quiet", "--message", content]);
            run(&["rev-parse", "HEAD"])
        };
        let (first, _) = (commit("first"), commit("second"));
        let url: &str = format!("file://{}", home.display()).leak();
        let repository = |path| Repository {
            url,
            commit: first.clone().leak(),
            path,
        };
        let found = download(&repository("models/net.onnx"), dir.path()).unwrap();
        assert_eq!(found, b"first");
        let missing = download(&repository("models/other.onnx"), dir.path());
        assert!(
            matches!(missing, Err(FetchError::Git { .. })),
            "{missing:?}"
        );
        let gone = Repository {
            url: "file:///nowhere/at/all",
            ..repository("models/net.onnx")
        };
        assert!(matches!(
            download(&gone, dir.path()),
            Err(FetchError::Git { .. })
        ));
    }
}
