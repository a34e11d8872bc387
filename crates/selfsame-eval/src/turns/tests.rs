use selfsame_job::challenge::{Flaw, Turn};
use selfsame_job::reason::Reason;

use super::look::Judged;
use super::*;

#[test]
fn a_capture_s_name_says_what_was_asked() {
    let turns = |name: &str| turns_in(name);
    assert_eq!(turns("ada/left-up-1"), Some(vec![Turn::Left, Turn::Up]));
    assert_eq!(turns("ada\\right-2"), Some(vec![Turn::Right]));
    // No take, no such turn, none, one twice in a row, more than are ever drawn.
    for wrong in [
        "ada/left",
        "ada/left-down-1",
        "ada/1",
        "ada/left-left-1",
        "ada/left-up-left-up-left-1",
    ] {
        assert_eq!(turns(wrong), None, "{wrong}");
    }
}

#[test]
fn all_other_draws_of_as_many_turns_are_judged() {
    let found = others(&[Turn::Left, Turn::Right]);
    assert_eq!(found.len(), 5);
    assert!(found.contains(&vec![Turn::Up, Turn::Left]));
    assert!(!found.contains(&vec![Turn::Left, Turn::Right]));
    assert!(found.iter().all(|draw| draw[0] != draw[1]));
    assert_eq!(others(&[Turn::Up]).len(), 2);
}

fn judged(followed: bool, answer: Answer) -> Judged {
    Judged {
        unusable: None,
        followed,
        flaws: if followed {
            vec![]
        } else {
            vec![Flaw::Flat, Flaw::OtherTurns]
        },
        answer,
        reasons: match answer {
            Answer::Refused => vec![Reason::ChallengeNotFollowed],
            _ => vec![],
        },
    }
}

#[test]
fn people_count_once_and_only_where_all_of_theirs_followed() {
    let (right, wrong) = (judged(true, Answer::Passed), judged(false, Answer::Refused));
    let unclear = judged(true, Answer::Reviewed);
    let found = [
        (Tried::AsAsked, "ada", &right),
        (Tried::AsAsked, "ada", &wrong),
        (Tried::AsAsked, "bea", &right),
        (Tried::AsAsked, "eve", &unclear),
        (Tried::Plane, "ada", &wrong),
    ];
    let asked = outcome(Tried::AsAsked, &found).unwrap();
    let counted = |of: Proportion| (of.count, of.trials);
    assert_eq!(counted(asked.followed), (3, 4));
    assert_eq!(counted(asked.passed), (2, 4));
    assert_eq!(counted(asked.people_followed), (2, 3));
    assert_eq!(asked.flaws["flat"], 1);
    assert_eq!(asked.reasons["challenge_not_followed"], 1);
    let plane = outcome(Tried::Plane, &found).unwrap();
    assert_eq!(counted(plane.followed), (0, 1));
    assert_eq!(outcome(Tried::Bent, &found), None);
}
