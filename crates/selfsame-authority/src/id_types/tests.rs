use selfsame_wire::id_info::{IdInfo, IdNumber};

use super::*;

fn query(country: &str, id_type: &str, number: &str, more: &[(&str, &str)]) -> IdentityQuery {
    let mut json = serde_json::json!({"country": country, "id_type": id_type, "id_number": number});
    for (name, text) in more {
        json[*name] = (*text).into();
    }
    IdentityQuery::new(&IdInfo::parse(json.to_string().as_bytes(), "").unwrap()).unwrap()
}

fn rule<'t>(types: &'t IdTypes, country: &str, id_type: &str) -> &'t IdTypeRule {
    types
        .get(
            Country::new(country).unwrap(),
            &IdType::new(id_type).unwrap(),
        )
        .unwrap()
}

fn number(text: &str) -> IdNumber {
    IdNumber::new(text).unwrap()
}

#[test]
fn the_table_is_the_documented_one() {
    let types = IdTypes::built_in();
    let rows: Vec<String> = types
        .iter()
        .map(|rule| {
            let products: Vec<&str> = rule.products.iter().map(|p| p.name()).collect();
            format!(
                "{} {} {} [{}] {} {}{}{}",
                rule.country,
                rule.id_type,
                rule.pattern.as_str(),
                rule.required.join(","),
                rule.test_number.as_deref().unwrap_or("-"),
                products.join(","),
                if rule.has_photo { " photo" } else { "" },
                if rule.consent { " consent" } else { "" },
            )
        })
        .collect();
    insta::assert_json_snapshot!(rows);
}

#[test]
fn every_name_is_translated_or_the_same_in_each_language() {
    let types = IdTypes::built_in();
    let own = [
        "BVN",
        "CAC",
        "KRA PIN",
        "NIN",
        "SSNIT",
        "TIN",
        "TPIN",
        "Virtual NIN",
    ];
    for rule in types.iter() {
        let english = types.label(rule, Locale::En);
        let arabic = types.label(rule, Locale::Ar);
        assert!(arabic != english || own.contains(&english), "{english}");
        assert_ne!(
            types.country_name(rule.country, Locale::Ar),
            rule.country.as_str()
        );
    }
    let nigeria = Country::new("NG").unwrap();
    assert_eq!(types.country_name(nigeria, Locale::Fr), "Nigéria");
    assert_eq!(
        types.country_name(Country::new("XX").unwrap(), Locale::Fr),
        "XX"
    );
}

#[test]
fn types_without_a_photograph_are_no_biometric_ones() {
    for rule in IdTypes::built_in().iter() {
        let name = format!("{} {}", rule.country, rule.id_type);
        if rule.id_type.as_str().ends_with("_NO_PHOTO") {
            assert!(!rule.has_photo, "{name}");
        }
        let biometric = rule.products.contains(&Product::BiometricKyc);
        // The public list names it all the same.
        if biometric && name != "KE NATIONAL_ID_NO_PHOTO" {
            assert!(rule.has_photo, "{name}");
        }
    }
}

#[test]
fn a_number_fits_its_type_or_the_error_says_how_it_should_look() {
    let types = IdTypes::built_in();
    let ok = |query: &IdentityQuery| types.check(query).map(|rule| rule.id_type.to_string());
    assert_eq!(
        ok(&query("NG", "NIN", "12345678901", &[])),
        Ok("NIN".to_owned())
    );
    assert_eq!(
        ok(&query("GH", "GHANA_CARD", "gha-123456789-0", &[])),
        Ok("GHANA_CARD".to_owned())
    );
    assert_eq!(ok(&query("NG", "SSNIT", "1", &[])), Err(Unfit::UnknownType));
    for wrong in [
        "1234567890",
        "123456789012",
        "1234567890a",
        "１２３４５６７８９０１",
    ] {
        let error = ok(&query("NG", "NIN", wrong, &[])).unwrap_err();
        assert!(
            matches!(&error, Unfit::Malformed(text) if text.contains("NIN") && text.contains("{11}"))
        );
        assert!(!error.to_string().contains(wrong));
    }
}

