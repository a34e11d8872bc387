//! Prepares a published model for the engines: block-quantised weights become plain f32 ones, weights are no longer listed as
//! inputs, and what only training needs is gone. What needs none of that passes unchanged.

use std::collections::{HashMap, HashSet};

use crate::onnx::{self, DataType, NodeProto, TensorProto};

/// Gives the prepared file's bytes.
pub(crate) fn prepare(published: &[u8]) -> Result<Vec<u8>, String> {
    let mut model = onnx::read(published)?;
    let graph = model.graph.as_mut().ok_or("it holds no graph")?;
    let mut weights: HashMap<String, TensorProto> = graph
        .initializer
        .drain(..)
        .map(|t| (t.name.clone().unwrap_or_default(), t))
        .collect();
    let mut nodes = Vec::with_capacity(graph.node.len());
    let outputs: HashSet<String> = graph.output.iter().filter_map(|o| o.name.clone()).collect();
    let mut passed_on: HashMap<String, String> = HashMap::new();
    for mut node in graph.node.drain(..) {
        for input in &mut node.input {
            if let Some(before) = passed_on.get(input) {
                input.clone_from(before);
            }
        }
        if let Some((input, output)) = dropped(&node).filter(|(_, o)| !outputs.contains(*o)) {
            passed_on.insert(output.to_owned(), input.to_owned());
            continue;
        }
        let folded = match node.op_type.as_deref().unwrap_or_default() {
            "DequantizeLinear" => Some(dequantise(&node, &weights)?),
            "Reshape" => reshape(&node, &weights)?,
            _ => None,
        };
        match folded {
            Some(tensor) => {
                weights.insert(tensor.name.clone().unwrap_or_default(), tensor);
            }
            None => nodes.push(node),
        }
    }
    let used: HashSet<&str> = nodes
        .iter()
        .flat_map(|n| n.input.iter().map(String::as_str))
        .collect();
    weights.retain(|name, _| used.contains(name.as_str()));
    graph.input.retain(|input| {
        let name = input.name.as_deref().unwrap_or_default();
        used.contains(name) && !weights.contains_key(name)
    });
    graph.initializer = weights.into_values().collect();
    // A map has no order of its own; the same file must come out each time.
    graph.initializer.sort_by(|a, b| a.name.cmp(&b.name));
    graph.node = nodes;
    // Shapes written down for the published input size would contradict any other.
    graph.value_info.clear();
    for output in &mut graph.output {
        let tensor = output.r#type.as_mut().and_then(|t| t.tensor_type.as_mut());
        if let Some(shape) = tensor.and_then(|t| t.shape.as_mut()) {
            for dim in &mut shape.dim {
                (dim.dim_value, dim.dim_param) = (None, None);
            }
        }
    }
    onnx::write(&model)
}

/// What a `Dropout` passes on and under which name. It drops nothing outside training, which only a third input could ask for.
fn dropped(node: &NodeProto) -> Option<(&str, &str)> {
    match (node.op_type.as_deref()?, &node.input[..], &node.output[..]) {
        ("Dropout", [input] | [input, _], [output]) => Some((input, output)),
        _ => None,
    }
}

fn named(name: Option<&str>) -> &str {
    name.unwrap_or("a part without a name")
}

fn attribute(node: &NodeProto, name: &str) -> Option<i64> {
    node.attribute
        .iter()
        .find(|a| a.name.as_deref() == Some(name))
        .map(|a| a.i.unwrap_or_default())
}

fn weight<'w>(
    node: &NodeProto,
    at: usize,
    weights: &'w HashMap<String, TensorProto>,
) -> Result<&'w TensorProto, String> {
    node.input
        .get(at)
        .and_then(|name| weights.get(name))
        .ok_or_else(|| format!("{}: input {at} is no weight", named(node.name.as_deref())))
}

fn size(dims: &[i64]) -> Result<usize, String> {
    dims.iter()
        .try_fold(1usize, |n, d| {
            usize::try_from(*d).ok().and_then(|d| n.checked_mul(d))
        })
        .ok_or_else(|| "a tensor's shape makes no sense".to_owned())
}

