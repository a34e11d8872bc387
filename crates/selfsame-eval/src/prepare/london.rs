//! The Face Research Lab London Set, as the R package webmorphR.stim carries it: `people/001/neutral.jpg` and
//! `smiling.jpg`, `groups.csv`.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::place::Place;
use super::{Layout, part};
use crate::dataset::{entries, is_image, name};
use crate::error::{EvalError, input};
use crate::progress::Progress;

#[derive(Deserialize)]
struct Person {
    face_id: String,
    face_gender: String,
    face_eth: String,
}

pub(super) fn prepare(
    from: &Path,
    place: &Place,
    progress: &dyn Progress,
) -> Result<Layout, EvalError> {
    let mut people = BTreeSet::new();
    let mut images = 0;
    for (folder, expression) in [("neutral_front", "neutral"), ("smiling_front", "smiling")] {
        let folder = from.join("inst").join(folder);
        let photographs: Vec<_> = entries(&folder)?
            .into_iter()
            .filter(|path| is_image(path))
            .collect();
        progress.begin(&format!("linking {expression} faces"), photographs.len());
        for photograph in photographs {
            // 001_03.jpg is person 001.
            let file = name(&photograph);
            let person = file.split(['_', '.']).next().unwrap_or_default().to_owned();
            if person.is_empty() || !person.bytes().all(|b| b.is_ascii_digit()) {
                return Err(input(&photograph, "does not begin with a person's number"));
            }
            place.put(&photograph, &format!("people/{person}/{expression}.jpg"))?;
            people.insert(person);
            images += 1;
            progress.advance();
        }
    }
    let table = from.join("data-raw/london_info.csv");
    let mut reader = csv::Reader::from_path(&table).map_err(|e| input(&table, e.to_string()))?;
    let mut groups = String::from("name,gender,ethnicity,ethnicity and gender\n");
    let mut labelled = 0;
    for row in reader.deserialize::<Person>() {
        let row = row.map_err(|e| input(&table, e.to_string()))?;
        // The table may have lost the leading zeros.
        let person = format!("{:0>3}", row.face_id);
        if !people.contains(&person) {
            continue;
        }
        for label in [&row.face_gender, &row.face_eth] {
            if label.contains([',', '"', '\n']) {
                return Err(input(
                    &table,
                    format!("the label {label:?} holds a separator"),
                ));
            }
        }
        let Person {
            face_gender: gender,
            face_eth: ethnicity,
            ..
        } = row;
        groups.push_str(&format!(
            "{person},{gender},{ethnicity},{ethnicity} {gender}\n"
        ));
        labelled += 1;
    }
    place.write("groups.csv", &groups)?;
    let mut notes = Vec::new();
    if labelled < people.len() {
        notes.push(format!("{} people have no label", people.len() - labelled));
    }
    let parts = vec![
        part(
            "people",
            format!("{images} images of {} people", people.len()),
        ),
        part(
            "groups.csv",
            format!("self-reported gender and ethnicity of {labelled} people"),
        ),
    ];
    Ok((parts, notes))
}

#[cfg(test)]
mod tests {
    use crate::prepare::{DataSet, Options, prepare};
    use crate::progress::Quiet;

    #[test]
    fn people_have_two_expressions_and_their_own_labels() {
        let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for file in [
            "inst/neutral_front/001_03.jpg",
            "inst/neutral_front/001_03.tem",
            "inst/neutral_front/012_03.jpg",
            "inst/smiling_front/001_08.jpg",
            "inst/smiling_front/012_08.jpg",
            "data-raw/london_info.csv",
        ] {
            let path = from.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        let table =
            "face_id,face_age,face_gender,face_eth\n1,24,female,white\n012,30,male,east_asian\n";
        std::fs::write(from.path().join("data-raw/london_info.csv"), table).unwrap();
        let done = prepare(
            DataSet::London,
            from.path(),
            out.path(),
            &Options::default(),
            &Quiet,
        )
        .unwrap();
        assert_eq!(done.parts[0].holds, "4 images of 2 people");
        assert!(done.notes.is_empty(), "{:?}", done.notes);
        assert!(out.path().join("people/012/smiling.jpg").is_file());
        let groups = std::fs::read_to_string(out.path().join("groups.csv")).unwrap();
        assert!(
            groups.contains("012,male,east_asian,east_asian male\n"),
            "{groups}"
        );
    }
}
