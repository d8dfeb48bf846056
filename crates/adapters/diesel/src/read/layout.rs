//! Where a view's rows are: tables, columns and indexes, all from the view's one declaration.
//!
//! A field is a column of its name, with `_` for a dot; money is two, `_amount` and `_currency`; a collection is a table of
//! its own, whose rows name their row's number and their place in it.

use std::borrow::Cow;

use portolan_kernel::specification::{Field, Part, Path, Schema, Type};
use portolan_kernel::{Candidate, Error, Fingerprint, Index, IndexKind, Result, View};

use super::super::engine;
use super::inserts;
use super::statement::Statement;
use super::translate::Mistake;

/// The column of a row's number, which the other tables of its view refer to.
pub(super) const ROW: &str = "row_number";

/// The column of the version that a row has gone at.
pub(super) const VERSION: &str = "row_version";

/// The column of a row as a whole, with the version of its source.
pub(super) const BODY: &str = "row_body";

/// The column of an element's place in its collection.
pub(super) const ELEMENT: &str = "element_number";

/// The columns of the table of words: a field, a word, and which rows of a part of all rows have that word there.
pub(super) const WORD_FIELD: &str = "word_field";
pub(super) const WORD: &str = "word";
pub(super) const PART: &str = "part";
pub(super) const MEMBERS: &str = "members";

/// The longest name that every engine takes.
const MAX_NAME_BYTES: usize = 63;

/// The longest word that is kept as it is.
const MAX_WORD_BYTES: usize = 128;

/// The tables of one view.
#[derive(Clone)]
pub(super) struct Layout {
    /// What the model is called.
    pub(super) name: String,
    /// One row for each row of the view.
    pub(super) rows: Table,
    /// The index that finds a row by its id.
    pub(super) by_id: String,
    /// The ids of rows that are gone, with the version that they went at.
    pub(super) removed: String,
    /// The last event that was taken over.
    pub(super) source: String,
    /// The words of fields that are declared to answer `search`: a table of them, and the fields.
    pub(super) words: Option<Words>,
    /// The declared indexes that were made.
    pub(super) indexes: Vec<SqlIndex>,
    /// What a test lets the translator do wrong.
    #[cfg(test)]
    pub(super) mistake: Option<Mistake>,
}

/// One table.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) name: String,
    /// `insert into` all of its columns.
    pub(super) insert: String,
    /// The declared columns, without the numbers and the version.
    pub(super) columns: Vec<Column>,
    /// The tables of its collections.
    pub(super) children: Vec<Table>,
    /// Where each field is, by its index. Empty where the table holds plain values.
    places: Vec<Place>,
    is_child: bool,
}

/// Where a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In this column.
    Column(usize),
    /// In this column the amount, in the next the currency.
    Money(usize),
    /// In this table.
    Child(usize),
}

/// One column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    /// What it holds; `None` for a plain value of a collection.
    pub(super) path: Option<Path>,
    /// Which kind of index it has.
    pub(super) index: Option<IndexKind>,
}

/// How values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// True or false; also that an object is there.
    Boolean,
    /// Whole numbers, and times in microseconds.
    Integer,
    /// 16 bytes that are in the order of the numbers.
    Decimal,
    /// Text, compared by code point.
    Text,
    /// Ids, compared by their bytes.
    Uuid,
    /// Which of a span of row numbers are in a set, in at most 512 bytes.
    Members,
    /// A row as a whole.
    Body,
}

/// The table of words.
#[derive(Clone)]
pub(super) struct Words {
    pub(super) name: String,
    /// The fields whose words it holds; the place of one is its number there.
    pub(super) fields: Vec<WordField>,
}

/// A field whose words are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct WordField {
    /// The collection that its candidate is an element of.
    pub(super) within: Option<&'static Field>,
    pub(super) field: &'static Field,
}

/// A declared index as it was made.
#[derive(Clone)]
pub(super) struct SqlIndex {
    pub(super) name: String,
    /// In words, as it was declared.
    pub(super) described: String,
    /// Whether it is on the elements of a collection.
    pub(super) table: Option<usize>,
    /// The indexed column of that table.
    pub(super) column: usize,
    pub(super) kind: IndexKind,
}

impl Layout {
    /// The tables of `V` as the model `name`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is not in snake case; [`Error::Unsupported`] for a declaration that has no
    /// tables: collections inside collections, or two fields with one column.
    pub(super) fn of<V: View>(name: &str) -> Result<Self> {
        let is_snake = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_snake {
            return Err(Error::Invalid(format!("`{name}` is no name of a view in SQL; it is in snake case")));
        }
        let rows = Table::of_candidate(format!("view_{name}"), V::schema(), true)?;
        let removed = format!("view_{name}_removed");
        let mut layout = Self {
            name: name.to_owned(),
            by_id: format!("{}_by_id", rows.name),
            rows,
            removed,
            source: format!("view_{name}_source"),
            words: None,
            indexes: Vec::new(),
            #[cfg(test)]
            mistake: None,
        };
        layout.id::<V>()?;
        V::indexes().iter().for_each(|index| layout.add_index(index));
        layout.check::<V>()?;
        let text = |sql: Statement<'_>| sql.text().map_err(|error| Error::Unsupported(error.to_string()));
        layout.rows.insert = text(inserts::into_table(&layout.rows))?;
        for child in &mut layout.rows.children {
            child.insert = text(inserts::into_table(child))?;
        }
        Ok(layout)
    }

