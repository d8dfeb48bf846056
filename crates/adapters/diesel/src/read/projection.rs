//! The filling side of a view in SQL.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use portolan_kernel::specification::Value;
use portolan_kernel::{
    Batch, Epoch, Error, Position, Projection, Projector, Recorded, Result, StoredView, Taken, Version,
};

use super::super::store::leases;
use super::super::{Conn, Fault, engine};
use super::Model;
use super::layout::{Layout, VERSION};
use super::repository::by_ids;
use super::rows::{self, Kept};
use super::source;
use super::state::{self, Standing};
use super::statement::{Bound, Cell, Shapes, Statement};
use super::writes::{self, Change};

/// How often a batch is made anew because another process was faster.
const ATTEMPTS: usize = 5;

/// Fills a view in SQL from the journal, as `P` says.
///
/// # Behaviour
/// A batch's rows and the view's position are written in one transaction, in which only rows that changed are touched,
/// and of these only the columns that did. The position is the checkpoint of the subscription of the view's name and
/// version 1. The rows of a batch are read before, with a few statements, and nothing is written if the view has moved
/// since, or if the subscription has another owner by now.
pub struct SqlProjection<V, P> {
    model: Arc<Model>,
    projector: P,
    /// How far this side has seen the view.
    seen: AtomicU64,
    /// Whether this side has seen that the indexes are there.
    has_indexes: AtomicBool,
    view: std::marker::PhantomData<fn() -> V>,
}

impl<V: StoredView, P> SqlProjection<V, P> {
    pub(super) const fn new(model: Arc<Model>, projector: P) -> Self {
        Self {
            model,
            projector,
            seen: AtomicU64::new(0),
            has_indexes: AtomicBool::new(false),
            view: std::marker::PhantomData,
        }
    }

    /// What is kept of these rows, and how far the view is.
    async fn kept(&self, ids: Vec<Value>) -> Result<(Standing, Rows<V>)> {
        let model = Arc::clone(&self.model);
        let store = self.model.store.clone();
        store
            .read_with(move |conn| {
                engine::snapshot(conn, |conn| {
                    let Model { layout, shapes, declared, .. } = &*model;
                    let standing = declared.standing(conn, &layout.name)?;
                    Ok((standing, Rows::load(conn, layout, shapes, &ids)?))
                })
            })
            .await
    }

    /// What the events make of the rows.
    fn changes<E>(&self, events: &[Recorded<E>], mut rows: Rows<V>) -> Result<Vec<Change<V>>>
    where
        P: Projector<E, View = V>,
    {
        let mut changes: Vec<Change<V>> = Vec::new();
        let mut places: HashMap<Value, usize> = HashMap::new();
        for event in events {
            let Some(id) = self.projector.target(event) else { continue };
            let id = V::stored_id(&id);
            let place = *places.entry(id).or_insert_with_key(|id| {
                changes.push(rows.take(id));
                changes.len() - 1
            });
            let Some(change) = changes.get_mut(place) else { continue };
            let version = self.projector.version(event);
            if version <= change.version {
                continue;
            }
            change.version = version;
            self.projector.project(&mut change.after, event);
            if let Some(view) = &change.after
                && V::stored_id(&view.id()) != change.id
            {
                return Err(Error::Invalid(format!(
                    "the projector of `{}` made a row with another id than its event's",
                    self.model.layout.name
                )));
            }
        }
        changes.retain(Change::is_one);
        Ok(changes)
    }

    /// Writes the changes, if the view is still as it was read.
    async fn write<E: Send + Sync>(
        &self,
        was: Position,
        changes: Vec<Change<V>>,
        batch: Batch<'_, E>,
    ) -> Result<bool> {
        let (to, epoch) = (batch.to(), batch.epoch());
        let last = batch.events().last().map(Taken::of);
        let model = Arc::clone(&self.model);
        let store = self.model.store.clone();
        store
            .queue()?
            .write(move |conn| {
                let Model { layout, shapes, declared, .. } = &*model;
                leases::check_epoch(conn, &state::subscription(&layout.name), epoch)?;
                if declared.standing(conn, &layout.name)?.position != was {
                    return Ok(false);
                }
                writes::write(conn, layout, shapes, &changes)?;
                if to > was {
                    state::set_position(conn, &layout.name, to)?;
                    last.map_or(Ok(()), |last| source::note(conn, layout, shapes, last))?;
                }
                Ok(true)
            })
            .await
    }

