//! `selfsame eval fit`.

use std::path::PathBuf;
use std::process::ExitCode;

use selfsame_eval::fit::{Checked, FitOptions, Fitted, Table, check, fit};
use selfsame_job::fusion::Measure;
use serde::Serialize;

use super::Failure;
use crate::output::{self, Outcome};

/// Tables, and how to fit.
#[derive(clap::Args)]
pub(super) struct Fit {
    /// The table to fit to, as `selfsame eval pad --table` writes it.
    #[arg(long, value_name = "CSV")]
    train: PathBuf,
    /// Tables to check on: of other people.
    #[arg(long, value_name = "CSV")]
    check: Vec<PathBuf>,
    /// What weights cost [default: chosen by cross-validation over people].
    #[arg(long, value_name = "COST", value_parser = cost)]
    l2: Option<f64>,
    /// The part of the fitted bona fide captures that may be refused.
    #[arg(long, value_name = "PART", default_value_t = FitOptions::default().refused, value_parser = part)]
    refused: f64,
    /// The part that may be refused or reviewed.
    #[arg(long, value_name = "PART", default_value_t = FitOptions::default().not_let_in, value_parser = part)]
    not_let_in: f64,
    /// Write the policy's fragment here [default: print it].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Found {
    fitted: Fitted,
    /// Each table that was checked, the fitted one first.
    checked: Vec<(String, Checked)>,
}

impl Fit {
    pub(super) fn run(&self, json: bool) -> Outcome {
        let train = Table::read(&self.train)?;
        let fitted = fit(
            &train,
            &FitOptions {
                l2: self.l2,
                refused: self.refused,
                not_let_in: self.not_let_in,
            },
        );
        let name = |path: &PathBuf| {
            let file = path.file_name().unwrap_or_default();
            file.to_string_lossy().into_owned()
        };
        let mut checked = vec![(name(&self.train), check(&fitted.policy, &train))];
        for path in &self.check {
            checked.push((name(path), check(&fitted.policy, &Table::read(path)?)));
        }
        let fragment = fitted.fragment(&name(&self.train))?;
        if let Some(out) = &self.out {
            std::fs::write(out, &fragment)
                .map_err(|e| -> Failure { format!("{}: {e}", out.display()).into() })?;
        }
        if json {
            output::json(&Found { fitted, checked })?;
            return Ok(ExitCode::SUCCESS);
        }
        for line in of_fitted(&fitted, &train) {
            output::line(&line);
        }
        for (name, checked) in &checked {
            for line in of_checked(name, checked) {
                output::line(&line);
            }
        }
        match &self.out {
            Some(out) => output::line(&format!("policy        {}", out.display())),
            None => output::text(&format!("\n{fragment}")),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn of_fitted(fitted: &Fitted, train: &Table) -> Vec<String> {
    let (live, attacks) = fitted.fitted_to;
    let mut lines = vec![format!(
        "fitted        to {live} bona fide captures and {attacks} attacks ({} presentations are no part of it); cost of weights {:e}",
        train.left_out, fitted.l2
    )];
    for (l2, loss) in &fitted.cross_validation {
        lines.push(format!(
            "  people set aside: cost {l2:e} gives log loss {loss:.4}"
        ));
    }
    for measure in Measure::ALL {
        let term = fitted.policy.terms.of(*measure);
        if term.weight > 0.0 {
            lines.push(format!(
                "  {:20} weighs {:.3} from {} to {}",
                measure.name(),
                term.weight,
                term.low,
                term.high
            ));
        }
    }
    for (measure, reason) in &fitted.without {
        lines.push(format!("  {:20} {reason}", measure.name()));
    }
    lines.push(format!(
        "  refused below {:.3}, reviewed below {:.3}",
        fitted.policy.reject_below, fitted.policy.review_below
    ));
    lines
}

fn of_checked(name: &str, checked: &Checked) -> Vec<String> {
    let mut lines = vec![
        format!("checked       on {name}, by the score alone"),
        format!("  bona fide: refused {}", checked.refused),
        format!("  bona fide: not let in at once {}", checked.not_let_in),
    ];
    for species in &checked.species {
        lines.push(format!(
            "  {:26} passes {}, is not refused {}",
            species.species, species.passed, species.not_refused
        ));
    }
    lines.push(format!(
        "  mean of the species {:.2} %",
        checked.mean * 100.0
    ));
    for at in &checked.at_bpcer {
        lines.push(format!(
            "  where {:.0} % of these bona fide are not let in ({:.3}): mean APCER {:.2} %, worst {} {}",
            at.bpcer * 100.0,
            at.threshold,
            at.mean * 100.0,
            at.worst_species,
            at.worst
        ));
    }
    lines
}

/// A part of a whole.
fn part(text: &str) -> Result<f64, String> {
    let part: f64 = text
        .parse()
        .map_err(|_| format!("{text:?} is not a number"))?;
    if (0.0..1.0).contains(&part) {
        Ok(part)
    } else {
        Err(format!("{text} is not between 0 and 1"))
    }
}

fn cost(text: &str) -> Result<f64, String> {
    let cost: f64 = text
        .parse()
        .map_err(|_| format!("{text:?} is not a number"))?;
    if cost > 0.0 && cost.is_finite() {
        Ok(cost)
    } else {
        Err(format!("{text} is not above 0"))
    }
}
