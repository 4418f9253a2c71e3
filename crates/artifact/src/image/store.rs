//! An opened place of images.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::limits::Limits;

use super::choice::{Choice, Choices, Form, Hidden, Referrer};
use super::docker::{self, DockerImage};
use super::document::{Names, Object, shown};
use super::facts::{ImageArtifact, ImageFacts};
use super::fault::ImageFault;
use super::manifest::{self, Descriptor, Document, DocumentKind, Index, Manifest, UNKNOWN_PLATFORM};
use super::names::{filled_up, means, named_by_tag, tag_of};
use super::place::{INDEX, LAYOUT, Look, MANIFEST, Place};
use super::platform;
use super::read::{self, Configs, Reading};
use super::unmarked;
use crate::cache::FactsCache;
use crate::error::ArtifactError;
use crate::inside::Opening;
use crate::meter::wide;
use crate::source::Source;

/// An opened place of images: content by digest.
#[derive(Debug)]
pub struct ImageStore<'a> {
    place: Place<'a>,
    form: Form,
    choices: Vec<Choice>,
    hidden: Vec<Hidden>,
    /// Images that are about another one: offered to who names one of them.
    attached: Vec<Choice>,
    /// Of an archive of both kinds whose form was found out: the configs of the images that a reader of docker archives finds.
    loaded: Option<BTreeSet<Sha256>>,
    content: Content,
    opening: Opening,
    cache: Option<Cache<'a>>,
}

/// How images lie in a place, as it was found out.
struct Found {
    form: Form,
    loaded: Option<BTreeSet<Sha256>>,
}

impl From<Form> for Found {
    fn from(form: Form) -> Self {
        Self { form, loaded: None }
    }
}

/// Where facts of layers are kept.
#[derive(Clone, Copy)]
struct Cache<'a>(&'a dyn FactsCache);

impl fmt::Debug for Cache<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache")
    }
}

/// What was read when the place was opened.
#[derive(Debug)]
enum Content {
    Oci { root: Root, referrers: Vec<(Option<Sha256>, Referrer)> },
    Docker(Vec<(Sha256, DockerImage)>),
}

/// `index.json`.
#[derive(Debug)]
struct Root {
    bytes: Vec<u8>,
    digest: Sha256,
    index: Index,
}

impl<'a> ImageStore<'a> {
    /// Says whether a folder or archive holds images, and how; `None` for a plain folder, file or archive.
    ///
    /// Out: a folder with the file `oci-layout`; an archive with `oci-layout` and `index.json`; an archive whose `manifest.json`
    /// lists configs and layers. An archive that is both an OCI layout and a docker archive is the former, unless its
    /// `index.json` lists nothing; each image of its `manifest.json` must then be one that `index.json` offers. A compressed archive, or one that cannot be read by offset, is never one.
    /// Cost: for a folder a look at three files, and at the blobs that `index.json` lists where `oci-layout` is missing; for an archive its headers.
    ///
    /// # Errors
    /// [`ArtifactError`] when the source cannot be read, is an archive that [`read`](crate::read()) would not read either, or is one of
    /// images in which members are twice, absolute or sparse; [`ImageFault::NoLayoutMark`] for an OCI layout without `oci-layout`,
    /// [`ImageFault::DirTransport`] for a folder that only skopeo knows as an image.
    pub fn detect(source: impl Into<Source<'a>>, limits: &Limits) -> Result<Option<Form>, ArtifactError> {
        Ok(found(source.into(), limits)?.map(|(_, found)| found.form))
    }

    /// Opens a place of images where the source is one, as [`detect`](Self::detect) says.
    ///
    /// # Errors
    /// As [`detect`](Self::detect) and [`open`](Self::open).
    pub fn open_if_any(source: impl Into<Source<'a>>, limits: &Limits) -> Result<Option<Self>, ArtifactError> {
        let found = found(source.into(), limits)?;
        found.map(|(place, found)| Self::open_place(place, found, limits)).transpose()
    }

