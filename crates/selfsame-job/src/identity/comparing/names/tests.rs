use proptest::prelude::*;

use super::*;
use FieldMatch::{Exact, NoMatch, NotDone, NotProvided, Partial, Transposed};

/// First, middle and last name, divided by `|`.
fn fields(text: &str) -> [Option<String>; 3] {
    let mut fields = text
        .split('|')
        .map(|t| Some(t.to_owned()).filter(|t| !t.is_empty()));
    [(); 3].map(|()| fields.next().flatten())
}

fn given(text: &str) -> IdInfo {
    let [first_name, middle_name, last_name] = fields(text);
    IdInfo {
        first_name,
        middle_name,
        last_name,
        ..IdInfo::default()
    }
}

fn record(text: &str) -> IdentityRecord {
    let [first_name, middle_name, last_name] = fields(text);
    IdentityRecord {
        first_name,
        middle_name,
        last_name,
        ..IdentityRecord::default()
    }
}

fn whole(text: &str) -> IdentityRecord {
    IdentityRecord {
        full_name: Some(text.to_owned()),
        ..IdentityRecord::default()
    }
}

#[test]
fn names_are_compared_as_people_write_them() {
    for (said, known, expected) in [
        ("Joe||Leo", "JOE||LEO", Exact),
        ("José María||Núñez", "Jose|Maria|Nunez", Exact),
        ("Jean-Pierre||N'Golo", "Jean Pierre||NGolo", Exact),
        ("Abdul Rahman||Bello", "Abdulrahman||Bello", Exact),
        ("Abdulrahman||Bello", "ABDUL-RAHMAN||BELLO", Exact),
        ("Dr. Joe||Leo", "Joe||Leo", Exact),
        ("Mr||Leo", "Mr||Leo", Exact),
        ("አበበ||ቢቂላ", "አበበ||ቢቂላ", Exact),
        ("مُحَمَّد||علي", "محمد||علي", Exact),
        // Order and fields.
        ("Leo||Joe", "Joe||Leo", Transposed),
        ("Joe Leo||", "Joe||Leo", Transposed),
        ("Doe|Joe|Leo", "Joe|Doe|Leo", Transposed),
        // Left out, or shortened.
        ("Joe||Leo", "Joe|Doe|Leo", Partial),
        ("Joe|D.|Leo", "Joe|Doe|Leo", Partial),
        ("J||Leo", "Joe||Leo", Partial),
        ("Joe||Leo", "Joe||Leo-Smith", Partial),
        ("||Leo", "Joe||Leo", Partial),
        // Spelt otherwise.
        ("Mohamed||Salah", "Mohammed||Salah", Partial),
        ("Chidinma||Okeke", "Chidnima||Okeke", Partial),
        // The middle name only differs.
        ("Joe|Ali|Leo", "Joe|Doe|Leo", Partial),
        // Others.
        ("Joe||Leo", "Joe||Smith", NoMatch),
        ("Ada||Leo", "Ama||Leo", NoMatch),
        ("Oluwaseun||Ade", "Oluwaseyi||Ade", NoMatch),
        ("Hassan||Kassan", "Bassan||Kassan", NoMatch),
        ("J||L", "Joe||Leo", NoMatch),
        ("J||Smith", "J||Leo", NoMatch),
        ("Ann|B|Cole", "Bea|C|Adu", NoMatch),
        ("Amina||Bello", "Joe||Leo", NoMatch),
        ("||Leo", "Joe||Smith", NoMatch),
        ("አበበ||ቢቂላ", "Abebe||Bikila", NoMatch),
        // Absent.
        ("||", "Joe||Leo", NotProvided),
        ("-||.", "Joe||Leo", NotProvided),
        ("Joe||Leo", "||", NotDone),
    ] {
        assert_eq!(
            compare(&given(said), &record(known)),
            expected,
            "{said} / {known}"
        );
    }
}

