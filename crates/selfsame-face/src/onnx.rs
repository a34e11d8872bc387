//! Pieces of an ONNX file.

mod outline;

use std::cell::RefCell;

#[cfg(feature = "engine")]
pub(crate) use rten_onnx::onnx::AttributeProto;
#[cfg(feature = "engine")]
pub(crate) use rten_onnx::onnx::ValueInfoProto;
#[cfg(feature = "engine")]
use rten_onnx::onnx::{
    AttributeType, Dimension, OperatorSetIdProto, TensorShapeProto, TypeProto, TypeProtoTensor,
};
pub(crate) use rten_onnx::onnx::{DataType, GraphProto, ModelProto, NodeProto, TensorProto};

/// The version of ONNX's operators that is written.
#[cfg(feature = "engine")]
const OPERATOR_SET: i64 = 17;
#[cfg(feature = "engine")]
const ONNX_VERSION: i64 = 8;

/// What a file holds.
pub(crate) fn read(file: &[u8]) -> Result<ModelProto, String> {
    outline::check(file).map_err(|problem| format!("it is no ONNX file: {problem}"))?;
    ModelProto::parse_buf(file).map_err(|e| format!("it is no ONNX file: {e}"))
}

/// The file's bytes.
pub(crate) fn write(model: &ModelProto) -> Result<Vec<u8>, String> {
    model
        .write_buf()
        .map_err(|e| format!("it cannot be written as ONNX: {e}"))
}

/// The file that holds a graph.
#[cfg(feature = "engine")]
pub(crate) fn file(graph: GraphProto) -> Result<Vec<u8>, String> {
    write(&ModelProto {
        ir_version: Some(ONNX_VERSION),
        opset_import: vec![OperatorSetIdProto {
            domain: Some(String::new()),
            version: Some(OPERATOR_SET),
        }],
        graph: Some(graph),
        ..ModelProto::default()
    })
}

/// A node of the default domain.
#[cfg(feature = "engine")]
pub(crate) fn node(
    kind: &str,
    name: String,
    input: Vec<String>,
    output: Vec<String>,
    attribute: Vec<AttributeProto>,
) -> NodeProto {
    NodeProto {
        domain: None,
        name: Some(name),
        input,
        output,
        op_type: Some(kind.to_owned()),
        attribute,
    }
}

/// Weights.
pub(crate) fn floats(name: String, dims: Vec<i64>, values: &[f32]) -> TensorProto {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    TensorProto {
        name: Some(name),
        dims,
        data_type: Some(DataType::FLOAT),
        raw_data: Some(RefCell::new(bytes)),
        ..TensorProto::default()
    }
}

/// A row of whole numbers.
#[cfg(feature = "engine")]
pub(crate) fn integers(name: String, values: &[i64]) -> TensorProto {
    TensorProto {
        name: Some(name),
        dims: vec![values.len() as i64],
        data_type: Some(DataType::INT64),
        int64_data: values.to_vec(),
        ..TensorProto::default()
    }
}

#[cfg(feature = "engine")]
pub(crate) fn integer(name: &str, i: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        r#type: Some(AttributeType::INT),
        i: Some(i),
        ..AttributeProto::default()
    }
}

#[cfg(feature = "engine")]
pub(crate) fn numbers(name: &str, ints: Vec<i64>) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        r#type: Some(AttributeType::INTS),
        ints,
        ..AttributeProto::default()
    }
}

#[cfg(feature = "engine")]
pub(crate) fn list(name: &str, values: &[usize]) -> AttributeProto {
    numbers(name, sizes(values))
}

#[cfg(feature = "engine")]
pub(crate) fn sizes(values: &[usize]) -> Vec<i64> {
    values.iter().map(|v| *v as i64).collect()
}

/// Says what shape the one input has. Published shapes are those of the pictures that a model was made with.
#[cfg(feature = "engine")]
pub(crate) fn set_input(graph: &mut GraphProto, sides: &[usize]) {
    if let [input] = &mut graph.input[..]
        && let Some(tensor) = input.r#type.as_mut().and_then(|t| t.tensor_type.as_mut())
    {
        tensor.shape = Some(shape(sides));
    }
}

/// A shape whose every side is known.
#[cfg(feature = "engine")]
fn shape(sides: &[usize]) -> TensorShapeProto {
    let known = |side: &usize| Dimension {
        dim_value: Some(i64::try_from(*side).unwrap_or(i64::MAX)),
        dim_param: None,
    };
    TensorShapeProto {
        dim: sides.iter().map(known).collect(),
    }
}

/// An input or output of f32.
#[cfg(feature = "engine")]
pub(crate) fn value(name: String, sides: &[usize]) -> ValueInfoProto {
    ValueInfoProto {
        name: Some(name),
        r#type: Some(TypeProto {
            tensor_type: Some(TypeProtoTensor {
                elem_type: Some(DataType::FLOAT),
                shape: Some(shape(sides)),
            }),
            sequence: None,
        }),
    }
}
