//! A report: as JSON, as one page with its plots, as the plots themselves, and as a policy file.

mod charts;
mod page;
mod plot;
mod protocols;
mod sections;
mod tables;
mod text;
mod thumbnail;

use std::path::Path;

use selfsame_face::analyser::Analyser;
use selfsame_face::models::ModelIdentity;
use serde::Serialize;

use crate::all_pairs::AllPairsReport;
use crate::captures::CapturesReport;
use crate::comparison::ComparisonReport;
use crate::error::{EvalError, file};
use crate::folds::FoldsReport;
use crate::groups::GroupsReport;
use crate::presentation_attack::AttackReport;
use crate::recommendation::Recommendation;
use crate::robustness::RobustnessReport;
use crate::turned::TurnedReport;
use crate::turns::TurnsReport;

/// What was measured. Holds no time and no path: the same input gives the same report.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The version of this software.
    pub version: &'static str,
    /// The engine that ran the models.
    pub engine: String,
    /// The models, as the manifest names them.
    pub models: Vec<ModelIdentity>,
    /// Telling faces apart.
    pub comparison: Option<ComparisonReport>,
    /// Telling attacks from live faces.
    pub presentation_attack: Option<AttackReport>,
    /// Worse and worse probes.
    pub robustness: Option<RobustnessReport>,
    /// LFW's ten folds.
    pub folds: Option<FoldsReport>,
    /// Every image against every other.
    pub all_pairs: Option<AllPairsReport>,
    /// By group of people.
    pub groups: Option<GroupsReport>,
    /// Turned photographs.
    pub turned: Option<TurnedReport>,
    /// Whole captures.
    pub captures: Option<CapturesReport>,
    /// People who turn their heads as they were asked to.
    pub turns: Option<TurnsReport>,
    /// What the policy should say.
    pub recommendation: Option<Recommendation>,
}

/// What goes into the page beside the figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageOptions {
    /// Whether the faces of the worst pairs are shown. They are biometric data: the page is then to be kept as such.
    pub thumbnails: bool,
}

impl Report {
    /// An empty report by an analyser.
    #[must_use]
    pub fn by(analyser: &Analyser) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            engine: analyser.engine_name().to_owned(),
            models: analyser.models().to_vec(),
            comparison: None,
            presentation_attack: None,
            robustness: None,
            folds: None,
            all_pairs: None,
            groups: None,
            turned: None,
            captures: None,
            turns: None,
            recommendation: None,
        }
    }

    /// The figures for people, line by line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        text::lines(self)
    }

    /// Writes `report.json`, `report.html`, one SVG file for each plot and, where there is a recommendation, `policy.toml`.
    ///
    /// # Errors
    /// When a file cannot be written, or a photograph that is to be shown cannot be read.
    pub fn write(&self, folder: &Path, options: PageOptions) -> Result<(), EvalError> {
        std::fs::create_dir_all(folder).map_err(file(folder))?;
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(file(&path))
        };
        let json =
            serde_json::to_string_pretty(self).map_err(|e| EvalError::Report(e.to_string()))?;
        write("report.json", &(json + "\n"))?;
        write("report.html", &page::page(self, options)?)?;
        for chart in charts::of(self) {
            let svg = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n",
                chart.svg().into_string()
            );
            write(&format!("{}.svg", chart.id()), &svg)?;
        }
        if let Some(recommendation) = &self.recommendation {
            let models: Vec<String> = self
                .models
                .iter()
                .map(|m| format!("{} {} (sha256 {})", m.name, m.version, m.sha256))
                .collect();
            write("policy.toml", &recommendation.policy_file(&models))?;
        }
        Ok(())
    }
}
