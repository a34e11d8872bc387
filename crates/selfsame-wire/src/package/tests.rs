use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::id::{JobId, UserId};
use crate::partner_params::PartnerParams;

const JPEG: &[u8] = b"\xff\xd8\xff\xe0 not much of a picture";

fn builder() -> PackageBuilder {
    let names = (JobId::new("j").unwrap(), UserId::new("u").unwrap());
    PackageBuilder::new(PartnerParams::default().naming(&names.0, &names.1).typed(4))
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Names of the same length are exchanged in the finished zip: writers refuse to write what readers must refuse.
fn renamed(zip: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = zip.to_vec();
    for at in 0..bytes.len() - from.len() {
        if &bytes[at..at + from.len()] == from.as_bytes() {
            bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        }
    }
    bytes
}

const INFO: &[u8] = br#"{"images":[{"image_type_id":0,"image":"","file_name":"a.jpg"}]}"#;

fn refusal(zip: &[u8]) -> PackageError {
    Package::read(zip, &PackageLimits::default()).unwrap_err()
}

#[test]
fn one_image_is_read_without_the_others() {
    let info: &[u8] = br#"{"images":[{"image_type_id":0,"image":"","file_name":"a.jpg"},
        {"image_type_id":4,"image":"","file_name":"b.jpg"},{"image_type_id":6,"image":"/9j/"}]}"#;
    let limits = PackageLimits::default();
    let bytes = zip(&[("info.json", info), ("a.jpg", JPEG), ("b.jpg", JPEG)]);
    assert_eq!(
        Package::roles(&bytes, &limits).unwrap(),
        [ImageRole::Selfie, ImageRole::Liveness, ImageRole::Liveness]
    );
    let card: &[u8] = br#"{"images":[{"image_type_id":1,"image":"","file_name":"b.jpg"}]}"#;
    let no_selfie = zip(&[("info.json", card), ("b.jpg", JPEG)]);
    assert_eq!(
        Package::roles(&no_selfie, &limits).unwrap(),
        [ImageRole::IdCardFront]
    );
    let twice: &[u8] = br#"{"images":[{"image_type_id":0,"image":"","file_name":"a.jpg"},
        {"image_type_id":0,"image":"","file_name":"b.jpg"}]}"#;
    assert_eq!(
        Package::roles(
            &zip(&[("info.json", twice), ("a.jpg", JPEG), ("b.jpg", JPEG)]),
            &limits
        ),
        Err(PackageError::SeveralSelfies)
    );
    let bomb = vec![0; 20 * 1024 * 1024];
    let bytes = zip(&[("info.json", info), ("a.jpg", JPEG), ("b.jpg", &bomb)]);
    assert!(Package::read(&bytes, &limits).is_err());
    assert!(matches!(
        Package::roles(&bytes, &limits),
        Err(PackageError::TooLarge(_))
    ));
    for unreadable in [&b""[..], b"no image"] {
        let bytes = zip(&[("info.json", info), ("a.jpg", unreadable), ("b.jpg", JPEG)]);
        assert_eq!(
            Package::roles(&bytes, &limits),
            Err(PackageError::NotAnImage(0)),
            "no link leads to what cannot be shown"
        );
    }
    let image = |at| Package::read_image(&bytes, &limits, at);
    assert_eq!(image(0).unwrap().unwrap().bytes, JPEG);
    assert!(matches!(image(1), Err(PackageError::TooLarge(_))));
    assert_eq!(image(2).unwrap().unwrap().bytes, [0xff, 0xd8, 0xff]);
    assert_eq!(image(3).unwrap(), None);
}

