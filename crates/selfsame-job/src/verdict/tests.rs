mod liveness;
mod portrait;
mod properties;
mod replacement;
mod update;

use selfsame_face::evidence::{
    ContinuityEvidence, FaceBox, FaceEvidence, FaceQuality, FrameEvidence, HeadPose, ImageDigests,
    ImageEvidence, ImageFacts, ImageFormat, Landmarks, MotionEvidence, Point,
    PresentationAttackEvidence, Timings, Turn,
};
use selfsame_face::template::{TEMPLATE_LEN, Template, TemplateModel};
use selfsame_wire::id::{Environment, SmileJobId, UserId};

use super::*;
use crate::fusion::{FusionPolicy, Term, Terms};
use crate::liveness::Side;
use crate::policy::MotionMode;
use crate::product::authentication::judge_authentication;
use crate::product::registration::judge_enrolment;

fn face(size: f32) -> FaceEvidence {
    let at = |x, y| Point { x, y };
    FaceEvidence {
        face_box: FaceBox {
            x: 0.0,
            y: 0.0,
            width: size,
            height: size,
        },
        landmarks: Landmarks {
            left_eye: at(0.3 * size, 0.4 * size),
            right_eye: at(0.7 * size, 0.4 * size),
            nose: at(0.5 * size, 0.6 * size),
            mouth_left: at(0.35 * size, 0.8 * size),
            mouth_right: at(0.65 * size, 0.8 * size),
        },
        detection_score: 0.95,
        inter_eye_distance: 0.4 * size,
        sharpness: 12.0,
        exposure: 0.5,
        geometry: None,
        quality: FaceQuality::default(),
    }
}

fn template(x: f32, y: f32) -> Template {
    let mut values = [0.0; TEMPLATE_LEN];
    values[0] = x;
    values[1] = y;
    Template::new(&values, &TemplateModel::new("m").unwrap()).unwrap()
}

fn at_cosine(cosine: f32) -> Template {
    template(cosine, (1.0 - cosine * cosine).sqrt())
}

fn facts() -> ImageFacts {
    ImageFacts {
        format: ImageFormat::Jpeg,
        width: 640,
        height: 480,
    }
}

fn frame(likeness: f32) -> FrameEvidence {
    FrameEvidence {
        image: Some(facts()),
        unusable: None,
        faces: 1,
        likeness: Some(ComparisonScore::new(likeness)),
        spared: false,
        pose: None,
        digests: None,
    }
}

/// A selfie alone.
fn selfie(faces: Vec<FaceEvidence>) -> CaptureEvidence {
    let template = (!faces.is_empty()).then(|| template(1.0, 0.0));
    CaptureEvidence::alone(ImageEvidence {
        image: facts(),
        faces,
        template_length: template.as_ref().map(|_| 13.0),
        template,
        turned: Turn::None,
        further_templates: Vec::new(),
        digests: ImageDigests::default(),
        metadata: Vec::new(),
        timings: Timings::default(),
    })
}

fn attack(fused: f32) -> Option<PresentationAttackEvidence> {
    Some(PresentationAttackEvidence {
        scores: vec![fused; 9],
        fused,
        models: Vec::new(),
    })
}

/// Frames that follow one another.
fn continuous() -> ContinuityEvidence {
    ContinuityEvidence {
        likeness_of_neighbours: Some(0.95),
        largest_cut: 0.01,
        mean_cut: 0.005,
        selfie_cut: Some(0.005),
        largest_scene_cut: Some(0.002),
        mean_scene_cut: Some(0.001),
        largest_light_change: 0.02,
        mean_light_change: 0.01,
        largest_tint_change: 0.01,
        largest_picture_change: 12,
        mirrored: Some(0.4),
        mirrored_pictures: 120,
    }
}

/// A whole capture of a live person.
fn live() -> CaptureEvidence {
    CaptureEvidence {
        frames: (0..8).map(|_| frame(0.9)).collect(),
        presentation_attack: attack(8.0),
        motion: Some(MotionEvidence {
            images: 9,
            deformation: 0.08,
            parallax: 0.05,
            movement: 0.2,
            smile_growth: Some(0.3),
        }),
        ..selfie(vec![face(200.0)])
    }
}

