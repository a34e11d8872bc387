//! What a job's receipt says.

use jiff::Timestamp;
use selfsame_job::identity::{FieldMatch, FieldMatches};
use selfsame_job::job::Job;
use selfsame_job::outcome::{Identified, JobOutcome};
use selfsame_job::partner::Partner;
use selfsame_job::policy::ReceiptMode;
use selfsame_receipt::{
    Asked, Consent, Digests, Entry, Environment, MAX_TEXT, MaskedNumber, Outcome, Receipt,
};
use selfsame_wire::id;
use selfsame_wire::result::{Action, ActionValue};
use serde::Deserialize;
use serde_json::Value;

use crate::route::v1::result::told_actions;

/// The receipt of a job that ended with this outcome at this moment: the same however often it is made.
pub(super) fn receipt(
    partner: &Partner,
    job: &Job,
    outcome: &JobOutcome,
    finished_at: Timestamp,
    mode: ReceiptMode,
) -> Receipt {
    let identity = outcome.identity.as_ref();
    let whole = mode == ReceiptMode::Full;
    Receipt {
        reference: job.smile_job_id.to_string(),
        issued_at: finished_at,
        partner: bounded(&partner.name),
        environment: match job.environment() {
            id::Environment::Sandbox => Environment::Sandbox,
            id::Environment::Production => Environment::Production,
        },
        job_id: bounded(job.job_id.as_str()),
        user_id: if whole {
            bounded(job.user_id().as_str())
        } else {
            String::new()
        },
        product: job.job_type.product().called().to_owned(),
        asked: identity.and_then(|identity| asked(identity, whole)),
        outcome: Outcome {
            code: outcome.code.code().to_owned(),
            // What is said beside it may tell of the person.
            text: outcome.code.text().to_owned(),
        },
        checks: checks(job, outcome),
        matched: identity.filter(|_| whole).map(compared).unwrap_or_default(),
        consent: consent(job),
        digests: digests(outcome),
    }
}

/// Text of others, cut where it is longer than a receipt takes.
fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

fn entry(name: &str, value: &str) -> Entry {
    Entry {
        name: bounded(name),
        value: bounded(value),
    }
}

fn asked(identity: &Identified, whole: bool) -> Option<Asked> {
    let query = identity.query.as_ref()?;
    let lookup = identity.lookup.as_ref();
    Some(Asked {
        country: query.country.as_str().to_owned(),
        id_type: bounded(query.id_type.as_str()),
        number: whole.then(|| MaskedNumber::of(query.id_number.reveal())),
        authority: lookup.map(|lookup| bounded(&lookup.authority)),
        answered_at: lookup.map(|lookup| lookup.at),
    })
}

/// What was checked, in the words of the result; how single fields compare stands apart.
fn checks(job: &Job, outcome: &JobOutcome) -> Vec<Entry> {
    told_actions(job, outcome)
        .into_iter()
        .filter(|(action, value)| {
            let field = matches!(
                action,
                Action::Names | Action::Dob | Action::Gender | Action::PhoneNumber
            );
            !field && *value != ActionValue::NotApplicable
        })
        .map(|(action, value)| {
            let value = serde_json::to_value(value).unwrap_or_default();
            entry(
                &action.name().replace('_', " "),
                value.as_str().unwrap_or_default(),
            )
        })
        .collect()
}

/// How what the request said of the person compares with the record: never what it said.
fn compared(identity: &Identified) -> Vec<Entry> {
    let record = identity.lookup.as_ref().and_then(|l| l.answer.record());
    let query = identity.query.as_ref();
    let of_record = query
        .zip(record)
        .map(|(query, record)| FieldMatches::compare(&query.given, record));
    let Some(mut matches) = identity.matches.or(of_record) else {
        return Vec::new();
    };
    if identity.is_of_another_name() {
        // What else the record of somebody else holds is told to nobody.
        matches = FieldMatches {
            names: matches.names,
            ..FieldMatches::NOT_DONE
        };
    }
    let word = |field: FieldMatch| match field {
        FieldMatch::Exact => Some("the same"),
        FieldMatch::Partial => Some("partly the same"),
        FieldMatch::Transposed => Some("the same, in another order"),
        FieldMatch::NoMatch => Some("another"),
        FieldMatch::NotProvided | FieldMatch::NotDone => None,
    };
    [
        ("Names", matches.names),
        ("Date of birth", matches.dob),
        ("Gender", matches.gender),
        ("Telephone number", matches.phone_number),
    ]
    .into_iter()
    .filter_map(|(name, field)| word(field).map(|word| entry(name, word)))
    .collect()
}

/// The person's consent, where the request says when it was given, and not that it was withheld.
fn consent(job: &Job) -> Option<Consent> {
    let said: Said = serde_json::from_str(job.request.consent.as_ref()?.get()).ok()?;
    let within = said.consented.as_deref();
    if said.is_withheld() || within.is_some_and(Said::is_withheld) {
        return None;
    }
    let at = said.granted_at.as_ref();
    let at = at.or_else(|| within?.granted_at.as_ref())?;
    Some(Consent {
        granted_at: at.parse().ok()?,
        by: "the request".to_owned(),
        purpose: None,
    })
}

/// What a request says of the person's consent: v1 within `consented`, v3 by another name.
#[derive(Deserialize)]
struct Said {
    #[serde(alias = "consent_granted_date")]
    granted_at: Option<String>,
    consented: Option<Box<Said>>,
    granted: Option<Value>,
    personal_details: Option<Value>,
    contact_information: Option<Value>,
    document_information: Option<Value>,
}

impl Said {
    /// Whether it says that the person consented to nothing of what it was asked.
    fn is_withheld(&self) -> bool {
        let asked = [
            &self.personal_details,
            &self.contact_information,
            &self.document_information,
        ];
        let mut asked = asked.into_iter().flatten().peekable();
        let to_nothing = asked.peek().is_some() && !asked.any(is_true);
        to_nothing || self.granted.as_ref().is_some_and(|said| !is_true(said))
    }
}

/// Callers write it as a word, too.
fn is_true(said: &Value) -> bool {
    let word = said.as_str();
    said.as_bool() == Some(true) || word.is_some_and(|word| word.eq_ignore_ascii_case("true"))
}

/// The models and the policy that judged a face, where one was judged.
fn digests(outcome: &JobOutcome) -> Digests {
    #[derive(Deserialize)]
    struct Engine {
        models: Vec<Model>,
    }
    #[derive(Deserialize)]
    struct Model {
        name: String,
        sha256: String,
    }
    #[derive(Deserialize)]
    struct Policy {
        sha256: String,
    }
    let engine: Option<Engine> = outcome.evidence.get("engine");
    let policy: Option<Policy> = outcome.evidence.get("policy");
    let models = engine.map(|engine| engine.models).unwrap_or_default();
    Digests {
        engine: models
            .iter()
            .map(|model| entry(&model.name, &model.sha256))
            .collect(),
        policy: policy.map(|policy| bounded(&policy.sha256)),
    }
}
