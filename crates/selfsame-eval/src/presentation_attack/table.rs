//! Every measure of every presentation as a table, so that a rule can be fitted to it and argued about.

use std::path::Path;

use selfsame_job::fusion::Measure;

use super::seen::{Seen, reason_name};
use crate::dataset::presentation::Presentation;
use crate::error::{EvalError, file, input};

/// The columns before those of the measures.
const ABOUT: [&str; 8] = [
    "name",
    "person",
    "species",
    "bona_fide",
    "synthetic",
    "kind",
    "decision",
    "reasons",
];

/// Writes one row for each presentation: what it is, what the policy says of it, and every measure by its name in the
/// policy. What was not measured is empty.
pub(super) fn write(
    path: &Path,
    presentations: &[Presentation],
    seen: &[Seen],
) -> Result<(), EvalError> {
    let wrong = |e: csv::Error| input(path, e.to_string());
    let mut table = csv::Writer::from_path(path).map_err(wrong)?;
    let measures = Measure::ALL.iter().map(|measure| measure.name());
    table
        .write_record(ABOUT.into_iter().chain(measures))
        .map_err(wrong)?;
    let yes = |is: bool| if is { "yes" } else { "no" };
    for (presentation, seen) in presentations.iter().zip(seen) {
        let decision = match &seen.unusable {
            Some(_) => "unusable",
            None => seen.answer.name(),
        };
        let reasons: Vec<String> = match &seen.unusable {
            Some(reason) => vec![reason.clone()],
            None => seen.reasons.iter().copied().map(reason_name).collect(),
        };
        let kind = if presentation.is_sequence() {
            "sequence"
        } else {
            "image"
        };
        let about = [
            presentation.name.clone(),
            presentation.person().to_owned(),
            presentation.species.clone().unwrap_or_default(),
            yes(presentation.species.is_none()).to_owned(),
            yes(presentation.synthetic).to_owned(),
            kind.to_owned(),
            decision.to_owned(),
            reasons.join("; "),
        ];
        let values = seen
            .measures
            .iter()
            .map(|value| value.map(|v| v.to_string()).unwrap_or_default());
        table
            .write_record(about.into_iter().chain(values))
            .map_err(wrong)?;
    }
    table.flush().map_err(file(path))
}
