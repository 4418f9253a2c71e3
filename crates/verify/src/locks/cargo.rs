//! `Cargo.lock`, versions 2 to 4.

use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::Pin;
use toml_edit::{Document, Table};

/// Each package with a checksum pins three names: `serde`, `serde-1.0.0` and the file `serde-1.0.0.crate`.
///
/// SPEC: cargo, `core/resolver/encode.rs`; `checksum` is the SHA-256 of the `.crate` file.
pub(super) fn pins(bytes: &[u8]) -> Result<Vec<Pin>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("byte {} is not UTF-8", error.valid_up_to()))?;
    let document = Document::parse(text).map_err(|error| format!("not TOML: {}", error.message()))?;
    let packages = document.as_table().get("package").and_then(|item| item.as_array_of_tables());
    let mut pins = Vec::new();
    for package in packages.into_iter().flatten() {
        let (Some(name), Some(version), Some(checksum)) =
            (text_of(package, "name"), text_of(package, "version"), text_of(package, "checksum"))
        else {
            continue;
        };
        let digest: Sha256 = checksum.parse().map_err(|error| format!("package `{name}`: {error}"))?;
        for name in [name.to_owned(), format!("{name}-{version}"), format!("{name}-{version}.crate")] {
            pins.push(Pin { name, digest });
        }
    }
    pins.sort();
    pins.dedup();
    Ok(pins)
}

fn text_of<'a>(package: &'a Table, key: &str) -> Option<&'a str> {
    package.get(key)?.as_str()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    #[test]
    fn packages_with_a_checksum_are_pinned() {
        // pass: a registry package; fail: one of the workspace has no checksum and pins nothing
        let digest = "ab".repeat(32);
        let text = format!(
            "version = 4\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\nchecksum = \"{digest}\"\n\
             [[package]]\nname = \"app\"\nversion = \"0.1.0\"\n"
        );
        let names: Vec<String> = pins(text.as_bytes()).unwrap().into_iter().map(|pin| pin.name).collect();
        assert_eq!(names, ["serde", "serde-1.0.0", "serde-1.0.0.crate"]);
    }

    #[test]
    fn what_is_no_lock_file_pins_nothing() {
        // fail: not TOML, not UTF-8, a checksum that is none
        assert!(pins(b"= x").is_err());
        assert!(pins(b"\xff").is_err());
        assert!(pins(b"[[package]]\nname=\"a\"\nversion=\"1\"\nchecksum=\"zz\"\n").is_err());
        assert_eq!(pins(b"").unwrap(), []);
    }
}
