//! The answering side of a view in SQL.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::specification::Value;
use portolan_kernel::{
    CheckedQuery, Error, Explanation, Page, Position, Query, ReadRepository, Result, Row, Specification,
    StoredView,
};
use tokio::time::Instant;

use super::super::{Conn, Fault, engine};
use super::count;
use super::layout::Layout;
use super::likeness;
use super::page;
use super::plan::Plan;
use super::rows::{self, Kept};
use super::statement::{Bound, Shapes};
use super::words::Sought;
use super::{Asked, Model};

/// Two kinds of questions that are no queries.
const ONE_ROW: u64 = 0;
const POSITION: u64 = 1;

/// How often somebody who waits for a position looks whether another process has come to it.
const POLL: Duration = Duration::from_millis(50);

/// A view in SQL, as readers see it. Clones answer from the same tables.
///
/// # Behaviour
/// An answer, its rows and its position, is of one snapshot of the store. What SQL cannot say exactly is tested in memory,
/// on the rows that the rest finds, in the order of the query, until the page is full.
pub struct SqlView<V> {
    model: Arc<Model>,
    view: std::marker::PhantomData<fn() -> V>,
}

impl<V: StoredView> SqlView<V> {
    pub(super) const fn new(model: Arc<Model>) -> Self {
        Self { model, view: std::marker::PhantomData }
    }

    /// Asks on one snapshot of the store.
    async fn ask<T, F>(&self, ask: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn, Asked<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.model.store.read_with(self.on_one_snapshot(ask)).await
    }

    /// The same, where questions of this kind may be answered on the thread that asks.
    async fn ask_at<T, F>(&self, kind: u64, ask: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn, Asked<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.model.store.read_at(&self.model.pace, kind, self.on_one_snapshot(ask)).await
    }

    fn on_one_snapshot<T, F>(&self, ask: F) -> impl FnOnce(&mut Conn) -> Result<T, Fault> + Send + 'static
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn, Asked<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let model = Arc::clone(&self.model);
        move |conn| {
            engine::snapshot(conn, |conn| {
                let standing = model.declared.standing(conn, &model.layout.name)?;
                ask(conn, model.asked(standing))
            })
        }
    }
}

#[async_trait]
impl<V: StoredView> ReadRepository<V> for SqlView<V> {
    async fn get(&self, id: &V::Id) -> Result<Option<Row<V>>> {
        let id = V::stored_id(id);
        self.ask_at(ONE_ROW, move |conn, Asked { layout, shapes, .. }| {
            Ok(by_ids::<V>(conn, layout, shapes, &[id])?.pop().map(row))
        })
        .await
    }

    async fn find(&self, query: &Query<V>) -> Result<Page<V>> {
        let kind = likeness::of(&query.checked()?, query.is_counted);
        let query = query.clone();
        self.ask_at(kind, move |conn, asked| {
            let have = asked.position;
            if let Some(want) = query.at_least.filter(|want| *want > have) {
                return Err(Error::Stale { have, want }.into());
            }
            let checked = query.checked()?;
            let page = page::page(conn, asked, &checked)?;
            let count = match query.is_counted {
                true => Some(count::count::<V>(conn, asked, &checked.tree.clone().normalised())?),
                false => None,
            };
            Ok(Page { count, ..page })
        })
        .await
    }

    async fn count(&self, criteria: &Specification<V>) -> Result<u64> {
        let tree = criteria.tree()?.clone().normalised();
        self.ask(move |conn, asked| count::count::<V>(conn, asked, &tree)).await
    }

    async fn explain(&self, query: &Query<V>) -> Result<Explanation> {
        query.checked()?;
        let query = query.clone();
        self.ask(move |conn, asked| explain(conn, asked, &query.checked()?)).await
    }

    async fn position(&self) -> Result<Position> {
        self.ask_at(POSITION, |_, asked| Ok(asked.position)).await
    }

    async fn wait_for(&self, want: Position, patience: Duration) -> Result<Position> {
        let begun = Instant::now();
        let mut told = self.model.told.subscribe();
        loop {
            told.borrow_and_update();
            let have = self.position().await?;
            if have >= want {
                return Ok(have);
            }
            let left = patience.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(Error::Stale { have, want });
            }
            // What this process fills wakes; what another fills is looked for.
            let _ = tokio::time::timeout(left.min(POLL), told.changed()).await;
        }
    }
}

pub(super) fn row<V>(kept: Kept<V>) -> Row<V> {
    Row { view: kept.view, version: kept.version }
}

/// The rows with these ids.
pub(super) fn by_ids<V: StoredView>(
    conn: &mut Conn,
    layout: &Layout,
    shapes: &Shapes,
    ids: &[Value],
) -> Result<Vec<Kept<V>>, Fault> {
    let id = layout.id_column();
    let mut found = Vec::with_capacity(ids.len());
    rows::in_parts(ids, |ids| {
        let mut sql = rows::select().word(" from ").name(&layout.rows.name);
        sql.push_word(" where ");
        sql.push_name(&id.name);
        sql.push_word(" in (");
        sql.push_list(ids, |sql, value| {
            sql.push_bind(Bound::of(id.kind, value.borrowed()).unwrap_or(Bound::Null(id.kind)));
        });
        sql.push_word(")");
        found.extend(rows::load(conn, shapes, sql)?);
        Ok(())
    })?;
    Ok(found)
}

fn explain(conn: &mut Conn, asked: Asked<'_>, query: &CheckedQuery<'_>) -> Result<Explanation, Fault> {
    let layout = asked.layout;
    let tree = query.tree.clone().normalised();
    let plan = Plan::of(asked, &tree, conn)?;
    let said = page::said(&plan, query)?;
    let mut text = said.text()?;
    let used = engine::indexes_of(conn, said)?;
    let mut indexes: Vec<_> = used.iter().filter_map(|name| described(layout, name)).collect();
    if plan.found.is_some() {
        text = format!("{}; {text}", Sought::text(layout)?);
        indexes.insert(0, "word index".to_owned());
    }
    indexes.dedup();
    Ok(Explanation {
        store: engine::NAME.to_lowercase(),
        query: text,
        indexes,
        residual: plan.residual.as_ref().map(ToString::to_string),
        rows: None,
    })
}

/// The index in words, as it was declared.
fn described(layout: &Layout, name: &str) -> Option<String> {
    if name == layout.by_id {
        return Some("index on id".to_owned());
    }
    layout.indexes.iter().find(|index| index.name == name).map(|index| index.described.clone())
}

impl<V> Clone for SqlView<V> {
    fn clone(&self) -> Self {
        Self { model: Arc::clone(&self.model), view: std::marker::PhantomData }
    }
}

impl<V: StoredView> std::fmt::Debug for SqlView<V> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SqlView({} in {:?})", self.model.layout.name, self.model.store)
    }
}
