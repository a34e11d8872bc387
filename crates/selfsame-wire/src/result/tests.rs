//! Whole results, field by field as the wire has them.

use serde_json::json;

use super::*;
use crate::id::UserId;
use crate::id_info::IdInfo;

#[test]
fn codes_come_back_and_are_distinct() {
    for code in ResultCode::ALL {
        assert_eq!(ResultCode::from_code(code.code()), Some(*code));
    }
    assert!(ResultCode::ReviewEnrolPass.is_success() && !ResultCode::ReviewEnrolPass.is_machine());
    assert!(!ResultCode::AuthenticateProvisional.is_final());
    assert!(!ResultCode::EnrolProvisional.is_final());
}

fn result(job_type: u8, code: ResultCode, actions: Actions, identity: IdentityPart) -> JobResult {
    let params = json!({"job_id": "j", "user_id": "u", "job_type": job_type}).to_string();
    JobResult {
        json_version: "1.0.0",
        smile_job_id: SmileJobId::new("0000000201").unwrap(),
        partner_params: PartnerParams::parse(&params).unwrap(),
        result_type: "ID Verification",
        result_text: code.text().to_owned(),
        result_code: code.code(),
        is_final_result: "true",
        is_machine_result: "true",
        confidence_value: None,
        actions,
        source: "Selfsame",
        identity,
        id_info: None,
        geo_info: None,
        evidence: RawValue::from_string("{ \"n\":1.0e2}".to_owned()).unwrap(),
    }
}

fn asked() -> AskedIdentity {
    let given = br#"{"country":"NG","id_type":"NIN","id_number":"00000000000"}"#;
    AskedIdentity::as_given(&IdInfo::parse(given, "").unwrap())
}

fn person() -> PersonalInfo {
    PersonalInfo {
        full_name: Some("Joe Leo".to_owned()),
        dob: Some("2000-09-20".to_owned()),
        gender: Some("M".to_owned()),
        photo: Some("/9j/".to_owned()),
        ..PersonalInfo::default()
    }
}

fn looked_up(action: Action) -> ActionValue {
    match action {
        Action::VerifyIdNumber => ActionValue::Verified,
        Action::ReturnPersonalInfo => ActionValue::Returned,
        _ => ActionValue::NotApplicable,
    }
}

/// Readers of selfies alone get what they always got, byte for byte.
#[test]
fn a_selfies_result_has_nothing_of_an_identity() {
    let actions = Actions::of(Listed::Face, |_| ActionValue::NotApplicable);
    let told = result(
        2,
        ResultCode::AuthenticatePass,
        actions,
        IdentityPart::default(),
    );
    insta::assert_snapshot!(serde_json::to_string(&told).unwrap());
}

#[test]
fn the_result_of_a_look_up() {
    let identity = IdentityPart {
        asked: Some(asked()),
        personal: Some(person()),
        ..IdentityPart::default()
    };
    let actions = Actions::of(Listed::Identity, looked_up);
    insta::assert_json_snapshot!(result(5, ResultCode::IdValid, actions, identity));
}

#[test]
fn the_result_of_biometric_kyc() {
    let suspect = SuspectUser {
        user_id: UserId::new("u9").unwrap(),
        reason: SuspectReason::SamePerson,
    };
    let identity = IdentityPart {
        asked: Some(asked()),
        personal: Some(person()),
        earlier_registrants: Some(EarlierRegistrants(vec![UserId::new("u9").unwrap()])),
        antifraud: Some(Antifraud::Searched(vec![suspect])),
        kyc_receipt: Some("https://example.com/receipt/2".to_owned()),
        business: None,
    };
    let actions = Actions::of(Listed::Face, |action| match action {
        Action::SelfieToIdAuthorityCompare => ActionValue::Completed,
        action => looked_up(action),
    });
    insta::assert_json_snapshot!(result(1, ResultCode::KycPass, actions, identity));
}

#[test]
fn the_result_of_a_comparison() {
    let identity = IdentityPart {
        asked: Some(asked()),
        ..IdentityPart::default()
    };
    let actions = Actions::of(Listed::Comparison, |action| match action {
        Action::Names => ActionValue::Transposed,
        Action::Dob => ActionValue::ExactMatch,
        Action::Gender => ActionValue::NotDone,
        Action::PhoneNumber => ActionValue::NotProvided,
        _ => ActionValue::PartialMatch,
    });
    insta::assert_json_snapshot!(result(5, ResultCode::FieldsMatchPartly, actions, identity));
}

#[test]
fn the_result_of_a_business() {
    let business = BusinessInfo {
        success: true,
        company_information: CompanyInformation {
            legal_name: Some("Example Ltd".to_owned()),
            registration_number: Some("0000000".to_owned()),
            ..CompanyInformation::default()
        },
        directors: vec![json!({"name": "Joe Leo"})],
        ..BusinessInfo::default()
    };
    let identity = IdentityPart {
        asked: Some(asked()),
        business: Some(business),
        ..IdentityPart::default()
    };
    let actions = Actions::of(Listed::Business, |action| match action {
        Action::VerifyBusiness => ActionValue::Verified,
        _ => ActionValue::Returned,
    });
    insta::assert_json_snapshot!(result(7, ResultCode::IdValid, actions, identity));
}

/// Every field that Android's models insist on, in sections 3 and 4 of the notes on the wire.
#[test]
fn what_the_public_clients_insist_on_is_there() {
    let identity = IdentityPart {
        asked: Some(asked()),
        personal: Some(PersonalInfo::default()),
        earlier_registrants: Some(EarlierRegistrants::default()),
        ..IdentityPart::default()
    };
    let actions = Actions::of(Listed::Identity, |_| ActionValue::NotVerified);
    let told = serde_json::to_value(result(5, ResultCode::IdNotFound, actions, identity)).unwrap();
    for name in [
        "SmileJobID",
        "PartnerParams",
        "ResultType",
        "ResultText",
        "ResultCode",
        "Actions",
        "Country",
        "IDType",
        "IDNumber",
    ] {
        assert!(!told[name].is_null(), "{name}");
    }
    assert!(told["IDNumberPreviouslyRegistered"].is_boolean());
    assert!(told["UserIDsOfPreviousRegistrants"].is_array());
    assert!(told["FullData"].is_object());
    assert_eq!(told["FullName"], NOT_AVAILABLE);
}
