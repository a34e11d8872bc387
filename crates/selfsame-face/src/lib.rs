//! Pixels in, evidence out.

pub mod evidence;
pub mod template;
