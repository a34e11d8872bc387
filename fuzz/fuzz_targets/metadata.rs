//! The readers of EXIF, XMP, PNG text and content credentials, on files that need not decode: they give few notes, and each
//! only once.
#![no_main]

use std::sync::LazyLock;
use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use selfsame_face::decode::{Decoded, Limits, decode};
use selfsame_face::digest::digests;
use selfsame_face::evidence::ImageFormat;
use selfsame_face::metadata::notes;

/// Any picture: what the readers hold against it is its size and its hash.
static PICTURE: LazyLock<Decoded> = LazyLock::new(|| {
    let file = include_bytes!("../../crates/selfsame-face/src/decode/samples/baseline.jpg");
    decode(file, &Limits::default()).expect("the sample decodes")
});

fuzz_target!(|bytes: &[u8]| {
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let mut picture = PICTURE.clone();
        picture.facts.format = format;
        let digests = digests(bytes, &picture.pixels);
        let found = notes(bytes, &picture, &digests, Some(SystemTime::UNIX_EPOCH));
        for (at, note) in found.iter().enumerate() {
            assert!(!found[..at].contains(note), "{note:?} is told twice");
        }
        assert!(found.len() <= 64);
        assert!(serde_json::to_string(&found).is_ok());
    }
});
