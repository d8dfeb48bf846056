//! What an engine does with rows, and the one list of engines that a mapper is written for at once.

use std::any::Any;

use uuid::Uuid;

use super::{Batch, Row, Unreadable};

/// A connection that writes and reads rows, as suits its engine.
pub trait RowConn: Sized {
    /// What is put off, to be sent together; [`AtOnce`] where nothing is.
    type Joint<'v>: Default;

    /// Deletes what is to be deleted: rows of whole aggregates, and rows by their keys. At once, or by
    /// [`send`](Self::send).
    ///
    /// # Errors
    /// [`RowFault::Statement`].
    fn delete<'v, R: Row>(
        &mut self,
        batch: &'v Batch<R>,
        joint: &mut Self::Joint<'v>,
    ) -> Result<(), RowFault>;

    /// Writes what is to be written. At once, or by [`send`](Self::send).
    ///
    /// # Errors
    /// [`RowFault::Statement`], and [`RowFault::Missing`] where a row that is to be updated is not there.
    fn write<'v, R: Row>(&mut self, batch: &'v Batch<R>, joint: &mut Self::Joint<'v>)
    -> Result<(), RowFault>;

    /// Does what was put off.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn send(&mut self, joint: Self::Joint<'_>) -> Result<(), RowFault>;

    /// All rows of these aggregates, in whatever order.
    ///
    /// # Errors
    /// [`RowFault::Statement`], [`RowFault::Unreadable`].
    fn find<R: Row>(&mut self, owners: &[Uuid]) -> Result<Vec<R>, RowFault>;

    /// Up to `limit` rows of owners beyond `after`, in the order of their owners. For rows of which each owner has one.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    fn page<R: Row>(&mut self, after: Option<Uuid>, limit: usize) -> Result<Vec<R>, RowFault>;

    /// The owners of up to `limit` rows of type `R` without a row of type `Root`.
    ///
    /// # Errors
    /// [`RowFault::Statement`].
    fn orphans<R: Row, Root: Row>(&mut self, limit: usize) -> Result<Vec<Uuid>, RowFault>;
}

/// Nothing is put off: each statement runs when it comes.
#[derive(Debug, Clone, Copy, Default)]
pub struct AtOnce;

/// Why rows were not written or read.
#[derive(Debug, thiserror::Error)]
pub enum RowFault {
    /// A statement failed.
    #[error(transparent)]
    Statement(#[from] diesel::result::Error),
    /// A row is not what its mapper wrote.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A row that is to be updated is not there.
    #[error("a row of `{0}` is not there")]
    Missing(&'static str),
}

/// A [`Batch`] of whatever rows, as the engine of connection `C` handles it.
pub trait OnEngine<C: RowConn> {
    /// As [`RowConn::delete`].
    ///
    /// # Errors
    /// As there.
    fn delete<'v>(&'v self, conn: &mut C, joint: &mut C::Joint<'v>) -> Result<(), RowFault>;

    /// As [`RowConn::write`].
    ///
    /// # Errors
    /// As there.
    fn write<'v>(&'v self, conn: &mut C, joint: &mut C::Joint<'v>) -> Result<(), RowFault>;
}

impl<C: RowConn, R: Row> OnEngine<C> for Batch<R> {
    fn delete<'v>(&'v self, conn: &mut C, joint: &mut C::Joint<'v>) -> Result<(), RowFault> {
        conn.delete(self, joint)
    }

    fn write<'v>(&'v self, conn: &mut C, joint: &mut C::Joint<'v>) -> Result<(), RowFault> {
        conn.write(self, joint)
    }
}

crate::engines::every_engine! {
    /// What every engine that is built in needs of a batch.
    pub trait OnEveryEngine: OnEngine in every_engine
}

/// A [`Batch`] of whatever rows, for every engine that is built in.
pub trait AnyBatch: Any + Send + OnEveryEngine {
    /// How much is to happen.
    fn size(&self) -> usize;
}

impl<R: Row> AnyBatch for Batch<R> {
    fn size(&self) -> usize {
        Self::size(self)
    }
}
