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
    [
        (
            face.detection_score < policy.min_detection_score,
            Reason::FaceUnclear,
        ),
        (
            face.inter_eye_distance < policy.min_inter_eye_distance,
            Reason::FaceTooSmall,
        ),
        (face.sharpness < policy.min_sharpness, Reason::Blurred),
        (face.exposure < policy.min_exposure, Reason::TooDark),
        (face.exposure > policy.max_exposure, Reason::TooBright),
    ]
    .into_iter()
    .filter_map(|(applies, reason)| applies.then_some(reason))
    .collect()
}
