//! The trust file and the key files it names, from disk.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use lasthand_model::limits::Limits;
use lasthand_trust::trust_file::TrustFile;

use crate::error::VerifyError;

/// LIMIT: a public key file has a few hundred bytes.
const KEY_FILE_BYTES: u64 = 1 << 20;

/// A trust file that was read and holds no error.
#[derive(Debug, Clone)]
pub struct LoadedTrust {
    path: PathBuf,
    file: TrustFile,
}

impl LoadedTrust {
    /// Reads a trust file, and the key files it names relative to it.
    ///
    /// # Errors
    /// [`VerifyError::TrustUnreadable`]; [`VerifyError::Trust`] with everything that is wrong, each with line and column.
    pub fn from_file(path: &Path, now: i64, limits: &Limits) -> Result<Self, VerifyError> {
        let unreadable = |source| VerifyError::TrustUnreadable { file: path.to_owned(), source };
        let limit = u64::try_from(limits.trust_bytes).unwrap_or(u64::MAX).saturating_add(1);
        let mut text = String::new();
        // LIMIT: one byte more than allowed is enough for the reader to object.
        fs::File::open(path).map_err(unreadable)?.take(limit).read_to_string(&mut text).map_err(unreadable)?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(path, &text, &|name| key_file(&folder.join(name)), now, limits)
    }

    /// Takes the text of a trust file, and whoever gives the key files it names; for callers that hold them in memory.
    ///
    /// # Errors
    /// [`VerifyError::Trust`].
    pub fn parse(
        path: &Path,
        text: &str,
        files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
        now: i64,
        limits: &Limits,
    ) -> Result<Self, VerifyError> {
        let file = TrustFile::parse(text, files, now, limits)
            .map_err(|source| VerifyError::Trust { file: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Where it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says.
    #[must_use]
    pub const fn file(&self) -> &TrustFile {
        &self.file
    }

    /// What the reader should know, one line each: `file:line:column: warning: problem`, with its hints.
    #[must_use]
    pub fn warnings(&self) -> Vec<(String, Vec<String>)> {
        let line = |diagnostic| format!("{}:{diagnostic}", self.path.display());
        self.file.warnings.iter().map(|diagnostic| (line(diagnostic), diagnostic.problem.hints())).collect()
    }
}

fn key_file(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(KEY_FILE_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(error.to_string()),
        Ok(_) if bytes.len() as u64 > KEY_FILE_BYTES => Err(format!("over the limit of {KEY_FILE_BYTES} bytes")),
        Ok(_) => Ok(bytes),
    }
}
