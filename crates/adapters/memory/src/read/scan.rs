//! Answers from a snapshot of all rows: filtered one by one, the best kept, the task giving way in between.
//!
//! Indexes come before this: one that narrows the candidates hands its rows to the same ranking.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use portolan_kernel::specification::Node;
use portolan_kernel::{CheckedQuery, Page, Row, Version, View};

use super::table::Rows;

/// Rows that are sorted or answered in one turn of a task.
const TURN_ROWS: usize = 8_192;

/// One page of the rows that satisfy the query.
pub(super) async fn page<V: View>(rows: &Rows<V>, query: &CheckedQuery<'_>) -> Page<V> {
    let (found, is_last) = match query.rows {
        Some(limit) => first(rows, query, limit).await,
        None => (all(rows, query).await, true),
    };
    let next = if is_last { None } else { found.last().map(|last| query.cursor_behind(last.view)) };
    let mut answered = Vec::with_capacity(found.len());
    for turn in found.chunks(TURN_ROWS) {
        answered.extend(
            turn.iter().map(|found| Row { view: Arc::new(found.view.clone()), version: found.version }),
        );
        give_way(turn.len()).await;
    }
    Page { rows: answered, next, position: rows.position() }
}

/// How many rows satisfy the tree.
pub(super) async fn count<V: View>(rows: &Rows<V>, tree: &Node) -> u64 {
    if *tree == Node::Everything {
        return rows.live() as u64;
    }
    let mut count = 0;
    for part in rows.parts() {
        count += part.filter(|(view, _)| tree.is_satisfied_by(*view)).count() as u64;
        tokio::task::yield_now().await;
    }
    count
}

/// A row with its place in the order of a query.
struct Ranked<'a, V> {
    query: &'a CheckedQuery<'a>,
    view: &'a V,
    version: Version,
}

/// The first rows of the order, and whether there are no more. It holds no more rows than it answers.
async fn first<'a, V: View>(
    rows: &'a Rows<V>,
    query: &'a CheckedQuery<'a>,
    limit: usize,
) -> (Vec<Ranked<'a, V>>, bool) {
    let mut best = BinaryHeap::new();
    let mut is_last = true;
    for part in rows.parts() {
        for ranked in satisfying(part, query) {
            if best.len() < limit {
                best.push(ranked);
                continue;
            }
            is_last = false;
            if let Some(mut worst) = best.peek_mut()
                && ranked < *worst
            {
                *worst = ranked;
            }
        }
        tokio::task::yield_now().await;
    }
    (best.into_sorted_vec(), is_last)
}

/// Every row, in order: parts are sorted one by one and then merged, so that no turn is long.
async fn all<'a, V: View>(rows: &'a Rows<V>, query: &'a CheckedQuery<'a>) -> Vec<Ranked<'a, V>> {
    let mut runs = Vec::new();
    for part in rows.parts() {
        let mut run: Vec<_> = satisfying(part, query).collect();
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

/// Of these rows, those that satisfy the query and come behind the place where its page begins.
fn satisfying<'a, V: View>(
    part: impl Iterator<Item = (&'a V, Version)>,
    query: &'a CheckedQuery<'a>,
) -> impl Iterator<Item = Ranked<'a, V>> {
    part.filter(|(view, _)| query.tree.is_satisfied_by(*view) && query.is_behind_start(*view))
        .map(|(view, version)| Ranked { query, view, version })
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
