//! Lists of pairs of photos. Input: the bytes of a CSV file or of a `pairs.txt` of LFW. Output: the
//! pairs in order.

use std::collections::HashSet;
use std::path::PathBuf;

use csv::{ByteRecord, ReaderBuilder, Trim};

use super::list::{ListError, column_of, path, refused, without_mark};

/// Maximum number of folds of a list: each is compared with all others. Ten are usual.
const MOST_FOLDS: usize = 1000;

/// Maximum number of pairs per fold that the first line of the LFW format may declare.
const MOST_PAIRS_OF_FOLD: usize = 1_000_000;

/// Two photos and whether they show the same person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Part of the list that the pair belongs to, for cross-validation.
    pub(crate) fold: u32,
    /// `true` if both photos show the same person.
    pub(crate) same: bool,
    /// Path of the first photo as written in the list.
    pub(crate) a: PathBuf,
    /// Path of the second photo.
    pub(crate) b: PathBuf,
}

/// Parses the pairs in `bytes`, in one of two formats:
///
/// - CSV with a header that names the columns `fold` (a number; at most 1,000 different ones),
///   `same` (`1` or `true`, `0` or `false`), `a` and `b` (paths), in any order;
/// - `pairs.txt` of LFW: a first line with the number of folds (1 if it is missing) and of pairs,
///   then for each fold that number of lines `name n1 n2` and the same number of lines
///   `name1 n1 name2 n2`. Photo 3 of `Ann_Lee` is `Ann_Lee/Ann_Lee_0003.jpg`.
///
/// # Errors
/// [`ListError`] with the line that has neither format. A list without pairs is an error, and so is
/// a list in the LFW format with a different number of pairs than it declares.
pub(crate) fn read_pairs(bytes: &[u8]) -> Result<Vec<Pair>, ListError> {
    let bytes = without_mark(bytes);
    let first_line = bytes.split(|&byte| byte == b'\n').next().unwrap_or(bytes);
    let is_counts = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_whitespace();
    let pairs = if !first_line.trim_ascii().is_empty() && first_line.iter().all(is_counts) {
        read_lfw(bytes)?
    } else {
        read_csv(bytes)?
    };
    if pairs.is_empty() {
        return Err(ListError::new(1, "there are no pairs in this list"));
    }
    Ok(pairs)
}

fn read_csv(bytes: &[u8]) -> Result<Vec<Pair>, ListError> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(bytes);
    let header = reader.byte_headers().map_err(refused)?;
    let column = |name| {
        column_of(
            header,
            name,
            "a header `fold,same,a,b` is expected, or LFW's pairs.txt",
        )
    };
    let columns = [column("fold")?, column("same")?, column("a")?, column("b")?];
    let mut pairs = Vec::new();
    let mut folds = HashSet::new();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(refused)? {
        let line = record.position().map_or(1, csv::Position::line);
        let pair = pair(&record, columns, line)?;
        folds.insert(pair.fold);
        if folds.len() > MOST_FOLDS {
            let reason = format!(
                "more than {MOST_FOLDS} different folds; `fold` is the part of the list that a pair belongs to, for \
                 cross-validation, such as 1 to 10"
            );
            return Err(ListError::new(line, reason));
        }
        pairs.push(pair);
    }
    Ok(pairs)
}

fn pair(record: &ByteRecord, columns: [usize; 4], line: u64) -> Result<Pair, ListError> {
    let [fold, same, a, b] = columns.map(|column| record.get(column).unwrap_or_default());
    let fold = number(fold).ok_or_else(|| ListError::new(line, "the fold must be a number"))?;
    let same = match same {
        b"1" | b"true" => true,
        b"0" | b"false" => false,
        _ => return Err(ListError::new(line, "`same` must be 1 or 0")),
    };
    Ok(Pair {
        fold,
        same,
        a: path(a, line)?,
        b: path(b, line)?,
    })
}

