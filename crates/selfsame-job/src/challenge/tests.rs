use proptest::prelude::*;
use selfsame_face::evidence::{
    FrameEvidence, HeadPose, ImageDigests, ImageEvidence, ImageFacts, ImageFormat, Timings,
    TurnEvidence,
};
use selfsame_face::template::ComparisonScore;
use selfsame_wire::id::Environment;

use super::*;
use crate::policy::Policy;

fn policy() -> ChallengePolicy {
    Policy::default().liveness.challenge
}

/// A frame of a real head of one person.
fn held(yaw: f32, pitch: f32) -> HeadTurn {
    HeadTurn {
        yaw,
        pitch,
        parallax_yaw: 0.9 * yaw,
        parallax_pitch: 0.9 * pitch,
        nose_across: 0.6 * yaw.to_radians().sin(),
        nose_up: 0.6 * pitch.to_radians().sin(),
        likeness: Some(ComparisonScore::new(0.6)),
        follows: Some(ComparisonScore::new(0.7)),
    }
}

fn fully(turn: Option<Turn>) -> HeadTurn {
    match turn {
        Some(Turn::Left) => held(24.0, 1.0),
        Some(Turn::Right) => held(-25.0, -2.0),
        Some(Turn::Up) => held(2.0, 18.0),
        None => held(-1.0, -30.0),
    }
}

fn half(turn: Option<Turn>) -> HeadTurn {
    let whole = fully(turn);
    held(whole.yaw / 2.0, whole.pitch / 2.0)
}

/// As the clients take them: front, then for each turn on the way, twice fully, and back at front.
fn frames(made: &[Option<Turn>]) -> Vec<Option<HeadTurn>> {
    let mut frames = vec![Some(held(0.5, -0.5))];
    for turn in made {
        let front = held(-0.8, 1.2);
        frames.extend([half(*turn), fully(*turn), fully(*turn), front].map(Some));
    }
    frames
}

fn capture(frames: Vec<Option<HeadTurn>>) -> CaptureEvidence {
    let facts = ImageFacts {
        format: ImageFormat::Jpeg,
        width: 640,
        height: 480,
    };
    let frame = |at: usize| FrameEvidence {
        image: Some(facts),
        unusable: None,
        faces: 1,
        likeness: None,
        spared: false,
        pose: None,
        digests: Some(ImageDigests {
            exact: [at as u8; 32],
            perceptual: std::array::from_fn(|n| (at * 89 + n * 37) as u8),
        }),
    };
    CaptureEvidence {
        frames: (0..frames.len()).map(frame).collect(),
        turns: Some(TurnEvidence {
            selfie: HeadPose::default(),
            frames,
        }),
        ..CaptureEvidence::alone(ImageEvidence {
            image: facts,
            faces: Vec::new(),
            template: None,
            template_length: None,
            further_templates: Vec::new(),
            turned: selfsame_face::evidence::Turn::None,
            digests: ImageDigests::default(),
            metadata: Vec::new(),
            timings: Timings::default(),
        })
    }
}

fn challenge(turns: &[Turn]) -> Challenge {
    Challenge {
        id: ChallengeId::from_random([1; 16]),
        turns: turns.to_vec(),
        expires_at: Timestamp::UNIX_EPOCH,
    }
}

const LEFT_UP: [Turn; 2] = [Turn::Left, Turn::Up];

fn made(turns: &[Turn]) -> Vec<Option<HeadTurn>> {
    frames(&turns.iter().copied().map(Some).collect::<Vec<_>>())
}

fn flaws(frames: Vec<Option<HeadTurn>>) -> Vec<Flaw> {
    answer(&challenge(&LEFT_UP), &capture(frames), &policy()).flaws
}

/// Changes every frame that is fully turned.
fn changed(change: impl Fn(&mut HeadTurn)) -> Vec<Flaw> {
    let mut frames = made(&LEFT_UP);
    for turn in frames.iter_mut().flatten() {
        if turn.yaw.abs() > 20.0 || turn.pitch.abs() > 15.0 {
            change(turn);
        }
    }
    flaws(frames)
}

#[test]
fn who_turns_as_asked_has_followed() {
    assert_eq!(flaws(made(&LEFT_UP)), []);
    // One turn seen on the way and once fully; a frame in between that shows nothing; a hesitation.
    let mut frames = made(&LEFT_UP);
    frames.remove(2);
    frames[4] = None;
    frames.insert(1, Some(held(11.0, 2.0)));
    frames.insert(2, Some(held(0.0, 0.0)));
    assert_eq!(flaws(frames), []);
}