    /// Opens a place of images; `form` as the caller knows it, or `None` to have it detected.
    ///
    /// Cost: the headers of an archive, once, and the manifests that `index.json` lists.
    ///
    /// # Errors
    /// [`ArtifactError`]; [`ImageFault::NoImage`] when it is not of that form, [`ImageFault::Compressed`] for a compressed archive.
    /// An archive must be readable by offset; a pipe is not.
    pub fn open(source: impl Into<Source<'a>>, form: Option<Form>, limits: &Limits) -> Result<Self, ArtifactError> {
        let source = source.into();
        let name = match source {
            Source::Blob(blob) => blob.name(),
            Source::Tree(tree) => tree.name(),
        };
        let fault = |fault| ArtifactError::Image { name: name.to_owned(), fault: Box::new(fault) };
        let no_image = |expected, missing: &str| fault(ImageFault::NoImage { expected, missing: missing.to_owned() });
        match Place::look(source)? {
            Look::Indexable => {}
            Look::Compressed(codec) => return Err(fault(ImageFault::Compressed { codec })),
            Look::FromStartOnly(source) => return Err(ArtifactError::Io { name: name.to_owned(), offset: 0, source }),
            Look::NoArchive => return Err(no_image("image archive", "a tar archive")),
        }
        let place = Place::of(source, limits)?;
        let found = match form {
            Some(form) => form.into(),
            None => form_of(&place, limits)?
                .ok_or_else(|| no_image("image", "`oci-layout` or a `manifest.json` that lists images"))?,
        };
        match found.form {
            Form::OciLayout if !place.is_folder() => Err(no_image("OCI layout", "a folder")),
            Form::OciArchive | Form::DockerArchive if place.is_folder() => {
                Err(no_image("image archive", "a tar archive"))
            }
            _ => Self::open_place(place, found, limits),
        }
    }

    fn open_place(place: Place<'a>, found: Found, limits: &Limits) -> Result<Self, ArtifactError> {
        match found.form {
            Form::OciLayout | Form::OciArchive => Self::open_oci(place, found, limits),
            Form::DockerArchive => Self::open_docker(place, limits),
        }
    }

    fn open_oci(place: Place<'a>, Found { form, loaded }: Found, limits: &Limits) -> Result<Self, ArtifactError> {
        let root = read_root(&place, limits)?;
        let Listed { choices, hidden, attached, referrers } = list(&place, &root, limits);
        let content = Content::Oci { root, referrers };
        Ok(Self { place, form, choices, hidden, attached, loaded, content, opening: Opening::Closed, cache: None })
    }

    fn open_docker(place: Place<'a>, limits: &Limits) -> Result<Self, ArtifactError> {
        let mut choices = Choices::default();
        let mut images = Vec::new();
        let mut configs = Configs::default();
        for image in docker::read(&place, limits)? {
            let (digest, bytes) = read::docker_config(&place, &image, limits)?;
            configs.add(Names { source: place.name(), document: "manifest.json" }, &bytes, limits)?;
            choices.offer(Choice {
                digest: ArtifactDigest(digest),
                media_type: manifest::DOCKER_CONFIG.to_owned(),
                size: wide(bytes.len()),
                names: image.tags.clone(),
                platform: None,
                is_index: false,
            });
            images.push((digest, image));
        }
        Ok(Self {
            place,
            form: Form::DockerArchive,
            choices: choices.into_vec(),
            hidden: Vec::new(),
            attached: Vec::new(),
            loaded: None,
            content: Content::Docker(images),
            opening: Opening::Closed,
            cache: None,
        })
    }

    /// Has archives in the layers opened when an image is read.
    #[must_use]
    pub fn opening(self, opening: Opening) -> Self {
        Self { opening, ..self }
    }

    /// Keeps what is found in layers whose blobs have a digest, and takes what was kept before.
    ///
    /// Not while archives are opened. What a cache gives is believed: see the threat model.
    #[must_use]
    pub fn cached(self, cache: Option<&'a dyn FactsCache>) -> Self {
        Self { cache: cache.map(Cache), ..self }
    }

