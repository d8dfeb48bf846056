//! The answering side of a view in SQL.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::specification::{Node, Value};
use portolan_kernel::{
    CheckedQuery, Error, Explanation, Page, Position, Query, ReadRepository, Result, Row, Specification,
    StoredView,
};
use tokio::time::Instant;

use super::super::{Conn, Fault, engine};
use super::Model;
use super::layout::{Layout, ROW};
use super::plan::Plan;
use super::rows::{self, Kept};
use super::statement::{Bound, Shapes, Statement};
use super::translate::keyset::Order;

/// How often somebody who waits for a position looks whether another process has come to it.
const POLL: Duration = Duration::from_millis(50);

/// How many rows are looked at together where some are tested in memory: few at first, because most pages are full soon.
const FIRST_CHUNK: usize = 128;
const LAST_CHUNK: usize = 16_384;

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

    /// Asks on one snapshot of the store; it is told how far the view is there.
    async fn ask<T, F>(&self, ask: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn, &Model, Position) -> Result<T, Fault> + Send + 'static,
    {
        let model = Arc::clone(&self.model);
        let store = self.model.store.clone();
        store
            .read_with(move |conn| {
                engine::snapshot(conn, |conn| {
                    let position = model.declared.read(conn, &model.layout.name)?.position;
                    ask(conn, &model, position)
                })
            })
            .await
    }
}

#[async_trait]
impl<V: StoredView> ReadRepository<V> for SqlView<V> {
    async fn get(&self, id: &V::Id) -> Result<Option<Row<V>>> {
        let id = V::stored_id(id);
        self.ask(move |conn, Model { layout, shapes, .. }, _| {
            Ok(by_ids::<V>(conn, layout, shapes, &[id])?.pop().map(row))
        })
        .await
    }

    async fn find(&self, query: &Query<V>) -> Result<Page<V>> {
        query.checked()?;
        let query = query.clone();
        self.ask(move |conn, model, have| {
            if let Some(want) = query.at_least.filter(|want| *want > have) {
                return Err(Error::Stale { have, want }.into());
            }
            let checked = query.checked()?;
            let page = page(conn, model, &checked, have)?;
            let count = match query.is_counted {
                true => Some(count::<V>(conn, model, &checked.tree.clone().normalised())?),
                false => None,
            };
            Ok(Page { count, ..page })
        })
        .await
    }

    async fn count(&self, criteria: &Specification<V>) -> Result<u64> {
        let tree = criteria.tree()?.clone().normalised();
        self.ask(move |conn, model, _| count::<V>(conn, model, &tree)).await
    }

    async fn explain(&self, query: &Query<V>) -> Result<Explanation> {
        query.checked()?;
        let query = query.clone();
        self.ask(move |conn, model, _| explain(conn, model, &query.checked()?)).await
    }

    async fn position(&self) -> Result<Position> {
        self.ask(|_, _, position| Ok(position)).await
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

fn row<V>(kept: Kept<V>) -> Row<V> {
    Row { view: Arc::new(kept.view), version: kept.version }
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
        let mut sql = rows::select(layout).word(" from ").name(&layout.rows.name);
        sql.push_word(" where ");
        sql.push_name(&id.name);
        sql.push_word(" in (");
        sql.push_list(ids, |sql, value| {
            sql.push_bind(Bound::of(id.kind, value.borrowed()).unwrap_or(Bound::Null(id.kind)));
        });
        sql.push_word(")");
        found.extend(rows::load(conn, layout, shapes, sql)?);
        Ok(())
    })?;
    Ok(found)
}

fn page<V: StoredView>(
    conn: &mut Conn,
    Model { layout, shapes, .. }: &Model,
    query: &CheckedQuery<'_>,
    position: Position,
) -> Result<Page<V>, Fault> {
    let tree = query.tree.clone().normalised();
    let plan = Plan::of(layout, &tree, conn, shapes)?;
    let order = plan.order(query)?;
    // One more than asked for tells whether there are more.
    let wanted = query.rows.map(|rows| rows.saturating_add(1));
    let mut found = Found { conn, layout, shapes, plan: &plan, order: &order, rows: Vec::new() };
    found.fill(query, wanted)?;
    let mut found = found.rows;
    let mut next = None;
    if let Some(rows) = query.rows
        && found.len() > rows
    {
        found.truncate(rows);
        next = found.last().map(|last| query.cursor_behind(&last.view));
    }
    Ok(Page { rows: found.into_iter().map(row).collect(), next, position, count: None })
}

/// The rows of a page, as they are found.
struct Found<'p, 'a, V> {
    conn: &'p mut Conn,
    layout: &'a Layout,
    shapes: &'p Shapes,
    plan: &'p Plan<'a>,
    order: &'p Order<'a>,
    rows: Vec<Kept<V>>,
}

