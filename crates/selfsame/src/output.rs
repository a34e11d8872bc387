//! What the command line prints. The only place that does.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;
use std::sync::Mutex;

use serde::Serialize;

/// A command's outcome.
pub(crate) type Outcome = Result<ExitCode, Box<dyn std::error::Error + Send + Sync>>;

/// Why the output could not be written, once it could not. Nothing is written after that: the command does what it was
/// asked, and `main` ends with another code.
static UNWRITTEN: Mutex<Option<ErrorKind>> = Mutex::new(None);

fn unwritten() -> std::sync::MutexGuard<'static, Option<ErrorKind>> {
    UNWRITTEN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The only place that writes to the standard output.
fn write(text: &str) {
    let mut unwritten = unwritten();
    if unwritten.is_some() {
        return;
    }
    let mut output = std::io::stdout().lock();
    if let Err(error) = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        *unwritten = Some(error.kind());
    }
}

/// The exit code of a command, once what it printed has been written. Where the reader went away (`| head`) it is the one
/// that shells give to tools that the closed pipe ends, and nothing is said; where a disk is full it is said.
pub(crate) fn written(code: ExitCode) -> ExitCode {
    /// 128 + SIGPIPE.
    const CLOSED_PIPE: u8 = 141;
    let kind = *unwritten();
    match kind {
        None => code,
        Some(ErrorKind::BrokenPipe) => ExitCode::from(CLOSED_PIPE),
        Some(kind) => {
            progress(&format!("error: the output could not be written: {kind}"));
            ExitCode::from(2)
        }
    }
}

/// Prints a line for people.
pub(crate) fn line(text: &str) {
    write(&format!("{text}\n"));
}

/// Prints text as it is.
pub(crate) fn text(text: &str) {
    write(text);
}

/// Prints a line of progress, beside the output. Where nobody reads it, nothing is lost.
pub(crate) fn progress(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints JSON, one value a line.
pub(crate) fn json(value: &impl Serialize) -> Result<(), serde_json::Error> {
    line(&serde_json::to_string(value)?);
    Ok(())
}

/// Prints, as JSON only, what a command did that has nothing to show: for people, no error is enough.
pub(crate) fn done(as_json: bool, value: &impl Serialize) -> Result<(), serde_json::Error> {
    if as_json { json(value) } else { Ok(()) }
}

/// Says why the command could not be carried out.
pub(crate) fn failed(as_json: bool, error: &(dyn std::error::Error + '_)) -> ExitCode {
    let causes: Vec<String> = std::iter::successors(Some(error), |e| e.source())
        .map(ToString::to_string)
        .collect();
    let mut text = causes.first().cloned().unwrap_or_default();
    for cause in causes
        .iter()
        .skip(1)
        .filter(|c| !causes[0].contains(c.as_str()))
    {
        text.push_str(": ");
        text.push_str(cause);
    }
    if as_json {
        line(&serde_json::json!({ "error": text }).to_string());
    } else {
        progress(&format!("error: {text}"));
    }
    ExitCode::from(2)
}