    /// Makes the indexes that were put off until the view has caught up, where it was filled from the first event on. Each
    /// in a transaction of its own, so that nobody waits for all of them: about a second for one of a million rows.
    async fn make_indexes(&self, epoch: Epoch) -> Result<()> {
        if self.has_indexes.load(Ordering::Relaxed) {
            return Ok(());
        }
        let queue = self.model.store.queue()?;
        let indexes = self.model.layout.indexes.len();
        for number in 0..=indexes {
            let model = Arc::clone(&self.model);
            let made = move |conn: &mut Conn| {
                let Model { layout, declared, .. } = &*model;
                leases::check_epoch(conn, &state::subscription(&layout.name), epoch)?;
                match number < indexes {
                    true => state::make_index(conn, layout, declared, number),
                    false => state::note_indexes(conn, layout, declared),
                }
            };
            queue.write(made).await?;
        }
        self.has_indexes.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn saw(&self, position: Position) {
        self.seen.store(position.get(), Ordering::Relaxed);
        // Only now, so that whoever is woken finds the rows.
        self.model.told.send_replace(position);
    }
}

#[async_trait]
impl<V, P, E> Projection<E> for SqlProjection<V, P>
where
    V: StoredView,
    P: Projector<E, View = V>,
    E: Send + Sync,
{
    fn name(&self) -> &str {
        &self.model.layout.name
    }

    async fn position(&self) -> Result<Position> {
        let (Standing { position, .. }, _) = self.kept(Vec::new()).await?;
        self.seen.store(position.get(), Ordering::Relaxed);
        Ok(position)
    }

    async fn last_taken(&self) -> Result<Option<Taken>> {
        let model = Arc::clone(&self.model);
        let store = self.model.store.clone();
        store.read_with(move |conn| source::read(conn, &model.layout, &model.shapes)).await
    }

    async fn apply(&self, batch: Batch<'_, E>) -> Result<()> {
        let mut ids: Vec<Value> = batch
            .events()
            .iter()
            .filter_map(|event| self.projector.target(event))
            .map(|id| V::stored_id(&id))
            .collect();
        let mut seen = std::collections::HashSet::with_capacity(ids.len());
        ids.retain(|id| seen.insert(id.clone()));
        for _ in 0..ATTEMPTS {
            let (Standing { position: from, has_indexes }, rows) = self.kept(ids.clone()).await?;
            self.has_indexes.store(has_indexes, Ordering::Relaxed);
            if from.get() < self.seen.load(Ordering::Relaxed) && leaves_a_gap(&batch, from) {
                return Err(Error::unavailable(format!(
                    "the view `{}` was reset by somebody else; it is filled from {from} on",
                    self.model.layout.name
                )));
            }
            let changes = self.changes(batch.events(), rows)?;
            let to = from.max(batch.to());
            if self.write(from, changes, batch).await? {
                self.saw(to);
                return match batch.is_last() {
                    true => self.make_indexes(batch.epoch()).await,
                    false => Ok(()),
                };
            }
        }
        Err(Error::unavailable(format!(
            "the view `{}` is being filled by another process",
            self.model.layout.name
        )))
    }

    async fn reset(&self) -> Result<()> {
        let model = Arc::clone(&self.model);
        let store = self.model.store.clone();
        store
            .queue()?
            .write(move |conn| {
                if engine::PUTS_OFF_INDEXES {
                    state::drop_indexes(conn, &model.layout, &model.declared)?;
                }
                writes::empty(conn, &model.layout, &model.shapes)?;
                state::set_position(conn, &model.layout.name, Position::ZERO)
            })
            .await?;
        self.saw(Position::ZERO);
        Ok(())
    }
}

/// Whether there may be events between the position and the batch.
fn leaves_a_gap<E>(batch: &Batch<'_, E>, from: Position) -> bool {
    batch.events().first().is_none_or(|first| first.position > from.plus(1))
}

impl<V: StoredView, P> std::fmt::Debug for SqlProjection<V, P> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SqlProjection({} in {:?})", self.model.layout.name, self.model.store)
    }
}

/// What is kept of the rows that a batch is about.
struct Rows<V> {
    rows: HashMap<Value, Kept<V>>,
    removed: HashMap<Value, Version>,
}

impl<V: StoredView> Rows<V> {
    fn load(conn: &mut Conn, layout: &Layout, shapes: &Shapes, ids: &[Value]) -> Result<Self, Fault> {
        let rows = by_ids::<V>(conn, layout, shapes, ids)?;
        let rows: HashMap<_, _> =
            rows.into_iter().map(|kept| (V::stored_id(&kept.view.id()), kept)).collect();
        let mut removed = HashMap::new();
        // No row has ever gone from most views, so that one look answers for a whole batch.
        let any = Statement::new("select count(*) from (select 1 from ").name(&layout.removed);
        if any.word(" limit 1) as some_removed").number_of(conn, shapes)? == 0 {
            return Ok(Self { rows, removed });
        }
        let absent: Vec<Value> = ids.iter().filter(|id| !rows.contains_key(*id)).cloned().collect();
        let column = layout.id_column();
        rows::in_parts(&absent, |ids| {
            for id in ids {
                let Some(bound) = Bound::of(column.kind, id.borrowed()) else { continue };
                let sql = Statement::new("select ").name(VERSION).word(" from ").name(&layout.removed);
                let sql = sql.word(" where ").name(&column.name).word(" = ").bind(bound);
                if let Some(Cell::Integer(version)) =
                    sql.load(conn, shapes)?.pop().and_then(|mut cells| cells.0.pop())
                {
                    removed.insert(id.clone(), Version(version.unsigned_abs()));
                }
            }
            Ok(())
        })?;
        Ok(Self { rows, removed })
    }

    /// The row before anything has happened to it.
    fn take(&mut self, id: &Value) -> Change<V> {
        match self.rows.remove(id) {
            Some(before) => Change {
                id: id.clone(),
                version: before.version,
                after: Some(V::clone(&before.view)),
                before: Some(before),
                removed_at: None,
            },
            None => {
                let removed_at = self.removed.get(id).copied();
                let version = removed_at.unwrap_or(Version::ZERO);
                Change { id: id.clone(), version, before: None, after: None, removed_at }
            }
        }
    }
}
