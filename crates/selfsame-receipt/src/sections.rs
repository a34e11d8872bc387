//! What a receipt shows, in the order in which it is shown: the same on the page and in the PDF.

use jiff::Timestamp;

use crate::receipt::{Entry, Environment};
use crate::shown::shown;
use crate::signed::SignedReceipt;

/// Some lines under one title.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<(String, String)>,
}

pub(crate) const TITLE: &str = "Receipt of an identity check";
/// Said where nobody was checked.
pub(crate) const SANDBOX: &str = "Sandbox: nobody was checked. This receipt proves nothing.";
/// Said of the signature.
pub(crate) const SIGNATURE: &str = "This text holds all of the above, signed. Whoever has the key can verify it with `selfsame receipt verify`; what is printed around it proves nothing by itself.";

/// The warning, where there is one.
pub(crate) fn warning(signed: &SignedReceipt) -> Option<&'static str> {
    (signed.receipt().environment == Environment::Sandbox).then_some(SANDBOX)
}

fn time(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn row(name: &str, value: &str) -> (String, String) {
    let value = shown(value);
    let value = if value.trim().is_empty() {
        "–".to_owned()
    } else {
        value
    };
    (shown(name), value)
}

fn rows(entries: &[Entry]) -> Vec<(String, String)> {
    entries.iter().map(|e| row(&e.name, &e.value)).collect()
}

/// All sections that have something in them.
pub(crate) fn sections(signed: &SignedReceipt) -> Vec<Section> {
    let receipt = signed.receipt();
    let environment = match receipt.environment {
        Environment::Sandbox => "Sandbox",
        Environment::Production => "Production",
    };
    let outcome = vec![
        row("Result", &receipt.outcome.text),
        row("Code", &receipt.outcome.code),
    ];
    let check = vec![
        row("Reference", &receipt.reference),
        row("Issued", &time(&receipt.issued_at)),
        row("For", &receipt.partner),
        row("Environment", environment),
        row("Check", &receipt.product),
        row("Job", &receipt.job_id),
        row("User", &receipt.user_id),
    ];
    let asked = receipt.asked.iter().flat_map(|asked| {
        let number = asked.number.as_ref();
        let authority = asked.authority.as_ref();
        let answered = asked.answered_at.as_ref();
        [
            Some(row("Country", &asked.country)),
            Some(row("Type", &asked.id_type)),
            number.map(|number| row("Number", number.as_str())),
            authority.map(|name| row("Authority", name)),
            answered.map(|at| row("Answered", &time(at))),
        ]
        .into_iter()
        .flatten()
    });
    let consent = receipt.consent.iter().flat_map(|consent| {
        let purpose = consent.purpose.as_ref();
        [
            Some(row("Granted", &time(&consent.granted_at))),
            Some(row("Told by", &consent.by)),
            purpose.map(|purpose| row("Purpose", purpose)),
        ]
        .into_iter()
        .flatten()
    });
    let mut decided = rows(&receipt.digests.engine);
    decided.extend(receipt.digests.policy.iter().map(|p| row("Policy", p)));
    let all = [
        ("Outcome", outcome),
        ("The check", check),
        ("Asked of the authority", asked.collect()),
        ("Checks", rows(&receipt.checks)),
        ("Compared with the record", rows(&receipt.matched)),
        ("Consent", consent.collect()),
        ("Decided by", decided),
        (
            "Signature",
            vec![
                row("Kind", "Ed25519, JSON web signature"),
                row("Key", &signed.key().fingerprint()),
            ],
        ),
    ];
    all.into_iter()
        .map(|(title, rows)| Section { title, rows })
        .filter(|section| !section.rows.is_empty())
        .collect()
}
