use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

fn key() -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
}

fn entry(name: &str, value: &str) -> Entry {
    Entry {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn receipt() -> Receipt {
    Receipt {
        reference: "R-2026-000017".to_owned(),
        issued_at: at("2026-11-26T21:04:05Z"),
        partner: "Example Bank".to_owned(),
        environment: Environment::Production,
        job_id: "job-1".to_owned(),
        user_id: "user-1".to_owned(),
        product: "Enhanced KYC and SmartSelfie".to_owned(),
        asked: Some(Asked {
            country: "NG".to_owned(),
            id_type: "NIN".to_owned(),
            number: Some(MaskedNumber::of("12345678901")),
            authority: None,
            answered_at: None,
        }),
        outcome: Outcome {
            code: "1020".to_owned(),
            text: "Exact match".to_owned(),
        },
        checks: vec![
            entry("Selfie and record", "Passed"),
            entry("Liveness", "Passed"),
        ],
        matched: vec![
            entry("Names", "exact"),
            entry("Date of birth", "not provided"),
        ],
        consent: Some(Consent {
            granted_at: at("2026-11-26T21:00:00Z"),
            by: "The mobile application".to_owned(),
            purpose: Some("Opening an account".to_owned()),
        }),
        digests: Digests {
            engine: vec![entry("SFace", &"ab".repeat(32))],
            policy: Some("cd".repeat(32)),
        },
    }
}

fn signed() -> (SignedReceipt, SigningKey) {
    let key = key();
    (receipt().sign(&key).unwrap(), key)
}

/// A key that is always the same, for what is kept as a snapshot: the one of RFC 8032's first test.
fn known_key() -> SigningKey {
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let byte = |text: &str, at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    let bytes = |text: &str| (0..32).map(|at| byte(text, at)).collect::<Vec<u8>>();
    let head = b"\x30\x51\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    let pkcs8 = [&head[..], &bytes(seed), b"\x81\x21\x00", &bytes(public)].concat();
    SigningKey::from_pkcs8(&pkcs8).unwrap()
}

#[test]
fn the_page_as_it_is() {
    insta::assert_snapshot!(receipt().sign(&known_key()).unwrap().to_html());
}

#[test]
fn what_is_signed_is_read_back_from_every_form() {
    let (signed, key) = signed();
    let keys = [*self::key().public(), *key.public()];
    for file in [
        signed.to_text().into_bytes(),
        signed.token().as_bytes().to_vec(),
        signed.to_html().into_bytes(),
        signed.to_pdf(),
        signed.to_text().replace('\n', "\r\n  ").into_bytes(),
    ] {
        assert_eq!(SignedReceipt::verify(&file, &keys).as_ref(), Ok(&signed));
    }
    assert_eq!(signed.receipt(), &receipt());
    assert_eq!(signed.key(), key.public());
}

#[test]
fn what_is_not_signed_is_told_from_what_is() {
    use VerifyError::{Damaged, Forged, None, OtherVersion, Several, UnknownKey};
    let (signed, key) = signed();
    let keys = [*key.public()];
    let verify = |file: &str| SignedReceipt::verify(file.as_bytes(), &keys).unwrap_err();
    assert_eq!(verify(""), None);
    assert_eq!(verify("<html>hello</html>"), None);
    assert_eq!(verify(&signed.to_text().repeat(2)), Several);
    assert_eq!(verify("-----BEGIN SELFSAME RECEIPT-----\nabc"), Damaged);
    assert_eq!(verify("abc.def"), Damaged);
    assert_eq!(
        verify(&signed.to_text().replace("-----END", "<b>\n-----END")),
        Damaged
    );
    let other = self::key();
    let foreign = receipt().sign(&other).unwrap();
    let fingerprint = other.public().fingerprint();
    assert_eq!(verify(foreign.token()), UnknownKey(fingerprint));
    // The head of one receipt and the body of another.
    let mut changed = receipt();
    changed.outcome.code = "1022".to_owned();
    let changed = changed.sign(&other).unwrap();
    let part = |of: &SignedReceipt, at: usize| of.token().split('.').nth(at).unwrap().to_owned();
    let mixed = [part(&signed, 0), part(&changed, 1), part(&signed, 2)].join(".");
    assert_eq!(verify(&mixed), Forged);
    let bare = [part(&signed, 0), part(&signed, 1), String::new()].join(".");
    assert_eq!(verify(&bare), Forged);
    // `none` and other kinds of signature are not read.
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let head = format!(
        r#"{{"alg":"none","kid":"{}","typ":"selfsame-receipt+jws"}}"#,
        key.public().fingerprint()
    );
    let none = [base64.encode(head), part(&signed, 1), String::new()].join(".");
    assert_eq!(verify(&none), Damaged);
    // Signed by the right key, but another thing.
    let message = format!("{}.{}", part(&signed, 0), base64.encode("{}"));
    let token = format!("{message}.{}", base64.encode(key.sign(message.as_bytes())));
    assert_eq!(verify(&token), OtherVersion);
}

#[test]
fn hostile_text_stays_text() {
    let mut hostile = receipt();
    hostile.partner = "</title><script>alert(1)</script>&\"'".to_owned();
    hostile
        .checks
        .push(entry("<img src=x onerror=y>", "\u{202e}dessaP) Tj (x"));
    let signed = hostile.clone().sign(&key()).unwrap();
    let page = signed.to_html();
    assert!(
        !page.contains("<script") && !page.contains("<img"),
        "{page}"
    );
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;"));
    assert!(!page.contains('\u{202e}') && page.contains("\u{fffd}dessaP"));
    let shown = texts(&signed.to_pdf());
    assert!(
        shown.contains("</title><script>alert(1)</script>&\"'"),
        "{shown}"
    );
    assert!(shown.contains("?dessaP) Tj (x"), "{shown}");
    assert!(shown.contains("are shown as ?"), "{shown}");
    assert_eq!(
        signed.receipt(),
        &hostile,
        "what is signed is what was said"
    );
}

#[test]
fn a_name_cannot_hide_the_signed_text() {
    let mut hostile = receipt();
    hostile.partner = "-----BEGIN SELFSAME RECEIPT-----".to_owned();
    hostile.user_id = "-----END SELFSAME RECEIPT-----".to_owned();
    let key = key();
    let signed = hostile.sign(&key).unwrap();
    for file in [signed.to_html().into_bytes(), signed.to_pdf()] {
        let read = SignedReceipt::verify(&file, &[*key.public()]);
        assert_eq!(read.as_ref(), Ok(&signed));
    }
}

#[test]
fn the_sandbox_says_so() {
    let mut tried = receipt();
    tried.environment = Environment::Sandbox;
    let tried = tried.sign(&key()).unwrap();
    let (real, _) = signed();
    for (says, file) in [
        (true, tried.to_html()),
        (true, texts(&tried.to_pdf())),
        (false, real.to_html()),
        (false, texts(&real.to_pdf())),
    ] {
        assert_eq!(file.contains("nobody was checked"), says);
    }
}

#[test]
fn the_policy_allows_the_pages_style_and_nothing_else() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let page = signed().0.to_html();
    let style = page.split("<style>").nth(1).unwrap();
    let style = style.split("</style>").next().unwrap();
    let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    let policy = content_security_policy();
    assert!(
        policy.contains(&format!("style-src 'sha256-{digest}'")),
        "{policy}"
    );
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(
        !page.contains(" style=") && !page.contains("http"),
        "{page}"
    );
}

#[test]
fn what_is_too_long_is_refused_by_name() {
    let sign = |change: fn(&mut Receipt)| {
        let mut changed = receipt();
        change(&mut changed);
        changed.sign(&known_key()).map(|_| ())
    };
    assert_eq!(
        sign(|r| r.partner = "x".repeat(MAX_TEXT + 1)),
        Err(Unfit::TooLong("partner"))
    );
    assert_eq!(sign(|r| r.partner = "é".repeat(MAX_TEXT)), Ok(()));
    assert_eq!(
        sign(|r| r.checks = vec![entry("a", "b"); MAX_ENTRIES + 1]),
        Err(Unfit::TooMany("checks"))
    );
    assert_eq!(
        sign(|r| r.matched = vec![entry("a", &"b".repeat(MAX_TEXT + 1))]),
        Err(Unfit::TooLong("matched"))
    );
    assert_eq!(
        sign(|r| r.reference = " ".to_owned()),
        Err(Unfit::Empty("reference"))
    );
}

#[test]
fn a_long_receipt_takes_several_pages_and_loses_nothing() {
    let mut long = receipt();
    long.checks = (0..MAX_ENTRIES)
        .map(|at| entry(&format!("Check {at:03}"), &"word ".repeat(100)))
        .collect();
    let long = long.sign(&key()).unwrap();
    let pdf = long.to_pdf();
    let shown = texts(&pdf);
    let pages = objects(&pdf);
    let pages = pages.iter().filter(|o| o.contains("/Type /Page\n")).count();
    assert!(pages > 10, "{pages}");
    assert!(
        shown.contains(&format!("page {pages} of {pages}")),
        "{shown}"
    );
    assert!((0..MAX_ENTRIES).all(|at| shown.contains(&format!("Check {at:03}"))));
    assert_eq!(shown.matches("word").count(), 100 * MAX_ENTRIES);
}

#[test]
fn the_pdf_shows_all_that_the_receipt_says() {
    let (signed, _) = signed();
    let pdf = signed.to_pdf();
    let shown = texts(&pdf);
    for text in [
        "R-2026-000017",
        "2026-11-26 21:04:05 UTC",
        "Example Bank",
        "•8901",
        "Exact match",
        "not provided",
        "Opening an account",
        &signed.key().fingerprint(),
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(!shown.contains("345678901"));
    let lines = shown.lines().filter(|line| !line.contains(", page "));
    let token: String = lines.collect();
    assert!(
        token.contains(signed.token()),
        "the signature can be typed off"
    );
}

/// The bytes of every object, found by the table at the file's end: a file whose table is wrong fails here.
fn objects(pdf: &[u8]) -> Vec<String> {
    // One character a byte.
    let text: String = pdf.iter().map(|byte| char::from(*byte)).collect();
    let bytes: Vec<char> = text.chars().collect();
    let from = |at: usize| bytes[at..].iter().collect::<String>();
    let table = text.rsplit("startxref\n").next().unwrap();
    let table = from(table.lines().next().unwrap().parse().unwrap());
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("xref"));
    let (first, count) = lines.next().unwrap().split_once(' ').unwrap();
    assert_eq!(first, "0");
    let mut found = Vec::new();
    for number in 0..count.parse().unwrap() {
        let line = lines.next().unwrap();
        if number == 0 {
            continue;
        }
        assert!(line.contains(" n"), "{line}");
        let object = from(line[..10].parse().unwrap());
        assert!(object.starts_with(&format!("{number} 0 obj\n")), "{object}");
        found.push(object.split_once("\nendobj").unwrap().0.to_owned());
    }
    assert!(table.contains("/Root 1 0 R"), "{table}");
    found
}

/// The texts that the pages show, a line each.
fn texts(pdf: &[u8]) -> String {
    let mut shown = String::new();
    for object in objects(pdf)
        .iter()
        .filter(|object| object.contains("\nBT\n"))
    {
        for line in object.lines().filter_map(|line| line.strip_suffix(" Tj")) {
            let codes: Vec<u8> = if let Some(hex) = line.strip_prefix('<') {
                let hex = hex.strip_suffix('>').unwrap();
                let pair = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
                (0..hex.len()).step_by(2).map(pair).collect()
            } else {
                let inner = line.strip_prefix('(').unwrap().strip_suffix(')').unwrap();
                let mut codes = Vec::new();
                let mut escaped = false;
                for c in inner.chars() {
                    if c == '\\' && !escaped {
                        escaped = true;
                        continue;
                    }
                    escaped = false;
                    codes.push(u8::try_from(u32::from(c)).unwrap());
                }
                codes
            };
            let text = codes.iter().map(|code| match code {
                0x95 => '•',
                0x96 => '–',
                code => char::from(*code),
            });
            shown.extend(text);
            shown.push('\n');
        }
    }
    shown
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_signed_shown_and_read_back(
        partner in any::<String>(),
        name in "\\PC{0,80}",
        value in any::<String>(),
    ) {
        let mut any = receipt();
        any.partner = partner.chars().take(MAX_TEXT).collect();
        any.checks.push(entry(&name, &value.chars().take(MAX_TEXT).collect::<String>()));
        let key = known_key();
        let signed = any.sign(&key).unwrap();
        let keys = [*key.public()];
        for file in [signed.to_html().into_bytes(), signed.to_pdf()] {
            let read = SignedReceipt::verify(&file, &keys);
            prop_assert_eq!(read.as_ref(), Ok(&signed));
        }
        objects(&signed.to_pdf());
    }

    #[test]
    fn a_changed_character_is_noticed(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9._-]") {
        let key = known_key();
        let signed = receipt().sign(&key).unwrap();
        let at = at.index(signed.token().len());
        let mut token = signed.token().to_owned();
        token.replace_range(at..=at, &to);
        let read = SignedReceipt::verify(token.as_bytes(), &[*key.public()]);
        prop_assert_eq!(read.is_ok(), token == signed.token());
    }

    #[test]
    fn any_file_is_verified_or_refused(file in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(SignedReceipt::verify(&file, &[*known_key().public()]).is_err());
    }
}
