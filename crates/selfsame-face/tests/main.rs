//! The tests on photographs, in one binary: each binary links the engines anew. `cargo nextest run -p selfsame-face --test suite
//! quality::` runs one file's. What counts an allocator's bytes (`decoding.rs`) is alone in its own.

mod attacks;
#[path = "captures/main.rs"]
mod captures;
mod photographs;
mod portraits;
mod quality;
mod turned;
