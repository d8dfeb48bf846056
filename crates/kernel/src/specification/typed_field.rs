//! Typed handles: a field in code, that compares only with values of its own type.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::Specification;
use super::candidate::Candidate;
use super::field::{Field, Part, Path};
use super::kind::{Cash, Integer, Kind, ListOf, Many, Operand, ScalarKind, Searchable, Text, TextKind};
use super::operands::{Members, Pattern, Sought, Words};
use super::tree::{Comparison, Node, Quantified, Quantifier, Test};
use super::value::Value;
use crate::Result;

/// A field of `C` whose values are of kind `K`. Made by [`candidate!`](crate::candidate).
///
/// The name was looked up when the type was declared; a handle is a reference to the declaration.
pub struct TypedField<C, K> {
    path: Path,
    candidate: PhantomData<fn(&C) -> K>,
}

impl<C, K> TypedField<C, K> {
    /// The handle of this field. For [`candidate!`](crate::candidate), which knows that `C` and `K` are its own.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(field: &'static Field) -> Self {
        Self { path: field.whole(), candidate: PhantomData }
    }

    /// The declared field, or the part of it.
    #[must_use]
    pub const fn path(self) -> Path {
        self.path
    }

    const fn part<P>(self, part: Part) -> TypedField<C, P> {
        TypedField { path: Path { field: self.path.field, part }, candidate: PhantomData }
    }
}

impl<C: Candidate, K: Kind> TypedField<C, K> {
    /// It is null.
    #[must_use]
    pub fn is_null(self) -> Specification<C> {
        self.passes(Test::IsNull)
    }

    /// It is not null.
    #[must_use]
    pub fn is_not_null(self) -> Specification<C> {
        self.is_null().not()
    }

    fn passes(self, test: Test) -> Specification<C> {
        Specification::of(Node::predicate(self.path, test))
    }
}

impl<C: Candidate, K: ScalarKind> TypedField<C, K> {
    /// It equals `value`. Money of another currency does not; `None` equals null.
    #[must_use]
    pub fn eq(self, value: impl Operand<K::Base>) -> Specification<C> {
        self.compares(Comparison::Eq, value)
    }

    /// The exact complement of [`eq`](Self::eq): true where it is null.
    #[must_use]
    pub fn neq(self, value: impl Operand<K::Base>) -> Specification<C> {
        self.compares(Comparison::Neq, value)
    }

    /// It is smaller than `value`; false where it is null or money of another currency, like the next three.
    #[must_use]
    pub fn lt(self, value: impl Operand<K::Base>) -> Specification<C> {
        self.compares(Comparison::Lt, value)
    }

    /// It is not larger than `value`.
    #[must_use]
    pub fn lte(self, value: impl Operand<K::Base>) -> Specification<C> {
        self.compares(Comparison::Lte, value)
    }

    /// It is larger than `value`.
    #[must_use]
    pub fn gt(self, value: impl Operand<K::Base>) -> Specification<C> {
        self.compares(Comparison::Gt, value)
    }

    /// It is not smaller than `value`.
    #[must_use]
    pub fn gte(self, value: impl Operand<K::Base>) -> Specification<C> {
        self.compares(Comparison::Gte, value)
    }

    /// It is one of `values`; of none, never. A listed `None` is one that is null.
    #[must_use]
    pub fn is_in<V: Operand<K::Base>>(self, values: impl IntoIterator<Item = V>) -> Specification<C> {
        let values: Vec<_> = values.into_iter().map(V::into_value).collect();
        self.passes(Test::In(Members::new(values)))
    }

    fn compares(self, comparison: Comparison, value: impl Operand<K::Base>) -> Specification<C> {
        self.passes(Test::Compare(comparison, value.into_value()))
    }
}

impl<C: Candidate, K: TextKind> TypedField<C, K> {
    /// It contains `part`, case-sensitively; no character of it is a wildcard.
    #[must_use]
    pub fn contains(self, part: &str) -> Specification<C> {
        self.passes(Test::Contains(Sought::new(Value::Text(part.into()))))
    }

    /// It starts with `start`, likewise.
    #[must_use]
    pub fn starts_with(self, start: impl Into<Arc<str>>) -> Specification<C> {
        self.passes(Test::StartsWith(start.into()))
    }

    /// It ends with `end`, likewise.
    #[must_use]
    pub fn ends_with(self, end: impl Into<Arc<str>>) -> Specification<C> {
        self.passes(Test::EndsWith(end.into()))
    }

    /// The regular expression is found somewhere in it.
    ///
    /// # Errors
    /// As [`Pattern::new`].
    pub fn matches(self, pattern: &str) -> Result<Specification<C>> {
        Ok(self.passes(Test::Matches(Pattern::new(pattern)?)))
    }
}

impl<C: Candidate> TypedField<C, Searchable<Text>> {
    /// It has every word of `words`, in any order and either case; of no words, it is not null.
    #[must_use]
    pub fn search(self, words: &str) -> Specification<C> {
        self.passes(Test::Search(Words::new(words)))
    }
}

impl<C: Candidate> TypedField<C, Cash> {
    /// Its minor units, whatever the currency.
    #[must_use]
    pub const fn amount(self) -> TypedField<C, Integer> {
        self.part(Part::Amount)
    }

    /// The code of its currency.
    #[must_use]
    pub const fn currency(self) -> TypedField<C, Text> {
        self.part(Part::Currency)
    }
}

impl<C: Candidate, E: Candidate> TypedField<C, Many<E>> {
    /// At least one element satisfies `inner`.
    #[must_use]
    pub fn any(self, inner: Specification<E>) -> Specification<C> {
        self.quantified(Quantifier::Any, inner)
    }

    /// Every element satisfies `inner`; there may be none.
    #[must_use]
    pub fn all(self, inner: Specification<E>) -> Specification<C> {
        self.quantified(Quantifier::All, inner)
    }

    fn quantified(self, quantifier: Quantifier, inner: Specification<E>) -> Specification<C> {
        let collection = self.path.field;
        inner.inside(|inner| Node::Quantified(Quantified { quantifier, collection, inner: Box::new(inner) }))
    }
}

impl<C: Candidate, K: Kind> TypedField<C, ListOf<K>> {
    /// The value is among them.
    #[must_use]
    pub fn contains(self, value: impl Operand<K>) -> Specification<C> {
        self.passes(Test::Contains(Sought::new(value.into_value())))
    }
}

impl<C, K> Clone for TypedField<C, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C, K> Copy for TypedField<C, K> {}

impl<C, K> fmt::Debug for TypedField<C, K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.path, formatter)
    }
}
