//! The photograph of an identity: base64 of a picture, of a face record of ISO/IEC 19794-5 around one, or CBEFF's XML around that.

use selfsame_job::identity::Photo;

use crate::photo_text::photo_of_text;

/// How pictures begin: JPEG, PNG, JPEG 2000 in its box, and JPEG 2000 bare.
const PICTURES: [&[u8]; 4] = [
    &[0xff, 0xd8, 0xff],
    b"\x89PNG\r\n\x1a\n",
    b"\x00\x00\x00\x0cjP  \r\n\x87\n",
    &[0xff, 0x4f, 0xff, 0x51],
];
/// How a face record begins.
const FACE_RECORD: &[u8] = b"FAC\0";
/// How far into a face record its picture begins at most: after a header, and 8 bytes for each feature point.
const MAX_HEADER: usize = 64 * 1024;

/// The picture of a text; `None` where none is found.
pub(super) fn read(text: &str) -> Option<Photo> {
    let text = text.trim();
    // CBEFF in XML: its biometric data block is base64 again.
    let text = match text
        .split_once("<BDB>")
        .and_then(|(_, rest)| rest.split_once("</BDB>"))
    {
        Some((block, _)) if text.starts_with('<') => block,
        _ => text,
    };
    let photo = photo_of_text(text).ok()??;
    if photo.0.starts_with(b"<") {
        // The XML itself in base64. It does not nest again: what is within is no XML.
        let xml = std::str::from_utf8(&photo.0).ok()?;
        let (block, _) = xml.split_once("<BDB>")?.1.split_once("</BDB>")?;
        return picture(photo_of_text(block).ok()??);
    }
    picture(photo)
}

fn picture(photo: Photo) -> Option<Photo> {
    let begins = |bytes: &[u8]| PICTURES.iter().any(|magic| bytes.starts_with(magic));
    if begins(&photo.0) {
        return Some(photo);
    }
    if !photo.0.starts_with(FACE_RECORD) {
        return None;
    }
    let last = photo.0.len().min(MAX_HEADER);
    let at = (FACE_RECORD.len()..last).find(|&at| begins(&photo.0[at..]))?;
    Some(Photo(photo.0.slice(at..)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base64(bytes: &[u8]) -> String {
        Photo(bytes.to_vec().into()).to_base64()
    }

    #[test]
    fn a_picture_is_found_in_its_wrappings() {
        let picture = b"\x00\x00\x00\x0cjP  \r\n\x87\nrest of it";
        let record = [FACE_RECORD, b"010\0", &[0; 48], picture].concat();
        let xml = format!("<?xml?><BIR><BDB>{}</BDB></BIR>", base64(&record));
        for text in [
            base64(picture),
            base64(&record),
            xml.clone(),
            base64(xml.as_bytes()),
        ] {
            assert_eq!(read(&text).unwrap().0.as_ref(), picture);
        }
        for text in [
            "",
            "none",
            "<BIR></BIR>",
            &base64(b"<BIR></BIR>"),
            &base64(&record[..56]),
            &base64(b"GIF89a"),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100), text in ".{0,60}") {
            let _ = read(&text);
            let _ = read(&base64(&[FACE_RECORD, &bytes].concat()));
            let _ = read(&base64(&[b"<", bytes.as_slice()].concat()));
        }
    }
}
