//! Statements whose text depends on a question: declared names and bound values, and nothing else.
//!
//! Nothing that a caller wrote can reach the text: a piece is either a word of this program, a name of the
//! [layout](super::layout), a text that the layout made of both, a number of this program, or a value, which is bound.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use diesel::QueryResult;
use diesel::connection::DefaultLoadingMode;
use diesel::deserialize::QueryableByName;
use diesel::expression::expression_types::Untyped;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryBuilder as _, QueryFragment, QueryId};
use diesel::row::{Field as _, NamedRow, Row};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use portolan_kernel::specification::{Decimal, ValueRef};

use super::super::{Conn, Db, Fault, engine};
use super::layout::Kind;
use crate::{DbUuid, SqlUuid};

/// How many different texts a view keeps prepared in each connection; more are prepared each time.
const MAX_SHAPES: usize = 512;

/// A statement in the making.
#[derive(Clone, Default)]
pub(crate) struct Statement<'a> {
    pieces: Vec<Piece<'a>>,
    is_kept: bool,
}

#[derive(Clone)]
enum Piece<'a> {
    Word(&'static str),
    Name(&'a str),
    Text(&'a str),
    Number(u64),
    Bind(Bound<'a>),
}

/// A value on its way into a statement.
#[derive(Debug, Clone, Hash)]
pub(crate) enum Bound<'a> {
    Null(Kind),
    Boolean(bool),
    Integer(i64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    Uuid(DbUuid),
}

impl<'a> Bound<'a> {
    /// The text as a column keeps it.
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(engine::kept(text))
    }

    /// The value as a column of this kind keeps it; `None` for collections, and for the whole of money.
    pub(super) fn of(kind: Kind, value: ValueRef<'a>) -> Option<Self> {
        Some(match value {
            ValueRef::Null => Self::Null(kind),
            ValueRef::Boolean(value) => Self::Boolean(value),
            ValueRef::Object => Self::Boolean(true),
            ValueRef::Integer(value) => Self::Integer(value),
            ValueRef::Time(value) => Self::Integer(value.as_micros()),
            ValueRef::Text(value) => Self::text(value),
            ValueRef::Uuid(value) => Self::Uuid(DbUuid(value)),
            ValueRef::Decimal(value) => Self::Bytes(Cow::Owned(sortable(value).to_vec())),
            ValueRef::Money(_) | ValueRef::Scalars(_) | ValueRef::Elements(_) => return None,
        })
    }
}

/// The number as bytes that are in the order of the numbers: its eighteenth decimal as a unit, the sign turned round.
fn sortable(number: Decimal) -> [u8; 16] {
    let missing = u32::from(Decimal::MAX_SCALE - number.scale());
    // An i64 times ten to the eighteenth stays far inside an i128.
    let units = i128::from(number.mantissa()) * 10_i128.pow(missing);
    (units.cast_unsigned() ^ (1 << 127)).to_be_bytes()
}

impl<'a> Statement<'a> {
    pub(crate) fn new(word: &'static str) -> Self {
        Self::default().word(word)
    }

    /// Words of this program.
    pub(crate) fn word(mut self, word: &'static str) -> Self {
        self.push_word(word);
        self
    }

    /// A declared name.
    pub(crate) fn name(mut self, name: &'a str) -> Self {
        self.push_name(name);
        self
    }

    /// A value.
    pub(crate) fn bind(mut self, value: Bound<'a>) -> Self {
        self.push_bind(value);
        self
    }

    /// Beginning with a text that the layout made, and keeps.
    pub(super) fn of_layout(text: &'a str) -> Self {
        let mut sql = Self::default();
        sql.pieces.push(Piece::Text(text));
        sql
    }

    pub(crate) fn push_word(&mut self, word: &'static str) {
        self.pieces.push(Piece::Word(word));
    }

    pub(crate) fn push_name(&mut self, name: &'a str) {
        self.pieces.push(Piece::Name(name));
    }

    /// A number of this program, like the rows of a page. It is written out, because engines plan by it.
    pub(crate) fn push_number(&mut self, number: u64) {
        self.pieces.push(Piece::Number(number));
    }

    pub(crate) fn push_bind(&mut self, value: Bound<'a>) {
        self.pieces.push(Piece::Bind(value));
    }

    pub(crate) fn push(&mut self, other: Self) {
        self.pieces.extend(other.pieces);
    }

    /// Several, with a comma between them.
    pub(crate) fn push_list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut push: impl FnMut(&mut Self, T),
    ) {
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                self.push_word(", ");
            }
            push(self, item);
        }
    }

    /// The text, with a placeholder for each value.
    pub(super) fn text(&self) -> QueryResult<String> {
        let mut builder = <Db as diesel::backend::Backend>::QueryBuilder::default();
        self.to_sql(&mut builder, &Db::default())?;
        Ok(builder.finish())
    }

    /// A digest of the text and the values. Two statements with one digest are taken for the same where no harm comes of it.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash_pieces(&mut hasher, |value, hasher| value.hash(hasher));
        hasher.finish()
    }

    fn hash_pieces(&self, hasher: &mut DefaultHasher, hash_bound: impl Fn(&Bound<'a>, &mut DefaultHasher)) {
        for piece in &self.pieces {
            match piece {
                Piece::Word(word) => word.hash(hasher),
                Piece::Name(name) => name.hash(hasher),
                // The layout keeps it where it is.
                Piece::Text(text) => text.as_ptr().hash(hasher),
                Piece::Number(number) => number.hash(hasher),
                Piece::Bind(value) => hash_bound(value, hasher),
            }
        }
    }

    /// Runs it. Answers how many rows it changed.
    pub(super) fn execute(mut self, conn: &mut Conn, shapes: &Shapes) -> Result<usize, Fault> {
        self.is_kept = shapes.keep(&self);
        Ok(RunQueryDsl::execute(self, conn)?)
    }

    /// The rows that it answers.
    pub(super) fn load(mut self, conn: &mut Conn, shapes: &Shapes) -> Result<Vec<Cells>, Fault> {
        self.is_kept = shapes.keep(&self);
        Ok(RunQueryDsl::load(self, conn)?)
    }

    /// Hands over each row that it answers, until `take` breaks off.
    pub(super) fn each<T: QueryableByName<Db> + 'static>(
        mut self,
        conn: &mut Conn,
        shapes: &Shapes,
        mut take: impl FnMut(T) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        self.is_kept = shapes.keep(&self);
        for row in RunQueryDsl::load_iter::<T, DefaultLoadingMode>(self, conn)? {
            if take(row?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// As [`load`](Self::load), for a statement that comes once.
    pub(crate) fn load_once(self, conn: &mut Conn) -> Result<Vec<Cells>, Fault> {
        self.load(conn, &Shapes::none())
    }

    /// The one number that it answers.
    pub(super) fn number_of(self, conn: &mut Conn, shapes: &Shapes) -> Result<i64, Fault> {
        let rows = self.load(conn, shapes)?;
        match rows.first().and_then(|cells| cells.0.first()) {
            Some(Cell::Integer(number)) => Ok(*number),
            _ => Err(Fault::unreadable("a number")),
        }
    }
}

impl QueryFragment<Db> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        if !self.is_kept {
            out.unsafe_to_cache_prepared();
        }
        for piece in &self.pieces {
            match piece {
                Piece::Word(word) => out.push_sql(word),
                Piece::Name(name) => out.push_identifier(name)?,
                Piece::Text(text) => out.push_sql(text),
                Piece::Number(number) => out.push_sql(&number.to_string()),
                Piece::Bind(value) => value.push(&mut out)?,
            }
        }
        Ok(())
    }
}