fn number(field: &[u8]) -> Option<u32> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn read_lfw(bytes: &[u8]) -> Result<Vec<Pair>, ListError> {
    let mut lines = (1_u64..).zip(bytes.split(|&byte| byte == b'\n'));
    let counts: Vec<_> = lines
        .next()
        .map(|(_, line)| fields(line))
        .unwrap_or_default()
        .into_iter()
        .map(|field| number(field).map(|count| count as usize))
        .collect();
    let (folds, pairs_of_fold) = match counts[..] {
        [Some(pairs)] => (1, pairs),
        [Some(folds), Some(pairs)] => (folds, pairs),
        _ => (0, 0),
    };
    if !(1..=MOST_FOLDS).contains(&folds) || !(1..=MOST_PAIRS_OF_FOLD).contains(&pairs_of_fold) {
        let reason = format!(
            "the number of folds (at most {MOST_FOLDS}) and that of pairs (at most {MOST_PAIRS_OF_FOLD}) are expected"
        );
        return Err(ListError::new(1, reason));
    }
    let mut pairs = Vec::new();
    let mut last_line = 1;
    for (line, content) in lines {
        let fields = fields(content);
        if fields.is_empty() {
            continue;
        }
        let fold = pairs.len() / (2 * pairs_of_fold);
        if fold == folds {
            let reason = format!("more pairs than the {folds} x 2 x {pairs_of_fold} announced");
            return Err(ListError::new(line, reason));
        }
        last_line = line;
        let [(name, a), (other, b)] = match fields[..] {
            [name, a, b] => [(name, a), (name, b)],
            [name, a, other, b] => [(name, a), (other, b)],
            _ => {
                let reason = "`name n1 n2` or `name1 n1 name2 n2` is expected";
                return Err(ListError::new(line, reason));
            }
        };
        pairs.push(Pair {
            fold: fold as u32 + 1,
            same: fields.len() == 3,
            a: lfw_photo(name, a, line)?,
            b: lfw_photo(other, b, line)?,
        });
    }
    if !pairs.is_empty() && pairs.len() < folds * 2 * pairs_of_fold {
        let reason = format!(
            "the list ends after {} of the {folds} x 2 x {pairs_of_fold} pairs announced",
            pairs.len()
        );
        return Err(ListError::new(last_line, reason));
    }
    Ok(pairs)
}

fn fields(line: &[u8]) -> Vec<&[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|field| !field.is_empty())
        .collect()
}

