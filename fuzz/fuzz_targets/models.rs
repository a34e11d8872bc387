//! The translators of models, on files whose digest nobody checked: refused, or a file that another translator reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use selfsame_face::models::translate;

fuzz_target!(|bytes: &[u8]| {
    for translated in translate(bytes).into_iter().flatten() {
        // What was copied and turned is no larger than what was there to copy, and names.
        assert!(translated.len() <= 64 * bytes.len() + 64 * 1024);
        let [_, again] = translate(&translated);
        let _ = again;
    }
});
