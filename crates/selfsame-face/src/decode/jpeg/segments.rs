//! Walks a JPEG file from marker to marker.

use memchr::memchr;

use crate::decode::ImageError;

/// Most segments of a file. Phones write some dozens; one that has thousands was made to be slow.
const MOST_SEGMENTS: usize = 4096;

pub(super) const START_OF_SCAN: u8 = 0xda;
pub(super) const HUFFMAN_TABLES: u8 = 0xc4;
pub(super) const QUANTISATION_TABLES: u8 = 0xdb;
pub(super) const RESTART_INTERVAL: u8 = 0xdd;

/// A marker with what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment<'b> {
    pub(super) marker: u8,
    /// Without its length.
    pub(super) body: &'b [u8],
    /// After a scan's header: its coded data, with the restart markers in them.
    pub(super) coded: &'b [u8],
    /// Where in the file the segment and its coded data end.
    pub(super) until: usize,
}

/// How a file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By an end-of-image marker. What follows (a film clip, a second picture) does not matter.
    Marked,
    /// The file stops between segments, or in a scan's data.
    Unmarked,
}

/// The segments of a file, from its start to its end-of-image marker.
pub(super) struct Segments<'b> {
    bytes: &'b [u8],
    at: usize,
    count: usize,
    seen_scan: bool,
    end: Option<End>,
}

impl<'b> Segments<'b> {
    /// Of a file that starts as a JPEG does.
    pub(super) fn of(bytes: &'b [u8]) -> Self {
        Self {
            bytes,
            at: 2,
            count: 0,
            seen_scan: false,
            end: None,
        }
    }

    /// How the file ended, once all segments were read.
    pub(super) fn end(&self) -> End {
        self.end.unwrap_or(End::Unmarked)
    }

    /// The next segment; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Segment<'b>>, ImageError> {
        if self.end.is_some() {
            return Ok(None);
        }
        let Some(marker) = self.marker() else {
            return self.stop_unmarked();
        };
        if marker == 0xd9 {
            self.end = Some(End::Marked);
            return Ok(None);
        }
        if marker == 0xd8 {
            return Err(ImageError::Damaged(
                "a second picture starts within the first".to_owned(),
            ));
        }
        self.count += 1;
        if self.count > MOST_SEGMENTS {
            return Err(ImageError::TooComplex("more than 4096 segments"));
        }
        let Some(length) = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk::<2>())
        else {
            return self.stop_unmarked();
        };
        let length = usize::from(u16::from_be_bytes(*length));
        if length < 2 {
            return Err(ImageError::Damaged("a segment has no length".to_owned()));
        }
        let Some(body) = self.bytes.get(self.at + 2..self.at + length) else {
            return self.stop_unmarked();
        };
        self.at += length;
        let mut coded: &[u8] = &[];
        if marker == START_OF_SCAN {
            self.seen_scan = true;
            coded = &self.bytes[self.at..self.at + coded_length(&self.bytes[self.at..])];
            self.at += coded.len();
        }
        Ok(Some(Segment {
            marker,
            body,
            coded,
            until: self.at,
        }))
    }

    /// The next marker that starts a segment or ends the picture; stray bytes and fill bytes before it are passed over, as
    /// every decoder does.
    fn marker(&mut self) -> Option<u8> {
        loop {
            self.at += memchr(0xff, self.bytes.get(self.at..)?)? + 1;
            let marker = *self.bytes.get(self.at)?;
            if !matches!(marker, 0x00 | 0x01 | 0xd0..=0xd7 | 0xff) {
                self.at += 1;
                return Some(marker);
            }
        }
    }

    /// After a scan, whether the picture is whole is for its data to say.
    fn stop_unmarked(&mut self) -> Result<Option<Segment<'b>>, ImageError> {
        if !self.seen_scan {
            return Err(ImageError::Truncated);
        }
        self.end = Some(End::Unmarked);
        Ok(None)
    }
}

/// Up to the first marker that is no restart. Within a scan's data 0xFF is followed by 0x00.
fn coded_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr(0xff, rest)) {
        let marker = at + found;
        at = marker + 1;
        while bytes.get(at) == Some(&0xff) {
            at += 1;
        }
        match bytes.get(at) {
            Some(0x00 | 0xd0..=0xd7) => at += 1,
            _ => return marker,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marker, start and end of each segment, and how the file ends.
    type All = (Vec<(u8, usize, usize)>, End);

    fn all(bytes: &[u8]) -> Result<All, ImageError> {
        let mut segments = Segments::of(bytes);
        let mut found = Vec::new();
        while let Some(s) = segments.next()? {
            found.push((s.marker, s.body.len(), s.coded.len()));
        }
        Ok((found, segments.end()))
    }

    #[test]
    fn fills_and_stray_bytes_are_passed_over_and_what_follows_the_end_is_not_read() {
        let file = [
            &[0xff, 0xd8, 0xff, 0xff, 0xe0, 0, 4, 1, 2, 7, 7][..],
            &[0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd3, 3],
            &[0xff, 0xff, 0xd9, 0xff, 0xe1, 0],
        ]
        .concat();
        assert_eq!(
            all(&file),
            Ok((vec![(0xe0, 2, 0), (0xda, 0, 7)], End::Marked))
        );
    }

    #[test]
    fn a_file_may_stop_after_its_scan_but_not_before() {
        assert_eq!(
            all(&[0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 2, 0xff]),
            Ok((vec![(0xda, 0, 2)], End::Unmarked))
        );
        assert_eq!(
            all(&[0xff, 0xd8, 0xff, 0xe0, 0, 9]),
            Err(ImageError::Truncated)
        );
        assert_eq!(all(&[0xff, 0xd8]), Err(ImageError::Truncated));
    }

    #[test]
    fn thousands_of_segments_are_refused() {
        let mut file = vec![0xff, 0xd8];
        for _ in 0..MOST_SEGMENTS + 1 {
            file.extend([0xff, 0xfe, 0, 2]);
        }
        assert!(matches!(all(&file), Err(ImageError::TooComplex(_))));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_the_walk(bytes in proptest::collection::vec(0u8.., 0..300)) {
            let file = [&[0xff, 0xd8][..], &bytes].concat();
            if let Ok((found, _)) = all(&file) {
                let read: usize = found.iter().map(|(_, body, coded)| 4 + body + coded).sum();
                proptest::prop_assert!(read + 2 <= file.len());
            }
        }
    }
}
