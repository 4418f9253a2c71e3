//! Both ways through the checks say the same: about every bundle of the foreign test data, and about every flaw of our own.

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may stop")]

    use std::fs;
    use std::path::{Path, PathBuf};

    use lasthand_model::digest::Sha256;
    use lasthand_model::limits::Limits;
    use lasthand_model::wire::bundle::json_lines;
    use lasthand_testkit::need;
    use lasthand_testkit::sigstore::{Content, Entry, Flaw, Instance, Recipe, Version};
    use serde_json::{Value, json};
    use sigstore_verify::VerificationPolicy;
    use sigstore_verify::types::{Artifact, Bundle};

    use super::super::checks::{self, By};
    use super::super::error::SigstoreError;
    use super::super::held::Held;
    use super::super::{Claimed, SigstoreRoot, claimed_digest};
    use crate::foreign;

    const NOW: i64 = 1_780_000_000;

    /// What the library says, and what our own checks say; absent where the library is never asked.
    fn both(bundle: &Bundle, root: &SigstoreRoot) -> Option<(Result<Held, String>, Result<Held, SigstoreError>)> {
        bundle.signing_certificate()?;
        checks::each_once(bundle).ok()?;
        let claimed = claimed_digest(bundle).ok()?;
        let Claimed::Digest(digest) = &claimed else { return None };
        let policy = VerificationPolicy::any_identity();
        let known = checks::without_strangers(bundle, &root.root).ok()?;
        let library = root.verifier.verify(Artifact::from_digest(digest.clone()), &known, &policy);
        let library = library.map_err(|error| error.to_string()).map(|result| Held::of_certificate(&result).unwrap());
        Some((library, checks::verify(bundle, claimed.signed(), By::Certificate, &root.root)))
    }

    fn same(name: &str, bundle: &Bundle, root: &SigstoreRoot) -> Option<bool> {
        let (library, own) = both(bundle, root)?;
        match (&library, &own) {
            (Ok(library), Ok(own)) => {
                assert_eq!(library.times, own.times, "{name}");
                assert_eq!(library.integrated, own.integrated, "{name}");
                let key = |held: &Held| held.certificate.as_ref().map(|known| known.public_key.clone());
                assert_eq!(key(library), key(own), "{name}");
            }
            (Err(_), Err(_)) => {}
            (library, own) => {
                unreachable!("{name}: library {:?}, own {:?}", library.as_ref().err(), own.as_ref().err())
            }
        }
        Some(own.is_ok())
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
        }
        found.sort();
        found
    }

    fn bundles(path: &Path) -> Vec<Bundle> {
        let bytes = fs::read(path).unwrap_or_default();
        let lines: Vec<Vec<u8>> = match foreign::documents(&bytes, &Limits::DEFAULT) {
            Ok(all) => all.into_iter().map(std::borrow::Cow::into_owned).collect(),
            Err(_) => json_lines(&bytes).map(|(_, line)| line.to_vec()).collect(),
        };
        let read = |bytes: Vec<u8>| {
            let bytes = foreign::bundle_of_python(&bytes, &Limits::DEFAULT).unwrap_or(bytes);
            Bundle::from_json(std::str::from_utf8(&bytes).ok()?).ok()
        };
        lines.into_iter().filter_map(read).collect()
    }

    #[test]
    fn about_every_bundle_of_others() {
        // pass: accepted by both, with the same times; fail: refused by both
        let Some(testdata) = need::testdata() else { return };
        let mut roots = Vec::new();
        for path in files(&testdata) {
            if path.file_name().is_some_and(|name| name == "trusted_root.json") {
                roots.extend(SigstoreRoot::parse(&fs::read(path).unwrap(), &Limits::DEFAULT).ok());
            }
        }
        let (mut accepted, mut refused) = (0, 0);
        let folders = [
            "sigstore-conformance",
            "sigstore-js-bundles",
            "sigstore-java-bundles",
            "sigstore-python-assets",
            "gh-attestation",
            "slsa-verifier",
            "slsa-verifier-gha-unit",
            "pep740",
            "maven-central",
        ];
        for path in folders.iter().flat_map(|folder| files(&testdata.join(folder))) {
            for bundle in bundles(&path) {
                for root in &roots {
                    match same(&path.display().to_string(), &bundle, root) {
                        Some(true) => accepted += 1,
                        Some(false) => refused += 1,
                        None => {}
                    }
                }
            }
        }
        assert!(accepted >= 40 && refused >= 400, "{accepted} accepted, {refused} refused");
    }

    fn recipes() -> Vec<(Recipe, Content)> {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/thing/v1", "predicate": {},
            "subject": [{ "name": "a.txt", "digest": { "sha256": Sha256::of(b"the artifact").to_string() } }]
        });
        let contents = [Content::Blob(b"the artifact".to_vec()), Content::Statement(statement)];
        let mut all = Vec::new();
        for version in [Version::V01, Version::V02, Version::V03] {
            for entry in [Entry::V1, Entry::Intoto, Entry::V2] {
                for stamped in [false, true] {
                    for content in &contents {
                        let recipe =
                            Recipe::workflow("https://forge.example/acme/app/.github/workflows/w.yml@refs/heads/main");
                        let unfit = matches!((entry, content), (Entry::Intoto, Content::Blob(_)))
                            || (version == Version::V01 && entry == Entry::V2);
                        if !unfit {
                            all.push((Recipe { version, entry, stamped, ..recipe }, content.clone()));
                        }
                    }
                }
            }
        }
        all
    }

    #[test]
    fn about_every_flaw_of_our_own() {
        // pass: no flaw; fail: each flaw, refused by both, but where the library never looks
        let instance = Instance::new(NOW);
        let root = |flaw: Flaw| {
            let json: Value = instance.trusted_root_with(&flaw);
            SigstoreRoot::parse(json.to_string().as_bytes(), &Limits::DEFAULT).ok()
        };
        let (mut accepted, mut refused) = (0, 0);
        for (recipe, content) in recipes() {
            for flaw in Flaw::ALL.iter().chain([&Flaw::None]) {
                let signed = instance.sign(&content, &recipe, *flaw).bundle.to_string();
                let (Ok(bundle), Some(root)) = (Bundle::from_json(&signed), root(*flaw)) else { continue };
                // The library takes every certificate of an authority for an anchor, and asks of a log's key whether its time has begun, but for
                // promises not whether it was over.
                let unasked = *flaw == Flaw::LogWindow && recipe.entry == Entry::V2;
                if unasked || matches!(*flaw, Flaw::IntermediateRanOut | Flaw::TopRanOut) {
                    continue;
                }
                match same(&format!("{recipe:?} {flaw:?}"), &bundle, &root) {
                    Some(true) => accepted += 1,
                    Some(false) => refused += 1,
                    None => {}
                }
            }
        }
        assert!(accepted >= 15 && refused >= 200, "{accepted} accepted, {refused} refused");
    }
}
