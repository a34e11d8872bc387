//! The names in a zip's central directory, doubles included: the zip reader itself keeps only the last of them.

/// Every name from `start` on, as bytes; stops at the first thing that is no entry.
pub(super) fn names(zip: &[u8], start: u64) -> Vec<&[u8]> {
    const SIGNATURE: &[u8] = b"PK\x01\x02";
    const FIXED: usize = 46;
    let mut names = Vec::new();
    let mut rest = usize::try_from(start)
        .ok()
        .and_then(|at| zip.get(at..))
        .unwrap_or_default();
    while let Some(header) = rest.get(..FIXED).filter(|h| h.starts_with(SIGNATURE)) {
        let length = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let (name, extra, comment) = (length(28), length(30), length(32));
        let Some(bytes) = rest.get(FIXED..FIXED + name) else {
            break;
        };
        names.push(bytes);
        rest = rest
            .get(FIXED + name + extra + comment..)
            .unwrap_or_default();
    }
    names
}
