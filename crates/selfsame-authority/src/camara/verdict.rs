//! What the telephone operator says, as matches of fields.

use reqwest::StatusCode;
use selfsame_job::identity::{Answer, FieldMatch, FieldMatches};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::question::Question;
use crate::authority::AskError;
use crate::service::Received;

/// From which scores on names are the same, or nearly so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) exact: u8,
    pub(super) partial: u8,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    id_document_match: Option<Value>,
    name_match: Option<Value>,
    name_match_score: Option<Value>,
    given_name_match: Option<Value>,
    given_name_match_score: Option<Value>,
    family_name_match: Option<Value>,
    family_name_match_score: Option<Value>,
    middle_names_match: Option<Value>,
    middle_names_match_score: Option<Value>,
    birthdate_match: Option<Value>,
    gender_match: Option<Value>,
}

#[derive(Deserialize)]
struct Fault {
    code: String,
}

/// Reads an answer.
pub(super) fn read(
    received: &Received,
    question: &Question,
    scale: Scale,
) -> Result<Answer, AskError> {
    if !received.status.is_success() {
        return refusal(received);
    }
    let none = || AskError::Nonsense("it is no answer of KYC Match; check address".to_owned());
    let fields: Map<String, Value> = serde_json::from_slice(&received.body).map_err(|_| none())?;
    // Every question is answered, if only with "not_available".
    if !fields.keys().any(|name| name.ends_with("Match")) {
        return Err(none());
    }
    let verdict: Verdict = serde_json::from_value(Value::Object(fields)).map_err(|_| none())?;
    let field = |said: &Option<Value>, score: Option<&Option<Value>>| {
        field(said.as_ref(), score.and_then(Option::as_ref), scale)
    };
    // The document's number is that by which the record is asked for: another one is nobody's that is known there.
    if question.id_document.is_some()
        && field(&verdict.id_document_match, None)? == FieldMatch::NoMatch
    {
        return Ok(Answer::NotFound);
    }
    let whole = field(&verdict.name_match, Some(&verdict.name_match_score))?;
    let parts = [
        field(
            &verdict.given_name_match,
            Some(&verdict.given_name_match_score),
        )?,
        field(
            &verdict.middle_names_match,
            Some(&verdict.middle_names_match_score),
        )?,
        field(
            &verdict.family_name_match,
            Some(&verdict.family_name_match_score),
        )?,
    ];
    let given = |there: bool, said: FieldMatch| if there { said } else { FieldMatch::NotProvided };
    let matches = FieldMatches {
        names: given(question.name.is_some(), names(whole, &parts)),
        dob: given(
            question.birthdate.is_some(),
            field(&verdict.birthdate_match, None)?,
        ),
        gender: given(
            question.gender.is_some(),
            field(&verdict.gender_match, None)?,
        ),
        // By it the record was found: there is nothing to compare it with.
        phone_number: FieldMatch::NotDone,
    };
    Ok(Answer::Compared(matches))
}

/// One field: `true`, `false` with or without a score, `not_available`.
fn field(
    said: Option<&Value>,
    score: Option<&Value>,
    scale: Scale,
) -> Result<FieldMatch, AskError> {
    let said = match said {
        None | Some(Value::Null) => return Ok(FieldMatch::NotDone),
        Some(Value::Bool(true)) => "true",
        Some(Value::Bool(false)) => "false",
        Some(Value::String(text)) => text.as_str(),
        Some(_) => "",
    };
    let score = score.and_then(Value::as_u64);
    match said {
        "true" => Ok(FieldMatch::Exact),
        "not_available" => Ok(FieldMatch::NotDone),
        "false" => Ok(match score {
            Some(101..) | None => FieldMatch::NoMatch,
            Some(score) if score >= u64::from(scale.exact) => FieldMatch::Exact,
            Some(score) if score >= u64::from(scale.partial) => FieldMatch::Partial,
            Some(_) => FieldMatch::NoMatch,
        }),
        _ => Err(AskError::Nonsense(
            "a match is neither true, false nor not_available".to_owned(),
        )),
    }
}

/// The name as a whole and its parts: operators compare either, or both, and join the whole in their own ways.
fn names(whole: FieldMatch, parts: &[FieldMatch]) -> FieldMatch {
    let done: Vec<FieldMatch> = parts
        .iter()
        .copied()
        .filter(|m| *m != FieldMatch::NotDone)
        .collect();
    let all_exact = !done.is_empty() && done.iter().all(|m| *m == FieldMatch::Exact);
    // One part alone says too little of a whole name that differs.
    if whole == FieldMatch::Exact || (all_exact && (whole == FieldMatch::NotDone || done.len() > 1))
    {
        return FieldMatch::Exact;
    }
    let speaks = |m: &FieldMatch| matches!(m, FieldMatch::Exact | FieldMatch::Partial);
    if speaks(&whole) || done.iter().any(speaks) {
        return FieldMatch::Partial;
    }
    if whole == FieldMatch::NotDone && done.is_empty() {
        FieldMatch::NotDone
    } else {
        FieldMatch::NoMatch
    }
}

