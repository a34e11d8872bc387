//! Images that come again, and people who do.

use selfsame_face::template::ComparisonScore;
use selfsame_wire::id::{SmileJobId, UserId};
use serde::{Deserialize, Serialize};

use crate::policy::ReplayPolicy;
use crate::reason::{Reason, Response};

/// What an image is recognised by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFingerprint {
    /// Which image: 0 is the selfie, n the nth frame.
    pub image: usize,
    /// SHA-256 of the file, as it was sent.
    pub exact: [u8; 32],
    /// A perceptual hash of the picture, 256 bits; absent where it was not computed.
    pub perceptual: Option<[u8; 32]>,
    /// The perceptual hash of the picture mirrored, which is looked for too, and not kept: front cameras save either.
    pub mirrored: Option<[u8; 32]>,
}

/// An image of a capture that was accepted before, in another job of the partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// Which image: 0 is the selfie, n the nth frame.
    pub image: usize,
    /// The very file, rather than nearly the same picture.
    pub exact: bool,
    /// How many bits of the perceptual hashes differ, 0 to 256; where the picture came mirrored, of its mirror image's.
    pub distance: u32,
    /// The job that it was accepted in.
    pub smile_job_id: SmileJobId,
}

/// Another user of the partner with the face that is to be enrolled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duplicate {
    /// Who.
    pub user_id: UserId,
    /// How alike the faces are.
    pub score: ComparisonScore,
    /// From which score on it counts, where another model's templates were compared; else the policy's threshold does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f32>,
}

/// What the recurrences come to, with the policy's answers.
pub(crate) fn judge(recurrences: &[Recurrence], policy: &ReplayPolicy) -> Vec<(Reason, Response)> {
    let mut found = Vec::new();
    if recurrences.iter().any(|r| r.exact) {
        found.push((Reason::ReplayedImage, policy.exact));
    }
    if recurrences
        .iter()
        .any(|r| !r.exact && r.distance <= policy.max_distance)
    {
        found.push((Reason::NearlyReplayedImage, policy.near));
    }
    found
}
