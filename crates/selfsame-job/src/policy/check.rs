//! Whether a policy makes sense: ranges, order, and that worse evidence can never be answered more mildly.

use super::{ChallengePolicy, Policy};
use crate::challenge::MOST_TURNS;
use crate::fusion::{FusionPolicy, Measure};
use crate::lockout::LockoutPolicy;
use crate::reason::Response;

/// What is wrong with a field.
#[derive(Debug, PartialEq)]
pub(super) struct Problem {
    /// Dotted.
    pub(super) field: String,
    /// What is wrong and what would be right.
    pub(super) text: String,
}

fn within(field: impl Into<String>, value: f32, low: f32, high: f32) -> Result<(), Problem> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(Problem {
            field: field.into(),
            text: format!("is {value}; it must be {low} to {high}"),
        })
    }
}

fn at_most(field: impl Into<String>, value: usize, high: usize) -> Result<(), Problem> {
    if value <= high {
        Ok(())
    } else {
        Err(Problem {
            field: field.into(),
            text: format!("is {value}; it must be at most {high}"),
        })
    }
}

/// The milder finding must not be answered more strictly than the graver one that contains it.
fn no_stricter(
    field: impl Into<String>,
    milder: Response,
    than: &str,
    graver: Response,
) -> Result<(), Problem> {
    if milder <= graver {
        Ok(())
    } else {
        Err(Problem {
            field: field.into(),
            text: format!(
                "is stricter than {than}, which is the graver finding; worse evidence would pass"
            ),
        })
    }
}

fn seconds(field: impl Into<String>, value: u32, low: u32, high: u32) -> Result<(), Problem> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(Problem {
            field: field.into(),
            text: format!("is {value}; it must be {low} to {high} seconds"),
        })
    }
}

fn lockout(policy: &LockoutPolicy) -> Result<(), Problem> {
    at_most("lockout.max_failures", policy.max_failures as usize, 1000)?;
    let most = LockoutPolicy::MAX_FORGET_AFTER_SECONDS;
    let (first, longest) = (policy.first_delay_seconds, policy.longest_delay_seconds);
    seconds("lockout.first_delay_seconds", first, 1, most)?;
    seconds("lockout.longest_delay_seconds", longest, first, most)?;
    // Forgotten sooner, the delays would begin anew each time that a lock ends.
    seconds(
        "lockout.forget_after_seconds",
        policy.forget_after_seconds,
        longest,
        most,
    )
}

/// Scores divide in order, and no measure may count the wrong way round.
fn fusion(field: &str, policy: &FusionPolicy) -> Result<(), Problem> {
    let at = |name: &str| format!("{field}.{name}");
    within(at("reject_below"), policy.reject_below, -100.0, 100.0)?;
    within(
        at("review_below"),
        policy.review_below,
        policy.reject_below,
        100.0,
    )?;
    within(at("intercept"), policy.intercept, -1000.0, 1000.0)?;
    for measure in Measure::ALL {
        let term = policy.terms.of(*measure);
        let at = |name| at(&format!("terms.{}.{name}", measure.name()));
        within(at("weight"), term.weight, 0.0, 100.0)?;
        within(at("low"), term.low, -1000.0, 1000.0)?;
        // The least span keeps a term from being a cliff that no number of its field shows.
        within(at("high"), term.high, term.low + 1e-6, 1000.0)?;
    }
    Ok(())
}

fn challenge(policy: &ChallengePolicy) -> Result<(), Problem> {
    if !(1..=MOST_TURNS).contains(&policy.turns) {
        return Err(Problem {
            field: "liveness.challenge.turns".to_owned(),
            text: format!("is {}; it must be 1 to {MOST_TURNS}", policy.turns),
        });
    }
    seconds("liveness.challenge.seconds", policy.seconds, 20, 600)?;
    // Less is what heads do that keep still, more what cameras do not see any more.
    within("liveness.challenge.min_yaw", policy.min_yaw, 8.0, 40.0)?;
    within("liveness.challenge.min_pitch", policy.min_pitch, 6.0, 30.0)?;
    within(
        "liveness.challenge.min_parallax",
        policy.min_parallax,
        0.0,
        1.0,
    )?;
    within("liveness.challenge.min_nose", policy.min_nose, 0.0, 1.0)?;
    within(
        "liveness.challenge.min_likeness",
        policy.min_likeness,
        -1.0,
        1.0,
    )?;
    within(
        "liveness.challenge.min_likeness_turned",
        policy.min_likeness_turned,
        -1.0,
        1.0,
    )
}

