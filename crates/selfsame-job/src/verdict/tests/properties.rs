//! Worse evidence never improves a verdict.

use proptest::prelude::*;

use super::replacement::on_file;
use super::*;

/// Refused, to be reviewed, passed.
fn rank(decision: &Decision) -> u8 {
    match decision.verdict {
        Verdict::Pass => 2,
        Verdict::Provisional => 1,
        _ => 0,
    }
}

fn any_response() -> impl Strategy<Value = Response> {
    prop_oneof![
        Just(Response::Report),
        Just(Response::Review),
        Just(Response::Refuse)
    ]
}

prop_compose! {
    fn any_policy()(
        answers in prop::collection::vec(any_response(), 14),
        mode in prop_oneof![Just(MotionMode::Off), Just(MotionMode::WhenPresent), Just(MotionMode::Required)],
        smile in any::<bool>(),
        replacement in prop_oneof![
            Just(ReplacementMode::Match), Just(ReplacementMode::Review), Just(ReplacementMode::Allow)
        ],
        review_below in 0.0f32..4.0,
    ) -> Policy {
        let mut policy = weights(Policy::default());
        let r = &mut policy.responses;
        (r.face_unclear, r.face_too_small, r.blurred) = (answers[0], answers[1], answers[2]);
        (r.still_repeated, r.no_smile) = (answers[3], answers[4]);
        (r.frames_of_another_person, r.too_few_frames) = (answers[7], answers[8]);
        (r.mouth_covered, r.regular_pattern) = (answers[12], answers[13]);
        r.print_or_screen = answers[9].max(answers[10]);
        r.not_live = answers[9].max(answers[5]);
        r.liveness_unclear = answers[9].min(answers[10]).min(answers[5]);
        policy.replay.exact = answers[10].max(answers[11]);
        policy.replay.near = answers[10].min(answers[11]);
        policy.duplicates.response = answers[1];
        policy.replacement.mode = replacement;
        policy.liveness.motion.mode = mode;
        policy.liveness.motion.smile_required = smile;
        policy.liveness.capture.review_below = policy.liveness.capture.reject_below + review_below;
        policy
    }
}

prop_compose! {
    fn any_capture()(
        size in 20.0f32..300.0, definition in 0.0f32..0.2, detection in 0.5f32..1.0, fused in -5.0f32..10.0,
        likeness in 0.0f32..1.0, motion in (0.0f32..0.05, 0.0f32..0.02, 0.0f32..0.05), smile in 0.0f32..0.2,
        repeated in 0usize..3, pictures in 0usize..9, mouth in 0.0f32..0.3, pattern in prop::option::of(0.0f32..20.0),
    ) -> CaptureEvidence {
        let mut capture = live();
        let face = &mut capture.selfie.faces[0];
        (face.inter_eye_distance, face.detection_score) = (size, detection);
        face.quality.definition = definition;
        face.quality.cover.mouth_colour = mouth;
        capture.pattern = pattern;
        capture.presentation_attack = attack(fused);
        capture.frames[0] = frame(likeness);
        capture.repetition.identical_bytes = repeated;
        capture.repetition.identical_pictures = pictures;
        capture.motion = capture.motion.map(|m| MotionEvidence {
            deformation: motion.0, parallax: motion.1, movement: motion.2, smile_growth: Some(smile), ..m
        });
        capture
    }
}

