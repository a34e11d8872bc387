//! What decoding takes, before it is done: a bound on what the decoder allocates, by its sizes of what it holds.

use super::outline::{Component, Outline};

/// Bytes of a code block, with both trees' nodes of it.
const BLOCK: u64 = 256;
/// Bytes of a code block's layer.
const LAYER: u64 = 24;
/// Bytes of a precinct, with the roots of its trees.
const PRECINCT: u64 = 320;
/// Bytes of a piece of a code block's data.
const PIECE: u64 = 32;
/// Most passes over a code block, each of which may be a piece.
const PASSES: u64 = 164;
/// What the vectors take beyond what is in them, while they grow: the old one, and one of twice its size.
const GROWTH: u64 = 3;
/// Bytes of a tile and of each of its components.
const TILE: u64 = 1024;
/// Tables, one code block in work, and a little more.
const DECODER: u64 = 512 * 1024;

/// Most bytes that are held at a time, the pixels in RGB included. `planes` are those of the whole picture, a palette's included.
pub(super) fn memory(outline: &Outline, planes: u64, file: usize) -> u64 {
    let (width, height) = outline.size();
    let count = u64::from(width) * u64::from(height);
    // Numbers of four bytes; once more where channels are sorted or looked up in a palette.
    let samples = 2 * planes * 4 * (count + 16);
    // The coefficients of one component, and two steps of the transform.
    let tile = u64::from(outline.tile.0 + 2) * u64::from(outline.tile.1 + 2);
    let coefficients = 3 * 4 * tile;
    let pieces = (|| {
        let (blocks, precincts) = parts(outline);
        let layers = outline.coding.layers;
        let most = blocks.checked_mul(if outline.coding.pieces {
            PASSES
        } else {
            layers
        })?;
        // A piece takes three bits of the file at least.
        let pieces = most.min(3 * file as u64);
        blocks
            .checked_mul(BLOCK + layers * LAYER)?
            .checked_add(precincts.checked_mul(PRECINCT)?)?
            .checked_add(pieces.checked_mul(PIECE)?)?
            .checked_mul(GROWTH)
    })()
    .unwrap_or(u64::MAX / 2);
    let tiles = outline.tiles * TILE * (1 + outline.components.len() as u64);
    (samples + coefficients + tiles + 3 * count + DECODER).saturating_add(pieces)
}

/// Most code blocks and precincts of one tile. The decoder holds one tile's at a time.
fn parts(outline: &Outline) -> (u64, u64) {
    let (mut blocks, mut precincts) = (0, 0);
    for Component { step } in &outline.components {
        let across = outline.tile.0.div_ceil(step.0) + 1;
        let down = outline.tile.1.div_ceil(step.1) + 1;
        let levels = outline.coding.precincts.len();
        for (level, precinct) in outline.coding.precincts.iter().enumerate() {
            let halvings = levels - 1 - level;
            // The smallest resolution is one band; each further one is three, of half its size.
            let (bands, halved) = if level == 0 { (1, 0) } else { (3, 1) };
            let along = |length: u32, precinct: u32, block: u32| {
                let length = (u64::from(length) >> halvings) + 2;
                let precincts = (length >> precinct) + 2;
                let block = block.min(precinct - halved);
                (precincts, (length >> halved >> block) + 2 + precincts)
            };
            let (precincts_across, blocks_across) =
                along(across, precinct.0, outline.coding.block.0);
            let (precincts_down, blocks_down) = along(down, precinct.1, outline.coding.block.1);
            precincts += bands * precincts_across * precincts_down;
            blocks += bands * blocks_across * blocks_down;
        }
    }
    (blocks, precincts)
}
