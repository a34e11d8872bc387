//! One page that holds everything and asks nothing of a network.

use maud::{DOCTYPE, PreEscaped, html};

use super::sections;
use super::{PageOptions, Report};
use crate::error::EvalError;

const STYLE: &str = "
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:1180px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:1px solid #8886;padding-bottom:.3rem}
table{border-collapse:collapse;margin:.8rem 0;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.25rem .7rem;border-bottom:1px solid #8884;vertical-align:top}
.scroll{overflow-x:auto}.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(32rem,100%),1fr));gap:1rem}
figure{margin:0}svg{width:100%;height:auto;border:1px solid #8884;border-radius:4px}
.warning{border-left:4px solid #d55e00;padding:.4rem .8rem;background:#d55e0018}
img{height:112px;border-radius:4px}
";

/// The page.
pub(super) fn page(report: &Report, options: PageOptions) -> Result<String, EvalError> {
    let comparison = report
        .comparison
        .as_ref()
        .map(|comparison| sections::comparison(comparison, options))
        .transpose()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing is loaded and nothing is run.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'";
                title { "Selfsame: evaluation" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Selfsame: evaluation" }
                @if options.thumbnails && report.comparison.is_some() {
                    p.warning { "This page shows faces of the worst pairs. Keep it as you keep the photographs." }
                }
                (sections::models(report))
                @if let Some(recommendation) = &report.recommendation { (sections::recommendation(recommendation)) }
                @if let Some(comparison) = comparison { (comparison) }
                @for section in super::protocols::of(report) { (section.html()) }
                @if let Some(attacks) = &report.presentation_attack { (sections::attacks(attacks)) }
                @if let Some(robustness) = &report.robustness { (sections::robustness(robustness)) }
            }
        }
    };
    Ok(page.into_string())
}