#[test]
fn each_flaw_is_told() {
    assert_eq!(flaws(made(&[Turn::Left])), [Flaw::OtherTurns], "one of two");
    assert_eq!(flaws(made(&[Turn::Up, Turn::Left])), [Flaw::OtherTurns]);
    assert_eq!(
        flaws(made(&[Turn::Left, Turn::Up, Turn::Right])),
        [Flaw::OtherTurns],
        "one too many"
    );
    let nodded = frames(&[Some(Turn::Left), None, Some(Turn::Up)]);
    assert_eq!(
        flaws(nodded),
        [Flaw::OtherTurns],
        "a full nod was not drawn"
    );
    let mut sunk = made(&LEFT_UP);
    for at in [0, 4] {
        sunk[at] = Some(held(-1.0, -14.0));
    }
    assert_eq!(flaws(sunk), [], "a chin that sinks between turns is none");
    let mut still = made(&[]);
    still.extend(vec![Some(held(0.0, 0.0)); 8]);
    assert_eq!(flaws(still), [Flaw::OtherTurns], "nothing moves");
    let mut begun = made(&LEFT_UP);
    begun.drain(..3);
    assert!(flaws(begun).contains(&Flaw::NotBackAtFront));
    let mut open = made(&LEFT_UP);
    open.pop();
    assert_eq!(flaws(open), [Flaw::NotBackAtFront]);
    let mut hurried = made(&LEFT_UP);
    hurried.remove(4);
    assert_eq!(flaws(hurried), [Flaw::NotBackAtFront], "no pause between");
    let mut brief = made(&LEFT_UP);
    brief.drain(1..3);
    assert_eq!(flaws(brief), [Flaw::TurnTooBrief]);
    let mut hidden = made(&LEFT_UP);
    hidden[1..4].fill(None);
    assert!(flaws(hidden).contains(&Flaw::NotMeasured));
    assert!(flaws(vec![None; 9]).contains(&Flaw::NotMeasured));
    assert!(flaws(Vec::new()).contains(&Flaw::NotMeasured));
    let mut alone = capture(made(&LEFT_UP));
    alone.turns = None;
    let alone = answer(&challenge(&LEFT_UP), &alone, &policy());
    assert_eq!(alone.flaws, [Flaw::NotMeasured]);
}

#[test]
fn what_turns_must_be_a_head_and_the_person_s() {
    let flat = changed(|turn| (turn.parallax_yaw, turn.parallax_pitch) = (1.0, 1.0));
    assert_eq!(flat, [Flaw::Flat]);
    assert_eq!(
        changed(|turn| (turn.nose_across, turn.nose_up) = (0.03, 0.03)),
        [Flaw::Flat]
    );
    assert_eq!(changed(|turn| turn.nose_across = f32::NAN), [Flaw::Flat]);
    let other = Some(ComparisonScore::new(0.1));
    assert_eq!(changed(|turn| turn.likeness = other), [Flaw::OtherPerson]);
    assert_eq!(changed(|turn| turn.follows = other), [Flaw::OtherPerson]);
    assert_eq!(changed(|turn| turn.likeness = None), [Flaw::OtherPerson]);
    // The likest turned face of a stranger on IMM, and the least of people's own on KDEF (docs/decisions/0163-real-turns.md).
    let stranger = Some(ComparisonScore::new(0.349));
    assert_eq!(
        changed(|turn| turn.likeness = stranger),
        [Flaw::OtherPerson]
    );
    let turned = Some(ComparisonScore::new(0.365));
    assert_eq!(changed(|turn| turn.likeness = turned), []);
    let mut policy = policy();
    policy.min_likeness_turned = 0.3;
    let mut frames = made(&LEFT_UP);
    frames[4].as_mut().unwrap().likeness = stranger;
    let answer = answer(&challenge(&LEFT_UP), &capture(frames), &policy);
    assert_eq!(
        answer.flaws,
        [Flaw::OtherPerson],
        "at front they are held to their own bound"
    );
}

