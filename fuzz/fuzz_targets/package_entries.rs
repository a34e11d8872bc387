//! Well-formed zips of any entries: checksums are right, so that the fuzzer gets past them.
#![no_main]

use std::io::{Cursor, Write as _};

use libfuzzer_sys::fuzz_target;
use selfsame_wire::package::{Package, PackageLimits};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

#[derive(Debug, arbitrary::Arbitrary)]
struct Entry<'a> {
    /// Most entries should be ones that the reader looks at.
    name: Name<'a>,
    deflated: bool,
    bytes: &'a [u8],
}

#[derive(Debug, arbitrary::Arbitrary)]
enum Name<'a> {
    Info,
    Picture,
    Other(&'a str),
}

#[derive(Debug, arbitrary::Arbitrary)]
struct Zip<'a> {
    entries: Vec<Entry<'a>>,
    /// Bytes changed in the finished zip.
    changes: Vec<(u16, u8)>,
}

fn write(zip: &Zip<'_>) -> Option<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in &zip.entries {
        let name = match entry.name {
            Name::Info => "info.json",
            Name::Picture => "a.jpg",
            Name::Other(name) => name,
        };
        let method = if entry.deflated {
            CompressionMethod::Deflated
        } else {
            CompressionMethod::Stored
        };
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(name, options).ok()?;
        writer.write_all(entry.bytes).ok()?;
    }
    Some(writer.finish().ok()?.into_inner())
}

fuzz_target!(|zip: Zip<'_>| {
    let Some(mut bytes) = write(&zip) else {
        return;
    };
    for (at, value) in &zip.changes {
        let length = bytes.len();
        bytes[usize::from(*at) % length] = *value;
    }
    let limits = PackageLimits {
        entries: 16,
        entry_bytes: 64 * 1024,
        total_bytes: 128 * 1024,
        ..PackageLimits::default()
    };
    if let Ok(package) = Package::read(&bytes, &limits) {
        let total: usize = package.images.iter().map(|i| i.bytes.len()).sum();
        assert!(total as u64 <= limits.total_bytes);
    }
});
