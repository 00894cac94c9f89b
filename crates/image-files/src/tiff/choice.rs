//! The choice of the image in a TIFF file that is the photo: never a thumbnail, and the first page
//! of a document.

use super::directory::{Directory, Tiff, tag};

/// Bits of NewSubfileType (TIFF 6.0, section 8): a smaller version of another image, a page of
/// several, a transparency mask.
const REDUCED: u64 = 1;
const PAGE: u64 = 2;
const MASK: u64 = 4;
/// Values of SubfileType, the predecessor of NewSubfileType.
const OLD_REDUCED: u64 = 2;
const TRANSPARENCY_MASK: u64 = 4;
/// Ratio of pixels from which a later image replaces the first one, which is then a thumbnail that
/// is not marked as one. The pages of a document differ by less.
const THUMBNAIL_RATIO: u64 = 4;

/// Returns the image of `tiff` to search.
///
/// # Errors
/// A description of the file if none of its images can be searched.
pub(super) fn photo<'a>(tiff: &Tiff<'a>) -> Result<Directory<'a>, String> {
    let directories = tiff.directories();
    let Some(first) = directories.first() else {
        return Err("the file has no image directory; it may be cut off".to_owned());
    };
    let full: Vec<_> = directories.iter().filter(|d| is_full(d)).collect();
    let Some(&first_full) = full.first() else {
        let (width, height) = size(first);
        if width == 0 || height == 0 {
            return Err("the file holds no image; it may be damaged".to_owned());
        }
        return Err(format!(
            "the file holds no full image, only a thumbnail of {width}x{height} pixels"
        ));
    };
    // `max_by_key` returns the last of several images of the same size.
    let largest = full.iter().rev().max_by_key(|d| pixels(d));
    let photo = match largest {
        Some(largest)
            if !is_page(first_full)
                && pixels(largest) / THUMBNAIL_RATIO >= pixels(first_full).max(1) =>
        {
            largest
        }
        _ => first_full,
    };
    Ok(photo.clone())
}

fn is_full(directory: &Directory) -> bool {
    let kind = directory.number(tag::NEW_SUBFILE_TYPE).unwrap_or_default();
    let photometric = directory.number(tag::PHOTOMETRIC);
    kind & (REDUCED | MASK) == 0
        && directory.number(tag::SUBFILE_TYPE) != Some(OLD_REDUCED)
        && photometric != Some(TRANSPARENCY_MASK)
        && pixels(directory) > 0
}

fn is_page(directory: &Directory) -> bool {
    let kind = directory.number(tag::NEW_SUBFILE_TYPE).unwrap_or_default();
    kind & PAGE != 0 || directory.has(tag::PAGE_NUMBER)
}

fn size(directory: &Directory) -> (u64, u64) {
    let side = |tag| directory.number(tag).unwrap_or_default();
    (side(tag::WIDTH), side(tag::HEIGHT))
}

fn pixels(directory: &Directory) -> u64 {
    let (width, height) = size(directory);
    width.saturating_mul(height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiff::test_files::{Entry, tiff};

    const NEF: [Entry; 3] = [(254, 1), (256, 160), (257, 107)];

    fn size_of_photo(directories: &[&[Entry]]) -> Result<(u64, u64), String> {
        let bytes = tiff(directories);
        photo(&Tiff::of_file(&bytes).unwrap()).map(|photo| size(&photo))
    }

    #[test]
    fn a_thumbnail_is_passed_over_for_the_full_image() {
        let full: &[Entry] = &[(256, 1500), (257, 1000)];
        assert_eq!(size_of_photo(&[&NEF, full]), Ok((1500, 1000)));
        assert_eq!(size_of_photo(&[full, &NEF]), Ok((1500, 1000)));
        let old: &[Entry] = &[(255, 2), (256, 160), (257, 107)];
        assert_eq!(size_of_photo(&[old, full]), Ok((1500, 1000)));
        let unnamed: &[Entry] = &[(256, 160), (257, 107)];
        assert_eq!(size_of_photo(&[unnamed, full]), Ok((1500, 1000)));
        let mask: &[Entry] = &[(254, 4), (256, 3000), (257, 2000)];
        assert_eq!(size_of_photo(&[mask, full]), Ok((1500, 1000)));
    }

    #[test]
    fn of_a_document_the_first_page_is_taken() {
        let page: &[Entry] = &[(256, 1000), (257, 1400)];
        let wider: &[Entry] = &[(256, 1500), (257, 1500)];
        assert_eq!(size_of_photo(&[page, wider]), Ok((1000, 1400)));
        let marked: &[Entry] = &[(254, 2), (256, 100), (257, 140)];
        assert_eq!(size_of_photo(&[marked, wider]), Ok((100, 140)));
        let numbered: &[Entry] = &[(256, 100), (257, 140), (297, 0)];
        assert_eq!(size_of_photo(&[numbered, wider]), Ok((100, 140)));
        assert_eq!(size_of_photo(&[wider, wider]), Ok((1500, 1500)));
    }

    #[test]
    fn a_file_without_a_readable_full_image_says_what_it_is() {
        let error = size_of_photo(&[&NEF]).unwrap_err();
        assert!(error.contains("only a thumbnail of 160x107"), "{error}");
        assert!(size_of_photo(&[]).unwrap_err().contains("no image"));
    }
}
