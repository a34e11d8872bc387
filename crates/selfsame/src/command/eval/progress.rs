//! How far the work has come, on stderr.

use indicatif::{ProgressBar, ProgressStyle};
use selfsame_eval::progress::Progress;

use crate::output;

/// A bar on a terminal; elsewhere a line for each stage.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("{msg:24} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, stage: &str, total: usize) {
        if self.0.is_hidden() {
            output::progress(&format!("{stage}: {total}"));
        }
        self.0.reset();
        self.0.set_length(total as u64);
        self.0.set_message(stage.to_owned());
    }

    fn advance(&self) {
        self.0.inc(1);
    }
}
