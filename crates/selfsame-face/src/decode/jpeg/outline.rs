//! What a JPEG file is, by its headers: nothing is decoded, and nothing allocated for its pixels.

use super::segments::{End, RESTART_INTERVAL, START_OF_SCAN, Segments};
use crate::decode::ImageError;

/// Most scans. Encoders write a dozen at most; a file with hundreds was made to be slow.
const MOST_SCANS: usize = 100;
/// Most blocks that one unit of an interleaved scan may hold, by the standard.
const MOST_BLOCKS: usize = 10;

/// What the numbers of a picture's components mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    Grey,
    YCbCr,
    Rgb,
    /// Inverted, as Adobe writes it.
    Cmyk,
    /// The same, its first three turned into YCbCr.
    Ycck,
}

/// A component, as the frame's header describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Samples across and down, in relation to the other components'.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Which quantisation table.
    pub(super) table: usize,
}

/// The frame's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) progressive: bool,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) components: Vec<Component>,
}

/// A file's outline.
#[derive(Debug)]
pub(super) struct Outline<'b> {
    pub(super) frame: Frame,
    pub(super) colours: Colours,
    /// The EXIF block, from its TIFF header on.
    pub(super) exif: Option<&'b [u8]>,
    /// How many components each scan holds.
    pub(super) scans: Vec<usize>,
    /// Whether the restart markers stand where they must, and nowhere else.
    pub(super) restarts_fit: bool,
    pub(super) end: End,
    /// Bytes up to the end of the last scan's data.
    pub(super) coded_until: usize,
}

impl<'b> Outline<'b> {
    /// Reads the headers of a file that starts as a JPEG does.
    pub(super) fn of(bytes: &'b [u8]) -> Result<Self, ImageError> {
        let mut segments = Segments::of(bytes);
        let mut frame: Option<Frame> = None;
        let mut signs = Signs::default();
        let mut exif = None;
        let mut scans = Vec::new();
        let mut interval = 0;
        let mut restarts_fit = true;
        let mut coded_until = 0;
        while let Some(segment) = segments.next()? {
            match segment.marker {
                0xc0..=0xc2 => {
                    let new = Frame::read(segment.marker == 0xc2, segment.body)?;
                    if frame.replace(new).is_some() {
                        return Err(damaged("it has two frames"));
                    }
                }
                0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                    return Err(ImageError::Unsupported(kind(segment.marker)));
                }
                0xe0 if segment.body.starts_with(b"JFIF\0") => signs.jfif = true,
                0xe1 => {
                    if let Some(block) = segment.body.strip_prefix(b"Exif\0\0") {
                        exif.get_or_insert(block);
                    }
                }
                0xee if segment.body.starts_with(b"Adobe") => {
                    signs.adobe = segment.body.get(11).copied();
                }
                RESTART_INTERVAL => {
                    let &[high, low] = segment.body else {
                        return Err(damaged("its restart interval cannot be read"));
                    };
                    interval = usize::from(u16::from_be_bytes([high, low]));
                }
                START_OF_SCAN => {
                    let frame = frame
                        .as_ref()
                        .ok_or_else(|| damaged("a scan comes before the frame"))?;
                    let count = usize::from(*segment.body.first().unwrap_or(&0));
                    scans.push(count);
                    if scans.len() > MOST_SCANS {
                        return Err(ImageError::TooComplex("more than 100 scans"));
                    }
                    restarts_fit &= restarts_fit_scan(frame, count, interval, segment.coded);
                    coded_until = segment.until;
                }
                _ => {}
            }
        }
        let frame = frame.ok_or_else(|| damaged("it has no frame"))?;
        if scans.is_empty() {
            return Err(ImageError::Truncated);
        }
        Ok(Self {
            colours: signs.colours(&frame)?,
            frame,
            exif,
            scans,
            restarts_fit,
            end: segments.end(),
            coded_until,
        })
    }
}

fn damaged(what: &str) -> ImageError {
    ImageError::Damaged(what.to_owned())
}

fn kind(marker: u8) -> &'static str {
    match marker {
        0xc3 | 0xc7 | 0xcb | 0xcf => "with lossless coding",
        0xc9 | 0xca | 0xcd | 0xce => "with arithmetic coding",
        _ => "of several frames (hierarchical)",
    }
}

