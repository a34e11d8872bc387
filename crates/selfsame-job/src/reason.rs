//! What can speak against a capture, and what a policy answers to each.

use serde::{Deserialize, Serialize};

/// What a policy answers to something that speaks against a capture. Ordered: later answers are stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// The result tells it; it decides nothing.
    Report,
    /// A person decides.
    Review,
    /// The job does not pass.
    Refuse,
}

/// The checks that a capture passes, in their order. A refusal ends them: what comes later is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The user may be judged at all.
    Account,
    /// One face is there.
    Face,
    /// It is good enough to decide by.
    Quality,
    /// A live person was before the camera.
    Liveness,
    /// The images were not used before.
    Replay,
    /// It is the enrolled person; or, at enrolment, not somebody enrolled already.
    Comparison,
}

macro_rules! reasons {
    (
        fixed { $($(#[$fixed_doc:meta])* $fixed:ident: $fixed_check:ident, $fixed_advice:literal;)* }
        answered { $($(#[$doc:meta])* $name:ident, $field:ident: $check:ident, $default:ident, $advice:literal;)* }
    ) => {
        /// Something that speaks against a capture.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $($(#[$fixed_doc])* $fixed,)*
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$fixed,)* $(Self::$name,)*];

            /// What to tell the person.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self {
                    $(Self::$fixed => $fixed_advice,)*
                    $(Self::$name => $advice,)*
                }
            }

            /// The check that finds it.
            #[must_use]
            pub const fn check(self) -> Check {
                match self {
                    $(Self::$fixed => Check::$fixed_check,)*
                    $(Self::$name => Check::$check,)*
                }
            }
        }

        /// The answer to each reason that has no numbers of its own to go with it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Responses {
            $($(#[$doc])* pub $field: Response,)*
        }

        impl Default for Responses {
            fn default() -> Self {
                Self { $($field: Response::$default,)* }
            }
        }

        impl Responses {
            /// The answer to a reason; [`Response::Refuse`] to those that no policy can forgive, and to those that another
            /// part of the policy answers.
            #[must_use]
            pub const fn to(&self, reason: Reason) -> Response {
                match reason {
                    $(Reason::$name => self.$field,)*
                    $(Reason::$fixed => Response::Refuse,)*
                }
            }
        }
    };
}

reasons! {
    fixed {
        /// The user was reported for fraud, and no operator has cleared it since.
        AccountLockedFraud: Account, "this user is locked until an operator clears it";
        /// No face was found.
        NoFace: Face, "no face was found: face the camera";
        /// The comparison score is below the review threshold.
        OtherPerson: Comparison, "the face is not the enrolled person's";
        /// The comparison score with the identity's photograph is below the review threshold.
        OtherPersonThanPortrait: Comparison, "the face is not that of the identity's photograph";
        /// There is no photograph of the identity.
        PortraitMissing: Comparison, "there is no photograph of the identity to compare with";
        /// The photograph of the identity shows no face, several, or one that is too small.
        PortraitUnusable: Comparison, "the photograph of the identity shows no face that can be compared with";
        /// An image of the capture was accepted in an earlier job; `replay.exact` answers it.
        ReplayedImage: Replay, "an image of this capture was used in an earlier job: capture anew";
        /// An image of the capture is nearly one that was accepted in an earlier job; `replay.near` answers it.
        NearlyReplayedImage: Replay, "an image of this capture is nearly one of an earlier job: capture anew";
        /// Another user of the partner has this face; `duplicates.response` answers it.
        Duplicate: Comparison, "this person is enrolled under another user_id";
        /// The new face scores below the review threshold against the one on file; `replacement.mode` answers it.
        ReplacementMismatch: Comparison, "the new face is not the one on file";
        /// The new face scores between the thresholds against the one on file; `replacement.mode` answers it.
        ReplacementUnclear: Comparison, "it is not clear that the new face is the one on file";
        /// There is a user to replace but no template that the new one compares with; `replacement.mode` answers it.
        ReplacementNotComparable: Comparison, "the new face cannot be compared with what is on file";
        /// The face on file would be replaced, which `replacement.mode` leaves to people.
        ReplacementReview: Comparison, "a person decides whether the face on file is replaced";
    }
    answered {
        /// More than one face of about the same size.
        SeveralFaces, several_faces: Face, Refuse, "more than one face was found: be alone in the picture";
        /// The detector is unsure.
        FaceUnclear, face_unclear: Quality, Refuse, "the face is not clear: uncover it and look at the camera";
        /// The face is small.
        FaceTooSmall, face_too_small: Quality, Refuse, "the face is too small: move closer";
        /// The face is not sharp.
        Blurred, blurred: Quality, Refuse, "the picture is blurred: hold the camera still";
        /// Too little light.
        TooDark, too_dark: Quality, Refuse, "the picture is too dark: find more light";
        /// Too much light.
        TooBright, too_bright: Quality, Refuse, "the picture is too bright: avoid direct light";
        /// Light comes from one side, or something shades a part of the face.
        UnevenLight, uneven_light: Quality, Review, "the light is uneven: turn to the light and uncover the face";
        /// The eyes are dark: glasses, or deep shadow.
        EyesCovered, eyes_covered: Quality, Report, "the eyes cannot be seen: take off dark glasses";
        /// The mouth has not the face's colour.
        MouthCovered, mouth_covered: Quality, Review, "the mouth is covered: take off the mask";
        /// Both eyes are closed.
        EyesClosed, eyes_closed: Quality, Review, "the eyes are closed: open them";
        /// The head is turned away or leans.
        NotFacing, not_facing: Quality, Refuse, "the head is turned: look straight into the camera";
        /// The face is too near.
        FaceTooNear, face_too_near: Quality, Refuse, "the face is too near: move back";
        /// A part of the face is outside the picture.
        FaceCut, face_cut: Quality, Refuse, "a part of the face is outside the picture: centre your face";
        /// A regular pattern stands out of the face: a screen's pixels, a print's dots, or their moiré.
        RegularPattern, regular_pattern: Liveness, Refuse, "the face shows a screen's or a print's pattern: capture a live face";
        /// A selfie alone scores below `still.reject_below`: a print, a screen or the like.
        PrintOrScreen, print_or_screen: Liveness, Refuse, "the picture looks like a print or a screen: capture a live face";
        /// A capture with frames scores below `capture.reject_below`: all that was measured, together, speaks for an attack.
        NotLive, not_live: Liveness, Refuse, "the capture does not look like a live face: look into the camera in even light, move the head a little and smile";
        /// The score is between `reject_below` and `review_below`.
        LivenessUnclear, liveness_unclear: Liveness, Review, "it is not clear that a live face was before the camera";
        /// A file of the capture comes twice, or, where head turns were drawn, a picture.
        StillRepeated, still_repeated: Liveness, Refuse, "the frames repeat one picture: capture them from the camera";
        /// The smile does not grow, where the policy asks for one.
        NoSmile, no_smile: Liveness, Refuse, "no smile was seen: smile during the capture";
        /// A frame shows another face than the selfie.
        FramesOfAnotherPerson, frames_of_another_person: Liveness, Refuse, "a frame shows another person than the selfie";
        /// The face moves as one with what is around it, or nothing moves at all: a picture that is held, moved about or repeated.
        FlatPicture, flat_picture: Liveness, Refuse, "the face moves like a picture: capture a live face, and move the head a little";
        /// The frames do not follow one another as a camera takes them: they cut from one photograph to another, or mirror one.
        FramesNotContinuous, frames_not_continuous: Liveness, Refuse, "the frames do not follow one another: capture them from the camera, without a pause";
        /// Too few frames came, or show the face, for movement to be judged.
        TooFewFrames, too_few_frames: Liveness, Refuse, "too few frames show the face: send the selfie with its liveness frames";
        /// The head did not make the turns that the server drew.
        ChallengeNotFollowed, challenge_not_followed: Liveness, Refuse, "the head did not turn as it was asked to: turn it as the capture tells you, and come back to the middle each time";
        /// The policy asks for a challenge, and the capture answers none.
        ChallengeMissing, challenge_missing: Liveness, Refuse, "this capture must follow turns that the server draws: use a capture that guides them";
        /// The comparison score is between the thresholds.
        BetweenThresholds, between_thresholds: Comparison, Review, "the comparison is not clear enough to decide";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_policy_can_forgive_is_refused() {
        let mild = Responses::default();
        assert_eq!(mild.to(Reason::NoFace), Response::Refuse);
        assert_eq!(mild.to(Reason::OtherPerson), Response::Refuse);
        assert_eq!(mild.to(Reason::BetweenThresholds), Response::Review);
    }

    #[test]
    fn each_reason_has_its_own_advice() {
        let advice: std::collections::HashSet<_> = Reason::ALL.iter().map(|r| r.advice()).collect();
        assert_eq!(advice.len(), Reason::ALL.len());
    }
}
