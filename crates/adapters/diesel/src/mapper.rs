//! Data mappers (Fowler): how an aggregate is kept in rows. A mapper names no engine and runs no statement: it says
//! which rows there are to be, and makes an aggregate of rows. It is told what happened, so that it writes the rows
//! that change and looks at no other.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use portolan_kernel::{
    Aggregate, AggregateKey, AnyState, Change, Error, Expected, Id, Registry, Result, Version, downcast,
};
use uuid::Uuid;

use crate::Schema;
use crate::rows::{Children, Row, RowConn, RowFault, Rows, Unreadable};

/// Keeps aggregates of one type in rows.
///
/// # Behaviour
/// - [`restore`](Self::restore) gives back what [`rows`](Self::rows) was given, equal in every field and order.
/// - The version is kept as it is given, and given back.
/// - [`update`](Self::update) leaves the rows as `rows` would make them of the state afterwards; a child row that no
///   event is about need not be touched.
pub trait Mapper: Send + Sync + 'static {
    /// What it keeps.
    type Aggregate: Aggregate;
    /// The aggregate's own row, with its version.
    type Root: Row<Owner = <Self::Aggregate as Aggregate>::Id>;
    /// The rows that it has beside its own: see [`Children`].
    type Children: Children<<Self::Aggregate as Aggregate>::Id>;

    /// The tables that this mapper needs; mappers that share tables name the same schema.
    fn schema(&self) -> Schema;

    /// All rows of an aggregate.
    fn rows(&self, state: &Self::Aggregate, version: Version) -> (Self::Root, Self::Children);

    /// The aggregate in these rows. A `Vec` of children has them in no order.
    ///
    /// # Errors
    /// [`Unreadable`] for rows that [`rows`](Self::rows) never gave.
    fn restore(
        &self,
        root: Self::Root,
        children: Self::Children,
    ) -> Result<Stored<Self::Aggregate>, Unreadable>;

    /// What the events changed. Unless this is written, all children are written anew, which is right, and dear where
    /// there are many.
    fn update(&self, change: &RowChange<'_, Self::Aggregate>, rows: &mut Rows) {
        let (root, children) = self.rows(change.state, change.version);
        rows.update(root);
        Self::Children::delete_all(rows, change.state.id());
        children.insert(rows);
    }
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

    /// These, and one more type of aggregates, kept by `mapper`.
    #[must_use]
    pub fn with<M: Mapper>(mut self, mapper: M) -> Self {
        self.types.insert(M::Aggregate::TYPE, Arc::new(Typed(mapper)));
        self
    }

    /// The schemas of all mappers, each once.
    pub(crate) fn schemas(&self) -> Result<Vec<Schema>> {
        let mut schemas: Vec<Schema> = Vec::new();
        for mapper in self.types.values() {
            let schema = mapper.schema();
            match schemas.iter().find(|known| known.component == schema.component) {
                None => schemas.push(schema),
                Some(known) if *known == schema => {}
                Some(_) => {
                    let component = schema.component;
                    return Err(Error::Invalid(format!("two schemas are called `{component}`")));
                }
            }
        }
        Ok(schemas)
    }

    /// Refuses a type that is registered and has no mapper, and the other way round.
    pub(crate) fn check_against(&self, registry: &Registry) -> Result<()> {
        for registered in registry.types() {
            self.get(registered.name())?;
        }
        for name in self.types.keys() {
            registry.get(name)?;
        }
        Ok(())
    }

    pub(crate) fn get(&self, aggregate_type: &str) -> Result<&Arc<dyn AnyMapper>> {
        self.types.get(aggregate_type).ok_or_else(|| {
            Error::Unsupported(format!("aggregates of type `{aggregate_type}` have no mapper in this store"))
        })
    }
}

impl fmt::Debug for Mappers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.types.keys()).finish()
    }
}

/// The same for any type: a mapper as a store drives it, on every engine that is built in.
pub(crate) trait AnyMapper: LoadOnEvery + Send + Sync {
    fn schema(&self) -> Schema;

    /// Says what this does to rows.
    fn collect(&self, write: &Write<'_>, rows: &mut Rows) -> Result<()>;
}

crate::engines::every_engine! {
    /// A mapper as every engine that is built in reads with it.
    pub(crate) trait LoadOnEvery: LoadOn in every_engine
}

/// A mapper as the engine of connection `C` reads with it.
pub(crate) trait LoadOn<C> {
    /// Those of these aggregates that are there, in whatever order.
    fn load(&self, conn: &mut C, ids: &[Uuid]) -> Result<Vec<StoredAny>, RowFault>;

    /// Up to `limit` aggregates with ids beyond `after`, in the order of their ids.
    fn page(&self, conn: &mut C, after: Option<Uuid>, limit: usize) -> Result<Vec<StoredAny>, RowFault>;

