//! The config of an image -> the fields that take effect in a container.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use serde_json::{Map, Value};

use super::document::{Names, Object, fold, shown};
use super::fault::ImageFault;
use super::manifest::platform;
use crate::error::ArtifactError;
use crate::note::NoteKind;

/// Top-level members that only describe or select; what a container does is in `config`.
const DESCRIPTIVE: &[&str] = &[
    "config",
    "created",
    "author",
    "history",
    "rootfs",
    "architecture",
    "os",
    "variant",
    "os.version",
    "os.features",
    "docker_version",
    "container",
    "container_config",
    "parent",
    "id",
    "throwaway",
    "comment",
    "Size",
    "VirtualSize",
];

/// The member of `container_config` that takes effect.
const HEALTHCHECK: &str = "Healthcheck";

/// Members of `config` that old builders left there; no engine applies them.
const LEFTOVERS: &[&str] = &["Image", "Hostname", "Domainname"];

/// Members of `config` whose members are fields of their own.
const SPLIT: &[(&str, &str)] = &[("Labels", "\"\""), ("ExposedPorts", "{}"), ("Volumes", "{}")];

/// Where a config document comes from: it decides what `null` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigOrigin {
    /// The config of an image: `null` is absent.
    Image,
    /// A source file that states how a build shall set the config: `null` takes the field away.
    Source,
}

/// What a config document says of one field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldValue {
    /// The value as canonical JSON: no spaces, members sorted by the bytes of their names.
    Value(String),
    /// The field is taken away; only of a source file.
    Removed,
}

/// Lists the fields of an image config that take effect in a container.
///
/// In: an OCI or docker image config; `name` is for messages.
/// Out: field to value. Of member `config`: each variable of `Env` as `Env/NAME` (the text after `=`), each member of `Labels`,
/// `ExposedPorts` and `Volumes` as `Labels/KEY` and so on, every other member under its own name. Of the top level: members that
/// this reader does not know, under their own name. Values that are empty (`null`, `""`, `[]`, `{}`, `false`, 0), and
/// `WorkingDir` `/`, are as if absent; but a variable, label, port or volume is there also with an empty value.
/// Not listed, because no engine applies them: `created author history rootfs architecture os variant os.version os.features
/// docker_version container container_config parent id throwaway comment Size VirtualSize`, and of `config` `Image Hostname Domainname`. But a
/// `Healthcheck` of `container_config` is listed, as `container_config/Healthcheck`: Podman runs it.
/// With [`ConfigOrigin::Source`] a member that is `null` is [`FieldValue::Removed`]; `Env`, `Labels`, `ExposedPorts` or `Volumes`
/// itself being `null` is so under that name alone, and means all below it.
///
/// # Errors
/// [`ArtifactError::Document`] for what is not strict JSON or over `limits.config_bytes`; [`ArtifactError::Image`] for another shape, a
/// variable twice or without `=`, and two members that readers without regard to case take for one.
///
/// SPEC: OCI image-spec config.md; docker image spec 1.2.
pub fn config_fields(
    name: &str,
    json: &[u8],
    origin: ConfigOrigin,
    limits: &Limits,
) -> Result<BTreeMap<String, FieldValue>, ArtifactError> {
    let names = Names { source: name, document: "the config" };
    let value = names.parse(json, limits.config_bytes, limits)?;
    fields(&Object::of(names, String::new(), &value)?, origin)
}

/// A config, read as far as an image needs it.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) platform: String,
    pub(super) diff_ids: Vec<Sha256>,
    pub(super) fields: BTreeMap<String, String>,
    /// What is odd about the history beside the layers.
    pub(super) history: Option<NoteKind>,
}

/// Reads the config of an image.
pub(super) fn read(names: Names<'_>, bytes: &[u8], limits: &Limits) -> Result<Config, ArtifactError> {
    let value = names.parse(bytes, limits.config_bytes, limits)?;
    let object = Object::of(names, String::new(), &value)?;
    let rootfs = object.object("rootfs")?.ok_or_else(|| object.shape("rootfs", "an object"))?;
    match rootfs.text("type")? {
        Some("layers") => {}
        other => return Err(names.unsupported("type of rootfs", other.unwrap_or_default())),
    }
    let diff_ids = rootfs.texts("diff_ids")?;
    let fields = fields(&object, ConfigOrigin::Image)?;
    let values = fields.into_iter().filter_map(|(name, value)| match value {
        FieldValue::Value(text) => Some((name, text)),
        FieldValue::Removed => None,
    });
    Ok(Config {
        platform: platform(&object)?,
        history: history(&object, diff_ids.len())?,
        diff_ids: diff_ids.into_iter().map(|text| names.digest(text)).collect::<Result<_, _>>()?,
        fields: values.collect(),
    })
}

/// Compares the entries of the history that made a layer with the layers there are.
///
/// SPEC: OCI image-spec config.md, `history`; moby `image.Store.Create` refuses more of them than there are layers, and nothing else.
fn history(object: &Object<'_>, layers: usize) -> Result<Option<NoteKind>, ArtifactError> {
    let entries = object.array("history")?;
    let mut made = 0;
    for (at, entry) in entries.iter().enumerate() {
        // Go reads `null` as an entry that says nothing.
        if entry.is_null() {
            made += 1;
            continue;
        }
        let entry = Object::of(object.names, format!("/history/{at}"), entry)?;
        match entry.get("empty_layer")? {
            None | Some(Value::Bool(false)) => made += 1,
            Some(Value::Bool(true)) => {}
            Some(_) => return Err(entry.shape("empty_layer", "true or false")),
        }
    }
    Ok(match made.cmp(&layers) {
        _ if entries.is_empty() => None,
        Ordering::Less => Some(NoteKind::ShortHistory),
        Ordering::Equal => None,
        Ordering::Greater => Some(NoteKind::LongHistory),
    })
}