    /// The form found.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// What the place offers, in its order, each digest once. Referrers and attestation manifests are not offered.
    ///
    /// An `index.json` whose manifests all have a platform and none a name is itself the last choice: as `docker buildx` and
    /// others leave an index there when they do not wrap it.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// What the place lists and does not offer.
    #[must_use]
    pub fn hidden(&self) -> &[Hidden] {
        &self.hidden
    }

    /// The image that a name, a tag or `sha256:<hex>` means, or the only one there is; `None` when none or several fit, or when
    /// something [`hidden`](Self::hidden) fits that a puller may take in its place: see [`rivals`](Self::rivals).
    ///
    /// A tag is what follows the first `:` of the last segment of a name. An image that has a subject is meant by its name or digest alone.
    #[must_use]
    pub fn find(&self, wanted: Option<&str>) -> Option<&Choice> {
        let attached = self.attached.iter().filter(|_| wanted.is_some());
        let mut found = self.choices.iter().chain(attached).filter(|choice| match wanted {
            None => true,
            Some(wanted) => means(wanted, &choice.names, choice.digest),
        });
        let only = found.next().filter(|_| found.next().is_none())?;
        // One manifest listed twice is one image.
        self.rivals(wanted).all(|rival| rival.digest == only.digest).then_some(only)
    }

    /// What is hidden and is meant too by `wanted`; of no name, what a puller may take: an image, or anything with a name.
    ///
    /// SECURITY: containers/image takes the first descriptor of `index.json` with the name, whatever platform, subject or media
    /// type it has.
    pub fn rivals(&self, wanted: Option<&str>) -> impl Iterator<Item = &Hidden> {
        self.hidden.iter().filter(move |hidden| match wanted {
            None => hidden.is_image || !hidden.names.is_empty(),
            Some(wanted) => means(wanted, &hidden.names, hidden.digest),
        })
    }

    /// The manifests of `index.json` whose `subject` is this digest, or that may be about any, in its order; none in a docker archive.
    ///
    /// cosign gives its images of signatures and attestations no `subject`: a tag such as `sha256-<hex>.sig` says what they are about, and where they
    /// have none they may be about any. Only their layers prove it.
    ///
    /// # Errors
    /// None at present: they were read when the place was opened.
    pub fn referrers(&self, subject: ArtifactDigest) -> Result<Vec<Referrer>, ArtifactError> {
        match &self.content {
            Content::Oci { referrers, .. } => Ok(referrers
                .iter()
                .filter(|(of, _)| of.is_none_or(|of| of == subject.0))
                .map(|(_, referrer)| referrer.clone())
                .collect()),
            Content::Docker(_) => Ok(Vec::new()),
        }
    }

    /// Reads a small blob; `None` when the place has no such blob.
    ///
    /// In a docker archive these are its configs, and what lies under `blobs/sha256/`.
    ///
    /// # Errors
    /// More than `limit` bytes, or bytes with another digest.
    pub fn blob_bytes(&self, digest: Sha256, limit: usize) -> Result<Option<Vec<u8>>, ArtifactError> {
        match &self.content {
            Content::Oci { root, .. } if root.digest == digest && root.bytes.len() <= limit => {
                return Ok(Some(root.bytes.clone()));
            }
            Content::Docker(images) => {
                if let Some((_, image)) = images.iter().find(|(config, _)| *config == digest) {
                    let limits = Limits { config_bytes: limit, ..Limits::DEFAULT };
                    let (_, bytes) = read::docker_config(&self.place, image, &limits)?;
                    return Ok(Some(bytes));
                }
            }
            Content::Oci { .. } => {}
        }
        self.place.blob_bytes(digest, limit)
    }