/// Weights that are easily reckoned with: what is built in is fitted anew now and then.
fn weights(mut policy: Policy) -> Policy {
    let mut terms = Terms::NOTHING;
    terms.passive = Term::new(10.0, -2.0, 8.0);
    policy.liveness.still = FusionPolicy {
        reject_below: 0.5,
        review_below: 2.0,
        intercept: -2.0,
        terms,
    };
    terms.deformation = Term::new(2.0, 0.0, 0.02);
    terms.parallax = Term::new(2.0, 0.0, 0.01);
    terms.movement = Term::new(1.0, 0.0, 0.02);
    terms.repeated = Term::new(1.0, 0.0, 1.0);
    policy.liveness.capture = FusionPolicy {
        reject_below: 0.0,
        review_below: 0.0,
        intercept: -7.0,
        terms,
    };
    policy
}

fn strict() -> Policy {
    weights(Policy::built_in(Environment::Production))
}

/// Where a selfie alone will do.
fn lenient() -> Policy {
    weights(Policy::built_in(Environment::Sandbox))
}

fn seen(capture: &CaptureEvidence) -> Seen<'_> {
    Seen {
        detects_presentation_attacks: true,
        ..Seen::alone(capture)
    }
}

fn enrolled(capture: &CaptureEvidence, policy: &Policy) -> Decision {
    judge_enrolment(&seen(capture), policy)
}

#[test]
fn one_good_face_enrols() {
    let capture = selfie(vec![face(200.0)]);
    let decision = judge_enrolment(&Seen::alone(&capture), &lenient());
    assert_eq!(decision.verdict, Verdict::Pass);
    assert!(!decision.liveness.performed);
    let decision = enrolled(&live(), &strict());
    assert_eq!(decision.verdict, Verdict::Pass);
    assert_eq!(
        (decision.liveness.passive, decision.liveness.motion),
        (Side::Passed, Side::Passed)
    );
}

#[test]
fn a_selfie_without_a_face_or_with_a_crowd_is_refused() {
    let verdict = |faces| judge_enrolment(&Seen::alone(&selfie(faces)), &lenient()).verdict;
    assert_eq!(verdict(vec![]), Verdict::NoFace);
    assert_eq!(
        verdict(vec![face(200.0), face(180.0)]),
        Verdict::SeveralFaces
    );
    assert_eq!(verdict(vec![face(200.0), face(60.0)]), Verdict::Pass);
    // As large as the subject, but at the edge: somebody who stands by.
    let mut bystander = face(200.0);
    bystander.quality.framing.off_centre_across = 0.45;
    assert_eq!(verdict(vec![face(200.0), bystander]), Verdict::Pass);
}

#[test]
fn each_flaw_has_its_reason() {
    let good = face(200.0);
    type Flaw = fn(&mut FaceEvidence);
    let cases: [(Flaw, Reason); 10] = [
        (|f| f.detection_score = 0.5, Reason::FaceUnclear),
        (|f| f.inter_eye_distance = 10.0, Reason::FaceTooSmall),
        (|f| f.quality.definition = 0.01, Reason::Blurred),
        (|f| f.quality.light.dynamic_range = 0.05, Reason::TooDark),
        (|f| f.quality.light.over_exposed = 0.8, Reason::TooBright),
        (
            |f| {
                f.quality.pose = Some(HeadPose {
                    yaw: -40.0,
                    ..HeadPose::default()
                })
            },
            Reason::NotFacing,
        ),
        (|f| f.quality.framing.size = 1.5, Reason::FaceTooNear),
        (|f| f.quality.framing.outside = 0.2, Reason::FaceCut),
        (|f| f.exposure = 0.01, Reason::TooDark),
        (|f| f.exposure = 0.99, Reason::TooBright),
    ];
    for (flaw, reason) in cases {
        let mut flawed = good;
        flaw(&mut flawed);
        let decision = judge_enrolment(&Seen::alone(&selfie(vec![flawed])), &lenient());
        assert_eq!(
            (decision.verdict, decision.reasons),
            (Verdict::PoorQuality, vec![reason])
        );
    }
}

