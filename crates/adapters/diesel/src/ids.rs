//! Ids in SQL: a type of their own, so that each engine keeps them in its best form and none takes bytes for one.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::query_builder::QueryId;
use diesel::sql_types::SqlType;
use portolan_kernel::Id;
use uuid::Uuid;

/// The SQL type of an id: 16 bytes, or the engine's own type where it has one.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Binary")))]
#[cfg_attr(feature = "postgres-engine", diesel(postgres_type(oid = 2950, array_oid = 2951)))]
#[cfg_attr(feature = "mysql-engine", diesel(mysql_type(name = "Blob")))]
pub struct SqlUuid;

/// An id as a row has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = SqlUuid)]
pub struct DbUuid(pub Uuid);

impl DbUuid {
    /// The id of an aggregate, or of anything else that has one.
    pub fn of(id: impl Id) -> Self {
        Self(id.uuid())
    }

    /// The id that a row names.
    #[must_use]
    pub fn id<I: Id>(self) -> I {
        I::from_uuid(self.0)
    }
}
