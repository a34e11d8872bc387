//! Labeled Faces in the Wild: `people/NAME/NAME_0001.jpg`, `pairs.txt`, `label-errors.csv`.

use std::path::Path;

use super::place::{Place, first_of};
use super::{Layout, part};
use crate::dataset::{entries, is_image, name};
use crate::error::{EvalError, input};
use crate::progress::Progress;

/// Images of LFW that show another person than their name says, or a person whom another name shows too, each with the
/// reason: a CSV with the columns `image` (below the folder of people) and `reason`. Those of the set's own errata page, and
/// such as were found among the highest impostor scores and looked at.
pub const KNOWN_LABEL_ERRORS: &str = include_str!("../../data/lfw-errata.csv");

/// What the set's authors say that it holds.
const IMAGES: usize = 13_233;
const PEOPLE: usize = 5_749;

/// Where people's folders may lie in what somebody has.
const FOLDERS: [&str; 4] = [
    "images_deepfunneled",
    "lfw-deepfunneled",
    "lfw_funneled",
    "lfw",
];

pub(super) fn prepare(
    from: &Path,
    place: &Place,
    progress: &dyn Progress,
) -> Result<Layout, EvalError> {
    let folder = first_of(from, &FOLDERS).ok_or_else(|| {
        input(
            from,
            format!("holds none of the folders {}", FOLDERS.join(", ")),
        )
    })?;
    let pairs = from.join("pairs.txt");
    if !pairs.is_file() {
        return Err(input(from, "holds no pairs.txt"));
    }
    let people: Vec<_> = entries(&folder)?
        .into_iter()
        .filter(|path| path.is_dir())
        .collect();
    progress.begin("linking people", people.len());
    let (mut images, mut with_images) = (0, 0);
    for person in &people {
        let before = images;
        for image in entries(person)?.iter().filter(|path| is_image(path)) {
            place.put(image, &format!("people/{}/{}", name(person), name(image)))?;
            images += 1;
        }
        with_images += usize::from(images > before);
        progress.advance();
    }
    if with_images < 2 {
        return Err(input(
            &folder,
            "holds no folders of people with their photographs",
        ));
    }
    place.put(&pairs, "pairs.txt")?;
    place.write("label-errors.csv", KNOWN_LABEL_ERRORS)?;
    let mut notes = Vec::new();
    if (images, with_images) != (IMAGES, PEOPLE) {
        notes.push(format!(
            "{images} images of {with_images} people; the set's authors count {IMAGES} of {PEOPLE}"
        ));
    }
    if name(&folder) != "images_deepfunneled" && name(&folder) != "lfw-deepfunneled" {
        notes.push(format!(
            "the photographs are those of {}, which may not be the deep-funneled ones",
            name(&folder)
        ));
    }
    let errors = KNOWN_LABEL_ERRORS.lines().count() - 1;
    let parts = vec![
        part("people", format!("{images} images of {with_images} people")),
        part("pairs.txt", "the ten folds of View 2"),
        part("label-errors.csv", format!("{errors} known label errors")),
    ];
    Ok((parts, notes))
}

#[cfg(test)]
mod tests {
    use crate::prepare::{DataSet, Options, prepare};
    use crate::progress::Quiet;

    #[test]
    fn people_and_pairs_are_found_and_a_partial_set_says_so() {
        let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for file in ["A_B/A_B_0001.jpg", "A_B/A_B_0002.jpg", "C/C_0001.jpg"] {
            let path = from.path().join("images_deepfunneled").join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        let run = || {
            prepare(
                DataSet::Lfw,
                from.path(),
                out.path(),
                &Options::default(),
                &Quiet,
            )
        };
        assert!(run().unwrap_err().to_string().contains("pairs.txt"));
        std::fs::write(from.path().join("pairs.txt"), "1\t1\n").unwrap();
        let done = run().unwrap();
        assert_eq!(done.parts[0].holds, "3 images of 2 people");
        assert!(done.notes[0].contains("13233"), "{:?}", done.notes);
        assert!(out.path().join("people/A_B/A_B_0002.jpg").is_file());
        assert!(out.path().join("label-errors.csv").is_file());
    }
}