    /// Reads one image whole, or every image of an index.
    ///
    /// In: a choice of this place. `wanted_platform` (`os/arch[/variant]`; without variant it fits any) picks one image of an
    /// index; of a single image it is demanded. `progress` is called with the stored bytes of layers read so far.
    /// Cost: one pass over each layer; memory for the entries of all layers of all images.
    ///
    /// # Errors
    /// [`ArtifactError`]; no facts are formed of a part of an image, and none of an index when one of its images cannot be read.
    ///
    /// # Proves / does not prove
    /// Proves which layers, files and configuration the digest stands for. Does not prove who made them. A verifier must look at
    /// [`ImageFacts::refusals`](super::ImageFacts::refusals).
    pub fn read(
        &self,
        choice: &Choice,
        wanted_platform: Option<&str>,
        limits: &Limits,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<ImageArtifact, ArtifactError> {
        let digest = choice.digest.0;
        let mut reading =
            Reading::new(&self.place, limits, progress).opening(self.opening).cached(self.cache.map(|cache| cache.0));
        let absent = || self.place.fault(ImageFault::NoSuchChoice { digest });
        let artifact = match &self.content {
            Content::Docker(images) => {
                let (_, image) = images.iter().find(|(config, _)| *config == digest).ok_or_else(absent)?;
                let image = reading.docker_image(image)?;
                single(&reading, image, wanted_platform)?
            }
            Content::Oci { root, .. } if choice.is_index && root.digest == digest => {
                index(&mut reading, digest, &root.index, wanted_platform)?
            }
            Content::Oci { root, .. } => {
                let known = root.index.manifests.iter().find(|descriptor| descriptor.digest == digest);
                let descriptor = known.ok_or_else(absent)?;
                match reading.document(descriptor)? {
                    Document::Index(found) => index(&mut reading, digest, &found, wanted_platform)?,
                    Document::Manifest(manifest) => {
                        let image = reading.image(digest, &descriptor.media_type, &manifest)?;
                        single(&reading, image, wanted_platform)?
                    }
                }
            }
        };
        reading.check_hidden()?;
        // SECURITY: a reader of docker archives loads the images of `manifest.json`, and no other.
        match (&artifact, &self.loaded) {
            (ImageArtifact::Image(image), Some(loaded)) if !loaded.contains(&image.config) => {
                Err(self.place.fault(ImageFault::NotLoaded { config: image.config }))
            }
            _ => Ok(artifact),
        }
    }
}

/// An image that was asked for by itself, where it has the platform asked for.
fn single(
    reading: &Reading<'_>,
    image: ImageFacts,
    wanted_platform: Option<&str>,
) -> Result<ImageArtifact, ArtifactError> {
    match wanted_platform.filter(|wanted| !platform::fits(&image.platform, wanted)) {
        Some(wanted) => Err(reading.platform_fault(wanted, 0, &image.platform)),
        None => Ok(ImageArtifact::Image(image)),
    }
}

fn index(
    reading: &mut Reading<'_>,
    digest: Sha256,
    index: &Index,
    wanted_platform: Option<&str>,
) -> Result<ImageArtifact, ArtifactError> {
    match wanted_platform {
        Some(wanted) => reading.one_of(digest, index, wanted).map(ImageArtifact::Image),
        None => reading.index(digest, index).map(ImageArtifact::Index),
    }
}

/// Indexes a source and says how images lie in it; `None` where none do.
///
/// The rules for archives of images judge no archive that is none: members twice, absolute names and sparse files are refused where some
/// reader may find images.
fn found<'a>(source: Source<'a>, limits: &Limits) -> Result<Option<(Place<'a>, Found)>, ArtifactError> {
    if !matches!(Place::look(source)?, Look::Indexable) {
        return Ok(None);
    }
    let (place, odd) = match Place::indexed(source, limits) {
        Ok(indexed) => indexed,
        Err(error) => return if Place::names_images(source, limits)? { Err(error) } else { Ok(None) },
    };
    let form = form_of(&place, limits);
    match odd {
        None => Ok(form?.map(|form| (place, form))),
        // SECURITY: another reader may take the other one, or follow the link to it.
        Some(odd) if place.may_be_images() && (odd.of_mark || place.has_linked_mark()) => Err(odd.error),
        Some(odd) => {
            if matches!(form, Ok(None)) {
                Ok(None)
            } else {
                Err(odd.error)
            }
        }
    }
}

