//! The fields that hold comparison scores: what is built in for them holds for the built-in recognition model only.

use selfsame_face::template::ModelThresholds;
use toml::Table;

/// A field's path, and which of a model's thresholds it is.
type Score = (&'static [&'static str], fn(&ModelThresholds) -> f32);

/// The fields that hold comparison scores.
const SCORES: [Score; 6] = [
    (&["comparison", "match_threshold"], |t| t.same),
    (&["comparison", "review_threshold"], |t| t.review),
    (&["duplicates", "threshold"], |t| t.duplicate),
    (&["liveness", "motion", "min_likeness"], |t| t.review),
    (&["liveness", "challenge", "min_likeness"], |t| t.review),
    (&["liveness", "challenge", "min_likeness_turned"], |t| {
        t.review
    }),
];

/// The table that holds a field, and the field's name there.
fn holder<'t>(
    table: &'t mut Table,
    path: &[&'static str],
) -> Option<(&'t mut Table, &'static str)> {
    let (field, outer) = path.split_last()?;
    let mut table = table;
    for name in outer {
        table = table.get_mut(*name)?.as_table_mut()?;
    }
    Some((table, field))
}

/// Puts a model's thresholds into what is built in; takes the built-in ones out where it has none.
pub(super) fn scores(table: &mut Table, model: Option<&ModelThresholds>) {
    // The length of another model's output has another scale.
    if let Some((table, field)) = holder(table, &["quality", "min_template_length"]) {
        table.insert(field.to_owned(), 0.0.into());
    }
    for (path, of) in SCORES {
        if let Some((table, field)) = holder(table, path) {
            match model {
                Some(model) => drop(table.insert(field.to_owned(), f64::from(of(model)).into())),
                None => drop(table.remove(field)),
            }
        }
    }
}

/// The first of those fields that nothing set.
pub(super) fn unset(table: &Table) -> Option<String> {
    let is_set = |path: &[&str]| {
        let mut names = path.iter();
        let first = names.next().and_then(|name| table.get(*name));
        names
            .try_fold(first?, |value, name| value.get(*name))
            .map(|_| ())
    };
    let unset = SCORES.iter().find(|(path, _)| is_set(path).is_none())?;
    Some(unset.0.join("."))
}
