//! Prepares a published model for the engines: block-quantised weights become plain f32 ones, and weights are no longer
//! listed as inputs. What needs none of that passes unchanged.

use std::collections::{HashMap, HashSet};

use prost::Message as _;
use tract_onnx::pb::{
    AttributeProto, ModelProto, NodeProto, TensorProto, TypeProto, tensor_proto::DataType,
    type_proto,
};

/// Gives the prepared file's bytes.
pub(crate) fn prepare(published: &[u8]) -> Result<Vec<u8>, String> {
    let mut model =
        ModelProto::decode(published).map_err(|e| format!("it is no ONNX file: {e}"))?;
    let graph = model.graph.as_mut().ok_or("it holds no graph")?;
    let mut weights: HashMap<String, TensorProto> = graph
        .initializer
        .drain(..)
        .map(|t| (t.name.clone(), t))
        .collect();
    let mut nodes = Vec::with_capacity(graph.node.len());
    for node in graph.node.drain(..) {
        let folded = match node.op_type.as_str() {
            "DequantizeLinear" => Some(dequantise(&node, &weights)?),
            "Reshape" => reshape(&node, &weights)?,
            _ => None,
        };
        match folded {
            Some(tensor) => drop(weights.insert(tensor.name.clone(), tensor)),
            None => nodes.push(node),
        }
    }
    let used: HashSet<&str> = nodes
        .iter()
        .flat_map(|n| n.input.iter().map(String::as_str))
        .collect();
    weights.retain(|name, _| used.contains(name.as_str()));
    graph
        .input
        .retain(|input| used.contains(input.name.as_str()) && !weights.contains_key(&input.name));
    graph.initializer = weights.into_values().collect();
    // A map has no order of its own; the same file must come out each time.
    graph.initializer.sort_by(|a, b| a.name.cmp(&b.name));
    for node in &mut nodes {
        // A zero is not written, and some readers balk at an attribute without a value. For these, zero is the default:
        // leaving them out says the same.
        node.attribute
            .retain(|a| a.i != 0 || !matches!(a.name.as_str(), "transA" | "transB" | "ceil_mode"));
    }
    graph.node = nodes;
    // Shapes written down for the published input size would contradict any other.
    graph.value_info.clear();
    for output in &mut graph.output {
        if let Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..
        }) = &mut output.r#type
        {
            for dim in tensor.shape.iter_mut().flat_map(|s| &mut s.dim) {
                dim.value = None;
            }
        }
    }
    Ok(model.encode_to_vec())
}

fn attribute(node: &NodeProto, name: &str) -> Option<i64> {
    node.attribute
        .iter()
        .find(|a: &&AttributeProto| a.name == name)
        .map(|a| a.i)
}

fn weight<'w>(
    node: &NodeProto,
    at: usize,
    weights: &'w HashMap<String, TensorProto>,
) -> Result<&'w TensorProto, String> {
    node.input
        .get(at)
        .and_then(|name| weights.get(name))
        .ok_or_else(|| format!("{}: input {at} is no weight", node.name))
}

fn size(dims: &[i64]) -> Result<usize, String> {
    dims.iter()
        .try_fold(1usize, |n, d| {
            usize::try_from(*d).ok().and_then(|d| n.checked_mul(d))
        })
        .ok_or_else(|| "a tensor's shape makes no sense".to_owned())
}

fn floats(tensor: &TensorProto) -> Result<Vec<f32>, String> {
    let values: Vec<f32> = if tensor.raw_data.is_empty() {
        tensor.float_data.clone()
    } else {
        tensor
            .raw_data
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect()
    };
    expect(tensor, values, DataType::Float)
}

fn bytes(tensor: &TensorProto) -> Result<Vec<i8>, String> {
    let values: Vec<i8> = if tensor.raw_data.is_empty() {
        tensor.int32_data.iter().map(|v| *v as i8).collect()
    } else {
        tensor.raw_data.iter().map(|v| v.cast_signed()).collect()
    };
    expect(tensor, values, DataType::Int8)
}

fn expect<T>(tensor: &TensorProto, values: Vec<T>, kind: DataType) -> Result<Vec<T>, String> {
    if tensor.data_type == kind as i32 && values.len() == size(&tensor.dims)? {
        Ok(values)
    } else {
        Err(format!(
            "the weight {} is not as the manifest's model has it",
            tensor.name
        ))
    }
}

fn output(node: &NodeProto, dims: Vec<i64>, values: &[f32]) -> TensorProto {
    TensorProto {
        name: node.output.first().cloned().unwrap_or_default(),
        dims,
        data_type: DataType::Float as i32,
        raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ..TensorProto::default()
    }
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
    let wrong = || format!("{}: its axis or block size makes no sense", node.name);
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
    let dims: Vec<i64> = if shape.raw_data.is_empty() {
        shape.int64_data.clone()
    } else {
        shape
            .raw_data
            .chunks_exact(8)
            .map(|b| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
            .collect()
    };
    let values = floats(data)?;
    if size(&dims)? != values.len() {
        return Err(format!("{}: the shapes do not agree", node.name));
    }
    Ok(Some(output(node, dims, &values)))
}
