use proptest::prelude::*;

use super::*;

/// The instructions that a pickle of weights is made of, as a writer of such files for the tests.
#[derive(Default)]
struct Pickle(Vec<u8>);

impl Pickle {
    fn new() -> Self {
        Self(vec![0x80, 2])
    }

    fn op(mut self, code: u8) -> Self {
        self.0.push(code);
        self
    }

    fn text(mut self, text: &str) -> Self {
        self.0.push(b'X');
        self.0
            .extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    fn global(mut self, module: &str, name: &str) -> Self {
        self.0.push(b'c');
        self.0.extend(format!("{module}\n{name}\n").as_bytes());
        self
    }

    fn number(mut self, number: i32) -> Self {
        self.0.push(b'J');
        self.0.extend(number.to_le_bytes());
        self
    }

    fn tuple(mut self, numbers: &[i32]) -> Self {
        self = self.op(b'(');
        for number in numbers {
            self = self.number(*number);
        }
        self.op(b't')
    }

    /// A tensor in a storage.
    fn tensor(self, key: &str, start: i32, shape: &[i32], strides: &[i32]) -> Self {
        self.global("torch._utils", "_rebuild_tensor_v2")
            .op(b'(')
            .op(b'(')
            .text("storage")
            .global("torch", "FloatStorage")
            .text(key)
            .text("cpu")
            .number(6)
            .op(b'N')
            .op(b't')
            .op(b'Q')
            .number(start)
            .tuple(shape)
            .tuple(strides)
            .op(0x89)
            .global("collections", "OrderedDict")
            .op(b')')
            .op(b'R')
            .op(b't')
            .op(b'R')
    }

    fn end(self) -> Vec<u8> {
        self.op(b'.').0
    }
}

fn system() -> Vec<u8> {
    Pickle::new()
        .op(b'}')
        .text("little_endian")
        .op(0x88)
        .op(b's')
        .end()
}

/// A file whose dictionary is made by these instructions, with one storage of six numbers.
fn file(fill: impl FnOnce(Pickle) -> Pickle) -> Vec<u8> {
    let dict = Pickle::new()
        .global("collections", "OrderedDict")
        .op(b')')
        .op(b'R')
        .op(b'q')
        .op(0)
        .op(b'(');
    let mut bytes = BEGINNING.to_vec();
    bytes.extend(system());
    bytes.extend(fill(dict).op(b'u').end());
    bytes.extend(Pickle::new().op(b']').op(b'(').text("k").op(b'e').end());
    bytes.extend(6u64.to_le_bytes());
    bytes.extend((0..6u8).flat_map(|n| f32::from(n).to_le_bytes()));
    bytes
}

#[test]
fn weights_are_read_by_their_names() {
    let bytes = file(|p| {
        p.text("module.a.weight")
            .tensor("k", 0, &[2, 3], &[3, 1])
            .text("b")
            .tensor("k", 4, &[2], &[1])
    });
    let found = read(&bytes).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found["a.weight"].shape, [2, 3]);
    assert_eq!(found["a.weight"].values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(found["b"].values, [4.0, 5.0]);
}

#[test]
fn what_a_hostile_file_asks_for_is_refused() {
    type Hostile = fn(Pickle) -> Pickle;
    let hostile: [(&str, Hostile); 8] = [
        ("a call of another function", |p| {
            p.text("a")
                .global("os", "system")
                .text("true")
                .op(0x85)
                .op(b'R')
        }),
        ("a tensor beyond its storage", |p| {
            p.text("a").tensor("k", 5, &[2], &[1])
        }),
        ("a tensor before its storage", |p| {
            p.text("a").tensor("k", -1, &[2], &[1])
        }),
        ("a size that overflows", |p| {
            p.text("a")
                .tensor("k", 0, &[i32::MAX, i32::MAX, i32::MAX], &[0, i32::MAX, 1])
        }),
        ("strides that are not the shape's", |p| {
            p.text("a").tensor("k", 0, &[2, 3], &[1, 2])
        }),
        ("a storage that is not there", |p| {
            p.text("a").tensor("other", 0, &[2], &[1])
        }),
        ("tuples in tuples", |p| {
            (0..100_000).fold(p.text("a").op(b')'), |p, _| p.op(0x85))
        }),
        ("an instruction that is not known", |p| p.text("a").op(b'i')),
    ];
    for (what, fill) in hostile {
        assert!(read(&file(fill)).is_err(), "{what}");
    }
}

#[test]
fn a_file_is_refused_when_cut_anywhere() {
    let whole = file(|p| p.text("a").tensor("k", 0, &[2, 3], &[3, 1]));
    read(&whole).unwrap();
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err(), "{length}");
    }
}

#[test]
fn many_tensors_copy_no_more_than_the_file_holds() {
    // One large storage, named by small instructions again and again.
    let mut bytes = BEGINNING.to_vec();
    bytes.extend(system());
    let dict = Pickle::new().op(b'}').op(b'(');
    let dict = (0..4).fold(dict, |p, n| {
        p.text(&n.to_string()).tensor("k", 0, &[5000], &[1])
    });
    bytes.extend(dict.op(b'u').end());
    bytes.extend(Pickle::new().op(b']').op(b'(').text("k").op(b'e').end());
    bytes.extend(5000u64.to_le_bytes());
    bytes.extend([0; 4 * 5000]);
    assert!(read(&bytes).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn changed_files_are_read_or_refused_in_peace(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = file(|p| p.text("a").tensor("k", 0, &[2, 3], &[3, 1]));
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = read(&bytes);
    }

    #[test]
    fn instructions_in_any_order_are_read_or_refused_in_peace(
        codes in proptest::collection::vec(
            prop::sample::select(&b"\x80\x02.(N\x88\x89KMJXcqrhj)]}\x85\x86\x87tQRbsue\n\x00\x01"[..]), 0..200),
    ) {
        let mut bytes = BEGINNING.to_vec();
        bytes.extend(system());
        bytes.extend(codes);
        let _ = read(&bytes);
    }
}
