//! The header of a gallery file, read from untrusted JSON. Input: its bytes. Output: the number of
//! rows and the strings that describe them.
//!
//! Serde may keep unknown content, which takes many times the memory of its bytes. Therefore a
//! header is read only into the fields of a gallery, and a list only up to the number of rows.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use safetensors::Dtype;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use super::file::damaged;
use crate::engine::EncoderKind;

/// Keys of the strings that are read. Any other key may come from a later version and is skipped.
const KEYS: [&str; 9] = [
    "format",
    "names",
    "sources",
    "boxes",
    "encoder",
    "landmarks",
    "engine",
    "averaged",
    "encode_from",
];

/// Maximum length of a string that is not a list, in bytes. The longest that facematch writes is a
/// number and a SHA-256.
const MAX_WORD_BYTES: usize = 100;

/// Maximum length in characters of a serde message that is shown: the message repeats what serde
/// read.
const MAX_REASON_CHARS: usize = 200;

/// A header that was read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    #[serde(rename = "__metadata__")]
    texts: Texts,
    encodings: Tensor,
}

/// Description of a tensor in a header.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tensor {
    dtype: Dtype,
    shape: [usize; 2],
    data_offsets: [usize; 2],
}

/// Strings of the header whose keys are in [`KEYS`].
#[derive(Debug)]
struct Texts(BTreeMap<&'static str, String>);

impl Header {
    /// Parses the header in `bytes`.
    ///
    /// # Errors
    /// A sentence without a subject that says why the header is refused.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| match error.classify() {
            Category::Data => format!(
                "is a safetensors file, but no gallery: {}",
                shortened(&error)
            ),
            _ => damaged(&format!("header: {}", shortened(&error))),
        })
    }

    /// Returns the numbers of rows and columns of the encodings, which take up exactly the
    /// `data_bytes` after the header. The columns are those of `encoder`, or of any encoder if it
    /// is unknown.
    ///
    /// # Errors
    /// The same as for [`read`](Self::read).
    pub(super) fn shape(
        &self,
        encoder: Option<EncoderKind>,
        data_bytes: u64,
    ) -> Result<[usize; 2], String> {
        let Tensor {
            dtype,
            shape: [rows, columns],
            data_offsets,
        } = self.encodings;
        let mut sizes: Vec<usize> = EncoderKind::ALL.map(EncoderKind::numbers).into();
        sizes.retain(|&size| encoder.is_none_or(|encoder| encoder.numbers() == size));
        if dtype != Dtype::F32 || !sizes.contains(&columns) {
            let sizes: Vec<_> = sizes.iter().map(|size| format!("[N, {size}]")).collect();
            return Err(format!(
                "is a safetensors file, but no gallery: encodings must be F32 {}",
                sizes.join(" or ")
            ));
        }
        let wanted = rows.checked_mul(columns * size_of::<f32>());
        let Some(wanted) = wanted.filter(|&bytes| data_offsets == [0, bytes]) else {
            return Err(damaged(
                "header: the offsets of its encodings do not fit their shape",
            ));
        };
        match data_bytes.cmp(&(wanted as u64)) {
            Ordering::Less => Err(damaged("it is cut off")),
            Ordering::Equal => Ok([rows, columns]),
            Ordering::Greater => Err(damaged("something follows its encodings")),
        }
    }

    /// Returns the string `key`, which is a word or two.
    ///
    /// # Errors
    /// The same as for [`read`](Self::read).
    pub(super) fn word(&self, key: &str) -> Result<&str, String> {
        match self.optional_word(key)? {
            Some(word) => Ok(word),
            None => Err(missing(key)),
        }
    }

    /// Returns the string `key`, which files of older versions lack.
    ///
    /// # Errors
    /// The same as for [`read`](Self::read).
    pub(super) fn optional_word(&self, key: &str) -> Result<Option<&str>, String> {
        match self.texts.0.get(key) {
            Some(word) if word.len() > MAX_WORD_BYTES => Err(damaged(&format!(
                "{key} has more than {MAX_WORD_BYTES} bytes"
            ))),
            word => Ok(word.map(String::as_str)),
        }
    }

    /// Returns the list `key`, which must have one entry for each of `rows`.
    ///
    /// # Errors
    /// The same as for [`read`](Self::read).
    pub(super) fn list<T: for<'de> Deserialize<'de>>(
        &self,
        key: &str,
        rows: usize,
    ) -> Result<Vec<T>, String> {
        let text = self.texts.0.get(key).ok_or_else(|| missing(key))?;
        let mut json = serde_json::Deserializer::from_str(text);
        let entries = AtMost {
            rows,
            entry: PhantomData,
        };
        let list = entries
            .deserialize(&mut json)
            .and_then(|list| json.end().map(|()| list))
            .map_err(|error| damaged(&format!("{key}: {}", shortened(&error))))?;
        match list.len() == rows {
            true => Ok(list),
            false => Err(damaged(&format!(
                "{} {key} for {rows} encodings",
                list.len()
            ))),
        }
    }
}

