//! Specifications in files that serde reads: a program's configuration, for one.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};

use super::{Candidate, Specification};

/// As its text.
impl<C: Candidate> Serialize for Specification<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.tree().map_err(S::Error::custom)?;
        serializer.collect_str(self)
    }
}

/// From its text, or from the tree that is its JSON. What is wrong is said as [`Specification::parse`] says it.
impl<'de, C: Candidate> Deserialize<'de> for Specification<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrTree(PhantomData))
    }
}

struct TextOrTree<C>(PhantomData<fn() -> C>);

impl<'de, C: Candidate> Visitor<'de> for TextOrTree<C> {
    type Value = Specification<C>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a specification, as text or as a tree")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Specification::parse(text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, tree: A) -> Result<Self::Value, A::Error> {
        let tree = serde_json::Value::deserialize(MapAccessDeserializer::new(tree))?;
        Specification::from_json(&tree).map_err(serde::de::Error::custom)
    }
}
