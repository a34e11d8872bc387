use super::*;
use crate::prepare::{Options, prepare};
use crate::progress::Quiet;

fn picture(folder: &Path, file: &str, width: u32, height: u32) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    if file.ends_with(".pgm") {
        let mut bytes = format!("P5\n# made by a test\n{width} {height}\n255\n").into_bytes();
        bytes.resize(bytes.len() + (width * height) as usize, 128);
        std::fs::write(path, bytes).unwrap();
    } else {
        let grey = RgbImage::from_pixel(width, height, image::Rgb([128; 3]));
        let mut bytes = Vec::new();
        grey.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 90))
            .unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

fn prepared(set: DataSet, from: &Path, out: &Path) -> Vec<String> {
    prepare(set, from, out, &Options::default(), &Quiet).unwrap();
    let mut found = Vec::new();
    for part in entries(out)
        .unwrap()
        .into_iter()
        .filter(|path| path.is_dir())
    {
        for person in entries(&part).unwrap() {
            for capture in entries(&person).unwrap() {
                let frames = entries(&capture).unwrap().len();
                let [part, person, capture] = [&part, &person, &capture].map(|path| name(path));
                found.push(format!("{part}/{person}/{capture} {frames}"));
            }
        }
    }
    found.sort();
    found
}

fn size(path: &Path) -> (u32, u32) {
    read(path).unwrap().dimensions()
}

#[test]
fn kdef_turns_to_the_person_s_own_sides_and_what_is_missing_is_left_out() {
    let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for session in ["AF01", "BF01", "AM02"] {
        for expression in ["NE", "SA", "AN", "DI"] {
            for (pose, width) in [
                ("S", 300),
                ("HL", 301),
                ("HR", 302),
                ("FL", 303),
                ("FR", 304),
            ] {
                let file = format!("KDEF/{session}{expression}{pose}.JPG");
                // One session of one person lacks a picture.
                if file != "KDEF/AM02SAHL.JPG" {
                    picture(from.path(), &file, width, 400);
                }
            }
        }
    }
    let found = prepared(DataSet::Kdef, from.path(), out.path());
    let expected = [
        "captures/F01/left-right-1 8",
        "captures/F01/right-left-1 8",
        "expressions/F01/left-right-1 8",
        "expressions/F01/left-right-2 8",
        "expressions/F01/right-left-1 8",
        "expressions/F01/right-left-2 8",
        "profiles/F01/left-right-1 10",
        "profiles/F01/right-left-1 10",
    ];
    assert_eq!(found, expected);
    let widths = |capture: &str| {
        let frames = out.path().join(capture);
        [2, 3, 4, 5, 6].map(|n| size(&frames.join(format!("frame-{n}.jpg"))).0)
    };
    // Half left in the picture is the person's right. A second view is 8 % narrower.
    assert_eq!(
        widths("captures/F01/right-left-1"),
        [301, 301, 276, 302, 302]
    );
    assert_eq!(
        widths("profiles/F01/left-right-1"),
        [302, 304, 302, 276, 301]
    );
}

#[test]
fn imm_s_one_photograph_of_a_side_is_seen_twice() {
    let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for shown in 1..=6 {
        picture(from.path(), &format!("07-{shown}m.jpg"), 400, 300);
    }
    let found = prepared(DataSet::Imm, from.path(), out.path());
    assert_eq!(
        found,
        ["captures/07/left-right-1 8", "captures/07/right-left-1 8"]
    );
    let frames = out.path().join("captures/07/left-right-1");
    assert_eq!(size(&frames.join("frame-2.jpg")), (400, 300));
    assert_eq!(size(&frames.join("frame-3.jpg")), (368, 276));
}

#[test]
fn small_grey_faces_are_enlarged_and_turn_three_ways() {
    let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for pose in ["straight", "left", "right", "up"] {
        for expression in ["neutral", "happy", "sad", "angry"] {
            picture(
                from.path(),
                &format!("an2i/an2i_{pose}_{expression}_open.pgm"),
                128,
                120,
            );
            // Dark glasses and smaller copies are no part of it.
            picture(
                from.path(),
                &format!("an2i/an2i_{pose}_{expression}_sunglasses.pgm"),
                128,
                120,
            );
            picture(
                from.path(),
                &format!("an2i/an2i_{pose}_{expression}_open_4.pgm"),
                32,
                30,
            );
        }
    }
    let found = prepared(DataSet::CmuFaces, from.path(), out.path());
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(found.contains(&"captures/an2i/up-left-1 8".to_owned()));
    let selfie = out.path().join("captures/an2i/up-left-1/selfie.jpg");
    assert_eq!(size(&selfie), (640, 600));
}

#[test]
fn grey_pictures_in_words_and_in_bytes_are_one() {
    let words = b"P2\n2 2\n# half is white\n100\n0 50\n100 25\n";
    let bytes = b"P5 2 2 100\n\x00\x32\x64\x19";
    let expected = [0, 127, 255, 63].map(|value| image::Rgb([value; 3]));
    for file in [&words[..], &bytes[..]] {
        let picture = grey(file).unwrap();
        assert_eq!(picture.pixels().copied().collect::<Vec<_>>(), expected);
    }
    for wrong in [
        &b"P5 2 2 100\n\x00"[..],
        b"P2 2 2 100 1 2 3",
        b"P6 1 1 9 1",
        b"P5 9 9 70000 ",
        b"",
    ] {
        assert!(grey(wrong).is_none());
    }
}

#[test]
fn fei_goes_from_the_front_to_either_side() {
    let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for shown in 1..=11 {
        picture(
            from.path(),
            &format!("subject01/01-{shown:02}.jpg"),
            210 + shown,
            300,
        );
    }
    prepared(DataSet::Fei, from.path(), out.path());
    let frames = out.path().join("captures/01/right-left-1");
    let widths = [2, 3, 4, 6, 7, 8].map(|n| size(&frames.join(format!("frame-{n}.jpg"))).0 - 210);
    assert_eq!(widths, [4, 3, 2, 7, 8, 9]);
}

#[test]
fn a_folder_of_another_set_is_refused() {
    let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    picture(from.path(), "holiday.jpg", 300, 300);
    let wrong = prepare(
        DataSet::Kdef,
        from.path(),
        out.path(),
        &Options::default(),
        &Quiet,
    );
    assert!(wrong.unwrap_err().to_string().contains("kdef"));
}
