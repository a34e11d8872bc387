use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::*;

const PICTURE: &[u8] = b"\xff\xd8\xff\xe0 a picture";

fn number(count: usize, length: usize) -> Vec<u8> {
    length.to_be_bytes()[8 - count..].to_vec()
}

/// A record of one face, as the standard of 2005 or of 2011 has it. `others` is how many faces it says there are.
fn record(new: bool, faces: usize, qualities: usize, landmarks: usize, picture: &[u8]) -> Vec<u8> {
    let mut face = Vec::new();
    if new {
        face.extend([0; 14]);
        face.extend(number(1, qualities));
        face.extend(vec![9; 5 * qualities]);
    }
    face.extend(number(2, landmarks));
    face.extend(vec![1; if new { 15 } else { 14 }]);
    face.extend(vec![2; 8 * landmarks]);
    face.extend(vec![3; if new { 11 } else { 12 }]);
    if new {
        face.extend(number(4, picture.len()));
    }
    face.extend(picture);
    let face = [number(4, face.len() + 4), face].concat();
    let mut head = number(2, faces);
    if new {
        head.extend([0; 3]);
    }
    let version = if new { b"030\0" } else { b"010\0" };
    let length = 12 + head.len() + face.len();
    [b"FAC\0", &version[..], &number(4, length), &head, &face].concat()
}

fn tagged(tag: &[u8], body: &[u8]) -> Vec<u8> {
    let length = match body.len() {
        short @ 0..0x80 => number(1, short),
        long => [vec![0x82], number(2, long)].concat(),
    };
    [tag, &length, body].concat()
}

/// A passport's data group 2 around a face record.
fn data_group(record: &[u8]) -> Vec<u8> {
    let template = [
        // What its format is.
        tagged(&[0xa1], &[0x80, 2, 1, 1, 0x87, 2, 1, 1]),
        tagged(&[0x5f, 0x2e], record),
    ];
    let templates = [
        tagged(&[0x02], &[1]),
        tagged(&[0x7f, 0x60], &template.concat()),
    ];
    let group = tagged(&[0x7f, 0x61], &templates.concat());
    // So long a group has a length of two bytes always.
    [vec![0x75, 0x82], number(2, group.len()), group].concat()
}

fn xml(kind: &str, record: &[u8]) -> String {
    format!(
        "<BIR><BDBInfo><Format><Type>8</Type></Format><Type>{kind}</Type></BDBInfo><BDB>{}</BDB></BIR>",
        URL_SAFE_NO_PAD.encode(record)
    )
}

fn picture_of(bytes: &[u8]) -> (Vec<u8>, Wrapping) {
    let Peeled { picture, wrapping } = peel(bytes).unwrap();
    (picture.into_owned(), wrapping)
}

#[test]
fn a_picture_is_taken_out_of_whatever_record_it_is_in() {
    for new in [false, true] {
        let record = record(new, 1, 2, 3, PICTURE);
        let found = picture_of(&record);
        assert_eq!(found, (PICTURE.to_vec(), Wrapping::FaceRecord));
        let group = data_group(&record);
        assert_eq!(picture_of(&group), (PICTURE.to_vec(), Wrapping::DataGroup));
        let inner = &group[4..];
        assert_eq!(picture_of(inner), (PICTURE.to_vec(), Wrapping::DataGroup));
        let all = format!(
            "<?xml version=\"1.0\"?>\n<BIR xmlns=\"http://docs.oasis-open.org/bias/ns/biaspatronformat\">{}{}</BIR>",
            xml("Finger", b"FIR\0"),
            xml("Face", &record)
        );
        let found = picture_of(all.as_bytes());
        assert_eq!(found, (PICTURE.to_vec(), Wrapping::Cbeff));
    }
    assert_eq!(picture_of(PICTURE), (PICTURE.to_vec(), Wrapping::None));
    assert_eq!(picture_of(b""), (vec![], Wrapping::None));
}

#[test]
fn bytes_behind_a_record_do_not_matter() {
    let record = record(false, 1, 0, 0, PICTURE);
    let padded = [&record[..], &[0; 50]].concat();
    assert_eq!(picture_of(&padded).0, PICTURE);
}

