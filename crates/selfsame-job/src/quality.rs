//! Whether a selfie is good enough to decide by.

use selfsame_face::evidence::{FaceEvidence, ImageEvidence};

use crate::policy::QualityPolicy;
use crate::reason::Reason;

/// Whether another face is nearly as prominent as the subject's, by size and nearness to the middle: then nobody knows whose
/// selfie it is.
pub(crate) fn crowd(selfie: &ImageEvidence, policy: &QualityPolicy) -> bool {
    let Some((subject, others)) = selfie.faces.split_first() else {
        return false;
    };
    let rival = policy.second_face_area * subject.prominence();
    others.iter().any(|other| {
        other.detection_score >= policy.min_detection_score && other.prominence() >= rival
    })
}

/// Every flaw of the selfie's face.
pub(crate) fn flaws(
    selfie: &ImageEvidence,
    face: &FaceEvidence,
    policy: &QualityPolicy,
) -> Vec<Reason> {
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
            face.detection_score < policy.min_detection_score
                || selfie
                    .template_length
                    .is_some_and(|length| length < policy.min_template_length),
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
