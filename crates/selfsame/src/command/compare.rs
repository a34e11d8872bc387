//! `selfsame compare`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use selfsame_face::analyser::{Analyser, Settings};
use selfsame_face::evidence::{CaptureEvidence, ImageEvidence};
use selfsame_face::inference::{EngineChoice, Loading};
use selfsame_face::models::ModelStore;
use selfsame_job::job::JobType;
use selfsame_job::policy::MotionMode;
use selfsame_job::product::authentication::judge_authentication;
use selfsame_job::product::registration::judge_enrolment;
use selfsame_job::verdict::{Seen, Verdict};
use selfsame_wire::id::Environment;

use super::embedder::{self, EmbedderChoice};
use crate::output::{self, Outcome};

/// Compare the faces in two photographs, without a server: the same person, another, or not sure (exit 1 as well).
#[derive(clap::Args)]
pub(crate) struct Compare {
    /// The reference.
    reference: PathBuf,
    /// The probe.
    probe: PathBuf,
    /// auto, rten or openvino.
    #[arg(long, default_value = "auto")]
    engine: EngineChoice,
    #[command(flatten)]
    embedder: EmbedderChoice,
}

impl Compare {
    pub(crate) fn run(&self, models: &ModelStore, json: bool) -> Outcome {
        let settings = Settings {
            engine: self.engine,
            loading: Loading::WhenNeeded,
            ..Settings::default()
        };
        let embedders = self.embedder.alone()?;
        let policies = embedder::policies(None, &embedders.primary)?;
        let analyser = Analyser::load_with(models, &settings, &embedders)?;
        let look = |path: &Path| -> Result<CaptureEvidence, String> {
            let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
            let selfie = analyser
                .analyse(&bytes)
                .map_err(|e| format!("{}: {e}", path.display()))?;
            Ok(CaptureEvidence::alone(selfie))
        };
        let (reference, probe) = (look(&self.reference)?, look(&self.probe)?);
        // Two photographs are compared: whether they are alive is not asked.
        let production = policies.of(Environment::Production, JobType::Authentication);
        let mut policy = production.clone();
        policy.liveness.motion.mode = MotionMode::Off;
        let mut decision = judge_enrolment(&Seen::alone(&reference), &policy);
        let mut at_fault = Some("reference");
        if let (Verdict::Pass, Some(template)) = (&decision.verdict, reference.probe()) {
            decision = judge_authentication(&Seen::alone(&probe), template, &policy);
            at_fault = decision.comparison.is_none().then_some("probe");
        }
        let verdict = match decision.verdict {
            Verdict::Pass => "same person",
            Verdict::Provisional => "not sure",
            Verdict::NoMatch => "another person",
            _ => "cannot tell",
        };
        if json {
            let image = |e: &ImageEvidence| serde_json::json!({"image": e.image, "faces": e.faces, "milliseconds": e.timings});
            output::json(&serde_json::json!({
                "verdict": verdict, "comparison": decision.comparison, "reasons": decision.reasons, "at_fault": at_fault,
                "reference": image(&reference.selfie), "probe": image(&probe.selfie),
                "engine": analyser.engine_name(), "models": analyser.models(),
            }))?;
        } else {
            output::line(&match decision.comparison {
                Some(c) => format!(
                    "{verdict}: score {:.3} (same from {:.3}, another below {:.3})",
                    c.score.value(),
                    c.thresholds.match_threshold,
                    c.thresholds.review_threshold
                ),
                None => format!(
                    "{verdict}: the {} is at fault",
                    at_fault.unwrap_or("photograph")
                ),
            });
            for reason in &decision.reasons {
                output::line(&format!("  {}", reason.advice()));
            }
            for (name, evidence) in [("reference", &reference.selfie), ("probe", &probe.selfie)] {
                let t = evidence.timings;
                output::line(&format!(
                    "{name:9} {}x{}, {} face(s); decode {:.1} ms, detect {:.1} ms, align {:.1} ms, embed {:.1} ms",
                    evidence.image.width,
                    evidence.image.height,
                    evidence.faces.len(),
                    t.decode_ms,
                    t.detect_ms,
                    t.align_ms,
                    t.embed_ms
                ));
            }
        }
        Ok(ExitCode::from(u8::from(decision.verdict != Verdict::Pass)))
    }
}
