//! Reads scans: the coefficients of every component's blocks, in whatever order the scans bring them.

use super::huffman::{Bits, Codes};
use super::outline::Frame;
use super::segments::Segment;
use super::tables::{ORDER, Tables};
use crate::deadline::Deadline;
use crate::decode::ImageError;

/// A coefficient of which no scan has told anything yet.
const UNTOLD: u8 = u8::MAX;

pub(super) type Block = [i16; 64];

/// A component's coefficients, and what is known of them.
#[derive(Debug)]
pub(super) struct Coefficients {
    pub(super) blocks: Vec<Block>,
    /// For each block: which coefficients but the first are not zero, in the order of writing, the first one's bit the lowest.
    pub(super) details: Vec<u64>,
    /// Blocks across, as they are kept, and across and down, as they are needed.
    pub(super) stride: usize,
    needed: (usize, usize),
    /// The steps in force when the component's first scan came.
    pub(super) steps: Option<[u16; 64]>,
    /// For each coefficient, in the order of writing: how many of its lowest bits no scan has told.
    untold: [u8; 64],
}

impl Coefficients {
    /// All zero.
    pub(super) fn of(frame: &Frame) -> Vec<Self> {
        let component = |c| {
            let (stride, rows) = frame.blocks(c);
            let (width, height) = frame.samples(c);
            Self {
                blocks: vec![[0; 64]; stride * rows],
                details: vec![0; stride * rows],
                stride,
                needed: (width.div_ceil(8), height.div_ceil(8)),
                steps: None,
                untold: [UNTOLD; 64],
            }
        };
        frame.components.iter().map(component).collect()
    }

    /// Whether the scans told every coefficient to its last bit.
    pub(super) fn complete(&self) -> bool {
        self.untold == [0; 64]
    }

    /// Whether the picture can be seen at all: the mean of each block is known.
    pub(super) const fn begun(&self) -> bool {
        self.untold[0] != UNTOLD
    }
}

/// One of a scan's components, with its tables.
struct Part<'t> {
    component: usize,
    first: Option<&'t Codes>,
    others: Option<&'t Codes>,
    /// The last block's mean.
    last: i32,
}

/// A scan's header.
struct Scan<'t> {
    parts: Vec<Part<'t>>,
    /// The coefficients that it tells, in the order of writing.
    from: usize,
    to: usize,
    /// The lowest bit that was told before (0: nothing was), and the one that it tells.
    before: u8,
    now: u8,
    /// Blocks that are still without anything new.
    run: u32,
}

/// Reads one scan into the components' coefficients.
pub(super) fn read(
    frame: &Frame,
    tables: &Tables,
    segment: &Segment<'_>,
    components: &mut [Coefficients],
    deadline: &Deadline,
) -> Result<(), ImageError> {
    let mut scan = Scan::read(frame, tables, segment.body)?;
    scan.announce(frame, tables, components)?;
    let mut bits = Bits::new(segment.coded);
    let (across, down) = match &scan.parts[..] {
        [only] => components[only.component].needed,
        _ => frame.units(),
    };
    let mut until_restart = tables.interval();
    let mut restart = 0;
    for row in 0..down {
        deadline.check()?;
        for column in 0..across {
            if tables.interval() > 0 {
                if until_restart == 0 {
                    bits.restart(restart)?;
                    scan.forget();
                    restart = (restart + 1) % 8;
                    until_restart = tables.interval();
                }
                until_restart -= 1;
            }
            let read = if scan.of_one_band() {
                scan.block(components, &mut bits, (column, row))
            } else {
                scan.unit(frame, components, &mut bits, (column, row))
            };
            // Behind the end, what is made up says anything.
            if bits.exhausted() || (read.is_err() && bits.ended()) {
                return Err(ImageError::Truncated);
            }
            read?;
        }
    }
    Ok(())
}

fn damaged(what: &str) -> ImageError {
    ImageError::Damaged(what.to_owned())
}

