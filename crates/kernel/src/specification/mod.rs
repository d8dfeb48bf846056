//! Specifications (Evans, Fowler): a predicate over the fields of a view or an aggregate, as a plain value.
//!
//! It is built in code with typed fields, evaluated in memory, or translated by an adapter into the language of
//! its store; all of these select the same candidates. Memory ([`Node::is_satisfied_by`]) is the definition.
//! Criteria compose; sort and page do not, and belong to the [query](crate::Query) around them.
//!
//! - [`candidate!`](crate::candidate) declares the fields of a type, once; [`TypedField`]s build from them.
//! - [`Specification`] combines, tests, and hands its [`Node`]s to an adapter.
//! - A null is never unknown: every test is true or false, and `not` is the exact complement.

mod candidate;
mod check;
mod close;
mod decimal;
mod evaluate;
mod field;
mod json;
mod kind;
mod normalise;
mod operands;
mod print;
mod resolve;
mod select;
mod serial;
mod text;
mod tree;
mod typed_field;
mod value;
mod why;

use std::fmt;
use std::marker::PhantomData;

pub use candidate::{Candidate, Elements, Scalars};
pub use check::{MAX_DEPTH, MAX_NODES, MAX_PATTERNS};
use check::{Size, too_large};
pub use decimal::{Decimal, ParseDecimalError};
pub use field::{Field, Part, Path, Schema, Type, UnknownField};
pub use json::JsonError;
pub use kind::{
    AnyIdentity, Boolean, Cash, Choice, Computed, Embedded, Enumeration, FieldType, Identity, Integer, Kind,
    ListOf, Many, Number, Operand, Presence, ScalarKind, Searchable, Text, TextKind, Time, computed,
};
pub use operands::{Members, Pattern, Sought, Words};
pub use select::Chosen;
pub use text::{MAX_TEXT_BYTES, ParseError};
pub use tree::{Comparison, Node, Predicate, Quantified, Quantifier, Test};
pub use typed_field::TypedField;
pub use value::{Value, ValueRef};
pub use why::{Reason, WhyNot};

use crate::Result;

/// Which candidates are meant: a predicate over the declared fields of `C`.
///
/// # Behaviour
/// A specification has at most [`MAX_NODES`] nodes, [`MAX_DEPTH`] deep, and [`MAX_PATTERNS`] regular expressions.
/// One that has outgrown that selects
/// nothing, and neither does anything made of it; its [`tree`](Self::tree) is an error, so that every repository
/// refuses it before any I/O.
pub struct Specification<C> {
    root: Root,
    candidate: PhantomData<fn(&C)>,
}

/// The tree is dropped at once when it outgrows its bounds: none is ever too deep to be walked or dropped.
#[derive(Clone, PartialEq)]
enum Root {
    Tree { node: Node, size: Size },
    Outgrown,
}

impl<C: Candidate> Specification<C> {
    /// Every candidate.
    #[must_use]
    pub fn everything() -> Self {
        Self::of(Node::Everything)
    }

    /// No candidate.
    #[must_use]
    pub fn nothing() -> Self {
        Self::of(Node::nothing())
    }

    /// Those that satisfy all of `parts`: everything for none, the one for one.
    #[must_use]
    pub fn all_of(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::combined(parts, Node::and)
    }

    /// Those that satisfy any of `parts`: nothing for none, the one for one.
    #[must_use]
    pub fn any_of(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::combined(parts, Node::or)
    }