fn missing(key: &str) -> String {
    format!("is a safetensors file, but no gallery: its metadata lack {key:?}")
}

/// Shortens `told`, which repeats content of the file, to fit into a message.
pub(super) fn shortened(told: &impl ToString) -> String {
    told.to_string().chars().take(MAX_REASON_CHARS).collect()
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("texts by their keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
        let mut texts = BTreeMap::new();
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let Some(&known) = KEYS.iter().find(|&&known| known == key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if texts.insert(known, map.next_value()?).is_some() {
                return Err(A::Error::duplicate_field(known));
            }
        }
        Ok(Texts(texts))
    }
}

/// Seed for an array of at most `rows` entries; reading stops at the first one beyond.
struct AtMost<T> {
    rows: usize,
    entry: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for AtMost<T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for AtMost<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            if list.len() == self.rows {
                return Err(A::Error::custom(format_args!(
                    "more than the {} encodings",
                    self.rows
                )));
            }
            list.push(entry);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a header with this number of rows and this metadata.
    fn header(rows: usize, metadata: &str) -> Header {
        let bytes = rows * 512;
        let json = format!(
            "{{\"encodings\":{{\"dtype\":\"F32\",\"shape\":[{rows},128],\"data_offsets\":[0,{bytes}]}},\"__metadata__\":{{{metadata}}}}}"
        );
        Header::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_list_is_read_no_further_than_there_are_rows() {
        let header = header(
            2,
            r#""names": "[\"a\", \"b\", \"c\", what follows is not read""#,
        );
        let error = header.list::<String>("names", 2).unwrap_err();
        assert!(
            error.contains("names: more than the 2 encodings"),
            "{error}"
        );
        let error = header.list::<String>("names", 3).unwrap_err();
        assert!(!error.contains("more than"), "{error}");
    }

    #[test]
    fn unknown_texts_are_passed_over_and_known_ones_stand_once() {
        let known = header(0, r#""later": [[{"x": 1}]], "engine": "native""#);
        assert_eq!(known.word("engine"), Ok("native"));
        assert_eq!(known.optional_word("encode_from"), Ok(None));
        assert!(
            known
                .word("averaged")
                .unwrap_err()
                .contains("lack \"averaged\"")
        );
        let twice = br#"{"__metadata__": {"engine": "a", "engine": "b"}}"#;
        assert!(Header::read(twice).unwrap_err().contains("duplicate"));
        let long = header(0, &format!("\"engine\": \"{}\"", "x".repeat(101)));
        let error = long.word("engine").unwrap_err();
        assert!(error.contains("more than 100 bytes"), "{error}");
    }

    #[test]
    fn what_serde_repeats_is_cut() {
        let long = format!("{{\"__metadata__\": \"{}\"}}", "x".repeat(100_000));
        let error = Header::read(long.as_bytes()).unwrap_err();
        assert!(error.len() < 300, "{} bytes", error.len());
    }

    #[test]
    fn the_file_is_exactly_as_long_as_its_rows() {
        let header = header(2, "");
        let shape = |bytes| header.shape(Some(EncoderKind::Dlib), bytes);
        assert_eq!(shape(1_024), Ok([2, 128]));
        assert!(shape(1_023).unwrap_err().contains("cut off"));
        assert!(shape(1_025).unwrap_err().contains("something follows"));
    }

    #[test]
    fn a_row_has_the_size_that_its_encoder_makes() {
        let header = header(2, "");
        assert_eq!(header.shape(None, 1_024), Ok([2, 128]));
        let error = header
            .shape(Some(EncoderKind::Mobilefacenet), 1_024)
            .unwrap_err();
        assert!(error.ends_with("encodings must be F32 [N, 192]"), "{error}");
    }
}