impl Bound<'_> {
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        match self {
            Self::Null(Kind::Boolean) => out.push_bind_param::<Nullable<Bool>, _>(&None::<bool>),
            Self::Null(Kind::Integer) => out.push_bind_param::<Nullable<BigInt>, _>(&None::<i64>),
            Self::Null(Kind::Text) => out.push_bind_param::<Nullable<Text>, _>(&None::<&'static str>),
            Self::Null(Kind::Decimal | Kind::Members | Kind::Body) => {
                out.push_bind_param::<Nullable<Binary>, _>(&None::<&'static [u8]>)
            }
            Self::Null(Kind::Uuid) => out.push_bind_param::<Nullable<SqlUuid>, _>(&None::<DbUuid>),
            Self::Boolean(value) => out.push_bind_param::<Bool, _>(value),
            Self::Integer(value) => out.push_bind_param::<BigInt, _>(value),
            Self::Text(value) => out.push_bind_param::<Text, str>(value),
            Self::Bytes(value) => out.push_bind_param::<Binary, [u8]>(value),
            Self::Uuid(value) => out.push_bind_param::<SqlUuid, _>(value),
        }
    }
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl QueryId for Statement<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<Conn> for Statement<'_> {}

/// One row, as it came: columns that only the maker of its [`Statement`] knows.
#[derive(Debug)]
pub(crate) struct Cells(pub(crate) Vec<Cell>);

/// One value, as it came and where it came.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Raw<'r> {
    Null,
    Integer(i64),
    Text(&'r str),
    Bytes(&'r [u8]),
}

impl<'r> Raw<'r> {
    /// Reads the value of the column at this place.
    pub(super) fn read<'a, T>(
        row: &impl Row<'a, Db>,
        place: usize,
        read: impl FnOnce(Raw<'_>) -> T,
    ) -> diesel::deserialize::Result<T> {
        let field = Row::get(row, place).ok_or("a column is missing")?;
        match field.value() {
            Some(value) => engine::read_value(value, read),
            None => Ok(read(Raw::Null)),
        }
    }

    /// Its bytes; `None` for nothing and for a number.
    pub(crate) const fn bytes(self) -> Option<&'r [u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Bytes(bytes) => Some(bytes),
            Self::Null | Self::Integer(_) => None,
        }
    }
}

