use proptest::prelude::*;

use super::*;

/// A part of a flat buffer.
enum Node {
    Table(Vec<Field>),
    Tables(Vec<Node>),
    Numbers(Vec<i32>),
    Bytes(Vec<u8>),
}

/// A field of a table.
enum Field {
    Absent,
    Byte(u8),
    Number(i32),
    Part(Node),
}

use Field::{Absent, Byte, Number, Part};
use Node::{Bytes, Numbers, Table, Tables};

/// Writes a part behind what is there; gives its place.
fn write(node: &Node, file: &mut Vec<u8>) -> usize {
    let link = |file: &mut Vec<u8>, from: usize, to: &Node| {
        let at = write(to, file);
        file[from..from + 4].copy_from_slice(&u32::try_from(at - from).unwrap().to_le_bytes());
    };
    let count = |file: &mut Vec<u8>, count: usize| {
        file.extend(u32::try_from(count).unwrap().to_le_bytes());
    };
    match node {
        Table(fields) => {
            let list = file.len();
            let size = |n: usize| u16::try_from(n).unwrap().to_le_bytes();
            file.extend(size(4 + 2 * fields.len()));
            file.extend(size(4 + 4 * fields.len()));
            for (at, field) in fields.iter().enumerate() {
                let offset = if matches!(field, Absent) {
                    0
                } else {
                    4 + 4 * at
                };
                file.extend(size(offset));
            }
            let start = file.len();
            count(file, start - list);
            for field in fields {
                match field {
                    Byte(value) => file.extend([*value, 0, 0, 0]),
                    Number(value) => file.extend(value.to_le_bytes()),
                    Absent | Part(_) => file.extend([0; 4]),
                }
            }
            for (at, field) in fields.iter().enumerate() {
                if let Part(part) = field {
                    link(file, start + 4 + 4 * at, part);
                }
            }
            start
        }
        Tables(tables) => {
            let start = file.len();
            count(file, tables.len());
            file.resize(file.len() + 4 * tables.len(), 0);
            for (at, table) in tables.iter().enumerate() {
                link(file, start + 4 + 4 * at, table);
            }
            start
        }
        Numbers(values) => {
            let start = file.len();
            count(file, values.len());
            file.extend(values.iter().flat_map(|v| v.to_le_bytes()));
            start
        }
        Bytes(bytes) => {
            let start = file.len();
            count(file, bytes.len());
            file.extend(bytes);
            start
        }
    }
}

struct Model {
    /// Shape, kind of number (0: 32-bit, 1: 16-bit float, 2: integer), data.
    tensors: Vec<(Vec<i32>, u8, Vec<u8>)>,
    /// Number in the schema, inputs, output, options.
    operators: Vec<(i32, Vec<i32>, i32, Vec<Field>)>,
    inputs: Vec<i32>,
    outputs: Vec<i32>,
}