impl<V: StoredView> Found<'_, '_, V> {
    /// Finds rows until there are as many as wanted, or no more.
    fn fill(&mut self, query: &CheckedQuery<'_>, wanted: Option<usize>) -> Result<(), Fault> {
        let mut after = query.after.clone();
        let mut size = wanted.map(|wanted| match self.plan.residual {
            Some(_) => wanted.max(FIRST_CHUNK),
            None => wanted,
        });
        loop {
            let mut last = None;
            for behind in self.order.behind(after.as_deref()) {
                let limit = match self.plan.residual {
                    Some(_) => size,
                    None => wanted.map(|wanted| wanted - self.rows.len()),
                };
                let chunk = self.load(behind, limit)?;
                let is_cut = limit.is_some_and(|limit| chunk.len() >= limit);
                last = chunk.last().filter(|_| is_cut).map(|last| values(query, &last.view));
                let residual = self.plan.residual.as_ref();
                let satisfying = chunk
                    .into_iter()
                    .filter(|row| residual.is_none_or(|node| node.is_satisfied_by(&row.view)));
                self.rows.extend(satisfying);
                if wanted.is_some_and(|wanted| self.rows.len() >= wanted) {
                    self.rows.truncate(wanted.unwrap_or_default());
                    return Ok(());
                }
                if last.is_some() {
                    break;
                }
            }
            let Some(values) = last else { return Ok(()) };
            after = Some(values);
            size = size.map(|size| size.saturating_mul(4).min(LAST_CHUNK.max(size)));
        }
    }

    fn load(&mut self, behind: Option<Statement<'_>>, limit: Option<usize>) -> Result<Vec<Kept<V>>, Fault> {
        let sql = statement(self.layout, self.plan, self.order, behind, limit);
        rows::load(self.conn, self.layout, self.shapes, sql)
    }
}

/// The values that the row is sorted by.
fn values<V: StoredView>(query: &CheckedQuery<'_>, row: &V) -> Vec<Value> {
    query.keys.iter().map(|key| key.path.read(row).owned().unwrap_or(Value::Null)).collect()
}

fn statement<'v, 'a: 'v>(
    layout: &'a Layout,
    plan: &Plan<'a>,
    order: &Order<'a>,
    behind: Option<Statement<'v>>,
    limit: Option<usize>,
) -> Statement<'v> {
    let mut sql: Statement<'v> = rows::select(layout);
    plan.push_from(&mut sql, Some(order), behind);
    order.push(&mut sql);
    if let Some(limit) = limit {
        sql.push_word(" limit ");
        sql.push_number(limit as u64);
    }
    sql
}

fn count<V: StoredView>(
    conn: &mut Conn,
    Model { layout, shapes, .. }: &Model,
    tree: &Node,
) -> Result<u64, Fault> {
    let plan = Plan::of(layout, tree, conn, shapes)?;
    let Some(residual) = &plan.residual else {
        let mut sql = Statement::new("select count(*)");
        plan.push_from(&mut sql, None, None);
        return Ok(sql.number_of(conn, shapes)?.unsigned_abs());
    };
    let (mut count, mut after) = (0, i64::MIN);
    loop {
        let number = || Statement::default().name(&layout.rows.name).word(".").name(ROW);
        let mut sql = rows::select(layout);
        plan.push_from(&mut sql, None, Some(number().word(" > ").bind(Bound::Integer(after))));
        sql.push_word(" order by ");
        sql.push(number());
        sql.push_word(" limit ");
        sql.push_number(LAST_CHUNK as u64);
        let chunk: Vec<Kept<V>> = rows::load(conn, layout, shapes, sql)?;
        count += chunk.iter().filter(|row| residual.is_satisfied_by(&row.view)).count() as u64;
        match chunk.last() {
            Some(last) if chunk.len() == LAST_CHUNK => after = last.number,
            _ => return Ok(count),
        }
    }
}

fn explain(
    conn: &mut Conn,
    Model { layout, shapes, .. }: &Model,
    query: &CheckedQuery<'_>,
) -> Result<Explanation, Fault> {
    let tree = query.tree.clone().normalised();
    let plan = Plan::of(layout, &tree, conn, shapes)?;
    let order = plan.order(query)?;
    let behind = order.behind(query.after.as_deref()).into_iter().next().flatten();
    let limit = query.rows.map(|rows| rows.saturating_add(1));
    let sql = statement(layout, &plan, &order, behind, limit);
    let text = sql.text()?;
    let used = engine::indexes_of(conn, sql)?;
    let mut indexes: Vec<_> = used.iter().filter_map(|name| described(layout, name)).collect();
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
    if let Some(index) = layout.indexes.iter().find(|index| index.name == name) {
        return Some(index.described.clone());
    }
    let words = layout.words.as_ref()?;
    let is_words =
        name == words.name || name.strip_prefix('w').is_some_and(|rest| rest.parse::<u8>().is_ok());
    is_words.then(|| "word index".to_owned())
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
