//! What a codestream says of itself before its data: sizes, tiles, coding. Only what passports and registers write is followed;
//! the rest is refused by name.

use super::super::ImageError;
use super::marker::{
    CODING, COMMENT, DATA, END, LENGTHS, Markers, PACKET_LENGTHS, QUANTIZATION,
    QUANTIZATION_OF_ONE, REGION, REGISTRATION, SIZES, START, Segment, TILE,
};

/// Most tiles. A photograph is one, or some dozens.
const MOST_TILES: u64 = 1024;
/// Most parts of all tiles.
const MOST_TILE_PARTS: usize = 4096;
/// Most segments of a header.
const MOST_SEGMENTS: usize = 1024;
/// Most times that the picture is halved.
const MOST_HALVINGS: u8 = 16;
/// Most layers of quality: the decoder's own limit.
const MOST_LAYERS: u16 = 32;
/// Most bits of a sample.
const MOST_BITS: u8 = 16;
/// Most reference points to one sample of a component.
const MOST_SUBSAMPLING: u8 = 4;

/// One plane of samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Component {
    /// Reference points to a sample, across and down.
    pub(super) step: (u32, u32),
}

/// How all tiles are coded.
#[derive(Debug)]
pub(super) struct Coding {
    pub(super) layers: u64,
    /// Powers of two: a code block's width and height.
    pub(super) block: (u32, u32),
    /// Powers of two: a precinct's width and height at each resolution, the smallest first.
    pub(super) precincts: Vec<(u32, u32)>,
    /// A block's data may come in many pieces.
    pub(super) pieces: bool,
}

/// What the headers tell.
#[derive(Debug)]
pub(super) struct Outline {
    /// The reference grid's area that is the picture: left, top, right and bottom.
    area: [u32; 4],
    /// A tile's width and height.
    pub(super) tile: (u32, u32),
    /// How many there are.
    pub(super) tiles: u64,
    pub(super) components: Vec<Component>,
    pub(super) coding: Coding,
    /// Its last tile does not tell how long it is.
    pub(super) open_ended: bool,
}

/// Whether bytes begin as a codestream does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, START, 0xff, SIZES])
}

fn damaged(why: &str) -> ImageError {
    ImageError::Damaged(why.to_owned())
}

/// From the sizes' segment.
struct Sizes {
    area: [u32; 4],
    tile: (u32, u32),
    tiles: u64,
    components: Vec<Component>,
}

impl Sizes {
    fn of(mut segment: Segment<'_>) -> Result<Self, ImageError> {
        // Bit 14: high throughput, another coding altogether.
        if segment.short()? & 0x4000 != 0 {
            return Err(ImageError::Unsupported("2000 of the high-throughput kind"));
        }
        let [right, bottom, left, top] = [
            segment.long()?,
            segment.long()?,
            segment.long()?,
            segment.long()?,
        ];
        let tile = (segment.long()?, segment.long()?);
        let offset = (segment.long()?, segment.long()?);
        if left >= right || top >= bottom || tile.0 == 0 || tile.1 == 0 {
            return Err(damaged("it has no pixels"));
        }
        if right > i32::MAX as u32 || bottom > i32::MAX as u32 {
            return Err(ImageError::TooLong(right.max(bottom), i32::MAX as u32));
        }
        if offset.0 > left || offset.1 > top {
            return Err(damaged("its tiles begin within the picture"));
        }
        let across = (right - offset.0).div_ceil(tile.0);
        let down = (bottom - offset.1).div_ceil(tile.1);
        let tiles = u64::from(across) * u64::from(down);
        if tiles > MOST_TILES {
            return Err(ImageError::TooComplex("more than 1024 tiles"));
        }
        let count = segment.short()?;
        if !(1..=4).contains(&count) {
            return Err(ImageError::Unsupported("2000 with more than four colours"));
        }
        let mut components = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let (precision, x, y) = (segment.byte()?, segment.byte()?, segment.byte()?);
            if precision & 0x80 != 0 {
                return Err(ImageError::Unsupported("2000 with negative colours"));
            }
            if precision >= MOST_BITS {
                return Err(ImageError::Unsupported(
                    "2000 with more than 16 bits a colour",
                ));
            }
            let steps = 1..=MOST_SUBSAMPLING;
            if !steps.contains(&x) || !steps.contains(&y) {
                return Err(ImageError::Unsupported("2000 with coarse colours"));
            }
            components.push(Component {
                step: (u32::from(x), u32::from(y)),
            });
        }
        segment.close()?;
        Ok(Self {
            area: [left, top, right, bottom],
            // No tile is larger than the picture.
            tile: (tile.0.min(right - offset.0), tile.1.min(bottom - offset.1)),
            tiles,
            components,
        })
    }
}