/// The form of a place; an archive with both is an OCI one when that lists something, and then both must list the same images.
fn form_of(place: &Place<'_>, limits: &Limits) -> Result<Option<Found>, ArtifactError> {
    if place.is_folder() {
        let is_layout = place.has_file(LAYOUT)?;
        if !is_layout {
            unmarked::check(place, limits)?;
        }
        unmarked::check_dir(place, limits)?;
        return Ok(is_layout.then_some(Form::OciLayout.into()));
    }
    let manifest = place.bytes(MANIFEST, "manifest.json", limits.manifest_bytes);
    if place.has_file(LAYOUT)? && place.has_file(INDEX)? {
        let root = read_root(place, limits)?;
        let may_be_docker = match &manifest {
            Ok(bytes) => bytes.as_ref().is_some_and(|bytes| !docker::is_none(place.name(), bytes, limits)),
            Err(_) => true,
        };
        if root.index.manifests.is_empty() && may_be_docker {
            docker::read(place, limits)?;
            return Ok(Some(Form::DockerArchive.into()));
        }
        let loaded = may_be_docker.then(|| loaded_alike(place, &root, limits)).transpose()?;
        return Ok(Some(Found { form: Form::OciArchive, loaded }));
    }
    let is_docker = match manifest {
        Ok(Some(bytes)) if !docker::is_manifest(place.name(), &bytes, limits) => {
            let may_be = docker::may_be_manifest(place.name(), &bytes, limits);
            if may_be {
                docker::read(place, limits)?;
            }
            may_be
        }
        Ok(bytes) => bytes.is_some(),
        // SECURITY: what is there and cannot be read here, as a link that leads out, may be read by others.
        Err(error) if !unmarked::is_over_limit(&error) => return Err(error),
        // SECURITY: engines have no such limit.
        Err(error) if unmarked::may_be_large_manifest(place, limits)? => return Err(error),
        Err(_) => false,
    };
    // SECURITY: readers of OCI archives in use never look for `oci-layout`.
    if is_docker && place.has_file(INDEX)? {
        return Err(place.fault(ImageFault::HalfLayout));
    }
    if !place.has_file(LAYOUT)? {
        unmarked::check(place, limits)?;
    }
    Ok(is_docker.then_some(Form::DockerArchive.into()))
}

/// The configs of the images in `manifest.json`.
///
/// # Errors
/// [`ImageFault::OtherImages`] for one that `index.json` does not offer, [`ImageFault::OtherName`] for a name that means another one there.
///
/// SECURITY: readers of docker archives look at `manifest.json` alone.
fn loaded_alike(place: &Place<'_>, root: &Root, limits: &Limits) -> Result<BTreeSet<Sha256>, ArtifactError> {
    let mut progress = |_| {};
    let reading = Reading::new(place, limits, &mut progress);
    let choices = list(place, root, limits).choices;
    let is_choice = |of: &&Descriptor| choices.iter().any(|choice| choice.digest.0 == of.digest);
    let mut known = BTreeMap::new();
    let mut offered = Vec::new();
    for descriptor in root.index.manifests.iter().filter(is_choice) {
        offered.push((descriptor, reading.configs(descriptor, 0, &mut known)));
    }
    // Of each name, and of each tag that is the only name: the configs of what has it.
    let mut by_name: BTreeMap<String, Vec<&BTreeSet<Sha256>>> = BTreeMap::new();
    let mut by_tag: BTreeMap<&str, Vec<&BTreeSet<Sha256>>> = BTreeMap::new();
    for (of, configs) in &offered {
        let full: BTreeSet<String> = of.names.iter().map(|name| filled_up(name)).collect();
        full.into_iter().for_each(|name| by_name.entry(name).or_default().push(configs));
        if let Some(tag) = of.names.first().filter(|tag| of.names.iter().all(|name| name == *tag)) {
            by_tag.entry(tag).or_default().push(configs);
        }
    }
    let mut loaded = BTreeSet::new();
    let mut configs = Configs::default();
    for image in docker::read(place, limits)? {
        let (config, bytes) = read::docker_config(place, &image, limits)?;
        configs.add(Names { source: place.name(), document: "manifest.json" }, &bytes, limits)?;
        if !offered.iter().any(|(_, configs)| configs.contains(&config)) {
            return Err(place.fault(ImageFault::OtherImages { config }));
        }
        for name in image.tags.iter().collect::<BTreeSet<_>>() {
            let full = filled_up(name);
            let has_it = |configs: &&BTreeSet<Sha256>| configs.contains(&config);
            // A descriptor may have the tag for its only name.
            let alike = match (by_name.get(&full), tag_of(&full).and_then(|tag| by_tag.get(tag))) {
                (Some(named), _) => named.iter().all(has_it),
                (None, Some(tagged)) => tagged.iter().any(has_it),
                (None, None) => true,
            };
            if !alike {
                return Err(place.fault(ImageFault::OtherName { name: shown(name) }));
            }
        }
        loaded.insert(config);
    }
    Ok(loaded)
}

