//! What the protocols over many people found, as tables.

use super::Report;
use super::tables::{Section, Table};
use crate::all_pairs::{AllPairsReport, AtThreshold, Rates, Resampled, Times};
use crate::captures::{CaptureRates, CapturesReport};
use crate::comparison::{Failure, ScoredPair};
use crate::folds::FoldsReport;
use crate::groups::{Finding, Group, GroupsReport};
use crate::turned::TurnedReport;
use crate::turns::{Outcome, TurnsReport};

/// Lines of worst pairs on a terminal.
const SHOWN: usize = 6;

/// The sections that a report has.
pub(super) fn of(report: &Report) -> Vec<Section> {
    [
        report.folds.as_ref().map(folds),
        report.all_pairs.as_ref().map(all_pairs),
        report.groups.as_ref().map(groups),
        report.turned.as_ref().map(turned),
        report.captures.as_ref().map(captures),
        report.turns.as_ref().map(turns),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn percent(part: f64) -> String {
    format!("{:.2} %", part * 100.0)
}

fn resampled(of: &Resampled) -> String {
    // Rates of one in a million want more digits than rates of one in a hundred.
    let digits = if of.count == 0 || of.rate >= 1e-4 {
        2
    } else {
        5
    };
    format!(
        "{:.digits$} % [{:.digits$}, {:.digits$}] ({} of {})",
        of.rate * 100.0,
        of.low * 100.0,
        of.high * 100.0,
        of.count,
        of.trials
    )
}

fn times(of: &Times) -> String {
    let number = |of: Option<f64>| of.map_or_else(|| "-".to_owned(), |t| format!("{t:.1}"));
    format!(
        "{} [{:.1}, {}]",
        number(of.times),
        of.times_low,
        number(of.times_high)
    )
}

fn score(of: Option<f32>) -> String {
    of.map_or_else(|| "-".to_owned(), |s| format!("{s:.3}"))
}

fn maybe(of: Option<Resampled>) -> String {
    of.as_ref().map_or_else(|| "-".to_owned(), resampled)
}

fn failures(of: &[Failure]) -> (String, Vec<String>) {
    (
        format!("Photographs that gave no template: {}", of.len()),
        of.iter()
            .map(|failure| format!("{}: {}", failure.photograph, failure.reason))
            .collect(),
    )
}

fn pairs(title: &str, of: &[ScoredPair]) -> Table {
    let rows = of.iter().map(|pair| {
        vec![
            format!("{:.3}", pair.score),
            pair.reference.clone(),
            pair.probe.clone(),
        ]
    });
    let mut table = Table::new(title, &["score", "reference", "probe"], rows.collect());
    table.shown = SHOWN;
    table
}

fn folds(report: &FoldsReport) -> Section {
    let rows = report.folds.iter().zip(1..).map(|(fold, number)| {
        vec![
            number.to_string(),
            format!("{:.4}", fold.threshold),
            percent(fold.accuracy),
            fold.false_non_matches.to_string(),
            fold.false_matches.to_string(),
        ]
    });
    let number = report.folds.len();
    Section {
        title: "Ten folds (LFW's protocol, unrestricted, with outside data)",
        about: vec![
            format!(
                "Accuracy {:.2} % ± {:.2} %: the mean of {number} folds, and its standard error.",
                report.mean * 100.0,
                report.standard_error * 100.0
            ),
            format!(
                "{}: {} photographs, of which {} gave no template; {} pairs could not be compared for that, and count as \
                 answered wrongly. Each fold is judged at the threshold that is best on the others. Label errors are not \
                 corrected, as the set's authors ask.",
                report.source,
                report.photographs,
                report.failure_to_acquire.count,
                report.not_compared
            ),
        ],
        tables: vec![Table::new(
            "Folds",
            &[
                "fold",
                "threshold",
                "accuracy",
                "genuine pairs wrong",
                "impostor pairs wrong",
            ],
            rows.collect(),
        )],
        lists: vec![failures(&report.failures)],
    }
}

fn all_pairs(report: &AllPairsReport) -> Section {
    let mut tables = vec![rates_table("All images", &report.all)];
    let mut about = vec![
        format!(
            "{}: {} photographs of {} people; failure to acquire {}; {} left out as known label errors.",
            report.source,
            report.photographs,
            report.people,
            report.failure_to_acquire.to_string(),
            report.left_out.len()
        ),
        "Intervals, 95 %: people are drawn anew 1,000 times, with replacement, and comparisons count as often as their \
         people were drawn, for comparisons that share a person are not independent; the thresholds stay. Where nothing \
         was counted, the interval is that of as many independent trials as there are people."
            .to_owned(),
    ];
    if let Some(again) = &report.asked_again {
        tables.push(rates_table(
            &format!(
                "When the worst {:.0} % by quality are asked again ({} images with a template length under {:.2})",
                again.part * 100.0,
                again.images,
                again.from_quality
            ),
            &again.rates,
        ));
        let rows = report
            .all
            .at_fmr
            .iter()
            .zip(&again.fnmr_at_thresholds_of_all);
        let rows = rows.map(|(at, fnmr)| {
            vec![
                format!("{:e}", at.target_fmr),
                format!("{:.4}", at.at.threshold),
                resampled(fnmr),
            ]
        });
        tables.push(Table::new(
            "The same images at the thresholds of all images",
            &["FMR of all images", "threshold", "FNMR"],
            rows.collect(),
        ));
    } else {
        about.push("Quality was not measured: nobody is asked again.".to_owned());
    }
    tables.push(pairs(
        "Genuine pairs with the lowest scores",
        &report.worst_genuine,
    ));
    tables.push(pairs(
        "Impostor pairs with the highest scores",
        &report.worst_impostor,
    ));
    let left_out = report.left_out.iter();
    Section {
        title: "Every image against every other",
        about,
        tables,
        lists: vec![
            (
                format!("Known label errors left out: {}", report.left_out.len()),
                left_out
                    .map(|of| format!("{}: {}", of.image, of.reason))
                    .collect(),
            ),
            failures(&report.failures),
        ],
    }
}

fn rates_table(title: &str, rates: &Rates) -> Table {
    let row = |name: String, at: &AtThreshold| {
        vec![
            name,
            format!("{:.4}", at.threshold),
            resampled(&at.fmr),
            resampled(&at.fnmr),
            percent(at.fnmr_by_person),
        ]
    };
    let of_fmr = rates
        .at_fmr
        .iter()
        .map(|at| row(format!("FMR {:e}", at.target_fmr), &at.at));
    let of_policy = rates
        .at_policy
        .iter()
        .map(|at| row(at.name.to_owned(), &at.at));
    Table::new(
        format!(
            "{title}: {} images, {} genuine and {} impostor comparisons; lowest genuine {}, highest impostor {}",
            rates.images,
            rates.genuine,
            rates.impostor,
            score(rates.lowest_genuine),
            score(rates.highest_impostor)
        ),
        &["at", "threshold", "FMR", "FNMR", "FNMR, each person alike"],
        of_fmr.chain(of_policy).collect(),
    )
}

fn groups(report: &GroupsReport) -> Section {
    let row = |group: &Group| {
        let refused =
            |of: fn(&crate::groups::Refusals) -> Resampled| maybe(group.refusals.as_ref().map(of));
        vec![
            group.group.clone(),
            group.people.to_string(),
            group.images.to_string(),
            maybe(group.fmr),
            maybe(group.false_reviews),
            resampled(&group.fnmr),
            resampled(&group.fnmr_by_person),
            resampled(&group.taken_for_another),
            score(group.highest_impostor),
            score(group.lowest_genuine),
            refused(|r| r.quality),
            refused(|r| r.liveness),
            refused(|r| r.reviewed),
        ]
    };
    const HEADS: [&str; 13] = [
        "group",
        "people",
        "images",
        "FMR",
        "false reviews",
        "FNMR",
        "FNMR, each person alike",
        "taken for another",
        "highest impostor",
        "lowest genuine",
        "refused for quality",
        "refused for liveness",
        "reviewed",
    ];
    let mut tables = vec![Table::new(
        "Everybody",
        &HEADS,
        vec![row(&report.everybody)],
    )];
    for grouping in &report.groupings {
        tables.push(Table::new(
            format!("By {}", grouping.label),
            &HEADS,
            grouping.groups.iter().map(row).collect(),
        ));
        let judged = grouping.groups.iter().filter_map(|group| {
            let of = group.refusals?.quality.trials;
            let reasons = group
                .reasons
                .iter()
                .map(|(reason, count)| format!("{reason} {}", percent(*count as f64 / of as f64)));
            let reasons: Vec<String> = reasons.collect();
            Some(vec![group.group.clone(), reasons.join(", ")])
        });
        let judged: Vec<Vec<String>> = judged.collect();
        if !judged.is_empty() {
            tables.push(Table::new(
                format!("What spoke against images, by {}", grouping.label),
                &["group", "reasons, each of all images; several may meet"],
                judged,
            ));
        }
        let spreads = grouping.spreads.iter().map(|spread| {
            vec![
                spread.rate.to_owned(),
                format!("{} {}", spread.highest, resampled(&spread.highest_rate)),
                format!("{} {}", spread.lowest, resampled(&spread.lowest_rate)),
                times(&spread.apart),
                match spread.finding {
                    Finding::Within => "no",
                    Finding::Undecided => "undecided",
                    Finding::Beyond => "yes",
                }
                .to_owned(),
            ]
        });
        tables.push(Table::new(
            format!("How far apart, by {}", grouping.label),
            &["rate", "highest", "lowest", "times", "beyond twice"],
            spreads.collect(),
        ));
    }
    Section {
        title: "By group of people",
        about: vec![format!(
            "{}, at the policy's thresholds {:.3} and {:.3}. Impostor comparisons are those within the group. Intervals are \
             over people drawn anew, 95 %, and no narrower than for independent comparisons. Beyond twice is said of any two \
             groups, by the interval of how many times; with many groups one of twenty such findings may be chance. Refusals and reviews are those of an enrolment by each single image, which is not asked for movement.",
            report.source, report.thresholds.match_threshold, report.thresholds.review_threshold
        )],
        tables,
        lists: Vec::new(),
    }
}

fn turned(report: &TurnedReport) -> Section {
    let rows = report.turns.iter().map(|turn| {
        vec![
            turn.degrees.to_string(),
            turn.acquired.to_string(),
            turn.enrolled.to_string(),
            turn.strangers_accepted.to_string(),
            turn.strangers_reviewed.to_string(),
            score(turn.highest_stranger),
            turn.genuine_accepted.to_string(),
            turn.genuine_probe_turned.to_string(),
        ]
    });
    Section {
        title: "Turned photographs",
        about: vec![format!(
            "{}: photographs turned clockwise, without metadata that says so; accepted from {:.3} on. Comparisons are counted \
             whatever the policy says of the pictures.",
            report.source, report.thresholds.match_threshold
        )],
        tables: vec![Table::new(
            "Turns",
            &[
                "degrees",
                "template made",
                "enrolment does not refuse",
                "strangers, both turned, accepted",
                "reviewed",
                "highest stranger",
                "one person, both turned, accepted",
                "probe alone turned, accepted",
            ],
            rows.collect(),
        )],
        lists: Vec::new(),
    }
}

fn captures(report: &CapturesReport) -> Section {
    let named = |of: &Option<ScoredPair>| {
        of.as_ref().map_or_else(
            || "-".to_owned(),
            |pair| format!("{:.3} ({}, {})", pair.score, pair.reference, pair.probe),
        )
    };
    let row = |rates: &CaptureRates| {
        vec![
            rates.made_of.name().to_owned(),
            rates.enrolled.clone(),
            rates.authenticated.clone(),
            rates.fnmr.to_string(),
            rates.taken_for_another.to_string(),
            rates.fmr.to_string(),
            rates.false_reviews.to_string(),
            named(&rates.lowest_genuine),
            named(&rates.highest_impostor),
        ]
    };
    Section {
        title: "Whole captures",
        about: vec![format!(
            "{} captures of {} people, at the policy's thresholds {:.3} and {:.3}; {} gave no template.",
            report.captures,
            report.people,
            report.thresholds.match_threshold,
            report.thresholds.review_threshold,
            report.failures.len()
        )],
        tables: vec![Table::new(
            "Every capture against every other",
            &[
                "template of",
                "enrolled",
                "authenticated",
                "FNMR",
                "taken for another",
                "FMR",
                "false reviews",
                "lowest genuine",
                "highest impostor",
            ],
            report.rates.iter().map(row).collect(),
        )],
        lists: vec![failures(&report.failures)],
    }
}

fn turns(report: &TurnsReport) -> Section {
    let counted = |of: &std::collections::BTreeMap<String, usize>| {
        let each: Vec<String> = of
            .iter()
            .map(|(what, times)| format!("{what} {times}"))
            .collect();
        each.join(", ")
    };
    let row = |outcome: &Outcome| {
        vec![
            outcome.tried.name().to_owned(),
            outcome.followed.to_string(),
            outcome.people_followed.to_string(),
            outcome.passed.to_string(),
            counted(&outcome.flaws),
            counted(&outcome.reasons),
        ]
    };
    let challenge = &report.thresholds;
    Section {
        title: "Head turns that were asked for",
        about: vec![format!(
            "{} captures of {} people, as an enrolment that requires a challenge. Fully turned from {} degrees aside and {} up; \
             parallax {} of the turn, nose {}, likeness {} at front and {} turned. Attacks are made of each person's first \
             capture; those of a picture are synthetic. What followed may be refused for its pictures: see the reasons.",
            report.captures,
            report.people,
            challenge.min_yaw,
            challenge.min_pitch,
            challenge.min_parallax,
            challenge.min_nose,
            challenge.min_likeness,
            challenge.min_likeness_turned
        )],
        tables: vec![Table::new(
            "What was tried",
            &[
                "tried",
                "followed",
                "people of whom all followed",
                "passed all checks",
                "flaws",
                "reasons",
            ],
            report.outcomes.iter().map(row).collect(),
        )],
        lists: vec![(
            format!(
                "Captures that did not follow: {}",
                report.not_followed.len()
            ),
            report
                .not_followed
                .iter()
                .map(|capture| format!("{}: {}", capture.capture, capture.why.join(", ")))
                .collect(),
        )],
    }
}
