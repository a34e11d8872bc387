//! Encryption whose instructions `bench/instructions.py` counts. As a test it holds that the work is done at all.

use std::hint::black_box;

use crate::keyring::Keyring;
use crate::keyring::tests::ring;

const PLACE: &str = "blob/one";

#[inline(never)]
fn seal_image(keys: &Keyring, plain: &[u8]) -> Vec<u8> {
    keys.seal(plain, PLACE).unwrap()
}

/// Each is named after what it calls: `bench/instructions.py` runs it by that name.
mod tests {
    use super::*;

    #[test]
    fn seal_image() {
        let (keys, plain) = (ring(), vec![7u8; 100_000]);
        let sealed = super::seal_image(&keys, black_box(plain.as_slice()));
        assert_eq!(keys.open(&sealed, PLACE, "image").unwrap(), plain);
    }
}
