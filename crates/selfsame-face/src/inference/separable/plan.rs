//! From an ONNX graph to steps.

use std::collections::{HashMap, HashSet};

use super::layers::{BLOCK, Filter, Filtered, Mix, SIDE, Shape, Strided, TAPS};
use crate::fold;
use crate::onnx::{GraphProto, NodeProto, TensorProto};

/// What is done to which of the values.
#[derive(Debug)]
pub(super) enum Step {
    /// The input, at half its size.
    Strided {
        to: usize,
        layer: Strided,
    },
    Separable {
        from: usize,
        to: usize,
        layer: Filtered,
    },
    Halve {
        from: usize,
        to: usize,
    },
    AddDoubled {
        large: usize,
        small: usize,
        to: usize,
    },
    List {
        from: usize,
        output: usize,
        sigmoid: bool,
    },
}

/// All steps, in an order in which they can be done.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) input: Shape,
    pub(super) values: Vec<Shape>,
    /// The outputs' lengths.
    pub(super) outputs: Vec<usize>,
    pub(super) steps: Vec<Step>,
    /// For each step, the values that no later one reads.
    pub(super) spent: Vec<Vec<usize>>,
}

impl Plan {
    /// Reads a prepared graph.
    pub(super) fn of(graph: &GraphProto, input: Shape) -> Result<Self, String> {
        let mut reading = Reading::of(graph, input)?;
        for node in &graph.node {
            reading
                .node(node)
                .map_err(|problem| format!("{}: {problem}", name(node)))?;
        }
        if reading.plan.outputs.contains(&0) {
            return Err("some outputs are no lists".to_owned());
        }
        let mut plan = reading.plan;
        plan.spent = vec![Vec::new(); plan.steps.len()];
        for value in 0..plan.values.len() {
            let last = plan.steps.iter().rposition(|step| step.reads(value));
            plan.spent[last.ok_or("a value is computed for nothing")?].push(value);
        }
        Ok(plan)
    }
}

impl Step {
    fn reads(&self, value: usize) -> bool {
        match self {
            Self::Strided { .. } => false,
            Self::Separable { from, .. } | Self::Halve { from, .. } | Self::List { from, .. } => {
                *from == value
            }
            Self::AddDoubled { large, small, .. } => [*large, *small].contains(&value),
        }
    }
}

/// A value that was computed.
#[derive(Debug, Clone, Copy)]
enum Known {
    Input,
    Value(usize),
    /// A value whose pixels are each to be taken four times.
    Doubled(usize),
}

struct Reading<'g> {
    plan: Plan,
    weights: HashMap<&'g str, &'g TensorProto>,
    users: HashMap<&'g str, Vec<&'g NodeProto>>,
    outputs: HashMap<&'g str, usize>,
    known: HashMap<&'g str, Known>,
    /// Nodes that an earlier one took along, by what they give.
    taken: HashSet<&'g str>,
}

fn name(node: &NodeProto) -> &str {
    let kind = node.op_type.as_deref().unwrap_or("a node of no kind");
    node.name
        .as_deref()
        .filter(|name| !name.is_empty())
        .unwrap_or(kind)
}

fn kind(node: &NodeProto) -> &str {
    node.op_type.as_deref().unwrap_or_default()
}

fn input(node: &NodeProto, at: usize) -> Result<&str, String> {
    let name = node.input.get(at).map(String::as_str);
    name.ok_or_else(|| format!("it has no input {at}"))
}

fn gives(node: &NodeProto) -> Result<&str, String> {
    let [output] = &node.output[..] else {
        return Err("it gives more or less than one value".to_owned());
    };
    Ok(output)
}

/// Whether an attribute is as wanted; where it is missing, whether that means the same.
fn has(node: &NodeProto, name: &str, wanted: &[i64], unless_said: bool) -> bool {
    let found = node
        .attribute
        .iter()
        .find(|a| a.name.as_deref() == Some(name));
    found.map_or(unless_said, |a| match a.i {
        Some(i) if a.ints.is_empty() => wanted == [i],
        _ => wanted == a.ints,
    })
}

fn says(node: &NodeProto, name: &str, wanted: &str) -> bool {
    let found = node
        .attribute
        .iter()
        .find(|a| a.name.as_deref() == Some(name));
    found.is_some_and(|a| a.s.as_deref() == Some(wanted))
}

fn require(holds: bool, what: &str) -> Result<(), String> {
    holds
        .then_some(())
        .ok_or_else(|| format!("it is no {what}"))
}

