//! What the segments between scans set: codes, quantisation steps, the restart interval.

use super::huffman::Codes;
use super::segments::{HUFFMAN_TABLES, QUANTISATION_TABLES, RESTART_INTERVAL, Segment};
use crate::decode::ImageError;

/// From the order in which coefficients are written to their place in a block.
pub(super) const ORDER: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// What the segments between scans set.
#[derive(Debug, Default)]
pub(super) struct Tables {
    first: [Option<Codes>; 4],
    others: [Option<Codes>; 4],
    quantisation: [Option<[u16; 64]>; 4],
    interval: usize,
}

impl Tables {
    /// Takes in a segment, if it sets a table.
    pub(super) fn read(&mut self, segment: &Segment<'_>) -> Result<(), ImageError> {
        let read = match segment.marker {
            HUFFMAN_TABLES => self.read_codes(segment.body),
            QUANTISATION_TABLES => self.read_steps(segment.body),
            RESTART_INTERVAL => segment.body.try_into().ok().map(|bytes| {
                self.interval = usize::from(u16::from_be_bytes(bytes));
            }),
            _ => Some(()),
        };
        read.ok_or_else(|| ImageError::Damaged("one of its tables cannot be read".to_owned()))
    }

    fn read_codes(&mut self, mut rest: &[u8]) -> Option<()> {
        while let [class, after @ ..] = rest {
            let (counts, after) = after.split_first_chunk::<16>()?;
            let (symbols, after) =
                after.split_at_checked(counts.iter().map(|c| usize::from(*c)).sum())?;
            let codes = Codes::new(counts, symbols)?;
            let tables = match class >> 4 {
                0 => &mut self.first,
                1 => &mut self.others,
                _ => return None,
            };
            *tables.get_mut(usize::from(class & 15))? = Some(codes);
            rest = after;
        }
        Some(())
    }

    fn read_steps(&mut self, mut rest: &[u8]) -> Option<()> {
        while let [class, after @ ..] = rest {
            let wide = match class >> 4 {
                0 => false,
                1 => true,
                _ => return None,
            };
            let (values, after) = after.split_at_checked(if wide { 128 } else { 64 })?;
            let mut table = [0; 64];
            for (at, place) in ORDER.into_iter().enumerate() {
                table[place] = if wide {
                    u16::from_be_bytes([values[2 * at], values[2 * at + 1]])
                } else {
                    u16::from(values[at])
                };
            }
            *self.quantisation.get_mut(usize::from(class & 15))? = Some(table);
            rest = after;
        }
        Some(())
    }

    /// The codes of means, by their number.
    pub(super) fn first(&self, number: u8) -> Option<&Codes> {
        self.first.get(usize::from(number))?.as_ref()
    }

    /// The codes of all other coefficients, by their number.
    pub(super) fn others(&self, number: u8) -> Option<&Codes> {
        self.others.get(usize::from(number))?.as_ref()
    }

    /// Quantisation steps, row by row.
    pub(super) fn steps(&self, number: usize) -> Option<[u16; 64]> {
        *self.quantisation.get(number)?
    }

    /// Units between restarts; 0 for none.
    pub(super) const fn interval(&self) -> usize {
        self.interval
    }
}
