//! Indexes that a view declares: which questions are worth one. Stores that keep indexes build these.

use std::fmt;
use std::marker::PhantomData;

use crate::Candidate;
use crate::specification::{Field, Many, Path, ScalarKind, Searchable, Text, TypedField};

/// What an index is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IndexKind {
    /// Equality and `in`.
    Hash,
    /// Ranges, the start of a text, and pages in order.
    Ordered,
    /// `search`.
    Words,
}

/// An index on a field of `V`, or on a field of the elements of a collection of `V`.
///
/// It changes how fast a question is answered, and never the answer.
pub struct Index<V> {
    kind: IndexKind,
    within: Option<&'static Field>,
    path: Path,
    view: PhantomData<fn(&V)>,
}

impl<V: Candidate> Index<V> {
    /// For equality and `in`.
    #[must_use]
    pub const fn hash<K: ScalarKind>(field: TypedField<V, K>) -> Self {
        Self::new(IndexKind::Hash, None, field.path())
    }

    /// For ranges, the start of a text, and pages in the order of this field.
    #[must_use]
    pub const fn ordered<K: ScalarKind>(field: TypedField<V, K>) -> Self {
        Self::new(IndexKind::Ordered, None, field.path())
    }

    /// For `search`.
    #[must_use]
    pub const fn words(field: TypedField<V, Searchable<Text>>) -> Self {
        Self::new(IndexKind::Words, None, field.path())
    }

    /// For equality and `in` inside `any`.
    #[must_use]
    pub const fn hash_within<E: Candidate, K: ScalarKind>(
        collection: TypedField<V, Many<E>>,
        field: TypedField<E, K>,
    ) -> Self {
        Self::new(IndexKind::Hash, Some(collection.path().field), field.path())
    }

    /// For `search` inside `any`.
    #[must_use]
    pub const fn words_within<E: Candidate>(
        collection: TypedField<V, Many<E>>,
        field: TypedField<E, Searchable<Text>>,
    ) -> Self {
        Self::new(IndexKind::Words, Some(collection.path().field), field.path())
    }

    /// What it is good for.
    #[must_use]
    pub const fn kind(&self) -> IndexKind {
        self.kind
    }

    /// The collection whose elements are indexed.
    #[must_use]
    pub const fn within(&self) -> Option<&'static Field> {
        self.within
    }

    /// The field: of the view, or of the elements.
    #[must_use]
    pub const fn path(&self) -> Path {
        self.path
    }

    const fn new(kind: IndexKind, within: Option<&'static Field>, path: Path) -> Self {
        Self { kind, within, path, view: PhantomData }
    }
}

impl<V> fmt::Display for Index<V> {
    /// `hash index on seller`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            IndexKind::Hash => "hash",
            IndexKind::Ordered => "ordered",
            IndexKind::Words => "word",
        };
        write!(formatter, "{kind} index on ")?;
        if let Some(within) = self.within {
            write!(formatter, "{}.", within.name)?;
        }
        fmt::Display::fmt(&self.path, formatter)
    }
}

impl<V> fmt::Debug for Index<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