fn refusal(received: &Received) -> Result<Answer, AskError> {
    let status = received.status.as_u16();
    let Ok(fault) = serde_json::from_slice::<Fault>(&received.body) else {
        return Err(match received.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => AskError::Refused(format!(
                "HTTP {status}: check the client's rights and scope"
            )),
            StatusCode::NOT_FOUND => AskError::Refused(format!("HTTP {status}: check address")),
            _ => AskError::Nonsense(format!(
                "it is no answer of KYC Match (HTTP {status}); check address"
            )),
        });
    };
    // Some operators put the name of the interface before the code.
    let code = fault.code.rsplit('.').next().unwrap_or_default();
    let refused = |why: &str| {
        Err(AskError::Refused(format!(
            "HTTP {status} {}: {why}",
            shown(code)
        )))
    };
    match (status, code) {
        (404, "IDENTIFIER_NOT_FOUND" | "PHONE_NUMBER_NOT_FOUND")
        | (403, "ID_DOCUMENT_MISMATCH") => Ok(Answer::NotFound),
        // Another operator's number, or one without a contract.
        (422, "SERVICE_NOT_APPLICABLE" | "UNSUPPORTED_IDENTIFIER") => Ok(Answer::NotFound),
        (403, "ID_DOCUMENT_REQUIRED") => Ok(Answer::Malformed(
            "the operator compares only where the number of a document is given too".to_owned(),
        )),
        (400, "INVALID_PARAM_COMBINATION") => Ok(Answer::Malformed(
            "the operator wants more fields to compare".to_owned(),
        )),
        (400, _) => {
            refused("it does not accept the request: the version in address may be another")
        }
        (401 | 403, _) => refused("check the client's rights and scope"),
        (404, _) => refused("check address"),
        (422, _) => refused("it wants a token of the person's own, which is not offered here"),
        _ => Err(AskError::Nonsense(format!("HTTP {status} {}", shown(code)))),
    }
}

/// A code as far as it looks like one.
fn shown(code: &str) -> String {
    let plain = |c: &char| c.is_ascii_uppercase() || *c == '_';
    code.chars().filter(plain).take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCALE: Scale = Scale {
        exact: 97,
        partial: 85,
    };

    #[test]
    fn scores_count_where_names_differ() {
        let of = |said: Value, score: Option<Value>| field(Some(&said), score.as_ref(), SCALE);
        for (said, score, is) in [
            ("true".into(), None, FieldMatch::Exact),
            (true.into(), None, FieldMatch::Exact),
            ("not_available".into(), Some(90.into()), FieldMatch::NotDone),
            ("false".into(), None, FieldMatch::NoMatch),
            (false.into(), Some(84.into()), FieldMatch::NoMatch),
            ("false".into(), Some(85.into()), FieldMatch::Partial),
            ("false".into(), Some(97.into()), FieldMatch::Exact),
            ("false".into(), Some(1000.into()), FieldMatch::NoMatch),
            ("false".into(), Some("99".into()), FieldMatch::NoMatch),
            (Value::Null, None, FieldMatch::NotDone),
        ] {
            assert_eq!(of(said, score), Ok(is));
        }
        assert!(matches!(
            of("perhaps".into(), None),
            Err(AskError::Nonsense(_))
        ));
        assert!(matches!(of(1.into(), None), Err(AskError::Nonsense(_))));
    }

    #[test]
    fn parts_and_whole_make_one_verdict() {
        use FieldMatch::{Exact, NoMatch, NotDone, Partial};
        for (whole, parts, is) in [
            (Exact, [NotDone, NotDone, NotDone], Exact),
            (NotDone, [Exact, NotDone, Exact], Exact),
            // The operator joins the parts in another order.
            (NoMatch, [Exact, NotDone, Exact], Exact),
            (NoMatch, [Exact, NotDone, NotDone], Partial),
            (NotDone, [Exact, NotDone, NoMatch], Partial),
            (NoMatch, [NoMatch, NotDone, Partial], Partial),
            (Partial, [NoMatch, NoMatch, NoMatch], Partial),
            (NoMatch, [NotDone, NotDone, NotDone], NoMatch),
            (NotDone, [NoMatch, NotDone, NoMatch], NoMatch),
            (NotDone, [NotDone, NotDone, NotDone], NotDone),
        ] {
            assert_eq!(names(whole, &parts), is, "{whole:?} {parts:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_of_a_refusal_is_repeated_but_codes(status in 400_u16..500, code in ".{0,60}") {
            let body = serde_json::json!({"status": status, "code": code, "message": "of Joe Leo"}).to_string();
            let received = Received { status: StatusCode::from_u16(status).unwrap(), body: body.into_bytes().into() };
            if let Err(error) = refusal(&received) {
                let text = error.to_string();
                prop_assert!(text.is_ascii() && !text.contains("Joe") && text.len() < 300);
            }
        }
    }
}
