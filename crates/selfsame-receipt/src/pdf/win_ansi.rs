//! The encoding of the fonts that every reader of PDF has: western Europe's letters, and some signs.

/// What the codes from 0x80 to 0x9f stand for; a space where there is nothing.
const SIGNS: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/// The text's codes, and whether all of it could be had. What could not is `?`.
pub(super) fn encode(text: &str) -> (Vec<u8>, bool) {
    let mut whole = true;
    let mut codes = Vec::with_capacity(text.len());
    for c in text.chars() {
        let code = match c {
            ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}' => {
                u8::try_from(u32::from(c)).ok()
            }
            '\u{a0}' => Some(b' '),
            _ => SIGNS
                .chars()
                .position(|sign| sign == c && c != ' ')
                .and_then(|at| u8::try_from(0x80 + at).ok()),
        };
        whole &= code.is_some();
        codes.push(code.unwrap_or(b'?'));
    }
    (codes, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_western_europe_are_there_and_others_are_marked() {
        assert_eq!(encode("Zoë–1"), (b"Zo\xeb\x961".to_vec(), true));
        assert_eq!(encode("€Ÿ•š"), (vec![0x80, 0x9f, 0x95, 0x9a], true));
        assert_eq!(encode("Ọlá አ\n"), (b"?l\xe1 ??".to_vec(), false));
    }
}
