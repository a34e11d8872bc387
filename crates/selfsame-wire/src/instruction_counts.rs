//! Work on what requests bring whose instructions `bench/instructions.py` counts, on inputs that are the same each time. As tests
//! they hold that the work is done at all.

use std::hint::black_box;

use jiff::Timestamp;

use crate::id::{JobId, PartnerId, UserId};
use crate::info::ImageRole;
use crate::package::{Package, PackageBuilder, PackageLimits};
use crate::partner_params::PartnerParams;
use crate::signature::{
    ApiKey, RequestSignatureError, Signed, TimestampWindow, sign_request, verify_request,
};

/// Begins like a JPEG, and does not deflate, as none does.
fn image(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0];
    bytes.resize_with(length, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    bytes
}

#[inline(never)]
fn read_package(bytes: &[u8]) -> Package {
    Package::read(bytes, &PackageLimits::default()).unwrap()
}

#[inline(never)]
fn check_signature(
    key: &ApiKey,
    partner: &PartnerId,
    signed: &Signed,
    now: Timestamp,
) -> Result<(), RequestSignatureError> {
    let window = TimestampWindow::default();
    verify_request(
        key,
        partner,
        &signed.timestamp,
        &signed.signature,
        &window,
        now,
    )
}

/// Each is named after what it calls: `bench/instructions.py` runs it by that name.
mod tests {
    use super::*;

    #[test]
    fn read_package() {
        let (job, user) = (JobId::new("j").unwrap(), UserId::new("u").unwrap());
        let params = PartnerParams::default().naming(&job, &user).typed(4);
        let mut builder = PackageBuilder::new(params).image(ImageRole::Selfie, image(60_000));
        for _ in 0..8 {
            builder = builder.image(ImageRole::Liveness, image(15_000));
        }
        let bytes = builder.build().unwrap();
        assert_eq!(
            super::read_package(black_box(bytes.as_slice()))
                .images
                .len(),
            9
        );
    }

    #[test]
    fn check_signature() {
        let partner = PartnerId::new("2343").unwrap();
        let (key, now) = (
            ApiKey::new("key-1"),
            Timestamp::from_second(1_800_000_000).unwrap(),
        );
        let signed = sign_request(&key, &partner, now);
        assert_eq!(
            super::check_signature(&key, &partner, black_box(&signed), now),
            Ok(())
        );
    }
}
