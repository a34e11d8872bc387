//! Text of strangers, made fit to be shown.

/// The end of either line that frames a signed text.
const FRAME: &str = "SELFSAME RECEIPT-";

/// Text without what is not seen, or turns what is around it: control characters, marks of direction, joiners and the like become
/// U+FFFD. Space of any kind becomes one plain space each. What frames a signed text does so no more.
pub(crate) fn shown(text: &str) -> String {
    let seen: String = text
        .chars()
        .map(|c| match c {
            c if c.is_whitespace() => ' ',
            c if c.is_control() => '\u{fffd}',
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
            c => c,
        })
        .collect();
    seen.replace(FRAME, "SELFSAME RECEIPT ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_marked() {
        assert_eq!(
            shown("Bank\u{202e}evil\u{0}\r\nAda"),
            "Bank\u{fffd}evil\u{fffd}  Ada"
        );
        assert_eq!(shown("Ọláńrewájú አበበ محمد"), "Ọláńrewájú አበበ محمد");
    }
}