#[test]
fn the_thresholds_belong_to_the_better_side() {
    let at =
        |cosine: f32| judge_authentication(&seen(&live()), &at_cosine(cosine), &strict()).verdict;
    assert_eq!(at(0.9), Verdict::Pass);
    assert_eq!(at(0.521), Verdict::Pass);
    assert_eq!(at(0.519), Verdict::Provisional);
    assert_eq!(at(0.421), Verdict::Provisional);
    assert_eq!(at(0.419), Verdict::NoMatch);
    assert_eq!(at(-0.5), Verdict::NoMatch);
}

/// A policy that leaves scores from −1 to 1 to a person.
fn with_band() -> Policy {
    let mut policy = strict();
    for fusion in [&mut policy.liveness.capture, &mut policy.liveness.still] {
        (fusion.reject_below, fusion.review_below) = (-1.0, 1.0);
    }
    policy
}

fn recurrence(exact: bool, distance: u32) -> Recurrence {
    Recurrence {
        image: 0,
        exact,
        distance,
        smile_job_id: SmileJobId::new("j").unwrap(),
    }
}

#[test]
fn images_that_come_again() {
    let capture = live();
    let with = |recurrences: &[Recurrence], policy: &Policy| {
        let seen = Seen {
            recurrences,
            ..seen(&capture)
        };
        judge_authentication(&seen, &template(1.0, 0.0), policy)
    };
    let exact = with(&[recurrence(true, 0)], &strict());
    assert_eq!(
        (exact.verdict, exact.reasons),
        (Verdict::PossibleSpoof, vec![Reason::ReplayedImage])
    );
    let near = with(&[recurrence(false, 10)], &strict());
    assert_eq!(
        (near.verdict, near.reasons),
        (Verdict::Provisional, vec![Reason::NearlyReplayedImage])
    );
    assert_eq!(
        with(&[recurrence(false, 11)], &strict()).verdict,
        Verdict::Pass
    );
    let told = with(&[recurrence(true, 0)], &lenient());
    assert_eq!(
        (told.verdict, told.reported),
        (Verdict::Pass, vec![Reason::ReplayedImage])
    );
}

#[test]
fn people_who_are_enrolled_already() {
    let capture = live();
    let twin = Duplicate {
        user_id: UserId::new("u").unwrap(),
        score: ComparisonScore::new(0.7),
        threshold: None,
    };
    let mut policy = strict();
    let judge = |policy: &Policy| {
        judge_enrolment(
            &Seen {
                duplicates: std::slice::from_ref(&twin),
                ..seen(&capture)
            },
            policy,
        )
    };
    assert_eq!(judge(&policy).reported, [Reason::Duplicate]);
    policy.duplicates.response = Response::Refuse;
    assert_eq!(judge(&policy).verdict, Verdict::Duplicate);
    policy.duplicates.threshold = 0.71;
    assert_eq!(judge(&policy).verdict, Verdict::Pass);
}

#[test]
fn a_later_refusal_wins_over_an_earlier_review() {
    let mut policy = with_band();
    policy.liveness.capture.terms = Terms::NOTHING;
    policy.liveness.capture.intercept = 0.5;
    let decision = judge_authentication(&seen(&live()), &at_cosine(0.1), &policy);
    assert_eq!(decision.verdict, Verdict::NoMatch);
    assert_eq!(
        decision.reasons,
        [Reason::OtherPerson, Reason::LivenessUnclear]
    );
}

#[test]
fn what_is_only_reported_decides_nothing_but_is_no_pass_either() {
    let mut policy = strict();
    policy.responses.not_live = Response::Report;
    policy.responses.liveness_unclear = Response::Report;
    let mut capture = live();
    capture.presentation_attack = attack(-3.0);
    let decision = enrolled(&capture, &policy);
    assert_eq!(decision.verdict, Verdict::Pass);
    assert_eq!(decision.reported, [Reason::NotLive]);
    assert_eq!(decision.liveness.passive, Side::Reported);
}
