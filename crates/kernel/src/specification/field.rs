//! What a type declares of its fields: the one source of typed handles, of the names in text and JSON, and of
//! column names and index mappings.

use std::fmt;

/// The fields of one type of candidate.
#[derive(Debug)]
pub struct Schema {
    /// What the candidate is called in messages: the name of its type.
    pub name: &'static str,
    /// Its fields, each at its own [`Field::index`].
    pub fields: &'static [Field],
}

impl Schema {
    /// The field that is declared with this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field or part of a field with this path: `title`, `price.amount`.
    ///
    /// # Errors
    /// [`UnknownField`], with the names that come close.
    pub fn path(&self, name: &str) -> Result<Path, UnknownField> {
        if let Some(field) = self.field(name) {
            return Ok(field.whole());
        }
        name.rsplit_once('.')
            .and_then(|(field, part)| {
                let field = self.field(field).filter(|field| field.field_type == Type::Money)?;
                let part = [Part::Amount, Part::Currency].into_iter().find(|known| known.name() == part)?;
                Some(Path { field, part })
            })
            .ok_or_else(|| self.unknown(name))
    }

    /// Every path, the parts of money included, in the order of declaration.
    pub fn paths(&self) -> impl Iterator<Item = Path> {
        self.fields.iter().flat_map(|field| {
            let parts: &[Part] = match field.field_type {
                Type::Money => &[Part::Whole, Part::Amount, Part::Currency],
                _ => &[Part::Whole],
            };
            parts.iter().map(move |&part| Path { field, part })
        })
    }

    /// The error for a name that is not declared here.
    #[must_use]
    pub fn unknown(&self, name: &str) -> UnknownField {
        UnknownField {
            candidate: self.name,
            name: name.chars().take(64).collect(),
            close: super::close::names(name, self.paths().map(|path| path.to_string())),
        }
    }
}

/// One declared field.
#[derive(Debug)]
pub struct Field {
    /// Its name, with dots where it is a part of something: `address.city`.
    pub name: &'static str,
    /// Its place in the declaration: what [`Candidate::value`](super::Candidate::value) is asked for.
    pub index: u16,
    /// The type of its values.
    pub field_type: Type,
    /// Whether it may hold nothing.
    pub nullable: bool,
    /// Whether rows may be sorted by it.
    pub sortable: bool,
    /// Whether `search` is answered on it.
    pub searchable: bool,
}

impl Field {
    /// The whole of it, as a path.
    #[must_use]
    pub const fn whole(&'static self) -> Path {
        Path { field: self, part: Part::Whole }
    }
}

/// The type of a field's values.
#[derive(Clone, Copy)]
pub enum Type {
    /// True or false.
    Boolean,
    /// A whole number, i64.
    Integer,
    /// An exact decimal number.
    Decimal,
    /// A text; compares by code point.
    Text,
    /// An id; compares by its bytes.
    Uuid,
    /// A point in time, UTC, microseconds.
    Time,
    /// One of these names; compares as text.
    Enum(&'static [&'static str]),
    /// Minor units of a currency; has the parts `.amount` and `.currency`.
    Money,
    /// A collection of plain values of this type.
    Scalars(&'static Type),
    /// A collection of candidates with fields of their own.
    Elements(fn() -> &'static Schema),
    /// An embedded object: it is there or not; its parts are fields of their own.
    Object,
}

impl Type {
    /// Whether `contains`, `starts with`, `ends with` and `~` are answered on it.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Enum(_))
    }

    /// Whether it is one value that compares, and not a collection or an object.
    #[must_use]
    pub const fn is_scalar(self) -> bool {
        !matches!(self, Self::Scalars(_) | Self::Elements(_) | Self::Object)
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Enum(left), Self::Enum(right)) => left == right,
            (Self::Scalars(left), Self::Scalars(right)) => left == right,
            (Self::Elements(left), Self::Elements(right)) => std::ptr::eq(left(), right()),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => formatter.write_str("true or false"),
            Self::Integer => formatter.write_str("a whole number"),
            Self::Decimal => formatter.write_str("a decimal number"),
            Self::Text => formatter.write_str("text"),
            Self::Uuid => formatter.write_str("a UUID"),
            Self::Time => formatter.write_str("a time"),
            Self::Enum(names) => write!(formatter, "one of {}", names.join(", ")),
            Self::Money => formatter.write_str("money"),
            Self::Scalars(of) => write!(formatter, "a collection of {of}"),
            Self::Elements(schema) => write!(formatter, "a collection of {}", schema().name),
            Self::Object => formatter.write_str("an object"),
        }
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Which part of a field is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// All of it.
    Whole,
    /// The minor units of money.
    Amount,
    /// The currency code of money, as text.
    Currency,
}

impl Part {
    /// Its name behind the dot; empty for the whole.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::Amount => "amount",
            Self::Currency => "currency",
        }
    }
}

/// A field, or a part of one: what a predicate looks at and what rows are sorted by.
#[derive(Clone, Copy)]
pub struct Path {
    /// The declared field.
    pub field: &'static Field,
    /// Which part of it.
    pub part: Part,
}

impl Path {
    /// The type of the values at this path.
    #[must_use]
    pub const fn value_type(self) -> Type {
        match self.part {
            Part::Whole => self.field.field_type,
            Part::Amount => Type::Integer,
            Part::Currency => Type::Text,
        }
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.part == other.part
            && (std::ptr::eq(self.field, other.field)
                || (self.field.index == other.field.index
                    && self.field.name == other.field.name
                    && self.field.field_type == other.field.field_type))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Whole => formatter.write_str(self.field.name),
            part => write!(formatter, "{}.{}", self.field.name, part.name()),
        }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A name that is not a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a field of {candidate}{}", did_you_mean(close))]
pub struct UnknownField {
    /// Whose fields were looked at.
    pub candidate: &'static str,
    /// What was asked for.
    pub name: String,
    /// The names that come close, the closest first.
    pub close: Vec<String>,
}

impl From<UnknownField> for crate::Error {
    fn from(error: UnknownField) -> Self {
        Self::Invalid(error.to_string())
    }
}

fn did_you_mean(close: &[String]) -> String {
    match close {
        [] => String::new(),
        [one] => format!("; did you mean `{one}`?"),
        many => format!("; did you mean one of `{}`?", many.join("`, `")),
    }
}