    /// The same tables, before their declared indexes are made.
    pub(super) fn without_indexes(&self) -> Self {
        let mut layout = self.clone();
        layout.indexes.clear();
        let children = layout.rows.children.iter_mut().flat_map(|child| &mut child.columns);
        layout.rows.columns.iter_mut().chain(children).for_each(|column| column.index = None);
        layout
    }

    /// The column of the id.
    pub(super) fn id_column(&self) -> &Column {
        let place = self.rows.columns.iter().position(|column| column.name == "id");
        // It was looked for when the layout was made.
        &self.rows.columns[place.unwrap_or_default()]
    }

    /// The number of the field among those whose words are kept.
    pub(super) fn word_field(&self, within: Option<&'static Field>, field: &'static Field) -> Option<usize> {
        let words = self.words.as_ref()?;
        words.fields.iter().position(|kept| kept.field == field && kept.within == within)
    }

    /// Whether a test lets the translator make this mistake.
    #[cfg(test)]
    pub(super) fn is_bent(&self, by: Mistake) -> bool {
        self.mistake == Some(by)
    }

    /// Outside of tests it makes none.
    #[cfg(not(test))]
    pub(super) const fn is_bent(&self, _: Mistake) -> bool {
        false
    }

    fn id<V: View>(&self) -> Result<()> {
        let id = V::schema().field("id").filter(|field| !field.nullable && field.field_type.is_scalar());
        match id.map(|field| field.field_type) {
            Some(field_type) if field_type != Type::Money => Ok(()),
            _ => Err(Error::Unsupported(format!("the view `{}` declares no field `id`", V::NAME))),
        }
    }

    fn add_index<V: Candidate>(&mut self, index: &Index<V>) {
        let (path, within) = (index.path(), index.within());
        if index.kind() == IndexKind::Words {
            let name = format!("{}_words", self.rows.name);
            let words = self.words.get_or_insert(Words { name, fields: Vec::new() });
            words.fields.push(WordField { within, field: path.field });
            return;
        }
        // Few values, many rows each: a look into such an index costs more than a look at every row.
        if matches!(path.value_type(), Type::Enum(_) | Type::Boolean) {
            return;
        }
        let child = match within.map(|collection| self.rows.place(collection)) {
            Some(Some(Place::Child(child))) => Some(child),
            Some(_) => return,
            None => None,
        };
        let table = match child {
            Some(child) => &mut self.rows.children[child],
            None => &mut self.rows,
        };
        let Some(Place::Column(column) | Place::Money(column)) = table.place(path.field) else { return };
        let column = column + usize::from(path.part == Part::Currency);
        // The id has its index already, and an ordered index serves equality as well.
        if (child.is_none() && table.columns[column].name == "id") || table.columns[column].index.is_some() {
            let upgraded = self.indexes.iter_mut().find(|made| {
                made.table == child && made.column == column && index.kind() == IndexKind::Ordered
            });
            if let Some(made) = upgraded {
                (made.kind, made.described) = (IndexKind::Ordered, index.to_string());
                table.columns[column].index = Some(IndexKind::Ordered);
            }
            return;
        }
        table.columns[column].index = Some(index.kind());
        self.indexes.push(SqlIndex {
            name: format!("{}_by_{}", table.name, table.columns[column].name),
            described: index.to_string(),
            table: child,
            column,
            kind: index.kind(),
        });
    }

    /// No two tables, and no two columns of one, may have one name.
    fn check<V: View>(&self) -> Result<()> {
        let clash =
            |name: &str| Err(Error::Unsupported(format!("the view `{}` needs `{name}` twice", V::NAME)));
        let tables = std::iter::once(&self.rows).chain(&self.rows.children);
        for table in tables.clone() {
            let columns = table.columns.iter().map(|column| column.name.as_str());
            if let Some(name) = repeated([ROW, BODY, ELEMENT].into_iter().chain(columns)) {
                return clash(name);
            }
        }
        let names = tables
            .map(|table| table.name.as_str())
            .chain([self.removed.as_str(), self.source.as_str(), self.by_id.as_str()])
            .chain(self.words.iter().map(|words| words.name.as_str()))
            .chain(self.indexes.iter().map(|index| index.name.as_str()));
        let long = names.clone().find(|name| name.len() > MAX_NAME_BYTES);
        match (repeated(names), long) {
            (Some(name), _) => clash(name),
            (None, Some(name)) => Err(Error::Unsupported(format!(
                "`{name}` is too long a name; engines take {MAX_NAME_BYTES} bytes"
            ))),
            (None, None) => Ok(()),
        }
    }
}

