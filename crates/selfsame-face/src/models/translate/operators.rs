//! TensorFlow Lite's operators, as far as the manifest's models use them, in ONNX's terms.

use super::{Layout, Writer};
use crate::models::tflite::{Constant, Operator};
use crate::onnx::{AttributeProto, integer, list, numbers, sizes};

impl Writer<'_> {
    /// Translates one operator, by its number in TensorFlow Lite's schema.
    pub(super) fn operator(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        match operator.code {
            0 => self.pointwise(operator, "Add"),
            2 => self.concatenate(operator),
            3 => self.convolution(operator, false),
            4 => self.convolution(operator, true),
            6 => self.widen(operator),
            14 => self.pointwise(operator, "Sigmoid"),
            17 => self.largest(operator),
            18 => self.pointwise(operator, "Mul"),
            22 => self.reshape(operator),
            34 => self.pad(operator),
            39 => self.transpose(operator),
            40 => self.reduce(operator, "ReduceMean"),
            41 => self.pointwise(operator, "Sub"),
            42 => self.pointwise(operator, "Div"),
            45 => self.slice(operator),
            54 => self.leak(operator),
            59 => self.pointwise(operator, "Neg"),
            74 => self.reduce(operator, "ReduceSum"),
            75 => self.pointwise(operator, "Sqrt"),
            76 => self.inverse_root(operator),
            99 => self.squared_difference(operator),
            other => Err(format!("the operator {other} is not known here")),
        }
    }

    /// 16-bit weights become 32-bit ones, once and for all.
    fn widen(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        let from = input(operator, 0)?;
        if self.shape(from)? != self.shape(operator.output)? {
            return Err("weights change their shape as they are widened".to_owned());
        }
        let values = self.floats(from)?.to_vec();
        self.constants
            .insert(operator.output, Constant::Floats(values));
        Ok(())
    }

    /// Operators that take each number by itself. Where all inputs lie channels first, so does the output.
    fn pointwise(&mut self, operator: &Operator<'_>, kind: &str) -> Result<(), String> {
        if operator.inputs.len() > 1 && operator.byte(0) != 0 {
            return Err(format!("{kind} with an activation is not known here"));
        }
        let first = |w: &Self, t: &usize| w.names.contains_key(&(*t, Layout::ChannelsFirst));
        let layout = if operator.inputs.iter().all(|t| first(self, t)) {
            Layout::ChannelsFirst
        } else {
            Layout::AsPublished
        };
        let inputs = operator
            .inputs
            .iter()
            .map(|t| self.want(*t, layout))
            .collect::<Result<_, _>>()?;
        let output = self.announce(operator.output, layout);
        self.node(kind, inputs, output, Vec::new());
        Ok(())
    }

    fn convolution(&mut self, operator: &Operator<'_>, by_channel: bool) -> Result<(), String> {
        let (from, filter, bias) = (
            input(operator, 0)?,
            input(operator, 1)?,
            input(operator, 2)?,
        );
        let &[outer, height, width, inner] = self.shape(filter)? else {
            return Err("a filter has four dimensions".to_owned());
        };
        // Published: output channels, height, width, input channels; channels come last where each has its own filter.
        let (outputs, inputs) = if by_channel {
            (inner, 1)
        } else {
            (outer, inner)
        };
        if by_channel && (outer, operator.number(3)) != (1, 1) {
            return Err("a channel with several filters is not known here".to_owned());
        }
        let (widths, activation) = if by_channel { (5, 4) } else { (4, 3) };
        if operator.number(widths).max(operator.number(widths + 1)) > 1 {
            return Err("a filter with holes is not known here".to_owned());
        }
        let values = self.floats(filter)?;
        if values.is_empty() {
            return Err("a filter has no weights".to_owned());
        }
        let mut turned = Vec::with_capacity(values.len());
        for o in 0..outputs {
            for i in 0..inputs {
                for at in 0..height * width {
                    turned.push(
                        values[if by_channel {
                            at * inner + o
                        } else {
                            (o * height * width + at) * inner + i
                        }],
                    );
                }
            }
        }
        let bias_values = self.floats(bias)?.to_vec();
        let number = operator.output;
        let names = vec![
            self.want(from, Layout::ChannelsFirst)?,
            self.weight(
                format!("w{number}"),
                &[outputs, inputs, height, width],
                &turned,
            ),
            self.weight(format!("b{number}"), &[outputs], &bias_values),
        ];
        let mut attributes = self.window(operator, from, [height, width], 1)?;
        let groups = if by_channel { outputs } else { 1 };
        attributes.push(integer("group", groups as i64));
        let output = self.announce(number, Layout::ChannelsFirst);
        match operator.byte(activation) {
            0 => self.node("Conv", names, output, attributes),
            1 => {
                let plain = format!("{output}_plain");
                self.node("Conv", names, plain.clone(), attributes);
                self.node("Relu", vec![plain], output, Vec::new());
            }
            _ => return Err("an activation is not known here".to_owned()),
        }
        Ok(())
    }

    /// A window's size, steps and padding; `stride` is the option that holds its step across.
    fn window(
        &self,
        operator: &Operator<'_>,
        from: usize,
        size: [usize; 2],
        stride: usize,
    ) -> Result<Vec<AttributeProto>, String> {
        let (&[_, height, width, _], &[_, out_height, out_width, _]) =
            (self.shape(from)?, self.shape(operator.output)?)
        else {
            return Err("a picture has four dimensions".to_owned());
        };
        let step = |field| usize::try_from(operator.number(field)).unwrap_or(1).max(1);
        let steps = [step(stride + 1), step(stride)];
        let pads = if operator.byte(0) == 0 {
            // What the output's size leaves over, and the odd one after.
            let over = |length: usize, out: usize, size: usize, step: usize| {
                (out.max(1) - 1)
                    .saturating_mul(step)
                    .saturating_add(size)
                    .saturating_sub(length)
            };
            let (down, across) = (
                over(height, out_height, size[0], steps[0]),
                over(width, out_width, size[1], steps[1]),
            );
            [down / 2, across / 2, down.div_ceil(2), across.div_ceil(2)]
        } else {
            [0; 4]
        };
        Ok(vec![
            list("kernel_shape", &size),
            list("strides", &steps),
            list("pads", &pads),
        ])
    }

    fn largest(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        let from = input(operator, 0)?;
        let side = |field| usize::try_from(operator.number(field)).unwrap_or(1);
        if operator.byte(5) != 0 {
            return Err("an activation is not known here".to_owned());
        }
        let attributes = self.window(operator, from, [side(4), side(3)], 1)?;
        let name = self.want(from, Layout::ChannelsFirst)?;
        let output = self.announce(operator.output, Layout::ChannelsFirst);
        self.node("MaxPool", vec![name], output, attributes);
        Ok(())
    }

    /// `PReLU`, with a slope for each channel.
    fn leak(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        let slopes = self.floats(input(operator, 1)?)?.to_vec();
        let name = format!("s{}", operator.output);
        let names = vec![
            self.want(input(operator, 0)?, Layout::ChannelsFirst)?,
            self.weight(name, &[slopes.len(), 1, 1], &slopes),
        ];
        let output = self.announce(operator.output, Layout::ChannelsFirst);
        self.node("PRelu", names, output, Vec::new());
        Ok(())
    }

    fn pad(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        let &[b0, b1, h0, h1, w0, w1, c0, c1] = self.integers(input(operator, 1)?)? else {
            return Err("padding has eight numbers".to_owned());
        };
        let names = vec![
            self.want(input(operator, 0)?, Layout::ChannelsFirst)?,
            self.setting(
                format!("p{}", operator.output),
                &[b0, c0, h0, w0, b1, c1, h1, w1],
            ),
        ];
        let output = self.announce(operator.output, Layout::ChannelsFirst);
        self.node("Pad", names, output, Vec::new());
        Ok(())
    }

    fn transpose(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        let order = self.integers(input(operator, 1)?)?.to_vec();
        let name = self.want(input(operator, 0)?, Layout::AsPublished)?;
        let output = self.announce(operator.output, Layout::AsPublished);
        self.node(
            "Transpose",
            vec![name],
            output,
            vec![numbers("perm", order)],
        );
        Ok(())
    }

    fn reshape(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        let name = self.want(input(operator, 0)?, Layout::AsPublished)?;
        let output = self.announce(operator.output, Layout::AsPublished);
        self.shaped(name, operator.output, output)
    }

    /// Gives numbers the shape that a tensor has in the file.
    fn shaped(&mut self, from: String, tensor: usize, output: String) -> Result<(), String> {
        let shape = sizes(self.shape(tensor)?);
        let setting = self.setting(format!("r{tensor}"), &shape);
        self.node("Reshape", vec![from, setting], output, Vec::new());
        Ok(())
    }

    fn slice(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        let from = input(operator, 0)?;
        let shape = self.shape(from)?.to_vec();
        let settings = |w: &Self, n| input(operator, n).and_then(|t| Ok(w.integers(t)?.to_vec()));
        let (begins, ends) = (settings(self, 1)?, settings(self, 2)?);
        let steps = settings(self, 3)?;
        if begins.len() != shape.len() || ends.len() != shape.len() || steps.iter().any(|s| *s != 1)
        {
            return Err("a slice with steps is not known here".to_owned());
        }
        // A mask has a bit for each dimension.
        if shape.len() > 31 {
            return Err("a slice of so many dimensions is not known here".to_owned());
        }
        let masked = |field: usize, at: usize| operator.number(field) >> at & 1 == 1;
        let range = |at: usize| {
            let begin = if masked(0, at) { 0 } else { begins[at] };
            let end = if masked(1, at) {
                shape[at] as i64
            } else {
                ends[at]
            };
            (begin, end)
        };
        let (begins, ends): (Vec<i64>, Vec<i64>) = (0..shape.len()).map(range).unzip();
        let axes: Vec<i64> = (0..shape.len() as i64).collect();
        let number = operator.output;
        let names = vec![
            self.want(from, Layout::AsPublished)?,
            self.setting(format!("begin{number}"), &begins),
            self.setting(format!("end{number}"), &ends),
            self.setting(format!("axes{number}"), &axes),
        ];
        let output = self.announce(number, Layout::AsPublished);
        let part = format!("{output}_part");
        self.node("Slice", names, part.clone(), Vec::new());
        // A dimension may fall away, which the file's shape shows.
        self.shaped(part, number, output)
    }

    fn concatenate(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        let axis = i64::from(operator.number(0));
        let names = operator
            .inputs
            .iter()
            .map(|t| self.want(*t, Layout::AsPublished))
            .collect::<Result<_, _>>()?;
        let output = self.announce(operator.output, Layout::AsPublished);
        self.node("Concat", names, output, vec![integer("axis", axis)]);
        Ok(())
    }

    fn reduce(&mut self, operator: &Operator<'_>, kind: &str) -> Result<(), String> {
        let axes = self.integers(input(operator, 1)?)?.to_vec();
        let mut names = vec![self.want(input(operator, 0)?, Layout::AsPublished)?];
        let mut attributes = vec![integer("keepdims", i64::from(operator.byte(0)))];
        // Of the two, in this version of ONNX, only the sum takes its axes as an input.
        if kind == "ReduceSum" {
            names.push(self.setting(format!("a{}", operator.output), &axes));
        } else {
            attributes.push(numbers("axes", axes));
        }
        let output = self.announce(operator.output, Layout::AsPublished);
        self.node(kind, names, output, attributes);
        Ok(())
    }

    fn inverse_root(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        let name = self.want(input(operator, 0)?, Layout::AsPublished)?;
        let output = self.announce(operator.output, Layout::AsPublished);
        let root = format!("{output}_root");
        self.node("Sqrt", vec![name], root.clone(), Vec::new());
        self.node("Reciprocal", vec![root], output, Vec::new());
        Ok(())
    }

    fn squared_difference(&mut self, operator: &Operator<'_>) -> Result<(), String> {
        let names = vec![
            self.want(input(operator, 0)?, Layout::AsPublished)?,
            self.want(input(operator, 1)?, Layout::AsPublished)?,
        ];
        let output = self.announce(operator.output, Layout::AsPublished);
        let plain = format!("{output}_plain");
        self.node("Sub", names, plain.clone(), Vec::new());
        self.node("Mul", vec![plain.clone(), plain], output, Vec::new());
        Ok(())
    }
}

fn input(operator: &Operator<'_>, at: usize) -> Result<usize, String> {
    let found = operator.inputs.get(at).copied();
    found.ok_or_else(|| format!("the operator {} lacks an input", operator.code))
}
