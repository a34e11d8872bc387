//! The networks of Silent-Face-Anti-Spoofing: published as weights alone, their layers are written down here, in ONNX's terms.
//!
//! Both are one design: a stem, four stages of blocks of depthwise convolutions, of which the later ones of a stage are added
//! to what they were given, and a head. How wide a layer is, and whether a block weighs its channels, the weights tell.
//! Batch normalisation is folded into the layer before it.

use super::torch::{self, Tensor, Weights};
use crate::onnx::{
    self, AttributeProto, GraphProto, NodeProto, TensorProto, floats, integer, list, sizes, value,
};

/// What batch normalisation adds to a variance.
const EPSILON: f64 = 1e-5;
/// The input's side.
const SIDE: usize = 80;
/// Each stage's first block halves the picture; so many blocks follow it.
const STAGES: [(&str, &str, usize); 3] = [
    ("conv_23", "conv_3", 4),
    ("conv_34", "conv_4", 6),
    ("conv_45", "conv_5", 2),
];

/// Gives the ONNX file's bytes.
pub(super) fn to_onnx(published: &[u8]) -> Result<Vec<u8>, String> {
    let mut network = Network {
        weights: torch::read(published)?,
        nodes: Vec::new(),
        constants: Vec::new(),
    };
    let mut last = "input".to_owned();
    last = network.active("conv1", &last, 2)?;
    last = network.active("conv2_dw", &last, 1)?;
    for (first, rest, count) in STAGES {
        last = network.block(first, &last, 2)?;
        for n in 0..count {
            let name = format!("{rest}.model.{n}");
            let mut added = network.block(&name, &last, 1)?;
            if network
                .weights
                .contains_key(&format!("{name}.se_module.fc1.weight"))
            {
                added = network.weighed(&format!("{name}.se_module"), &added)?;
            }
            last = network.node("Add", vec![last, added], Vec::new());
        }
    }
    last = network.active("conv_6_sep", &last, 1)?;
    last = network.layer("conv_6_dw.conv", "conv_6_dw.bn", &last, 1)?;
    let classes = network.head(&last)?;
    onnx::file(GraphProto {
        node: network.nodes,
        initializer: network.constants,
        input: vec![value("input".to_owned(), &[1, 3, SIDE, SIDE])],
        output: vec![value("logits".to_owned(), &[1, classes])],
        ..GraphProto::default()
    })
}

struct Network {
    weights: Weights,
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
}

impl Network {
    fn weights(&self, name: &str) -> Result<&Tensor, String> {
        self.weights
            .get(name)
            .ok_or_else(|| format!("its weights {name} are missing"))
    }

    /// As many numbers as there are channels.
    fn channels(&self, name: &str, count: usize) -> Result<&[f32], String> {
        let found = self.weights(name)?;
        if found.shape != [count] {
            return Err(format!("its weights {name} are not {count} numbers"));
        }
        Ok(&found.values)
    }

    /// Batch normalisation as a factor and an addend for each channel.
    fn normalisation(&self, name: &str, count: usize) -> Result<Vec<(f64, f64)>, String> {
        let of = |part: &str| self.channels(&format!("{name}.{part}"), count);
        let (factors, addends) = (of("weight")?, of("bias")?);
        let (means, variances) = (of("running_mean")?, of("running_var")?);
        Ok((0..count)
            .map(|n| {
                let factor = f64::from(factors[n]) / (f64::from(variances[n]) + EPSILON).sqrt();
                (factor, f64::from(addends[n]) - f64::from(means[n]) * factor)
            })
            .collect())
    }

    fn constant(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        self.constants
            .push(floats(name.to_owned(), sizes(shape), values));
        name.to_owned()
    }

    /// Adds a node and names its output.
    fn node(&mut self, kind: &str, input: Vec<String>, attribute: Vec<AttributeProto>) -> String {
        let name = format!("n{}", self.nodes.len());
        let output = vec![name.clone()];
        self.nodes
            .push(onnx::node(kind, name.clone(), input, output, attribute));
        name
    }

