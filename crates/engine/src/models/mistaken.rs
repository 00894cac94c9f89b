//! Recognition of files that were mistaken for models. Input: the first bytes of a file. Output: a
//! sentence that names the mistake and the remedy.

/// Number of bytes that [`mistaken_for`] examines; more are harmless.
pub(super) const HEAD_BYTES: u64 = 512;

/// Identifies the file that starts with `head`, if it is one of those that are often put in a
/// model's place.
///
/// dlib's models start with the bytes `01 01`, safetensors files with the length of their head;
/// none of these files do.
pub(super) fn mistaken_for(head: &[u8]) -> Option<&'static str> {
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    if head.is_empty() {
        Some("is not a model: it is empty; the download or copy failed, so get the file again")
    } else if head.starts_with(b"version https://git-lfs.") {
        Some(
            "is not a model but a Git LFS pointer, a note where the model should be; \
             get the model itself with `git lfs pull`",
        )
    } else if head.starts_with(b"BZh") {
        Some("is not a model yet: it is still compressed (bzip2); unpack it with `bunzip2`")
    } else if head.starts_with(b"\x1f\x8b") {
        Some("is not a model yet: it is still compressed (gzip); unpack it with `gunzip`")
    } else if head.starts_with(b"PK\x03\x04") {
        Some("is not a model but a zip archive; unpack it and name the model in it")
    } else if text.starts_with(b"<") {
        Some(
            "is not a model but a web page (HTML): the link led to a page instead of the file; \
             download the file itself",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_mistake() {
        let cases: [(&[u8], &str); 8] = [
            (b"", "empty"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:00",
                "Git LFS pointer",
            ),
            (b"BZh91AY&SY", "bunzip2"),
            (b"\x1f\x8b\x08\0", "gunzip"),
            (b"PK\x03\x04", "zip archive"),
            (b"<!DOCTYPE html><html>", "web page"),
            (b"\xef\xbb\xbf\r\n  <html lang=en>", "web page"),
            (b"<?xml version='1.0'?><Error>", "web page"),
        ];
        for (head, word) in cases {
            let sentence = mistaken_for(head).unwrap();
            assert!(sentence.contains(word), "{sentence}");
        }
    }

    #[test]
    fn has_nothing_to_say_about_models() {
        assert_eq!(mistaken_for(&[1, 1, 0x81, 10, 0x81, 1]), None);
        assert_eq!(mistaken_for(b"\x01\x01\x01\x0dloss_metric_2"), None);
    }
}