    /// Those that satisfy both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::all_of([self, other])
    }

    /// Those that satisfy either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::any_of([self, other])
    }

    /// All others: the exact complement.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "it is implemented; this reads well in a chain")]
    pub fn not(self) -> Self {
        self.inside(Node::not)
    }

    /// Whether the candidate is meant.
    #[must_use]
    #[inline]
    pub fn is_satisfied_by(&self, candidate: &C) -> bool {
        match &self.root {
            Root::Tree { node, .. } => node.is_satisfied_by(candidate),
            Root::Outgrown => false,
        }
    }

    /// The same candidates, said shorter; see [`Node::normalised`].
    #[must_use]
    pub fn normalised(self) -> Self {
        match self.root {
            Root::Tree { node, .. } => Self::of(node.normalised()),
            Root::Outgrown => self,
        }
    }

    /// The tree, for an adapter that translates it.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for a specification that has outgrown its bounds.
    pub fn tree(&self) -> Result<&Node> {
        match &self.root {
            Root::Tree { node, .. } => Ok(node),
            Root::Outgrown => Err(too_large()),
        }
    }

    /// The specification that this tree is.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for a tree past the bounds, with a field that `C` does not
    /// declare, with a value of another type than its field, or an operator that its field does not answer.
    pub fn from_tree(node: Node) -> Result<Self> {
        let specification = Self::of(node);
        check::check(specification.tree()?, C::schema())?;
        Ok(specification)
    }

    /// The specification in this text, like `status = "published" and price < "50.00 EUR"`. What
    /// [`Display`](fmt::Display) prints is read back as it was.
    ///
    /// # Errors
    /// [`ParseError`], which names the place, and close names of a field that is not there.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        text::parse(text, C::schema()).map(Self::of)
    }

    /// The specification in this JSON document, like `{"op": "eq", "field": "status", "value": "published"}`.
    ///
    /// # Errors
    /// [`JsonError`], which points to the place.
    pub fn parse_json(text: &str) -> Result<Self, JsonError> {
        json::read_text(text, C::schema()).map(Self::of)
    }

    /// The specification in this JSON value.
    ///
    /// # Errors
    /// As [`parse_json`](Self::parse_json).
    pub fn from_json(json: &serde_json::Value) -> Result<Self, JsonError> {
        json::read(json, C::schema()).map(Self::of)
    }

    /// The specification as JSON, which [`from_json`](Self::from_json) reads back as it was.
    ///
    /// # Errors
    /// As [`tree`](Self::tree).
    pub fn to_json(&self) -> Result<serde_json::Value> {
        self.tree().map(json::write)
    }

    /// Of a tree that is known to be one over the fields of `C`.
    fn of(node: Node) -> Self {
        let size = Size::of(&node);
        Self::sized(node, size)
    }

    fn sized(node: Node, size: Size) -> Self {
        let root = if size.fits() { Root::Tree { node, size } } else { Root::Outgrown };
        Self { root, candidate: PhantomData }
    }

    /// The same question of another type, which declares the fields that it asks under the same names: what a domain asks of
    /// its aggregates, asked of a view of them.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid), naming the place, where such a field is missing or of another type; as
    /// [`tree`](Self::tree).
    pub fn asked_of<D: Candidate>(&self) -> Result<Specification<D>> {
        Ok(Specification::from_json(&self.to_json()?)?)
    }

    fn combined(parts: impl IntoIterator<Item = Self>, combine: fn(Vec<Node>) -> Node) -> Self {
        let mut nodes = Vec::new();
        let mut size = Size::over([]);
        for part in parts {
            match part.root {
                Root::Tree { node, size: part } => {
                    size = size.with(part);
                    nodes.push(node);
                }
                Root::Outgrown => return part,
            }
            if !size.fits() {
                return Self { root: Root::Outgrown, candidate: PhantomData };
            }
        }
        match nodes.len() {
            0 | 1 => Self::of(combine(nodes)),
            _ => Self::sized(combine(nodes), size),
        }
    }
}

impl<E> Specification<E> {
    /// Puts the tree into a larger one, over the same type or another.
    fn inside<C: Candidate>(self, wrap: impl FnOnce(Node) -> Node) -> Specification<C> {
        match self.root {
            Root::Tree { node, size } => Specification::sized(wrap(node), Size::over([size])),
            Root::Outgrown => Specification { root: Root::Outgrown, candidate: PhantomData },
        }
    }
}

impl<C: Candidate> std::ops::BitAnd for Specification<C> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl<C: Candidate> std::ops::BitOr for Specification<C> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl<C: Candidate> std::ops::Not for Specification<C> {
    type Output = Self;

    fn not(self) -> Self {
        self.inside(Node::not)
    }
}

impl<C: Candidate> Default for Specification<C> {
    fn default() -> Self {
        Self::everything()
    }
}

impl<C> Clone for Specification<C> {
    fn clone(&self) -> Self {
        Self { root: self.root.clone(), candidate: PhantomData }
    }
}

impl<C> PartialEq for Specification<C> {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

impl<C> fmt::Display for Specification<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.root {
            Root::Tree { node, .. } => fmt::Display::fmt(node, formatter),
            Root::Outgrown => formatter.write_str("(too large a specification)"),
        }
    }
}

impl<C> fmt::Debug for Specification<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
