//! What IDA's error codes mean here.

use selfsame_job::identity::{Answer, FieldMatch};

use super::answer::Fault;
use super::proof::Proof;
use super::settings::Demographic;
use crate::authority::AskError;

/// "Request could not be processed": stands beside a code that says why, or alone.
const UNPROCESSED: &str = "IDA-MLC-007";
/// "Demographic data did not match".
const DIFFERS: &str = "IDA-DEA-001";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    NotFound,
    /// For whoever sent the request.
    Malformed(&'static str),
    /// Something that was shown is wrong.
    Differs,
    /// The person is known; what was shown cannot be compared.
    NotHeld,
    /// The person passed, and has no photograph on file.
    NoPhoto,
    /// For the operator.
    Refused(&'static str),
    Busy,
    Later,
}

fn meaning(code: &str) -> Option<Meaning> {
    use Meaning::{Busy, Differs, Later, Malformed, NoPhoto, NotFound, NotHeld, Refused};
    Some(match code {
        // Unknown, deactivated, blocked, expired, revoked: there is no valid identity of that number.
        "IDA-MLC-003" | "IDA-MLC-005" | "IDA-MLC-010" | "IDA-MLC-018" | "IDA-MLC-022"
        | "IDA-MLC-023" => NotFound,
        "IDA-MLC-002" | "IDA-MLC-004" | "IDA-MLC-026" | "IDA-MLC-027" | "IDA-MLC-028"
        | "IDA-MLC-029" => Malformed("the number is none of this ID type: a digit may be wrong"),
        DIFFERS => Differs,
        "IDA-DEA-003" => NotHeld,
        "IDA-BIA-006" => NoPhoto,
        "IDA-OTA-003" | "IDA-OTA-004" | "IDA-OTA-005" | "IDA-OTA-010" | "IDA-OTA-011"
        | "IDA-OTA-012" => Malformed(
            "the one-time password is wrong, has expired, or was not sent in this transaction",
        ),
        "IDA-OTA-006" | "IDA-OTA-007" | "IDA-OTA-013" => {
            Malformed("one-time passwords of this person are locked after too many attempts")
        }
        "IDA-MLC-019" => Malformed("the person has locked this way to be identified"),
        "IDA-OTA-001" => Busy,
        UNPROCESSED | "IDA-MLC-020" | "IDA-MLC-021" | "IDA-RST-007" | "IDA-RST-008" => Later,
        "IDA-MLC-001" => Refused("the time of the request is off: set this server's clock"),
        "IDA-MLC-006" | "IDA-MLC-009" | "IDA-DEA-002" | "IDA-IDV-001" => Refused(
            "it does not accept a field of the request: check env, domain_uri, language, id_types and demographics",
        ),
        "IDA-MLC-008" | "IDA-MLC-011" | "IDA-MLC-013" | "IDA-MPA-006" | "IDA-MPA-015" => Refused(
            "the partner's policy does not allow, or wants more than, this way to be identified",
        ),
        "IDA-MLC-012" => Refused("it does not take the consent that the request states"),
        "IDA-MLC-015" => Refused("it does not take this type of number: check id_types"),
        "IDA-MPA-001" | "IDA-MPA-002" | "IDA-MPA-020" | "IDA-MPA-021" | "IDA-MPA-022" => Refused(
            "it does not accept the signature: partner_certificate must be the one that MOSIP has of this partner",
        ),
        "IDA-MPA-003" | "IDA-MPA-004" | "IDA-MPA-016" => {
            Refused("it cannot decrypt the request: fetch its certificate anew (ida_certificate)")
        }
        "IDA-MLC-025" | "IDA-EKA-001" => Refused("it cannot encrypt to the partner's certificate"),
        // The partner, its keys and its policy.
        code if code.starts_with("IDA-MPA-")
            || code.starts_with("PMS_PMP_")
            || code.starts_with("PMS-PMP-") =>
        {
            Refused("the partner, its keys or its policy are not in force")
        }
        _ => return None,
    })
}

/// What comes of a request that IDA did not fulfil.
pub(super) fn outcome(faults: &[Fault], proof: &Proof) -> Result<Answer, AskError> {
    let telling = faults
        .iter()
        .find(|fault| fault.code != UNPROCESSED)
        .or(faults.first());
    let Some(fault) = telling else {
        return Err(AskError::Nonsense("it gives no reason".to_owned()));
    };
    let code = shown(&fault.code);
    match meaning(&fault.code) {
        Some(Meaning::NotFound) => Ok(Answer::NotFound),
        Some(Meaning::Malformed(why)) => Ok(Answer::Malformed(why.to_owned())),
        Some(Meaning::Differs) => Ok(Answer::Compared(proof.each(verdicts(faults)))),
        Some(Meaning::NotHeld) => Ok(Answer::Compared(proof.each(|_| FieldMatch::NotDone))),
        Some(Meaning::NoPhoto) => Ok(Answer::Compared(proof.passed())),
        Some(Meaning::Refused(why)) => Err(AskError::Refused(format!("{code}: {why}"))),
        Some(Meaning::Busy) => Err(AskError::Busy),
        Some(Meaning::Later) => Err(AskError::Unreachable(code)),
        None => Err(AskError::Nonsense(format!(
            "{code} is no error of IDA's that is known here"
        ))),
    }
}

/// IDA names every attribute that differs. A name that is not understood could mean any of them.
fn verdicts(faults: &[Fault]) -> impl Fn(Demographic) -> FieldMatch {
    let differing = faults.iter().filter(|fault| fault.code == DIFFERS);
    let named: Option<Vec<Demographic>> = differing
        .map(|fault| demographic(fault.message.as_deref()))
        .collect();
    move |demographic| match &named {
        Some(named) if !named.contains(&demographic) => FieldMatch::Exact,
        _ => FieldMatch::NoMatch,
    }
}

/// Which attribute a message of [`DIFFERS`] names: "Demographic data fullName in eng did not match".
fn demographic(message: Option<&str>) -> Option<Demographic> {
    let message = message?.to_lowercase();
    let attribute = message
        .strip_prefix("demographic data ")?
        .split(' ')
        .next()?;
    let of = [
        ("name", Demographic::Name),
        ("dob", Demographic::Dob),
        ("birth", Demographic::Dob),
        ("phone", Demographic::PhoneNumber),
        ("mail", Demographic::Email),
    ];
    of.into_iter()
        .find(|(part, _)| attribute.contains(part))
        .map(|(_, demographic)| demographic)
}

/// A code as far as it looks like one.
fn shown(code: &str) -> String {
    let plain = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    code.chars().filter(plain).take(24).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use selfsame_job::identity::FieldMatches;
    use serde_json::Map;

    use super::*;

    fn proof() -> Proof {
        Proof::Demographics(Map::new(), vec![Demographic::Name, Demographic::Dob])
    }

    fn fault(code: &str, message: &str) -> Fault {
        Fault {
            code: code.to_owned(),
            message: Some(message.to_owned()),
        }
    }

    fn of(codes: &[&str]) -> Result<Answer, AskError> {
        let faults: Vec<Fault> = codes
            .iter()
            .map(|code| fault(code, "about Joe Leo"))
            .collect();
        outcome(&faults, &proof())
    }

    #[test]
    fn codes_have_a_meaning() {
        assert_eq!(of(&["IDA-MLC-018"]), Ok(Answer::NotFound));
        assert!(matches!(of(&["IDA-MLC-002"]), Ok(Answer::Malformed(_))));
        assert!(
            matches!(of(&["IDA-OTA-004"]), Ok(Answer::Malformed(why)) if why.contains("one-time"))
        );
        assert_eq!(of(&["IDA-OTA-001"]), Err(AskError::Busy));
        assert_eq!(
            of(&["IDA-MLC-007"]),
            Err(AskError::Unreachable("IDA-MLC-007".to_owned()))
        );
        assert!(
            matches!(of(&["IDA-MPA-099"]), Err(AskError::Refused(why)) if why.starts_with("IDA-MPA-099: "))
        );
        assert!(matches!(of(&["PMS_PMP_016"]), Err(AskError::Refused(_))));
        assert!(matches!(of(&["IDA-XYZ-001"]), Err(AskError::Nonsense(_))));
        assert!(matches!(of(&[]), Err(AskError::Nonsense(_))));
    }

    #[test]
    fn the_code_that_says_why_is_taken() {
        assert_eq!(of(&["IDA-MLC-007", "IDA-MLC-018"]), Ok(Answer::NotFound));
        assert!(matches!(
            of(&["IDA-MLC-007", "IDA-MPA-016"]),
            Err(AskError::Refused(_))
        ));
    }

    #[test]
    fn fields_that_differ_are_told_apart() {
        let compared = |messages: &[&str]| {
            let faults: Vec<Fault> = messages
                .iter()
                .map(|message| fault(DIFFERS, message))
                .collect();
            match outcome(&faults, &proof()) {
                Ok(Answer::Compared(FieldMatches {
                    names,
                    dob,
                    phone_number: FieldMatch::NotDone,
                    ..
                })) => (names, dob),
                other => panic!("{other:?}"),
            }
        };
        use FieldMatch::{Exact, NoMatch};
        assert_eq!(
            compared(&["Demographic data fullName in eng did not match"]),
            (NoMatch, Exact)
        );
        assert_eq!(
            compared(&["Demographic data dateOfBirth did not match"]),
            (Exact, NoMatch)
        );
        let both = [
            "Demographic data name in eng did not match",
            "Demographic data dob did not match",
        ];
        assert_eq!(compared(&both), (NoMatch, NoMatch));
        // In another language, or of another attribute: nothing speaks for the person.
        assert_eq!(
            compared(&["Les données ne correspondent pas"]),
            (NoMatch, NoMatch)
        );
        assert_eq!(
            compared(&[both[1], "Demographic data x did not match"]),
            (NoMatch, NoMatch)
        );
    }

    #[test]
    fn a_password_compares_nothing() {
        let proof = Proof::OneTimePassword {
            transaction: "1234567890".to_owned(),
            password: "482913".to_owned().into(),
        };
        let answer = outcome(&[fault("IDA-BIA-006", "")], &proof);
        assert_eq!(answer, Ok(Answer::Compared(FieldMatches::NOT_DONE)));
    }

    proptest! {
        #[test]
        fn nothing_of_an_answer_is_repeated_but_codes(code in ".{0,60}") {
            match of(&[&code]) {
                Err(error) => {
                    let text = error.to_string();
                    prop_assert!(text.len() < 300 && !text.contains("Joe") && text.is_ascii());
                }
                Ok(answer) => {
                    let text = format!("{answer:?}");
                    prop_assert!(!text.contains("Joe"));
                }
            }
        }
    }
}
