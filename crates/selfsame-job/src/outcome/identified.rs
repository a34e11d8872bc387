//! What a job says of an identity.

use selfsame_wire::id::UserId;
use selfsame_wire::result::ResultCode;
use selfsame_wire::v3::user_details::UserDetails;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Checks, Evidence, JobOutcome, Remark, Version};
use crate::identity::{Answer, FieldMatch, FieldMatches, IdentityQuery, Lookup};
use crate::product::Wanted;
use crate::sandbox::Staging;

/// The identity that a job is about. All of it is personal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identified {
    /// What was asked; absent where the request does not name a whole identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<IdentityQuery>,
    /// What the authority said; absent where none was asked. Of a job that only compares, without the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup: Option<Lookup>,
    /// How what was said of the person compares with the record, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<FieldMatches>,
    /// How the name that the person gave beside the identity compares with the record's, where it was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<FieldMatch>,
    /// Other users of the partner who were enrolled under this number before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_registrants: Vec<UserId>,
}

impl Identified {
    /// A query and what was said to it, with what `wanted` leaves of it.
    #[must_use]
    pub fn new(query: Option<IdentityQuery>, mut lookup: Option<Lookup>, wanted: Wanted) -> Self {
        let mut matches = None;
        if let (Wanted::Comparison, Some(lookup)) = (wanted, &mut lookup) {
            matches = Some(match (&lookup.answer, &query) {
                (Answer::Compared(matches), _) => *matches,
                (Answer::Found(record), Some(query)) => FieldMatches::compare(&query.given, record),
                _ => FieldMatches::NOT_DONE,
            });
            // Whoever may only compare is told nothing of the record.
            if let (Answer::Found(_), Some(matches)) = (&lookup.answer, matches) {
                lookup.answer = Answer::Compared(matches);
            }
        }
        Self {
            query,
            lookup,
            matches,
            name: None,
            earlier_registrants: Vec::new(),
        }
    }

    /// With the name compared that the person gave beside the identity. A record of another name is not this person's: the look-up
    /// does not pass then.
    #[must_use]
    pub fn naming(mut self, details: &UserDetails) -> Self {
        match self.lookup.as_ref().map(|l| &l.answer) {
            Some(Answer::Found(record)) => {
                let (given, family) = (&details.given_names, &details.last_name);
                self.name = Some(FieldMatch::of_name(given, family, record));
            }
            // It was asked with the same name, and has compared it itself.
            Some(Answer::Compared(matches)) => self.name = Some(matches.names),
            _ => {}
        }
        self
    }

    /// Whether the record is of somebody of another name, or the person gave no name that could be compared. A record that holds no
    /// name speaks neither for the person nor against it.
    #[must_use]
    pub const fn is_of_another_name(&self) -> bool {
        matches!(
            self.name,
            Some(FieldMatch::NoMatch | FieldMatch::NotProvided)
        )
    }

    /// The code of the look-up alone.
    #[must_use]
    pub fn code(&self) -> Option<ResultCode> {
        let answer = &self.lookup.as_ref()?.answer;
        if self.is_of_another_name() {
            return Some(ResultCode::FieldsDiffer);
        }
        Some(match self.matches {
            Some(matches) if answer.is_found() => matches.code(),
            Some(_) if *answer == Answer::NotFound => ResultCode::FieldsNotFound,
            _ => answer.code(),
        })
    }

    pub(super) fn note(&self, checks: &mut Checks) {
        if let Some(lookup) = &self.lookup {
            // The record of somebody else is told to nobody.
            let told = self.matches.is_none() && !self.is_of_another_name();
            checks.note_lookup(&lookup.answer, told);
        }
    }

    /// By whom it was said, and when: nothing of the person.
    pub(super) fn authority(&self) -> Option<Value> {
        let lookup = self.lookup.as_ref()?;
        Some(json!({"name": lookup.authority, "at": lookup.at}))
    }
}

