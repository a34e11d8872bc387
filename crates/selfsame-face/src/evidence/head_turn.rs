//! How the head turns over a capture. Measurements, never decisions.

use serde::{Deserialize, Serialize};

use super::HeadPose;
use crate::template::ComparisonScore;

/// How the head is held in each image, and whether what turns has a head's shape. It takes a closer look at each frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnEvidence {
    /// How the head is held in the selfie, by the mesh. The slope of an average face is taken off its pitch.
    pub selfie: HeadPose,
    /// One for each frame, in order; absent where a frame shows no face that could be measured, or, unless turns were asked for,
    /// none that is turned far.
    pub frames: Vec<Option<HeadTurn>>,
}

/// How the head is held in a frame, against the selfie. Angles in degrees: yaw is positive towards the picture's right, which
/// is the person's own left unless the picture is mirrored; pitch is positive where the chin goes up.
///
/// The pose is told in three ways that do not share their faults. The first reads each picture by itself; the others only
/// compare where points are, so that a picture that is turned, tilted or bent stays near 0 there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HeadTurn {
    /// By the mesh's own depth.
    pub yaw: f32,
    /// By the mesh's own depth.
    pub pitch: f32,
    /// By how the mesh's near points move against its far ones, whatever a plane that is turned would do taken away.
    pub parallax_yaw: f32,
    /// The same, up.
    pub parallax_pitch: f32,
    /// How far the detector's nose moves to the picture's right against the plane of eyes and mouth, in inter-eye distances of
    /// a face seen from the front. A head's nose stands about 0.6 before it.
    pub nose_across: f32,
    /// The same, up.
    pub nose_up: f32,
    /// How alike the face is to the selfie's; absent where it has no template.
    pub likeness: Option<ComparisonScore>,
    /// How alike it is to the latest frame before it that was measured and has a template, the selfie's for the first.
    pub follows: Option<ComparisonScore>,
}

/// Beyond this many degrees of yaw a face by itself counts as turned away.
const TURNED_YAW: f32 = 15.0;
/// The same of pitch; what five landmarks tell of it has the face's own proportions in it.
const TURNED_PITCH: f32 = 20.0;

impl HeadPose {
    /// Whether the head is turned so far that its template is less alike to a frontal one than the person is: such a face is not
    /// to be held to what frontal faces score.
    #[must_use]
    pub fn is_turned(&self) -> bool {
        self.yaw.abs() > TURNED_YAW || self.pitch.abs() > TURNED_PITCH
    }
}