fn fields(object: &Object<'_>, origin: ConfigOrigin) -> Result<BTreeMap<String, FieldValue>, ArtifactError> {
    let mut fields = Fields { names: object.names, origin, found: BTreeMap::new() };
    fields.check_case(object.members())?;
    for (name, value) in object.members() {
        if name == "container_config" && value.is_object() {
            // SECURITY: Podman takes the health check of `container_config` and runs it.
            let container = object.object(name)?;
            let check = container.as_ref().map(|container| container.get(HEALTHCHECK)).transpose()?.flatten();
            check.map(|check| fields.member("container_config/Healthcheck", check)).transpose()?;
        }
        if DESCRIPTIVE.contains(&name.as_str()) {
            continue;
        }
        // SECURITY: `User` beside `config` has no effect, and must not pass for the one inside.
        if name.starts_with(|first: char| first.is_ascii_uppercase()) || name.contains('/') {
            return Err(object.shape(&shown(name), "a member that belongs there; it may belong into `config`"));
        }
        fields.member(name, value)?;
    }
    let Some(config) = object.object("config")? else { return Ok(fields.found) };
    fields.check_case(config.members())?;
    for (name, value) in config.members() {
        if name.contains('/') {
            return Err(config.shape(&shown(name), "a name without `/`"));
        }
        match name.as_str() {
            name if LEFTOVERS.contains(&name) => {}
            "Env" if !value.is_null() => fields.variables(&config.texts("Env")?)?,
            "WorkingDir" if value.as_str() == Some("/") => {}
            name => match SPLIT.iter().find(|(split, _)| *split == name) {
                Some((_, empty)) if !value.is_null() => {
                    fields.split(name, config.object(name)?.map(|object| object.members()), empty)?;
                }
                _ => fields.member(name, value)?,
            },
        }
    }
    Ok(fields.found)
}

struct Fields<'n> {
    names: Names<'n>,
    origin: ConfigOrigin,
    found: BTreeMap<String, FieldValue>,
}

impl Fields<'_> {
    fn member(&mut self, name: &str, value: &Value) -> Result<(), ArtifactError> {
        match value {
            Value::Null if self.origin == ConfigOrigin::Source => self.put(name.to_owned(), FieldValue::Removed),
            value if is_empty(value) => Ok(()),
            value => self.put(name.to_owned(), FieldValue::Value(canonical(value))),
        }
    }

    fn variables(&mut self, items: &[&str]) -> Result<(), ArtifactError> {
        for item in items {
            let (name, value) = match item.split_once('=') {
                Some((name, value)) if !name.is_empty() => (name, value),
                _ => return Err(self.ambiguous(item)),
            };
            let value = FieldValue::Value(Value::from(value).to_string());
            // SECURITY: of two values of one variable some runtimes take the first, some the last.
            let known = self.found.insert(format!("Env/{name}"), value.clone());
            if known.is_some_and(|known| known != value) {
                return Err(self.ambiguous(name));
            }
        }
        Ok(())
    }

    /// SPEC: Go reads `null` as a member that is there, with an empty value.
    fn split(&mut self, name: &str, members: Option<&Map<String, Value>>, empty: &str) -> Result<(), ArtifactError> {
        for (key, value) in members.into_iter().flatten() {
            let value = match value {
                Value::Null if self.origin == ConfigOrigin::Source => FieldValue::Removed,
                Value::Null => FieldValue::Value(empty.to_owned()),
                value => FieldValue::Value(canonical(value)),
            };
            self.put(format!("{name}/{key}"), value)?;
        }
        Ok(())
    }

    fn put(&mut self, name: String, value: FieldValue) -> Result<(), ArtifactError> {
        if self.found.contains_key(&name) {
            let (document, member) = (self.names.document.to_owned(), shown(&name));
            return Err(self.names.fault(ImageFault::FieldTwice { document, member }));
        }
        self.found.insert(name, value);
        Ok(())
    }

    /// SECURITY: of `Cmd` and `cmd` Go takes the last, whatever this reader shows.
    fn check_case(&self, members: &Map<String, Value>) -> Result<(), ArtifactError> {
        let mut seen = BTreeSet::new();
        for name in members.keys() {
            if !seen.insert(name.chars().map(fold).collect::<String>()) {
                let (document, member) = (self.names.document.to_owned(), shown(name));
                return Err(self.names.fault(ImageFault::CaseVariant { document, member }));
            }
        }
        Ok(())
    }

    fn ambiguous(&self, item: &str) -> ArtifactError {
        let (document, item) = (self.names.document.to_owned(), shown(item));
        self.names.fault(ImageFault::AmbiguousEnv { document, item })
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Writes a value without spaces, members sorted by the bytes of their names.
///
/// LIMIT: recursion is bounded by the nesting that the reader allowed.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            let members: Vec<String> = sorted
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        scalar => scalar.to_string(),
    }
}
