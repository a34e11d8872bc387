//! What speaks against a live person, and what does not.

use jiff::Timestamp;
use selfsame_face::evidence::{HeadTurn, ModelScores, SurroundingsEvidence, TurnEvidence};

use super::*;
use crate::challenge::{self, Challenge, ChallengeId};
use crate::fusion::Measure;

#[test]
fn each_attack_has_its_reason() {
    type Attack = fn(&mut CaptureEvidence);
    let cases: [(&str, Attack, &[Reason]); 12] = [
        (
            "print",
            |c| c.presentation_attack = attack(-3.0),
            &[Reason::NotLive],
        ),
        (
            "still",
            |c| {
                c.repetition.identical_bytes = 8;
                c.repetition.identical_pictures = 8;
                c.presentation_attack = attack(1.0);
                c.motion = c.motion.map(|m| MotionEvidence {
                    deformation: 0.0,
                    parallax: 0.0,
                    movement: 0.0,
                    ..m
                });
            },
            &[Reason::NotLive, Reason::StillRepeated, Reason::FlatPicture],
        ),
        (
            "one frame twice",
            |c| c.repetition.identical_bytes = 1,
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
            "a cut from one photograph to another",
            |c| {
                c.continuity = Some(ContinuityEvidence {
                    largest_cut: 0.6,
                    ..continuous()
                })
            },
            &[Reason::FramesNotContinuous],
        ),
        (
            "a picture and its mirror image",
            |c| {
                c.continuity = Some(ContinuityEvidence {
                    mirrored: Some(0.01),
                    ..continuous()
                })
            },
            &[Reason::FramesNotContinuous],
        ),
        (
            "one photograph that is moved about",
            |c| {
                c.surroundings = Some(SurroundingsEvidence {
                    movement: 0.2,
                    flatness: 0.003,
                    unexplained: Some(0.01),
                    as_one: Some(0.3),
                    apart: Some(0.01),
                    neighbours_apart: Some(0.01),
                    neighbours_movement: 0.1,
                })
            },
            &[Reason::FlatPicture],
        ),
        (
            "most frames turned, and hardly alike",
            |c| {
                for frame in &mut c.frames {
                    frame.likeness = Some(ComparisonScore::new(0.3));
                    frame.pose = Some(HeadPose {
                        yaw: 25.0,
                        ..HeadPose::default()
                    });
                }
            },
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
            |c| c.presentation_attack = attack(f32::NAN),
            &[Reason::NotLive],
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
}

#[test]
fn keeping_still_and_not_smiling_is_no_attack() {
    let mut still = live();
    still.motion = still.motion.map(|m| MotionEvidence {
        deformation: 0.002,
        parallax: 0.0015,
        movement: 0.004,
        smile_growth: None,
        ..m
    });
    let decision = enrolled(&still, &strict());
    assert_eq!(decision.verdict, Verdict::Pass);
    // What weighed how much is told, and adds up.
    let fused = decision.liveness.fused.unwrap();
    let sum: f32 = fused.contributions.iter().map(|c| c.adds).sum();
    assert!((fused.score - strict().liveness.capture.intercept - sum).abs() < 1e-4);
    // The same stillness of what looks like a print is not let in.
    still.presentation_attack = attack(1.0);
    assert_eq!(enrolled(&still, &strict()).reasons, [Reason::NotLive]);
}

#[test]
fn frames_that_were_spared_the_comparison_show_the_face() {
    let mut capture = live();
    for frame in &mut capture.frames[2..] {
        (frame.likeness, frame.spared) = (None, true);
    }
    assert_eq!(enrolled(&capture, &strict()).verdict, Verdict::Pass);
    // Those that could not be compared do not.
    for frame in &mut capture.frames[2..] {
        frame.spared = false;
    }
    let decision = enrolled(&capture, &strict());
    assert_eq!(decision.reasons, [Reason::TooFewFrames]);
    // Of those that were, each counts.
    for frame in &mut capture.frames[2..] {
        frame.spared = true;
    }
    capture.frames[1].likeness = Some(ComparisonScore::new(0.2));
    let decision = enrolled(&capture, &strict());
    assert_eq!(decision.reasons, [Reason::FramesOfAnotherPerson]);
}

#[test]
fn a_score_between_is_for_a_person_to_decide() {
    let mut policy = with_band();
    let mut capture = live();
    for (intercept, reasons) in [
        (1.0, vec![]),
        (0.99, vec![Reason::LivenessUnclear]),
        (-1.01, vec![Reason::NotLive]),
        (f32::NAN, vec![Reason::LivenessUnclear]),
    ] {
        policy.liveness.capture.terms = Terms::NOTHING;
        policy.liveness.capture.intercept = intercept;
        assert_eq!(enrolled(&capture, &policy).reasons, reasons, "{intercept}");
    }
    policy.liveness.capture.intercept = 0.0;
    assert_eq!(
        enrolled(&capture, &policy).verdict,
        Verdict::Provisional,
        "nobody is let in until a person decides"
    );
    capture.pattern = Some(13.5);
    assert_eq!(
        enrolled(&capture, &policy).reasons,
        [Reason::RegularPattern, Reason::LivenessUnclear],
        "no score makes up for a screen's pixels"
    );
}

#[test]
fn a_missing_score_is_the_worst_where_the_detector_is_loaded() {
    let capture = CaptureEvidence {
        presentation_attack: None,
        ..live()
    };
    let decision = enrolled(&capture, &strict());
    assert_eq!(
        (decision.verdict, decision.reasons),
        (Verdict::PossibleSpoof, vec![Reason::NotLive])
    );
    let decision = judge_enrolment(&Seen::alone(&capture), &strict());
    assert!(!decision.liveness.performed);
    let half = decision.liveness.fused.unwrap();
    assert_eq!(half.contributions[0].measure, Measure::Passive);
    assert_eq!(half.contributions[0].adds, half.contributions[0].lacks);
    let still = selfie(vec![face(200.0)]);
    let decision = judge_enrolment(&Seen::alone(&still), &lenient());
    assert_eq!(decision.liveness.passive, Side::NotPerformed);
    assert_eq!(decision.liveness.fused, None);
}

#[test]
fn what_a_missing_model_would_have_measured_counts_neither_way_and_nothing_is_said_to_have_passed()
{
    let also_silent = |mut policy: Policy| {
        for fusion in [&mut policy.liveness.still, &mut policy.liveness.capture] {
            fusion.terms.silent = Term::new(20.0, -2.0, 8.0);
            fusion.intercept -= 10.0;
        }
        policy
    };
    let by_one_model = |score: f32, capture: CaptureEvidence| CaptureEvidence {
        presentation_attack: Some(PresentationAttackEvidence {
            scores: vec![score; 9],
            fused: score,
            models: vec![ModelScores {
                model: "MiniFAS".to_owned(),
                images: vec![Some(score); 9],
                lower_half: score,
                mean: score,
            }],
        }),
        ..capture
    };
    let policy = also_silent(strict());
    let honest = by_one_model(8.0, live());
    let decision = judge_enrolment(&Seen::alone(&honest), &policy);
    assert_eq!(decision.verdict, Verdict::Pass);
    assert_eq!(decision.liveness.passive, Side::Passed);
    assert!(!decision.liveness.performed);
    // What the models that are there measured counts.
    let print = by_one_model(-3.0, live());
    let decision = judge_enrolment(&Seen::alone(&print), &policy);
    assert_eq!(decision.reasons, [Reason::NotLive]);
    // Where all are loaded, what one did not measure is held against the capture.
    let decision = enrolled(&honest, &policy);
    assert_eq!(decision.reasons, [Reason::NotLive]);
    assert!(!decision.liveness.performed);
    // A selfie alone is not judged by a part of them.
    let selfie = by_one_model(-3.0, selfie(vec![face(200.0)]));
    let decision = judge_enrolment(&Seen::alone(&selfie), &also_silent(lenient()));
    assert_eq!(decision.verdict, Verdict::Pass);
    assert_eq!(decision.liveness.passive, Side::NotPerformed);
    // A policy that weighs nothing of the missing one has all that it needs.
    let decision = judge_enrolment(&Seen::alone(&honest), &strict());
    assert!(decision.liveness.performed);
    let decision = judge_enrolment(&Seen::alone(&selfie), &lenient());
    assert_eq!(decision.reasons, [Reason::PrintOrScreen]);
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

/// Who is asked to turn and turns on to full profile, where no mesh is found and a template is like nobody's.
#[test]
fn a_frame_that_a_followed_challenge_did_not_measure_shows_nobody() {
    let at = |yaw: f32| {
        Some(HeadTurn {
            yaw,
            pitch: 0.0,
            parallax_yaw: 0.9 * yaw,
            parallax_pitch: 0.0,
            nose_across: 0.6 * yaw.to_radians().sin(),
            nose_up: 0.0,
            likeness: Some(ComparisonScore::new(0.6)),
            follows: Some(ComparisonScore::new(0.7)),
        })
    };
    let turned = |profile| {
        let [front, half, fully] = [at(0.0), at(12.0), at(25.0)];
        let mut capture = live();
        capture.turns = Some(TurnEvidence {
            selfie: HeadPose::default(),
            frames: vec![front, half, fully, fully, profile, fully, half, front],
        });
        capture.frames[4].likeness = Some(ComparisonScore::new(0.1));
        capture
    };
    let left = Challenge {
        id: ChallengeId::from_random([1; 16]),
        turns: vec![challenge::Turn::Left],
        expires_at: Timestamp::UNIX_EPOCH,
    };
    let reasons = |capture: &CaptureEvidence, challenge| {
        let seen = Seen {
            challenge,
            ..seen(capture)
        };
        judge_enrolment(&seen, &strict()).reasons
    };
    let profile = turned(None);
    assert_eq!(reasons(&profile, Some(&left)), []);
    // Nothing excuses it where no turns were drawn, nor what the challenge measured.
    assert_eq!(reasons(&profile, None), [Reason::FramesOfAnotherPerson]);
    let measured = turned(at(28.0));
    assert_eq!(
        reasons(&measured, Some(&left)),
        [Reason::FramesOfAnotherPerson]
    );
}
