//! Reads a TensorFlow Lite file: its graph of operators and tensors. Only the one graph and the kinds of numbers that the
//! manifest's models have. The file's digest was checked, yet no offset in it is followed unchecked.

/// A graph.
pub(super) struct Graph<'f> {
    pub(super) tensors: Vec<Tensor>,
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
    pub(super) operators: Vec<Operator<'f>>,
}

/// A tensor: batch, height, width, channels where it is a picture.
#[derive(Debug)]
pub(super) struct Tensor {
    pub(super) shape: Vec<usize>,
    /// Its values when they are weights or settings.
    pub(super) constant: Option<Constant>,
}

/// Values that are part of the file.
#[derive(Debug, Clone)]
pub(super) enum Constant {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

/// An operator, with its number in TensorFlow Lite's schema.
pub(super) struct Operator<'f> {
    pub(super) code: i32,
    pub(super) inputs: Vec<usize>,
    pub(super) output: usize,
    options: Option<Table<'f>>,
}

impl Operator<'_> {
    /// A byte of its options; 0, the schema's default for all that are asked for, where it is not written.
    pub(super) fn byte(&self, field: usize) -> u8 {
        let options = self.options.as_ref();
        options.and_then(|o| o.byte(field)).unwrap_or(0)
    }

    /// A number of its options, likewise.
    pub(super) fn number(&self, field: usize) -> i32 {
        let options = self.options.as_ref();
        options.and_then(|o| o.number(field)).unwrap_or(0)
    }
}

/// Reads the file's graph.
pub(super) fn read(bytes: &[u8]) -> Result<Graph<'_>, String> {
    let file = File(bytes);
    let graph = || -> Option<Graph<'_>> {
        let model = Table::at(file, file.follow(0)?)?;
        let codes = model.tables(1)?;
        let buffers = model.tables(4)?;
        let [graph] = &model.tables(2)?[..] else {
            return None;
        };
        let tensors = graph.tables(0)?;
        // However often tensors name one buffer, together they copy no more than the file may hold, as 16-bit numbers.
        let mut left = 2 * bytes.len();
        let tensors = tensors.iter().map(|t| tensor(t, &buffers, &mut left));
        let operators = graph.tables(3)?;
        let operators = operators.iter().map(|o| operator(o, &codes));
        Some(Graph {
            tensors: tensors.collect::<Option<_>>()?,
            inputs: graph.indices(1)?,
            outputs: graph.indices(2)?,
            operators: operators.collect::<Option<_>>()?,
        })
    };
    graph().ok_or_else(|| "it is no TensorFlow Lite file of a kind that is known here".to_owned())
}

fn tensor(table: &Table<'_>, buffers: &[Table<'_>], left: &mut usize) -> Option<Tensor> {
    let shape = match table.vector(0, 4) {
        Some(dims) => indices(dims)?,
        None => Vec::new(),
    };
    let buffer = usize::try_from(table.number(2).unwrap_or(0)).ok()?;
    let data = buffers.get(buffer)?.vector(0, 1).filter(|d| !d.is_empty());
    *left = left.checked_sub(data.map_or(0, <[u8]>::len))?;
    let constant = match (data, table.byte(1).unwrap_or(0)) {
        (None, _) => None,
        (Some(data), 0) => Some(Constant::Floats(
            data.chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
        )),
        (Some(data), 1) => Some(Constant::Floats(
            data.chunks_exact(2)
                .map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32())
                .collect(),
        )),
        (Some(data), 2) => Some(Constant::Integers(words(data).map(i64::from).collect())),
        _ => return None,
    };
    let count = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d))?;
    let whole = match &constant {
        Some(Constant::Floats(values)) => values.len() == count,
        Some(Constant::Integers(values)) => values.len() == count,
        None => true,
    };
    whole.then_some(Tensor { shape, constant })
}

fn operator<'f>(table: &Table<'f>, codes: &[Table<'f>]) -> Option<Operator<'f>> {
    let code = codes.get(usize::try_from(table.number(0).unwrap_or(0)).ok()?)?;
    // Numbers below 128 used to fit a byte; newer files write both fields.
    let old = code.byte(0).map_or(0, i32::from);
    let [output] = table.indices(2)?[..] else {
        return None;
    };
    Some(Operator {
        code: old.max(code.number(3).unwrap_or(0)),
        inputs: table.indices(1)?,
        output,
        options: table.target(4).and_then(|at| Table::at(table.file, at)),
    })
}

fn words(data: &[u8]) -> impl Iterator<Item = i32> + '_ {
    data.chunks_exact(4)
        .map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

fn indices(data: &[u8]) -> Option<Vec<usize>> {
    words(data).map(|v| usize::try_from(v).ok()).collect()
}

/// A flat buffer.
#[derive(Clone, Copy)]
struct File<'f>(&'f [u8]);

impl File<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    /// The place that the offset at `at` leads to.
    fn follow(&self, at: usize) -> Option<usize> {
        let offset = u32::from_le_bytes(self.bytes(at)?);
        at.checked_add(usize::try_from(offset).ok()?)
    }
}

/// A table of a flat buffer: its fields lie where its list of offsets says.
struct Table<'f> {
    file: File<'f>,
    start: usize,
    /// Offsets of its fields from its start, two bytes each; 0 for one that is not written.
    fields: &'f [u8],
}

impl<'f> Table<'f> {
    fn at(file: File<'f>, start: usize) -> Option<Self> {
        let back = i32::from_le_bytes(file.bytes(start)?);
        let list = i64::try_from(start).ok()? - i64::from(back);
        let list = usize::try_from(list).ok()?;
        let size = usize::from(u16::from_le_bytes(file.bytes(list)?));
        let fields = file.0.get(list.checked_add(4)?..list.checked_add(size)?)?;
        Some(Self {
            file,
            start,
            fields,
        })
    }

    fn place(&self, field: usize) -> Option<usize> {
        let offset = self.fields.get(2 * field..)?.first_chunk()?;
        match u16::from_le_bytes(*offset) {
            0 => None,
            offset => self.start.checked_add(usize::from(offset)),
        }
    }

    fn byte(&self, field: usize) -> Option<u8> {
        self.file.bytes::<1>(self.place(field)?).map(|[b]| b)
    }

    fn number(&self, field: usize) -> Option<i32> {
        self.file.bytes(self.place(field)?).map(i32::from_le_bytes)
    }

    fn target(&self, field: usize) -> Option<usize> {
        self.file.follow(self.place(field)?)
    }

    /// A vector's bytes, its elements `size` bytes long.
    fn vector(&self, field: usize, size: usize) -> Option<&'f [u8]> {
        let at = self.target(field)?;
        let count = usize::try_from(u32::from_le_bytes(self.file.bytes(at)?)).ok()?;
        let start = at.checked_add(4)?;
        self.file
            .0
            .get(start..start.checked_add(count.checked_mul(size)?)?)
    }

    fn indices(&self, field: usize) -> Option<Vec<usize>> {
        indices(self.vector(field, 4)?)
    }

    fn tables(&self, field: usize) -> Option<Vec<Self>> {
        let at = self.target(field)?.checked_add(4)?;
        (0..self.vector(field, 4)?.len() / 4)
            .map(|n| Self::at(self.file, self.file.follow(at + 4 * n)?))
            .collect()
    }
}
