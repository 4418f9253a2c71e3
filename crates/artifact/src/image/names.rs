//! Names of images, as engines understand them.

use lasthand_model::digest::{ArtifactDigest, Sha256};

/// True when a name, a tag or `sha256:<hex>` means what goes by these names and has this digest.
///
/// SECURITY: engines fill names up, so `app:1` and `docker.io/library/app:1` are one name to them.
pub(super) fn means(wanted: &str, names: &[String], digest: ArtifactDigest) -> bool {
    let full = filled_up(wanted);
    names.iter().any(|name| name == wanted || tag_of(name) == Some(wanted) || filled_up(name) == full)
        || wanted.strip_prefix("sha256:") == Some(digest.0.to_string().as_str())
}

/// The tag of a name such as `registry.example/acme/app:1.2`.
pub(super) fn tag_of(name: &str) -> Option<&str> {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split_once(':').map(|(_, tag)| tag)
}

/// The digest that a tag of cosign is made of.
///
/// SPEC: sigstore/cosign, specs/SIGNATURE_SPEC.md, "Tag-based Discovery".
pub(super) fn named_by_tag(name: &str) -> Option<Sha256> {
    let (digest, ending) = tag_of(name).unwrap_or(name).strip_prefix("sha256-")?.split_once('.')?;
    if matches!(ending, "sig" | "att") { digest.parse().ok() } else { None }
}

/// A name as engines fill it up.
///
/// SPEC: distribution/reference, `ParseNormalizedNamed` and `TagNameOnly`.
pub(super) fn filled_up(name: &str) -> String {
    let is_domain =
        |part: &str| part.contains(['.', ':']) || part == "localhost" || part.chars().any(char::is_uppercase);
    let (domain, path) = name.split_once('/').filter(|(first, _)| is_domain(first)).unwrap_or(("docker.io", name));
    let domain = if domain == "index.docker.io" { "docker.io" } else { domain };
    let library = if domain == "docker.io" && !path.contains('/') { "library/" } else { "" };
    let tag = if tag_of(path).is_none() && !path.contains('@') { ":latest" } else { "" };
    format!("{domain}/{library}{path}{tag}")
}
