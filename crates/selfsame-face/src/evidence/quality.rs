//! How good a face's picture is, in the terms of ISO/IEC 29794-5: numbers, never decisions.

use serde::{Deserialize, Serialize};

/// What bears on how well a face can be compared, beside its size, sharpness and exposure.
///
/// The default is a picture that nothing speaks against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FaceQuality {
    /// Where the head is turned; absent when the landmarks fall together.
    pub pose: Option<HeadPose>,
    /// Sharpness for the contrast there is: [`super::FaceEvidence::sharpness`] over the grey levels of
    /// [`Light::dynamic_range`], 0 to 1. Light and contrast change it little, blur and smallness much. Without a dynamic
    /// range (below about 0.05) it says nothing.
    pub definition: f32,
    /// How the light is.
    pub light: Light,
    /// What hides the eyes and the mouth, as far as colours tell.
    pub cover: Cover,
    /// Where the face is in the picture.
    pub framing: Framing,
}

/// Where the head is turned, in degrees; all 0 for a face that looks into the camera.
///
/// Estimated from five landmarks and a mean face, for every face; measured in docs/decisions/0009-quality.md. Yaw is good to
/// some 5° and roll to 3°. Pitch is rough: a smile, a covered mouth or another face's proportions move it by 8°. Where the face
/// mesh looked ([`super::FaceGeometry`]), its angles are better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct HeadPose {
    /// Above 0 when the nose points to the picture's right. −90 to 90.
    pub yaw: f32,
    /// Above 0 when the face looks up. −90 to 90.
    pub pitch: f32,
    /// Above 0 when the head leans clockwise in the picture. −180 to 180.
    pub roll: f32,
}

/// Light on the face, measured on the aligned crop within an oval that leaves hair and background out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Light {
    /// Mean luminance of the darker half, left or right, over that of the brighter: 1 is even, 0 is light from one side only.
    pub evenness_across: f32,
    /// The same of the upper half and the lower.
    pub evenness_down: f32,
    /// From the 5th to the 95th percentile of luminance, as a part of the whole scale: 0 is one flat tone, 1 is black and white.
    pub dynamic_range: f32,
    /// Part of the pixels with a luminance of at most 25 of 255, 0 to 1.
    pub under_exposed: f32,
    /// Part of the pixels with a luminance of at least 247 of 255, 0 to 1.
    pub over_exposed: f32,
}

/// What hides the eyes and the mouth. Colours tell of dark glasses and coloured masks; of clear glasses, hands and
/// skin-coloured things they do not. Whether the eyes are closed they cannot tell either: [`super::FaceGeometry`] does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cover {
    /// Part of the surroundings of both eyes that is less than half as bright as the cheeks, 0 to 1. Dark glasses are high;
    /// so are eyes in deep shadow. Absent when the cheeks are too dark to compare with.
    pub dark_eyes: Option<f32>,
    /// How far the colour around the mouth is from the colour of the face around the nose, as a distance of chroma (Cb, Cr)
    /// in units of 255: 0 to about 1. Masks are high, for even black and white ones have not the colour of skin; in a grey
    /// picture nothing is.
    pub mouth_colour: f32,
}

/// Where the face is in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Framing {
    /// Length of the face box's longer side over the picture's shorter side: about 0.1 far away, above 1 too close.
    pub size: f32,
    /// How far the box's centre is right of the picture's, as a part of the picture's width: −0.5 to 0.5.
    pub off_centre_across: f32,
    /// How far the box's centre is below the picture's, as a part of the picture's height: −0.5 to 0.5.
    pub off_centre_down: f32,
    /// Part of the face that is outside the picture, 0 to 1, by an oval laid on the eyes: the detector's box stops at the
    /// picture's edge.
    pub outside: f32,
}

impl Default for FaceQuality {
    fn default() -> Self {
        Self {
            pose: Some(HeadPose::default()),
            definition: 0.2,
            light: Light::default(),
            cover: Cover::default(),
            framing: Framing::default(),
        }
    }
}

impl Default for Light {
    fn default() -> Self {
        Self {
            evenness_across: 1.0,
            evenness_down: 1.0,
            dynamic_range: 0.5,
            under_exposed: 0.0,
            over_exposed: 0.0,
        }
    }
}

impl Default for Framing {
    fn default() -> Self {
        Self {
            size: 0.5,
            off_centre_across: 0.0,
            off_centre_down: 0.0,
            outside: 0.0,
        }
    }
}
