use super::*;

fn given(json: &str) -> IdInfo {
    IdInfo::parse(json.as_bytes(), "").unwrap()
}

#[test]
fn every_field_is_compared_with_its_own() {
    let record = IdentityRecord {
        first_name: Some("Joe".to_owned()),
        last_name: Some("Leo".to_owned()),
        date_of_birth: Some("2000-09-20".to_owned()),
        gender: Some("M".to_owned()),
        phone_number: Some("08011111111".to_owned()),
        phone_number_2: Some("+2348031234567".to_owned()),
        ..IdentityRecord::default()
    };
    let said = given(
        r#"{"country":"NG","first_name":"Leo","last_name":"Joe","dob":"20/09/2000","gender":"f","phone_number":"08031234567"}"#,
    );
    let matches = FieldMatches::compare(&said, &record);
    assert_eq!(
        matches,
        FieldMatches {
            names: FieldMatch::Transposed,
            dob: FieldMatch::Exact,
            gender: FieldMatch::NoMatch,
            phone_number: FieldMatch::Exact,
        }
    );
    assert_eq!(matches.code().code(), "1021");
    let all = given(
        r#"{"country":"NG","first_name":"Joe","last_name":"Leo","year":"2000","month":"9","day":"20","gender":"Male"}"#,
    );
    assert_eq!(FieldMatches::compare(&all, &record).code().code(), "1020");
}

#[test]
fn the_nearer_of_two_telephone_numbers_counts() {
    let known = |one: &str, two: &str| IdentityRecord {
        phone_number: Some(one.to_owned()),
        phone_number_2: Some(two.to_owned()),
        ..IdentityRecord::default()
    };
    let said = given(r#"{"country":"NG","phone_number":"08031234567"}"#);
    let compared = |one, two| FieldMatches::compare(&said, &known(one, two)).phone_number;
    assert_eq!(compared("0803*******", "08031234567"), FieldMatch::Exact);
    assert_eq!(compared("0803*******", "08031234568"), FieldMatch::NoMatch);
    assert_eq!(compared("", ""), FieldMatch::NotDone);
    let nothing = FieldMatches::compare(&IdInfo::default(), &known("08031234567", ""));
    assert_eq!(nothing.phone_number, FieldMatch::NotProvided);
}