impl<'t> Scan<'t> {
    fn read(frame: &Frame, tables: &'t Tables, header: &[u8]) -> Result<Self, ImageError> {
        let unreadable = || damaged("a scan's header cannot be read");
        let (count, rest) = header.split_first().ok_or_else(unreadable)?;
        let (named, [from, to, bits]) = rest
            .split_at_checked(2 * usize::from(*count))
            .filter(|(named, _)| !named.is_empty())
            .ok_or_else(unreadable)?
        else {
            return Err(unreadable());
        };
        let mut parts: Vec<Part<'t>> = Vec::with_capacity(4);
        for name in named.chunks_exact(2) {
            let component = frame
                .components
                .iter()
                .position(|c| c.id == name[0])
                .filter(|at| parts.iter().all(|p| p.component != *at))
                .ok_or_else(|| damaged("a scan names a component that is not there, or twice"))?;
            parts.push(Part {
                component,
                first: tables.first(name[1] >> 4),
                others: tables.others(name[1] & 15),
                last: 0,
            });
        }
        let scan = Self {
            from: usize::from(*from),
            to: usize::from(*to),
            before: bits >> 4,
            now: bits & 15,
            run: 0,
            parts,
        };
        let components: Vec<usize> = scan.parts.iter().map(|p| p.component).collect();
        if !frame.may_interleave(&components) || !scan.possible(frame.progressive) {
            return Err(damaged("a scan's header says what cannot be"));
        }
        Ok(scan)
    }

    fn possible(&self, progressive: bool) -> bool {
        if !progressive {
            // Some encoders leave the numbers that mean nothing here at zero.
            return true;
        }
        let band = match (self.from, self.to) {
            (0, to) => to == 0,
            (from, to) => from <= to && to < 64 && self.parts.len() == 1,
        };
        band && self.now <= 13 && (self.before == 0 || self.before == self.now + 1)
    }

    /// Notes what the scan is going to tell. Each bit of each coefficient is told once, the highest first.
    fn announce(
        &mut self,
        frame: &Frame,
        tables: &Tables,
        components: &mut [Coefficients],
    ) -> Result<(), ImageError> {
        if !frame.progressive {
            (self.from, self.to, self.before, self.now) = (0, 63, 0, 0);
        }
        for part in &self.parts {
            let component = &mut components[part.component];
            if component.steps.is_none() {
                component.steps = tables.steps(frame.components[part.component].table);
            }
            if component.steps.is_none() {
                return Err(damaged("a quantisation table is missing"));
            }
            let wanted = if self.before == 0 {
                UNTOLD
            } else {
                self.before
            };
            let refines = self.before > 0;
            let missing = (self.from == 0 && part.first.is_none() && !refines)
                || (self.to > 0 && part.others.is_none());
            if missing {
                return Err(damaged("a Huffman table is missing"));
            }
            for untold in &mut component.untold[self.from..=self.to] {
                if std::mem::replace(untold, self.now) != wanted {
                    return Err(damaged("its scans contradict each other"));
                }
            }
        }
        Ok(())
    }

    /// What does not go on over a restart.
    fn forget(&mut self) {
        self.run = 0;
        for part in &mut self.parts {
            part.last = 0;
        }
    }

    /// Whether it tells a progressive picture's details, which come one component at a time.
    const fn of_one_band(&self) -> bool {
        self.from > 0
    }

    /// One block of a band: what most of a progressive file is.
    #[inline(always)]
    fn block(
        &mut self,
        components: &mut [Coefficients],
        bits: &mut Bits<'_>,
        (column, row): (usize, usize),
    ) -> Result<(), ImageError> {
        let Some(part) = self.parts.first() else {
            return Ok(());
        };
        let Some(codes) = part.others else {
            return Ok(());
        };
        let component = &mut components[part.component];
        let at = row * component.stride + column;
        let details = &mut component.details[at];
        let block = &mut component.blocks[at];
        if self.before == 0 {
            self.band(codes, bits, block, details)
        } else {
            self.refine(codes, bits, block, details)
        }
    }

    /// One unit of several components, or of a component's means or whole blocks.
    fn unit(
        &mut self,
        frame: &Frame,
        components: &mut [Coefficients],
        bits: &mut Bits<'_>,
        (column, row): (usize, usize),
    ) -> Result<(), ImageError> {
        let alone = self.parts.len() == 1;
        for part in 0..self.parts.len() {
            let number = self.parts[part].component;
            let stride = components[number].stride;
            let (across, down) = match &frame.components[number] {
                _ if alone => (1, 1),
                component => (component.across, component.down),
            };
            for y in 0..down {
                for x in 0..across {
                    let at = (row * down + y) * stride + column * across + x;
                    let component = &mut components[number];
                    let block = &mut component.blocks[at];
                    if frame.progressive {
                        self.mean(part, bits, block)?;
                    } else {
                        self.sequential(part, bits, block, &mut component.details[at])?;
                    }
                }
            }
        }
        Ok(())
    }

