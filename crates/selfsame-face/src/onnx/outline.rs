//! Whether the parts of an ONNX file fit into each other.
//!
//! The reader trusts the lengths that a file gives: one beyond the end makes it turn back and read without end, or ask for memory
//! that is not there. Models are verified by their digests, but an operator writes the digest of a model of theirs.

/// A kind of message, as far as it holds others.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Value,
    Type,
    TensorType,
    Shape,
    /// Holds no message that is read.
    Leaf,
}

impl Message {
    /// What a field of this number holds. `None` where it is text, bytes or numbers, or not read.
    fn within(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 7) | (Self::Attribute, 6) => Self::Graph,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 11..=13) => Self::Value,
            (Self::Node, 5) => Self::Attribute,
            (Self::Value, 2) => Self::Type,
            // A sequence's type lies in a message of its own, which like the tensor's has only fields that are listed here.
            (Self::Type, 1 | 4) => Self::TensorType,
            (Self::TensorType, 1) => Self::Type,
            (Self::TensorType, 2) => Self::Shape,
            (Self::Model, 8 | 14)
            | (Self::Graph | Self::Attribute, 5)
            | (Self::Shape, 1)
            | (Self::Leaf, 13) => Self::Leaf,
            _ => return None,
        })
    }
}

/// Graphs within graphs beyond this depth are no model of a face, and would use up the stack.
const DEPTH: usize = 24;

/// Reads over the file and says what is wrong with it.
pub(super) fn check(file: &[u8]) -> Result<(), &'static str> {
    walk(file, Message::Model, DEPTH)
}

fn walk(mut rest: &[u8], message: Message, depth: usize) -> Result<(), &'static str> {
    let depth = depth.checked_sub(1).ok_or("its parts nest too deep")?;
    while !rest.is_empty() {
        let tag = number(&mut rest)?;
        let length = match tag & 7 {
            0 => {
                number(&mut rest)?;
                0
            }
            1 => 8,
            2 => number(&mut rest)?,
            5 => 4,
            _ => return Err("it has a part of a kind that ONNX does not use"),
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (part, after) = rest
            .split_at_checked(length)
            .ok_or("a part of it is longer than what holds it")?;
        rest = after;
        if tag & 7 == 2
            && let Some(within) = message.within(tag >> 3)
        {
            walk(part, within, depth)?;
        }
    }
    Ok(())
}

/// A number of up to 64 bits, seven to a byte.
fn number(rest: &mut &[u8]) -> Result<u64, &'static str> {
    let mut value = 0u64;
    for at in 0..10 {
        let (byte, after) = rest.split_first().ok_or("it ends within a number")?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number in it has more than 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        // Text that claims 2^63 bytes: the reader would go back and begin again.
        let back = [
            26, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0,
        ];
        assert!(check(&back).is_err());
        // A graph whose node is longer than the graph, though not than the file.
        assert!(check(&[58, 2, 10, 4, 0, 0, 0, 0]).is_err());
        assert!(check(&[58, 4, 10, 2, 8, 1, 8, 1]).is_ok());
        assert!(check(&[8]).is_err());
        assert!(check(&[11]).is_err());
    }

    #[test]
    fn graphs_within_graphs_end_somewhere() {
        let mut graph = Vec::new();
        for _ in 0..12 {
            for tag in [50, 42, 10] {
                let mut outer = vec![tag];
                let mut length = graph.len();
                while length > 0x7f {
                    outer.push((length & 0x7f) as u8 | 0x80);
                    length >>= 7;
                }
                outer.push(length as u8);
                outer.append(&mut graph);
                graph = outer;
            }
        }
        let length = graph.len() as u8;
        let mut model = vec![58, length];
        model.append(&mut graph);
        assert_eq!(check(&model), Err("its parts nest too deep"));
    }
}