impl Coding {
    fn of(mut segment: Segment<'_>) -> Result<Self, ImageError> {
        let own_precincts = segment.byte()? & 1 != 0;
        let order = segment.byte()?;
        let layers = segment.short()?;
        let transform = segment.byte()?;
        let halvings = segment.byte()?;
        let (width, height, style) = (segment.byte()?, segment.byte()?, segment.byte()?);
        let wavelet = segment.byte()?;
        if order > 4 || transform > 1 || wavelet > 1 {
            return Err(ImageError::Unsupported("2000 of an extended kind"));
        }
        if layers == 0 || layers > MOST_LAYERS {
            return Err(ImageError::TooComplex("more than 32 layers"));
        }
        if halvings > MOST_HALVINGS {
            return Err(ImageError::TooComplex("more than 16 resolutions"));
        }
        // Powers of two from 4 on, 4096 samples at most.
        if width > 8 || height > 8 || width + height > 8 {
            return Err(damaged("its code blocks have another size than they may"));
        }
        let mut precincts = Vec::with_capacity(usize::from(halvings) + 1);
        for level in 0..=halvings {
            let size = if own_precincts { segment.byte()? } else { 0xff };
            let (across, down) = (u32::from(size & 0x0f), u32::from(size >> 4));
            if level > 0 && (across == 0 || down == 0) {
                return Err(damaged("its precincts are too small"));
            }
            precincts.push((across, down));
        }
        segment.close()?;
        Ok(Self {
            layers: u64::from(layers),
            block: (u32::from(width) + 2, u32::from(height) + 2),
            precincts,
            // Bypassed arithmetic, or an end at each pass.
            pieces: style & 0b101 != 0,
        })
    }
}

/// Holds a quantisation's length against what the decoder reads of it.
fn quantization(mut segment: Segment<'_>, of_one: bool) -> Result<(), ImageError> {
    if of_one {
        segment.byte()?;
    }
    let style = segment.byte()? & 0x1f;
    let left = segment.0.len();
    let fits = match style {
        0 => left > 0,
        1 => left == 2,
        2 => left > 0 && left.is_multiple_of(2),
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(damaged("its quantisation is another than there is"))
    }
}

/// A marker that may stand in the main header as well as in a tile's. Its segment is held against what the decoder reads of it.
fn anywhere(marker: u8, segment: Segment<'_>) -> Result<(), ImageError> {
    match marker {
        QUANTIZATION => quantization(segment, false),
        QUANTIZATION_OF_ONE => quantization(segment, true),
        REGION if segment.0.len() == 3 => Ok(()),
        COMMENT => Ok(()),
        _ => Err(ImageError::Unsupported("2000 of a rare kind")),
    }
}

impl Outline {
    /// Follows the headers of all tiles.
    pub(super) fn of(codestream: &[u8]) -> Result<Self, ImageError> {
        let mut markers = Markers::new(codestream);
        if markers.next()? != START || markers.next()? != SIZES {
            return Err(damaged("it begins without its sizes"));
        }
        let sizes = Sizes::of(markers.segment()?)?;
        let mut coding = None;
        let mut count = 0;
        loop {
            let marker = markers.next()?;
            if marker == TILE {
                break;
            }
            count += 1;
            if count > MOST_SEGMENTS {
                return Err(ImageError::TooComplex("more than 1024 segments"));
            }
            // Markers from 0xff30 to 0xff3f have no segment; nobody writes them.
            let segment = markers.segment()?;
            match marker {
                CODING if coding.is_none() => coding = Some(Coding::of(segment)?),
                LENGTHS | REGISTRATION => {}
                _ => anywhere(marker, segment)?,
            }
        }
        let mut outline = Self {
            area: sizes.area,
            tile: sizes.tile,
            tiles: sizes.tiles,
            components: sizes.components,
            coding: coding.ok_or_else(|| damaged("it does not say how it is coded"))?,
            open_ended: false,
        };
        outline.follow_tiles(markers)?;
        Ok(outline)
    }

    /// From behind the first tile's marker to the end marker.
    fn follow_tiles(&mut self, mut markers: Markers<'_>) -> Result<(), ImageError> {
        let mut seen = vec![false; usize::try_from(self.tiles).unwrap_or_default()];
        for count in 0.. {
            if count >= MOST_TILE_PARTS {
                return Err(ImageError::TooComplex("more than 4096 tile parts"));
            }
            let begin = markers.at - 2;
            let mut segment = markers.segment()?;
            let tile = usize::from(segment.short()?);
            // From its marker on; 0 is up to the end.
            let length = segment.long()? as usize;
            segment.short()?;
            segment.close()?;
            *seen
                .get_mut(tile)
                .ok_or_else(|| damaged("it has more tiles than it says"))? = true;
            follow_head(&mut markers)?;
            if length == 0 {
                self.open_ended = true;
                if !markers.ends_well() {
                    return Err(ImageError::Truncated);
                }
                break;
            }
            let end = begin.checked_add(length).ok_or(ImageError::Truncated)?;
            if end < markers.at {
                return Err(damaged("a tile is shorter than its own head"));
            }
            markers.jump(end)?;
            match markers.next()? {
                TILE => {}
                END => break,
                _ => return Err(damaged("a tile ends elsewhere than it says")),
            }
        }
        if seen.contains(&false) {
            return Err(ImageError::Truncated);
        }
        Ok(())
    }

    /// Pixels across and down. Where all components are equally coarse, the picture is as coarse.
    pub(super) fn size(&self) -> (u32, u32) {
        let [left, top, right, bottom] = self.area;
        let (mut x, mut y) = (1, 1);
        if let [first, further @ ..] = self.components.as_slice()
            && further.iter().all(|other| other.step == first.step)
        {
            (x, y) = first.step;
        }
        (
            right.div_ceil(x) - left.div_ceil(x),
            bottom.div_ceil(y) - top.div_ceil(y),
        )
    }
}

/// The segments of a tile part's head. None may change how the tile is coded: what it costs would be another.
fn follow_head(markers: &mut Markers<'_>) -> Result<(), ImageError> {
    for _ in 0..MOST_SEGMENTS {
        match markers.next()? {
            DATA => return Ok(()),
            PACKET_LENGTHS => {
                markers.segment()?;
            }
            marker => anywhere(marker, markers.segment()?)?,
        }
    }
    Err(ImageError::TooComplex("more than 1024 segments"))
}
