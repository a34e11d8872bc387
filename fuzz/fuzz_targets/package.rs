//! A package's raw bytes: what is read keeps to the limits, whatever the zip claims.
#![no_main]

use libfuzzer_sys::fuzz_target;
use selfsame_wire::info::ImageRole;
use selfsame_wire::package::{Package, PackageLimits};

const LIMITS: PackageLimits = PackageLimits {
    entries: 16,
    images: 8,
    entry_bytes: 64 * 1024,
    total_bytes: 128 * 1024,
    ratio: 100,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(package) = Package::read(bytes, &LIMITS) else {
        return;
    };
    assert!(package.images.len() <= LIMITS.images);
    assert_eq!(package.images(ImageRole::Selfie).count(), 1);
    for image in &package.images {
        assert!(
            image.bytes.starts_with(&[0xff, 0xd8, 0xff]) || image.bytes.starts_with(b"\x89PNG")
        );
        assert!(image.bytes.len() as u64 <= LIMITS.total_bytes);
    }
});
