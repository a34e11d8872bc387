mod properties;
mod replacement;

use selfsame_face::evidence::{
    FaceBox, FaceEvidence, FaceQuality, FrameEvidence, HeadPose, ImageDigests, ImageEvidence,
    ImageFacts, ImageFormat, Landmarks, MotionEvidence, Point, PresentationAttackEvidence, Timings,
};
use selfsame_face::template::TEMPLATE_LEN;
use selfsame_wire::id::{Environment, SmileJobId, UserId};

use super::*;
use crate::liveness::Side;
use crate::policy::MotionMode;

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
    Template::from_embedding(&values).unwrap()
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
        template,
        digests: ImageDigests::default(),
        metadata: Vec::new(),
        timings: Timings::default(),
    })
}

fn attack(fused: f32) -> Option<PresentationAttackEvidence> {
    Some(PresentationAttackEvidence {
        scores: vec![fused; 9],
        fused,
    })
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

fn strict() -> Policy {
    Policy::built_in(Environment::Production)
}

/// Where a selfie alone will do.
fn lenient() -> Policy {
    Policy::built_in(Environment::Sandbox)
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
    assert_eq!(at(0.451), Verdict::Pass);
    assert_eq!(at(0.449), Verdict::Provisional);
    assert_eq!(at(0.364), Verdict::Provisional);
    assert_eq!(at(0.362), Verdict::NoMatch);
    assert_eq!(at(-0.5), Verdict::NoMatch);
}

#[test]
fn each_attack_has_its_reason() {
    type Attack = fn(&mut CaptureEvidence);
    let moved = |capture: &mut CaptureEvidence, deformation, parallax, movement| {
        if let Some(motion) = &mut capture.motion {
            (motion.deformation, motion.parallax, motion.movement) =
                (deformation, parallax, movement);
        }
    };
    let cases: [(&str, Attack, &[Reason]); 9] = [
        (
            "print",
            |c| c.presentation_attack = attack(-3.0),
            &[Reason::PrintOrScreen],
        ),
        (
            "still",
            |c| {
                c.repetition.identical_bytes = 8;
                c.motion = c.motion.map(|m| MotionEvidence {
                    deformation: 0.0,
                    parallax: 0.0,
                    movement: 0.0,
                    ..m
                });
            },
            &[
                Reason::StillRepeated,
                Reason::NoMovement,
                Reason::FlatPicture,
            ],
        ),
        (
            "one frame twice",
            |c| c.repetition.identical_bytes = 1,
            &[Reason::StillRepeated],
        ),
        (
            "one picture saved again and again",
            |c| c.repetition.identical_pictures = 3,
            &[Reason::StillRepeated],
        ),
        (
            "a screen's pixels",
            |c| c.pattern = Some(20.0),
            &[Reason::RegularPattern],
        ),
        (
            "another's frame",
            |c| c.frames[3] = frame(0.1),
            &[Reason::FramesOfAnotherPerson],
        ),
        (
            "no frames",
            |c| (c.frames, c.motion) = (vec![], None),
            &[Reason::TooFewFrames],
        ),
        (
            "no face in the frames",
            |c| {
                c.motion = None;
                for frame in &mut c.frames {
                    (frame.faces, frame.likeness) = (0, None);
                }
            },
            &[Reason::TooFewFrames],
        ),
        (
            "not a number",
            |c| {
                c.motion = c.motion.map(|m| MotionEvidence {
                    deformation: f32::NAN,
                    parallax: f32::NAN,
                    ..m
                })
            },
            &[Reason::FlatPicture],
        ),
    ];
    for (name, change, reasons) in cases {
        let mut capture = live();
        change(&mut capture);
        let decision = judge_authentication(&seen(&capture), &template(1.0, 0.0), &strict());
        assert_eq!(decision.verdict, Verdict::PossibleSpoof, "{name}");
        assert_eq!(decision.reasons, reasons, "{name}");
        assert_eq!(
            decision.comparison, None,
            "{name}: an attacker is not told the score"
        );
        assert_eq!(decision.liveness.worst(), Side::Failed, "{name}");
    }
    let mut flat = live();
    moved(&mut flat, 0.005, 0.001, 0.5);
    assert_eq!(enrolled(&flat, &strict()).reasons, [Reason::FlatPicture]);
    // Who only smiles, or only turns, is no picture.
    for (deformation, parallax) in [(0.03, 0.001), (0.005, 0.01)] {
        let mut person = live();
        moved(&mut person, deformation, parallax, 0.5);
        assert_eq!(enrolled(&person, &strict()).reasons, []);
    }
}

#[test]
fn a_weak_pattern_is_for_a_person_to_decide() {
    for (decibels, reasons) in [
        (11.0, vec![]),
        (11.5, vec![Reason::LivenessUnclear]),
        (13.5, vec![Reason::RegularPattern]),
    ] {
        let mut capture = live();
        capture.pattern = Some(decibels);
        assert_eq!(enrolled(&capture, &strict()).reasons, reasons, "{decibels}");
    }
    let mut capture = live();
    capture.pattern = Some(12.0);
    assert_eq!(
        enrolled(&capture, &strict()).verdict,
        Verdict::Provisional,
        "nobody is let in until a person decides"
    );
    capture.presentation_attack = attack(1.0);
    assert_eq!(
        enrolled(&capture, &strict()).reasons,
        [Reason::LivenessUnclear],
        "score and pattern are one finding"
    );
}

#[test]
fn a_missing_score_is_unclear_where_the_detector_is_loaded() {
    let capture = CaptureEvidence {
        presentation_attack: None,
        ..live()
    };
    let decision = enrolled(&capture, &strict());
    assert_eq!(
        (decision.verdict, decision.reasons),
        (Verdict::Provisional, vec![Reason::LivenessUnclear])
    );
    let decision = judge_enrolment(&Seen::alone(&capture), &strict());
    assert_eq!(decision.verdict, Verdict::Pass);
    assert!(!decision.liveness.performed);
    assert_eq!(decision.liveness.passive, Side::NotPerformed);
}

#[test]
fn frames_that_came_are_judged_even_where_none_need_come() {
    let mut two = live();
    two.frames.truncate(2);
    two.motion = None;
    assert_eq!(enrolled(&two, &lenient()).verdict, Verdict::Pass);
    two.repetition.identical_bytes = 2;
    assert_eq!(enrolled(&two, &lenient()).reasons, [Reason::StillRepeated]);
    let mut off = lenient();
    off.liveness.motion.mode = MotionMode::Off;
    assert_eq!(enrolled(&two, &off).verdict, Verdict::Pass);
}

#[test]
fn a_smile_counts_where_it_is_asked_for() {
    let mut policy = strict();
    policy.liveness.motion.smile_required = true;
    assert_eq!(enrolled(&live(), &policy).verdict, Verdict::Pass);
    let mut sober = live();
    sober.motion = sober.motion.map(|m| MotionEvidence {
        smile_growth: None,
        ..m
    });
    assert_eq!(enrolled(&sober, &policy).reasons, [Reason::NoSmile]);
    assert_eq!(enrolled(&sober, &strict()).verdict, Verdict::Pass);
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
    let mut capture = live();
    capture.presentation_attack = attack(0.5);
    let decision = judge_authentication(&seen(&capture), &at_cosine(0.1), &strict());
    assert_eq!(decision.verdict, Verdict::NoMatch);
    assert_eq!(
        decision.reasons,
        [Reason::OtherPerson, Reason::LivenessUnclear]
    );
}

#[test]
fn what_is_only_reported_decides_nothing_but_is_no_pass_either() {
    let mut policy = strict();
    policy.responses.print_or_screen = Response::Report;
    policy.responses.liveness_unclear = Response::Report;
    let mut capture = live();
    capture.presentation_attack = attack(-3.0);
    let decision = enrolled(&capture, &policy);
    assert_eq!(decision.verdict, Verdict::Pass);
    assert_eq!(decision.reported, [Reason::PrintOrScreen]);
    assert_eq!(decision.liveness.passive, Side::Reported);
}
