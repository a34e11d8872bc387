//! An ONNX file as OpenVINO compiles it soonest.
//!
//! Its reader makes six nodes of a convolution's bias, to fit it to any rank, and a hundred passes go over them before they are
//! folded again. A bias that is spelled out as an addition of its own stays one node, and becomes the same convolution with
//! a bias in the end (docs/decisions/0106-starting.md).

use std::collections::{HashMap, HashSet};

use crate::onnx::{self, GraphProto, NodeProto, TensorProto};

/// Makes biases additions, and the one input of this shape.
pub(super) fn make_plain(graph: &mut GraphProto, shape: &[usize]) {
    let ranks: HashMap<&str, usize> = graph
        .initializer
        .iter()
        .filter_map(|weight| Some((weight.name.as_deref()?, weight.dims.len())))
        .collect();
    let taken: HashSet<&str> = graph
        .node
        .iter()
        .flat_map(|node| &node.output)
        .map(|name| &**name)
        .chain(ranks.keys().copied())
        .collect();
    let mut nodes = Vec::with_capacity(graph.node.len());
    let mut biases = Vec::new();
    for node in &graph.node {
        let apart = bias(node, &graph.initializer, &ranks).filter(|(bias, convolution, _)| {
            let convolved = convolution.output.first();
            let taken = |name: &String| taken.contains(name.as_str());
            !bias.name.as_ref().is_none_or(taken) && !convolved.is_none_or(taken)
        });
        match apart {
            Some((bias, convolution, addition)) => {
                biases.push(bias);
                nodes.extend([convolution, addition]);
            }
            None => nodes.push(node.clone()),
        }
    }
    graph.node = nodes;
    graph.initializer.extend(biases);
    let used: HashSet<&str> = graph
        .node
        .iter()
        .flat_map(|node| &node.input)
        .chain(graph.output.iter().filter_map(|o| o.name.as_ref()))
        .map(|name| &**name)
        .collect();
    graph
        .initializer
        .retain(|weight| weight.name.as_deref().is_some_and(|n| used.contains(n)));
    onnx::set_input(graph, shape);
}

/// A convolution's bias, as a weight of the output's rank; the convolution without it; and the addition. `None` for other nodes.
fn bias(
    node: &NodeProto,
    weights: &[TensorProto],
    ranks: &HashMap<&str, usize>,
) -> Option<(TensorProto, NodeProto, NodeProto)> {
    let ("Conv", [input, kernel, bias], [output]) =
        (node.op_type.as_deref()?, &node.input[..], &node.output[..])
    else {
        return None;
    };
    let rank = *ranks.get(&**kernel)?;
    let mut bias = weights
        .iter()
        .find(|w| w.name.as_ref() == Some(bias))?
        .clone();
    let [channels] = bias.dims[..] else {
        return None;
    };
    let bias_name = format!("{output}/bias");
    bias.name = Some(bias_name.clone());
    bias.dims = [1, channels]
        .into_iter()
        .chain(std::iter::repeat_n(1, rank.checked_sub(2)?))
        .collect();
    let convolved = format!("{output}/convolved");
    let addition = onnx::node(
        "Add",
        format!("{}/bias", node.name.as_deref().unwrap_or_default()),
        vec![convolved.clone(), bias_name],
        vec![output.clone()],
        Vec::new(),
    );
    let convolution = NodeProto {
        input: vec![input.clone(), kernel.clone()],
        output: vec![convolved],
        ..node.clone()
    };
    Some((bias, convolution, addition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{DataType, GraphProto, ModelProto};

    fn weight(name: &str, dims: &[i64]) -> TensorProto {
        TensorProto {
            name: Some(name.to_owned()),
            dims: dims.to_vec(),
            data_type: Some(DataType::FLOAT),
            float_data: vec![0.5; dims.iter().product::<i64>() as usize],
            ..TensorProto::default()
        }
    }

    fn node(kind: &str, input: &[&str], output: &str) -> NodeProto {
        NodeProto {
            input: input.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            op_type: Some(kind.to_owned()),
            ..NodeProto::default()
        }
    }

    fn made_plain(node: Vec<NodeProto>) -> GraphProto {
        let model = ModelProto {
            graph: Some(GraphProto {
                node,
                initializer: vec![weight("kernel", &[2, 3, 1, 1]), weight("bias", &[2])],
                ..GraphProto::default()
            }),
            ..ModelProto::default()
        };
        // As it comes from a file.
        let onnx = onnx::write(&model).unwrap();
        let mut graph = onnx::read(&onnx).unwrap().graph.unwrap();
        make_plain(&mut graph, &[1, 3, 8, 8]);
        graph
    }

    #[test]
    fn a_bias_becomes_an_addition() {
        let graph = made_plain(vec![
            node("Conv", &["x", "kernel", "bias"], "a"),
            node("Conv", &["a", "kernel"], "b"),
            node("Conv", &["b", "kernel", "a"], "c"),
        ]);
        let told: Vec<(&str, Vec<&str>)> = graph
            .node
            .iter()
            .map(|n| {
                (
                    n.op_type.as_deref().unwrap(),
                    n.input.iter().map(|i| &**i).collect(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("Conv", vec!["x", "kernel"]),
                ("Add", vec!["a/convolved", "a/bias"]),
                ("Conv", vec!["a", "kernel"]),
                // What is reckoned is no weight, and stays.
                ("Conv", vec!["b", "kernel", "a"]),
            ]
        );
        assert_eq!(graph.node[1].output, ["a"]);
        let named: Vec<&str> = graph
            .initializer
            .iter()
            .map(|w| w.name.as_deref().unwrap())
            .collect();
        assert_eq!(named, ["kernel", "a/bias"]);
        assert_eq!(graph.initializer[1].dims, [1, 2, 1, 1]);
    }

    #[test]
    fn names_that_are_taken_are_left_alone() {
        let graph = made_plain(vec![
            node("Conv", &["x", "kernel", "bias"], "a"),
            node("Relu", &["a"], "a/convolved"),
        ]);
        assert_eq!(graph.node[0].input.len(), 3);
    }
}