#[test]
fn a_type_names_the_first_field_that_it_misses() {
    let types = IdTypes::built_in();
    let missing = |id_type: &str, number: &str, more: &[(&str, &str)]| {
        types.check(&query("NG", id_type, number, more)).map(|_| ())
    };
    let passport = "A12345678";
    let name = [("first_name", "Joe"), ("last_name", "Leo")];
    assert_eq!(
        missing("PASSPORT", passport, &[]),
        Err(Unfit::Missing("first_name"))
    );
    assert_eq!(
        missing("PASSPORT", passport, &name),
        Err(Unfit::Missing("dob"))
    );
    assert_eq!(
        missing(
            "PASSPORT",
            passport,
            &[name[0], name[1], ("dob", "2000-09-20")]
        ),
        Ok(())
    );
    let parts = [
        name[0],
        name[1],
        ("day", "20"),
        ("month", "9"),
        ("year", "2000"),
    ];
    assert_eq!(missing("PASSPORT", passport, &parts), Ok(()));
    assert_eq!(
        missing("PASSPORT", passport, &parts[..4]),
        Err(Unfit::Missing("dob"))
    );
    assert_eq!(
        missing("BANK_ACCOUNT", "1234567890", &[]),
        Err(Unfit::Missing("bank_code"))
    );
    assert_eq!(
        missing("BVN_MFA", "12345678901", &[]),
        Err(Unfit::Missing("session_id"))
    );
}

#[test]
fn test_numbers_are_the_types_own_with_a_last_digit_up_to_4() {
    let types = IdTypes::built_in();
    for (id_type, given, digit) in [
        ("NIN", "00000000000", Some(0)),
        ("NIN", "00000000004", Some(4)),
        ("NIN", "00000000005", None),
        ("NIN", "10000000000", None),
        ("NIN", "0000000000", None),
        ("TIN", "00000000-0003", Some(3)),
        ("TIN", "000000000003", Some(3)),
        ("DRIVERS_LICENSE", "abc000000002", Some(2)),
        ("DRIVERS_LICENSE", "ABC-000000002", Some(2)),
        ("DRIVERS_LICENSE", "ABD000000002", None),
    ] {
        let rule = rule(&types, "NG", id_type);
        assert_eq!(rule.test_digit(&number(given)), digit, "{id_type} {given}");
        assert_eq!(rule.is_test_number(&number(given)), digit.is_some());
    }
    // Its last digit is not its last character.
    let kenyan = rule(&types, "KE", "TAX_INFORMATION");
    assert_eq!(kenyan.test_digit(&number("A000000001A")), Some(1));
    for rule in types.iter() {
        for digit in 0..=4 {
            let text = rule.test_number_ending_in(digit).unwrap();
            assert_eq!(
                rule.test_digit(&number(&text)),
                Some(digit),
                "{} {}",
                rule.country,
                rule.id_type
            );
        }
    }
}

