//! How a loan is kept in rows: a row for each. It is told what happened, and writes what that changed.

use diesel::prelude::*;
use portolan_diesel::prepared;
use portolan_diesel::sqlite::{
    Conn, DbUuid, Fault, Mapper, Mappers, Orphan, RowChange, Schema, SqlUuid, Stored,
};
use portolan_kernel::{Aggregate, Timestamp, Version};

use crate::loan::{Loan, LoanId};

/// What a store is opened with, beside the registry.
#[must_use]
pub fn mappers() -> Mappers {
    Mappers::new().with(LoanMapper)
}

/// The tables, as the steps that make them. A step that was released is never changed: add another.
const SCHEMA: Schema = Schema { component: "library", steps: &[include_str!("../migrations/loans_1.sql")] };

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    loans (id) {
        id -> SqlUuid,
        version -> BigInt,
        title -> Text,
        reader -> Text,
        due_at -> BigInt,
        extensions -> BigInt,
        returned_at -> Nullable<BigInt>,
    }
}

/// Keeps [`Loan`]s.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoanMapper;

impl Mapper<Loan> for LoanMapper {
    fn schema(&self) -> Schema {
        SCHEMA
    }

    fn load(&self, conn: &mut Conn, id: LoanId) -> Result<Option<Stored<Loan>>, Fault> {
        let row: Option<Row> = loans::table.find(DbUuid::of(id)).first(conn).optional()?;
        row.map(Row::stored).transpose()
    }

    fn page(&self, conn: &mut Conn, after: Option<LoanId>, limit: usize) -> Result<Vec<Stored<Loan>>, Fault> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut page = loans::table.order(loans::id).limit(limit).into_boxed();
        if let Some(after) = after {
            page = page.filter(loans::id.gt(DbUuid::of(after)));
        }
        let rows: Vec<Row> = page.load(conn)?;
        rows.into_iter().map(Row::stored).collect()
    }

    fn insert(&self, conn: &mut Conn, loan: &Loan, version: Version) -> Result<(), Fault> {
        diesel::insert_into(loans::table).values(Row::of(loan, version)).execute(conn)?;
        Ok(())
    }

    fn update(&self, conn: &mut Conn, change: &RowChange<'_, Loan>) -> Result<(), Fault> {
        // All that its events change is in the one row of a loan. Where an aggregate has child rows, `change.events`
        // say which of them to write.
        let Row { id, version, due_at, extensions, returned_at, .. } = Row::of(change.state, change.version);
        prepared!(diesel::update(loans::table.find(id)).set((
            loans::version.eq(version),
            loans::due_at.eq(due_at),
            loans::extensions.eq(extensions),
            loans::returned_at.eq(returned_at),
        )))
        .execute(conn)?;
        Ok(())
    }

    fn delete(&self, conn: &mut Conn, id: LoanId) -> Result<(), Fault> {
        diesel::delete(loans::table.find(DbUuid::of(id))).execute(conn)?;
        Ok(())
    }

    fn orphans(&self, _: &mut Conn, _: usize) -> Result<Vec<Orphan>, Fault> {
        Ok(Vec::new())
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = loans)]
struct Row {
    id: DbUuid,
    version: i64,
    title: String,
    reader: String,
    due_at: i64,
    extensions: i64,
    returned_at: Option<i64>,
}

impl Row {
    fn of(loan: &Loan, version: Version) -> Self {
        Self {
            id: DbUuid::of(loan.id()),
            version: version.get().cast_signed(),
            title: loan.title.to_string(),
            reader: loan.reader.to_string(),
            due_at: loan.due_at.as_micros(),
            extensions: loan.extensions.into(),
            returned_at: loan.returned_at.map(Timestamp::as_micros),
        }
    }

    fn stored(self) -> Result<Stored<Loan>, Fault> {
        let extensions = u32::try_from(self.extensions);
        let state = Loan {
            id: self.id.id(),
            title: self.title.into(),
            reader: self.reader.into(),
            due_at: Timestamp::from_micros(self.due_at),
            extensions: extensions.map_err(|_| Fault::unreadable("`extensions` in `loans`"))?,
            returned_at: self.returned_at.map(Timestamp::from_micros),
        };
        Ok(Stored { state, version: Version(self.version.cast_unsigned()) })
    }
}
