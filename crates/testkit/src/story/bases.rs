//! Beginnings that several stories share: `based on NAME`.

use super::line::{Line, StoryError};

/// The source alone: T0 is onboarded; ana changes src/main.c and bo approves exactly that.
const REVIEWED: &str = include_str!("../../../../testdata/stories/bases/reviewed.txt");

/// The same, built by the team's workflow into app.bin.
const BUILT: &str = concat!(
    include_str!("../../../../testdata/stories/bases/reviewed.txt"),
    include_str!("../../../../testdata/stories/bases/built.txt")
);

/// The same source, packed into app.tar.gz by a package step with a path map.
const PACKED: &str = concat!(
    include_str!("../../../../testdata/stories/bases/reviewed.txt"),
    include_str!("../../../../testdata/stories/bases/packed.txt")
);

/// The same source as a source archive that no step names.
const ARCHIVED: &str = concat!(
    include_str!("../../../../testdata/stories/bases/reviewed.txt"),
    include_str!("../../../../testdata/stories/bases/archived.txt")
);

/// An image on a trusted base: its entrypoint is stated by a reviewed file, its variables come from the base.
const IMAGED: &str = include_str!("../../../../testdata/stories/bases/imaged.txt");

/// Two repositories: the product packs a file out of a submodule, whose own repository an agent changed and bo reviewed.
const SUBMODULE: &str = include_str!("../../../../testdata/stories/bases/submodule.txt");

/// The product packs the content that a reviewed pointer of Git LFS stands for.
const POINTER: &str = include_str!("../../../../testdata/stories/bases/pointer.txt");

/// Finds the text of `based on NAME`.
pub(super) fn find(line: &Line) -> Result<&'static str, StoryError> {
    let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["based", "on", "reviewed"] => Ok(REVIEWED),
        ["based", "on", "built"] => Ok(BUILT),
        ["based", "on", "packed"] => Ok(PACKED),
        ["based", "on", "archived"] => Ok(ARCHIVED),
        ["based", "on", "imaged"] => Ok(IMAGED),
        ["based", "on", "submodule"] => Ok(SUBMODULE),
        ["based", "on", "pointer"] => Ok(POINTER),
        _ => Err(line.error("expected `based on reviewed|built|packed|archived|imaged|submodule|pointer`")),
    }
}
