//! How good it is, in figures: comparison, presentation-attack detection and robustness, measured on photographs that the
//! caller names, and attacks made of them to try it with. Terms after ISO/IEC 19795-1 and 30107-3.

pub mod all_pairs;
pub mod cache;
pub mod captures;
pub mod comparison;
pub mod dataset;
pub mod error;
pub mod fit;
pub mod folds;
pub mod generate;
pub mod groups;
pub mod metrics;
pub mod prepare;
pub mod presentation_attack;
pub mod progress;
pub mod recommendation;
pub mod report;
pub mod robustness;
pub mod staged;
pub mod turned;
pub mod turns;