    /// A convolution and its normalisation.
    fn layer(
        &mut self,
        filter: &str,
        normalisation: &str,
        from: &str,
        step: usize,
    ) -> Result<String, String> {
        let Tensor { shape, values } = self.weights(&format!("{filter}.weight"))?;
        let &[outputs, inputs, height, width] = &shape[..] else {
            return Err(format!("its filter {filter} has not four dimensions"));
        };
        let each = inputs * height * width;
        if each == 0 || outputs == 0 {
            return Err(format!("its filter {filter} has no weights"));
        }
        let folds = self.normalisation(normalisation, outputs)?;
        let folded: Vec<f32> = values
            .chunks_exact(each)
            .zip(&folds)
            .flat_map(|(filter, (factor, _))| {
                filter.iter().map(move |w| (f64::from(*w) * factor) as f32)
            })
            .collect();
        let bias: Vec<f32> = folds.iter().map(|(_, addend)| *addend as f32).collect();
        // The published layers that see one channel each are those with a filter for each channel; the filter of the head's
        // covers the whole picture, and only those of three pixels go beyond its edge.
        let groups = if inputs == 1 { outputs } else { 1 };
        let beyond = |length: usize| usize::from(length == 3);
        let names = vec![
            from.to_owned(),
            self.constant(filter, &[outputs, inputs, height, width], &folded),
            self.constant(normalisation, &[outputs], &bias),
        ];
        let (down, across) = (beyond(height), beyond(width));
        let attributes = vec![
            list("kernel_shape", &[height, width]),
            list("strides", &[step, step]),
            list("pads", &[down, across, down, across]),
            integer("group", groups as i64),
        ];
        Ok(self.node("Conv", names, attributes))
    }

    /// The same with an activation: a slope of its own for each channel below 0.
    fn active(&mut self, name: &str, from: &str, step: usize) -> Result<String, String> {
        let plain = self.layer(&format!("{name}.conv"), &format!("{name}.bn"), from, step)?;
        let slopes = self
            .weights(&format!("{name}.prelu.weight"))?
            .values
            .clone();
        let slopes = self.constant(&format!("{name}.prelu"), &[slopes.len(), 1, 1], &slopes);
        Ok(self.node("PRelu", vec![plain, slopes], Vec::new()))
    }

    /// Widened, filtered channel by channel, and narrowed again.
    fn block(&mut self, name: &str, from: &str, step: usize) -> Result<String, String> {
        let wide = self.active(&format!("{name}.conv"), from, 1)?;
        let filtered = self.active(&format!("{name}.conv_dw"), &wide, step)?;
        let project = format!("{name}.project");
        self.layer(
            &format!("{project}.conv"),
            &format!("{project}.bn"),
            &filtered,
            1,
        )
    }

    /// Channels weighed by what all of them are on average.
    fn weighed(&mut self, name: &str, from: &str) -> Result<String, String> {
        let mean = self.node("GlobalAveragePool", vec![from.to_owned()], Vec::new());
        let few = self.layer(&format!("{name}.fc1"), &format!("{name}.bn1"), &mean, 1)?;
        let few = self.node("Relu", vec![few], Vec::new());
        let all = self.layer(&format!("{name}.fc2"), &format!("{name}.bn2"), &few, 1)?;
        let weights = self.node("Sigmoid", vec![all], Vec::new());
        Ok(self.node("Mul", vec![from.to_owned(), weights], Vec::new()))
    }

    /// Two linear layers with a normalisation between them are one. Gives the number of classes.
    fn head(&mut self, from: &str) -> Result<usize, String> {
        let (embed, classify) = (self.weights("linear.weight")?, self.weights("prob.weight")?);
        let (&[middle, inputs], &[classes, between]) = (&embed.shape[..], &classify.shape[..])
        else {
            return Err("a layer of its head has not two dimensions".to_owned());
        };
        if middle != between || inputs == 0 || middle == 0 {
            return Err("the layers of its head do not fit together".to_owned());
        }
        let folds = self.normalisation("bn", middle)?;
        let mut matrix = Vec::with_capacity(classes * inputs);
        let mut bias = Vec::with_capacity(classes);
        for row in classify.values.chunks_exact(middle) {
            let mut sums = vec![0.0f64; inputs];
            let mut offset = 0.0;
            let lines = embed.values.chunks_exact(inputs);
            for ((weight, (factor, addend)), line) in row.iter().zip(&folds).zip(lines) {
                let scaled = f64::from(*weight) * factor;
                offset += f64::from(*weight) * addend;
                for (sum, value) in sums.iter_mut().zip(line) {
                    *sum += scaled * f64::from(*value);
                }
            }
            matrix.extend(sums.iter().map(|sum| *sum as f32));
            bias.push(offset as f32);
        }
        let flat = self.node("Flatten", vec![from.to_owned()], Vec::new());
        let names = vec![
            flat,
            self.constant("head", &[classes, inputs], &matrix),
            self.constant("head_bias", &[classes], &bias),
        ];
        self.node("Gemm", names, vec![integer("transB", 1)]);
        if let Some(last) = self.nodes.last_mut() {
            last.output = vec!["logits".to_owned()];
        }
        Ok(classes)
    }
}

#[cfg(test)]
mod tests;
