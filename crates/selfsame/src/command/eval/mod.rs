//! `selfsame eval`.

mod fitting;
mod inputs;
mod prepare;
mod progress;
mod protocols;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fitting::Fit;
use inputs::{AttackInputs, PairInputs};
use prepare::Prepare;
use progress::Bar;
use protocols::{CaptureInputs, FoldInputs, GroupInputs, PeopleInputs, TurnInputs, TurnedInputs};
use selfsame_eval::cache::Cache;
use selfsame_eval::generate::{Species, into_folder};
use selfsame_eval::recommendation::recommend;
use selfsame_eval::report::{PageOptions, Report};
use selfsame_eval::{comparison, presentation_attack, robustness};
use selfsame_face::analyser::{Analyser, Settings};
use selfsame_face::inference::{EngineChoice, Loading};
use selfsame_face::models::ModelStore;
use selfsame_job::job::JobType;
use selfsame_job::policy::{Policies, Policy};
use selfsame_wire::id::Environment;

use super::embedder::EmbedderChoice;
use crate::output::{self, Outcome};

/// Measure how good it is on photographs of your own: error rates, attacks, robustness.
#[derive(clap::Args)]
pub(crate) struct Eval {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Bring a data set that you have into the layouts that the evaluation reads. Nothing is downloaded.
    Prepare(Prepare),
    /// LFW's protocol: accuracy over ten folds, each judged at the threshold that is best on the others.
    Folds {
        #[command(flatten)]
        folds: FoldInputs,
        #[command(flatten)]
        common: Common,
    },
    /// Compare every image with every other: FNMR at FMR down to 1e-6, with intervals over people.
    AllPairs {
        #[command(flatten)]
        people: PeopleInputs,
        #[command(flatten)]
        common: Common,
    },
    /// Error rates and refusals by group of people, with intervals.
    Groups {
        #[command(flatten)]
        groups: GroupInputs,
        #[command(flatten)]
        common: Common,
    },
    /// Photographs turned by quarters: whether strangers match because both are turned.
    Turned {
        #[command(flatten)]
        turned: TurnedInputs,
        #[command(flatten)]
        common: Common,
    },
    /// Compare whole captures of people: enrolled under one light, authenticated under another.
    Captures {
        #[command(flatten)]
        captures: CaptureInputs,
        #[command(flatten)]
        common: Common,
    },
    /// Judge people who turn their heads as they were asked to, and attacks made of them: strict mode.
    Turns {
        #[command(flatten)]
        turns: TurnInputs,
        #[command(flatten)]
        common: Common,
    },
    /// Fit the fusion of liveness measures to a table of them, and check it on others.
    Fit(Fit),
    /// Compare labelled pairs: FMR, FNMR, EER, thresholds with confidence intervals, the worst pairs.
    Compare {
        #[command(flatten)]
        pairs: PairInputs,
        #[command(flatten)]
        common: Common,
    },
    /// Measure presentation-attack detection: APCER and BPCER for each species and attack type.
    Pad {
        #[command(flatten)]
        attacks: AttackInputs,
        /// Write every measure of every presentation here, as CSV: `selfsame eval fit` reads it.
        #[arg(long, value_name = "CSV")]
        table: Option<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
    /// Show how the score of a genuine pair falls as its probe gets worse.
    Robustness {
        #[command(flatten)]
        pairs: PairInputs,
        /// Photographs without labels: each is compared with itself, degraded.
        #[arg(long, value_name = "DIR", conflicts_with_all = ["pairs", "people"])]
        photos: Option<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
    /// Make attacks and live sequences of photographs, all of them synthetic, in a folder that `pad` reads.
    Generate {
        /// The photographs.
        #[arg(long, value_name = "DIR")]
        photos: PathBuf,
        /// Where to write; what an earlier run with the same seed made is kept.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// What to make, by commas [default: everything]. `--species list` lists what there is.
        #[arg(long, value_delimiter = ',', default_value = "all")]
        species: Vec<String>,
        /// The same seed makes the same files.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[command(flatten)]
        machine: Machine,
    },
    /// Do all that inputs are given for, and write it down: report.html, report.json, plots, policy.toml.
    Report {
        #[command(flatten)]
        pairs: PairInputs,
        #[command(flatten)]
        attacks: AttackInputs,
        /// Leave robustness out.
        #[arg(long)]
        without_robustness: bool,
        #[command(flatten)]
        common: Common,
    },
}

/// What to compute with.
#[derive(clap::Args)]
struct Machine {
    /// auto, rten or openvino.
    #[arg(long, default_value = "auto")]
    engine: EngineChoice,
    /// Work on so many cores [default: all]. The figures do not depend on it.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    embedder: EmbedderChoice,
}

#[derive(clap::Args)]
struct Common {
    #[command(flatten)]
    machine: Machine,
    /// Keep measurements here, so that an interrupted run goes on. They are found again by file, engine and models: after a
    /// change to the analysis itself, name a new folder. Templates are biometric data: they are encrypted under the key file
    /// in the folder; remove the folder when done.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// The policy that judges [default: what is built in]; that of enrolments in production counts.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write the report here.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show the faces of the worst pairs in report.html. They are biometric data.
    #[arg(long, requires = "out")]
    thumbnails: bool,
    /// The FMR that the policy is to hold.
    #[arg(long, value_name = "RATE", default_value = "1e-3", value_parser = inputs::fmr)]
    target_fmr: f64,
}

impl Eval {
    pub(crate) fn run(&self, models: &ModelStore, json: bool) -> Outcome {
        let bar = Bar::new();
        match &self.action {
            Action::Compare { pairs, common } => {
                common.measured(models, json, |run| run.compare(pairs, &bar))
            }
            Action::Prepare(set) => set.run(&bar, json),
            Action::Fit(fit) => fit.run(json),
            Action::Folds { folds, common } => {
                common.measured(models, json, |run| run.folds(folds, &bar))
            }
            Action::AllPairs { people, common } => {
                common.measured(models, json, |run| run.all_pairs(people, &bar))
            }
            Action::Groups { groups, common } => {
                common.measured(models, json, |run| run.groups(groups, &bar))
            }
            Action::Turned { turned, common } => {
                common.measured(models, json, |run| run.turned(turned, &bar))
            }
            Action::Captures { captures, common } => {
                common.measured(models, json, |run| run.captures(captures, &bar))
            }
            Action::Turns { turns, common } => {
                common.measured(models, json, |run| run.turns(turns, &bar))
            }
            Action::Pad {
                attacks,
                table,
                common,
            } => common.measured(models, json, |run| {
                run.attacks(attacks, table.as_deref(), &bar)
            }),
            Action::Robustness {
                pairs,
                photos,
                common,
            } => common.measured(models, json, |run| match photos {
                Some(photos) => run.robustness_of_photographs(photos, &bar),
                None => run.robustness(pairs, &bar),
            }),
            Action::Report {
                pairs,
                attacks,
                without_robustness,
                common,
            } => {
                if common.out.is_none() {
                    return Err("a report needs --out DIR to be written to".into());
                }
                common.measured(models, json, |run| {
                    if pairs.are_given() {
                        run.compare(pairs, &bar)?;
                        if !without_robustness {
                            run.robustness(pairs, &bar)?;
                        }
                    }
                    if attacks.are_given() {
                        run.attacks(attacks, None, &bar)?;
                    }
                    Ok(())
                })
            }
            Action::Generate {
                photos,
                out,
                species,
                seed,
                machine,
            } => {
                if species.iter().any(|name| name == "list") {
                    return list(json);
                }
                let species = inputs::species(species)?;
                let analyser = machine.analyser(models)?;
                let written = machine
                    .on_threads(|| into_folder(&analyser, photos, out, &species, *seed, &bar))??;
                bar.finish();
                if json {
                    output::json(&written)?;
                } else {
                    output::line(&format!(
                        "{} synthetic presentations made, {} kept, in {}",
                        written.made,
                        written.kept,
                        out.display()
                    ));
                    for skipped in &written.skipped {
                        output::line(&format!(
                            "  not usable: {}: {}",
                            skipped.photograph, skipped.reason
                        ));
                    }
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn list(json: bool) -> Outcome {
    for species in Species::ALL {
        if json {
            output::json(&serde_json::json!({"species": species, "note": species.note()}))?;
        } else {
            output::line(&format!("{:16} {}", species.name(), species.note()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Machine {
    fn analyser(&self, models: &ModelStore) -> Result<Analyser, Failure> {
        let mut settings = Settings {
            engine: self.engine,
            loading: Loading::WhenNeeded,
            ..Settings::default()
        };
        if let Some(threads) = self.threads {
            settings.parallel = threads;
        }
        Ok(Analyser::load_with(
            models,
            &settings,
            &self.embedder.alone()?,
        )?)
    }

    fn on_threads<R: Send>(&self, work: impl FnOnce() -> R + Send) -> Result<R, Failure> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.map_or(0, NonZeroUsize::get))
            .build()?;
        Ok(pool.install(work))
    }
}

/// One evaluation as it goes.
struct Run {
    analyser: Analyser,
    cache: Cache,
    policy: Policy,
    report: Report,
}

impl Common {
    /// Measures, recommends, writes and prints.
    fn measured(
        &self,
        models: &ModelStore,
        json: bool,
        measure: impl FnOnce(&mut Run) -> Result<(), Failure> + Send,
    ) -> Outcome {
        let analyser = self.machine.analyser(models)?;
        let cache = match &self.cache {
            Some(folder) => Cache::open(folder, &analyser)?,
            None => Cache::none(),
        };
        let embedder = self.machine.embedder.read()?;
        let policies = match (&self.policy, embedder.thresholds()) {
            // Measuring is where an embedder's thresholds come from.
            (None, None) => {
                output::progress(
                    "the embedder's manifest has no thresholds: rates at thresholds are told at the built-in embedder's, \
                     which mean nothing here; take those that are recommended",
                );
                Policies::default()
            }
            (path, _) => super::embedder::policies(path.as_deref(), &embedder)?,
        };
        let policy = policies
            .of(Environment::Production, JobType::Enrolment)
            .clone();
        let mut run = Run {
            report: Report::by(&analyser),
            analyser,
            cache,
            policy,
        };
        let run = self
            .machine
            .on_threads(move || measure(&mut run).map(|()| run))??;
        let mut report = run.report;
        if report.comparison.is_some() {
            report.recommendation = Some(recommend(
                &run.policy.comparison,
                self.target_fmr,
                report.comparison.as_ref(),
            ));
        }
        if let Some(out) = &self.out {
            let options = PageOptions {
                thumbnails: self.thumbnails,
            };
            report.write(out, options)?;
        }
        if json {
            output::json(&report)?;
        } else {
            for line in report.lines() {
                output::line(&line);
            }
            if let Some(out) = &self.out {
                output::line(&format!(
                    "report        {}",
                    out.join("report.html").display()
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Run {
    fn compare(&mut self, inputs: &PairInputs, bar: &Bar) -> Result<(), Failure> {
        let pairs = inputs.read()?;
        let made = comparison::evaluate(
            &pairs,
            &self.analyser,
            &self.cache,
            &self.policy.comparison,
            bar,
        );
        bar.finish();
        self.report.comparison = Some(made?);
        Ok(())
    }

    fn attacks(
        &mut self,
        inputs: &AttackInputs,
        table: Option<&Path>,
        bar: &Bar,
    ) -> Result<(), Failure> {
        let presentations = inputs.read()?;
        let made = presentation_attack::evaluate(
            &presentations,
            &self.analyser,
            &self.cache,
            &self.policy,
            table,
            bar,
        );
        bar.finish();
        self.report.presentation_attack = Some(made?);
        Ok(())
    }

    fn robustness(&mut self, inputs: &PairInputs, bar: &Bar) -> Result<(), Failure> {
        let pairs = inputs.read()?;
        let threshold = self.policy.comparison.match_threshold;
        let made = robustness::of_pairs(&pairs, &self.analyser, &self.cache, threshold, bar);
        bar.finish();
        self.report.robustness = Some(made?);
        Ok(())
    }

    fn robustness_of_photographs(&mut self, photos: &Path, bar: &Bar) -> Result<(), Failure> {
        let threshold = self.policy.comparison.match_threshold;
        let made = robustness::of_photographs(photos, &self.analyser, &self.cache, threshold, bar);
        bar.finish();
        self.report.robustness = Some(made?);
        Ok(())
    }
}
