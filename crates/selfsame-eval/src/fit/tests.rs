use selfsame_job::fusion::Measure;
use selfsame_job::job::JobType;
use selfsame_wire::id::Environment;

use super::*;

fn place(measure: Measure) -> usize {
    Measure::ALL.iter().position(|m| *m == measure).unwrap()
}

/// Live people score high in passive detection and have little pattern; their movement says nothing.
fn table(people: usize) -> Table {
    let mut state = 5u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let mut rows = Vec::new();
    for person in 0..people {
        for species in [None, None, Some("print-fixed"), Some("highdef-video-hand")] {
            let live = species.is_none();
            let mut values = vec![None; Measure::ALL.len()];
            let side = if live { 1.0 } else { -1.0 };
            values[place(Measure::Passive)] = Some(2.0 * side + 3.0 * next());
            values[place(Measure::Pattern)] = Some(9.0 - 1.5 * side + 3.0 * next());
            values[place(Measure::Movement)] = Some(0.05 + 0.05 * next());
            // Live people are stiller here than attacks: the wrong way for what the measure means.
            values[place(Measure::Parallax)] = Some(0.02 - 0.01 * side + 0.005 * next());
            values[place(Measure::Repeated)] = Some(0.0);
            rows.push(Row {
                person: format!("client{person:03}"),
                species: species.map(str::to_owned),
                values,
            });
        }
    }
    Table {
        rows,
        lacking: Vec::new(),
        left_out: 0,
    }
}

#[test]
fn a_fusion_tells_live_from_attack_and_nothing_counts_the_wrong_way() {
    let fitted = fit(&table(40), &FitOptions::default());
    let weight = |measure| fitted.policy.terms.of(measure).weight;
    assert!(
        weight(Measure::Passive) > 1.0 && weight(Measure::Pattern) > 0.5,
        "{fitted:?}"
    );
    assert_eq!(weight(Measure::Parallax), 0.0);
    assert_eq!(weight(Measure::Repeated), 0.0);
    assert!(Measure::ALL.iter().all(|m| weight(*m) >= 0.0));
    let without: Vec<Measure> = fitted.without.iter().map(|(measure, _)| *measure).collect();
    assert!(without.contains(&Measure::Parallax) && without.contains(&Measure::Repeated));
    assert!(!without.contains(&Measure::Passive));
    let checked = check(&fitted.policy, &table(40));
    // At most a twenty-fifth of the eighty live ones are not let in where it was fitted.
    assert!(checked.not_let_in.count <= 3, "{checked:?}");
    assert!(checked.refused.count <= checked.not_let_in.count);
    assert_eq!(checked.species.len(), 2);
    let looser = checked.at_bpcer.last().unwrap();
    assert!(looser.mean < 0.5, "{checked:?}");
    assert!(checked.at_bpcer.windows(2).all(|w| w[0].mean >= w[1].mean));
}

#[test]
fn the_policy_scores_as_the_solution_does() {
    let table = table(20);
    let spans: Vec<Option<(f32, f32)>> = (0..Measure::ALL.len())
        .map(|at| span(&table.rows, at))
        .collect();
    let problem = problem(table.rows.iter(), &spans);
    let solution = problem.solve(1e-3);
    let policy = policy(&spans, &solution);
    for (row, parts) in table.rows.iter().zip(&problem.parts) {
        let expected = solution.intercept
            + parts
                .iter()
                .zip(&solution.weights)
                .map(|(x, w)| x * w)
                .sum::<f64>();
        let found = f64::from(score(&policy, row));
        // Weights are rounded to thousandths.
        assert!((found - expected).abs() < 0.01, "{found} {expected}");
    }
}

#[test]
fn kinds_and_species_count_alike() {
    let row = |species: Option<&str>| Row {
        person: String::new(),
        species: species.map(str::to_owned),
        values: Vec::new(),
    };
    let rows = [
        row(None),
        row(Some("a")),
        row(Some("a")),
        row(Some("a")),
        row(Some("b")),
    ];
    let counts = counts(rows.iter());
    let expected = [0.5, 0.25 / 3.0, 0.25 / 3.0, 0.25 / 3.0, 0.25];
    for (a, b) in counts.iter().zip(expected) {
        assert!((a - b).abs() < 1e-12, "{counts:?}");
    }
}

#[test]
fn thresholds_let_no_more_than_their_part_lie_below() {
    let sorted: Vec<f32> = (0..50u8).map(f32::from).collect();
    assert_eq!(below(&sorted, 0.04), 2.0);
    assert_eq!(below(&sorted, 0.01), 0.0);
    assert_eq!(below(&[], 0.5), 0.0);
}

#[test]
fn the_fragment_is_read_back() {
    let fitted = fit(
        &table(20),
        &FitOptions {
            l2: Some(1e-3),
            ..FitOptions::default()
        },
    );
    let text = fitted.fragment("train.csv").unwrap();
    let back: toml::Table = text.parse().unwrap();
    let fusion = back["defaults"]["liveness"]["capture"].clone();
    let read: FusionPolicy = fusion.try_into().unwrap();
    assert_eq!(read, fitted.policy);
    // The server loads it as it is, below a name and a version.
    let file = format!("name = \"fitted\"\nversion = \"1\"\n{text}");
    let policies = selfsame_job::policy::Policies::parse(&file).unwrap();
    let in_force = policies.of(Environment::Production, JobType::Enrolment);
    assert_eq!(in_force.liveness.capture, fitted.policy);
    assert!(
        text.starts_with("# Written by selfsame eval fit of train.csv: 40 bona fide"),
        "{text}"
    );
}
