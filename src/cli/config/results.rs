//! Configuration of the destination and the format of results.

use std::path::PathBuf;

use super::When;
use crate::cli::exit::Failure;
use crate::cli::report::Format;

/// Results of a run through photos.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) format: Format,
    /// File that the results are written to, or `None` for standard output.
    pub(crate) file: Option<PathBuf>,
    pub(crate) with_encodings: bool,
    /// Folder for the aligned faces.
    pub(crate) crops: Option<PathBuf>,
    /// Folder for the drawings.
    pub(crate) draw: Option<PathBuf>,
    pub(crate) color: When,
}

impl Results {
    /// Refuses `--with-encodings` in formats that have no room for encodings.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let has_room = match self.format {
            Format::Json | Format::Ndjson => true,
            Format::Text | Format::Csv | Format::ExiftoolJson => false,
        };
        match self.with_encodings && !has_room {
            true => Err(Failure::Usage(
                "--with-encodings needs -f json or -f ndjson".to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// Refuses `exiftool-json`, the format for names to be written, for a command that writes no
    /// names.
    pub(crate) fn refuse_exiftool_json(&self) -> Result<(), Failure> {
        match self.format {
            Format::ExiftoolJson => Err(Failure::Usage(
                "-f exiftool-json works only with facematch tag; write facematch tag -f \
                 exiftool-json KNOWN PHOTO..."
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

/// Format of figures and findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FiguresFormat {
    Text,
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(format: Format, with_encodings: bool) -> Results {
        Results {
            format,
            file: None,
            with_encodings,
            crops: None,
            draw: None,
            color: When::Auto,
        }
    }

    #[test]
    fn only_the_json_forms_have_room_for_encodings() {
        for format in [Format::Text, Format::Csv, Format::ExiftoolJson] {
            results(format, false).check().unwrap();
            let refused = results(format, true).check().unwrap_err();
            assert_eq!(
                refused.to_string(),
                "--with-encodings needs -f json or -f ndjson"
            );
        }
        for format in [Format::Json, Format::Ndjson] {
            results(format, true).check().unwrap();
        }
    }

    #[test]
    fn only_tag_has_exiftools_form() {
        let check = |format| results(format, false).refuse_exiftool_json();
        let refused = check(Format::ExiftoolJson).unwrap_err();
        assert!(refused.to_string().contains("only with facematch tag;"));
        check(Format::Json).unwrap();
    }
}
