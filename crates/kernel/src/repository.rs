//! Repositories (Evans): a collection of aggregates, as if in memory; the write side's view of a store.

use async_trait::async_trait;

use crate::{Aggregate, Candidate, Handle, Result, Specification};

/// The collection of all aggregates of one type, inside one [`UnitOfWork`](crate::UnitOfWork).
///
/// What it hands out are [`Handle`]s on the unit's own copies; nothing is written before the unit commits.
/// A domain names its port for each aggregate (`listing::Repository`) as this trait at its type.
#[async_trait]
pub trait Repository<A: Aggregate>: Send + Sync {
    /// The aggregate with this id, or `None`, also where the unit has removed it. Two gets of one id in one unit of work give the same aggregate.
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict) where the command expects another version of it
    /// (`If-Match`); [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be read.
    async fn get(&self, id: A::Id) -> Result<Option<Handle<A>>>;

    /// Makes a new aggregate of the events that begin it. Whether the id is free is decided at the commit.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) where the first event begins nothing, and
    /// [`Error::AlreadyExists`](crate::Error::AlreadyExists) where the unit already holds one with this id.
    fn add(&self, events: Vec<A::Event>) -> Result<Handle<A>>;

    /// Removes the aggregate at the commit; in the journal that is an event. A change after the removal is
    /// [`Error::Invalid`](crate::Error::Invalid) at the commit.
    fn remove(&self, aggregate: &Handle<A>);

    /// Up to `limit` aggregates that satisfy the specification, in the order of their ids.
    ///
    /// It asks the committed state; of those that the unit already holds it hands out the unit's own copies,
    /// and only if these satisfy the specification too.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for a limit of 0 or over
    /// [`FIND_LIMIT`](crate::FIND_LIMIT), or a specification past its bounds; as [`get`](Self::get) otherwise.
    async fn find(&self, specification: &Specification<A>, limit: usize) -> Result<Vec<Handle<A>>>
    where
        A: Candidate;
}
