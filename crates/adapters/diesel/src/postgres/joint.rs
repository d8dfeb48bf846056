//! What a group writes goes to PostgreSQL as one statement: each way there and back is time in which the group holds the
//! head and no other process can write.

use std::borrow::Cow;
use std::fmt;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, BigInt, Nullable, Text};

use super::{Conn, Db};
use crate::rows::{Kind, RowFault, Table, TableColumn, Value};
use crate::{DbUuid, SqlUuid};

/// Writes that are put off, to be sent as one statement. Its parts see nothing of one another, and run in no order: so a
/// table that comes for the second time begins another statement. What refers to rows of other tables is looked at when
/// all of it is done.
#[derive(Default)]
pub struct Joint<'v> {
    parts: Vec<Part<'v>>,
}

impl<'v> Joint<'v> {
    /// Puts this off, behind what was put off before.
    pub(super) fn add(&mut self, conn: &mut Conn, part: Part<'v>) -> Result<(), RowFault> {
        if self.parts.iter().any(|other| other.table.name == part.table.name) {
            send(conn, std::mem::take(self))?;
        }
        self.parts.push(part);
        Ok(())
    }
}

impl fmt::Debug for Joint<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Joint").field("parts", &self.parts.len()).finish()
    }
}

/// Sends what was put off.
pub(super) fn send(conn: &mut Conn, joint: Joint<'_>) -> Result<(), RowFault> {
    if joint.parts.is_empty() {
        return Ok(());
    }
    let updated: Vec<(i64, i64)> = Statement { parts: &joint.parts }.load(conn)?;
    for (part, rows) in updated {
        let part = usize::try_from(part).ok().and_then(|index| joint.parts.get(index));
        if let Some(part) = part.filter(|part| usize::try_from(rows) != Ok(part.rows)) {
            return Err(RowFault::Missing(part.table.name));
        }
    }
    Ok(())
}

/// Puts off that the journal ends here from now on; nothing of that is left to be done.
pub(crate) fn raise(joint: &mut Joint<'_>, last: i64) -> Option<i64> {
    const HEAD: Table = Table { name: "journal_head", columns: &[], key: 0, fixed: 0 };
    let arrays = vec![Array::Integers(vec![Some(last)])];
    joint.parts.push(Part { words: Words::Raise, table: HEAD, arrays, rows: 1 });
    None
}

/// What happens to one table.
pub(super) struct Part<'v> {
    words: Words,
    table: Table,
    arrays: Vec<Array<'v>>,
    /// How many rows it is about.
    rows: usize,
}

impl<'v> Part<'v> {
    /// About these rows, each of which has the values that the words say.
    pub(super) fn of<V: AsRef<[Value<'v>]>>(words: Words, table: Table, rows: &[V]) -> Self {
        let arrays = match words {
            Words::Insert | Words::Put => arrays(table.columns, 0, rows),
            Words::Update => {
                let mut arrays_of = arrays(table.key(), 0, rows);
                arrays_of.append(&mut arrays(table.changing(), table.fixed, rows));
                arrays_of
            }
            Words::Delete => arrays(table.key(), 0, rows),
            Words::DeleteOwners => arrays(table.key().get(..1).unwrap_or_default(), 0, rows),
            Words::Raise => Vec::new(),
        };
        Self { words, table, arrays, rows: rows.len() }
    }
}

/// What is done with the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// New rows; all columns.
    Insert,
    /// Rows as they are to be, whether they are there or not; all columns.
    Put,
    /// The changing columns of rows, which are there; all columns.
    Update,
    /// Rows go; the key.
    Delete,
    /// All rows of these owners go; their ids.
    DeleteOwners,
    /// The journal ends elsewhere; the position.
    Raise,
}

/// The values of one column.
pub(super) enum Array<'v> {
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<Cow<'v, str>>>),
    Uuids(Vec<Option<DbUuid>>),
}

impl Array<'_> {
    pub(super) fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        match self {
            Self::Integers(numbers) => out.push_bind_param::<sql_types::Array<Nullable<BigInt>>, _>(numbers),
            Self::Texts(texts) => out.push_bind_param::<sql_types::Array<Nullable<Text>>, _>(texts),
            Self::Uuids(ids) => out.push_bind_param::<sql_types::Array<Nullable<SqlUuid>>, _>(ids),
        }
    }
}

/// The values of these columns, the first of which is at `from` in each row.
fn arrays<'v, V: AsRef<[Value<'v>]>>(columns: &[TableColumn], from: usize, rows: &[V]) -> Vec<Array<'v>> {
    let array = |(column, index): (&TableColumn, usize)| {
        let cells = rows.iter().map(|row| row.as_ref().get(index));
        match column.kind {
            Kind::Integer => Array::Integers(
                cells
                    .map(|cell| match cell {
                        Some(Value::Integer(number)) => Some(*number),
                        _ => None,
                    })
                    .collect(),
            ),
            Kind::Text => Array::Texts(
                cells
                    .map(|cell| match cell {
                        Some(Value::Text(text)) => Some(text.clone()),
                        _ => None,
                    })
                    .collect(),
            ),
            Kind::Uuid => Array::Uuids(
                cells
                    .map(|cell| match cell {
                        Some(Value::Uuid(id)) => Some(*id),
                        _ => None,
                    })
                    .collect(),
            ),
        }
    };
    columns.iter().zip(from..).map(array).collect()
}