#[test]
fn a_selfie_that_is_turned_moves_no_front() {
    for (yaw, pitch) in [(14.0, 0.0), (-14.0, 0.0), (0.0, -30.0), (f32::NAN, 0.0)] {
        let mut seen = capture(made(&LEFT_UP));
        seen.turns.as_mut().unwrap().selfie = HeadPose {
            yaw,
            pitch,
            roll: 0.0,
        };
        let answer = answer(&challenge(&LEFT_UP), &seen, &policy());
        assert_eq!(answer.flaws, [Flaw::SelfieNotFrontal]);
    }
}

#[test]
fn a_turn_is_not_the_other_s_mirror_image() {
    let both = [Turn::Right, Turn::Left];
    let mut seen = capture(made(&both));
    let drawn = challenge(&both);
    assert_eq!(answer(&drawn, &seen, &policy()).flaws, []);
    let one = seen.frames[2].digests.unwrap();
    let mut twin = one.mirrored();
    twin.perceptual[3] ^= 0b11;
    seen.frames[6].digests = Some(twin);
    assert_eq!(answer(&drawn, &seen, &policy()).flaws, [Flaw::Mirrored]);
}

#[test]
fn a_head_that_is_turned_two_ways_at_once_makes_neither_turn() {
    let mut frames = made(&[]);
    frames.extend([held(20.0, 15.0), held(20.0, 15.0), held(0.0, 0.0)].map(Some));
    assert_eq!(flaws(frames), [Flaw::OtherTurns]);
}

#[test]
fn the_policy_says_whether_it_counts() {
    let followed = capture(made(&LEFT_UP));
    let drawn = challenge(&LEFT_UP);
    let with = |mode| ChallengePolicy { mode, ..policy() };
    for (mode, challenge, side) in [
        (ChallengeMode::Off, None, ChallengeSide::NotJudged),
        (ChallengeMode::Off, Some(&drawn), ChallengeSide::NotJudged),
        (ChallengeMode::WhenDrawn, None, ChallengeSide::NotJudged),
        (
            ChallengeMode::WhenDrawn,
            Some(&drawn),
            ChallengeSide::Followed,
        ),
        (
            ChallengeMode::Required,
            Some(&drawn),
            ChallengeSide::Followed,
        ),
        (
            ChallengeMode::Required,
            None,
            ChallengeSide::Against(Reason::ChallengeMissing),
        ),
    ] {
        assert_eq!(judge(challenge, &followed, &with(mode)), side, "{mode:?}");
    }
    let still = capture(made(&[]));
    assert_eq!(
        judge(Some(&drawn), &still, &with(ChallengeMode::WhenDrawn)),
        ChallengeSide::Against(Reason::ChallengeNotFollowed)
    );
}

fn drawn(random: u8, turns: usize) -> Challenge {
    let bytes = std::array::from_fn(|n| random.wrapping_mul(31).wrapping_add((n * n) as u8));
    draw(
        &bytes,
        &ChallengePolicy { turns, ..policy() },
        Timestamp::UNIX_EPOCH,
    )
}

#[test]
fn a_draw_has_no_turn_twice_in_a_row_and_all_orders_come() {
    let mut orders = std::collections::HashSet::new();
    for number in 0..=u32::from(u16::MAX) {
        let mut random = [0; DRAW_BYTES];
        // Two numbers that run through all rests of division.
        random[16..20].copy_from_slice(&(number / 7).to_be_bytes());
        random[20..24].copy_from_slice(&number.to_be_bytes());
        let policy = ChallengePolicy {
            turns: 2,
            ..policy()
        };
        orders.insert(draw(&random, &policy, Timestamp::UNIX_EPOCH).turns);
    }
    assert_eq!(orders.len(), 6);
    for turns in 1..=MOST_TURNS {
        for random in 0..=255 {
            let drawn = drawn(random, turns);
            assert_eq!(drawn.turns.len(), turns);
            assert!(drawn.turns.windows(2).all(|pair| pair[0] != pair[1]));
            assert_eq!(drawn.expires_at.as_second(), 120);
        }
    }
    assert_ne!(drawn(1, 2).id, drawn(2, 2).id);
}

fn record() -> DrawnChallenge {
    DrawnChallenge {
        challenge: drawn(3, 2),
        user: UserKey {
            partner: "p".parse().unwrap(),
            environment: Environment::Sandbox,
            user: "ada".parse().unwrap(),
        },
        job_id: None,
        drawn_at: Timestamp::UNIX_EPOCH,
        used_by: None,
    }
}

