//! Files that this command writes: whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::command_error::CommandError;

/// Something that writes a document, the same one each time.
pub(crate) type WriteBy<'w> = dyn Fn(&mut dyn io::Write) -> io::Result<()> + 'w;

/// Writes a file beside its place and renames it there. What is there and is no regular file, such as a pipe, a terminal or
/// `/dev/null`, is written to and stays what it is; a link is followed.
///
/// # Errors
/// When the system refuses; then nothing is left.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    write_whole_by(path, &|out| out.write_all(bytes))
}

/// Writes what `write` gives, as [`write_whole`] does.
///
/// # Errors
/// As [`write_whole`].
pub(crate) fn write_whole_by(path: &Path, write: &WriteBy<'_>) -> Result<(), CommandError> {
    let written = try_write(path, write);
    written.map_err(|error| CommandError::usage(format!("cannot write `{}`", path.display())).because(error))
}

fn try_write(path: &Path, write: &WriteBy<'_>) -> io::Result<()> {
    let is_other = fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir());
    if is_other {
        return buffered(fs::OpenOptions::new().write(true).open(path)?, write);
    }
    // The file that a link leads to is replaced, and not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let path = target.as_path();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let file = tempfile::NamedTempFile::new_in(folder)?;
    buffered(file.as_file(), write)?;
    file.as_file().sync_all()?;
    allow_others_to_read(file.path())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes through a buffer.
///
/// # Errors
/// Those of `out`.
pub(crate) fn buffered(out: impl io::Write, write: &WriteBy<'_>) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 16, out);
    write(&mut out)?;
    out.flush()
}

#[cfg(unix)]
fn allow_others_to_read(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn allow_others_to_read(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_no_file_stays_what_it_is() {
        // pass: a pipe gets the bytes, a link leads to the new file, a file is replaced; fail: nothing is a pipe afterwards
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = at("pipe");
            move || fs::read(pipe).unwrap()
        });
        write_whole(&at("pipe"), b"document").unwrap();
        assert_eq!(reader.join().unwrap(), b"document");
        assert!(fs::symlink_metadata(at("pipe")).unwrap().file_type().is_fifo());

        fs::write(at("file"), b"old").unwrap();
        symlink("file", at("link")).unwrap();
        write_whole(&at("link"), b"new").unwrap();
        assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
        assert_eq!(fs::read(at("file")).unwrap(), b"new");
    }
}
