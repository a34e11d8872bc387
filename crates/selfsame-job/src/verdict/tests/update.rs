//! Job type 8, and type 1 by the photograph on file.

use super::*;
use crate::outcome::{CheckState, Checked, Checks};
use crate::policy::ReplacementMode;
use crate::product::FaceProduct as _;
use crate::product::biometric_kyc_on_file::BiometricKycOnFile;
use crate::product::update_photo::UpdatePhoto;
use crate::review::ReviewDecision;

fn updating(cosine: f32, mode: ReplacementMode) -> Decision {
    let mut policy = strict();
    policy.replacement.mode = mode;
    let (capture, old) = (live(), at_cosine(cosine));
    let seen = Seen {
        on_file: (OnFile::Face((&old).into()), policy.comparison),
        ..seen(&capture)
    };
    UpdatePhoto.judge(&seen, &policy)
}

#[test]
fn the_photo_on_file_is_updated_by_the_same_face_and_no_policy_lets_another_in() {
    use ReplacementMode::{Allow, Match, Review};
    for (cosine, verdict, reasons, code, state) in [
        (0.521, Verdict::Pass, vec![], "0820", CheckState::Passed),
        (
            0.519,
            Verdict::Provisional,
            vec![Reason::ReplacementUnclear],
            "0822",
            CheckState::UnderReview,
        ),
        (
            0.419,
            Verdict::NoMatch,
            vec![Reason::OtherPerson],
            "0821",
            CheckState::Failed,
        ),
    ] {
        for mode in [Match, Allow] {
            let decision = updating(cosine, mode);
            assert_eq!(decision.verdict, verdict, "{cosine}");
            assert_eq!(decision.reasons, reasons, "{cosine}");
            assert_eq!(UpdatePhoto.codes().of(&decision.verdict).code(), code);
            let mut checks = Checks::default();
            UpdatePhoto.check(&decision, true, &mut checks);
            assert_eq!(checks.of(Checked::ReferenceUpdate), Some(state));
        }
        let reviewed = updating(cosine, Review);
        let waits = verdict != Verdict::NoMatch;
        assert_eq!(reviewed.verdict == Verdict::Provisional, waits, "{cosine}");
    }
}

#[test]
fn what_a_person_decides_of_an_update_is_told() {
    let waits = updating(0.9, ReplacementMode::Review);
    for (decision, ruled) in [
        (ReviewDecision::Approve, CheckState::Approved),
        (ReviewDecision::Reject, CheckState::Rejected),
        (ReviewDecision::Spoof, CheckState::Rejected),
    ] {
        let mut checks = Checks::default();
        UpdatePhoto.check(&waits, true, &mut checks);
        let asked = checks.of(Checked::ReviewOfUpdate);
        assert_eq!(asked, Some(CheckState::Referred));
        checks.rule(decision, &UpdatePhoto);
        assert_eq!(checks.of(Checked::ReferenceUpdate), Some(ruled));
        assert_eq!(checks.of(Checked::ReviewOfUpdate), Some(ruled));
    }
}

#[test]
fn of_the_photo_on_file_only_the_likeness_counts() {
    let policy = strict();
    let mut alone = live();
    // No frames, and a flaw that a new selfie would be refused for: neither is asked of what is on file.
    alone.frames.clear();
    alone.motion = None;
    let judged = |cosine| {
        let portrait = at_cosine(cosine);
        let portrait = Portrait {
            source: PortraitSource::Authority,
            shows: Shows::Face((&portrait).into()),
        };
        let decision = BiometricKycOnFile.judge(
            &Seen {
                portrait: Some(portrait),
                ..seen(&alone)
            },
            &policy,
        );
        let mut checks = Checks::default();
        BiometricKycOnFile.check(&decision, false, &mut checks);
        assert_eq!(checks.of(Checked::Enrolment), None, "nobody is enrolled");
        (decision.verdict, decision.liveness.performed)
    };
    assert_eq!(judged(0.521), (Verdict::Pass, false));
    assert_eq!(judged(0.419), (Verdict::NoMatch, false));
}
