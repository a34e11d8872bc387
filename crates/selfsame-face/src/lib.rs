//! Pixels in, evidence out: decode within limits, detect, align, embed, compare.
//!
//! Without the feature `engine` only the evidence types remain, for those who judge but do not look; with `decode`, images
//! as well.

pub mod evidence;
pub mod template;

#[cfg(feature = "engine")]
mod align;
#[cfg(feature = "engine")]
pub mod analyser;
#[cfg(feature = "decode")]
pub mod decode;
#[cfg(feature = "engine")]
mod detect;
#[cfg(feature = "engine")]
pub mod digest;
#[cfg(feature = "engine")]
pub mod inference;
#[cfg(feature = "engine")]
mod mesh;
#[cfg(feature = "engine")]
mod metadata;
#[cfg(feature = "engine")]
pub mod models;
#[cfg(feature = "engine")]
mod motion;
#[cfg(feature = "engine")]
mod presentation_attack;
#[cfg(feature = "engine")]
mod quality;
#[cfg(feature = "engine")]
mod repetition;
#[cfg(feature = "engine")]
mod shrink;
