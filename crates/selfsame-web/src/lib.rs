//! The face finder for browsers: pixels in, face evidence out. Built by `web/build.sh`, called by `web/src/engine`.
//!
//! The module holds one finder and one buffer. The caller asks for the buffer ([`input`]), writes the model or a picture
//! into it, then calls [`load`] or [`look`] and reads numbers at [`output`] or a text at [`error`]. No pointer ever comes
//! from the caller, so that nothing here trusts one. A pointer is good until the next call.

mod exports;
mod session;

pub use exports::{error, error_len, input, load, look, output, output_len};
pub use session::{FACE_NUMBERS, Session};