#[test]
fn a_record_may_keep_the_name_in_one_field() {
    for (said, known, expected) in [
        ("Joe||Leo", "Joe Leo", Exact),
        ("Joe||Leo", "LEO, Joe", Exact),
        ("Joe|Doe|Leo", "Joe Doe Leo", Exact),
        ("Joe||Leo", "Mr Joe Leo", Exact),
        ("Abdul Rahman||Bello", "Abdulrahman Bello", Exact),
        ("Joe||Leo", "Leo Joe", Transposed),
        ("Joe||Leo", "Joe Doe Leo", Partial),
        ("Joe|Ali|Leo", "Joe Doe Leo", Partial),
        ("Joe||Leo Smith", "Joe Ali Leo Smith", Partial),
        ("Joe||Smith", "Joe Leo", NoMatch),
        ("Joel||Eo", "Joe Leo", NoMatch),
    ] {
        assert_eq!(
            compare(&given(said), &whole(known)),
            expected,
            "{said} / {known}"
        );
    }
    // Both are there: the fields count, for they tell which is which.
    let both = IdentityRecord {
        full_name: Some("LEO JOE".to_owned()),
        ..record("Joe||Leo")
    };
    assert_eq!(compare(&given("Joe||Leo"), &both), Exact);
    let half = IdentityRecord {
        full_name: Some("Joe Leo".to_owned()),
        ..record("||Leo")
    };
    assert_eq!(compare(&given("Joe||Leo"), &half), Exact);
}

#[test]
fn texts_longer_than_a_name_are_none() {
    let long = "ab ".repeat(100);
    assert_eq!(compare(&given(&long), &record("Joe||Leo")), NoMatch);
    assert_eq!(compare(&given("Joe||Leo"), &record(&long)), NotDone);
}

#[test]
fn many_short_parts_are_answered() {
    // Each is an initial of all others: the most pairs that there can be to try.
    let (said, known) = ("a ".repeat(120), "ab ".repeat(80));
    let of = |text: &str| format!("{text}|{text}|{text}");
    assert_eq!(compare(&given(&of(&said)), &record(&of(&known))), NoMatch);
    assert_eq!(compare(&given(&of(&said)), &record(&of(&said))), Exact);
    let (said, known) = ("a ".repeat(23), "ab ".repeat(22));
    assert_eq!(
        compare(
            &given(&format!("{said}|| x")),
            &record(&format!("{known}||y"))
        ),
        NoMatch
    );
}

/// Words of few letters, so that like ones meet.
fn name() -> impl Strategy<Value = String> {
    let word = prop_oneof!["[ab]{1,2}", "[ab]{5,6}", "Joe|Leo|Dr|Mr|Mohamed|Mohammed|É"];
    let field = prop::collection::vec(word, 0..4).prop_map(|words| words.join(" "));
    prop::collection::vec(field, 3).prop_map(|fields| fields.join("|"))
}

proptest! {
    #[test]
    fn no_text_panics(a in "\\PC{0,80}", b in "\\PC{0,80}", c in "\\PC{0,80}") {
        compare(&given(&format!("{a}|{b}|{c}")), &record(&format!("{c}|{a}|{b}")));
        compare(&given(&format!("{a}|{b}|{c}")), &whole(&c));
    }

    #[test]
    fn a_name_is_its_own(text in prop_oneof![name(), "\\PC{0,60}\\|\\PC{0,60}\\|\\PC{0,60}"]) {
        let read: Option<Vec<Vec<String>>> = fields(&text).iter().flatten().map(|field| words(field)).collect();
        let expected = match read {
            Some(fields) if fields.concat().is_empty() => NotProvided,
            Some(_) => Exact,
            // Too long.
            None => NotDone,
        };
        prop_assert_eq!(compare(&given(&text), &record(&text)), expected);
    }

    #[test]
    fn both_orders_are_alike(a in name(), b in name()) {
        let (there, back) = (compare(&given(&a), &record(&b)), compare(&given(&b), &record(&a)));
        if !matches!(there, NotProvided | NotDone) && !matches!(back, NotProvided | NotDone) {
            prop_assert_eq!(there, back);
        }
    }

    #[test]
    fn case_and_accents_never_matter(text in "[a-zé]{1,8}\\|[a-zé]{0,8}\\|[a-zé]{1,8}") {
        let shouted = text.to_uppercase().replace('É', "E");
        prop_assert_eq!(compare(&given(&text), &record(&shouted)), Exact);
    }

    #[test]
    fn an_exact_match_has_the_same_letters(a in name(), b in name()) {
        let letters = |text: &str| text.split('|').filter_map(words).flatten().collect::<String>();
        let plain = |text: &str| !text.contains("Dr") && !text.contains("Mr");
        if plain(&a) && plain(&b) && compare(&given(&a), &record(&b)) == Exact {
            prop_assert_eq!(letters(&a), letters(&b));
        }
    }
}
