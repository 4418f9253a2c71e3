//! Files that this command writes: whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use crate::command_error::CommandError;

/// Writes a file beside its place and renames it there.
///
/// # Errors
/// When the system refuses; then nothing is left.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let written = try_write(path, bytes);
    written.map_err(|error| CommandError::usage(format!("cannot write `{}`", path.display())).because(error))
}

fn try_write(path: &Path, bytes: &[u8]) -> io::Result<()> {
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
