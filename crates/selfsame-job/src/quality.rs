//! Whether a selfie is good enough to decide by.

use selfsame_face::evidence::{FaceEvidence, ImageEvidence};

use crate::policy::QualityPolicy;
use crate::reason::Reason;

/// Whether another face is about as large as the largest: then nobody knows whose selfie it is.
pub(crate) fn crowd(selfie: &ImageEvidence, policy: &QualityPolicy) -> bool {
    let area = |f: &FaceEvidence| f.face_box.width * f.face_box.height;
    let Some((largest, others)) = selfie.faces.split_first() else {
        return false;
    };
    others.iter().any(|other| {
        other.detection_score >= policy.min_detection_score
            && area(other) >= policy.second_face_area * area(largest)
    })
}

/// Every flaw of the face.
pub(crate) fn flaws(face: &FaceEvidence, policy: &QualityPolicy) -> Vec<Reason> {
    let quality = &face.quality;
    let (light, cover, framing) = (quality.light, quality.cover, quality.framing);
    // The mesh's angles are better than those of five landmarks, where it looked.
    let (yaw, roll) = match (face.geometry, quality.pose) {
        (Some(mesh), _) => (mesh.yaw, mesh.roll),
        (None, Some(pose)) => (pose.yaw, pose.roll),
        (None, None) => (0.0, 0.0),
    };
    [
        (
            face.detection_score < policy.min_detection_score,
            Reason::FaceUnclear,
        ),
        (
            face.inter_eye_distance < policy.min_inter_eye_distance,
            Reason::FaceTooSmall,
        ),
        (quality.definition < policy.min_definition, Reason::Blurred),
        (
            face.exposure < policy.min_exposure
                || light.dynamic_range < policy.min_dynamic_range
                || light.under_exposed > policy.max_under_exposed,
            Reason::TooDark,
        ),
        (
            face.exposure > policy.max_exposure || light.over_exposed > policy.max_over_exposed,
            Reason::TooBright,
        ),
        (
            light.evenness_across < policy.min_evenness_across
                || light.evenness_down < policy.min_evenness_down,
            Reason::UnevenLight,
        ),
        (
            cover.dark_eyes.is_some_and(|d| d > policy.max_dark_eyes),
            Reason::EyesCovered,
        ),
        (
            cover.mouth_colour > policy.max_mouth_colour,
            Reason::MouthCovered,
        ),
        (
            face.geometry.is_some_and(|g| {
                g.left_eye_closed.min(g.right_eye_closed) > policy.max_eyes_closed
            }),
            Reason::EyesClosed,
        ),
        (
            yaw.abs() > policy.max_yaw || roll.abs() > policy.max_roll,
            Reason::NotFacing,
        ),
        (framing.size > policy.max_size, Reason::FaceTooNear),
        (framing.outside > policy.max_outside, Reason::FaceCut),
    ]
    .into_iter()
    .filter_map(|(applies, reason)| applies.then_some(reason))
    .collect()
}
