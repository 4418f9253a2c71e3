//! What every command gets: read once in `main`, passed down.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use lasthand_model::limits::Limits;
use lasthand_observe::surroundings::Surroundings;

use crate::command_error::CommandError;
use crate::output::Output;

/// What every command gets.
#[derive(Debug)]
pub(crate) struct Context {
    /// Who seems to be around; for the commands that record.
    pub(crate) surroundings: Surroundings,
    /// Where words go.
    pub(crate) output: Output,
    /// The moment, seconds since 1970-01-01T00:00:00Z.
    pub(crate) now: i64,
    /// Bounds on what is read.
    pub(crate) limits: Limits,
    /// Where facts of layers are kept unless the command says otherwise; none where the user has no such folder.
    pub(crate) cache_folder: Option<PathBuf>,
}

/// Whether a command records anything, so that the surroundings matter to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// It writes statements.
    Record,
    /// It only reads them.
    Verify,
}

impl Context {
    /// Reads surroundings, terminal and clock.
    ///
    /// # Errors
    /// When a file stands for the surroundings and cannot be read.
    pub(crate) fn read(output: Output, side: Side, limits: Limits) -> Result<Self, CommandError> {
        let surroundings = match side {
            Side::Record => Surroundings::read()?,
            Side::Verify => Surroundings::default(),
        };
        Ok(Self { surroundings, output, now: now(), limits, cache_folder: cache_folder() })
    }
}

/// SPEC: XDG Base Directory Specification, `XDG_CACHE_HOME`: an absolute path.
fn cache_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("lasthand"))
}

/// The program itself: another build of it may read otherwise. `None` where it cannot be told from another one.
///
/// A file that was put in the place of the program while it runs is another one.
pub(crate) fn program() -> Option<String> {
    let metadata = std::env::current_exe().and_then(std::fs::metadata).ok()?;
    let (bytes, time) = (metadata.len(), metadata.modified().ok()?);
    let built = format!("{} {bytes} {time:?}", env!("CARGO_PKG_VERSION"));
    #[cfg(unix)]
    let built = {
        use std::os::unix::fs::MetadataExt as _;
        // Times of content are constant where builds are made to be repeated.
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        format!("{built} {:?} {changed:?}", (metadata.dev(), metadata.ino()))
    };
    Some(built)
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |elapsed| i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX))
}
