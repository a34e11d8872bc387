//! What was captured under a tag.

use selfsame_wire::challenge::ChallengeId;
use selfsame_wire::info::ImageRole;

/// A selfie with its frames, and ID card images where they were captured. Images are JPEG or PNG files.
#[derive(Clone, PartialEq, Eq)]
pub struct Capture {
    selfie: Vec<u8>,
    frames: Vec<Vec<u8>>,
    challenge: Option<ChallengeId>,
    id_card_front: Option<Vec<u8>>,
    id_card_back: Option<Vec<u8>>,
}

impl std::fmt::Debug for Capture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Capture(redacted, {} frames)", self.frames.len())
    }
}

impl Capture {
    /// A selfie alone.
    #[must_use]
    pub const fn from_selfie(selfie: Vec<u8>) -> Self {
        Self {
            selfie,
            frames: Vec::new(),
            challenge: None,
            id_card_front: None,
            id_card_back: None,
        }
    }

    /// Adds the frames around the selfie, in the order in which they were taken.
    #[must_use]
    pub fn with_frames(mut self, frames: Vec<Vec<u8>>) -> Self {
        self.frames = frames;
        self
    }

    /// Says which challenge the person followed: the selfie looks straight ahead, and the frames begin so and then hold for
    /// each turn the way there, the head fully turned (twice), and the way back, in the order in which they were taken.
    #[must_use]
    pub fn following(mut self, challenge: ChallengeId) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// The challenge that the person followed.
    pub(crate) const fn challenge(&self) -> Option<&ChallengeId> {
        self.challenge.as_ref()
    }

    /// Adds images of an ID card.
    #[must_use]
    pub fn with_id_card(mut self, front: Vec<u8>, back: Option<Vec<u8>>) -> Self {
        self.id_card_front = Some(front);
        self.id_card_back = back;
        self
    }

    pub(crate) const fn has_id_card(&self) -> bool {
        self.id_card_front.is_some()
    }

    pub(crate) fn images(&self) -> impl Iterator<Item = (ImageRole, &[u8])> {
        let cards = [
            (ImageRole::IdCardFront, &self.id_card_front),
            (ImageRole::IdCardBack, &self.id_card_back),
        ];
        [(ImageRole::Selfie, self.selfie.as_slice())]
            .into_iter()
            .chain(
                self.frames
                    .iter()
                    .map(|f| (ImageRole::Liveness, f.as_slice())),
            )
            .chain(
                cards
                    .into_iter()
                    .filter_map(|(role, card)| card.as_deref().map(|bytes| (role, bytes))),
            )
    }
}
