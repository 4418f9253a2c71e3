//! Why nothing could be said of a layout.

use std::io;
use std::path::PathBuf;

use lasthand_trust::layout::LayoutError;
use lasthand_trust::scheme::ForeignKeyError;
use thiserror::Error;

/// Why there is no verdict on a layout. A refusal is none of these: it is a report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LayoutFault {
    /// A file that was named cannot be read.
    #[error("cannot read {what} `{}`", path.display())]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A key is none.
    #[error("`{}` is no key of a layout's owner", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ForeignKeyError,
    },
    /// No key is named.
    #[error("no key is named, and a layout proves nothing by itself")]
    NoKey,
    /// The layout is malformed.
    #[error("`{file}` is no signed layout")]
    Layout {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: LayoutError,
    },
    /// The file holds a link.
    #[error("`{file}` is a link, expected a layout")]
    IsLink {
        /// The file.
        file: String,
    },
    /// More than may be read or compared.
    #[error("more than {limit} {what}")]
    OverLimit {
        /// What there is too much of.
        what: &'static str,
        /// How much may be.
        limit: u64,
    },
}

impl LayoutFault {
    /// The exit code: 2 usage or configuration, 4 malformed or over a limit.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Unreadable { .. } | Self::Key { .. } | Self::NoKey => 2,
            Self::Layout { .. } | Self::IsLink { .. } | Self::OverLimit { .. } => 4,
        }
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Unreadable { .. } => vec!["check that the path exists and may be read".to_owned()],
            Self::Key { .. } => vec![
                "give a public key in PEM that begins with `-----BEGIN PUBLIC KEY-----`: Ed25519, ECDSA P-256, P-384 or P-521, RSA"
                    .to_owned(),
            ],
            Self::NoKey => vec!["give the key of whoever owns the layout with `--key`".to_owned()],
            Self::Layout { source, .. } => source.hints(),
            Self::IsLink { .. } => vec!["give the layout with `--layout`, and the folder of its links with `--links`".to_owned()],
            Self::OverLimit { what: "bytes compared for rules", .. } => {
                vec!["name files and folders in rules, instead of patterns that begin with `*`; or set `--limit rule-bytes=NUMBER`".to_owned()]
            }
            Self::OverLimit { .. } => vec!["set another bound with `--limit`, if you expect so much".to_owned()],
        }
    }
}
