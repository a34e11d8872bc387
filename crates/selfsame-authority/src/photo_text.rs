//! Photographs as services write them into texts: base64 of any dialect.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use selfsame_job::identity::Photo;

/// The text is no base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the photograph is no base64")]
pub struct NotBase64;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The photograph of a text: with or without line breaks, padding and a `data:` prefix, in the usual alphabet or that of URLs.
/// `None` for an empty text.
///
/// # Errors
/// [`NotBase64`].
pub fn photo_of_text(text: &str) -> Result<Option<Photo>, NotBase64> {
    let text = text.trim();
    let text = match text.strip_prefix("data:") {
        Some(rest) => rest.split_once(";base64,").ok_or(NotBase64)?.1,
        None => text,
    };
    let plain = |b: u8| !b.is_ascii_whitespace() && !matches!(b, b'-' | b'_');
    let text: Cow<'_, [u8]> = if text.bytes().all(plain) {
        text.as_bytes().into()
    } else {
        let usual = |b: u8| match b {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
        let bytes = text.bytes().filter(|b| !b.is_ascii_whitespace());
        bytes.map(usual).collect::<Vec<u8>>().into()
    };
    if text.is_empty() {
        return Ok(None);
    }
    let bytes = LENIENT.decode(text).map_err(|_| NotBase64)?;
    Ok((!bytes.is_empty()).then(|| Photo(bytes.into())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_dialect_is_read() {
        let photo = Some(Photo(vec![0xff, 0xd8, 0xff, 0xfb, 0xef].into()));
        for text in [
            "/9j/++8=",
            "/9j/++8",
            "_9j_--8",
            " /9j/\r\n++8=\n",
            "data:image/jpeg;base64,/9j/++8=",
        ] {
            assert_eq!(photo_of_text(text), Ok(photo.clone()), "{text:?}");
        }
        assert_eq!(photo_of_text(" \n"), Ok(None));
        for text in [
            "https://id.example/p.jpg",
            "data:image/jpeg,x",
            "/9j/++8=x",
            "é",
        ] {
            assert_eq!(photo_of_text(text), Err(NotBase64), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in proptest::collection::vec(any::<u8>(), 1..200), every in 1_usize..80) {
            let photo = Photo(bytes.into());
            let text = photo.to_base64();
            let lines: Vec<&str> = text.as_bytes().chunks(every).map(|l| std::str::from_utf8(l).unwrap()).collect();
            prop_assert_eq!(photo_of_text(&lines.join("\r\n")), Ok(Some(photo)));
        }

        #[test]
        fn nothing_panics(text in ".{0,100}") {
            let _ = photo_of_text(&text);
        }
    }
}
