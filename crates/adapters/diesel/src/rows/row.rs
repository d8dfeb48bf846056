//! What a row is, and how one is declared.

use portolan_kernel::Id;

use super::{Column, Kind, Value};

/// A row of an aggregate's table: declared by [`rows!`](crate::rows!), written and read by every engine.
pub trait Row: Send + Sized + 'static {
    /// The id of the aggregate that the row belongs to: its first key column.
    type Owner: Id;
    /// All key columns, as a tuple.
    type Key: Send + 'static;
    /// One value for each column, in the order of [`Table::columns`].
    type Values<'a>: AsRef<[Value<'a>]>;
    /// One value for each key column.
    type KeyValues<'a>: AsRef<[Value<'a>]>;

    /// Where it is kept.
    const TABLE: Table;

    /// The aggregate that it belongs to.
    fn owner(&self) -> Self::Owner;

    /// Its columns.
    fn values(&self) -> Self::Values<'_>;

    /// A key's columns.
    fn key_values(key: &Self::Key) -> Self::KeyValues<'_>;

    /// The row in these columns.
    ///
    /// # Errors
    /// [`Unreadable`], naming the column, for a value that no row of this type gives.
    fn read(columns: &mut Columns<'_>) -> Result<Self, Unreadable>;
}

/// A table as its rows know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns: those of the key, those that never change, those that do.
    pub columns: &'static [TableColumn],
    /// How many of them are the key.
    pub key: usize,
    /// How many of them never change, the key among them.
    pub fixed: usize,
}

/// A column as its rows know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableColumn {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be empty.
    pub nullable: bool,
}

impl Table {
    /// The columns that name a row.
    #[must_use]
    pub fn key(&self) -> &'static [TableColumn] {
        self.columns.get(..self.key).unwrap_or_default()
    }

    /// The name of the column with the id of the aggregate.
    #[must_use]
    pub fn owner(&self) -> &'static str {
        self.columns.first().map_or("", |column| column.name)
    }

    /// The columns that an update sets.
    #[must_use]
    pub fn changing(&self) -> &'static [TableColumn] {
        self.columns.get(self.fixed..).unwrap_or_default()
    }
}

/// The columns of one row, read one after the other.
pub struct Columns<'a> {
    table: Table,
    next: usize,
    value: &'a mut dyn FnMut(usize, Kind) -> Option<Value<'static>>,
}

impl<'a> Columns<'a> {
    /// Those of a row of this table; `value` gives the column with this number as a value of this kind, where it is
    /// one.
    pub fn of(table: Table, value: &'a mut dyn FnMut(usize, Kind) -> Option<Value<'static>>) -> Self {
        Self { table, next: 0, value }
    }

    /// The next one.
    ///
    /// # Errors
    /// [`Unreadable`] where it does not hold what the field needs.
    pub fn read<Marker, T: Column<Marker>>(&mut self) -> Result<T, Unreadable> {
        let index = self.next;
        self.next += 1;
        (self.value)(index, T::KIND).and_then(T::read).ok_or_else(|| {
            let name = self.table.columns.get(index).map_or("?", |column| column.name);
            Unreadable::column(self.table.name, name)
        })
    }
}

impl std::fmt::Debug for Columns<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Columns").field("table", &self.table.name).finish_non_exhaustive()
    }
}

/// A row that is not what its mapper wrote. It names the column, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    /// What does not read, in words.
    pub fn new(what: impl std::fmt::Display) -> Self {
        Self(what.to_string())
    }

    /// A column that does not hold what it should.
    #[must_use]
    pub fn column(table: &str, column: &str) -> Self {
        Self(format!("`{column}` in `{table}`"))
    }
}

