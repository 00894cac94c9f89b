//! Searches a file for some bytes. The file is read in blocks because it may be large.

use std::io::{self, Read};

/// Number of bytes read at a time.
const BLOCK: usize = 1 << 16;

/// Returns whether `stream` contains `wanted`.
pub(super) fn contains(mut stream: impl Read, wanted: &[u8]) -> io::Result<bool> {
    let mut window = Vec::with_capacity(2 * BLOCK);
    while stream
        .by_ref()
        .take(BLOCK as u64)
        .read_to_end(&mut window)?
        > 0
    {
        if memchr::memmem::find(&window, wanted).is_some() {
            return Ok(true);
        }
        // A match may begin at the end of one block and end in the next.
        let seen = window.len().saturating_sub(wanted.len());
        window.drain(..seen);
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_across_two_blocks_is_found() {
        let wanted = b"wanted";
        for start in (BLOCK - 9..BLOCK + 3).chain([0, 3 * BLOCK]) {
            let mut bytes = vec![b'w'; start];
            bytes.extend(wanted);
            assert!(contains(&bytes[..], wanted).unwrap(), "{start}");
            bytes.pop();
            assert!(!contains(&bytes[..], wanted).unwrap(), "{start}");
        }
        assert!(!contains(&b""[..], wanted).unwrap());
    }

    #[test]
    fn what_is_longer_than_a_block_is_found() {
        let wanted: Vec<u8> = (0..3 * BLOCK).map(|n| (n % 251) as u8).collect();
        for start in [0, 1, BLOCK - 1, BLOCK] {
            let bytes = [&vec![1; start], &wanted[..], b"end"].concat();
            assert!(contains(&bytes[..], &wanted).unwrap(), "{start}");
            assert!(
                !contains(&bytes[..bytes.len() - 4], &wanted).unwrap(),
                "{start}"
            );
        }
    }
}
