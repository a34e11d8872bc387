//! Labelled pairs: from a CSV file, or from one folder for each person.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chacha20::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Deserialize;

use super::{entries, name, name_below, photographs};
use crate::error::{EvalError, input};

/// Photographs and which of them to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// Where they are from, for the report.
    pub source: String,
    /// The photographs, each once.
    pub photographs: Vec<Photograph>,
    /// The comparisons.
    pub pairs: Vec<Pair>,
}

/// A photograph file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photograph {
    /// Its name in the report.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Two photographs to compare, by their place in [`Pairs::photographs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The reference.
    pub reference: u32,
    /// The probe.
    pub probe: u32,
    /// Whether both show one person.
    pub genuine: bool,
}

/// How many impostor pairs are made of folders of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Impostors {
    /// Every pair of photographs of two people.
    All,
    /// That many of them, drawn at random without repetition.
    Sample {
        /// How many.
        count: usize,
        /// The seed: the same one draws the same pairs.
        seed: u64,
    },
}

#[derive(Deserialize)]
struct Row {
    file_x: String,
    file_y: String,
    #[serde(rename = "Decision")]
    decision: String,
}

/// Reads pairs from a CSV file with the columns `file_x`, `file_y` and `Decision` (`Yes` for one person, `No` for two). File
/// names are relative to the CSV file's folder.
///
/// # Errors
/// When it cannot be read, names a file that is not there, or a decision that is neither; the line is named.
pub fn from_csv(path: &Path) -> Result<Pairs, EvalError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|e| input(path, e.to_string()))?;
    let mut places = BTreeMap::new();
    let mut found = Pairs {
        source: name(path),
        photographs: Vec::new(),
        pairs: Vec::new(),
    };
    for (row, line) in reader.deserialize::<Row>().zip(2..) {
        let row = row.map_err(|e| input(path, e.to_string()))?;
        let genuine = match row.decision.to_ascii_lowercase().as_str() {
            "yes" => true,
            "no" => false,
            other => {
                return Err(input(
                    path,
                    format!("line {line}: the decision is {other:?}, neither Yes nor No"),
                ));
            }
        };
        let mut place = |file: String| {
            if let Some(place) = places.get(&file) {
                return Ok(*place);
            }
            let at = folder.join(&file);
            if !at.is_file() {
                return Err(input(
                    path,
                    format!("line {line}: there is no file {}", at.display()),
                ));
            }
            let place = found.photographs.len() as u32;
            found.photographs.push(Photograph {
                name: file.clone(),
                path: at,
            });
            places.insert(file, place);
            Ok(place)
        };
        let (reference, probe) = (place(row.file_x)?, place(row.file_y)?);
        found.pairs.push(Pair {
            reference,
            probe,
            genuine,
        });
    }
    if found.pairs.is_empty() {
        return Err(input(path, "holds no pair"));
    }
    Ok(found)
}

/// Makes pairs of folders, one for each person: every pair of one person's photographs is genuine, pairs of two people's
/// are impostors.
///
/// # Errors
/// When a folder cannot be read, or fewer than two hold photographs.
pub fn from_people(folder: &Path, impostors: Impostors) -> Result<Pairs, EvalError> {
    let mut found = Vec::new();
    let mut people: Vec<std::ops::Range<u32>> = Vec::new();
    for person in entries(folder)?.iter().filter(|path| path.is_dir()) {
        let first = found.len() as u32;
        found.extend(photographs(person)?.into_iter().map(|path| Photograph {
            name: name_below(folder, &path),
            path,
        }));
        people.push(first..found.len() as u32);
    }
    if people.len() < 2 {
        return Err(input(
            folder,
            "must hold two folders or more, one for each person, with their photographs",
        ));
    }
    let genuine = people.iter().flat_map(|person| {
        let of = person.clone();
        of.clone()
            .flat_map(move |a| (a + 1..of.end).map(move |b| (a, b, true)))
    });
    let all = genuine.chain(
        impostor_pairs(&people, impostors)
            .into_iter()
            .map(|(a, b)| (a, b, false)),
    );
    let pairs = all
        .map(|(reference, probe, genuine)| Pair {
            reference,
            probe,
            genuine,
        })
        .collect();
    Ok(Pairs {
        source: name(folder),
        photographs: found,
        pairs,
    })
}

