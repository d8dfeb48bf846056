//! What keeps a tree within its bounds and its types, wherever it comes from.

use super::field::{Path, Schema, Type};
use super::tree::{Node, Predicate, Quantified, Test};
use super::value::Value;
use crate::{Error, Result};

/// How large a specification may be.
pub const MAX_DEPTH: usize = 64;

/// How many nodes a specification may have.
pub const MAX_NODES: usize = 1_000;

/// How many regular expressions a specification may have: each costs milliseconds to make, and memory to keep.
pub const MAX_PATTERNS: usize = 16;

/// How large a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Nodes on the longest way down; 1 for a leaf.
    pub(super) depth: usize,
    /// All nodes.
    pub(super) nodes: usize,
    /// Those with a regular expression.
    pub(super) patterns: usize,
}

impl Size {
    const LEAF: Self = Self { depth: 1, nodes: 1, patterns: 0 };

    /// Of a node over these.
    pub(super) fn over(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(Self::LEAF, Self::with)
    }

    /// Of this node, with one more below it.
    pub(super) const fn with(self, part: Self) -> Self {
        Self {
            depth: if self.depth > part.depth { self.depth } else { part.depth + 1 },
            nodes: self.nodes.saturating_add(part.nodes),
            patterns: self.patterns.saturating_add(part.patterns),
        }
    }

    pub(super) fn of(node: &Node) -> Self {
        match node {
            Node::Predicate(Predicate { test: Test::Matches(_), .. }) => Self { patterns: 1, ..Self::LEAF },
            Node::Everything | Node::Predicate(_) => Self::LEAF,
            Node::Not(inner) => Self::over([Self::of(inner)]),
            Node::Quantified(Quantified { inner, .. }) => Self::over([Self::of(inner)]),
            Node::And(nodes) | Node::Or(nodes) => Self::over(nodes.iter().map(Self::of)),
        }
    }

    pub(super) const fn fits(self) -> bool {
        self.depth <= MAX_DEPTH && self.nodes <= MAX_NODES && self.patterns <= MAX_PATTERNS
    }
}

/// The error for a specification past its bounds.
pub(super) fn too_large() -> Error {
    Error::Invalid(format!(
        "a specification has at most {MAX_NODES} nodes, {MAX_DEPTH} deep, with {MAX_PATTERNS} regular expressions; \
         for many values use `in`"
    ))
}

/// Whether the tree is one over the fields of `schema`, with a value of the field's type in each place.
pub(super) fn check(node: &Node, schema: &'static Schema) -> Result<()> {
    match node {
        Node::Everything => Ok(()),
        Node::And(nodes) | Node::Or(nodes) if nodes.len() < 2 => {
            Err(Error::Invalid("`and` and `or` join at least two; see `Node::and` and `Node::or`".to_owned()))
        }
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().try_for_each(|node| check(node, schema)),
        Node::Not(inner) => check(inner, schema),
        Node::Predicate(predicate) => check_predicate(predicate, schema),
        Node::Quantified(Quantified { collection, inner, .. }) => {
            declared(collection.whole(), schema)?;
            match collection.field_type {
                Type::Elements(elements) => check(inner, elements()),
                other => Err(Error::Invalid(format!(
                    "`{}` is {other}; `any` and `all` ask a collection",
                    collection.name
                ))),
            }
        }
    }
}

pub(super) fn check_predicate(Predicate { path, test }: &Predicate, schema: &'static Schema) -> Result<()> {
    declared(*path, schema)?;
    let field_type = path.value_type();
    match test {
        Test::Compare(_, value) => takes(*path, field_type, value),
        Test::In(members) => members
            .values()
            .iter()
            .filter(|value| **value != Value::Null)
            .try_for_each(|value| takes(*path, field_type, value)),
        Test::Contains(sought) => match field_type {
            Type::Scalars(of) => takes(*path, *of, sought.value()),
            field_type => {
                is_text(*path, field_type, "contains")?;
                takes(*path, Type::Text, sought.value())
            }
        },
        Test::StartsWith(_) => is_text(*path, field_type, "starts with"),
        Test::EndsWith(_) => is_text(*path, field_type, "ends with"),
        Test::Matches(_) => is_text(*path, field_type, "~"),
        Test::IsNull => Ok(()),
        Test::Search(_) if path.field.searchable => Ok(()),
        Test::Search(_) => Err(Error::Invalid(format!("`{path}` is not searchable"))),
    }
}

fn declared(path: Path, schema: &'static Schema) -> Result<()> {
    let same =
        schema.fields.get(usize::from(path.field.index)).is_some_and(|field| std::ptr::eq(field, path.field));
    if same { Ok(()) } else { Err(schema.unknown(&path.to_string()).into()) }
}

fn is_text(path: Path, field_type: Type, operator: &str) -> Result<()> {
    if field_type.is_text() {
        return Ok(());
    }
    Err(Error::Invalid(format!("`{path}` is {field_type}; `{operator}` asks text")))
}

/// Whether a field of this type can be compared with the value.
pub(super) fn takes(path: Path, field_type: Type, value: &Value) -> Result<()> {
    let fits = match (field_type, value) {
        (Type::Boolean, Value::Boolean(_))
        | (Type::Integer, Value::Integer(_))
        | (Type::Decimal, Value::Decimal(_))
        | (Type::Text, Value::Text(_))
        | (Type::Uuid, Value::Uuid(_))
        | (Type::Time, Value::Time(_))
        | (Type::Money, Value::Money(_)) => true,
        (Type::Enum(names), Value::Text(name)) => names.contains(&&**name),
        _ => false,
    };
    if fits { Ok(()) } else { Err(Error::Invalid(format!("`{path}` is {field_type}, not `{value}`"))) }
}