#[test]
fn a_challenge_is_its_user_s_for_its_time() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let (record, policy) = (record(), policy());
    let job: JobId = "j".parse().unwrap();
    let may = |user: &UserKey, job: &JobId, second| {
        record.may_be_answered(user, job, &policy, at(second))
    };
    assert_eq!(may(&record.user, &job, 119), Ok(()));
    assert_eq!(may(&record.user, &job, 120), Err(Unanswerable::Expired));
    for other in [
        UserKey {
            user: "eve".parse().unwrap(),
            ..record.user.clone()
        },
        UserKey {
            partner: "q".parse().unwrap(),
            ..record.user.clone()
        },
        UserKey {
            environment: Environment::Production,
            ..record.user.clone()
        },
    ] {
        assert_eq!(may(&other, &job, 1), Err(Unanswerable::Unknown));
    }
    let bound = DrawnChallenge {
        job_id: Some(job.clone()),
        ..record.clone()
    };
    let may = |job: &str| bound.may_be_answered(&bound.user, &job.parse().unwrap(), &policy, at(1));
    assert_eq!(may("j"), Ok(()));
    assert_eq!(may("k"), Err(Unanswerable::Unknown));
    let more = ChallengePolicy { turns: 3, ..policy };
    let few = record.may_be_answered(&record.user, &job, &more, at(1));
    assert_eq!(few, Err(Unanswerable::TooFewTurns));
    assert!(record.is_given_again(at(60)) && !record.is_given_again(at(61)));
    let used = DrawnChallenge {
        used_by: Some("s".parse().unwrap()),
        ..record
    };
    assert!(!used.is_given_again(at(0)));
}

fn any_turn() -> impl Strategy<Value = Option<Turn>> {
    prop_oneof![
        Just(Some(Turn::Left)),
        Just(Some(Turn::Right)),
        Just(Some(Turn::Up)),
        Just(None),
    ]
}

fn any_frame() -> impl Strategy<Value = Option<HeadTurn>> {
    let angle = || prop_oneof![4 => -45.0f32..45.0, 1 => Just(f32::NAN), 1 => Just(0.0f32)];
    prop::option::weighted(
        0.9,
        (angle(), angle()).prop_map(|(yaw, pitch)| held(yaw, pitch)),
    )
}

proptest! {
    #[test]
    fn only_the_drawn_turns_in_their_order_pass(
        random: u8, turns in 1..=MOST_TURNS, made in prop::collection::vec(any_turn(), 0..6),
    ) {
        let drawn = drawn(random, turns);
        let wanted: Vec<_> = drawn.turns.iter().copied().map(Some).collect();
        let answer = answer(&drawn, &capture(frames(&made)), &policy());
        // A turn that is made twice with a pause between is made twice.
        prop_assert_eq!(answer.is_right(), made == wanted, "{:?}", answer);
    }

    #[test]
    fn no_other_order_of_the_same_frames_passes(
        random: u8, turns in 2..=MOST_TURNS, keys in prop::collection::vec(any::<u32>(), 24),
    ) {
        let drawn = drawn(random, turns);
        let mut shuffled: Vec<_> = made(&drawn.turns).into_iter().flatten().zip(keys).collect();
        shuffled.sort_by_key(|(_, key)| *key);
        let shuffled: Vec<Option<HeadTurn>> = shuffled.into_iter().map(|(turn, _)| Some(turn)).collect();
        let answer = answer(&drawn, &capture(shuffled.clone()), &policy());
        if answer.is_right() {
            // Then it is an order in which they could have been taken.
            let policy = policy();
            let mut seen: Vec<Option<Turn>> = shuffled.iter().flatten()
                .filter_map(|turn| Held::of(turn, &policy).fully()).collect();
            seen.dedup();
            let wanted: Vec<_> = drawn.turns.iter().copied().map(Some).collect();
            prop_assert_eq!(seen, wanted);
        }
    }

    #[test]
    fn no_frames_break_it_and_none_that_turn_elsewhere_pass(
        random: u8, frames in prop::collection::vec(any_frame(), 0..24),
    ) {
        let drawn = drawn(random, 2);
        let answer = answer(&drawn, &capture(frames.clone()), &policy());
        let policy = policy();
        let elsewhere = frames.iter().flatten().filter_map(|turn| Held::of(turn, &policy).fully())
            .any(|turn| turn.is_none_or(|turn| !drawn.turns.contains(&turn)));
        prop_assert!(!(answer.is_right() && elsewhere), "{:?}", answer);
    }
}