/// Reads `oci-layout` and `index.json`.
///
/// SPEC: OCI image-spec image-layout.md.
fn read_root(place: &Place<'_>, limits: &Limits) -> Result<Root, ArtifactError> {
    let needed = |member: &[u8], shown: &str| {
        let absent = || place.fault(ImageFault::NoImage { expected: "OCI layout", missing: format!("`{shown}`") });
        place.bytes(member, shown, limits.manifest_bytes)?.ok_or_else(absent)
    };
    let layout = needed(LAYOUT, "oci-layout")?;
    let names = Names { source: place.name(), document: "oci-layout" };
    let value = names.parse(&layout, limits.manifest_bytes, limits)?;
    match Object::of(names, String::new(), &value)?.text("imageLayoutVersion")? {
        Some("1.0.0") => {}
        other => return Err(names.unsupported("imageLayoutVersion", other.unwrap_or_default())),
    }
    let bytes = needed(INDEX, "index.json")?;
    let names = Names { source: place.name(), document: "index.json" };
    let index = manifest::read_root(names, &bytes, limits)?;
    Ok(Root { digest: Sha256::of(&bytes), bytes, index })
}

/// What `index.json` lists.
#[derive(Default)]
struct Listed {
    choices: Vec<Choice>,
    hidden: Vec<Hidden>,
    attached: Vec<Choice>,
    /// Of what each is; `None` where it does not say.
    referrers: Vec<(Option<Sha256>, Referrer)>,
}