/// The parts as one statement, which answers how many rows each update has found. Diesel finds it prepared by its text, which
/// says the tables and what happens to them, and is the same for any number of rows.
struct Statement<'p, 'v> {
    parts: &'p [Part<'v>],
}

impl QueryId for Statement<'_, '_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_, '_> {
    type SqlType = (BigInt, BigInt);
}

impl RunQueryDsl<Conn> for Statement<'_, '_> {}

impl QueryFragment<Db> for Statement<'_, '_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        for (index, part) in self.parts.iter().enumerate() {
            out.push_sql(if index > 0 { ", " } else { "with " });
            out.push_sql(&format!("p{index} as ("));
            part.walk(&mut out)?;
            out.push_sql(")");
        }
        let mut between = " ";
        for (index, _) in self.parts.iter().enumerate().filter(|(_, part)| part.words == Words::Update) {
            out.push_sql(&format!("{between}select {index}::bigint, count(*) from p{index}"));
            between = " union all ";
        }
        if between == " " {
            out.push_sql(" select 0::bigint, 0::bigint where false");
        }
        Ok(())
    }
}

impl Part<'_> {
    fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        match self.words {
            Words::Insert => self.insert(out),
            Words::Put => self.put(out),
            Words::Update => self.update(out),
            Words::Delete => self.delete(out),
            Words::DeleteOwners => {
                out.push_sql("delete from ");
                of_owners(&self.table, &self.arrays, out)
            }
            Words::Raise => {
                out.push_sql("update ");
                out.push_identifier(self.table.name)?;
                out.push_sql(" set position = (");
                self.arrays.iter().try_for_each(|array| array.bind(out))?;
                out.push_sql(")[1]");
                Ok(())
            }
        }
    }

    fn insert<'b>(&'b self, out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("insert into ");
        out.push_identifier(self.table.name)?;
        out.push_sql(" (");
        names(self.table.columns, "", out)?;
        out.push_sql(") select * from ");
        unnest(&self.arrays, out)
    }

    fn put<'b>(&'b self, out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        self.insert(out)?;
        out.push_sql(" on conflict (");
        names(self.table.key(), "", out)?;
        let others = self.table.columns.get(self.table.key..).unwrap_or_default();
        if others.is_empty() {
            out.push_sql(") do nothing");
            return Ok(());
        }
        out.push_sql(") do update set ");
        set(others, "excluded.", out)
    }

    fn update<'b>(&'b self, out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        let table = &self.table;
        out.push_sql("update ");
        out.push_identifier(table.name)?;
        out.push_sql(" t set ");
        set(table.changing(), "n.", out)?;
        out.push_sql(" from ");
        unnest(&self.arrays, out)?;
        out.push_sql(" as n (");
        names(table.key(), ", ", out)?;
        names(table.changing(), "", out)?;
        out.push_sql(") where ");
        of_key(table, out)?;
        out.push_sql(" returning 1");
        Ok(())
    }

    fn delete<'b>(&'b self, out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("delete from ");
        out.push_identifier(self.table.name)?;
        out.push_sql(" t using ");
        unnest(&self.arrays, out)?;
        out.push_sql(" as n (");
        names(self.table.key(), "", out)?;
        out.push_sql(") where ");
        of_key(&self.table, out)
    }
}

/// `t where owner = any(?)`.
pub(super) fn of_owners<'b>(
    table: &Table,
    arrays: &'b [Array<'b>],
    out: &mut AstPass<'_, 'b, Db>,
) -> QueryResult<()> {
    out.push_identifier(table.name)?;
    out.push_sql(" where ");
    out.push_identifier(table.owner())?;
    out.push_sql(" = any(");
    arrays.iter().try_for_each(|array| array.bind(out))?;
    out.push_sql(")");
    Ok(())
}

/// `unnest(?, ?)`.
fn unnest<'b>(arrays: &'b [Array<'b>], out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
    out.push_sql("unnest(");
    for (index, array) in arrays.iter().enumerate() {
        out.push_sql(if index > 0 { ", " } else { "" });
        array.bind(out)?;
    }
    out.push_sql(")");
    Ok(())
}

/// `t.a = n.a and t.b = n.b`.
fn of_key(table: &Table, out: &mut AstPass<'_, '_, Db>) -> QueryResult<()> {
    for (index, column) in table.key().iter().enumerate() {
        out.push_sql(if index > 0 { " and t." } else { "t." });
        out.push_identifier(column.name)?;
        out.push_sql(" = n.");
        out.push_identifier(column.name)?;
    }
    Ok(())
}