#[test]
fn records_without_a_picture_say_so() {
    use RecordError::{Damaged, NoPicture, OtherVersion, Truncated};
    let none = peel(&record(true, 0, 0, 0, PICTURE)).unwrap_err();
    assert!(matches!(none, NoPicture(_)), "{none}");
    let empty = peel(&record(false, 1, 0, 0, b"")).unwrap_err();
    assert!(matches!(empty, NoPicture(_)), "{empty}");
    let other = peel(b"FAC\x00999\0\0\0\0\0").unwrap_err();
    assert!(matches!(other, OtherVersion(_)), "{other}");
    let short = peel(b"FAC\x00010\0\0\0\0\x05").unwrap_err();
    assert!(matches!(short, Damaged(..)), "{short}");
    let group = tagged(&[0x7f, 0x61], &tagged(&[0x02], &[0]));
    assert!(matches!(peel(&group), Err(NoPicture(_))));
    assert!(matches!(peel(&[0x7f, 0x61, 0x85]), Err(Damaged(..))));
    assert!(matches!(peel(&[0x7f, 0x61, 0x05]), Err(Truncated(_))));
    for text in [
        "<html><body>Service unavailable</body></html>",
        "<BIR></BIR>",
        &xml("Iris", b"x"),
    ] {
        assert!(matches!(peel(text.as_bytes()), Err(NoPicture(_))), "{text}");
    }
    for text in [
        "<!DOCTYPE a [<!ENTITY b 'bbbb'>]><BIR></BIR>",
        &"<a>".repeat(1000),
        &"<a/>".repeat(20_000),
        "<BIR><BDB>abc</BIR>",
    ] {
        let error = peel(text.as_bytes()).unwrap_err();
        assert!(matches!(error, Damaged(..)), "{error}");
    }
    let unread = xml("Face", b"x").replace("</BDB>", "?</BDB>");
    assert!(matches!(
        peel(unread.as_bytes()),
        Err(RecordError::Text(..))
    ));
}

#[test]
fn text_is_read_as_services_write_it() {
    let bytes: Vec<u8> = (0..=255).collect();
    let text = STANDARD.encode(&bytes);
    let broken: Vec<&str> = text
        .as_bytes()
        .chunks(76)
        .map(|l| std::str::from_utf8(l).unwrap())
        .collect();
    for text in [
        text.clone(),
        broken.join("\r\n"),
        format!("\u{feff}\n {text}\n"),
        format!("{text}=="),
        STANDARD_NO_PAD.encode(&bytes),
        URL_SAFE.encode(&bytes),
        URL_SAFE_NO_PAD.encode(&bytes),
        format!("data:image/jp2;base64,{text}"),
        format!("DATA:image/jpeg;charset=utf-8;BASE64,{}", broken.join("\n")),
        format!("data:;base64,{text}"),
    ] {
        assert_eq!(unwrap_text(&text, 256).as_ref(), Ok(&bytes), "{text}");
    }
}

#[test]
fn text_that_is_none_says_what_is_wrong_and_where() {
    use TextError::{Cut, Empty, OtherCharacter, OtherDataUri, TooLong};
    for (text, error) in [
        ("", Empty),
        (" \n", Empty),
        ("====", Empty),
        ("data:image/png;base64,", Empty),
        ("data:image/png,%89PNG", OtherDataUri),
        ("data:image/png;base64", OtherDataUri),
        ("QUJD?", OtherCharacter(4)),
        (" \u{feff}QUJD", OtherCharacter(1)),
        ("data:;base64,QU\u{e9}", OtherCharacter(15)),
        ("QQ==QUJD", Cut),
        ("QUJDR", Cut),
        ("QUJDQUJDQUJD", TooLong(8)),
    ] {
        assert_eq!(unwrap_text(text, 8), Err(error), "{text}");
    }
    let spaces = " ".repeat(100_000);
    assert_eq!(unwrap_text(&format!("QUJD{spaces}"), 8), Err(TooLong(8)));
    let head = format!("data:{spaces};base64,QUJD");
    assert_eq!(unwrap_text(&head, 8), Err(OtherDataUri));
}