fn list(place: &Place<'_>, root: &Root, limits: &Limits) -> Listed {
    let mut listed = Listed::default();
    let (mut choices, mut attached) = (Choices::default(), Choices::default());
    // LIMIT: manifests read to learn what they are, in bytes of all.
    let mut budget = limits.json_bytes;
    let mut all_by_platform = true;
    for descriptor in &root.index.manifests {
        let kind = DocumentKind::of(&descriptor.media_type);
        let unknown = descriptor.platform.as_deref() == Some(UNKNOWN_PLATFORM);
        let manifest = match kind {
            Some(DocumentKind::Manifest) => look_into(place, descriptor, &mut budget, limits),
            _ => None,
        };
        let is_image = manifest.as_ref().map(|manifest| manifest.is_image());
        let has_subject = manifest.as_ref().is_some_and(|manifest| manifest.subject.is_some());
        let reason = if kind.is_none() {
            Some("its media type is that of no manifest")
        } else if unknown {
            Some("its platform is unknown/unknown")
        } else if has_subject {
            Some("it has a subject")
        } else if is_image == Some(false) {
            Some("its config or its layers have media types of no image")
        } else {
            None
        };
        all_by_platform &= kind == Some(DocumentKind::Manifest)
            && descriptor.platform.is_some()
            && descriptor.names.is_empty()
            && (unknown || reason.is_none());
        let Some(reason) = reason else {
            choices.offer(choice(descriptor, kind == Some(DocumentKind::Index)));
            continue;
        };
        if has_subject && is_image == Some(true) && !unknown {
            attached.offer(choice(descriptor, false));
        }
        listed.hidden.push(Hidden {
            digest: ArtifactDigest(descriptor.digest),
            names: descriptor.names.clone(),
            reason,
            is_image: is_image.unwrap_or_else(|| may_be_manifest(place, descriptor, &mut budget, limits)),
        });
        if let Some(manifest) = manifest.filter(|_| !unknown)
            && (manifest.subject.is_some() || manifest.layers.iter().any(Descriptor::is_of_cosign))
            && !listed.referrers.iter().any(|(_, known)| known.digest.0 == descriptor.digest)
        {
            let subject = manifest.subject.or_else(|| descriptor.names.iter().find_map(|name| named_by_tag(name)));
            listed.referrers.push((subject, referrer(descriptor.digest, *manifest)));
        }
    }
    (listed.choices, listed.attached) = (choices.into_vec(), attached.into_vec());
    if all_by_platform && listed.choices.len() > 1 {
        listed.choices.push(Choice {
            digest: ArtifactDigest(root.digest),
            media_type: root.index.media_type.clone(),
            size: wide(root.bytes.len()),
            names: Vec::new(),
            platform: None,
            is_index: true,
        });
    }
    listed
}

/// True when a puller may take a blob for a manifest or index, whatever media type its descriptor gives it.
///
/// SECURITY: containers/image guesses the type of a manifest without one, and tries an unknown one as docker schema 1. What is
/// not known for certain to be none counts as one.
fn may_be_manifest(place: &Place<'_>, descriptor: &Descriptor, budget: &mut usize, limits: &Limits) -> bool {
    let bytes = match place.blob_bytes(descriptor.digest, limits.manifest_bytes.min(*budget)) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return false,
        Err(_) => return true,
    };
    *budget = budget.saturating_sub(bytes.len());
    let starts_object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let folded = bytes.to_ascii_lowercase();
    let has = |word: &[u8]| folded.windows(word.len()).any(|window| window == word);
    // A name may be escaped, or be folded to by a character outside ASCII.
    let plain = bytes.is_ascii() && !bytes.contains(&b'\\');
    starts_object && (!plain || has(b"schemaversion") || has(b"layers") || has(b"manifests"))
}

/// Reads a manifest to learn what it is. One that cannot be read is offered, and fails when it is read.
fn look_into(place: &Place<'_>, descriptor: &Descriptor, budget: &mut usize, limits: &Limits) -> Option<Box<Manifest>> {
    let limits = Limits { manifest_bytes: limits.manifest_bytes.min(*budget), ..*limits };
    let document = Reading::new(place, &limits, &mut |_| {}).document(descriptor);
    *budget = budget.saturating_sub(usize::try_from(descriptor.size).unwrap_or(usize::MAX));
    match document {
        Ok(Document::Manifest(manifest)) => Some(manifest),
        _ => None,
    }
}

fn referrer(digest: Sha256, manifest: Manifest) -> Referrer {
    Referrer {
        digest: ArtifactDigest(digest),
        artifact_type: manifest.artifact_type.unwrap_or(manifest.config.media_type),
        annotations: manifest.annotations,
        layers: manifest.layers.iter().map(Descriptor::blob).collect(),
    }
}

fn choice(descriptor: &Descriptor, is_index: bool) -> Choice {
    Choice {
        digest: ArtifactDigest(descriptor.digest),
        media_type: descriptor.media_type.clone(),
        size: descriptor.size,
        names: descriptor.names.clone(),
        platform: descriptor.platform.clone(),
        is_index,
    }
}
