//! Protocols over photographs of many people: `folds`, `all-pairs`, `groups`, `turned`, `captures` and `turns`.

use std::path::PathBuf;

use selfsame_eval::dataset::folds::from_lfw;
use selfsame_eval::dataset::people::People;
use selfsame_eval::{all_pairs, captures, folds, groups, turned, turns};

use super::progress::Bar;
use super::{Failure, Run};

/// LFW, as `prepare lfw` lays it out.
#[derive(clap::Args)]
pub(super) struct FoldInputs {
    /// LFW's pairs.txt.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    /// The folder with one folder for each person.
    #[arg(long, value_name = "DIR")]
    people: PathBuf,
}

/// Photographs of people.
#[derive(clap::Args)]
pub(super) struct PeopleInputs {
    /// The folder with one folder for each person.
    #[arg(long, value_name = "DIR")]
    people: PathBuf,
    /// Known label errors to leave out: a CSV with the columns image and reason. The report names each.
    #[arg(long, value_name = "CSV")]
    label_errors: Option<PathBuf>,
}

/// Photographs of people, and their groups.
#[derive(clap::Args)]
pub(super) struct GroupInputs {
    #[command(flatten)]
    people: PeopleInputs,
    /// Groups: a CSV with the column name (a person's folder, or a photograph) and one column for each kind of label.
    #[arg(long, value_name = "CSV")]
    groups: PathBuf,
    /// Leave out what an enrolment says of each image, which takes as long as an enrolment.
    #[arg(long)]
    without_refusals: bool,
}

/// Photographs of people to turn.
#[derive(clap::Args)]
pub(super) struct TurnedInputs {
    #[command(flatten)]
    people: PeopleInputs,
    /// So many pairs of strangers, and of one person's photographs.
    #[arg(long, value_name = "N", default_value_t = 150)]
    tries: usize,
    /// The seed that draws them.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Captures of people.
#[derive(clap::Args)]
pub(super) struct CaptureInputs {
    /// Folders with PERSON/CONDITION-TAKE/selfie.jpg and frames; several are taken together.
    #[arg(long, value_name = "DIR", required = true)]
    captures: Vec<PathBuf>,
}

/// Captures of people who turn their heads.
#[derive(clap::Args)]
pub(super) struct TurnInputs {
    /// Folders with PERSON/TURN-TURN-TAKE/selfie.jpg and frames in their order, as ada/left-up-1; several are taken together.
    #[arg(long, value_name = "DIR", required = true)]
    captures: Vec<PathBuf>,
    /// Judge the captures alone: no attacks are made of them.
    #[arg(long)]
    without_attacks: bool,
    /// Write what was measured in every frame here, as CSV.
    #[arg(long, value_name = "CSV")]
    table: Option<PathBuf>,
}

impl PeopleInputs {
    fn read(&self) -> Result<(People, Vec<selfsame_eval::dataset::people::LeftOut>), Failure> {
        let mut people = People::of_folder(&self.people)?;
        let left_out = match &self.label_errors {
            Some(csv) => people.leave_out(csv)?,
            None => Vec::new(),
        };
        Ok((people, left_out))
    }
}

impl Run {
    pub(super) fn folds(&mut self, inputs: &FoldInputs, bar: &Bar) -> Result<(), Failure> {
        let folds = from_lfw(&inputs.pairs, &inputs.people)?;
        let made = folds::evaluate(&folds, &self.analyser, &self.cache, bar);
        bar.finish();
        self.report.folds = Some(made?);
        Ok(())
    }

    pub(super) fn all_pairs(&mut self, inputs: &PeopleInputs, bar: &Bar) -> Result<(), Failure> {
        let (people, left_out) = inputs.read()?;
        let made = all_pairs::evaluate(
            &people,
            left_out,
            &self.analyser,
            &self.cache,
            &self.policy.comparison,
            bar,
        );
        bar.finish();
        self.report.all_pairs = Some(made?);
        Ok(())
    }

    pub(super) fn groups(&mut self, inputs: &GroupInputs, bar: &Bar) -> Result<(), Failure> {
        let (people, _) = inputs.people.read()?;
        let groupings = people.groups(&inputs.groups)?;
        let made = groups::evaluate(
            &people,
            &groupings,
            &self.analyser,
            &self.cache,
            &self.policy,
            !inputs.without_refusals,
            bar,
        );
        bar.finish();
        self.report.groups = Some(made?);
        Ok(())
    }

    pub(super) fn turned(&mut self, inputs: &TurnedInputs, bar: &Bar) -> Result<(), Failure> {
        let (people, _) = inputs.people.read()?;
        let made = turned::evaluate(
            &people,
            inputs.tries,
            inputs.seed,
            &self.analyser,
            &self.cache,
            &self.policy,
            bar,
        );
        bar.finish();
        self.report.turned = Some(made?);
        Ok(())
    }

    pub(super) fn captures(&mut self, inputs: &CaptureInputs, bar: &Bar) -> Result<(), Failure> {
        let made = captures::evaluate(
            &inputs.captures,
            &self.analyser,
            &self.cache,
            &self.policy.comparison,
            bar,
        );
        bar.finish();
        self.report.captures = Some(made?);
        Ok(())
    }

    pub(super) fn turns(&mut self, inputs: &TurnInputs, bar: &Bar) -> Result<(), Failure> {
        let made = turns::evaluate(
            &inputs.captures,
            !inputs.without_attacks,
            &self.analyser,
            &self.cache,
            &self.policy,
            inputs.table.as_deref(),
            bar,
        );
        bar.finish();
        self.report.turns = Some(made?);
        Ok(())
    }
}