fn lfw_photo(name: &[u8], number_field: &[u8], line: u64) -> Result<PathBuf, ListError> {
    let number = number(number_field)
        .ok_or_else(|| ListError::new(line, "the number of a photo is expected"))?;
    let name = path(name, line)?;
    let file = format!("{}_{number:04}.jpg", name.display());
    Ok(name.join(file))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli::evaluation::list::tests::check_seeds;

    fn pair(fold: u32, same: bool, a: &str, b: &str) -> Pair {
        Pair {
            fold,
            same,
            a: a.into(),
            b: b.into(),
        }
    }

    #[test]
    fn the_seeds_of_the_fuzzer_are_accepted_or_refused_as_their_names_say() {
        check_seeds("pairs", |bytes| read_pairs(bytes).is_ok());
    }

    #[test]
    fn csv_may_have_its_columns_in_any_order() {
        let list = b"\xEF\xBB\xBFb,fold,a,same,comment\r\ny.jpg, 2,x.jpg,1,\r\n\"p,q.jpg\",3,x.jpg,false,!\r\n";
        let expected = [
            pair(2, true, "x.jpg", "y.jpg"),
            pair(3, false, "x.jpg", "p,q.jpg"),
        ];
        assert_eq!(read_pairs(list).unwrap(), expected);
    }

    #[test]
    fn lfw_s_form_is_read_as_published() {
        let list = b"2\t1\nAnn_Lee\t1\t4\nAnn_Lee\t2\tBob\t11\nBob\t3\t5\nBob\t1\tCy\t1\n";
        let expected = [
            pair(
                1,
                true,
                "Ann_Lee/Ann_Lee_0001.jpg",
                "Ann_Lee/Ann_Lee_0004.jpg",
            ),
            pair(1, false, "Ann_Lee/Ann_Lee_0002.jpg", "Bob/Bob_0011.jpg"),
            pair(2, true, "Bob/Bob_0003.jpg", "Bob/Bob_0005.jpg"),
            pair(2, false, "Bob/Bob_0001.jpg", "Cy/Cy_0001.jpg"),
        ];
        assert_eq!(read_pairs(list).unwrap(), expected);
        // pairsDevTest.txt does not contain the number of folds.
        let list = b"1\nBob 3 5\r\nBob 1 Cy 1\r\n";
        let expected = [
            pair(1, true, "Bob/Bob_0003.jpg", "Bob/Bob_0005.jpg"),
            pair(1, false, "Bob/Bob_0001.jpg", "Cy/Cy_0001.jpg"),
        ];
        assert_eq!(read_pairs(list).unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (list, line, part) in [
            (&b""[..], 1, "no column \"fold\""),
            (b"fold,same,a\n1,1,x\n", 1, "no column \"b\""),
            (b"fold,same,a,b\n", 1, "no pairs"),
            (b"fold,same,a,b\n1,1,x,y\n1,maybe,x,y\n", 3, "1 or 0"),
            (b"fold,same,a,b\n-1,1,x,y\n", 2, "fold"),
            (b"fold,same,a,b\n1,1,,y\n", 2, "missing"),
            (b"fold,same,a,b\n1,1,x\n", 2, "3 columns instead of 4"),
            (b"fold,same,a,b\n1,1,\xFF,y\n", 2, "UTF-8"),
            (b"10 300 5\n", 1, "folds"),
            (b"0 1\nBob 1 2\n", 1, "folds"),
            (b"1 1\nBob 1\n", 2, "name n1 n2"),
            (b"1 1\nBob 1 x\n", 2, "number"),
            (b"1 1\nA 1 2\nA 1 B 1\nA 2 3\n", 4, "more pairs"),
            (b"1 1\nA 1 2\n\n", 2, "ends after 1 of the 1 x 2 x 1"),
            (b"1001 1\nA 1 2\n", 1, "folds (at most 1000)"),
            (b"10 300\n\n", 1, "no pairs"),
        ] {
            let error = read_pairs(list).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn a_list_has_at_most_a_thousand_folds() {
        let list = |folds: usize| {
            let rows = (0..folds).map(|fold| format!("{fold},1,x,y\n{fold},0,x,y\n"));
            format!("fold,same,a,b\n{}", rows.collect::<String>())
        };
        assert_eq!(read_pairs(list(1000).as_bytes()).unwrap().len(), 2000);
        let error = read_pairs(list(1001).as_bytes()).unwrap_err();
        assert_eq!(error.line, 2002);
        assert!(error.reason.contains("cross-validation"), "{error}");
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_answered(
            start in prop_oneof![Just("fold,same,a,b\n"), Just("1 1\n"), Just("")],
            text in "[0-9a-z,\n\t ]{0,80}",
        ) {
            if let Ok(pairs) = read_pairs(format!("{start}{text}").as_bytes()) {
                prop_assert!(!pairs.is_empty());
            }
        }

        #[test]
        fn any_rows_are_read_or_refused(
            rows in proptest::collection::vec("[0-3]{1,2},(1|0|true|no),[a-c]?,[a-c]", 0..5),
        ) {
            let list = format!("fold,same,a,b\n{}", rows.join("\n"));
            if let Ok(pairs) = read_pairs(list.as_bytes()) {
                prop_assert_eq!(pairs.len(), rows.len());
            }
        }
    }
}
