//! serde for the newtypes and word enums of the vocabulary: each is its text.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::actor::{ActorKind, Role, StepKind};
use crate::digest::{ArtifactDigest, FileDigest, GitId, InventoryRoot, KeyId, Sha256, StatementDigest};
use crate::inventory::EntryType;

macro_rules! as_text {
    ($($name:ident, $pattern:literal;)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    )*};
}

as_text! {
    Sha256, "^(sha256:)?[0-9a-f]{64}$";
    FileDigest, "^(sha256:)?[0-9a-f]{64}$";
    ArtifactDigest, "^(sha256:)?[0-9a-f]{64}$";
    StatementDigest, "^(sha256:)?[0-9a-f]{64}$";
    InventoryRoot, "^(sha256:)?[0-9a-f]{64}$";
    KeyId, "^(sha256:)?[0-9a-f]{64}$";
    GitId, "^([0-9a-f]{40}|[0-9a-f]{64})$";
}

macro_rules! as_word {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| {
                    let known: Vec<&str> = Self::ALL.iter().map(|word| word.as_str()).collect();
                    D::Error::custom(format!("`{text}` is none of: {}", known.join(", ")))
                })
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let known: Vec<&str> = Self::ALL.iter().map(|word| word.as_str()).collect();
                json_schema!({ "type": "string", "enum": known })
            }
        }
    )*};
}

as_word!(ActorKind, Role, StepKind, EntryType);
