//! Reads the few instructions of Python's pickle format that PyTorch writes for a model's weights.
//!
//! A pickle is a program for a small stack machine, and in Python it may call anything. Here nothing is ever called: what the
//! program would call is kept as a [`Value::Call`] for the reader of weights to look at, every other instruction is refused.

use std::rc::Rc;

/// Most values that may be on the stack or in the memo at a time.
const MOST_VALUES: usize = 20_000;
/// How deep tuples, calls and dictionaries may lie in each other: weights need five.
const DEEPEST: usize = 8;

/// What an instruction leaves on the stack.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Integer(i64),
    Text(Rc<str>),
    /// A class or function of a module, by both names.
    Global(Rc<str>),
    Tuple(Nested),
    List(Nested),
    /// Keys and values in turn.
    Dict(Nested),
    /// A function, and the tuple that it would be called with.
    Call(Nested),
    /// What a file names beside the pickle.
    Persistent(Nested),
}

/// Values within a value, and how deep they lie.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Nested {
    pub(super) values: Vec<Value>,
    depth: usize,
}

impl Nested {
    fn of(values: Vec<Value>) -> Option<Self> {
        let depth = 1 + values.iter().map(Value::depth).max().unwrap_or(0);
        (depth <= DEEPEST).then_some(Self { values, depth })
    }

    fn push(&mut self, value: Value) -> Option<()> {
        self.depth = self.depth.max(1 + value.depth());
        self.values.push(value);
        (self.depth <= DEEPEST).then_some(())
    }
}

