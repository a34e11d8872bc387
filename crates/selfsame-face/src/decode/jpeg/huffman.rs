//! Huffman codes and the bits that they are read from.

use crate::decode::ImageError;

/// Codes up to this long are looked up at once.
const QUICK: u32 = 9;
/// The longest code.
const LONGEST: usize = 16;

/// A table of codes.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    /// By the next `QUICK` bits: the code's length, and its symbol. Length 0: the code is longer.
    quick: Box<[(u8, u8); 1 << QUICK]>,
    /// By length: the first code that is too large for it, shifted to 16 bits.
    bounds: [u32; LONGEST + 1],
    /// By length: what leads from a code to its symbol's place.
    places: [i32; LONGEST + 1],
    symbols: Vec<u8>,
}

impl Codes {
    /// From how many codes there are of each length, and their symbols in order. `None` where they are no code.
    pub(super) fn new(counts: &[u8; LONGEST], symbols: &[u8]) -> Option<Self> {
        let mut quick = Box::new([(0, 0); 1 << QUICK]);
        let mut bounds = [0; LONGEST + 1];
        let mut places = [0; LONGEST + 1];
        let (mut code, mut at) = (0u32, 0usize);
        for length in 1..=LONGEST {
            let count = usize::from(counts[length - 1]);
            places[length] = i32::try_from(at).ok()? - i32::try_from(code).ok()?;
            for symbol in symbols.get(at..at + count)? {
                if length as u32 <= QUICK {
                    let spare = QUICK - length as u32;
                    let first = (code << spare) as usize;
                    quick
                        .get_mut(first..first + (1 << spare))?
                        .fill((length as u8, *symbol));
                }
                code += 1;
            }
            at += count;
            if code > 1 << length {
                return None;
            }
            bounds[length] = code << (LONGEST - length);
            code <<= 1;
        }
        (at == symbols.len()).then(|| Self {
            quick,
            bounds,
            places,
            symbols: symbols.to_vec(),
        })
    }
}

/// The bits of a scan's data, up to the next restart marker.
pub(super) struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
    /// The next bits, from the highest on.
    held: u64,
    count: u32,
    /// Zeros that were put behind the last bit.
    made_up: u32,
}

impl<'b> Bits<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            held: 0,
            count: 0,
            made_up: 0,
        }
    }

    #[inline]
    fn fill(&mut self) {
        if let Some(&next) = self.bytes.get(self.at..).and_then(|b| b.first_chunk::<4>())
            && self.count <= 32
            && !next.contains(&0xff)
        {
            self.held |= u64::from(u32::from_be_bytes(next)) << (32 - self.count);
            self.count += 32;
            self.at += 4;
            return;
        }
        self.fill_slowly();
    }

    #[cold]
    fn fill_slowly(&mut self) {
        while self.count <= 56 {
            let byte = match self.bytes.get(self.at) {
                Some(0xff) => match self.bytes.get(self.at + 1) {
                    Some(0x00) => {
                        self.at += 2;
                        0xff
                    }
                    // A marker, or the end: zeros from here on, which are counted.
                    _ => {
                        self.made_up += 8;
                        0
                    }
                },
                Some(byte) => {
                    self.at += 1;
                    *byte
                }
                None => {
                    self.made_up += 8;
                    0
                }
            };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    #[inline]
    fn drop(&mut self, count: u32) {
        self.held <<= count;
        self.count -= count;
    }

    /// The next symbol.
    #[inline(always)]
    pub(super) fn symbol(&mut self, codes: &Codes) -> Result<u8, ImageError> {
        if self.count < LONGEST as u32 {
            self.fill();
        }
        let (length, symbol) = codes.quick[(self.held >> (64 - QUICK)) as usize];
        if length > 0 {
            self.drop(u32::from(length));
            return Ok(symbol);
        }
        self.long_symbol(codes)
    }

    /// The next symbol, of a code that is too long to be looked up at once.
    #[cold]
    fn long_symbol(&mut self, codes: &Codes) -> Result<u8, ImageError> {
        let next = (self.held >> 48) as u32;
        for length in QUICK as usize + 1..=LONGEST {
            if next < codes.bounds[length] {
                let code = (next >> (LONGEST - length)) as i32;
                self.drop(length as u32);
                let place = usize::try_from(code + codes.places[length]).ok();
                return place
                    .and_then(|p| codes.symbols.get(p))
                    .copied()
                    .ok_or_else(no_code);
            }
        }
        Err(no_code())
    }

    /// The next bits as a number, at most 16.
    #[inline]
    pub(super) fn number(&mut self, bits: u32) -> u32 {
        if bits == 0 {
            return 0;
        }
        if self.count < bits {
            self.fill();
        }
        let number = (self.held >> (64 - bits)) as u32;
        self.drop(bits);
        number
    }

    /// A difference or coefficient of so many bits: the lower half of the numbers stands for negative ones.
    #[inline]
    pub(super) fn signed(&mut self, bits: u32) -> i32 {
        let number = self.number(bits) as i32;
        if bits > 0 && number < 1 << (bits - 1) {
            number - (1 << bits) + 1
        } else {
            number
        }
    }

    /// Whether all there is has been taken up, if not read.
    pub(super) const fn ended(&self) -> bool {
        self.made_up > 0
    }

    /// Whether more was read than there is.
    #[inline]
    pub(super) const fn exhausted(&self) -> bool {
        self.made_up > self.count
    }

    /// Goes on behind the restart marker of this number (0 to 7), which must be next.
    pub(super) fn restart(&mut self, number: u8) -> Result<(), ImageError> {
        if self.exhausted() {
            return Err(ImageError::Truncated);
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        // Bytes that are left over do no harm: the marker is looked for.
        let marker = memchr::memchr_iter(0xff, rest)
            .find(|at| matches!(rest.get(at + 1), Some(0xd0..=0xd7)))
            .ok_or(ImageError::Truncated)?;
        if rest[marker + 1] != 0xd0 + number {
            return Err(ImageError::Damaged(
                "a part of a scan is missing".to_owned(),
            ));
        }
        *self = Self {
            at: self.at + marker + 2,
            ..Self::new(self.bytes)
        };
        Ok(())
    }
}

#[cold]
fn no_code() -> ImageError {
    ImageError::Damaged("a scan holds bits that are no code".to_owned())
}
