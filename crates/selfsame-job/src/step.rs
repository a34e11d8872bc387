//! The steps that a job is done in.
//!
//! A step is durable at its end, and done again from its beginning where its worker dies: it must come to the same twice. The
//! last one ends the job.

/// One step of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Measure the package's capture, judge it by what is on file, and end the job with that.
    Judge,
}