fn impostor_pairs(people: &[std::ops::Range<u32>], impostors: Impostors) -> Vec<(u32, u32)> {
    let total = people.last().map_or(0, |last| last.end);
    let end_of = |photograph: u32| {
        let at = people.partition_point(|person| person.end <= photograph);
        people.get(at).map_or(total, |person| person.end)
    };
    let every = || (0..total).flat_map(|a| (end_of(a)..total).map(move |b| (a, b)));
    let there_are: u64 = (0..total).map(|a| u64::from(total - end_of(a))).sum();
    match impostors {
        Impostors::Sample { count, seed } if (count as u64) < there_are => {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            // Drawing again what was drawn before is slow where most are wanted: then draw the ones to leave out.
            let few = (count as u64) * 2 <= there_are;
            let wanted = if few {
                count as u64
            } else {
                there_are - count as u64
            };
            let mut drawn = BTreeSet::new();
            while (drawn.len() as u64) < wanted {
                let (a, b) = (rng.random_range(0..total), rng.random_range(0..total));
                if end_of(a.min(b)) <= a.max(b) {
                    drawn.insert((a.min(b), a.max(b)));
                }
            }
            if few {
                drawn.into_iter().collect()
            } else {
                every().filter(|pair| !drawn.contains(pair)).collect()
            }
        }
        _ => every().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_is_read_and_its_faults_are_named_by_line() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a.jpg", "b.jpg", "c.jpg"] {
            std::fs::write(folder.path().join(file), b"").unwrap();
        }
        let csv = folder.path().join("pairs.csv");
        std::fs::write(
            &csv,
            "file_x,file_y,Decision\na.jpg, b.jpg,Yes\na.jpg,c.jpg,No\n",
        )
        .unwrap();
        let pairs = from_csv(&csv).unwrap();
        assert_eq!(pairs.photographs.len(), 3);
        assert_eq!(
            pairs.pairs[1],
            Pair {
                reference: 0,
                probe: 2,
                genuine: false
            }
        );
        for (text, told) in [
            (
                "file_x,file_y,Decision\na.jpg,b.jpg,Maybe\n",
                "line 2: the decision",
            ),
            (
                "file_x,file_y,Decision\na.jpg,b.jpg,No\na.jpg,d.jpg,No\n",
                "line 3: there is no file",
            ),
            ("file_x,file_y,Decision\n", "holds no pair"),
            ("x,y\na,b\n", "file_x"),
        ] {
            std::fs::write(&csv, text).unwrap();
            let error = from_csv(&csv).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    fn people(folder: &Path) {
        for (person, count) in [("ada", 3), ("bea", 2), ("cy", 4)] {
            std::fs::create_dir(folder.join(person)).unwrap();
            for n in 0..count {
                std::fs::write(folder.join(person).join(format!("{n}.jpg")), b"").unwrap();
            }
        }
    }

    #[test]
    fn folders_give_every_pair_or_a_sample_by_seed() {
        let folder = tempfile::tempdir().unwrap();
        people(folder.path());
        let all = from_people(folder.path(), Impostors::All).unwrap();
        let count =
            |pairs: &Pairs, genuine| pairs.pairs.iter().filter(|p| p.genuine == genuine).count();
        // 3 + 1 + 6 genuine; 3×2 + 3×4 + 2×4 impostor.
        assert_eq!((count(&all, true), count(&all, false)), (10, 26));
        for pair in &all.pairs {
            let person = |place: u32| all.photographs[place as usize].name[..2].to_owned();
            assert_eq!(pair.genuine, person(pair.reference) == person(pair.probe));
        }
        for (asked, given) in [(5, 5), (20, 20), (26, 26), (100, 26)] {
            let sample = |seed| {
                from_people(folder.path(), Impostors::Sample { count: asked, seed }).unwrap()
            };
            assert_eq!(count(&sample(1), false), given);
            assert_eq!(sample(1), sample(1));
            assert_eq!(sample(1) == sample(2), given == 26);
            let distinct: BTreeSet<_> = sample(3)
                .pairs
                .iter()
                .map(|p| (p.reference, p.probe))
                .collect();
            assert_eq!(distinct.len(), 10 + given);
        }
    }
}
