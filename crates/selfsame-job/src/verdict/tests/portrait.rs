//! Job type 1: a selfie against the photograph of an identity.

use super::*;
use crate::outcome::{CheckState, Checked, Checks};
use crate::product::FaceProduct as _;
use crate::product::biometric_kyc::BiometricKyc;

fn judged(source: PortraitSource, shows: Shows<'_>, on_file: OnFile<'_>) -> Decision {
    let policy = strict();
    let capture = live();
    let seen = Seen {
        portrait: Some(Portrait { source, shows }),
        on_file: (on_file, policy.comparison),
        ..seen(&capture)
    };
    BiometricKyc.judge(&seen, &policy)
}

fn checks(decision: &Decision) -> Checks {
    let mut checks = Checks::default();
    BiometricKyc.check(decision, true, &mut checks);
    checks
}

#[test]
fn the_selfie_must_be_the_face_of_the_photograph() {
    use PortraitSource::{Authority, Card};
    for (cosine, verdict, reasons, code, state) in [
        (0.521, Verdict::Pass, vec![], "0810", CheckState::Completed),
        (
            0.519,
            Verdict::Provisional,
            vec![Reason::BetweenThresholds],
            "0812",
            CheckState::UnderReview,
        ),
        (
            0.419,
            Verdict::NoMatch,
            vec![Reason::OtherPersonThanPortrait],
            "0811",
            CheckState::Failed,
        ),
    ] {
        let portrait = at_cosine(cosine);
        for (source, checked, other) in [
            (
                Authority,
                Checked::AuthorityComparison,
                Checked::CardComparison,
            ),
            (Card, Checked::CardComparison, Checked::AuthorityComparison),
        ] {
            let decision = judged(source, Shows::Face((&portrait).into()), OnFile::Nobody);
            assert_eq!(decision.verdict, verdict, "{cosine}");
            assert_eq!(decision.reasons, reasons, "{cosine}");
            assert_eq!(BiometricKyc.codes().of(&decision.verdict).code(), code);
            assert!(decision.compared().is_some() && decision.comparison.is_none());
            assert_eq!(checks(&decision).of(checked), Some(state));
            assert_eq!(checks(&decision).of(other), None);
        }
    }
}

#[test]
fn without_a_face_to_compare_with_nobody_is_enrolled() {
    for (shows, reason) in [
        (Shows::Nothing, Reason::PortraitMissing),
        (Shows::NoUsableFace, Reason::PortraitUnusable),
    ] {
        let decision = judged(PortraitSource::Authority, shows, OnFile::Nobody);
        assert_eq!(decision.verdict, Verdict::NoPortrait);
        assert_eq!(decision.reasons, [reason]);
        assert_eq!(BiometricKyc.codes().of(&decision.verdict).code(), "0001");
        let state = checks(&decision).of(Checked::AuthorityComparison);
        assert_eq!(state, Some(CheckState::NoReference));
    }
}

/// Whoever has the number and the face of it, but names an enrolled user that is somebody else, replaces nobody.
#[test]
fn the_face_on_file_is_compared_too_and_tells_its_own_score() {
    let (portrait, other) = (at_cosine(0.9), at_cosine(0.1));
    let decision = judged(
        PortraitSource::Authority,
        Shows::Face((&portrait).into()),
        OnFile::Face((&other).into()),
    );
    assert_eq!(decision.verdict, Verdict::Provisional);
    assert_eq!(decision.reasons, [Reason::ReplacementMismatch]);
    assert!(
        !decision.matched(),
        "the photograph is not the face on file"
    );
    let compared = decision.compared().unwrap();
    assert!((compared.score.value() - 0.9).abs() < 1e-3);
}

/// Who does not pass the liveness check is not told how alike the faces are.
#[test]
fn an_attack_is_not_compared() {
    let policy = strict();
    let mut capture = live();
    capture.frames[1] = frame(0.05);
    let portrait = at_cosine(0.9);
    let seen = Seen {
        portrait: Some(Portrait {
            source: PortraitSource::Authority,
            shows: Shows::Face((&portrait).into()),
        }),
        ..seen(&capture)
    };
    let decision = BiometricKyc.judge(&seen, &policy);
    assert_eq!(decision.verdict, Verdict::PossibleSpoof);
    assert_eq!(BiometricKyc.codes().of(&decision.verdict).code(), "0813");
    assert!(decision.compared().is_none());
    let state = checks(&decision).of(Checked::AuthorityComparison);
    assert_eq!(state, Some(CheckState::NotPerformed));
}
