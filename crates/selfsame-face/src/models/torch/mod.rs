//! Reads a file of weights as PyTorch wrote it until 2020: a few pickles, and behind them the numbers. The file's digest was
//! checked, yet nothing in it is run and no size in it is believed.

mod pickle;

use std::collections::HashMap;

use pickle::Value;

/// The first two pickles: PyTorch's magic number and the version of the format, always these bytes.
const BEGINNING: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";
/// Training on several devices puts this before every name.
const PREFIX: &str = "module.";

/// Weights by their names.
pub(super) type Weights = HashMap<String, Tensor>;

/// An array of weights, the last dimension's neighbours side by side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// Reads all arrays of 32-bit floats; those of integers, which count training steps, are left out.
pub(super) fn read(bytes: &[u8]) -> Result<Weights, String> {
    let refused = || "it is no PyTorch file of a kind that is known here".to_owned();
    let mut rest = bytes.strip_prefix(BEGINNING).ok_or_else(refused)?;
    weights(&mut rest, bytes.len()).ok_or_else(refused)
}

fn weights(rest: &mut &[u8], length: usize) -> Option<Weights> {
    if !is_little_endian(&pickle::read(rest)?) {
        return None;
    }
    let Value::Dict(named) = pickle::read(rest)? else {
        return None;
    };
    let Value::List(order) = pickle::read(rest)? else {
        return None;
    };
    let mut announced = Vec::new();
    for pair in named.values.chunks_exact(2) {
        let name = pair[0].text()?;
        let name = name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
        announced.push((name, Announced::of(&pair[1])?));
    }
    let widths: HashMap<&str, usize> = announced
        .iter()
        .map(|(_, a)| (a.storage, a.width))
        .collect();
    let mut storages = HashMap::new();
    for key in &order.values {
        let key = key.text()?;
        let count = u64::from_le_bytes(rest.split_off(..8)?.try_into().ok()?);
        let size = usize::try_from(count)
            .ok()?
            .checked_mul(*widths.get(key)?)?;
        storages.insert(key, rest.split_off(..size)?);
    }
    // However often tensors name one storage, together they copy no more than the file holds.
    let mut left = length;
    let mut found = Weights::new();
    for (name, tensor) in &announced {
        if tensor.width == FLOAT {
            let bytes = tensor.bytes(storages.get(tensor.storage)?)?;
            left = left.checked_sub(bytes.len())?;
            found.insert(name.clone(), tensor.read(bytes));
        }
    }
    Some(found)
}

/// The third pickle tells the machine that wrote the file.
fn is_little_endian(system: &Value) -> bool {
    let Value::Dict(named) = system else {
        return false;
    };
    let mut pairs = named.values.chunks_exact(2);
    pairs.any(|pair| pair[0].text() == Some("little_endian") && pair[1] == Value::Bool(true))
}

/// Bytes of a float.
const FLOAT: usize = 4;

/// A tensor whose numbers are not read yet.
struct Announced<'v> {
    storage: &'v str,
    /// Bytes of one number.
    width: usize,
    start: usize,
    shape: Vec<usize>,
}

impl<'v> Announced<'v> {
    /// From the call that would make it: its storage, where in it the tensor begins, its shape and its strides.
    fn of(value: &'v Value) -> Option<Self> {
        let Value::Call(call) = value else {
            return None;
        };
        let [Value::Global(function), Value::Tuple(arguments)] = &call.values[..] else {
            return None;
        };
        if &**function != "torch._utils._rebuild_tensor_v2" {
            return None;
        }
        let [Value::Persistent(storage), start, shape, strides, ..] = &arguments.values[..] else {
            return None;
        };
        let [storage] = &storage.values[..] else {
            return None;
        };
        let [kind, Value::Global(numbers), key, ..] = storage.tuple()? else {
            return None;
        };
        let width = match (kind.text()?, &**numbers) {
            ("storage", "torch.FloatStorage") => FLOAT,
            ("storage", "torch.LongStorage") => 8,
            _ => return None,
        };
        let sizes = |value: &Value| {
            value
                .tuple()?
                .iter()
                .map(Value::size)
                .collect::<Option<Vec<usize>>>()
        };
        let shape: Vec<usize> = sizes(shape)?;
        let strides: Vec<usize> = sizes(strides)?;
        let mut stride = 1usize;
        for (size, found) in shape.iter().zip(&strides).rev() {
            if *found != stride {
                return None;
            }
            stride = stride.checked_mul(*size)?;
        }
        (shape.len() == strides.len()).then_some(Self {
            storage: key.text()?,
            width,
            start: start.size()?,
            shape,
        })
    }

    fn bytes<'s>(&self, storage: &'s [u8]) -> Option<&'s [u8]> {
        let count = self
            .shape
            .iter()
            .try_fold(1usize, |n, size| n.checked_mul(*size))?;
        let start = self.start.checked_mul(self.width)?;
        storage.get(start..start.checked_add(count.checked_mul(self.width)?)?)
    }

    fn read(&self, bytes: &[u8]) -> Tensor {
        Tensor {
            shape: self.shape.clone(),
            values: bytes
                .chunks_exact(FLOAT)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
