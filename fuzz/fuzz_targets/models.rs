//! The translators of models, on files whose digest nobody checked: refused, or translated to the same file each time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use selfsame_face::models::translate;

fuzz_target!(|bytes: &[u8]| {
    let translated = translate(bytes);
    assert_eq!(translated, translate(bytes));
    // What one of them writes, the other reads in the server: it must bear it.
    for file in translated.into_iter().flatten() {
        let _ = translate(&file);
    }
});
