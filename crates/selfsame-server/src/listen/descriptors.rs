//! File descriptors: every connection takes one, and so do the database and the packages.

/// Kept for the database, packages, callbacks and the log.
const RESERVE: usize = 256;
/// As many as are asked for where the limit may be raised; some libraries walk all that there could be.
const ENOUGH: u64 = 65_536;

/// Raises the process's soft limit as far as is sensible; gives how many files may be open.
pub(super) fn raise() -> usize {
    // Where there is no such limit, and where it cannot be read, it is not what stands in the way.
    let files = rlimit::increase_nofile_limit(ENOUGH).unwrap_or(ENOUGH);
    usize::try_from(files).unwrap_or(usize::MAX)
}

/// How many connections there may be, of those asked for, where so many files may be open.
pub(super) fn connections(asked: usize, files: usize) -> usize {
    // With very few files, half of them: the rest must do.
    let fit = files.saturating_sub(RESERVE).max(files / 2);
    asked.min(fit).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_stays_for_what_is_not_a_connection() {
        assert_eq!(connections(4096, 65_536), 4096);
        assert_eq!(connections(4096, 1024), 768);
        assert_eq!(connections(4096, 64), 32);
        assert_eq!(connections(0, 64), 1);
        assert!(raise() > 0);
    }
}