/// `a = n.a, b = n.b`.
fn set(columns: &[TableColumn], of: &str, out: &mut AstPass<'_, '_, Db>) -> QueryResult<()> {
    for (index, column) in columns.iter().enumerate() {
        out.push_sql(if index > 0 { ", " } else { "" });
        out.push_identifier(column.name)?;
        out.push_sql(" = ");
        out.push_sql(of);
        out.push_identifier(column.name)?;
    }
    Ok(())
}

/// `a, b`, and what stands behind them.
pub(super) fn names(columns: &[TableColumn], end: &str, out: &mut AstPass<'_, '_, Db>) -> QueryResult<()> {
    for (index, column) in columns.iter().enumerate() {
        out.push_sql(if index > 0 { ", " } else { "" });
        out.push_identifier(column.name)?;
    }
    out.push_sql(end);
    Ok(())
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection as _;

    use portolan_kernel::Id as _;

    use super::super::{server, trial};
    use super::*;
    use crate::rows::{RowConn as _, Rows};

    portolan_kernel::id_type! {
        /// One place.
        struct PlaceId;
    }

    crate::rows! {
        struct PlaceRow in joint_places {
            key { id: PlaceId }
            changing { people: i64 }
        }

        struct StreetRow in joint_streets {
            key { place_id: PlaceId, name: String }
            changing { houses: i64 }
        }
    }

    /// The tables, in a schema that goes with this; none where there is no server.
    fn tables() -> Option<(trial::Place, Conn)> {
        let place = trial::place()?;
        let mut conn = server::open_writer(&place.config).unwrap();
        conn.batch_execute(
            "create table joint_places (id uuid primary key, people bigint not null); \
             create table joint_streets (place_id uuid not null references joint_places, \
             name text not null, houses bigint not null, primary key (place_id, name))",
        )
        .unwrap();
        Some((place, conn))
    }

    fn place(number: u128, people: i64) -> PlaceRow {
        PlaceRow { id: PlaceId::from_uuid(uuid::Uuid::from_u128(number)), people }
    }

    fn street(number: u128, name: &str, houses: i64) -> StreetRow {
        StreetRow { place_id: place(number, 0).id, name: name.to_owned(), houses }
    }

    fn found(conn: &mut Conn, number: u128) -> (Vec<PlaceRow>, Vec<StreetRow>) {
        let owner = [uuid::Uuid::from_u128(number)];
        let mut streets: Vec<StreetRow> = conn.find(&owner).unwrap();
        streets.sort_by(|one, other| one.name.cmp(&other.name));
        (conn.find(&owner).unwrap(), streets)
    }

    #[test]
    fn several_tables_are_one_statement_whichever_refers_to_which() {
        let Some((_place, mut conn)) = tables() else { return };
        let mut rows = Rows::new();
        rows.insert(street(1, "High Street", 7));
        rows.insert(place(1, 100));
        let mut joint = Joint::default();
        rows.write_with(&mut conn, &mut joint).unwrap();
        assert_eq!(joint.parts.len(), 2, "nothing was sent before");
        conn.send(joint).unwrap();
        assert_eq!(found(&mut conn, 1), (vec![place(1, 100)], vec![street(1, "High Street", 7)]));
    }

    #[test]
    fn what_happens_to_one_table_happens_in_its_order() {
        let Some((_place, mut conn)) = tables() else { return };
        let mut rows = Rows::new();
        rows.insert(place(1, 1));
        rows.insert(place(2, 2));
        rows.insert(street(1, "High Street", 1));
        rows.write(&mut conn).unwrap();
        let mut rows = Rows::new();
        // One that goes and comes again, one that is updated and put, one that is put alone; the last word counts.
        rows.insert(street(1, "High Street", 2));
        rows.delete_all::<StreetRow>(place(1, 0).id);
        rows.update(place(2, 3));
        rows.put(place(2, 4));
        rows.put(place(3, 5));
        rows.put(place(3, 6));
        rows.delete::<PlaceRow>((place(9, 0).id,));
        rows.write(&mut conn).unwrap();
        assert_eq!(found(&mut conn, 1), (vec![place(1, 1)], vec![street(1, "High Street", 2)]));
        assert_eq!(found(&mut conn, 2).0, [place(2, 4)]);
        assert_eq!(found(&mut conn, 3).0, [place(3, 6)]);
        let mut rows = Rows::new();
        rows.delete_all::<StreetRow>(place(1, 0).id);
        rows.delete::<PlaceRow>((place(1, 0).id,));
        rows.write(&mut conn).unwrap();
        assert_eq!(found(&mut conn, 1), (Vec::new(), Vec::new()));
    }

    #[test]
    fn an_update_of_a_row_that_is_not_there_names_its_table() {
        let Some((_place, mut conn)) = tables() else { return };
        let mut rows = Rows::new();
        rows.insert(place(1, 1));
        rows.write(&mut conn).unwrap();
        let mut rows = Rows::new();
        rows.update(place(1, 2));
        rows.update(street(1, "High Street", 2));
        let missing = rows.write(&mut conn);
        assert!(matches!(missing, Err(RowFault::Missing("joint_streets"))), "{missing:?}");
    }
}