#[test]
fn greys_are_told_from_colours() {
    let all = |pixel| RgbImage::from_pixel(40, 40, Rgb(pixel));
    assert!(is_grey(&all([90, 92, 95])));
    assert!(!is_grey(&all([120, 100, 80])), "sepia is a colour");
    assert!(!is_grey(&all([224, 172, 105])));
    let mut stamped = all([90; 3]);
    for x in 0..16 {
        stamped.put_pixel(x, 0, Rgb([200, 0, 0]));
    }
    assert!(is_grey(&stamped), "one pixel of a hundred");
    stamped.put_pixel(16, 0, Rgb([200, 0, 0]));
    assert!(!is_grey(&stamped));
}

#[test]
fn the_tighter_limit_counts() {
    let own = Limits {
        bytes: 100,
        pixels: u64::MAX,
        memory: 7,
    };
    let both = within(&own);
    assert_eq!(
        (both.bytes, both.pixels, both.memory),
        (100, LIMITS.pixels, 7)
    );
}

proptest! {
    #[test]
    fn base64_of_any_bytes_comes_back(
        bytes in prop::collection::vec(any::<u8>(), 1..300),
        width in 1usize..80,
        url in any::<bool>(),
        padded in any::<bool>(),
        head in any::<bool>(),
    ) {
        let text = match (url, padded) {
            (false, false) => STANDARD_NO_PAD.encode(&bytes),
            (false, true) => STANDARD.encode(&bytes),
            (true, false) => URL_SAFE_NO_PAD.encode(&bytes),
            (true, true) => URL_SAFE.encode(&bytes),
        };
        let lines: Vec<&str> = text.as_bytes().chunks(width).map(|l| std::str::from_utf8(l).unwrap()).collect();
        let head = if head { "data:image/jpeg;base64," } else { "" };
        let text = format!("{head}{}", lines.join("\r\n"));
        prop_assert_eq!(unwrap_text(&text, bytes.len()), Ok(bytes.clone()));
        prop_assert_eq!(unwrap_text(&text, bytes.len() - 1), Err(TextError::TooLong(bytes.len() - 1)));
    }

    #[test]
    fn any_text_is_bytes_or_an_error(text in any::<String>(), limit in 0usize..100) {
        if let Ok(bytes) = unwrap_text(&text, limit) {
            prop_assert!(!bytes.is_empty() && bytes.len() <= limit);
        }
    }

    #[test]
    fn a_record_gives_its_picture_and_a_part_of_it_none(
        new in any::<bool>(),
        faces in 1usize..4,
        qualities in 0usize..5,
        landmarks in 0usize..30,
        picture in prop::collection::vec(any::<u8>(), 1..100),
        cut in any::<prop::sample::Index>(),
    ) {
        let record = record(new, faces, qualities, landmarks, &picture);
        prop_assert_eq!(picture_of(&record).0, picture.clone());
        prop_assert_eq!(picture_of(&data_group(&record)).0, picture);
        // Less than its first four bytes is no record at all.
        let part = &record[..4 + cut.index(record.len() - 4)];
        prop_assert!(peel(part).is_err());
    }

    #[test]
    fn whatever_follows_a_beginning_is_within_what_came(
        begin in prop::sample::select(vec![&b"FAC\x00010\0"[..], b"FAC\x00030\0", b"\x75\x82", b"\x7f\x61", b"<BIR>", b"<"]),
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let bytes = [begin, &rest].concat();
        if let Ok(Peeled { picture, .. }) = peel(&bytes) {
            prop_assert!(picture.len() <= bytes.len());
        }
    }

    #[test]
    fn a_changed_record_never_does_harm(
        new in any::<bool>(),
        group in any::<bool>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = record(new, 1, 1, 1, PICTURE);
        if group {
            bytes = data_group(&bytes);
        }
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(Peeled { picture, .. }) = peel(&bytes) {
            prop_assert!(picture.len() <= bytes.len());
        }
    }
}
