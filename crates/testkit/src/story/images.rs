//! Images: their layers, what the lowest of them hold, and what configurations state.

use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::wire::facts::{ConfigValue, ImageFact, LayerFact};

use super::entries::{self, content};
use super::line::{Line, StoryError};
use super::teller::Teller;

/// `image app.img[=content] config c1 layers l1 l2=shipped ... [annotated]`: the image, also under its config; a layer is its diff id, with the
/// digest as shipped where that is another.
pub(super) fn image(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["config", "layers", "annotated"])?;
    let name = clauses.head(0, "an image")?;
    let digest = content(name.split_once('=').map_or(name, |(_, label)| label));
    let config = content(clauses.one("config")?.ok_or_else(|| clauses.error("an image has a config"))?);
    let layers = clauses.list("layers").iter().map(|word| match word.split_once('=') {
        Some((diff_id, shipped)) => LayerFact { digest: Some(content(shipped)), diff_id: content(diff_id) },
        None => LayerFact { digest: None, diff_id: content(word) },
    });
    let fact = ImageFact { config, layers: layers.collect(), annotated: clauses.flag("annotated")? };
    teller.facts.images.insert(ArtifactDigest(config), fact.clone());
    teller.facts.images.insert(ArtifactDigest(digest), fact);
    Ok(())
}

/// `layers l1 l2 hold ENTRIES`: the file system after these layers.
pub(super) fn layers(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["hold"])?;
    let mut chain: Option<Sha256> = None;
    for layer in &clauses.head {
        let diff_id = content(layer);
        chain = Some(chain.map_or(diff_id, |below| Sha256::of(format!("sha256:{below} sha256:{diff_id}").as_bytes())));
    }
    let chain = chain.ok_or_else(|| clauses.error("no layer is named"))?;
    let held = entries::read(&clauses, clauses.list("hold"), &teller.trees)?;
    teller.facts.inventories.insert(chain, held.into_values().collect());
    Ok(())
}

/// `config c1 states Entrypoint=e1 Cmd`: what a configuration, or a file that states one, says; a field without value is taken away.
pub(super) fn config(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["states"])?;
    let digest = content(clauses.head(0, "the content of a configuration")?);
    let fields = clauses.list("states").iter().map(|word| match word.split_once('=') {
        Some((field, value)) => (field.to_owned(), ConfigValue::Sha256(FileDigest(content(value)))),
        None => ((*word).to_owned(), ConfigValue::Removed),
    });
    teller.facts.configs.insert(digest, fields.collect());
    Ok(())
}
