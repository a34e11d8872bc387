//! Pages of libraries and compiled models that only loading read. Does nothing elsewhere than on Linux.
//!
//! OpenVINO packs a model's weights for the processor into memory of its own, and keeps the file that they came from mapped; and
//! preparing models runs far more of a library than running them does.
#![allow(unsafe_code)]

use std::path::Path;

/// Lets the system have all pages of this program's file and of those in these folders: whoever needs one again gets it from its
/// file, at the cost of a page fault. Pages that were written to stay.
pub(super) fn give_back(folders: &[&Path]) {
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        let program = std::env::current_exe().unwrap_or_default();
        // The system tells paths without links.
        let folders: Vec<_> = folders.iter().flat_map(|f| f.canonicalize()).collect();
        // Without /proc all stays as it is.
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
        for mapping in linux::mappings(&smaps) {
            let ours =
                mapping.file == program || folders.iter().any(|f| mapping.file.starts_with(f));
            if ours && mapping.is_as_in_the_file() {
                let address = std::ptr::with_exposed_provenance_mut(mapping.addresses.start);
                // SAFETY: this advice changes no byte of any memory, whatever is mapped there by now: a page is written to its file, or to
                // where the system swaps to, before it is let go of (madvise(2)).
                let done =
                    unsafe { madvise(address, mapping.addresses.len(), Advice::LinuxPageOut) };
                if let Err(error) = done {
                    tracing::debug!(file = %mapping.file.display(), %error, "pages are not given back");
                }
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ops::Range;
    use std::path::PathBuf;

    /// A mapping, as `/proc/self/smaps` tells of it.
    #[derive(Debug, PartialEq, Eq)]
    pub(super) struct Mapping {
        pub(super) addresses: Range<usize>,
        /// As `r-xp`: read, written, executed, private or shared.
        rights: String,
        /// Where it is one of memory, nothing or the system's name for it.
        pub(super) file: PathBuf,
        /// KiB in pages that were written to; `None` if it was not told, or not all of it.
        written: Option<u64>,
    }

    impl Mapping {
        /// Whether nobody may write to it, and nobody did before.
        pub(super) fn is_as_in_the_file(&self) -> bool {
            self.rights.starts_with("r-") && self.written == Some(0)
        }
    }

    /// Reads `smaps`.
    pub(super) fn mappings(smaps: &str) -> Vec<Mapping> {
        let mut found: Vec<Mapping> = Vec::new();
        // What was written to and is in memory, and what was taken out of memory since.
        let mut told = (None, None);
        for line in smaps.lines() {
            let kib = |number: &str| number.trim().strip_suffix(" kB")?.parse::<u64>().ok();
            if let Some(mapping) = begins(line) {
                found.push(mapping);
                told = (None, None);
            } else if let Some(number) = line.strip_prefix("Anonymous:") {
                told.0 = kib(number);
            } else if let Some(number) = line.strip_prefix("Swap:") {
                told.1 = kib(number);
            }
            if let (Some(last), (Some(here), Some(away))) = (found.last_mut(), told) {
                last.written = here.checked_add(away);
            }
        }
        found
    }

    /// The line that a mapping begins with: addresses, rights, offset, device, inode, path.
    fn begins(line: &str) -> Option<Mapping> {
        let (head, path) = line.split_at_checked(line.find('/').unwrap_or(line.len()))?;
        let mut words = head.split_ascii_whitespace();
        let (from, to) = words.next()?.split_once('-')?;
        let number = |text| usize::from_str_radix(text, 16).ok();
        Some(Mapping {
            addresses: number(from)?..number(to)?,
            rights: words.next()?.to_owned(),
            file: path.into(),
            written: None,
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::ptr;

    use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

    use super::*;

    const SMAPS: &str = "\
7f1c0000-7f1c2000 r-xp 00001000 08:01 42    /models/open vino/lib.so
Size:                  8 kB
Rss:                   8 kB
Anonymous:             0 kB
Swap:                  0 kB
SwapPss:               0 kB
VmFlags: rd ex mr mw me
7f1c2000-7f1c3000 r--p 00003000 08:01 42    /models/open vino/lib.so
Anonymous:             0 kB
Swap:                  4 kB
7f1c3000-7f1c4000 r--p 00004000 08:01 42    /models/open vino/lib.so
Anonymous:             4 kB
Swap:                  0 kB
7f1c4000-7f1c5000 rw-p 00005000 08:01 42    /models/open vino/lib.so
Anonymous:             0 kB
Swap:                  0 kB
7f1c5000-7f1c6000 r--s 00000000 08:01 43    /models/a.blob
Anonymous:             0 kB
7f1c6000-7f1c7000 rw-p 00000000 00:00 0
Anonymous:             0 kB
Swap:                  0 kB
";

    #[test]
    fn only_what_nobody_wrote_to_is_as_in_the_file() {
        let mappings = linux::mappings(SMAPS);
        let told: Vec<_> = mappings
            .iter()
            .map(|m| (m.addresses.start, &*m.file, m.is_as_in_the_file()))
            .collect();
        let library = Path::new("/models/open vino/lib.so");
        assert_eq!(
            told,
            [
                (0x7f1c_0000, library, true),
                (0x7f1c_2000, library, false),
                (0x7f1c_3000, library, false),
                (0x7f1c_4000, library, false),
                // It is not told whether pages of it are away.
                (0x7f1c_5000, Path::new("/models/a.blob"), false),
                (0x7f1c_6000, Path::new(""), false),
            ]
        );
    }

    #[test]
    fn pages_that_were_given_back_are_read_again() {
        const LENGTH: usize = 64 * 4096;
        // Beside the program: a folder for temporary files may be in memory, and have no other place for them.
        let program = std::env::current_exe().unwrap();
        let folder = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
        let path = folder.path().join("blob");
        std::fs::write(&path, [7; LENGTH]).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        // What is not in the file yet is written there first, and that takes its time.
        file.sync_all().unwrap();
        let (read, shared) = (ProtFlags::READ, MapFlags::SHARED);
        // SAFETY: a new mapping, of a file that nobody writes to meanwhile.
        let mapped = unsafe { mmap(ptr::null_mut(), LENGTH, read, shared, &file, 0).unwrap() };
        // SAFETY: it is mapped until the end of this test.
        let bytes = unsafe { std::slice::from_raw_parts(mapped.cast::<u8>(), LENGTH) };
        let resident = || {
            let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let (_, rest) = smaps.split_once(path.to_str().unwrap()).unwrap();
            let (_, rest) = rest.split_once("\nRss:").unwrap();
            let kib = rest.split_ascii_whitespace().next().unwrap();
            kib.parse::<usize>().unwrap()
        };
        let all_seven = || bytes.iter().all(|byte| *byte == 7);
        assert!(all_seven());
        assert_eq!(resident(), LENGTH / 1024);
        give_back(&[]);
        assert_eq!(resident(), LENGTH / 1024);
        give_back(&[folder.path()]);
        assert_eq!(resident(), 0);
        assert!(all_seven());
        // SAFETY: nobody reads it after this.
        unsafe { munmap(mapped, LENGTH).unwrap() };
    }
}
