//! The page: nothing is loaded and nothing is run; what strangers wrote stays text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::sections::{SIGNATURE, Section, TITLE, sections, warning};
use crate::signed::SignedReceipt;

/// Sizes follow the reader's; colours his choice of light or dark, with a contrast of 7 to 1 and more; on paper black on white.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1a1a1a;--soft:#4a4a4a;--line:#8a8a8a;--back:#fff;--warn:#8a1c00}
@media(prefers-color-scheme:dark){:root{--ink:#f0f0f0;--soft:#c4c4c4;--line:#8a8a8a;--back:#141414;--warn:#ffb09a}}
body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:var(--ink);background:var(--back)}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.8rem 0 .4rem;border-bottom:1px solid var(--line)}
dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.2rem 1rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.warning{border-left:.3rem solid var(--warn);padding:.4rem .8rem;color:var(--warn);font-weight:600}
pre{font-size:.75rem;white-space:pre-wrap;overflow-wrap:anywhere}
@media(max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
@media print{:root{--ink:#000;--soft:#000;--line:#000;--back:#fff;--warn:#000}body{margin:0;max-width:none;font-size:10pt}
section{break-inside:avoid}@page{margin:18mm}}
";

/// The policy to send the page with (`Content-Security-Policy`): its own style, and nothing else.
#[must_use]
pub fn content_security_policy() -> String {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

impl SignedReceipt {
    /// A page that shows it, in English. To be sent with [`content_security_policy`].
    #[must_use]
    pub fn to_html(&self) -> String {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    // A link to a receipt is a secret.
                    meta name="referrer" content="no-referrer";
                    meta name="robots" content="noindex, nofollow";
                    title { (TITLE) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main {
                        h1 { (TITLE) }
                        @if let Some(warning) = warning(self) {
                            p.warning role="note" { (warning) }
                        }
                        @for Section { title, rows } in sections(self) {
                            section {
                                h2 { (title) }
                                dl {
                                    @for (name, value) in rows {
                                        dt { bdi { (name) } }
                                        dd { bdi { (value) } }
                                    }
                                }
                            }
                        }
                        p { (SIGNATURE) }
                        pre aria-label="Signed text" { (self.to_text()) }
                    }
                }
            }
        }
        .into_string()
    }
}