/// One value, for keeps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

impl Cell {
    /// For keeps.
    fn of(raw: Raw<'_>) -> Self {
        match raw {
            Raw::Null => Self::Null,
            Raw::Integer(value) => Self::Integer(value),
            Raw::Text(text) => Self::Text(text.into()),
            Raw::Bytes(bytes) => Self::Bytes(bytes.into()),
        }
    }

    /// Its bytes; `None` for nothing and for a number.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Bytes(bytes) => Some(bytes),
            Self::Null | Self::Integer(_) => None,
        }
    }

    /// Its text; some engines tell a text apart from bytes by nothing.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

impl QueryableByName<Db> for Cells {
    fn build<'a>(row: &impl NamedRow<'a, Db>) -> diesel::deserialize::Result<Self> {
        let cells = (0..row.field_count()).map(|place| Raw::read(row, place, Cell::of));
        cells.collect::<Result<_, _>>().map(Self)
    }
}

/// The texts that stay prepared, so that a caller who asks ever new questions fills no memory.
pub(super) struct Shapes {
    kept: Mutex<BTreeSet<u64>>,
    most: usize,
}

impl Shapes {
    /// For statements that come once.
    pub(super) const fn none() -> Self {
        Self { kept: Mutex::new(BTreeSet::new()), most: 0 }
    }

    /// For the statements of one view.
    pub(super) const fn new() -> Self {
        Self { kept: Mutex::new(BTreeSet::new()), most: MAX_SHAPES }
    }

    /// Whether the statement stays prepared.
    fn keep(&self, statement: &Statement<'_>) -> bool {
        let mut hasher = DefaultHasher::new();
        statement.hash_pieces(&mut hasher, |_, hasher| 0_u8.hash(hasher));
        let shape = hasher.finish();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.contains(&shape) || (kept.len() < self.most && kept.insert(shape))
    }
}