fn file(model: Model) -> Vec<u8> {
    let mut codes = Vec::new();
    let mut buffers = vec![Table(vec![])];
    let tensors = model.tensors.into_iter().map(|(shape, kind, data)| {
        let buffer = if data.is_empty() { 0 } else { buffers.len() };
        if !data.is_empty() {
            buffers.push(Table(vec![Part(Bytes(data))]));
        }
        let shape = Part(Numbers(shape));
        Table(vec![shape, Byte(kind), Number(buffer as i32)])
    });
    let tensors = Tables(tensors.collect());
    let operators = model
        .operators
        .into_iter()
        .map(|(code, inputs, output, options)| {
            codes.push(Table(vec![Absent, Absent, Absent, Number(code)]));
            Table(vec![
                Number(codes.len() as i32 - 1),
                Part(Numbers(inputs)),
                Part(Numbers(vec![output])),
                Absent,
                Part(Table(options)),
            ])
        });
    let operators = Tables(operators.collect());
    let graph = Table(vec![
        Part(tensors),
        Part(Numbers(model.inputs)),
        Part(Numbers(model.outputs)),
        Part(operators),
    ]);
    let root = Table(vec![
        Number(3),
        Part(Tables(codes)),
        Part(Tables(vec![graph])),
        Absent,
        Part(Tables(buffers)),
    ]);
    let mut file = vec![0; 4];
    let start = write(&root, &mut file);
    file[..4].copy_from_slice(&u32::try_from(start).unwrap().to_le_bytes());
    file
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn halves(count: usize) -> Vec<u8> {
    [0x00, 0x3c].repeat(count)
}

fn integers(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// A convolution with widened weights, a slice of it, and a sum.
fn small() -> Vec<u8> {
    file(Model {
        tensors: vec![
            (vec![1, 4, 4, 1], 0, vec![]),
            (vec![2, 3, 3, 1], 1, halves(18)),
            (vec![2, 3, 3, 1], 0, vec![]),
            (vec![2], 0, floats(&[0.5, -0.5])),
            (vec![1, 4, 4, 2], 0, vec![]),
            (vec![4], 2, integers(&[0, 0, 0, 0])),
            (vec![4], 2, integers(&[1, 2, 4, 2])),
            (vec![4], 2, integers(&[1, 1, 1, 1])),
            (vec![1, 2, 4, 2], 0, vec![]),
            (vec![1, 2, 4, 2], 0, vec![]),
        ],
        operators: vec![
            (6, vec![1], 2, vec![]),
            (
                3,
                vec![0, 2, 3],
                4,
                vec![Byte(0), Number(1), Number(1), Byte(1)],
            ),
            (45, vec![4, 5, 6, 7], 8, vec![]),
            (0, vec![8, 8], 9, vec![]),
        ],
        inputs: vec![0],
        outputs: vec![9],
    })
}

fn kinds(onnx: &[u8]) -> Vec<String> {
    let graph = onnx::read(onnx).unwrap().graph.unwrap();
    let kinds = graph.node.into_iter().map(|n| n.op_type.unwrap());
    kinds.collect()
}

#[test]
fn a_small_model_is_translated() {
    let kinds = kinds(&to_onnx(&small()).unwrap());
    assert_eq!(
        kinds,
        ["Conv", "Relu", "Transpose", "Slice", "Reshape", "Add"]
    );
}

#[test]
fn weights_as_a_picture_are_turned_once() {
    // Wanting weights channels first used to go round for ever.
    let model = file(Model {
        tensors: vec![
            (vec![1, 1, 1, 1], 0, floats(&[1.0])),
            (vec![1, 1, 1, 1], 0, floats(&[1.0])),
            (vec![1], 0, floats(&[0.0])),
            (vec![1, 1, 1, 1], 0, vec![]),
        ],
        operators: vec![(3, vec![0, 1, 2], 3, vec![])],
        inputs: vec![],
        outputs: vec![3],
    });
    let kinds = kinds(&to_onnx(&model).unwrap());
    assert_eq!(kinds, ["Transpose", "Conv", "Transpose"]);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let widened_to = |shape: Vec<i32>| {
        to_onnx(&file(Model {
            tensors: vec![
                (vec![1, 4, 4, 1], 0, vec![]),
                (vec![4], 1, halves(4)),
                (shape, 0, vec![]),
                (vec![1], 0, floats(&[0.0])),
                (vec![1, 4, 4, 1], 0, vec![]),
            ],
            operators: vec![(6, vec![1], 2, vec![]), (3, vec![0, 2, 3], 4, vec![])],
            inputs: vec![0],
            outputs: vec![4],
        }))
    };
    assert!(widened_to(vec![9, 9, 9, 9]).is_err());
    let sliced = to_onnx(&file(Model {
        tensors: vec![
            (vec![1; 40], 0, vec![]),
            (vec![40], 2, integers(&[0; 40])),
            (vec![40], 2, integers(&[1; 40])),
        ],
        operators: vec![(45, vec![0, 1, 2, 2], 0, vec![Number(1)])],
        inputs: vec![0],
        outputs: vec![0],
    }));
    assert!(sliced.is_err());
    // A thousand tensors of one buffer would copy it a thousand times.
    let mut file = small();
    file.truncate(file.len() - 1);
    assert!(to_onnx(&file[..file.len() / 2]).is_err());
    let huge = to_onnx(&super::tests::file(Model {
        tensors: vec![(vec![i32::MAX; 4], 0, floats(&[1.0]))],
        operators: vec![],
        inputs: vec![],
        outputs: vec![],
    }));
    assert!(huge.is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_flipped_bytes_break_the_translators(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut bytes = small();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(onnx) = to_onnx(&bytes) {
            prop_assert!(onnx::read(&onnx).is_ok());
            let _ = crate::fold::prepare(&onnx);
        }
    }

    #[test]
    fn no_bytes_break_the_translators(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = to_onnx(&bytes);
        let _ = crate::fold::prepare(&bytes);
    }
}
