//! Enrolments that would replace a face.

use selfsame_face::template::ModelThresholds;

use super::*;

/// Who is on file, at this cosine to the probe.
pub(super) fn on_file(cosine: f32) -> Template {
    at_cosine(cosine)
}

fn replacing(on_file: OnFile<'_>, mode: ReplacementMode) -> Decision {
    let mut policy = strict();
    policy.replacement.mode = mode;
    let capture = live();
    judge_enrolment(
        &Seen {
            on_file: (on_file, policy.comparison),
            ..seen(&capture)
        },
        &policy,
    )
}

#[test]
fn a_face_on_file_is_replaced_by_the_same_face_only() {
    use ReplacementMode::{Allow, Match, Refuse, Review};
    for (cosine, reason) in [
        (0.521, None),
        (0.519, Some(Reason::ReplacementUnclear)),
        (0.421, Some(Reason::ReplacementUnclear)),
        (0.419, Some(Reason::ReplacementMismatch)),
        (-0.5, Some(Reason::ReplacementMismatch)),
    ] {
        let old = on_file(cosine);
        let matched = replacing(OnFile::Face((&old).into()), Match);
        let expected = match reason {
            None => Verdict::Pass,
            Some(_) => Verdict::Provisional,
        };
        assert_eq!(matched.verdict, expected, "{cosine}");
        assert_eq!(matched.reasons, Vec::from_iter(reason), "{cosine}");
        assert!(matched.comparison.is_some());
        // Whatever the score, people decide; nobody does.
        for mode in [Review, Refuse] {
            let reviewed = replacing(OnFile::Face((&old).into()), mode);
            assert_eq!(reviewed.verdict, Verdict::Provisional);
            assert!(reviewed.reasons.contains(&Reason::ReplacementReview));
        }
        let allowed = replacing(OnFile::Face((&old).into()), Allow);
        assert_eq!(allowed.verdict, Verdict::Pass);
        assert_eq!(allowed.reported, Vec::from_iter(reason), "{cosine}");
    }
    let unknown = replacing(OnFile::Incomparable, Match);
    assert_eq!(unknown.verdict, Verdict::Provisional);
    assert_eq!(unknown.reasons, [Reason::ReplacementNotComparable]);
    assert_eq!(replacing(OnFile::Nobody, Match).verdict, Verdict::Pass);
}

#[test]
fn replacing_a_face_is_never_easier_than_authenticating_with_it() {
    let policies = crate::policy::Policies::parse(
        "name = \"t\"\nversion = \"1\"\n[authentication.comparison]\nmatch_threshold = 0.6\n\
         [enrolment.comparison]\nreview_threshold = 0.45\n",
    )
    .unwrap();
    let thresholds = policies.replacement_thresholds(Environment::Production);
    assert_eq!(
        (thresholds.match_threshold, thresholds.review_threshold),
        (0.6, 0.45)
    );
}

#[test]
fn templates_of_another_model_are_judged_by_its_thresholds() {
    let own = ModelThresholds {
        same: 0.8,
        review: 0.7,
        duplicate: 0.9,
    };
    let mut capture = live();
    let by = |cosine: f32, model: &str| {
        let template = at_cosine(cosine);
        Template::new(template.values(), &TemplateModel::new(model).unwrap()).unwrap()
    };
    let judge = |capture: &CaptureEvidence, cosine| {
        let old = by(cosine, "old");
        let enrolled = Enrolled::from(&old).judged_by(Some(own));
        judge_authentication(&seen(capture), enrolled, &strict())
    };
    // The old model is not served: there is nothing to compare by, and so no score.
    let nothing = judge(&capture, 1.0);
    assert_eq!(
        (nothing.verdict, nothing.comparison),
        (Verdict::NoFace, None)
    );
    capture.selfie.further_templates = vec![by(1.0, "old")];
    for (cosine, verdict) in [
        (0.81, Verdict::Pass),
        (0.75, Verdict::Provisional),
        (0.69, Verdict::NoMatch),
    ] {
        let decision = judge(&capture, cosine);
        assert_eq!(decision.verdict, verdict, "{cosine}");
        let thresholds = decision.comparison.unwrap().thresholds;
        assert_eq!(thresholds.match_threshold, 0.8);
    }
    // So are duplicates among them.
    let twin = |score: f32, threshold| Duplicate {
        user_id: UserId::new("twin").unwrap(),
        score: ComparisonScore::new(score),
        threshold,
    };
    let mut policy = strict();
    policy.duplicates.response = Response::Refuse;
    for (twin, verdict) in [
        (twin(0.85, None), Verdict::Duplicate),
        (twin(0.85, Some(0.9)), Verdict::Pass),
        (twin(0.95, Some(0.9)), Verdict::Duplicate),
    ] {
        let duplicates = [twin];
        let seen = Seen {
            duplicates: &duplicates,
            ..seen(&capture)
        };
        assert_eq!(judge_enrolment(&seen, &policy).verdict, verdict);
    }
}
