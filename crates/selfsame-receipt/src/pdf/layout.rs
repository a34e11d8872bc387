//! Where each piece of text goes. All that strangers wrote is set in Courier, whose characters are of one width.

use super::{PAPER, Section, SignedReceipt, TITLE, sections, warning, win_ansi};
use crate::sections::SIGNATURE;
use crate::shown::shown;

const MARGIN: f32 = 54.0;
/// A line of text: its size, and to the next one's foot.
const SIZE: f32 = 9.5;
const STEP: f32 = 12.5;
/// The signed text's.
const FINE_SIZE: f32 = 7.0;
const FINE_STEP: f32 = 8.5;
/// Courier's width, as a part of its size.
const WIDTH: f32 = 0.6;
/// Characters of a label, and of what is beside it, in a line.
const LABEL: usize = 24;
const VALUE: usize = 58;
/// Characters of a whole line.
const LINE: usize = LABEL + 1 + VALUE;
/// What shows that a character is missing.
const NOTE: &str =
    "Characters that the fonts of this file do not have are shown as ?. The signed text has them.";

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Title,
    Label,
    Text,
}

/// Text at its place, in the encoding of the file's fonts.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) face: Face,
    pub(super) size: f32,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) text: Vec<u8>,
}

/// Fills page after page.
struct Pages {
    pages: Vec<Vec<Piece>>,
    y: f32,
    /// A character was not to be had.
    replaced: bool,
}

impl Pages {
    fn new() -> Self {
        Self {
            pages: vec![Vec::new()],
            y: PAPER.1 - MARGIN,
            replaced: false,
        }
    }

    /// Goes down, and to the next page where there is no room for `room` more.
    fn down(&mut self, step: f32, room: f32) {
        self.y -= step;
        // Below is the page's number.
        if self.y - room < MARGIN + 2.0 * STEP {
            self.pages.push(Vec::new());
            self.y = PAPER.1 - MARGIN - step;
        }
    }

    fn put(&mut self, face: Face, size: f32, column: usize, text: &str) {
        let (text, whole) = win_ansi::encode(text);
        self.replaced |= !whole;
        let piece = Piece {
            face,
            size,
            x: MARGIN + column as f32 * WIDTH * SIZE,
            y: self.y,
            text,
        };
        if let Some(page) = self.pages.last_mut() {
            page.push(piece);
        }
    }

    fn row(&mut self, label: &str, value: &str) {
        let labels = wrapped(label, LABEL);
        let values = wrapped(value, VALUE);
        for at in 0..labels.len().max(values.len()) {
            self.down(STEP, 0.0);
            if let Some(label) = labels.get(at) {
                self.put(Face::Label, SIZE, 0, label);
            }
            if let Some(value) = values.get(at) {
                self.put(Face::Text, SIZE, LABEL + 1, value);
            }
        }
    }

    fn paragraph(&mut self, face: Face, text: &str) {
        self.down(STEP / 2.0, 0.0);
        for line in wrapped(text, LINE) {
            self.down(STEP, 0.0);
            self.put(face, SIZE, 0, &line);
        }
    }

    /// Writes each page's number at its foot.
    fn numbered(mut self, reference: &str) -> Vec<Vec<Piece>> {
        let count = self.pages.len();
        let reference: String = shown(reference).chars().take(VALUE).collect();
        for (at, page) in self.pages.iter_mut().enumerate() {
            let (text, _) = win_ansi::encode(&format!("{reference}, page {} of {count}", at + 1));
            page.push(Piece {
                face: Face::Text,
                size: FINE_SIZE,
                x: MARGIN,
                y: MARGIN,
                text,
            });
        }
        self.pages
    }
}

/// All pages.
pub(super) fn pages(signed: &SignedReceipt) -> Vec<Vec<Piece>> {
    let mut pages = Pages::new();
    pages.put(Face::Title, 18.0, 0, TITLE);
    pages.down(STEP / 2.0, 0.0);
    if let Some(warning) = warning(signed) {
        pages.paragraph(Face::Label, warning);
    }
    for Section { title, rows } in sections(signed) {
        // A title is not left alone at the foot.
        pages.down(2.0 * STEP, 2.0 * STEP);
        pages.put(Face::Title, 11.0, 0, title);
        for (label, value) in rows {
            pages.row(&label, &value);
        }
    }
    pages.paragraph(Face::Text, SIGNATURE);
    pages.down(STEP / 2.0, 0.0);
    for line in signed.lines() {
        pages.down(FINE_STEP, 0.0);
        pages.put(Face::Text, FINE_SIZE, 0, line);
    }
    if pages.replaced {
        pages.paragraph(Face::Text, NOTE);
    }
    pages.numbered(&signed.receipt().reference)
}

/// Text in lines of so many characters, broken at spaces where there are any.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let mut word: &str = word;
        loop {
            let count = word.chars().count();
            let gap = usize::from(length > 0);
            if length + gap + count <= width {
                if gap > 0 {
                    line.push(' ');
                }
                line.push_str(word);
                length += gap + count;
                break;
            }
            if length > 0 {
                lines.push(std::mem::take(&mut line));
                length = 0;
                continue;
            }
            // A word longer than the line is cut.
            let at = word
                .char_indices()
                .nth(width)
                .map_or(word.len(), |(at, _)| at);
            lines.push(word[..at].to_owned());
            word = &word[at..];
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_break_at_spaces_and_within_long_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrapped("  ", 4), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_long(text in any::<String>(), width in 1usize..40) {
            let lines = wrapped(&text, width);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= width));
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&lines.concat()), bare(&text));
        }
    }
}
