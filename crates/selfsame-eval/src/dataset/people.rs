//! Photographs of people, one folder for each, and what is known of them beside: label errors, and groups.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::pairs::Photograph;
use super::{entries, name, name_below, photographs};
use crate::error::{EvalError, input};

/// Photographs with the people that they show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// Where they are from, for the report.
    pub source: String,
    /// People's names, which are their folders'.
    pub names: Vec<String>,
    /// Every photograph with the person's place in [`People::names`], in the order of people.
    pub photographs: Vec<(Photograph, u32)>,
}

/// A photograph that is left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its name below the folder of people, with `/`.
    pub image: String,
    /// Why.
    pub reason: String,
}

/// Which group each person belongs to, by one kind of label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// The kind of label, as `ethnicity`.
    pub label: String,
    /// The groups' names, sorted.
    pub groups: Vec<String>,
    /// For each photograph of [`People::photographs`] its group's place; absent where it has no label.
    pub of: Vec<Option<u32>>,
}

impl People {
    /// Reads a folder that holds one folder for each person.
    ///
    /// # Errors
    /// When a folder cannot be read, or fewer than two hold photographs.
    pub fn of_folder(folder: &Path) -> Result<Self, EvalError> {
        let mut found = Self {
            source: name(folder),
            names: Vec::new(),
            photographs: Vec::new(),
        };
        for person in entries(folder)?.iter().filter(|path| path.is_dir()) {
            let place = found.names.len() as u32;
            for path in photographs(person)? {
                let name = name_below(folder, &path).replace('\\', "/");
                found.photographs.push((Photograph { name, path }, place));
            }
            found.names.push(name(person));
        }
        if found.names.len() < 2 {
            return Err(input(
                folder,
                "must hold two folders or more, one for each person, with their photographs",
            ));
        }
        Ok(found)
    }

    /// Takes out the photographs that a CSV file names in its column `image`, each with its `reason`.
    ///
    /// # Errors
    /// When the file cannot be read, a row has no reason, or names a photograph that is not there.
    pub fn leave_out(&mut self, csv: &Path) -> Result<Vec<LeftOut>, EvalError> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(csv)
            .map_err(|e| input(csv, e.to_string()))?;
        let mut left_out = Vec::new();
        let there: BTreeSet<&str> = self
            .photographs
            .iter()
            .map(|(p, _)| p.name.as_str())
            .collect();
        for (row, line) in reader.deserialize::<LeftOut>().zip(2..) {
            let row = row.map_err(|e| input(csv, e.to_string()))?;
            if row.reason.is_empty() {
                return Err(input(csv, format!("line {line}: has no reason")));
            }
            if !there.contains(row.image.as_str()) {
                return Err(input(
                    csv,
                    format!("line {line}: there is no photograph {:?}", row.image),
                ));
            }
            left_out.push(row);
        }
        let names: BTreeSet<&str> = left_out.iter().map(|row| row.image.as_str()).collect();
        self.photographs
            .retain(|(photograph, _)| !names.contains(photograph.name.as_str()));
        Ok(left_out)
    }

    /// Reads groups from a CSV file: the column `name` holds a person's name or a photograph's, every other column is a kind
    /// of label. A photograph's own row goes before its person's; an empty label is none.
    ///
    /// # Errors
    /// When the file cannot be read, has no column `name` or none beside it, names something twice, or nothing that is there.
    pub fn groups(&self, csv: &Path) -> Result<Vec<Grouping>, EvalError> {
        let wrong = |e: csv::Error| input(csv, e.to_string());
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(csv)
            .map_err(wrong)?;
        let heads = reader.headers().map_err(wrong)?.clone();
        let Some(name_at) = heads.iter().position(|head| head == "name") else {
            return Err(input(csv, "has no column `name`"));
        };
        let mut rows: BTreeMap<String, csv::StringRecord> = BTreeMap::new();
        for (row, line) in reader.records().zip(2..) {
            let row = row.map_err(wrong)?;
            let of = row.get(name_at).unwrap_or_default().to_owned();
            if rows.insert(of.clone(), row).is_some() {
                return Err(input(csv, format!("line {line}: {of:?} is named twice")));
            }
        }
        let row_of = |(photograph, person): &(Photograph, u32)| {
            rows.get(&photograph.name)
                .or_else(|| rows.get(&self.names[*person as usize]))
        };
        if !self.photographs.iter().any(|one| row_of(one).is_some()) {
            return Err(input(
                csv,
                format!("names no person and no photograph of {}", self.source),
            ));
        }
        let columns = heads.iter().enumerate().filter(|(at, _)| *at != name_at);
        let found: Vec<Grouping> = columns
            .map(|(at, head)| {
                let labels: Vec<Option<&str>> = self
                    .photographs
                    .iter()
                    .map(|one| row_of(one)?.get(at).filter(|label| !label.is_empty()))
                    .collect();
                let groups: BTreeSet<&str> = labels.iter().flatten().copied().collect();
                let groups: Vec<String> = groups.into_iter().map(str::to_owned).collect();
                let of = labels.iter().map(|label| {
                    let label = (*label)?;
                    groups
                        .binary_search_by(|group| group.as_str().cmp(label))
                        .ok()
                        .map(|place| place as u32)
                });
                Grouping {
                    label: head.to_owned(),
                    of: of.collect(),
                    groups,
                }
            })
            .collect();
        if found.is_empty() {
            return Err(input(csv, "has no column beside `name`"));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(folder: &Path) -> People {
        for file in ["people/ada/1.jpg", "people/ada/2.jpg", "people/bea/1.jpg"] {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        People::of_folder(&folder.join("people")).unwrap()
    }

    #[test]
    fn what_is_left_out_is_named_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let mut people = people(folder.path());
        let csv = folder.path().join("errors.csv");
        std::fs::write(&csv, "image,reason\nada/2.jpg,shows bea\n").unwrap();
        let left_out = people.leave_out(&csv).unwrap();
        assert_eq!(left_out[0].reason, "shows bea");
        let names: Vec<&str> = people
            .photographs
            .iter()
            .map(|(p, _)| p.name.as_str())
            .collect();
        assert_eq!(names, ["ada/1.jpg", "bea/1.jpg"]);
        for (text, told) in [
            ("image,reason\nada/9.jpg,gone\n", "no photograph"),
            ("image,reason\nada/1.jpg,\n", "no reason"),
            ("image\nada/1.jpg\n", "reason"),
        ] {
            std::fs::write(&csv, text).unwrap();
            let error = people.leave_out(&csv).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn groups_are_of_people_or_of_photographs() {
        let folder = tempfile::tempdir().unwrap();
        let people = people(folder.path());
        let csv = folder.path().join("groups.csv");
        std::fs::write(
            &csv,
            "name,gender,light\nada,female,day\nada/2.jpg,female,night\nbea,,day\n",
        )
        .unwrap();
        let groups = people.groups(&csv).unwrap();
        assert_eq!(groups[0].label, "gender");
        assert_eq!(groups[0].of, [Some(0), Some(0), None]);
        assert_eq!(groups[1].groups, ["day", "night"]);
        assert_eq!(groups[1].of, [Some(0), Some(1), Some(0)]);
        for (text, told) in [
            ("who,gender\nada,x\n", "column `name`"),
            ("name\nada\n", "beside"),
            ("name,gender\nada,x\nada,y\n", "twice"),
            ("name,gender\nzoe,x\n", "no person"),
        ] {
            std::fs::write(&csv, text).unwrap();
            let error = people.groups(&csv).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