    /// Up to `limit` child rows of each table whose aggregate is not there.
    fn orphans(&self, conn: &mut C, limit: usize) -> Result<Vec<Orphan>, RowFault>;
}

/// An aggregate whose type only its mapper knows.
pub(crate) struct StoredAny {
    pub(crate) id: Uuid,
    pub(crate) version: Version,
    pub(crate) state: AnyState,
}

/// What a group of commits did to one aggregate.
pub(crate) struct Write<'a> {
    pub(crate) key: AggregateKey,
    /// The version before.
    pub(crate) before: Version,
    /// The version afterwards.
    pub(crate) version: Version,
    /// Whether it had rows before.
    pub(crate) existed: bool,
    /// Whether it was removed on the way, so that its rows say nothing about what it is now.
    pub(crate) begun_anew: bool,
    /// The state afterwards; `None`: it is removed.
    pub(crate) state: Option<&'a AnyState>,
    /// The typed events of each commit, in order.
    pub(crate) events: Vec<&'a (dyn Any + Send + Sync)>,
}

impl<'a> Write<'a> {
    /// Nothing yet, of the aggregate that this changes first, and leads to this version.
    pub(crate) fn begin(change: &'a Change, version: Version) -> Self {
        Self {
            key: change.key,
            before: Version(version.get() - change.events.len() as u64),
            version,
            existed: change.expected != Expected::Absent,
            begun_anew: false,
            state: None,
            events: Vec::with_capacity(1),
        }
    }

    /// And this, which leads to this version.
    pub(crate) fn add(&mut self, change: &'a Change, version: Version) {
        if !self.events.is_empty() && change.expected == Expected::Absent {
            self.begun_anew = true;
        }
        self.version = version;
        self.state = change.state.as_ref();
        self.events.push(&*change.typed_events);
    }
}

struct Typed<M>(M);

impl<M: Mapper> AnyMapper for Typed<M> {
    fn schema(&self) -> Schema {
        self.0.schema()
    }

    fn collect(&self, write: &Write<'_>, rows: &mut Rows) -> Result<()> {
        // First, so that parents are written before their children.
        rows.batch::<M::Root>();
        let id = <M::Aggregate as Aggregate>::Id::from_uuid(write.key.id);
        let is_there_still = write.existed && !write.begun_anew && write.state.is_some();
        if write.existed && !is_there_still {
            rows.delete_all::<M::Root>(id);
            M::Children::delete_all(rows, id);
        }
        let Some(state) = write.state else { return Ok(()) };
        let state = downcast::<M::Aggregate>(state)?;
        if !is_there_still {
            let (root, children) = self.0.rows(state, write.version);
            rows.insert(root);
            children.insert(rows);
            return Ok(());
        }
        let change = |events| RowChange { state, events, version: write.version };
        match write.events.as_slice() {
            [one] => self.0.update(&change(events_of::<M::Aggregate>(*one)?), rows),
            many => {
                let mut events = Vec::new();
                for some in many {
                    events.extend_from_slice(events_of::<M::Aggregate>(*some)?);
                }
                self.0.update(&change(&events), rows);
            }
        }
        Ok(())
    }
}

impl<M: Mapper> Typed<M> {
    fn restore<C: RowConn>(&self, conn: &mut C, roots: Vec<M::Root>) -> Result<Vec<StoredAny>, RowFault> {
        let ids: Vec<Uuid> = roots.iter().map(|root| root.owner().uuid()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let children = M::Children::load(conn, &ids)?;
        let restored = roots.into_iter().zip(children).zip(ids).map(|((root, children), id)| {
            let Stored { state, version } = self.0.restore(root, children)?;
            Ok(StoredAny { id, version, state: Arc::new(state) })
        });
        restored.collect()
    }
}

impl<C: RowConn, M: Mapper> LoadOn<C> for Typed<M> {
    fn load(&self, conn: &mut C, ids: &[Uuid]) -> Result<Vec<StoredAny>, RowFault> {
        let roots = conn.find::<M::Root>(ids)?;
        self.restore(conn, roots)
    }

    fn page(&self, conn: &mut C, after: Option<Uuid>, limit: usize) -> Result<Vec<StoredAny>, RowFault> {
        let roots = conn.page::<M::Root>(after, limit)?;
        self.restore(conn, roots)
    }

    fn orphans(&self, conn: &mut C, limit: usize) -> Result<Vec<Orphan>, RowFault> {
        let orphans = M::Children::orphans::<C, M::Root>(conn, limit)?;
        Ok(orphans.into_iter().map(|(table, parent)| Orphan { table, parent }).collect())
    }
}

fn events_of<A: Aggregate>(events: &(dyn Any + Send + Sync)) -> Result<&[A::Event]> {
    events
        .downcast_ref::<Vec<A::Event>>()
        .map(Vec::as_slice)
        .ok_or_else(|| Error::Invalid(format!("a change of a {} came without its typed events", A::TYPE)))
}
