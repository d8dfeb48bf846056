//! Data mappers (Fowler): how an aggregate is kept in rows. A mapper is told what happened, so that it writes the
//! rows that change and looks at no other.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use portolan_kernel::{Aggregate, AggregateKey, AnyState, Error, Id, Registry, Result, Version, downcast};
use uuid::Uuid;

use super::{Conn, Fault, Schema};

/// Keeps aggregates of one type in rows.
///
/// # Behaviour
/// - Every method runs inside a transaction that the store began; a mapper begins none and ends none.
/// - `load` gives back what `insert` and `update` were given, equal in every field and order.
/// - `update` writes the rows that its events changed, with values from the state; a child row that no event is
///   about is not touched.
/// - The version is kept as it is given, and given back.
/// - Statements that differ in values alone are built the same way, so that Diesel prepares them once.
pub trait Mapper<A: Aggregate>: Send + Sync + 'static {
    /// The tables that this mapper needs; mappers that share tables name the same schema.
    fn schema(&self) -> Schema;

    /// The aggregate with this id.
    ///
    /// # Errors
    /// [`Fault`] of a statement, or [`Fault::unreadable`].
    fn load(&self, conn: &mut Conn, id: A::Id) -> Result<Option<Stored<A>>, Fault>;

    /// Up to `limit` aggregates with ids beyond `after`, in the order of their ids.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn page(&self, conn: &mut Conn, after: Option<A::Id>, limit: usize) -> Result<Vec<Stored<A>>, Fault>;

    /// Writes a new aggregate whole.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn insert(&self, conn: &mut Conn, state: &A, version: Version) -> Result<(), Fault>;

    /// Writes what the events changed.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn update(&self, conn: &mut Conn, change: &RowChange<'_, A>) -> Result<(), Fault>;

    /// Removes all rows of an aggregate.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn delete(&self, conn: &mut Conn, id: A::Id) -> Result<(), Fault>;

    /// Up to `limit` child rows whose aggregate is not there: for the check of the store.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn orphans(&self, conn: &mut Conn, limit: usize) -> Result<Vec<Orphan>, Fault>;
}

/// An aggregate as its rows have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<A> {
    /// The aggregate.
    pub state: A,
    /// Its version.
    pub version: Version,
}

/// What happened to an aggregate that has rows.
#[derive(Debug)]
pub struct RowChange<'a, A: Aggregate> {
    /// The state afterwards.
    pub state: &'a A,
    /// What happened, in order.
    pub events: &'a [A::Event],
    /// The version afterwards.
    pub version: Version,
}

/// A child row whose aggregate is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The table of the row.
    pub table: &'static str,
    /// The aggregate that it names.
    pub parent: Uuid,
}

/// The mappers of a service: what a store is opened with, beside its [`Registry`].
#[derive(Clone, Default)]
pub struct Mappers {
    types: BTreeMap<&'static str, Arc<dyn AnyMapper>>,
}

impl Mappers {
    /// No mappers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These, and `A` kept by `mapper`.
    #[must_use]
    pub fn with<A: Aggregate>(mut self, mapper: impl Mapper<A>) -> Self {
        self.types.insert(A::TYPE, Arc::new(Typed { mapper, aggregate: std::marker::PhantomData }));
        self
    }

    /// The schemas of all mappers, each once.
    pub(super) fn schemas(&self) -> Result<Vec<Schema>> {
        let mut schemas: Vec<Schema> = Vec::new();
        for mapper in self.types.values() {
            let schema = mapper.schema();
            match schemas.iter().find(|known| known.component == schema.component) {
                None => schemas.push(schema),
                Some(known) if known.steps == schema.steps => {}
                Some(_) => {
                    let component = schema.component;
                    return Err(Error::Invalid(format!("two schemas are called `{component}`")));
                }
            }
        }
        Ok(schemas)
    }

    /// Refuses a type that is registered and has no mapper, and the other way round.
    pub(super) fn check_against(&self, registry: &Registry) -> Result<()> {
        for registered in registry.types() {
            self.get(registered.name())?;
        }
        for name in self.types.keys() {
            registry.get(name)?;
        }
        Ok(())
    }

