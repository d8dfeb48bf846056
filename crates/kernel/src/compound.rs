//! A write and a read repository behind one handle, for code that wants one collection.

use std::sync::Arc;

use crate::{Aggregate, Handle, Page, Query, ReadRepository, Repository, Result, Specification, View};

/// The collection of all `A`, of which `V` is the view: single aggregates come from the write side, inside a unit
/// of work; whatever looks through many of them asks the read side.
///
/// # Behaviour
/// What was added or removed is in [`get`](Self::get) at once, and in [`find`](Self::find) and
/// [`count`](Self::count) once the unit of work has committed and the view has followed; a query that asks for the
/// receipt's position waits for that, or is told that the view is stale.
#[derive(Clone)]
pub struct Compound<'u, A: Aggregate, V: View> {
    write: &'u dyn Repository<A>,
    read: Arc<dyn ReadRepository<V>>,
}

impl<'u, A: Aggregate, V: View> Compound<'u, A, V> {
    /// Both behind one handle.
    #[must_use]
    pub fn new(write: &'u dyn Repository<A>, read: Arc<dyn ReadRepository<V>>) -> Self {
        Self { write, read }
    }

    /// The aggregate with this id, to change it.
    ///
    /// # Errors
    /// As [`Repository::get`].
    pub async fn get(&self, id: A::Id) -> Result<Option<Handle<A>>> {
        self.write.get(id).await
    }

    /// Makes a new aggregate of the events that begin it.
    ///
    /// # Errors
    /// As [`Repository::add`].
    pub fn add(&self, events: Vec<A::Event>) -> Result<Handle<A>> {
        self.write.add(events)
    }

    /// Removes the aggregate at the commit.
    pub fn remove(&self, aggregate: &Handle<A>) {
        self.write.remove(aggregate);
    }

    /// One page of rows.
    ///
    /// # Errors
    /// As [`ReadRepository::find`].
    pub async fn find(&self, query: &Query<V>) -> Result<Page<V>> {
        self.read.find(query).await
    }

    /// How many rows satisfy the criteria.
    ///
    /// # Errors
    /// As [`ReadRepository::count`].
    pub async fn count(&self, criteria: &Specification<V>) -> Result<u64> {
        self.read.count(criteria).await
    }
}

impl<A: Aggregate, V: View> std::fmt::Debug for Compound<'_, A, V> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Compound({}, {})", A::TYPE, V::NAME)
    }
}
