//! What the command line prints. The only place that does.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use serde::Serialize;

/// A command's outcome.
pub(crate) type Outcome = Result<ExitCode, Box<dyn std::error::Error + Send + Sync>>;

/// Prints a line for people.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Prints text as it is.
pub(crate) fn text(text: &str) {
    print!("{text}");
}

/// Prints a line of progress, beside the output.
pub(crate) fn progress(text: &str) {
    eprintln!("{text}");
}

/// Prints JSON, one value a line.
pub(crate) fn json(value: &impl Serialize) -> Result<(), serde_json::Error> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

/// Says what a command did that has nothing to show: people see that it did not fail.
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
        println!("{}", serde_json::json!({ "error": text }));
    } else {
        eprintln!("error: {text}");
    }
    ExitCode::from(2)
}
