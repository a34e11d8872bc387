//! A master key that a command prints, so that any secret manager's own program can give it.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use zeroize::Zeroizing;

use super::failed;
use crate::error::StoreError;

/// How long the command may take.
pub(super) const TIME: Duration = Duration::from_secs(30);
/// The most that it may print.
const MAX_OUTPUT: u64 = 1024;

/// What a program prints. It is run as it is, without a shell; what it says on its error output goes to ours.
pub(super) async fn output(
    program: &str,
    arguments: &[String],
    time: Duration,
) -> Result<Zeroizing<String>, StoreError> {
    let named = |what: &str| failed(format!("the command {program} {what}"));
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| named(&format!("cannot be run: {e}")))?;
    let Some(stdout) = child.stdout.take() else {
        return Err(named("has no output"));
    };
    let mut text = Zeroizing::new(String::with_capacity(MAX_OUTPUT as usize + 1));
    let run = async {
        stdout
            .take(MAX_OUTPUT + 1)
            .read_to_string(&mut text)
            .await
            .map_err(|_| named("prints what is no text"))?;
        if text.len() as u64 > MAX_OUTPUT {
            return Err(named(
                "prints too much: it must print the key and nothing else",
            ));
        }
        let status = child
            .wait()
            .await
            .map_err(|e| named(&format!("failed: {e}")))?;
        if status.success() {
            Ok(())
        } else {
            Err(named(&format!(
                "failed ({status}): run it by hand, as the user that the server runs as"
            )))
        }
    };
    match tokio::time::timeout(time, run).await {
        Ok(done) => done.map(|()| text),
        Err(_) => Err(named(&format!("took longer than {} s", time.as_secs()))),
    }
}
