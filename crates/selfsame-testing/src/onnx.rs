//! A small embedder as an ONNX file, made here byte by byte: what tests install as an operator's.

/// Side of its input, in pixels.
pub const SIDE: usize = 112;
/// How many numbers it gives.
pub const OUTPUT: usize = 64;
/// Side of the squares whose mean each number is.
const CELL: usize = 14;

/// A model that gives the mean of each of 8 × 8 squares of its input, `[1, 3, 112, 112]`: a tiny picture of the face. It tells
/// one picture from another, and nothing more. `tint` weighs red, green and blue; another one makes another file.
#[must_use]
pub fn thumbnail_embedder(tint: [f32; 3]) -> Vec<u8> {
    let area = (CELL * CELL) as f32;
    let weights = tint.into_iter().flat_map(|t| [t / area; CELL * CELL]);
    let weights: Vec<u8> = weights.flat_map(f32::to_le_bytes).collect();
    let cell = CELL as u64;
    let convolution = node(
        "Conv",
        &["picture", "weights"],
        "cells",
        &[("kernel_shape", &[cell, cell]), ("strides", &[cell, cell])],
    );
    let flatten = node("Flatten", &["cells"], "embedding", &[]);
    let mut initializer = Vec::new();
    for dimension in [1, 3, cell, cell] {
        number(&mut initializer, 1, dimension);
    }
    number(&mut initializer, 2, 1);
    bytes(&mut initializer, 8, b"weights");
    bytes(&mut initializer, 9, &weights);
    let side = SIDE as u64;
    let mut graph = Vec::new();
    bytes(&mut graph, 1, &convolution);
    bytes(&mut graph, 1, &flatten);
    bytes(&mut graph, 2, b"thumbnail");
    bytes(&mut graph, 5, &initializer);
    bytes(&mut graph, 11, &value("picture", &[1, 3, side, side]));
    bytes(&mut graph, 12, &value("embedding", &[1, OUTPUT as u64]));
    let mut version = Vec::new();
    bytes(&mut version, 1, b"");
    number(&mut version, 2, 13);
    let mut model = Vec::new();
    number(&mut model, 1, 8);
    bytes(&mut model, 7, &graph);
    bytes(&mut model, 8, &version);
    model
}

/// The manifest of such a model: what an operator writes beside it.
#[must_use]
pub fn thumbnail_manifest(file: &str, sha256: &str) -> String {
    format!(
        r#"
name = "Thumbnail"
version = "1"
licence = "CC0-1.0"
file = "{file}"
sha256 = "{sha256}"
output = {OUTPUT}

[input]
side = {SIDE}
channels = "rgb"
mean = [127.5, 127.5, 127.5]
scale = [0.0078431, 0.0078431, 0.0078431]

[thresholds]
match = 0.98
review = 0.97
duplicate = 0.99
"#
    )
}

/// A number as protocol buffers write it: seven bits to a byte, the lowest first.
fn varint(target: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        target.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    target.push(value as u8);
}

fn number(target: &mut Vec<u8>, field: u64, value: u64) {
    varint(target, field << 3);
    varint(target, value);
}

fn bytes(target: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(target, field << 3 | 2);
    varint(target, value.len() as u64);
    target.extend_from_slice(value);
}

fn node(kind: &str, inputs: &[&str], output: &str, attributes: &[(&str, &[u64])]) -> Vec<u8> {
    let mut node = Vec::new();
    for input in inputs {
        bytes(&mut node, 1, input.as_bytes());
    }
    bytes(&mut node, 2, output.as_bytes());
    bytes(&mut node, 3, output.as_bytes());
    bytes(&mut node, 4, kind.as_bytes());
    for (name, values) in attributes {
        let mut attribute = Vec::new();
        bytes(&mut attribute, 1, name.as_bytes());
        for value in *values {
            number(&mut attribute, 8, *value);
        }
        // A list of whole numbers.
        number(&mut attribute, 20, 7);
        bytes(&mut node, 5, &attribute);
    }
    node
}

fn value(name: &str, dimensions: &[u64]) -> Vec<u8> {
    let mut shape = Vec::new();
    for dimension in dimensions {
        let mut one = Vec::new();
        number(&mut one, 1, *dimension);
        bytes(&mut shape, 1, &one);
    }
    let mut tensor = Vec::new();
    number(&mut tensor, 1, 1);
    bytes(&mut tensor, 2, &shape);
    let mut kind = Vec::new();
    bytes(&mut kind, 1, &tensor);
    let mut value = Vec::new();
    bytes(&mut value, 1, name.as_bytes());
    bytes(&mut value, 2, &kind);
    value
}