impl Table {
    /// Where the field is.
    pub(super) fn place(&self, field: &Field) -> Option<Place> {
        self.places.get(usize::from(field.index)).copied()
    }

    /// Whether it holds the elements of a collection.
    pub(super) const fn is_child(&self) -> bool {
        self.is_child
    }

    /// The table of the elements of this collection.
    pub(super) fn child(&self, collection: &Field) -> Option<&Self> {
        match self.place(collection)? {
            Place::Child(child) => self.children.get(child),
            Place::Column(_) | Place::Money(_) => None,
        }
    }

    fn of_candidate(name: String, schema: &'static Schema, collections: bool) -> Result<Self> {
        let mut table = Self {
            name,
            insert: String::new(),
            columns: Vec::new(),
            children: Vec::new(),
            places: Vec::new(),
            is_child: !collections,
        };
        for field in schema.fields {
            let column = field.name.replace('.', "_");
            let place = Place::Column(table.columns.len());
            let place = match field.field_type {
                Type::Money => {
                    table.add(format!("{column}_amount"), Kind::Integer, field, Part::Amount);
                    table.add(format!("{column}_currency"), Kind::Text, field, Part::Currency);
                    Place::Money(table.columns.len() - 2)
                }
                Type::Scalars(_) | Type::Elements(_) if field.nullable => {
                    return Err(Error::Unsupported(format!(
                        "`{}` of {} is a collection that may be null, which no table can say",
                        field.name, schema.name
                    )));
                }
                Type::Scalars(_) | Type::Elements(_) if !collections => {
                    return Err(Error::Unsupported(format!(
                        "`{}` of {} is a collection inside a collection, which has no table",
                        field.name, schema.name
                    )));
                }
                Type::Elements(elements) => {
                    let name = format!("{}_{column}", table.name);
                    table.children.push(Self::of_candidate(name, elements(), false)?);
                    Place::Child(table.children.len() - 1)
                }
                Type::Scalars(of) => {
                    let name = format!("{}_{column}", table.name);
                    table.children.push(Self::of_scalars(name, *of, field)?);
                    Place::Child(table.children.len() - 1)
                }
                single => {
                    // Every other type is kept in one column.
                    if let Some(kind) = Kind::of(single) {
                        table.add(column, kind, field, Part::Whole);
                    }
                    place
                }
            };
            table.places.push(place);
        }
        Ok(table)
    }

    fn of_scalars(name: String, value_type: Type, field: &Field) -> Result<Self> {
        let kind = Kind::of(value_type)
            .ok_or_else(|| Error::Unsupported(format!("`{}` is a collection of {value_type}", field.name)))?;
        let value = Column { name: "value".to_owned(), kind, nullable: false, path: None, index: None };
        Ok(Self {
            name,
            insert: String::new(),
            columns: vec![value],
            children: Vec::new(),
            places: Vec::new(),
            is_child: true,
        })
    }

    fn add(&mut self, name: String, kind: Kind, field: &'static Field, part: Part) {
        let path = Some(Path { field, part });
        self.columns.push(Column { name, kind, nullable: field.nullable, path, index: None });
    }
}

impl Column {
    /// Whether its index holds the beginnings of its texts alone, and has to be asked by these.
    pub(super) const fn is_cut(&self) -> bool {
        engine::INDEXES_BEGINNINGS && self.index.is_some() && matches!(self.kind, Kind::Text)
    }
}

impl Kind {
    /// How values of this type are kept; `None` for those that take more than a column.
    const fn of(value_type: Type) -> Option<Self> {
        Some(match value_type {
            Type::Boolean | Type::Object => Self::Boolean,
            Type::Integer | Type::Time => Self::Integer,
            Type::Decimal => Self::Decimal,
            Type::Text | Type::Enum(_) => Self::Text,
            Type::Uuid => Self::Uuid,
            Type::Money | Type::Scalars(_) | Type::Elements(_) => return None,
        })
    }
}

/// The word as the table of words has it: a long one as its beginning and a digest of it, because engines bound the length
/// of what an index holds. No shorter word is like it.
pub(super) fn kept_word(word: &str) -> Cow<'_, str> {
    if word.len() <= MAX_WORD_BYTES {
        return Cow::Borrowed(word);
    }
    let begin = word.floor_char_boundary(MAX_WORD_BYTES);
    let Fingerprint(digest) = Fingerprint::of(word.as_bytes());
    Cow::Owned(format!("{}{}", &word[..begin], uuid::Uuid::from_bytes(digest).simple()))
}

fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = std::collections::HashSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}
