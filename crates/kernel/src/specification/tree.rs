//! The tree of a specification: what adapters translate, by declared names only.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::field::{Field, Path};
use super::operands::{Members, Pattern, Sought, Words};
use super::value::Value;

/// A node of a specification.
///
/// Every node is true or false for every candidate; [`Node::Not`] is the exact complement. A translation must
/// match every variant: one it cannot say in its store's language is a residual, or refused; never left out.
#[derive(Clone, PartialEq)]
pub enum Node {
    /// Every candidate.
    Everything,
    /// All of them hold. At least two from the constructors.
    And(Vec<Node>),
    /// At least one of them holds. At least two from the constructors.
    Or(Vec<Node>),
    /// It does not hold.
    Not(Box<Node>),
    /// A field passes a test.
    Predicate(Predicate),
    /// Some or every element of a collection satisfies a specification of its own.
    Quantified(Quantified),
}

impl Node {
    /// No candidate.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Not(Box::new(Self::Everything))
    }

    /// Whether this says "no candidate" in as many words: `false`, or `in []`.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Not(inner) => **inner == Self::Everything,
            Self::Predicate(Predicate { test: Test::In(members), .. }) => members.values().is_empty(),
            _ => false,
        }
    }

    /// All of `nodes`: everything for none, the one for one.
    #[must_use]
    pub fn and(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            0 => Self::Everything,
            1 => nodes.remove(0),
            _ => Self::And(nodes),
        }
    }

    /// Any of `nodes`: nothing for none, the one for one.
    #[must_use]
    pub fn or(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            0 => Self::nothing(),
            1 => nodes.remove(0),
            _ => Self::Or(nodes),
        }
    }

    /// What `node` is not.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a constructor beside `and` and `or`")]
    pub fn not(node: Self) -> Self {
        Self::Not(Box::new(node))
    }

    /// The field at `path` passes `test`; a comparison with null takes its canonical form.
    #[must_use]
    pub fn predicate(path: Path, test: Test) -> Self {
        let predicate = |test| Self::Predicate(Predicate { path, test });
        match test {
            Test::Compare(Comparison::Eq, Value::Null) => predicate(Test::IsNull),
            Test::Compare(Comparison::Neq, Value::Null) => Self::not(predicate(Test::IsNull)),
            // Nothing is before or behind null.
            Test::Compare(_, Value::Null) => Self::nothing(),
            test => predicate(test),
        }
    }
}

/// A test of one field.
#[derive(Clone, PartialEq)]
pub struct Predicate {
    /// What is looked at.
    pub path: Path,
    /// What must hold of it.
    pub test: Test,
}

/// What must hold of a field's value. Each is false where the value is null, unless it says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It compares so. [`Comparison::Neq`] is true where the value is null. Never with null itself.
    Compare(Comparison, Value),
    /// It is one of these; null is where null is listed.
    In(Members),
    /// The text contains this text, literally; the collection contains this value.
    Contains(Sought),
    /// The text starts with this text, literally.
    StartsWith(Arc<str>),
    /// The text ends with this text, literally.
    EndsWith(Arc<str>),
    /// The pattern is found somewhere in the text.
    Matches(Pattern),
    /// It is null.
    IsNull,
    /// The text has every one of these words.
    Search(Words),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// They are equal.
    Eq,
    /// The exact complement of [`Comparison::Eq`].
    Neq,
    /// The field's is smaller.
    Lt,
    /// The field's is not larger.
    Lte,
    /// The field's is larger.
    Gt,
    /// The field's is not smaller.
    Gte,
}

impl Comparison {
    /// Whether it holds of values in this order; `None`: that do not compare, as money of two currencies.
    #[must_use]
    #[inline]
    pub const fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Eq => matches!(order, Some(Ordering::Equal)),
            Self::Neq => !matches!(order, Some(Ordering::Equal)),
            Self::Lt => matches!(order, Some(Ordering::Less)),
            Self::Lte => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Gt => matches!(order, Some(Ordering::Greater)),
            Self::Gte => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }

    /// Its sign in text.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Neq => "!=",
            Self::Lt => "<",
            Self::Lte => "<=",
            Self::Gt => ">",
            Self::Gte => ">=",
        }
    }
}

/// Some or every element of a collection.
#[derive(Clone, PartialEq)]
pub struct Quantified {
    /// How many must satisfy.
    pub quantifier: Quantifier,
    /// The collection.
    pub collection: &'static Field,
    /// What they must satisfy; its paths are those of the elements.
    pub inner: Box<Node>,
}

/// How many elements must satisfy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// At least one: false of an empty collection.
    Any,
    /// Every one: true of an empty collection.
    All,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.name == other.name && self.field_type == other.field_type)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for Quantified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