    fn sequential(
        &mut self,
        part: usize,
        bits: &mut Bits<'_>,
        block: &mut Block,
        details: &mut u64,
    ) -> Result<(), ImageError> {
        let part = &mut self.parts[part];
        let (Some(first), Some(others)) = (part.first, part.others) else {
            return Ok(());
        };
        block[0] = part.mean(first, bits)?;
        let mut at = 1;
        while at < 64 {
            let symbol = bits.symbol(others)?;
            let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if zeros < 15 {
                    break;
                }
                at += 16;
                continue;
            }
            at += zeros;
            let place = ORDER.get(at).ok_or_else(overfull)?;
            let value = bits.signed(size) as i16;
            block[*place] = value;
            *details |= u64::from(value != 0) << at;
            at += 1;
        }
        Ok(())
    }

    /// A progressive block's mean, or one more bit of it.
    fn mean(
        &mut self,
        part: usize,
        bits: &mut Bits<'_>,
        block: &mut Block,
    ) -> Result<(), ImageError> {
        let now = u32::from(self.now);
        let part = &mut self.parts[part];
        if self.before > 0 {
            block[0] |= (bits.number(1) << now) as i16;
        } else if let Some(codes) = part.first {
            let mean = part.mean(codes, bits)?;
            block[0] = ((i32::from(mean)) << now) as i16;
        }
        Ok(())
    }

    /// A band's first bits.
    #[inline(always)]
    fn band(
        &mut self,
        codes: &Codes,
        bits: &mut Bits<'_>,
        block: &mut Block,
        details: &mut u64,
    ) -> Result<(), ImageError> {
        if self.run > 0 {
            self.run -= 1;
            return Ok(());
        }
        let mut at = self.from;
        while at <= self.to {
            let symbol = bits.symbol(codes)?;
            let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if zeros < 15 {
                    self.run = (1 << zeros) + bits.number(zeros as u32) - 1;
                    break;
                }
                at += 16;
                continue;
            }
            at += zeros;
            if at > self.to {
                return Err(overfull());
            }
            let value = (bits.signed(size) << self.now) as i16;
            block[ORDER[at]] = value;
            *details |= u64::from(value != 0) << at;
            at += 1;
        }
        Ok(())
    }

    /// One more bit of a band.
    #[inline(always)]
    fn refine(
        &mut self,
        codes: &Codes,
        bits: &mut Bits<'_>,
        block: &mut Block,
        details: &mut u64,
    ) -> Result<(), ImageError> {
        let step = 1i16 << self.now;
        // Those of the band that were not zero before this scan, which tell a bit each as they are passed.
        let mut told = *details & (u64::MAX >> (63 - self.to)) & (u64::MAX << self.from);
        let mut at = self.from;
        if self.run == 0 {
            while at <= self.to {
                let symbol = bits.symbol(codes)?;
                let (mut zeros, size) = (usize::from(symbol >> 4), symbol & 15);
                let new = match size {
                    0 if zeros < 15 => {
                        self.run = (1 << zeros) + bits.number(zeros as u32);
                        break;
                    }
                    0 => None,
                    1 if bits.number(1) == 1 => Some(step),
                    1 => Some(-step),
                    _ => return Err(overfull()),
                };
                // Past so many that are zero still, and past all between them that are not.
                let place = loop {
                    let next = (told.trailing_zeros() as usize).min(self.to + 1);
                    let between = next - at;
                    if zeros < between {
                        break at + zeros;
                    }
                    zeros -= between;
                    if next > self.to {
                        break next;
                    }
                    correct(&mut block[ORDER[next]], step, bits);
                    told &= told - 1;
                    at = next + 1;
                };
                at = place + 1;
                if let Some(new) = new {
                    if place > self.to {
                        return Err(overfull());
                    }
                    block[ORDER[place]] = new;
                    *details |= 1 << place;
                }
            }
        }
        if self.run > 0 {
            while told != 0 {
                correct(
                    &mut block[ORDER[told.trailing_zeros() as usize]],
                    step,
                    bits,
                );
                told &= told - 1;
            }
            self.run -= 1;
        }
        Ok(())
    }
}

impl Part<'_> {
    /// A block's mean: its difference from the last one is written.
    fn mean(&mut self, codes: &Codes, bits: &mut Bits<'_>) -> Result<i16, ImageError> {
        let size = u32::from(bits.symbol(codes)?);
        if size > 15 {
            return Err(overfull());
        }
        self.last = self.last.wrapping_add(bits.signed(size));
        Ok(self.last as i16)
    }
}

/// The next bit of a coefficient that is not zero; its sign is known.
#[inline(always)]
fn correct(value: &mut i16, step: i16, bits: &mut Bits<'_>) {
    if bits.number(1) == 1 && *value & step == 0 {
        *value = value.wrapping_add(if *value < 0 { -step } else { step });
    }
}

#[cold]
fn overfull() -> ImageError {
    damaged("a scan holds numbers that cannot be")
}