/// The same capture with each number as bad as the worse of the two.
fn worse(a: &CaptureEvidence, b: &CaptureEvidence) -> CaptureEvidence {
    let mut worse = a.clone();
    let (face, other) = (&mut worse.selfie.faces[0], &b.selfie.faces[0]);
    face.inter_eye_distance = face.inter_eye_distance.min(other.inter_eye_distance);
    let (quality, others) = (&mut face.quality, &other.quality);
    quality.definition = quality.definition.min(others.definition);
    quality.cover.mouth_colour = quality.cover.mouth_colour.max(others.cover.mouth_colour);
    worse.pattern = [a.pattern, b.pattern]
        .into_iter()
        .flatten()
        .reduce(f32::max);
    face.detection_score = face.detection_score.min(other.detection_score);
    let fused = |c: &CaptureEvidence| c.presentation_attack.as_ref().unwrap().fused;
    worse.presentation_attack = attack(fused(a).min(fused(b)));
    let likeness = |c: &CaptureEvidence| c.frames[0].likeness.unwrap().value();
    worse.frames[0] = frame(likeness(a).min(likeness(b)));
    worse.repetition.identical_bytes = a
        .repetition
        .identical_bytes
        .max(b.repetition.identical_bytes);
    worse.repetition.identical_pictures = a
        .repetition
        .identical_pictures
        .max(b.repetition.identical_pictures);
    let (m, n) = (a.motion.unwrap(), b.motion.unwrap());
    let movement = m.movement.min(n.movement);
    // Judged for each unit of movement: where there is less of that, the same parallax would be better evidence.
    let relative = m.relative_parallax().min(n.relative_parallax());
    worse.motion = Some(MotionEvidence {
        deformation: m.deformation.min(n.deformation),
        parallax: m.parallax.min(n.parallax).min(relative * movement),
        movement,
        smile_growth: m.smile_growth.zip(n.smile_growth).map(|(m, n)| m.min(n)),
        ..m
    });
    worse
}

proptest! {
    #[test]
    fn confidence_grows_with_the_score(a in -1.0f32..=1.0, b in -1.0f32..=1.0) {
        let of = |score| Comparison {
            score: ComparisonScore::new(score),
            thresholds: Policy::default().comparison,
        }
        .confidence();
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        prop_assert!(of(low) <= of(high));
        prop_assert!((0.0..=100.0).contains(&of(a)));
    }

    #[test]
    fn worse_evidence_never_improves_a_verdict(
        a in any_capture(), b in any_capture(), policy in any_policy(),
        cosine in -1.0f32..1.0, fall in 0.0f32..1.0,
        seen_before in prop::option::of(0u32..40), twin in 0.0f32..1.0,
    ) {
        let worse = worse(&a, &b);
        let twins = [Duplicate { user_id: UserId::new("u").unwrap(), score: ComparisonScore::new(twin), threshold: None }];
        let before: Vec<_> = seen_before.map(|d| recurrence(d == 0, d)).into_iter().collect();
        let all = |capture| Seen { recurrences: &before, duplicates: &twins, ..seen(capture) };
        prop_assert!(rank(&judge_enrolment(&seen(&worse), &policy)) <= rank(&judge_enrolment(&seen(&a), &policy)));
        prop_assert!(rank(&judge_enrolment(&all(&worse), &policy)) <= rank(&judge_enrolment(&seen(&worse), &policy)));
        let at = |seen: &Seen<'_>, cosine: f32| rank(&judge_authentication(seen, &at_cosine(cosine), &policy));
        let lower = (cosine - fall).max(-1.0);
        prop_assert!(at(&seen(&worse), lower) <= at(&seen(&a), cosine));
        let replace = |capture, cosine: f32| {
            let old = on_file(cosine);
            let on_file = (OnFile::Face((&old).into()), policy.comparison);
            rank(&judge_enrolment(&Seen { on_file, ..seen(capture) }, &policy))
        };
        prop_assert!(replace(&worse, lower) <= replace(&a, cosine));
        prop_assert!(at(&all(&worse), lower) <= at(&seen(&a), cosine));
        // A frame less never helps where movement is required.
        if policy.liveness.motion.mode == MotionMode::Required {
            let mut fewer = a.clone();
            fewer.frames.clear();
            fewer.motion = None;
            let whole = judge_enrolment(&seen(&a), &policy);
            if policy.responses.too_few_frames == Response::Refuse {
                prop_assert!(rank(&judge_enrolment(&seen(&fewer), &policy)) <= rank(&whole));
            }
        }
    }
}
