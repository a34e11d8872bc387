//! LFW's `pairs.txt`: ten folds of labelled pairs.

use std::collections::BTreeMap;
use std::path::Path;

use super::name;
use super::pairs::{Pair, Photograph};
use crate::error::{EvalError, file, input};

/// Photographs, and pairs of them in folds that share no person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    /// Where they are from, for the report.
    pub source: String,
    /// The photographs, each once.
    pub photographs: Vec<Photograph>,
    /// The folds' pairs, by places in `photographs`.
    pub folds: Vec<Vec<Pair>>,
}

/// Reads pairs as LFW has them: a first line with the number of folds and of pairs of each kind in a fold; then, fold by
/// fold, `name n m` for each genuine pair and `name n other m` for each impostor pair. Photographs are
/// `people/name/name_000n.jpg`.
///
/// # Errors
/// When the file cannot be read or is not so made, or names a photograph that is not there; the line is named.
pub fn from_lfw(pairs: &Path, people: &Path) -> Result<Folds, EvalError> {
    let text = std::fs::read_to_string(pairs).map_err(file(pairs))?;
    let mut lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty());
    let wrong = |line: usize, problem: &str| input(pairs, format!("line {line}: {problem}"));
    let number = |word: &str| {
        word.parse::<usize>()
            .ok()
            .filter(|n| (1..=100_000).contains(n))
    };
    let (head, _) = lines.next().ok_or_else(|| input(pairs, "is empty"))?;
    let sizes: Option<Vec<usize>> = head.split_whitespace().map(number).collect();
    let [folds, of_each_kind] = sizes.unwrap_or_default()[..] else {
        return Err(wrong(
            1,
            "is to hold the number of folds, and of pairs of each kind in one",
        ));
    };
    let mut found = Folds {
        source: name(pairs),
        photographs: Vec::new(),
        folds: Vec::new(),
    };
    let mut places = BTreeMap::new();
    for fold in 0..folds {
        let mut of_fold = Vec::with_capacity(2 * of_each_kind);
        for at in 0..2 * of_each_kind {
            let genuine = at < of_each_kind;
            let (line, n) = lines
                .next()
                .ok_or_else(|| input(pairs, format!("ends within fold {}", fold + 1)))?;
            let words: Vec<&str> = line.split_whitespace().collect();
            let named = match (genuine, &words[..]) {
                (true, [name, a, b]) => Some([(*name, *a), (*name, *b)]),
                (false, [name, a, other, b]) => Some([(*name, *a), (*other, *b)]),
                _ => None,
            };
            let named = named.ok_or_else(|| {
                wrong(
                    n,
                    if genuine {
                        "is to be a genuine pair: a name and two numbers"
                    } else {
                        "is to be an impostor pair: a name and a number, twice"
                    },
                )
            })?;
            let mut place = |(person, word): (&str, &str)| {
                let image =
                    number(word).ok_or_else(|| wrong(n, "has no number of a photograph"))?;
                // A name is one folder's, and leads nowhere else.
                if person.starts_with('.') || person.contains(['/', '\\']) {
                    return Err(wrong(n, "has a name that is no folder's"));
                }
                let name = format!("{person}/{person}_{image:04}.jpg");
                if let Some(place) = places.get(&name) {
                    return Ok(*place);
                }
                let path = people.join(&name);
                if !path.is_file() {
                    return Err(wrong(n, &format!("there is no file {}", path.display())));
                }
                let place = found.photographs.len() as u32;
                places.insert(name.clone(), place);
                found.photographs.push(Photograph { name, path });
                Ok(place)
            };
            let [reference, probe] = named;
            of_fold.push(Pair {
                reference: place(reference)?,
                probe: place(probe)?,
                genuine,
            });
        }
        found.folds.push(of_fold);
    }
    if let Some((_, n)) = lines.next() {
        return Err(wrong(n, "comes after the last fold"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_read_and_faults_are_named_by_line() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "A_B/A_B_0001.jpg",
            "A_B/A_B_0002.jpg",
            "C/C_0001.jpg",
            "C/C_0012.jpg",
        ] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let pairs = folder.path().join("pairs.txt");
        let read = |text: &str| {
            std::fs::write(&pairs, text).unwrap();
            from_lfw(&pairs, folder.path())
        };
        let found = read("2\t1\nA_B\t1\t2\nA_B\t1\tC\t1\nC\t1\t12\nA_B\t2\tC\t12\n").unwrap();
        assert_eq!(found.photographs.len(), 4);
        assert_eq!(found.folds.len(), 2);
        assert_eq!(
            found.folds[1][1],
            Pair {
                reference: 1,
                probe: 3,
                genuine: false
            }
        );
        for (text, told) in [
            ("2\n", "line 1"),
            ("1\t1\nA_B\t1\t2\n", "ends within fold 1"),
            (
                "1\t1\nA_B\t1\tC\t1\nA_B\t1\t2\n",
                "line 2: is to be a genuine pair",
            ),
            (
                "1\t1\nA_B\t1\t9\nA_B\t1\tC\t1\n",
                "line 2: there is no file",
            ),
            ("1\t1\n../A_B\t1\t9\nA_B\t1\tC\t1\n", "no folder"),
            (
                "1\t1\nA_B\t1\t2\nA_B\t1\tC\t1\nC\t1\t12\n",
                "line 4: comes after",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