/// What a look-up comes to. `is_final`: no step follows it.
#[must_use]
pub fn of_lookup(identity: Identified, is_final: bool) -> JobOutcome {
    let code = identity.code().unwrap_or(ResultCode::SystemError);
    let mut checks = Checks::default();
    identity.note(&mut checks);
    let remark = match identity.lookup.as_ref().map(|l| &l.answer) {
        Some(Answer::Malformed(why)) => Some(Remark::Because(why.clone())),
        _ => None,
    };
    let mut evidence = Evidence::default();
    evidence.set("version", &json!(2));
    if let Some(authority) = identity.authority() {
        evidence.set("authority", &authority);
    }
    JobOutcome {
        version: Version,
        code,
        is_final,
        remark,
        checks,
        comparison: None,
        reasons: Vec::new(),
        evidence,
        identity: Some(identity),
        id_info: None,
        geo_info: None,
        finding: None,
        forced: false,
        erased: None,
    }
}

/// What a look-up comes to that a test identity forces.
#[must_use]
pub fn of_staged_lookup(identity: Identified, staging: Staging) -> JobOutcome {
    JobOutcome {
        code: staging.code,
        remark: Some(Remark::Forced),
        finding: staging.finding,
        forced: true,
        ..of_lookup(identity, true)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::identity::IdentityRecord;
    use crate::outcome::{CheckState, Checked};

    fn details(given_names: &str, last_name: &str) -> UserDetails {
        UserDetails {
            given_names: given_names.to_owned(),
            last_name: last_name.to_owned(),
            email: None,
            phone_number: None,
        }
    }

    fn found(full_name: Option<&str>) -> Answer {
        Answer::Found(Box::new(IdentityRecord {
            full_name: full_name.map(str::to_owned),
            ..IdentityRecord::default()
        }))
    }

    fn compared(names: FieldMatch) -> Answer {
        Answer::Compared(FieldMatches {
            names,
            ..FieldMatches::NOT_DONE
        })
    }

    fn naming(answer: Answer, person: &UserDetails) -> Identified {
        let lookup = Lookup {
            answer,
            authority: "register".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        Identified::new(None, Some(lookup), Wanted::Record).naming(person)
    }

    #[test]
    fn a_record_of_another_name_does_not_pass_whoever_compared_it() {
        let joe = details("Joe", "Leo");
        for (answer, code) in [
            (found(Some("Joe Leo")), "1012"),
            (found(Some("Ann Example")), "1022"),
            // The register keeps no name.
            (found(None), "1012"),
            (compared(FieldMatch::Exact), "1012"),
            (compared(FieldMatch::Partial), "1012"),
            (compared(FieldMatch::NotDone), "1012"),
            (compared(FieldMatch::NoMatch), "1022"),
            (compared(FieldMatch::NotProvided), "1022"),
        ] {
            let identity = naming(answer.clone(), &joe);
            assert_eq!(identity.code().unwrap().code(), code, "{answer:?}");
            assert_eq!(identity.is_of_another_name(), code == "1022", "{answer:?}");
            let told = of_lookup(identity, true)
                .checks
                .of(Checked::PersonalInformation);
            let wanted = if code == "1022" {
                CheckState::NotPerformed
            } else {
                CheckState::Completed
            };
            assert_eq!(told, Some(wanted), "{answer:?}");
        }
        let nobody = naming(Answer::NotFound, &joe);
        assert!(!nobody.is_of_another_name() && nobody.name.is_none());
    }

    #[test]
    fn a_name_that_says_nothing_does_not_pass() {
        for (given, family) in [
            (".", "-"),
            (".", "Leo"),
            ("Joe", "\u{640}"),
            ("\u{2bb}", "Leo"),
        ] {
            let identity = naming(found(Some("Joe Leo")), &details(given, family));
            assert!(identity.is_of_another_name(), "{given} {family}");
        }
    }
}
