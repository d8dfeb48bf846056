//! Answers from rows: tested one by one, the best kept, the task giving way in between.
//!
//! Where the rows come from, all or some, the [plan](crate::plan) says.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use portolan_kernel::specification::Node;
use portolan_kernel::{CheckedQuery, Page, Row, Version, View};

use super::table::{Places, Snapshot};

/// Rows that are sorted or answered in one turn of a task.
const TURN_ROWS: usize = 8_192;

/// The page of these rows, which are in order.
pub(crate) async fn answer<V: View>(
    snapshot: &Snapshot<V>,
    query: &CheckedQuery<'_>,
    found: Vec<Ranked<'_, V>>,
    is_last: bool,
) -> Page<V> {
    let next = if is_last { None } else { found.last().map(|last| query.cursor_behind(last.view)) };
    let mut answered = Vec::with_capacity(found.len());
    for turn in found.chunks(TURN_ROWS) {
        answered.extend(
            turn.iter().map(|found| Row { view: Arc::new(found.view.clone()), version: found.version }),
        );
        give_way(turn.len()).await;
    }
    Page { rows: answered, next, position: snapshot.rows.position(), count: None }
}

/// How many of these rows satisfy the tree.
pub(crate) async fn count<'a, V: View>(
    parts: impl Iterator<Item = impl Iterator<Item = impl Places<'a, V>>>,
    tree: &Node,
) -> u64 {
    let mut count = 0;
    for part in parts {
        satisfying(part, tree, |_, _| count += 1);
        tokio::task::yield_now().await;
    }
    count
}

/// Of these rows, those of the query's page that satisfy the tree, in order, and whether there are no more.
pub(crate) async fn ranked<'a, V: View, P: Iterator<Item = impl Places<'a, V>>>(
    parts: impl Iterator<Item = P>,
    query: &'a CheckedQuery<'a>,
    tree: &Node,
) -> (Vec<Ranked<'a, V>>, bool) {
    match query.rows {
        Some(limit) => first(parts, query, tree, limit).await,
        None => (all(parts, query, tree).await, true),
    }
}

/// A row with its place in the order of a query.
pub(crate) struct Ranked<'a, V> {
    pub(crate) query: &'a CheckedQuery<'a>,
    pub(crate) view: &'a V,
    pub(crate) version: Version,
}

/// The first rows of the order, and whether there are no more. It holds no more rows than it answers.
async fn first<'a, V: View, P: Iterator<Item = impl Places<'a, V>>>(
    parts: impl Iterator<Item = P>,
    query: &'a CheckedQuery<'a>,
    tree: &Node,
    limit: usize,
) -> (Vec<Ranked<'a, V>>, bool) {
    let mut best = BinaryHeap::new();
    let mut is_last = true;
    for part in parts {
        satisfying(part, tree, |view, version| {
            let ranked = Ranked { query, view, version };
            if !query.is_behind_start(view) {
                return;
            }
            if best.len() < limit {
                best.push(ranked);
                return;
            }
            is_last = false;
            if let Some(mut worst) = best.peek_mut()
                && ranked < *worst
            {
                *worst = ranked;
            }
        });
        tokio::task::yield_now().await;
    }
    (best.into_sorted_vec(), is_last)
}

/// Every row, in order: parts are sorted one by one and then merged, so that no turn is long.
async fn all<'a, V: View, P: Iterator<Item = impl Places<'a, V>>>(
    parts: impl Iterator<Item = P>,
    query: &'a CheckedQuery<'a>,
    tree: &Node,
) -> Vec<Ranked<'a, V>> {
    let mut runs = Vec::new();
    for part in parts {
        let mut run = Vec::new();
        satisfying(part, tree, |view, version| {
            if query.is_behind_start(view) {
                run.push(Ranked { query, view, version });
            }
        });
        run.sort_unstable();
        runs.push(run.into_iter());
        tokio::task::yield_now().await;
    }
    let mut heads: BinaryHeap<_> = runs
        .iter_mut()
        .enumerate()
        .filter_map(|(run, rows)| rows.next().map(|head| Reverse((head, run))))
        .collect();
    let mut merged = Vec::new();
    while let Some(Reverse((head, run))) = heads.pop() {
        merged.push(head);
        if let Some(next) = runs.get_mut(run).and_then(Iterator::next) {
            heads.push(Reverse((next, run)));
        }
        if merged.len().is_multiple_of(TURN_ROWS) {
            tokio::task::yield_now().await;
        }
    }
    merged
}

/// Takes those of these rows that satisfy the tree.
fn satisfying<'a, V: View>(
    part: impl Iterator<Item = impl Places<'a, V>>,
    tree: &Node,
    mut take: impl FnMut(&'a V, Version),
) {
    for places in part {
        let view = |place| places.slot(place)?.view.as_ref();
        tree.select(places.count(), view, |place, view| {
            // It was just there.
            let version = places.slot(place).map_or(Version::ZERO, |slot| slot.version);
            take(view, version);
        });
    }
}

/// Lets other tasks run, where enough was done for one turn.
async fn give_way(rows: usize) {
    if rows >= TURN_ROWS {
        tokio::task::yield_now().await;
    }
}

impl<V: View> Ord for Ranked<'_, V> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.query.order(self.view, other.view)
    }
}

impl<V: View> PartialOrd for Ranked<'_, V> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<V: View> PartialEq for Ranked<'_, V> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<V: View> Eq for Ranked<'_, V> {}
