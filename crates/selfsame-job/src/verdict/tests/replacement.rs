//! Enrolments that would replace a face.

use super::*;
use crate::user::Reference;

/// Who is on file, at this cosine to the probe.
pub(super) fn on_file(cosine: f32) -> Reference {
    Reference {
        template: at_cosine(cosine),
        model_digest: "m".to_owned(),
        photo: SmileJobId::new("old").unwrap(),
    }
}

fn replacing(replaces: Replaces<'_>, mode: ReplacementMode) -> Decision {
    let mut policy = strict();
    policy.replacement.mode = mode;
    let capture = live();
    judge_enrolment(
        &Seen {
            replaces: (replaces, policy.comparison),
            ..seen(&capture)
        },
        &policy,
    )
}

#[test]
fn a_face_on_file_is_replaced_by_the_same_face_only() {
    use ReplacementMode::{Allow, Match, Refuse, Review};
    for (cosine, reason) in [
        (0.451, None),
        (0.449, Some(Reason::ReplacementUnclear)),
        (0.364, Some(Reason::ReplacementUnclear)),
        (0.362, Some(Reason::ReplacementMismatch)),
        (-0.5, Some(Reason::ReplacementMismatch)),
    ] {
        let old = on_file(cosine);
        let matched = replacing(Replaces::Face(&old), Match);
        let expected = match reason {
            None => Verdict::Pass,
            Some(_) => Verdict::Provisional,
        };
        assert_eq!(matched.verdict, expected, "{cosine}");
        assert_eq!(matched.reasons, Vec::from_iter(reason), "{cosine}");
        assert!(matched.comparison.is_some());
        // Whatever the score, people decide; nobody does.
        for mode in [Review, Refuse] {
            let reviewed = replacing(Replaces::Face(&old), mode);
            assert_eq!(reviewed.verdict, Verdict::Provisional);
            assert!(reviewed.reasons.contains(&Reason::ReplacementReview));
        }
        let allowed = replacing(Replaces::Face(&old), Allow);
        assert_eq!(allowed.verdict, Verdict::Pass);
        assert_eq!(allowed.reported, Vec::from_iter(reason), "{cosine}");
    }
    let unknown = replacing(Replaces::Incomparable, Match);
    assert_eq!(unknown.verdict, Verdict::Provisional);
    assert_eq!(unknown.reasons, [Reason::ReplacementNotComparable]);
    assert_eq!(replacing(Replaces::Nobody, Match).verdict, Verdict::Pass);
}

#[test]
fn replacing_a_face_is_never_easier_than_authenticating_with_it() {
    let policies = crate::policy::Policies::parse(
        "name = \"t\"\nversion = \"1\"\n[authentication.comparison]\nmatch_threshold = 0.6\n\
         [enrolment.comparison]\nreview_threshold = 0.4\n",
    )
    .unwrap();
    let thresholds = policies.replacement_thresholds(Environment::Production);
    assert_eq!(
        (thresholds.match_threshold, thresholds.review_threshold),
        (0.6, 0.4)
    );
}
