//! A picture's way into memory, and out of it again.

use std::time::Instant;

use super::Analyser;
use crate::deadline::Deadline;
use crate::decode::{self, Decoded, ImageError};
use crate::evidence::Turn;
use crate::memory::{MemoryShare, NeverFits};
use crate::metadata;

/// A decoded picture, with its part of the memory for pictures.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) decoded: Decoded,
    _share: MemoryShare,
}

impl Analyser {
    /// Decodes a picture once there is memory for it, and turns it so far beyond its EXIF orientation. Who holds a picture
    /// must let it go before he opens another.
    pub(super) fn open(
        &self,
        bytes: &[u8],
        turn: Turn,
        deadline: &Deadline,
    ) -> Result<Picture, ImageError> {
        let announced = decode::announce(bytes, &self.inner.limits)?.turned(turn);
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
