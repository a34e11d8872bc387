//! Who else may be the same person.

use selfsame_job::outcome::{Checked, JobOutcome};
use selfsame_wire::id::UserId;
use selfsame_wire::v3::webhook::{Antifraud, SuspectReason, SuspectUser};

/// Other users with the face, and with the number. `None` where nobody was looked for.
pub(super) fn of(outcome: &JobOutcome) -> Option<Antifraud> {
    #[derive(serde::Deserialize)]
    struct Searched {}
    #[derive(serde::Deserialize)]
    struct Found {
        user_id: UserId,
    }
    // Where a look-up ended the job, no sample was looked at, and nobody looked for.
    let judged = outcome.checks.of(Checked::Acquisition).is_some();
    let numbers = outcome
        .identity
        .as_ref()
        .filter(|identity| judged && identity.query.is_some());
    let faces: Option<Searched> = outcome.evidence.get("search");
    if faces.is_none() && numbers.is_none() {
        return None;
    }
    let same_face: Vec<Found> = outcome.evidence.get("duplicates").unwrap_or_default();
    let same_number = numbers.map_or(&[][..], |identity| &identity.earlier_registrants[..]);
    let mut suspects: Vec<SuspectUser> = Vec::new();
    let faces = same_face
        .into_iter()
        .map(|found| (found.user_id, SuspectReason::SameFace));
    let numbers = same_number
        .iter()
        .map(|user| (user.clone(), SuspectReason::SameIdNumber));
    for (user_id, reason) in faces.chain(numbers) {
        match suspects.iter_mut().find(|s| s.user_id == user_id) {
            Some(suspect) => suspect.reasons.push(reason),
            None => suspects.push(SuspectUser {
                user_id,
                reasons: vec![reason],
            }),
        }
    }
    Some(Antifraud::searched(suspects))
}
