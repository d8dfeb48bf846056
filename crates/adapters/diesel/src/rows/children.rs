//! The rows that an aggregate has beside its own.

use std::collections::HashMap;

use portolan_kernel::Id;
use uuid::Uuid;

use super::{Row, RowConn, RowFault, Rows};

/// The rows that an aggregate has beside its own: `()` for none, `Option<R>` for one, `Vec<R>` for any number, and
/// tuples of these for several tables.
pub trait Children<Owner: Id>: Sized {
    /// Inserts all of them.
    fn insert(self, rows: &mut Rows);

    /// Deletes all that this aggregate has.
    fn delete_all(rows: &mut Rows, owner: Owner);

    /// Those of each of these aggregates, in that order. A `Vec` has its rows in no order.
    ///
    /// # Errors
    /// As [`RowConn::find`].
    fn load<C: RowConn>(conn: &mut C, owners: &[Uuid]) -> Result<Vec<Self>, RowFault>;

    /// Up to `limit` rows of each table that have no row of type `Root`, as table and owner.
    ///
    /// # Errors
    /// As [`RowConn::orphans`].
    fn orphans<C: RowConn, Root: Row>(
        conn: &mut C,
        limit: usize,
    ) -> Result<Vec<(&'static str, Uuid)>, RowFault>;
}

impl<Owner: Id> Children<Owner> for () {
    fn insert(self, _: &mut Rows) {}

    fn delete_all(_: &mut Rows, _: Owner) {}

    fn load<C: RowConn>(_: &mut C, owners: &[Uuid]) -> Result<Vec<Self>, RowFault> {
        Ok(vec![(); owners.len()])
    }

    fn orphans<C: RowConn, Root: Row>(_: &mut C, _: usize) -> Result<Vec<(&'static str, Uuid)>, RowFault> {
        Ok(Vec::new())
    }
}

impl<R: Row> Children<R::Owner> for Vec<R> {
    fn insert(self, rows: &mut Rows) {
        rows.batch::<R>().inserts.extend(self);
    }

    fn delete_all(rows: &mut Rows, owner: R::Owner) {
        rows.delete_all::<R>(owner);
    }

    fn load<C: RowConn>(conn: &mut C, owners: &[Uuid]) -> Result<Vec<Self>, RowFault> {
        let found = conn.find::<R>(owners)?;
        if owners.len() == 1 {
            return Ok(vec![found]);
        }
        let mut all: Vec<Self> = owners.iter().map(|_| Self::new()).collect();
        let index_of: HashMap<Uuid, usize> = owners.iter().copied().zip(0..).collect();
        for row in found {
            let of_owner = index_of.get(&row.owner().uuid()).and_then(|index| all.get_mut(*index));
            if let Some(of_owner) = of_owner {
                of_owner.push(row);
            }
        }
        Ok(all)
    }

    fn orphans<C: RowConn, Root: Row>(
        conn: &mut C,
        limit: usize,
    ) -> Result<Vec<(&'static str, Uuid)>, RowFault> {
        let owners = conn.orphans::<R, Root>(limit)?;
        Ok(owners.into_iter().map(|owner| (R::TABLE.name, owner)).collect())
    }
}

impl<R: Row> Children<R::Owner> for Option<R> {
    fn insert(self, rows: &mut Rows) {
        if let Some(row) = self {
            rows.insert(row);
        }
    }

    fn delete_all(rows: &mut Rows, owner: R::Owner) {
        rows.delete_all::<R>(owner);
    }

    fn load<C: RowConn>(conn: &mut C, owners: &[Uuid]) -> Result<Vec<Self>, RowFault> {
        Ok(Vec::<R>::load(conn, owners)?.into_iter().map(|mut rows| rows.pop()).collect())
    }

    fn orphans<C: RowConn, Root: Row>(
        conn: &mut C,
        limit: usize,
    ) -> Result<Vec<(&'static str, Uuid)>, RowFault> {
        Vec::<R>::orphans::<C, Root>(conn, limit)
    }
}

/// Several tables.
macro_rules! tuples {
    ($($($part:ident)+;)+) => {$(
        impl<Owner: Id, $($part: Children<Owner>,)+> Children<Owner> for ($($part,)+) {
            fn insert(self, rows: &mut Rows) {
                #[expect(non_snake_case, reason = "a value is called like its type")]
                let ($($part,)+) = self;
                $($part.insert(rows);)+
            }

            fn delete_all(rows: &mut Rows, owner: Owner) {
                $($part::delete_all(rows, owner);)+
            }

            fn load<Conn: RowConn>(conn: &mut Conn, owners: &[Uuid]) -> Result<Vec<Self>, RowFault> {
                $(
                    #[expect(non_snake_case, reason = "a value is called like its type")]
                    let mut $part = $part::load(conn, owners)?.into_iter();
                )+
                Ok(std::iter::from_fn(|| Some(($($part.next()?,)+))).collect())
            }

            fn orphans<Conn: RowConn, Root: Row>(
                conn: &mut Conn,
                limit: usize,
            ) -> Result<Vec<(&'static str, Uuid)>, RowFault> {
                let mut orphans = Vec::new();
                $(orphans.append(&mut $part::orphans::<Conn, Root>(conn, limit)?);)+
                Ok(orphans)
            }
        }
    )+};
}

tuples! {
    A B;
    A B C;
    A B C D;
}
