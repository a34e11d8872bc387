//! A picture's way into memory, and out of it again.

use std::time::Instant;

use super::Analyser;
use super::sight::Search;
use crate::deadline::Deadline;
use crate::decode::{self, Decoded, ImageError};
use crate::evidence::Turn;
use crate::memory::{MemoryShare, NeverFits};
use crate::metadata;
use crate::portrait;

/// A decoded picture, with its part of the memory for pictures.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) decoded: Decoded,
    _share: MemoryShare,
}

impl Analyser {
    /// Decodes a picture once there is memory for it, and turns it so far beyond its EXIF orientation. What it is searched for
    /// tells of whom it comes, and so which formats it may have. Who holds a picture must let it go before he opens another.
    pub(super) fn open(
        &self,
        bytes: &[u8],
        search: Search,
        turn: Turn,
        deadline: &Deadline,
    ) -> Result<Picture, ImageError> {
        let limits = &self.inner.limits;
        let announced = match search {
            Search::Portrait => decode::announce_portrait(bytes, &portrait::within(limits))?,
            Search::Thorough | Search::Template | Search::Glance => {
                decode::announce(bytes, limits)?
            }
        }
        .turned(turn);
        let waiting = Instant::now();
        let mut share = self
            .inner
            .memory
            .take(announced.memory() + metadata::MEMORY)
            .map_err(|NeverFits { needed, total }| ImageError::TooMuchMemory {
                needed,
                most: total,
            })?;
        // It was others that had the memory.
        deadline.excuse(waiting.elapsed());
        let decoded = announced.decode(deadline)?;
        share.shrink(decoded.memory() + metadata::MEMORY);
        Ok(Picture {
            decoded,
            _share: share,
        })
    }
}
