//! The rows of a page: along the index of the order, by an index that finds few rows, or from what the words of a question
//! have found.

use std::collections::HashMap;
use std::ops::ControlFlow;

use portolan_kernel::specification::Value;
use portolan_kernel::{CheckedQuery, Page, StoredView};

use super::super::{Conn, Fault, engine};
use super::Asked;
use super::layout::{Layout, ROW};
use super::members::Members;
use super::plan::Plan;
use super::repository::row;
use super::rows::{self, FOUND_TOGETHER, Kept, in_parts_of};
use super::selects::{all_found, also, among, numbers, ordered, selected, with_number};
use super::statement::{Cell, Cells, Shapes, Statement};
use super::translate::joined;
use super::translate::keyset::Order;

/// How many rows are looked at together where some are tested in memory: few at first, because most pages are full soon.
const FIRST_CHUNK: usize = 128;
pub(super) const LAST_CHUNK: usize = 16_384;

/// How many rows with the value that a page ends in are looked at behind its end.
const EQUALS: usize = 64;

/// How many steps along an index take as long as to look at one row somewhere in the table.
const STEPS_A_ROW: u64 = 4;

/// The page that the query asks for.
pub(super) fn page<V: StoredView>(
    conn: &mut Conn,
    asked: Asked<'_>,
    query: &CheckedQuery<'_>,
) -> Result<Page<V>, Fault> {
    let Asked { layout, shapes, position, .. } = asked;
    let tree = query.tree.clone().normalised();
    let plan = Plan::of(asked, &tree, conn)?;
    // One more than asked for tells whether there are more.
    let wanted = query.rows.map(|rows| rows.saturating_add(1));
    let mut found = Found { conn, layout, shapes, plan: &plan, query, rows: Vec::new() };
    found.fill(wanted)?;
    let mut found = found.rows;
    let mut next = None;
    if let Some(rows) = query.rows
        && found.len() > rows
    {
        found.truncate(rows);
        next = found.last().map(|last| query.cursor_behind(&*last.view));
    }
    Ok(Page { rows: found.into_iter().map(row).collect(), next, position, count: None })
}

/// The statement that asks for the rows of the page.
pub(super) fn said<'q>(plan: &Plan<'q>, query: &'q CheckedQuery<'_>) -> Result<Statement<'q>, Fault> {
    let limit = query.rows.map(|rows| rows.saturating_add(1));
    if let (Some(found), Some(wanted)) = (&plan.found, limit)
        && let Some(order) = walked(plan, query, found, wanted)?
    {
        let behind = order.behind(query.after.as_deref()).into_iter().next().flatten();
        return Ok(numbers(plan.layout, &order, behind, steps(plan, found, wanted)));
    }
    let order = plan.order(query)?;
    if plan.finds_few {
        return Ok(all_found(plan));
    }
    if let Some(wanted) =
        limit.filter(|_| plan.found.is_none() && plan.residual.is_none() && order.descends())
    {
        let wanted = wanted.saturating_add(if engine::STEPS_THROUGH_ROWS { EQUALS } else { 0 });
        let below = query.after.as_ref().and_then(|after| after.first());
        let below = below.map(|below| order.first(" < ", below));
        return Ok(ordered(plan, &order, below, Order::push_first, wanted));
    }
    let mut behind = order.behind(query.after.as_deref());
    let also = match &plan.found {
        Some(_) => also(among(plan.layout, &[0]), behind),
        None => behind.swap_remove(0),
    };
    Ok(selected(plan, &order, also, limit))
}

/// The rows of a page, as they are found.
struct Found<'p, 'a, V> {
    conn: &'p mut Conn,
    layout: &'a Layout,
    shapes: &'p Shapes,
    plan: &'p Plan<'a>,
    query: &'p CheckedQuery<'p>,
    rows: Vec<Kept<V>>,
}

impl<V: StoredView> Found<'_, '_, V> {
    /// Finds rows until there are as many as wanted, or no more.
    fn fill(&mut self, wanted: Option<usize>) -> Result<(), Fault> {
        let Some(found) = &self.plan.found else { return self.follow(wanted) };
        match wanted {
            Some(wanted) => match walked(self.plan, self.query, found, wanted)? {
                Some(order) => self.walk(&order, found, wanted),
                None => self.gather(found, Some(wanted)),
            },
            None => self.gather(found, None),
        }
    }

