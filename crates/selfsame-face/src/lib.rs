//! Pixels in, evidence out: decode within limits, detect, align, embed, compare.
//!
//! Without features only the evidence types remain, for those who judge but do not look; with `decode`, images as well; with
//! `portrait`, what authorities send beside these; with `detect`, faces are found and measured in pixels, as a device or a browser
//! needs it; with `engine`, all that a server does.

pub mod evidence;
pub mod template;

#[cfg(feature = "detect")]
mod align;
#[cfg(feature = "engine")]
pub mod analyser;
#[cfg(feature = "engine")]
mod continuity;
#[cfg(feature = "detect")]
mod cut;
#[cfg(feature = "decode")]
pub mod deadline;
#[cfg(feature = "decode")]
pub mod decode;
#[cfg(feature = "detect")]
mod detect;
#[cfg(feature = "engine")]
pub mod digest;
#[cfg(feature = "engine")]
pub mod embed;
#[cfg(feature = "detect")]
pub mod finder;
#[cfg(feature = "detect")]
mod fold;
#[cfg(feature = "detect")]
pub mod inference;
#[cfg(test)]
#[cfg(feature = "engine")]
mod instruction_counts;
#[cfg(feature = "engine")]
pub mod memory;
#[cfg(feature = "engine")]
mod mesh;
#[cfg(all(feature = "engine", not(feature = "fuzzing")))]
mod metadata;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod metadata;
#[cfg(feature = "engine")]
pub mod models;
#[cfg(feature = "engine")]
mod motion;
#[cfg(feature = "detect")]
mod onnx;
#[cfg(feature = "engine")]
mod pattern;
#[cfg(feature = "portrait")]
pub mod portrait;
#[cfg(feature = "engine")]
mod presentation_attack;
#[cfg(feature = "detect")]
mod quality;
#[cfg(feature = "engine")]
mod repetition;
#[cfg(feature = "detect")]
mod shrink;
#[cfg(feature = "engine")]
mod straighten;
#[cfg(feature = "engine")]
mod turn;