#[test]
fn an_operators_file_adds_rows_and_replaces_whole_ones() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("id_types.toml");
    let text = r#"
        [country]
        FI = { en = "Finland" }
        [type.FI.STAFF]
        label = "Staff card"
        pattern = '^S\d{4}$'
        products = ["biometric_kyc"]
        photo = true
        [type.NG.NIN]
        label = "NIN"
        pattern = '^[0-9]{11}$'
        products = ["enhanced_kyc"]
        [bank.NG]
        "999" = "A bank"
    "#;
    std::fs::write(&path, text).unwrap();
    let types = IdTypes::with_file(&path).unwrap();
    assert_eq!(types.iter().count(), IdTypes::built_in().iter().count() + 1);
    assert!(types.check(&query("FI", "STAFF", "S1234", &[])).is_ok());
    assert_eq!(
        types.country_name(Country::new("FI").unwrap(), Locale::Ar),
        "Finland"
    );
    let nin = rule(&types, "NG", "NIN");
    assert_eq!(
        (nin.products.as_slice(), nin.test_number.as_deref()),
        (&[Product::EnhancedKyc][..], None)
    );
    assert!(!nin.has_photo && !nin.is_test_number(&number("00000000000")));
    let banks = types.banks(Country::new("NG").unwrap());
    assert_eq!(banks.first(), Some(&("999", "A bank")));
    assert!(banks.len() > 10);
    // What is built in stays as it was.
    assert!(rule(&IdTypes::built_in(), "NG", "NIN").has_photo);
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    let row = |more: &str| format!("[type.FI.STAFF]\nlabel = \"Staff\"\n{more}");
    let good = "pattern = '^S\\d{4}$'\nproducts = [\"enhanced_kyc\"]\n";
    for (text, field, problem) in [
        ("[typ]".to_owned(), "typ", "unknown field"),
        ("[type.FIN.STAFF]".to_owned(), "type.FIN", "two letters"),
        (
            "[type.FI.\"A B\"]".to_owned(),
            "type.FI.A B",
            "capitals, digits and _",
        ),
        (
            "[type.NG.NIN]\n[type.ng.NIN]".to_owned(),
            "type.ng",
            "in capitals",
        ),
        ("[type.NG.nin]".to_owned(), "type.NG.nin", "in capitals"),
        ("type = 3".to_owned(), "type", "invalid type"),
        (
            row("products = [\"enhanced_kyc\"]"),
            "type.FI.STAFF",
            "missing field `pattern`",
        ),
        (
            row("pattern = '[0-9]'"),
            "type.FI.STAFF.pattern",
            "must begin with ^",
        ),
        (row("pattern = 3"), "type.FI.STAFF.pattern", "invalid type"),
        (
            row("pattern = '^a$'\nproducts = [\"kyc\"]"),
            "type.FI.STAFF.products[0]",
            "no product",
        ),
        (
            row("pattern = '^a$'\nproducts = []"),
            "type.FI.STAFF.products",
            "one or more",
        ),
        (
            row(&format!("{good}required = [\"shoe_size\"]")),
            "type.FI.STAFF.required",
            "shoe_size",
        ),
        (
            row(&format!("{good}test_number = \"S00\"")),
            "type.FI.STAFF.test_number",
            "must hold a digit",
        ),
        (row(&format!("{good}label = \"\"")), "", "duplicate key"),
        (
            "[country]\nFI = { en = \"\" }".to_owned(),
            "country.FI.en",
            "1 to 100 bytes",
        ),
        (
            "[bank.NG]\n\"\" = \"A bank\"".to_owned(),
            "bank.NG.",
            "code of a bank",
        ),
        ("x".repeat(300_000), "", "larger than"),
    ] {
        let error = IdTypes::with(&text).unwrap_err();
        match &error {
            IdTypesError::Field { field: named, .. } => assert_eq!(named, field, "{error}"),
            _ => assert_eq!(field, "", "{error}"),
        }
        assert!(error.to_string().contains(problem), "{error}");
    }
    let missing = IdTypes::with_file(Path::new("/nowhere/id_types.toml")).unwrap_err();
    assert!(
        missing.to_string().contains("/nowhere/id_types.toml"),
        "{missing}"
    );
}

#[test]
fn a_country_is_found_by_its_code_and_by_its_name() {
    let types = IdTypes::built_in();
    let called = |name: &str| {
        types
            .country_called(name)
            .map(|country| country.to_string())
    };
    for name in ["NG", "ng", "Nigeria", " nigeria "] {
        assert_eq!(called(name).as_deref(), Some("NG"), "{name}");
    }
    assert_eq!(called("South Africa").as_deref(), Some("ZA"));
    for name in ["", "XX", "Nigerias", "FR"] {
        assert_eq!(called(name), None, "{name}");
    }
}
