//! Error rates after ISO/IEC 19795-1 and 30107-3, from scores alone. Nothing here looks at an image.

pub mod attack;
pub mod error_rate;
pub mod histogram;
pub mod interval;
