//! Where links are found: a folder, with a folder inside it for each layout that stands in place of a link.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::evidence::read_bounded;

/// What gives links by name. Nothing it gives is believed.
pub trait LinkSource {
    /// The names of all files in a folder, in any order; none when there is no such folder.
    ///
    /// # Errors
    /// What the system said.
    fn names(&self, folder: &[String]) -> io::Result<Vec<String>>;

    /// The bytes of a file, at most `limit` of them.
    ///
    /// # Errors
    /// What the system said; more bytes are [`io::ErrorKind::FileTooLarge`].
    fn read(&self, folder: &[String], name: &str, limit: usize) -> io::Result<Vec<u8>>;
}

/// Links in a folder of the file system.
#[derive(Debug, Clone)]
pub struct LinkFolder {
    path: PathBuf,
}

impl LinkFolder {
    /// The folder at this path.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    fn at(&self, folder: &[String]) -> PathBuf {
        folder.iter().fold(self.path.clone(), |path, name| path.join(name))
    }
}

impl LinkSource for LinkFolder {
    fn names(&self, folder: &[String]) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.at(folder)) {
            Err(error) if !folder.is_empty() && error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        // A name that is not UTF-8 is the name of no step.
        entries.filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose()).collect()
    }

    fn read(&self, folder: &[String], name: &str, limit: usize) -> io::Result<Vec<u8>> {
        read_bounded(&self.at(folder).join(name), limit)
    }
}
