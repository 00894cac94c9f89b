//! A small landmark model for tests, as the bytes that dlib would write.

/// A small landmark model that serializes itself the way dlib would. Every field can be made wrong.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) version: i64,
    pub(crate) shape: Matrix,
    pub(crate) forests: Vec<Vec<Tree>>,
    pub(crate) anchors: Vec<Vec<i64>>,
    pub(crate) deltas: Vec<Vec<(f32, f32)>>,
    pub(crate) tail: Vec<u8>,
}

#[derive(Clone)]
pub(crate) struct Matrix {
    pub(crate) rows: i64,
    pub(crate) columns: i64,
    pub(crate) numbers: Vec<f32>,
}

#[derive(Clone)]
pub(crate) struct Tree {
    pub(crate) splits: Vec<(i64, i64, f32)>,
    pub(crate) leaves: Vec<Matrix>,
}

pub(crate) fn column(numbers: Vec<f32>) -> Matrix {
    let rows = numbers.len().try_into().unwrap();
    Matrix {
        rows,
        columns: 1,
        numbers,
    }
}

impl Sample {
    /// Returns two cascades of a tree with three splits and a tree that is one leaf.
    pub(crate) fn new(points: usize) -> Self {
        let numbers = [0.25, 0.5].repeat(points - 1);
        let shape = column([numbers, vec![0.75, 0.25]].concat());
        let leaf = column(vec![0.0625; points * 2]);
        let tree = Tree {
            splits: vec![(0, 2, 12.5), (1, 0, -3.0), (2, 1, 0.0)],
            leaves: vec![leaf.clone(); 4],
        };
        let stump = Tree {
            splits: Vec::new(),
            leaves: vec![leaf],
        };
        Self {
            version: 1,
            shape,
            forests: vec![vec![tree, stump]; 2],
            anchors: vec![vec![0, 4, 1]; 2],
            deltas: vec![vec![(0.5, -0.25), (0.0, 0.125), (0.75, 0.0)]; 2],
            tail: Vec::new(),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write_integer(&mut out, self.version);
        write_matrix(&mut out, &self.shape);
        write_list(&mut out, &self.forests, |out, trees| {
            write_list(out, trees, write_tree);
        });
        write_list(&mut out, &self.anchors, |out, list| {
            write_list(out, list, |out, &anchor| write_integer(out, anchor));
        });
        write_list(&mut out, &self.deltas, |out, list| {
            write_list(out, list, |out, &(x, y)| {
                write_float(out, x);
                write_float(out, y);
            });
        });
        out.extend(&self.tail);
        out
    }
}

pub(crate) fn write_integer(out: &mut Vec<u8>, value: i64) {
    let digits = value.unsigned_abs().to_le_bytes();
    let length = digits.iter().rposition(|&digit| digit != 0).unwrap_or(0) + 1;
    let sign = if value < 0 { 0x80 } else { 0 };
    out.push(u8::try_from(length).unwrap() | sign);
    out.extend(&digits[..length]);
}

/// Writes normal floats, infinity and NaN.
fn write_float(out: &mut Vec<u8>, value: f32) {
    let bits = value.to_bits();
    let (mantissa, exponent) = if value == 0.0 {
        (0, 0)
    } else if value.is_finite() {
        let biased = i64::from((bits >> 23) & 0xff);
        (i64::from(bits & 0x007f_ffff | 0x0080_0000), biased - 150)
    } else {
        (0, if value.is_nan() { 32002 } else { 32000 })
    };
    write_integer(out, if value < 0.0 { -mantissa } else { mantissa });
    write_integer(out, exponent);
}

pub(crate) fn write_matrix(out: &mut Vec<u8>, matrix: &Matrix) {
    write_integer(out, -matrix.rows);
    write_integer(out, -matrix.columns);
    matrix
        .numbers
        .iter()
        .for_each(|&number| write_float(out, number));
}

fn write_tree(out: &mut Vec<u8>, tree: &Tree) {
    write_list(out, &tree.splits, |out, &(first, second, threshold)| {
        write_integer(out, first);
        write_integer(out, second);
        write_float(out, threshold);
    });
    write_list(out, &tree.leaves, write_matrix);
}

fn write_list<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    write_integer(out, items.len().try_into().unwrap());
    items.iter().for_each(|item| write(out, item));
}
