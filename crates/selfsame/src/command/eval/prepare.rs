//! `selfsame eval prepare`.

use std::path::PathBuf;
use std::process::ExitCode;

use selfsame_eval::prepare::{CLOSED_SPLIT, DataSet, Options, Split, prepare};

use super::progress::Bar;
use crate::output::{self, Outcome};

/// A data set, and where it is and goes.
#[derive(clap::Args)]
pub(super) struct Prepare {
    /// lfw, london, replay-attack, recaptures, kdef, imm, fei or cmu-faces.
    set: DataSet,
    /// The folder that you have, as its authors or their repository give it.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Where to prepare it: new, empty, or made by an earlier run. Files are linked where the disk allows.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Of replay-attack: which splits, by commas.
    #[arg(
        long,
        value_name = "SPLITS",
        value_delimiter = ',',
        default_value = "train,devel"
    )]
    split: Vec<Split>,
    /// Of replay-attack: allow `--split test`. The test split is what a result is measured on, once, when nothing is changed
    /// any more: whoever looks at it to choose anything has no test set left.
    #[arg(long)]
    open_the_closed_split: bool,
}

impl Prepare {
    pub(super) fn run(&self, bar: &Bar, json: bool) -> Outcome {
        let options = Options {
            splits: self.split.clone(),
            open_the_closed_split: self.open_the_closed_split,
        };
        if options.splits.contains(&Split::Test) && options.open_the_closed_split {
            output::progress(&format!("{CLOSED_SPLIT}."));
        }
        let made = prepare(self.set, &self.from, &self.out, &options, bar);
        bar.finish();
        let prepared = made?;
        if json {
            output::json(&prepared)?;
            return Ok(ExitCode::SUCCESS);
        }
        output::line(&format!(
            "{} is prepared in {}",
            self.set.name(),
            self.out.display()
        ));
        output::line(&format!("  terms: {}", prepared.terms));
        for part in &prepared.parts {
            output::line(&format!("  {:18} {}", part.path, part.holds));
        }
        for note in &prepared.notes {
            output::line(&format!("  note: {note}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