impl Value {
    fn depth(&self) -> usize {
        match self {
            Self::Tuple(inner)
            | Self::List(inner)
            | Self::Dict(inner)
            | Self::Call(inner)
            | Self::Persistent(inner) => inner.depth,
            _ => 0,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn size(&self) -> Option<usize> {
        match self {
            Self::Integer(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(super) fn tuple(&self) -> Option<&[Self]> {
        match self {
            Self::Tuple(inner) => Some(&inner.values),
            _ => None,
        }
    }
}

/// Reads one pickle from the front of `bytes`, which then begin behind it. `None` for anything that is not known here.
pub(super) fn read(bytes: &mut &[u8]) -> Option<Value> {
    let mut machine = Machine {
        bytes,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Vec::new(),
    };
    loop {
        if let Some(value) = machine.step()? {
            return Some(value);
        }
        if machine.stack.len() > MOST_VALUES {
            return None;
        }
    }
}

struct Machine<'m, 'b> {
    bytes: &'m mut &'b [u8],
    stack: Vec<Value>,
    /// Where in the stack the values begin that an instruction will gather.
    marks: Vec<usize>,
    /// What may be asked for again. Only names and texts: so no value grows by naming another many times.
    memo: Vec<Option<Value>>,
}

impl Machine<'_, '_> {
    /// One instruction. The pickle's value at its end.
    fn step(&mut self) -> Option<Option<Value>> {
        let [code] = self.take()?;
        match code {
            // A protocol: what is written since 2.
            0x80 => (self.take()? == [2u8]).then_some(())?,
            b'.' => return (self.stack.len() == 1).then(|| self.stack.pop()),
            b'(' => self.mark()?,
            b'N' => self.stack.push(Value::None),
            0x88 => self.stack.push(Value::Bool(true)),
            0x89 => self.stack.push(Value::Bool(false)),
            b'K' => {
                let [number] = self.take()?;
                self.stack.push(Value::Integer(i64::from(number)));
            }
            b'M' => {
                let number = u16::from_le_bytes(self.take()?);
                self.stack.push(Value::Integer(i64::from(number)));
            }
            b'J' => {
                let number = i32::from_le_bytes(self.take()?);
                self.stack.push(Value::Integer(i64::from(number)));
            }
            b'X' => {
                let length = u32::from_le_bytes(self.take()?);
                let text = self.bytes.split_off(..usize::try_from(length).ok()?)?;
                self.stack
                    .push(Value::Text(str::from_utf8(text).ok()?.into()));
            }
            b'c' => self.global()?,
            b'q' => {
                let [at] = self.take()?;
                self.remember(usize::from(at))?;
            }
            b'r' => {
                let at = u32::from_le_bytes(self.take()?);
                self.remember(usize::try_from(at).ok()?)?;
            }
            b'h' => {
                let [at] = self.take()?;
                self.recall(usize::from(at))?;
            }
            b'j' => {
                let at = u32::from_le_bytes(self.take()?);
                self.recall(usize::try_from(at).ok()?)?;
            }
            _ => self.gather(code)?,
        }
        Some(None)
    }

    /// Instructions that make one value of several.
    fn gather(&mut self, code: u8) -> Option<()> {
        let value = match code {
            b')' => Value::Tuple(Nested::of(Vec::new())?),
            b']' => Value::List(Nested::of(Vec::new())?),
            b'}' => Value::Dict(Nested::of(Vec::new())?),
            0x85 => Value::Tuple(Nested::of(self.last(1)?)?),
            0x86 => Value::Tuple(Nested::of(self.last(2)?)?),
            0x87 => Value::Tuple(Nested::of(self.last(3)?)?),
            b't' => Value::Tuple(Nested::of(self.since_mark()?)?),
            b'Q' => Value::Persistent(Nested::of(self.last(1)?)?),
            b'R' => self.call()?,
            // What belongs to an object beside its content says nothing of weights.
            b'b' => return self.last(1).map(drop),
            b's' => {
                let values = self.last(2)?;
                return self.extend(values);
            }
            b'u' | b'e' => {
                let values = self.since_mark()?;
                return self.extend(values);
            }
            _ => return None,
        };
        self.stack.push(value);
        Some(())
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes.split_off(..N)?.try_into().ok()
    }

    fn mark(&mut self) -> Option<()> {
        self.marks.push(self.stack.len());
        (self.marks.len() <= MOST_VALUES).then_some(())
    }

    fn line(&mut self) -> Option<&str> {
        let end = self.bytes.iter().position(|b| *b == b'\n')?;
        let line = self.bytes.split_off(..end)?;
        self.bytes.split_off(..1)?;
        str::from_utf8(line).ok()
    }

    fn global(&mut self) -> Option<()> {
        let module = self.line()?.to_owned();
        let name = self.line()?;
        let both = format!("{module}.{name}");
        self.stack.push(Value::Global(both.into()));
        Some(())
    }

    /// The last values, which lie above the last mark.
    fn last(&mut self, count: usize) -> Option<Vec<Value>> {
        let least = self.marks.last().copied().unwrap_or(0);
        let start = self.stack.len().checked_sub(count)?;
        (start >= least).then(|| self.stack.split_off(start))
    }

    fn since_mark(&mut self) -> Option<Vec<Value>> {
        let start = self.marks.pop()?;
        (start <= self.stack.len()).then(|| self.stack.split_off(start))
    }

    /// An ordered dictionary is the only thing that is made on the spot.
    fn call(&mut self) -> Option<Value> {
        let parts = self.last(2)?;
        let [Value::Global(name), Value::Tuple(arguments)] = &parts[..] else {
            return None;
        };
        if &**name == "collections.OrderedDict" && arguments.values.is_empty() {
            return Some(Value::Dict(Nested::of(Vec::new())?));
        }
        Some(Value::Call(Nested::of(parts)?))
    }

    fn extend(&mut self, values: Vec<Value>) -> Option<()> {
        let least = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= least {
            return None;
        }
        let target = match self.stack.last_mut()? {
            Value::Dict(inner) if values.len().is_multiple_of(2) => inner,
            Value::List(inner) => inner,
            _ => return None,
        };
        if target.values.len() + values.len() > MOST_VALUES {
            return None;
        }
        values.into_iter().try_for_each(|value| target.push(value))
    }

    fn remember(&mut self, at: usize) -> Option<()> {
        if at >= MOST_VALUES {
            return None;
        }
        if self.memo.len() <= at {
            self.memo.resize(at + 1, None);
        }
        let value = self.stack.last()?;
        self.memo[at] = matches!(value, Value::Text(_) | Value::Global(_)).then(|| value.clone());
        Some(())
    }

    fn recall(&mut self, at: usize) -> Option<()> {
        let value = self.memo.get(at)?.clone()?;
        self.stack.push(value);
        Some(())
    }
}
