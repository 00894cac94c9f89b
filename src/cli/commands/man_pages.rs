//! `facematch man-pages`: writes the man pages into a folder.

use std::path::Path;

use super::evaluating::write_figures;
use crate::cli::exit::{Exit, Failure};
use crate::cli::folders::create_folder;
use crate::cli::guard::{RunInputs, Written};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::{Access, Output};

/// Writes `pages`, each a file name and a text, into `folder`.
pub(crate) fn run(folder: &Path, pages: &[(String, Vec<u8>)]) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let _empty_folders = unfinished.empty_folders();
    create_folder(folder, &unfinished)?;
    let read = RunInputs::default();
    for (name, text) in pages {
        let path = folder.join(name);
        let page = Output::open_file(&path, Written::ManPage, Access::Usual, &read, &unfinished)?;
        write_figures(page, |out| out.write_all(text))?;
    }
    Ok(Exit::Done)
}
