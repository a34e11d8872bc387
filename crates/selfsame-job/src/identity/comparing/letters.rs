//! Texts as they are compared: without what people leave out or write otherwise and mean the same.

use unicode_normalization::UnicodeNormalization as _;

/// The longest text that is compared, in bytes: the wire's fields are no longer, and records are held to it.
const MAX_BYTES: usize = 256;
/// The longest text after decomposition: a single ligature may become eighteen letters.
const MAX_FOLDED_BYTES: usize = 2 * MAX_BYTES;

/// The words of a text: small letters without accents, apostrophes and what Arabic may leave out; divided at spaces, hyphens and other
/// punctuation. Letters of other scripts stay as they are. `None`: the text is too long to be a name.
pub(super) fn words(text: &str) -> Option<Vec<String>> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut folded = String::with_capacity(text.len());
    let shown = text.chars().filter(|c| !is_apostrophe(*c));
    for c in shown
        .nfkd()
        .filter(|c| !is_apostrophe(*c) && !is_left_out(*c))
    {
        for small in c.to_lowercase() {
            match plain(small) {
                Some(letters) => folded.push_str(letters),
                None if divides(small) => folded.push(' '),
                None => folded.push(small),
            }
        }
    }
    (folded.len() <= MAX_FOLDED_BYTES).then(|| {
        folded
            .split(' ')
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect()
    })
}

/// `N'Golo`, written with whatever a keyboard has.
fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '´' | '‘' | '’' | '‛' | '′' | 'ʻ' | 'ʼ' | 'ʹ' | '＇'
    )
}

/// Accents, once a letter is decomposed; Arabic's short vowels and stretching; characters without width.
fn is_left_out(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{652}' | '\u{640}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn divides(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || c.is_ascii_punctuation()
        || matches!(c, '‐'..='―' | '−' | '·' | '،' | '፡')
}

/// Letters that no decomposition makes plain, as passports and people write them where a keyboard lacks them.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' | 'ɔ' => "o",
        'ɛ' | 'ǝ' | 'ə' => "e",
        'đ' | 'ð' | 'ɗ' | 'ɖ' => "d",
        'ɓ' => "b",
        'ƈ' => "c",
        'ƒ' => "f",
        'ɣ' => "g",
        'ħ' => "h",
        'ı' => "i",
        'ƙ' => "k",
        'ł' => "l",
        'ŋ' | 'ɲ' => "n",
        'þ' => "th",
        'ŧ' | 'ƭ' => "t",
        'ʋ' => "v",
        'ƴ' => "y",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        words(text).unwrap().join(" ")
    }

    #[test]
    fn what_people_leave_out_is_left_out() {
        for (text, expected) in [
            ("  José   MARÍA ", "jose maria"),
            ("Jean-Pierre", "jean pierre"),
            ("N'Golo N’Golo N´Golo", "ngolo ngolo ngolo"),
            ("O.K. Smith,Jr", "o k smith jr"),
            ("İbrahim Işık", "ibrahim isik"),
            ("Straße STRAẞE", "strasse strasse"),
            ("Ɓala Ɗan ƙwari", "bala dan kwari"),
            ("Akɔsua Ŋutsu", "akosua nutsu"),
            ("Ｊｏｅ", "joe"),
            ("Joe\u{200b}", "joe"),
            ("مُحَمَّد", "محمد"),
            ("አበበ፡ቢቂላ", "አበበ ቢቂላ"),
            ("ΝΙΚΟΣ Νίκος", "νικοσ νικοσ"),
            ("李 小龙", "李 小龙"),
            ("- ' .", ""),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_is_no_name() {
        assert!(words(&"a".repeat(MAX_BYTES)).is_some());
        assert!(words(&"a".repeat(MAX_BYTES + 1)).is_none());
        // Eighteen letters each.
        assert!(words(&"ﷺ".repeat(80)).is_none());
    }
}
