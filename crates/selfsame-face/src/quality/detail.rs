//! Sharpness.

use crate::align::SIDE;

/// Standard deviation of the Laplacian of the aligned face, in grey levels.
pub(crate) fn sharpness(grey: &[f32]) -> f32 {
    let at = |x: usize, y: usize| grey[y * SIDE + x];
    let (mut sum, mut squares, mut count) = (0.0f32, 0.0f32, 0.0f32);
    for y in 1..SIDE - 1 {
        for x in 1..SIDE - 1 {
            let edge = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y);
            sum += edge;
            squares += edge * edge;
            count += 1.0;
        }
    }
    let mean = sum / count;
    (squares / count - mean * mean).max(0.0).sqrt()
}
