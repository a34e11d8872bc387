//! Translates a TensorFlow Lite model to ONNX, which both engines read. Pictures are laid out channels last there and
//! channels first here: each tensor is kept in the one layout or the other, and turned only where an operator needs it.

mod operators;

use std::collections::HashMap;

use super::tflite::{self, Constant, Graph};
use crate::onnx::{
    self, AttributeProto, GraphProto, NodeProto, TensorProto, floats, integers, list, sizes, value,
};

/// Gives the ONNX file's bytes. A picture as input becomes one with its channels first.
pub(super) fn to_onnx(published: &[u8]) -> Result<Vec<u8>, String> {
    let graph = tflite::read(published)?;
    let mut writer = Writer {
        graph: &graph,
        nodes: Vec::new(),
        weights: Vec::new(),
        constants: HashMap::new(),
        names: HashMap::new(),
    };
    let mut inputs = Vec::new();
    for &tensor in &graph.inputs {
        let layout = if writer.shape(tensor)?.len() == 4 {
            Layout::ChannelsFirst
        } else {
            Layout::AsPublished
        };
        let name = writer.announce(tensor, layout);
        inputs.push(value(name, &layout.shape(writer.shape(tensor)?)));
    }
    for operator in &graph.operators {
        writer.operator(operator)?;
    }
    let mut outputs = Vec::new();
    for &tensor in &graph.outputs {
        let name = writer.want(tensor, Layout::AsPublished)?;
        outputs.push(value(name, writer.shape(tensor)?));
    }
    onnx::file(GraphProto {
        node: writer.nodes,
        initializer: writer.weights,
        input: inputs,
        output: outputs,
        ..GraphProto::default()
    })
}

/// How a tensor of four dimensions lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Layout {
    /// Batch, height, width, channels.
    AsPublished,
    /// Batch, channels, height, width.
    ChannelsFirst,
}

impl Layout {
    fn shape(self, published: &[usize]) -> Vec<usize> {
        match (self, published) {
            (Self::ChannelsFirst, &[batch, height, width, channels]) => {
                vec![batch, channels, height, width]
            }
            _ => published.to_vec(),
        }
    }
}

struct Writer<'g> {
    graph: &'g Graph<'g>,
    nodes: Vec<NodeProto>,
    weights: Vec<TensorProto>,
    /// What was computed from constants alone.
    constants: HashMap<usize, Constant>,
    /// The layouts in which each tensor is there, and its name in each.
    names: HashMap<(usize, Layout), String>,
}

impl Writer<'_> {
    fn shape(&self, tensor: usize) -> Result<&[usize], String> {
        let tensor = self.graph.tensors.get(tensor);
        tensor
            .map(|t| &t.shape[..])
            .ok_or_else(|| "an operator names a tensor that is not there".to_owned())
    }

    fn constant(&self, tensor: usize) -> Option<&Constant> {
        let published = self.graph.tensors.get(tensor)?.constant.as_ref();
        published.or_else(|| self.constants.get(&tensor))
    }

    fn floats(&self, tensor: usize) -> Result<&[f32], String> {
        match self.constant(tensor) {
            Some(Constant::Floats(values)) => Ok(values),
            _ => Err(format!("tensor {tensor} should be weights")),
        }
    }

    fn integers(&self, tensor: usize) -> Result<&[i64], String> {
        match self.constant(tensor) {
            Some(Constant::Integers(values)) => Ok(values),
            _ => Err(format!("tensor {tensor} should be settings")),
        }
    }

    /// Names a tensor that is about to be computed.
    fn announce(&mut self, tensor: usize, layout: Layout) -> String {
        let name = match layout {
            Layout::AsPublished => format!("t{tensor}"),
            Layout::ChannelsFirst => format!("t{tensor}_first"),
        };
        self.names.insert((tensor, layout), name.clone());
        name
    }

    /// The name of a tensor in a layout, turned to it if need be.
    fn want(&mut self, tensor: usize, layout: Layout) -> Result<String, String> {
        if let Some(name) = self.names.get(&(tensor, layout)) {
            return Ok(name.clone());
        }
        let published = self.names.contains_key(&(tensor, Layout::AsPublished));
        if !published && let Some(Constant::Floats(values)) = self.constant(tensor).cloned() {
            let shape = self.shape(tensor)?.to_vec();
            let name = self.announce(tensor, Layout::AsPublished);
            self.weights.push(floats(name, sizes(&shape), &values));
            return self.want(tensor, layout);
        }
        let (other, order) = match layout {
            Layout::AsPublished => (Layout::ChannelsFirst, [0, 2, 3, 1]),
            Layout::ChannelsFirst => (Layout::AsPublished, [0, 3, 1, 2]),
        };
        let from = self
            .names
            .get(&(tensor, other))
            .cloned()
            .ok_or_else(|| format!("tensor {tensor} is used before it is computed"))?;
        let name = self.announce(tensor, layout);
        self.node(
            "Transpose",
            vec![from],
            name.clone(),
            vec![list("perm", &order)],
        );
        Ok(name)
    }

    fn weight(&mut self, name: String, shape: &[usize], values: &[f32]) -> String {
        self.weights
            .push(floats(name.clone(), sizes(shape), values));
        name
    }

    fn setting(&mut self, name: String, values: &[i64]) -> String {
        self.weights.push(integers(name.clone(), values));
        name
    }

    fn node(
        &mut self,
        kind: &str,
        input: Vec<String>,
        output: String,
        attribute: Vec<AttributeProto>,
    ) {
        let name = format!("n{}", self.nodes.len());
        let node = onnx::node(kind, name, input, vec![output], attribute);
        self.nodes.push(node);
    }
}

#[cfg(test)]
mod tests;