impl Frame {
    fn read(progressive: bool, body: &[u8]) -> Result<Self, ImageError> {
        let [precision, h1, h0, w1, w0, count, rest @ ..] = body else {
            return Err(damaged("its frame header is too short"));
        };
        let (height, width) = (
            usize::from(u16::from_be_bytes([*h1, *h0])),
            usize::from(u16::from_be_bytes([*w1, *w0])),
        );
        if *precision != 8 {
            return Err(ImageError::Unsupported("with more than 8 bits a sample"));
        }
        if height == 0 {
            return Err(ImageError::Unsupported(
                "that does not tell its height in its header",
            ));
        }
        if width == 0 {
            return Err(damaged("it is no pixel wide"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(ImageError::Unsupported("of neither 1, 3 nor 4 components"));
        }
        let chunks = rest.chunks_exact(3);
        if rest.len() != 3 * usize::from(*count) {
            return Err(damaged("its frame header does not hold its components"));
        }
        let mut components: Vec<Component> = Vec::with_capacity(usize::from(*count));
        for chunk in chunks {
            let component = Component {
                id: chunk[0],
                across: usize::from(chunk[1] >> 4),
                down: usize::from(chunk[1] & 15),
                table: usize::from(chunk[2]),
            };
            if !(1..=4).contains(&component.across)
                || !(1..=4).contains(&component.down)
                || component.table > 3
            {
                return Err(damaged("a component's sampling or table cannot be"));
            }
            if components.iter().any(|c| c.id == component.id) {
                return Err(damaged("two components have one name"));
            }
            components.push(component);
        }
        // Of one component, sampling says nothing.
        if let [only] = &mut components[..] {
            (only.across, only.down) = (1, 1);
        }
        let frame = Self {
            progressive,
            width,
            height,
            components,
        };
        let (across, down) = frame.most_sampling();
        if frame
            .components
            .iter()
            .any(|c| across % c.across != 0 || down % c.down != 0)
        {
            return Err(ImageError::Unsupported("with fractional sampling"));
        }
        Ok(frame)
    }

    /// The largest sampling across and down.
    pub(super) fn most_sampling(&self) -> (usize, usize) {
        let most = |of: fn(&Component) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        (most(|c| c.across), most(|c| c.down))
    }

    /// Units of an interleaved scan, across and down.
    pub(super) fn units(&self) -> (usize, usize) {
        let (across, down) = self.most_sampling();
        (
            self.width.div_ceil(8 * across),
            self.height.div_ceil(8 * down),
        )
    }

    /// A component's samples, across and down.
    pub(super) fn samples(&self, component: &Component) -> (usize, usize) {
        let (across, down) = self.most_sampling();
        (
            (self.width * component.across).div_ceil(across),
            (self.height * component.down).div_ceil(down),
        )
    }

    /// A component's blocks as they are kept: whole units, across and down.
    pub(super) fn blocks(&self, component: &Component) -> (usize, usize) {
        let (across, down) = self.units();
        (across * component.across, down * component.down)
    }

    /// Whether all components may be in one scan.
    pub(super) fn may_interleave(&self, components: &[usize]) -> bool {
        let blocks = components
            .iter()
            .filter_map(|at| self.components.get(*at))
            .map(|c| c.across * c.down);
        components.len() == 1 || blocks.sum::<usize>() <= MOST_BLOCKS
    }
}

/// Signs of what the components mean.
#[derive(Debug, Default)]
struct Signs {
    jfif: bool,
    /// Adobe's transform.
    adobe: Option<u8>,
}

impl Signs {
    /// As the field's reference decoder tells them.
    fn colours(&self, frame: &Frame) -> Result<Colours, ImageError> {
        let ids: Vec<u8> = frame.components.iter().map(|c| c.id).collect();
        Ok(match (ids.len(), self.adobe) {
            (1, _) => Colours::Grey,
            (3, _) if self.jfif => Colours::YCbCr,
            (3, Some(0)) => Colours::Rgb,
            (3, None) if ids == *b"RGB" => Colours::Rgb,
            (3, _) => Colours::YCbCr,
            (4, Some(0)) => Colours::Cmyk,
            (4, Some(2)) => Colours::Ycck,
            _ => {
                return Err(ImageError::Unsupported(
                    "of four components that does not tell their colours",
                ));
            }
        })
    }
}

/// Whether a scan's data hold the restart markers that its interval demands, in their order. A scan whose data were cut or
/// mixed up shows it here first.
fn restarts_fit_scan(frame: &Frame, components: usize, interval: usize, coded: &[u8]) -> bool {
    let mut count = 0;
    for at in memchr::memchr_iter(0xff, coded) {
        if let Some(marker @ 0xd0..=0xd7) = coded.get(at + 1) {
            if interval == 0 || usize::from(*marker - 0xd0) != count % 8 {
                return false;
            }
            count += 1;
        }
    }
    let (across, down) = frame.units();
    // Of one component among several, a unit is a block: how many there are is for the decoder to say.
    interval == 0
        || components != frame.components.len()
        || count == (across * down).div_ceil(interval) - 1
}
