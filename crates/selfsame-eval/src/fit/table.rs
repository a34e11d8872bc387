//! The table of measures, read.

use std::path::Path;

use selfsame_job::fusion::Measure;

use crate::error::{EvalError, input};

/// One presentation's measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Whose it is: rows of one person are never on both sides of a cross-validation.
    pub person: String,
    /// The species; absent for a bona fide presentation.
    pub species: Option<String>,
    /// Every measure, in the order of [`Measure::ALL`].
    pub values: Vec<Option<f32>>,
}

/// The sequences of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// One row each.
    pub rows: Vec<Row>,
    /// Measures that the table has no column for: they count as not measured.
    pub lacking: Vec<Measure>,
    /// Presentations that could not be used, and single images: they are no part of it.
    pub left_out: usize,
}

impl Table {
    /// Reads what `selfsame eval pad --table` wrote: its sequences, for single images are not judged by movement.
    ///
    /// # Errors
    /// When it cannot be read, lacks a column that says what a row is, holds what is no number, or lacks sequences of
    /// either kind.
    pub fn read(path: &Path) -> Result<Self, EvalError> {
        let wrong = |e: csv::Error| input(path, e.to_string());
        let mut reader = csv::Reader::from_path(path).map_err(wrong)?;
        let heads = reader.headers().map_err(wrong)?.clone();
        let column = |name: &str| heads.iter().position(|head| head == name);
        let needed =
            |name: &str| column(name).ok_or_else(|| input(path, format!("has no column {name:?}")));
        let (person, species) = (needed("person")?, needed("species")?);
        let (bona_fide, kind) = (needed("bona_fide")?, needed("kind")?);
        let decision = needed("decision")?;
        let columns: Vec<Option<usize>> = Measure::ALL
            .iter()
            .map(|measure| column(measure.name()))
            .collect();
        let mut table = Self {
            rows: Vec::new(),
            lacking: Measure::ALL
                .iter()
                .zip(&columns)
                .filter(|(_, column)| column.is_none())
                .map(|(measure, _)| *measure)
                .collect(),
            left_out: 0,
        };
        for (record, line) in reader.records().zip(2..) {
            let record = record.map_err(wrong)?;
            let cell = |at: usize| record.get(at).unwrap_or_default();
            if cell(kind) != "sequence" || cell(decision) == "unusable" {
                table.left_out += 1;
                continue;
            }
            let species = match (cell(bona_fide), cell(species)) {
                ("yes", _) => None,
                ("no", name) if !name.is_empty() => Some(name.to_owned()),
                _ => {
                    return Err(input(
                        path,
                        format!("line {line}: is neither bona fide nor of a species"),
                    ));
                }
            };
            let values = columns.iter().map(|at| {
                let text = at.map_or("", cell);
                if text.is_empty() {
                    return Ok(None);
                }
                text.parse::<f32>()
                    .map(Some)
                    .map_err(|_| input(path, format!("line {line}: {text:?} is no number")))
            });
            table.rows.push(Row {
                person: cell(person).to_owned(),
                species,
                values: values.collect::<Result<_, _>>()?,
            });
        }
        for (live, what) in [(true, "bona fide sequence"), (false, "attack")] {
            if !table.rows.iter().any(|row| row.species.is_none() == live) {
                return Err(input(path, format!("holds no {what}")));
            }
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_read_and_what_is_missing_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Table::read(&path)
        };
        let head =
            "name,person,species,bona_fide,synthetic,kind,decision,reasons,passive,unheard\n";
        let live = "a,a,,yes,no,sequence,passed,,2.5,7\n";
        let attack = "b,b,print-fixed,no,no,sequence,refused,x,,7\n";
        let image = "c,c,,yes,no,image,passed,,1,7\n";
        let table = read(&format!("{head}{live}{attack}{image}")).unwrap();
        assert_eq!((table.rows.len(), table.left_out), (2, 1));
        let at = Measure::ALL
            .iter()
            .position(|m| *m == Measure::Passive)
            .unwrap();
        assert_eq!(table.rows[0].values[at], Some(2.5));
        assert_eq!(table.rows[1].values[at], None);
        assert_eq!(table.lacking.len(), Measure::ALL.len() - 1);
        for (text, told) in [
            (format!("{head}{live}"), "no attack"),
            (format!("{head}{attack}{image}"), "no bona fide"),
            (
                format!("{head}{live}d,d,,no,no,sequence,passed,,1,1\n"),
                "line 3",
            ),
            (
                format!("{head}d,d,,yes,no,sequence,passed,,x,1\n"),
                "no number",
            ),
            ("name\na\n".to_owned(), "no column"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