    /// Takes what the store answers, in its order.
    fn follow(&mut self, wanted: Option<usize>) -> Result<(), Fault> {
        if self.plan.finds_few {
            return self.take_few(wanted);
        }
        let order = self.plan.order(self.query)?;
        if let Some(wanted) = wanted.filter(|_| self.plan.residual.is_none() && order.descends()) {
            return self.descend(&order, wanted);
        }
        let mut after = self.query.after.clone();
        let mut size = wanted.map(|wanted| match self.plan.residual {
            Some(_) => wanted.max(FIRST_CHUNK),
            None => wanted,
        });
        loop {
            let mut last = None;
            for behind in order.behind(after.as_deref()) {
                let limit = match self.plan.residual {
                    Some(_) => size,
                    None => wanted.map(|wanted| wanted - self.rows.len()),
                };
                let chunk = self.load(selected(self.plan, &order, behind, limit))?;
                let is_cut = limit.is_some_and(|limit| chunk.len() >= limit);
                last = chunk.last().filter(|_| is_cut).map(|last| values(self.query, &*last.view));
                self.rows.extend(chunk.into_iter().filter(|row| satisfies(self.plan, row)));
                if self.is_full(wanted) {
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

    /// Takes all that the index finds, and sorts them here, which is less than it takes the engine.
    fn take_few(&mut self, wanted: Option<usize>) -> Result<(), Fault> {
        let found = self.load(all_found(self.plan))?;
        let (plan, query) = (self.plan, self.query);
        let wants = |row: &Kept<V>| satisfies(plan, row) && query.is_behind_start(&*row.view);
        self.rows.extend(found.into_iter().filter(wants));
        self.sort();
        self.is_full(wanted);
        Ok(())
    }

    /// Takes the rows from the highest value of an index down. Along the index those with one value come from the last id
    /// on, so the engine would sort all of them. Here they are sorted by whoever reads them, and those with the value that
    /// the page ends in, of which there may be very many, are asked for by themselves.
    fn descend(&mut self, order: &Order<'_>, wanted: usize) -> Result<(), Fault> {
        let after = self.query.after.clone();
        if let Some([value, id]) = after.as_deref() {
            let rest = joined(vec![order.first(" = ", value), order.last(" > ", id)], " and ");
            let rest = self.load(ordered(self.plan, order, Some(rest), Order::push_last, wanted))?;
            self.rows.extend(rest);
            if self.is_full(Some(wanted)) {
                return Ok(());
            }
        }
        let below = after.as_deref().and_then(|after| after.first());
        let below = below.map(|below| order.first(" < ", below));
        let (mut found, is_cut) = self.take_downwards(order, below, wanted)?;
        let last = found.last().filter(|_| is_cut);
        let last = last.and_then(|row| values(self.query, &*row.view).into_iter().next());
        if let Some(last) = &last {
            let is_last = |row: &Kept<V>| values(self.query, &*row.view).first() == Some(last);
            found.truncate(found.iter().position(is_last).unwrap_or(found.len()));
        }
        found.sort_by(|left, right| self.query.order(&*left.view, &*right.view));
        self.rows.extend(found);
        if self.is_full(Some(wanted)) {
            return Ok(());
        }
        if let Some(last) = last {
            let missing = (wanted - self.rows.len()).next_power_of_two();
            let same = order.first(" = ", &last);
            let same = self.load(ordered(self.plan, order, Some(same), Order::push_last, missing))?;
            self.rows.extend(same);
            self.is_full(Some(wanted));
        }
        Ok(())
    }

    /// The rows from the highest value down: as many as wanted, and those with the last one's value behind them where they
    /// are few. Also whether there may be more of these.
    fn take_downwards(
        &mut self,
        order: &Order<'_>,
        below: Option<Statement<'_>>,
        wanted: usize,
    ) -> Result<(Vec<Kept<V>>, bool), Fault> {
        let Some(key) = self.query.keys.first().filter(|_| engine::STEPS_THROUGH_ROWS) else {
            let found = self.load(ordered(self.plan, order, below, Order::push_first, wanted))?;
            let is_cut = found.len() >= wanted;
            return Ok((found, is_cut));
        };
        let limit = wanted.saturating_add(EQUALS);
        let sql = ordered(self.plan, order, below, Order::push_first, limit);
        let mut found: Vec<Kept<V>> = Vec::new();
        let mut is_cut = true;
        rows::each(self.conn, self.shapes, sql, |row: Kept<V>| {
            let is_behind = found.len() >= wanted
                && found
                    .last()
                    .is_none_or(|last| !key.path.read(&*last.view).same(key.path.read(&*row.view)));
            if is_behind {
                is_cut = false;
                return ControlFlow::Break(());
            }
            found.push(row);
            ControlFlow::Continue(())
        })?;
        is_cut &= found.len() >= limit;
        Ok((found, is_cut))
    }

    /// Walks along the index of the order, and takes those of the found that it meets.
    fn walk(&mut self, order: &Order<'_>, found: &Members, wanted: usize) -> Result<(), Fault> {
        let mut after = self.query.after.clone();
        let mut size = steps(self.plan, found, wanted);
        loop {
            let mut last = None;
            for behind in order.behind(after.as_deref()) {
                let sql = numbers(self.layout, order, behind, size);
                let met = numbers_of(sql.load(self.conn, self.shapes)?)?;
                last = met.last().copied().filter(|_| met.len() >= size);
                let met: Vec<i64> = met.into_iter().filter(|number| found.contains(*number)).collect();
                // As many as are missing, where nothing more is asked of them.
                for met in met.chunks(if self.plan.is_said() { wanted } else { wanted.max(FIRST_CHUNK) }) {
                    self.take(met)?;
                    if self.is_full(Some(wanted)) {
                        return Ok(());
                    }
                }
                if last.is_some() {
                    break;
                }
            }
            let Some(last) = last else { return Ok(()) };
            let rows: Vec<Kept<V>> = self.load(with_number(self.layout, last))?;
            let Some(last) = rows.first() else { return Err(Fault::unreadable(ROW)) };
            after = Some(values(self.query, &*last.view));
            size = (size * 4).min(LAST_CHUNK);
        }
    }

    /// Takes the rows with these numbers, in this order, that satisfy the rest.
    fn take(&mut self, met: &[i64]) -> Result<(), Fault> {
        let mut rows = HashMap::with_capacity(met.len());
        in_parts_of(FOUND_TOGETHER, met, |numbers| {
            let mut sql = rows::select();
            self.plan.push_from(&mut sql, None, Some(among(self.layout, numbers)));
            let chunk: Vec<Kept<V>> = rows::load(self.conn, self.shapes, sql)?;
            rows.extend(chunk.into_iter().map(|row| (row.number, row)));
            Ok(())
        })?;
        let taken = met.iter().filter_map(|number| rows.remove(number));
        self.rows.extend(taken.filter(|row| satisfies(self.plan, row)));
        Ok(())
    }

    /// Looks at all of the found, and keeps the first in order.
    fn gather(&mut self, found: &Members, wanted: Option<usize>) -> Result<(), Fault> {
        let order = self.plan.order(self.query)?;
        let all: Vec<i64> = found.numbers().collect();
        let limit = wanted.filter(|_| self.plan.residual.is_none());
        for part in all.chunks(FOUND_TOGETHER) {
            let behind = order.behind(self.query.after.as_deref());
            let padded = part.len().next_power_of_two() - part.len();
            let mut part = part.to_vec();
            part.extend(std::iter::repeat_n(part[part.len() - 1], padded));
            let also = also(among(self.layout, &part), behind);
            let chunk = self.load(selected(self.plan, &order, also, limit))?;
            self.rows.extend(chunk.into_iter().filter(|row| satisfies(self.plan, row)));
            if all.len() > FOUND_TOGETHER && wanted.is_some() {
                self.sort();
            }
            self.is_full(wanted);
        }
        if all.len() > FOUND_TOGETHER && wanted.is_none() {
            self.sort();
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.rows.sort_by(|left, right| self.query.order(&*left.view, &*right.view));
    }

    /// Whether there are as many rows as wanted; more of them go.
    fn is_full(&mut self, wanted: Option<usize>) -> bool {
        let Some(wanted) = wanted else { return false };
        self.rows.truncate(wanted);
        self.rows.len() >= wanted
    }

    fn load(&mut self, sql: Statement<'_>) -> Result<Vec<Kept<V>>, Fault> {
        rows::load(self.conn, self.shapes, sql)
    }
}

/// The order, where it is shorter to walk along its index until so many of the found were met than to look at all of them.
fn walked<'a>(
    plan: &Plan<'a>,
    query: &CheckedQuery<'_>,
    found: &Members,
    wanted: usize,
) -> Result<Option<Order<'a>>, Fault> {
    let order = Order::new(plan.layout, &query.keys, true)?;
    let steps = (wanted as u64).saturating_mul(plan.rows) / found.len().max(1);
    let is_shorter = found.len() > wanted as u64 && steps < found.len().saturating_mul(STEPS_A_ROW);
    Ok(Some(order).filter(|order| is_shorter && order.walk().is_some()))
}

/// How many steps of a walk are taken together: about as many as there will be, few different numbers.
fn steps(plan: &Plan<'_>, found: &Members, wanted: usize) -> usize {
    let steps = (wanted as u64).saturating_mul(plan.rows) / found.len().max(1);
    usize::try_from(steps).unwrap_or(LAST_CHUNK).clamp(FIRST_CHUNK, LAST_CHUNK).next_power_of_two()
}

fn satisfies<V: StoredView>(plan: &Plan<'_>, row: &Kept<V>) -> bool {
    plan.residual.as_ref().is_none_or(|residual| residual.is_satisfied_by(&*row.view))
}

/// The values that the row is sorted by.
fn values<V: StoredView>(query: &CheckedQuery<'_>, row: &V) -> Vec<Value> {
    query.keys.iter().map(|key| key.path.read(row).owned().unwrap_or(Value::Null)).collect()
}

fn numbers_of(rows: Vec<Cells>) -> Result<Vec<i64>, Fault> {
    let numbers = rows.into_iter().map(|Cells(cells)| match &*cells {
        [Cell::Integer(number)] => Some(*number),
        _ => None,
    });
    numbers.collect::<Option<_>>().ok_or_else(|| Fault::unreadable(ROW))
}
