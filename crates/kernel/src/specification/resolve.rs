//! From names and literals, as text and JSON have them, to declared fields and typed values.

use super::check::check_predicate;
use super::field::{Field, Path, Schema, Type, UnknownField};
use super::operands::{Members, Pattern, Sought, Words};
use super::tree::{Comparison, Node, Quantified, Quantifier, Test};
use super::value::Value;
use crate::Money;

/// A field, perhaps inside collections: `lines.sku` outside of `any` and `all` asks for any line.
pub(super) struct Target {
    /// The collections on the way, the outermost first.
    within: Vec<&'static Field>,
    pub(super) path: Path,
    schema: &'static Schema,
}

/// What is said about a field, with its operands read already.
pub(super) enum Claim {
    Compare(Comparison, Value),
    In(Vec<Value>),
    Contains(Value),
    StartsWith(String),
    EndsWith(String),
    Matches(String),
    Search(String),
    IsNull,
}

impl Target {
    /// The field with this name among those of `schema`, or of the elements of one of its collections.
    pub(super) fn resolve(schema: &'static Schema, name: &str) -> Result<Self, UnknownField> {
        if let Ok(path) = schema.path(name) {
            return Ok(Self { within: Vec::new(), path, schema });
        }
        name.match_indices('.')
            .filter_map(|(dot, _)| Some((schema.field(&name[..dot])?, &name[dot + 1..])))
            .find_map(|(collection, rest)| match collection.field_type {
                Type::Elements(elements) => Some((collection, Self::resolve(elements(), rest))),
                _ => None,
            })
            .map_or_else(
                || Err(schema.unknown(name)),
                |(collection, inside)| {
                    let mut target = inside?;
                    target.within.insert(0, collection);
                    Ok(target)
                },
            )
    }

    /// The type of the field's values.
    pub(super) const fn value_type(&self) -> Type {
        self.path.value_type()
    }

    /// The schema of the elements, where the field is a collection of such.
    pub(super) fn elements(&self) -> Result<&'static Schema, String> {
        match self.value_type() {
            Type::Elements(elements) => Ok(elements()),
            other => Err(format!("`{}` is {other}; `any` and `all` ask a collection", self.path)),
        }
    }

    /// Some or every element satisfies `inner`.
    pub(super) fn quantified(&self, quantifier: Quantifier, inner: Node) -> Node {
        let collection = self.path.field;
        self.wrap(Node::Quantified(Quantified { quantifier, collection, inner: Box::new(inner) }))
    }

    /// The node that makes this claim about the field.
    pub(super) fn claim(&self, claim: Claim) -> Result<Node, String> {
        let test = match claim {
            // The complement of `any`, as `!=` is that of `=`.
            Claim::Compare(Comparison::Neq, value) if !self.within.is_empty() => {
                return Ok(Node::not(self.claim(Claim::Compare(Comparison::Eq, value))?));
            }
            Claim::Compare(comparison, value) => Test::Compare(comparison, value),
            Claim::In(values) => Test::In(Members::new(values)),
            Claim::Contains(value) => Test::Contains(Sought::new(value)),
            Claim::StartsWith(start) => Test::StartsWith(start.into()),
            Claim::EndsWith(end) => Test::EndsWith(end.into()),
            Claim::Matches(pattern) => {
                Test::Matches(Pattern::new(&pattern).map_err(|error| error.to_string())?)
            }
            Claim::Search(words) => Test::Search(Words::new(&words)),
            Claim::IsNull => Test::IsNull,
        };
        if let Test::Compare(comparison, Value::Null) = &test
            && !matches!(comparison, Comparison::Eq | Comparison::Neq)
        {
            return Err(format!("nothing is `{comparison}` null; ask `is null` or `is not null`"));
        }
        match Node::predicate(self.path, test) {
            Node::Predicate(predicate) => {
                check_predicate(&predicate, self.schema).map_err(|error| error.to_string())?;
                Ok(self.wrap(Node::Predicate(predicate)))
            }
            node => Ok(self.wrap(node)),
        }
    }

    fn wrap(&self, node: Node) -> Node {
        self.within.iter().rev().fold(node, |inner, collection| {
            Node::Quantified(Quantified { quantifier: Quantifier::Any, collection, inner: Box::new(inner) })
        })
    }
}

/// The value that a text in quotes is for a field of this type.
pub(super) fn from_text(path: Path, value_type: Type, text: String) -> Result<Value, String> {
    let refused = |error: &dyn std::fmt::Display| error.to_string();
    match value_type {
        Type::Text => Ok(Value::Text(text.into())),
        Type::Enum(names) if names.contains(&text.as_str()) => Ok(Value::Text(text.into())),
        Type::Enum(names) => {
            let close = super::close::names(&text, names.iter().map(|name| (*name).to_owned()));
            let hint = close.first().map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
            Err(format!("`{path}` is {value_type}, not \"{}\"{hint}", excerpt(&text)))
        }
        Type::Uuid => text
            .parse()
            .map(Value::Uuid)
            .map_err(|_| format!("\"{}\" is not a UUID; `{path}` is one", excerpt(&text))),
        Type::Time => text.parse().map(Value::Time).map_err(|error| refused(&error)),
        Type::Money => text.parse::<Money>().map(Value::Money).map_err(|error| refused(&error)),
        Type::Decimal => text.parse().map(Value::Decimal).map_err(|error| refused(&error)),
        other => Err(format!("found \"{}\", but `{path}` is {other}", excerpt(&text))),
    }
}

/// The value that a number is for a field of this type.
pub(super) fn from_number(path: Path, value_type: Type, digits: &str) -> Result<Value, String> {
    match value_type {
        Type::Integer => digits
            .parse()
            .map(Value::Integer)
            .map_err(|_| format!("{} is not a whole number of 64 bits; `{path}` is one", excerpt(digits))),
        Type::Decimal => digits.parse().map(Value::Decimal).map_err(|error| format!("{error}")),
        Type::Money => Err(format!(
            "found {}, but `{path}` is money, written like \"12.50 EUR\"; its minor units are `{path}.amount`",
            excerpt(digits)
        )),
        other => Err(format!("found {}, but `{path}` is {other}", excerpt(digits))),
    }
}

/// The value that `true` or `false` is for a field of this type.
pub(super) fn from_boolean(path: Path, value_type: Type, value: bool) -> Result<Value, String> {
    match value_type {
        Type::Boolean => Ok(Value::Boolean(value)),
        other => Err(format!("found {value}, but `{path}` is {other}")),
    }
}

/// The type that an operand of the field's `contains` has.
pub(super) const fn contained_type(value_type: Type) -> Type {
    match value_type {
        Type::Scalars(of) => *of,
        // Of an enum's name any part may be asked for.
        _ => Type::Text,
    }
}

/// What is shown of a text in a message.
pub(super) fn excerpt(text: &str) -> String {
    const SHOWN: usize = 40;
    if text.chars().nth(SHOWN).is_none() {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}
