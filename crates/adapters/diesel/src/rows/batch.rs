//! What a group of commits does to rows, collected table by table.

use std::any::Any;
use std::fmt;

use super::engine::OnEngine;
use super::{AnyBatch, Row, RowConn, RowFault};

/// What a group of commits does to rows. Mappers fill it; an engine writes it, table by table, with as few statements
/// as it can.
///
/// In each table rows are deleted first, so that what was inserted or put is there afterwards, in whatever order a
/// mapper said so. An aggregate's rows are touched for that aggregate alone.
#[derive(Default)]
pub struct Rows {
    batches: Vec<Box<dyn AnyBatch>>,
}

impl Rows {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A row that is new.
    pub fn insert<R: Row>(&mut self, row: R) {
        self.batch::<R>().inserts.push(row);
    }

    /// A row that is there, whose changing columns are now these. No other column is looked at.
    pub fn update<R: Row>(&mut self, row: R) {
        self.batch::<R>().updates.push(row);
    }

    /// A row as it is to be, whether there is one with its key or not.
    pub fn put<R: Row>(&mut self, row: R) {
        self.batch::<R>().puts.push(row);
    }

    /// The row with this key goes, if there is one.
    pub fn delete<R: Row>(&mut self, key: R::Key) {
        self.batch::<R>().deletes.push(key);
    }

    /// All rows of this aggregate go.
    pub fn delete_all<R: Row>(&mut self, owner: R::Owner) {
        self.batch::<R>().owners.push(owner);
    }

    /// How many rows are written or deleted, those of whole aggregates counted as one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batches.iter().map(|batch| batch.size()).sum()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is to happen to rows of this type.
    pub(crate) fn batch<R: Row>(&mut self) -> &mut Batch<R> {
        let found = self.batches.iter().position(|batch| (&**batch as &dyn Any).is::<Batch<R>>());
        let index = found.unwrap_or_else(|| {
            self.batches.push(Box::new(Batch::<R>::default()));
            self.batches.len() - 1
        });
        let found = self.batches.get_mut(index).map(|batch| &mut **batch as &mut dyn Any);
        #[expect(clippy::expect_used, reason = "it was found by this type, or made, two lines above")]
        found.and_then(<dyn Any>::downcast_mut).expect("the batch of this type")
    }

    /// Writes all of it: what is deleted from the last table to the first, so that children go before their parents,
    /// then what is written from the first to the last.
    ///
    /// # Errors
    /// [`RowFault`]; what was written until then is to be rolled back.
    pub fn write<C: RowConn>(&self, conn: &mut C) -> Result<(), RowFault>
    where
        dyn AnyBatch: OnEngine<C>,
    {
        let mut joint = C::Joint::default();
        self.write_with(conn, &mut joint)?;
        conn.send(joint)
    }

    /// Likewise, together with what else is put off: written is all of it when that is sent.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_with<'v, C: RowConn>(
        &'v self,
        conn: &mut C,
        joint: &mut C::Joint<'v>,
    ) -> Result<(), RowFault>
    where
        dyn AnyBatch: OnEngine<C>,
    {
        self.batches.iter().rev().try_for_each(|batch| OnEngine::<C>::delete(&**batch, conn, joint))?;
        self.batches.iter().try_for_each(|batch| OnEngine::<C>::write(&**batch, conn, joint))
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rows").field("tables", &self.batches.len()).finish_non_exhaustive()
    }
}

/// What is to happen to rows of one type.
#[derive(Debug)]
pub struct Batch<R: Row> {
    /// The aggregates whose rows all go.
    pub owners: Vec<R::Owner>,
    /// The rows that go, by their keys.
    pub deletes: Vec<R::Key>,
    /// The rows that are new.
    pub inserts: Vec<R>,
    /// The rows that are there, whose changing columns are set.
    pub updates: Vec<R>,
    /// The rows that are as given afterwards.
    pub puts: Vec<R>,
}

impl<R: Row> Default for Batch<R> {
    fn default() -> Self {
        Self {
            owners: Vec::new(),
            deletes: Vec::new(),
            inserts: Vec::new(),
            updates: Vec::new(),
            puts: Vec::new(),
        }
    }
}

impl<R: Row> Batch<R> {
    /// How much is to happen.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.owners.len() + self.deletes.len() + self.inserts.len() + self.updates.len() + self.puts.len()
    }
}
