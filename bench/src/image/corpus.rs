//! The images: made once by `xtask/bench-image/corpus.sh`, then found.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use xtask::root;
use xtask::run::{present, tool};

/// Layout, tag, and what the tables call it.
const IMAGES: &[(&str, &str, &str)] = &[
    ("layers", "first2", "2 layers"),
    ("layers", "first4", "4 layers"),
    ("layers", "first8", "8 layers"),
    ("layers-zstd", "first8", "8 layers, zstd"),
    ("single", "single", "one layer"),
    ("single-zstd", "single", "one layer, zstd"),
    ("split", "split", "many layers"),
];

/// Program, how to see that it is there, how to get it.
const NEEDED: &[(&str, &[&str], &str)] = &[
    ("debootstrap", &["--version"], "apt-get install debootstrap"),
    ("umoci", &["--version"], "apt-get install umoci"),
    ("skopeo", &["--version"], "apt-get install skopeo"),
];

/// An image that is there.
#[derive(Debug)]
pub(super) struct Image {
    /// What the tables call it.
    pub(super) name: &'static str,
    /// `LAYOUT:TAG`.
    pub(super) reference: String,
    /// Files of the layers as stored, the lowest first.
    pub(super) layers: Vec<PathBuf>,
}

/// All images.
#[derive(Debug)]
pub(super) struct Corpus {
    folder: PathBuf,
    images: Vec<Image>,
}

impl Corpus {
    /// Makes what is not there yet, and reads which layers each image has.
    pub(super) fn made(folder: &Path) -> Result<Self> {
        if IMAGES.iter().any(|(layout, ..)| !folder.join(format!("{layout}.made")).exists()) {
            make(folder)?;
        }
        let find = |(layout, tag, name): &(&'static str, &'static str, &'static str)| -> Result<Image> {
            let layout = folder.join(layout);
            let layers = layers(&layout, tag).with_context(|| format!("{} has no image {tag}", layout.display()))?;
            Ok(Image { name, reference: format!("{}:{tag}", layout.display()), layers })
        };
        let images = IMAGES.iter().map(find).collect::<Result<_>>()?;
        Ok(Self { folder: folder.to_owned(), images })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn images(&self) -> &[Image] {
        &self.images
    }

    pub(super) fn image(&self, name: &str) -> Result<&Image> {
        self.images.iter().find(|image| image.name == name).with_context(|| format!("no image is called {name}"))
    }
}

fn make(folder: &Path) -> Result<()> {
    let mut missing: Vec<String> = NEEDED
        .iter()
        .filter(|(name, see, _)| !present(name, see))
        .map(|(name, _, how)| format!("{name} is not installed: {how}"))
        .collect();
    let id = tool("id", &["-u"]).output().context("cannot start id")?;
    if id.stdout != b"0\n" {
        missing.push("images hold device nodes and files of many owners: run this as root".to_owned());
    }
    if !missing.is_empty() {
        bail!("the images cannot be made\n  {}", missing.join("\n  "));
    }
    eprintln!("bench: making images in {}; this takes some minutes, once", folder.display());
    let mut script = tool("bash", &[]);
    script.arg(root().join("xtask/bench-image/corpus.sh")).arg(folder).stdout(std::io::stderr());
    ensure!(script.status().context("cannot start bash")?.success(), "the images could not be made");
    Ok(())
}

/// The files of an image's layers.
///
/// SPEC: OCI image-spec, image-layout.md and manifest.md.
fn layers(layout: &Path, tag: &str) -> Result<Vec<PathBuf>> {
    let index = json(&layout.join("index.json"))?;
    let named = |manifest: &&Value| manifest["annotations"]["org.opencontainers.image.ref.name"] == tag;
    let manifest = index["manifests"].as_array().and_then(|all| all.iter().find(named)).context("no such tag")?;
    let manifest = json(&blob(layout, manifest)?)?;
    manifest["layers"].as_array().context("no layers")?.iter().map(|layer| blob(layout, layer)).collect()
}

fn blob(layout: &Path, descriptor: &Value) -> Result<PathBuf> {
    let digest = descriptor["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:"));
    Ok(layout.join("blobs/sha256").join(digest.context("no SHA-256 digest")?))
}

fn json(path: &Path) -> Result<Value> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not JSON", path.display()))
}