#[test]
fn a_job_that_needs_no_selfie_reads_what_it_needs_alone() {
    let limits = PackageLimits::default();
    let info: &[u8] = br#"{"images":[{"image_type_id":4,"image":"","file_name":"a.jpg"},
        {"image_type_id":1,"image":"","file_name":"b.jpg"}],"id_info":{"country":"NG"}}"#;
    let bytes = zip(&[("info.json", info), ("a.jpg", b"no image"), ("b.jpg", JPEG)]);
    assert!(Package::read(&bytes, &limits).is_err());
    let said = Package::read_info(&bytes, &limits).unwrap();
    assert_eq!(said.id_info.unwrap().get(), r#"{"country":"NG"}"#);
    let card = Package::read_only(&bytes, &limits, ImageRole::IdCardFront).unwrap();
    assert_eq!(card.image(ImageRole::IdCardFront), Some(JPEG));
    assert_eq!(card.images.len(), 1);
    let none = Package::read_only(&bytes, &limits, ImageRole::Selfie).unwrap();
    assert!(none.images.is_empty());
    assert_eq!(
        Package::read_only(&bytes, &limits, ImageRole::Liveness).unwrap_err(),
        PackageError::NotAnImage(0)
    );
    assert!(Package::read_info(b"no zip", &limits).is_err());
}

#[test]
fn forms_are_spoken_of_in_their_own_words() {
    for (error, says) in [
        (
            PackageError::NotAnImage(0),
            "selfie_image is neither JPEG nor PNG",
        ),
        (
            PackageError::NotAnImage(3),
            "liveness_images[2] is neither JPEG nor PNG",
        ),
        (PackageError::EmptyImage(0), "selfie_image is empty"),
    ] {
        assert_eq!(error.of_form(), says);
    }
    for error in [
        PackageError::NotAZip("x".to_owned()),
        PackageError::TooManyEntries(1, 2),
        PackageError::Traversal,
        PackageError::Duplicate("info.json".to_owned()),
        PackageError::NoInfoJson,
        PackageError::Encrypted("x".to_owned()),
        PackageError::TooLarge("selfie_0.jpg".to_owned()),
        PackageError::TooManyImages(1, 2),
        PackageError::MissingFile("x".to_owned()),
        PackageError::NotBase64(1),
        PackageError::NoSelfie,
        PackageError::SeveralSelfies,
    ] {
        let text = error.of_form();
        assert!(
            !text.contains("zip") && !text.contains("info.json"),
            "{text}"
        );
    }
}

#[test]
fn what_is_written_is_read() {
    let bytes = builder()
        .image(ImageRole::Selfie, JPEG.to_vec())
        .image(ImageRole::Liveness, JPEG.to_vec())
        .build();
    let bytes = bytes.unwrap();
    let package = Package::read(&bytes, &PackageLimits::default()).unwrap();
    assert_eq!(package.image(ImageRole::Selfie), Some(JPEG));
    assert_eq!(package.images(ImageRole::Liveness).count(), 1);
    let again = builder()
        .image(ImageRole::Selfie, JPEG.to_vec())
        .image(ImageRole::Liveness, JPEG.to_vec())
        .build();
    assert_eq!(again.unwrap(), bytes, "the same input gives the same bytes");
}

#[test]
fn the_python_clients_junk_entries_do_no_harm() {
    let info = br#"{"images":[{"image_type_id":2,"image":"data:image/jpeg;base64,/9j/\n4CBub3Q","file_name":""}]}"#;
    let bytes = zip(&[
        ("info.json", info),
        ("base64imgStrinX", b"x"),
        ("base64imgString", b"x"),
    ]);
    let bytes = renamed(&bytes, "base64imgStrinX", "base64imgString");
    let package = Package::read(&bytes, &PackageLimits::default()).unwrap();
    assert_eq!(
        package.image(ImageRole::Selfie).unwrap(),
        b"\xff\xd8\xff\xe0 not"
    );
}

