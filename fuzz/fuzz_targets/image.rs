//! An image's bytes: refused, or pixels that are as many as they say and no more than allowed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use selfsame_face::decode::{Limits, decode};

const LIMITS: Limits = Limits {
    bytes: 64 * 1024,
    pixels: 256 * 256,
    memory: 8 * 1024 * 1024,
};

/// Panics within the decoder are caught by the project's code, as they are in the server; the fuzzer's own hook would end the
/// process before. A panic of this target still does.
fn let_panics_unwind() {
    std::panic::set_hook(Box::new(|_| {}));
}

fuzz_target!(init: let_panics_unwind(), |bytes: &[u8]| {
    if let Ok(image) = decode(bytes, &LIMITS) {
        let (width, height) = image.pixels.dimensions();
        assert_eq!((width, height), (image.facts.width, image.facts.height));
        assert!(u64::from(width) * u64::from(height) <= LIMITS.pixels);
        assert!(width > 0 && height > 0);
    }
});