    pub(super) fn get(&self, aggregate_type: &str) -> Result<&Arc<dyn AnyMapper>> {
        self.types.get(aggregate_type).ok_or_else(|| {
            Error::Unsupported(format!("aggregates of type `{aggregate_type}` have no mapper in this store"))
        })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &Arc<dyn AnyMapper>)> {
        self.types.iter().map(|(name, mapper)| (*name, mapper))
    }
}

impl fmt::Debug for Mappers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.types.keys()).finish()
    }
}

/// The same for any type: a mapper as the store drives it.
pub(super) trait AnyMapper: Send + Sync {
    fn schema(&self) -> Schema;
    fn load(&self, conn: &mut Conn, id: Uuid) -> Result<Option<StoredAny>, Fault>;
    fn page(&self, conn: &mut Conn, after: Option<Uuid>, limit: usize) -> Result<Vec<StoredAny>, Fault>;
    fn write(&self, conn: &mut Conn, write: &Write<'_>) -> Result<(), Fault>;
    fn orphans(&self, conn: &mut Conn, limit: usize) -> Result<Vec<Orphan>, Fault>;
}

/// An aggregate whose type only its mapper knows.
pub(super) struct StoredAny {
    pub(super) id: Uuid,
    pub(super) version: Version,
    pub(super) state: AnyState,
}

/// What a group of commits did to one aggregate.
pub(super) struct Write<'a> {
    pub(super) key: AggregateKey,
    /// The version afterwards.
    pub(super) version: Version,
    /// Whether it had rows before.
    pub(super) existed: bool,
    /// Whether it was removed on the way, so that its rows say nothing about what it is now.
    pub(super) begun_anew: bool,
    /// The state afterwards; `None`: it is removed.
    pub(super) state: Option<&'a AnyState>,
    /// The typed events of each commit, in order.
    pub(super) events: Vec<&'a (dyn std::any::Any + Send + Sync)>,
}

struct Typed<A, M> {
    mapper: M,
    aggregate: std::marker::PhantomData<fn() -> A>,
}

impl<A: Aggregate, M: Mapper<A>> AnyMapper for Typed<A, M> {
    fn schema(&self) -> Schema {
        self.mapper.schema()
    }

    fn load(&self, conn: &mut Conn, id: Uuid) -> Result<Option<StoredAny>, Fault> {
        Ok(self.mapper.load(conn, A::Id::from_uuid(id))?.map(any))
    }

    fn page(&self, conn: &mut Conn, after: Option<Uuid>, limit: usize) -> Result<Vec<StoredAny>, Fault> {
        let page = self.mapper.page(conn, after.map(A::Id::from_uuid), limit)?;
        Ok(page.into_iter().map(any).collect())
    }

    fn write(&self, conn: &mut Conn, write: &Write<'_>) -> Result<(), Fault> {
        let id = A::Id::from_uuid(write.key.id);
        let Some(state) = write.state else {
            return if write.existed { self.mapper.delete(conn, id) } else { Ok(()) };
        };
        let state = downcast::<A>(state)?;
        if write.existed && !write.begun_anew {
            let change = |events| RowChange { state, events, version: write.version };
            return match write.events.as_slice() {
                [one] => self.mapper.update(conn, &change(events_of::<A>(*one)?)),
                many => {
                    let mut events = Vec::new();
                    for some in many {
                        events.extend_from_slice(events_of::<A>(*some)?);
                    }
                    self.mapper.update(conn, &change(&events))
                }
            };
        }
        if write.existed {
            self.mapper.delete(conn, id)?;
        }
        self.mapper.insert(conn, state, write.version)
    }

    fn orphans(&self, conn: &mut Conn, limit: usize) -> Result<Vec<Orphan>, Fault> {
        self.mapper.orphans(conn, limit)
    }
}

fn any<A: Aggregate>(stored: Stored<A>) -> StoredAny {
    StoredAny { id: stored.state.id().uuid(), version: stored.version, state: Arc::new(stored.state) }
}

fn events_of<A: Aggregate>(events: &(dyn std::any::Any + Send + Sync)) -> Result<&[A::Event], Fault> {
    events.downcast_ref::<Vec<A::Event>>().map(Vec::as_slice).ok_or_else(|| {
        Error::Invalid(format!("a change of a {} came without its typed events", A::TYPE)).into()
    })
}