/// The first field that is wrong.
pub(super) fn check(policy: &Policy) -> Result<(), Problem> {
    let c = policy.comparison;
    // A match threshold of 0 or less lets everybody in.
    within("comparison.match_threshold", c.match_threshold, 0.01, 1.0)?;
    within(
        "comparison.review_threshold",
        c.review_threshold,
        -1.0,
        c.match_threshold,
    )?;
    let q = policy.quality;
    within(
        "quality.min_detection_score",
        q.min_detection_score,
        0.0,
        1.0,
    )?;
    within(
        "quality.min_template_length",
        q.min_template_length,
        0.0,
        1000.0,
    )?;
    within(
        "quality.min_inter_eye_distance",
        q.min_inter_eye_distance,
        0.0,
        1000.0,
    )?;
    for (field, value) in [
        ("quality.min_definition", q.min_definition),
        ("quality.min_dynamic_range", q.min_dynamic_range),
        ("quality.max_under_exposed", q.max_under_exposed),
        ("quality.max_over_exposed", q.max_over_exposed),
        ("quality.min_evenness_across", q.min_evenness_across),
        ("quality.min_evenness_down", q.min_evenness_down),
        ("quality.max_dark_eyes", q.max_dark_eyes),
        ("quality.max_mouth_colour", q.max_mouth_colour),
        ("quality.max_eyes_closed", q.max_eyes_closed),
        ("quality.max_outside", q.max_outside),
    ] {
        within(field, value, 0.0, 1.0)?;
    }
    within("quality.max_yaw", q.max_yaw, 0.0, 180.0)?;
    within("quality.max_roll", q.max_roll, 0.0, 180.0)?;
    within("quality.max_size", q.max_size, 0.0, 100.0)?;
    within("quality.max_exposure", q.max_exposure, 0.0, 1.0)?;
    within("quality.min_exposure", q.min_exposure, 0.0, q.max_exposure)?;
    within("quality.second_face_area", q.second_face_area, 0.0, 1.0)?;
    fusion("liveness.still", &policy.liveness.still)?;
    fusion("liveness.capture", &policy.liveness.capture)?;
    let max_pattern = policy.liveness.max_pattern;
    within("liveness.max_pattern", max_pattern, 0.0, 200.0)?;
    let m = policy.liveness.motion;
    // Movement is only measured over three images or more: the selfie and two frames.
    if !(2..=24).contains(&m.min_frames) {
        return Err(Problem {
            field: "liveness.motion.min_frames".to_owned(),
            text: format!("is {}; it must be 2 to 24", m.min_frames),
        });
    }
    within(
        "liveness.motion.min_smile_growth",
        m.min_smile_growth,
        0.0,
        1.0,
    )?;
    within("liveness.motion.min_likeness", m.min_likeness, -1.0, 1.0)?;
    within("liveness.motion.max_cut", m.max_cut, 0.0, 2.0)?;
    within("liveness.motion.min_mirrored", m.min_mirrored, 0.0, 2.0)?;
    within("liveness.motion.max_repeated", m.max_repeated, 0.0, 1.0)?;
    within(
        "liveness.motion.min_relative_parallax",
        m.min_relative_parallax,
        0.0,
        10.0,
    )?;
    within(
        "liveness.motion.min_independence",
        m.min_independence,
        0.0,
        10.0,
    )?;
    challenge(&policy.liveness.challenge)?;
    at_most(
        "replay.max_distance",
        usize::try_from(policy.replay.max_distance).unwrap_or(usize::MAX),
        // Unrelated pictures differ in about 128 of 256 bits.
        64,
    )?;
    within(
        "duplicates.threshold",
        policy.duplicates.threshold,
        0.01,
        1.0,
    )?;
    lockout(&policy.lockout)?;
    let r = policy.responses;
    no_stricter(
        "responses.liveness_unclear",
        r.liveness_unclear,
        "responses.print_or_screen",
        r.print_or_screen,
    )?;
    no_stricter(
        "responses.liveness_unclear",
        r.liveness_unclear,
        "responses.not_live",
        r.not_live,
    )?;
    no_stricter(
        "replay.near",
        policy.replay.near,
        "replay.exact",
        policy.replay.exact,
    )?;
    if r.between_thresholds == Response::Report {
        return Err(Problem {
            field: "responses.between_thresholds".to_owned(),
            text: "is \"report\"; it must be \"review\" or \"refuse\": lower match_threshold to let more pass"
                .to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid() {
        assert_eq!(check(&Policy::default()), Ok(()));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let field = |change: fn(&mut Policy)| {
            let mut policy = Policy::default();
            change(&mut policy);
            check(&policy).unwrap_err().field
        };
        assert_eq!(
            field(|p| p.comparison.review_threshold = 0.9),
            "comparison.review_threshold"
        );
        assert_eq!(
            field(|p| p.comparison.review_threshold = f32::NAN),
            "comparison.review_threshold"
        );
        assert_eq!(
            field(|p| p.comparison.match_threshold = f32::INFINITY),
            "comparison.match_threshold"
        );
        assert_eq!(field(|p| p.replay.exact = Response::Report), "replay.near");
        assert_eq!(
            field(|p| p.responses.print_or_screen = Response::Report),
            "responses.liveness_unclear"
        );
        assert_eq!(
            field(|p| p.responses.not_live = Response::Report),
            "responses.liveness_unclear"
        );
        assert_eq!(
            field(|p| p.liveness.capture.review_below = -99.0),
            "liveness.capture.review_below"
        );
        assert_eq!(
            field(|p| p.liveness.still.terms.passive.weight = -1.0),
            "liveness.still.terms.passive.weight"
        );
        assert_eq!(
            field(|p| p.liveness.capture.terms.pattern.high = -2000.0),
            "liveness.capture.terms.pattern.high"
        );
        assert_eq!(
            field(|p| p.lockout.first_delay_seconds = 0),
            "lockout.first_delay_seconds"
        );
        assert_eq!(
            field(|p| p.lockout.longest_delay_seconds = 29),
            "lockout.longest_delay_seconds"
        );
        assert_eq!(
            field(|p| p.lockout.forget_after_seconds = 60),
            "lockout.forget_after_seconds"
        );
        assert_eq!(
            field(|p| p.liveness.motion.min_frames = 1),
            "liveness.motion.min_frames"
        );
        assert_eq!(
            field(|p| p.liveness.challenge.turns = 5),
            "liveness.challenge.turns"
        );
        assert_eq!(
            field(|p| p.liveness.challenge.seconds = 19),
            "liveness.challenge.seconds"
        );
        assert_eq!(
            field(|p| p.liveness.challenge.min_yaw = f32::NAN),
            "liveness.challenge.min_yaw"
        );
        assert_eq!(
            field(|p| p.responses.between_thresholds = Response::Report),
            "responses.between_thresholds"
        );
    }
}
