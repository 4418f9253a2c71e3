//! Files that this command writes: whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use crate::command_error::CommandError;

/// Writes a file beside its place and renames it there. What is there and is no regular file, such as a pipe, a terminal or
/// `/dev/null`, is written to and stays what it is; a link is followed.
///
/// # Errors
/// When the system refuses; then nothing is left.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let written = try_write(path, bytes);
    written.map_err(|error| CommandError::usage(format!("cannot write `{}`", path.display())).because(error))
}

fn try_write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let is_other = fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir());
    if is_other {
        return io::Write::write_all(&mut fs::OpenOptions::new().write(true).open(path)?, bytes);
    }
    // The file that a link leads to is replaced, and not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let path = target.as_path();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    allow_others_to_read(file.path())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
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
