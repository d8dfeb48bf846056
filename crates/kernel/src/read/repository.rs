//! The read repository: the port through which queries are answered.

use std::time::Duration;

use async_trait::async_trait;

use super::explanation::Explanation;
use super::page::{Page, PageRequest, PageSize};
use super::query::Query;
use super::view::{Row, View};
use crate::{Error, Position, Result, Specification};

/// A read model, as a reader sees it: it answers, and changes nothing.
///
/// # Behaviour
/// - A specification selects the rows for which
///   [`is_satisfied_by`](crate::Specification::is_satisfied_by) is true, whatever the store.
/// - Each answer is of one state of the model, a page together with its count; no reader sees half of a commit.
/// - It is never silently old: a query that asks for a position gets it, or [`Error::Stale`].
///
/// # Errors
/// All methods answer [`Error::Unavailable`] where the store cannot be read, and [`Error::Invalid`] or
/// [`Error::Unsupported`], before any I/O, for a question that can never be answered.
#[async_trait]
pub trait ReadRepository<V: View>: Send + Sync + 'static {
    /// The row with this id, or `None`.
    async fn get(&self, id: &V::Id) -> Result<Option<Row<V>>>;

    /// One page of rows.
    ///
    /// # Errors
    /// [`Error::Stale`], at once, where the model is behind [`Query::at_least`];
    /// [`Error::Invalid`] for a cursor that is damaged or of another query.
    async fn find(&self, query: &Query<V>) -> Result<Page<V>>;

    /// How many rows satisfy the criteria. A page that [is counted](Query::is_counted) says it together with its rows.
    async fn count(&self, criteria: &Specification<V>) -> Result<u64>;

    /// How this store answers the query: its own query, which indexes serve it, and what is left to test row by row.
    ///
    /// # Errors
    /// [`Error::Invalid`] as for [`find`](Self::find).
    async fn explain(&self, query: &Query<V>) -> Result<Explanation> {
        let checked = query.checked()?;
        Ok(Explanation {
            query: "every row is looked at".to_owned(),
            residual: Some(checked.tree.to_string()),
            ..Explanation::default()
        })
    }

    /// How far the model is: every event up to this position is in it.
    async fn position(&self) -> Result<Position>;

    /// Waits until the model has come to `position`, no longer than `patience`, and answers how far it is then.
    /// The time is that of the adapter's runtime, not of the [`Clock`](crate::Clock).
    ///
    /// # Errors
    /// [`Error::Stale`] when the patience is over; [`Error::Closed`] where nobody fills the model any more.
    async fn wait_for(&self, position: Position, patience: Duration) -> Result<Position>;
}

/// What any read repository can do beyond its port.
#[async_trait]
pub trait ReadRepositoryExt<V: View>: ReadRepository<V> {
    /// As [`find`](ReadRepository::find), but waits for [`Query::at_least`] first, no longer than `patience`.
    ///
    /// # Errors
    /// Those of [`wait_for`](ReadRepository::wait_for) and [`find`](ReadRepository::find); what is wrong with
    /// the query itself is said before any waiting.
    async fn find_within(&self, query: &Query<V>, patience: Duration) -> Result<Page<V>> {
        query.checked()?;
        if let Some(position) = query.at_least {
            self.wait_for(position, patience).await?;
        }
        self.find(query).await
    }

    /// As [`get`](ReadRepository::get), from a model that is at `at_least`; waits no longer than `patience`.
    ///
    /// # Errors
    /// Those of [`wait_for`](ReadRepository::wait_for) and [`get`](ReadRepository::get).
    async fn get_within(
        &self,
        id: &V::Id,
        at_least: Option<Position>,
        patience: Duration,
    ) -> Result<Option<Row<V>>> {
        if let Some(position) = at_least {
            self.wait_for(position, patience).await?;
        }
        self.get(id).await
    }

    /// Whether any row satisfies the criteria.
    ///
    /// # Errors
    /// As [`find`](ReadRepository::find).
    async fn exists(&self, criteria: &Specification<V>) -> Result<bool> {
        let one = PageRequest::first(PageSize::new(1)?);
        let page = self.find(&Query::new(criteria.clone()).page(one)).await?;
        Ok(!page.rows.is_empty())
    }

    /// The row with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none; as [`get`](ReadRepository::get) otherwise.
    async fn require(&self, id: &V::Id) -> Result<Row<V>> {
        self.get(id).await?.ok_or_else(|| Error::NotFound(format!("{} {id}", V::NAME)))
    }
}

impl<V: View, R: ReadRepository<V> + ?Sized> ReadRepositoryExt<V> for R {}