/// Declares rows of a table: the key, which begins with the id of the aggregate; what never changes while the row is
/// there; what does. A row is built and taken apart as a struct of these fields, each of them a
/// [`Column`](crate::rows::Column).
///
/// ```
/// use portolan_diesel::rows;
/// use portolan_kernel::Version;
///
/// portolan_kernel::id_type! {
///     /// One place.
///     pub struct PlaceId;
/// }
///
/// rows! {
///     /// A place.
///     pub struct PlaceRow in places {
///         key { id: PlaceId }
///         fixed { founded: i64 }
///         changing { version: Version, name: String }
///     }
///
///     /// One of its streets.
///     pub struct StreetRow in streets {
///         key { place_id: PlaceId, name: String }
///     }
/// }
/// ```
#[macro_export]
macro_rules! rows {
    ($(
        $(#[$meta:meta])*
        $visibility:vis struct $row:ident in $table:ident {
            key { $owner:ident: $owner_type:ty $(, $key:ident: $key_type:ty)* $(,)? }
            $(fixed { $($fixed:ident: $fixed_type:ty),* $(,)? })?
            $(changing { $($changing:ident: $changing_type:ty),* $(,)? })?
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $visibility struct $row {
            #[allow(missing_docs, clippy::allow_attributes, reason = "a column of the same name")]
            pub $owner: $owner_type,
            $(
                #[allow(missing_docs, clippy::allow_attributes, reason = "a column of the same name")]
                pub $key: $key_type,
            )*
            $($(
                #[allow(missing_docs, clippy::allow_attributes, reason = "a column of the same name")]
                pub $fixed: $fixed_type,
            )*)?
            $($(
                #[allow(missing_docs, clippy::allow_attributes, reason = "a column of the same name")]
                pub $changing: $changing_type,
            )*)?
        }

        impl $crate::rows::Row for $row {
            type Owner = $owner_type;
            type Key = ($owner_type, $($key_type,)*);
            type Values<'a> = [$crate::rows::Value<'a>; {
                <[&str]>::len(&[
                    ::std::stringify!($owner) $(, ::std::stringify!($key))*
                    $($(, ::std::stringify!($fixed))*)? $($(, ::std::stringify!($changing))*)?
                ])
            }];
            type KeyValues<'a> = [$crate::rows::Value<'a>; {
                <[&str]>::len(&[::std::stringify!($owner) $(, ::std::stringify!($key))*])
            }];

            const TABLE: $crate::rows::Table = $crate::rows::Table {
                name: ::std::stringify!($table),
                columns: &[
                    $crate::column!($owner: $owner_type),
                    $($crate::column!($key: $key_type),)*
                    $($($crate::column!($fixed: $fixed_type),)*)?
                    $($($crate::column!($changing: $changing_type),)*)?
                ],
                key: <[&str]>::len(&[::std::stringify!($owner) $(, ::std::stringify!($key))*]),
                fixed: <[&str]>::len(&[
                    ::std::stringify!($owner) $(, ::std::stringify!($key))* $($(, ::std::stringify!($fixed))*)?
                ]),
            };

            fn owner(&self) -> $owner_type {
                self.$owner
            }

            fn values(&self) -> Self::Values<'_> {
                use $crate::rows::Column as _;
                [
                    self.$owner.value(), $(self.$key.value(),)*
                    $($(self.$fixed.value(),)*)? $($(self.$changing.value(),)*)?
                ]
            }

            fn key_values(key: &Self::Key) -> Self::KeyValues<'_> {
                use $crate::rows::Column as _;
                let ($owner, $($key,)*) = key;
                [$owner.value() $(, $key.value())*]
            }

            fn read(
                columns: &mut $crate::rows::Columns<'_>,
            ) -> ::std::result::Result<Self, $crate::rows::Unreadable> {
                ::std::result::Result::Ok(Self {
                    $owner: columns.read()?,
                    $($key: columns.read()?,)*
                    $($($fixed: columns.read()?,)*)?
                    $($($changing: columns.read()?,)*)?
                })
            }
        }
    )+};
}

#[doc(hidden)]
#[macro_export]
macro_rules! column {
    ($name:ident: $type:ty) => {
        $crate::rows::TableColumn {
            name: ::std::stringify!($name),
            kind: <$type as $crate::rows::Column<_>>::KIND,
            nullable: <$type as $crate::rows::Column<_>>::NULLABLE,
        }
    };
}