impl<'g> Reading<'g> {
    fn of(graph: &'g GraphProto, input: Shape) -> Result<Self, String> {
        let [only] = &graph.input[..] else {
            return Err("it has more or less than one input".to_owned());
        };
        require(
            input.width.is_multiple_of(2) && input.height.is_multiple_of(2),
            "size that can be halved",
        )?;
        let mut users: HashMap<&str, Vec<&NodeProto>> = HashMap::new();
        for node in &graph.node {
            for input in &node.input {
                users.entry(input).or_default().push(node);
            }
        }
        let named = |t: &'g TensorProto| (t.name.as_deref().unwrap_or_default(), t);
        let outputs = graph.output.iter().enumerate();
        Ok(Self {
            plan: Plan {
                input,
                values: Vec::new(),
                outputs: vec![0; graph.output.len()],
                steps: Vec::new(),
                spent: Vec::new(),
            },
            weights: graph.initializer.iter().map(named).collect(),
            users,
            outputs: outputs
                .map(|(at, output)| (output.name.as_deref().unwrap_or_default(), at))
                .collect(),
            known: HashMap::from([(only.name.as_deref().unwrap_or_default(), Known::Input)]),
            taken: HashSet::new(),
        })
    }

    fn node(&mut self, node: &'g NodeProto) -> Result<(), String> {
        if self.taken.contains(gives(node)?) {
            return Ok(());
        }
        let from = self.known.get(input(node, 0)?).copied();
        match (kind(node), from) {
            ("Conv", Some(Known::Input)) => self.strided(node),
            ("Conv", Some(Known::Value(from))) => self.separable(node, from),
            ("MaxPool", Some(Known::Value(from))) => self.halve(node, from),
            ("Resize", Some(Known::Value(from))) => self.doubled(node, from),
            ("Add", Some(large)) => self.add(node, large),
            ("Transpose", Some(Known::Value(from))) => self.list(node, from),
            _ => Err("it is of no kind that is known here".to_owned()),
        }
    }

