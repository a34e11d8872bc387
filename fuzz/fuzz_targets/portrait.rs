//! A photograph as an authority sends it: text, a record, or a picture. Refused, or pixels that are as many as they say and no more
//! than allowed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use selfsame_face::deadline::Deadline;
use selfsame_face::decode::{Limits, announce_portrait};
use selfsame_face::portrait::{peel, unwrap_text};

const LIMITS: Limits = Limits {
    bytes: 64 * 1024,
    pixels: 256 * 256,
    memory: 32 * 1024 * 1024,
};

/// As in the target `image`: panics within a decoder are caught by the project's code.
fn let_panics_unwind() {
    std::panic::set_hook(Box::new(|_| {}));
}

fuzz_target!(init: let_panics_unwind(), |bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(unwrapped) = unwrap_text(text, LIMITS.bytes)
    {
        assert!(!unwrapped.is_empty() && unwrapped.len() <= LIMITS.bytes);
        assert!(unwrapped.len() <= text.len());
        read(&unwrapped);
    }
    read(bytes);
});

fn read(bytes: &[u8]) {
    let Ok(peeled) = peel(bytes) else {
        return;
    };
    assert!(peeled.picture.len() <= bytes.len());
    let Ok(announced) = announce_portrait(&peeled.picture, &LIMITS) else {
        return;
    };
    assert!(announced.memory() <= LIMITS.memory);
    let (width, height) = announced.size();
    assert!(width > 0 && height > 0);
    assert!(u64::from(width) * u64::from(height) <= LIMITS.pixels);
    if let Ok(image) = announced.decode(&Deadline::none()) {
        // An orientation may have swapped its sides.
        let (across, down) = image.pixels.dimensions();
        assert!((across, down) == (width, height) || (down, across) == (width, height));
    }
}
