//! Lists that name the people in photos. Input: the bytes of a CSV file. Output: its rows in order.

use std::path::PathBuf;

use csv::{ByteRecord, ReaderBuilder, Trim};
use facematch::gallery::composed_name;

use super::list::{ListError, column_of, path, refused, text, without_mark};

/// A photo and the people in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    /// Path of the photo as written in the list.
    pub(crate) image: PathBuf,
    /// Names of all people in the photo; empty if there are none, or none whose name is known.
    pub(crate) people: Vec<String>,
}

/// Parses the labels in `bytes`: CSV with a header that names the columns `image` (a path) and
/// `people` (names separated by `;`, or nothing), in any order.
///
/// # Errors
/// [`ListError`] with the line that does not have this format. A list without photos is an error.
pub(crate) fn read_labels(bytes: &[u8]) -> Result<Vec<Label>, ListError> {
    let mut reader = ReaderBuilder::new()
        .trim(Trim::All)
        .from_reader(without_mark(bytes));
    let header = reader.byte_headers().map_err(refused)?;
    let column = |name| column_of(header, name, "a header `image,people` is expected");
    let columns = [column("image")?, column("people")?];
    let mut labels = Vec::new();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(refused)? {
        let line = record.position().map_or(1, csv::Position::line);
        labels.push(label(&record, columns, line)?);
    }
    match labels.is_empty() {
        true => Err(ListError::new(1, "there are no photos in this list")),
        false => Ok(labels),
    }
}

fn label(record: &ByteRecord, columns: [usize; 2], line: u64) -> Result<Label, ListError> {
    let [image, people] = columns.map(|column| record.get(column).unwrap_or_default());
    let names = text(people, line)?.split(';').map(str::trim);
    Ok(Label {
        image: path(image, line)?,
        people: names
            .filter(|name| !name.is_empty())
            .map(composed_name)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli::evaluation::list::tests::check_seeds;

    fn label(image: &str, people: &[&str]) -> Label {
        Label {
            image: image.into(),
            people: people.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    #[test]
    fn the_seeds_of_the_fuzzer_are_accepted_or_refused_as_their_names_say() {
        check_seeds("labels", |bytes| read_labels(bytes).is_ok());
    }

    #[test]
    fn names_are_separated_by_semicolons() {
        let list = "\u{FEFF}people,image\n ann; bob ,a.jpg\n,\"c,d.jpg\"\n;ann lee;,e.jpg\n";
        assert_eq!(
            read_labels(list.as_bytes()).unwrap(),
            [
                label("a.jpg", &["ann", "bob"]),
                label("c,d.jpg", &[]),
                label("e.jpg", &["ann lee"]),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (list, told) in [
            ("image,names\n", "line 1: no column \"people\""),
            ("image,people\n", "line 1: there are no photos"),
            (
                "image,people\na.jpg,ann\n,bob\n",
                "line 3: a path is missing",
            ),
            ("image,people\na.jpg\n", "line 2"),
        ] {
            let error = read_labels(list.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
        let error = read_labels(b"image,people\na.jpg,\xff\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2: the text is not UTF-8");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut list = b"image,people\n".to_vec();
            list.extend(bytes);
            if let Ok(labels) = read_labels(&list) {
                prop_assert!(!labels.is_empty());
            }
        }
    }
}