    /// The one node that uses what another gives, if it is of the kind.
    fn next(&self, node: &'g NodeProto, wanted: &str) -> Option<&'g NodeProto> {
        let output = gives(node).ok()?;
        match self.users.get(output).map(Vec::as_slice) {
            Some([user]) if kind(user) == wanted && !self.outputs.contains_key(output) => {
                Some(user)
            }
            _ => None,
        }
    }

    /// Takes a node along that was found by [`Self::next`].
    fn take(&mut self, node: Option<&'g NodeProto>) -> Result<bool, String> {
        if let Some(node) = node {
            self.taken.insert(gives(node)?);
        }
        Ok(node.is_some())
    }

    fn value(&mut self, node: &'g NodeProto, shape: Shape) -> Result<usize, String> {
        let at = self.plan.values.len();
        self.plan.values.push(shape);
        self.known.insert(gives(node)?, Known::Value(at));
        Ok(at)
    }

    fn shape(&self, value: usize) -> Shape {
        self.plan.values[value]
    }

    /// Weights and biases of a convolution whose weights have the shape, but for the outputs.
    fn convolution(
        &self,
        node: &NodeProto,
        inner: [usize; 3],
    ) -> Result<(Vec<f32>, Vec<f32>), String> {
        let tensor = |at| {
            let tensor = self.weights.get(input(node, at)?).copied();
            tensor.ok_or_else(|| format!("input {at} is no weight"))
        };
        let (weights, bias) = (tensor(1)?, tensor(2)?);
        let inner = inner.map(|side| i64::try_from(side).unwrap_or(i64::MAX));
        let fits = matches!(&weights.dims[..], [outputs, rest @ ..]
            if *rest == inner && *outputs > 0 && bias.dims == [*outputs]);
        require(fits, "convolution of such weights")?;
        Ok((fold::floats(weights)?, fold::floats(bias)?))
    }

    fn strided(&mut self, node: &'g NodeProto) -> Result<(), String> {
        let Shape {
            channels,
            height,
            width,
        } = self.plan.input;
        let fits = has(node, "strides", &[2, 2], false)
            && has(node, "pads", &[1, 1, 1, 1], false)
            && has(node, "group", &[1], true)
            && has(node, "dilations", &[1, 1], true);
        require(fits, "convolution at each second pixel")?;
        let (weights, bias) = self.convolution(node, [channels, SIDE, SIDE])?;
        require(
            bias.len().is_multiple_of(BLOCK),
            "count of channels that can be parted",
        )?;
        let relu = self.next(node, "Relu");
        let to = self.value(
            relu.unwrap_or(node),
            Shape {
                channels: bias.len(),
                height: height / 2,
                width: width / 2,
            },
        )?;
        let layer = Strided {
            mixes: Mix::all(&weights, channels * TAPS, &bias),
            rectified: self.take(relu)?,
        };
        self.plan.steps.push(Step::Strided { to, layer });
        Ok(())
    }

    fn separable(&mut self, node: &'g NodeProto, from: usize) -> Result<(), String> {
        let shape = self.shape(from);
        let plain =
            |node| has(node, "strides", &[1, 1], true) && has(node, "dilations", &[1, 1], true);
        let fits =
            plain(node) && has(node, "group", &[1], true) && has(node, "pads", &[0; 4], true);
        require(fits, "convolution of single pixels")?;
        let (weights, bias) = self.convolution(node, [shape.channels, 1, 1])?;
        let filtering = self.next(node, "Conv");
        let filtering = filtering.ok_or("no convolution of single channels comes after it")?;
        let channels = i64::try_from(bias.len()).unwrap_or(i64::MAX);
        let fits = plain(filtering)
            && has(filtering, "group", &[channels], channels == 1)
            && has(filtering, "pads", &[1; 4], false);
        require(fits, "mixture of channels that are filtered next")?;
        let (taps, biases) = self.convolution(filtering, [1, SIDE, SIDE])?;
        require(
            biases.len() == bias.len(),
            "mixture of as many channels as are filtered",
        )?;
        let relu = self.next(filtering, "Relu");
        let to = self.value(
            relu.unwrap_or(filtering),
            Shape {
                channels: bias.len(),
                ..shape
            },
        )?;
        let (taps, _) = taps.as_chunks();
        let filters = taps.iter().zip(biases);
        let layer = Filtered {
            mixes: Mix::all(&weights, shape.channels, &bias),
            filters: filters
                .map(|(taps, bias)| Filter { taps: *taps, bias })
                .collect(),
            rectified: self.take(relu)?,
        };
        self.take(Some(filtering))?;
        self.plan.steps.push(Step::Separable { from, to, layer });
        Ok(())
    }

    fn halve(&mut self, node: &'g NodeProto, from: usize) -> Result<(), String> {
        let shape = self.shape(from);
        let fits = has(node, "kernel_shape", &[2, 2], false)
            && has(node, "strides", &[2, 2], false)
            && has(node, "pads", &[0; 4], true)
            && has(node, "dilations", &[1, 1], true)
            && shape.width.is_multiple_of(2)
            && shape.height.is_multiple_of(2);
        require(fits, "choice of one in four")?;
        let to = self.value(
            node,
            Shape {
                height: shape.height / 2,
                width: shape.width / 2,
                ..shape
            },
        )?;
        self.plan.steps.push(Step::Halve { from, to });
        Ok(())
    }

    fn doubled(&mut self, node: &'g NodeProto, from: usize) -> Result<(), String> {
        let scales = self.weights.get(input(node, 2)?);
        let fits = says(node, "mode", "nearest")
            && says(node, "nearest_mode", "floor")
            && says(node, "coordinate_transformation_mode", "asymmetric")
            && scales.is_some_and(|scales| {
                fold::floats(scales).is_ok_and(|s| s == [1.0, 1.0, 2.0, 2.0])
            });
        require(fits, "doubling")?;
        self.known.insert(gives(node)?, Known::Doubled(from));
        Ok(())
    }

    fn add(&mut self, node: &'g NodeProto, large: Known) -> Result<(), String> {
        let other = self.known.get(input(node, 1)?).copied();
        let (Known::Value(large), Some(Known::Doubled(small))) = (large, other) else {
            return Err("it adds other than a value and a doubled one".to_owned());
        };
        let (shape, half) = (self.shape(large), self.shape(small));
        let doubled = Shape {
            height: 2 * half.height,
            width: 2 * half.width,
            ..half
        };
        require(shape == doubled, "sum of values of one size")?;
        let to = self.value(node, shape)?;
        self.plan.steps.push(Step::AddDoubled { large, small, to });
        Ok(())
    }

    fn list(&mut self, node: &'g NodeProto, from: usize) -> Result<(), String> {
        let shape = self.shape(from);
        require(has(node, "perm", &[0, 2, 3, 1], false), "list of pixels")?;
        let reshape = self.next(node, "Reshape");
        let reshape = reshape.ok_or("no change of shape comes after it")?;
        let sigmoid = self.next(reshape, "Sigmoid");
        let output = gives(sigmoid.unwrap_or(reshape))?;
        let output = *self.outputs.get(output).ok_or("it leads to no output")?;
        // The new shape changes no number's place.
        self.plan.outputs[output] = shape.pixels();
        let sigmoid = self.take(sigmoid)?;
        self.take(Some(reshape))?;
        self.plan.steps.push(Step::List {
            from,
            output,
            sigmoid,
        });
        Ok(())
    }
}