/// A weight's numbers, as many as its shape says.
pub(crate) fn floats(tensor: &TensorProto) -> Result<Vec<f32>, String> {
    let values: Vec<f32> = match &tensor.raw_data {
        None => tensor.float_data.clone(),
        Some(raw) => {
            let raw = raw.borrow();
            let (numbers, _) = raw.as_chunks();
            numbers.iter().map(|b| f32::from_le_bytes(*b)).collect()
        }
    };
    expect(tensor, values, DataType::FLOAT)
}

fn bytes(tensor: &TensorProto) -> Result<Vec<i8>, String> {
    let values: Vec<i8> = match &tensor.raw_data {
        None => tensor.int32_data.iter().map(|v| *v as i8).collect(),
        Some(raw) => raw.borrow().iter().map(|v| v.cast_signed()).collect(),
    };
    expect(tensor, values, DataType::INT8)
}

fn expect<T>(tensor: &TensorProto, values: Vec<T>, kind: DataType) -> Result<Vec<T>, String> {
    if tensor.data_type == Some(kind) && values.len() == size(&tensor.dims)? {
        Ok(values)
    } else {
        Err(format!(
            "the weight {} is not as the manifest's model has it",
            named(tensor.name.as_deref())
        ))
    }
}

fn output(node: &NodeProto, dims: Vec<i64>, values: &[f32]) -> TensorProto {
    let name = node.output.first().cloned().unwrap_or_default();
    onnx::floats(name, dims, values)
}

/// ONNX's blocked `DequantizeLinear`: `(x − zero) · scale`, with one zero and scale for each block along an axis.
fn dequantise(
    node: &NodeProto,
    weights: &HashMap<String, TensorProto>,
) -> Result<TensorProto, String> {
    let (quantised, scales, zeros) = (
        weight(node, 0, weights)?,
        weight(node, 1, weights)?,
        weight(node, 2, weights)?,
    );
    let dims = &quantised.dims;
    let wrong = || {
        let name = named(node.name.as_deref());
        format!("{name}: its axis or block size makes no sense")
    };
    let axis = usize::try_from(attribute(node, "axis").unwrap_or(1)).map_err(|_| wrong())?;
    let block = usize::try_from(attribute(node, "block_size").unwrap_or(0)).map_err(|_| wrong())?;
    if axis >= dims.len() || block == 0 {
        return Err(wrong());
    }
    let (length, inner) = (size(&dims[axis..=axis])?, size(&dims[axis + 1..])?);
    let blocks = length.div_ceil(block);
    let (values, scales, zeros) = (bytes(quantised)?, floats(scales)?, bytes(zeros)?);
    let wanted = size(&dims[..axis])?
        .checked_mul(blocks)
        .and_then(|n| n.checked_mul(inner));
    if Some(scales.len()) != wanted || zeros.len() != scales.len() {
        return Err(wrong());
    }
    let plain: Vec<f32> = values
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let (outer, along, within) = (at / (length * inner), at / inner % length, at % inner);
            let block = (outer * blocks + along / block) * inner + within;
            (f32::from(*value) - f32::from(zeros[block])) * scales[block]
        })
        .collect();
    Ok(output(node, dims.clone(), &plain))
}

/// A `Reshape` of a weight; one of anything else is left alone.
fn reshape(
    node: &NodeProto,
    weights: &HashMap<String, TensorProto>,
) -> Result<Option<TensorProto>, String> {
    let (Ok(data), Ok(shape)) = (weight(node, 0, weights), weight(node, 1, weights)) else {
        return Ok(None);
    };
    let dims: Vec<i64> = match &shape.raw_data {
        None => shape.int64_data.clone(),
        Some(raw) => {
            let raw = raw.borrow();
            let (numbers, _) = raw.as_chunks();
            numbers.iter().map(|b| i64::from_le_bytes(*b)).collect()
        }
    };
    let values = floats(data)?;
    if size(&dims)? != values.len() {
        let name = named(node.name.as_deref());
        return Err(format!("{name}: the shapes do not agree"));
    }
    Ok(Some(output(node, dims, &values)))
}