#[test]
fn hostile_zips_are_refused_each_for_its_reason() {
    let good = zip(&[("info.json", INFO), ("a.jpg", JPEG)]);
    assert!(Package::read(&good, &PackageLimits::default()).is_ok());
    assert!(matches!(refusal(b""), PackageError::NotAZip(_)));
    assert!(matches!(
        refusal(&good[..good.len() / 2]),
        PackageError::NotAZip(_)
    ));
    assert_eq!(refusal(&zip(&[("a.jpg", JPEG)])), PackageError::NoInfoJson);
    assert!(matches!(
        refusal(&zip(&[("info.json", b"{")])),
        PackageError::InfoJson(_)
    ));
    assert_eq!(
        refusal(&zip(&[("info.json", INFO)])),
        PackageError::MissingFile("a.jpg".to_owned())
    );
    assert_eq!(
        refusal(&zip(&[("info.json", br#"{"images":[]}"#)])),
        PackageError::NoSelfie
    );
    assert_eq!(
        refusal(&zip(&[("info.json", INFO), ("a.jpg", &good)])),
        PackageError::NotAnImage(0),
        "nested"
    );
    for name in ["../../etc/passwd", "/etc/passwd", "a\\..\\b", "C:evil"] {
        let bytes = zip(&[
            ("info.json", INFO),
            ("a.jpg", JPEG),
            (&"x".repeat(name.len()), b""),
        ]);
        let bytes = renamed(&bytes, &"x".repeat(name.len()), name);
        assert_eq!(refusal(&bytes), PackageError::Traversal, "{name}");
    }
    let double = renamed(
        &zip(&[("info.json", INFO), ("a.jpg", JPEG), ("b.jpg", JPEG)]),
        "b.jpg",
        "a.jpg",
    );
    assert_eq!(
        refusal(&double),
        PackageError::Duplicate("a.jpg".to_owned())
    );
    let double = renamed(
        &zip(&[("info.json", INFO), ("a.jpg", JPEG), ("infp.json", INFO)]),
        "infp.json",
        "info.json",
    );
    assert_eq!(
        refusal(&double),
        PackageError::Duplicate("info.json".to_owned())
    );
    let names: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &b""[..])).collect();
    assert_eq!(
        refusal(&zip(&many)),
        PackageError::TooManyEntries(10_000, 64)
    );
    let bomb = vec![0u8; 30 * 1024 * 1024];
    assert_eq!(
        refusal(&zip(&[("info.json", INFO), ("a.jpg", &bomb)])),
        PackageError::TooLarge("a.jpg".to_owned())
    );
    let milder = vec![0u8; 1024 * 1024];
    assert_eq!(
        refusal(&zip(&[("info.json", INFO), ("a.jpg", &milder)])),
        PackageError::TooLarge("a.jpg".to_owned())
    );
}

#[test]
fn a_size_that_lies_is_found_out() {
    let bomb = vec![0u8; 30 * 1024 * 1024];
    let mut bytes = zip(&[("info.json", INFO), ("a.jpg", &bomb)]);
    let claim = u32::try_from(bomb.len()).unwrap().to_le_bytes();
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == claim {
            bytes[at..at + 4].copy_from_slice(&100u32.to_le_bytes());
        }
    }
    assert!(matches!(
        refusal(&bytes),
        PackageError::TooLarge(_) | PackageError::NotAZip(_)
    ));
}

#[test]
fn an_encrypted_entry_is_refused() {
    let mut bytes = zip(&[("info.json", INFO), ("a.jpg", JPEG)]);
    // Bit 0 of the flags, in the local header (offset 6) and in the central directory (offset 8).
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at: Vec<usize> = (0..bytes.len() - 4)
            .filter(|at| &bytes[*at..at + 4] == signature)
            .collect();
        bytes[at[1] + flags] |= 1;
    }
    assert_eq!(refusal(&bytes), PackageError::Encrypted("a.jpg".to_owned()));
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes: Vec<u8>) {
        let _ = Package::read(&bytes, &PackageLimits::default());
    }

    #[test]
    fn no_flipped_byte_breaks_it(at in 0usize..10_000, value: u8) {
        let mut bytes = zip(&[("info.json", INFO), ("a.jpg", JPEG)]);
        let at = at % bytes.len();
        bytes[at] = value;
        let _ = Package::read(&bytes, &PackageLimits::default());
    }
}
