//! The first rows of an order, by walking an ordered index until the page is full.

use portolan_kernel::specification::{Node, Value};
use portolan_kernel::{CheckedQuery, Direction, View};

use crate::index::{self, Built};
use crate::read::scan::Ranked;
use crate::read::table::Snapshot;

/// Entries that are looked at in one turn of a task.
const TURN_ENTRIES: usize = 4_096;

/// The rows of the page, and whether there are no more behind it; `None` where the page is not full after `budget`
/// entries.
pub(super) async fn first<'a, V: View>(
    snapshot: &'a Snapshot<V>,
    query: &'a CheckedQuery<'a>,
    tree: &Node,
    index: usize,
    budget: usize,
) -> Option<(Vec<Ranked<'a, V>>, bool)> {
    let limit = query.rows?;
    let Some(Built::Ordered { values, nulls }) = snapshot.built(index) else { return None };
    let direction = query.keys.first()?.direction;
    let (low, high) = match (query.after.as_ref().and_then(|after| after.first()), direction) {
        (None, _) => (Some((0, 0)), (u64::MAX, u32::MAX)),
        // Behind null there are only nulls.
        (Some(Value::Null), _) => (None, (0, 0)),
        (Some(value), Direction::Ascending) => (Some((index::point(value)?, 0)), (u64::MAX, u32::MAX)),
        (Some(value), Direction::Descending) => (Some((0, 0)), (index::point(value)?, u32::MAX)),
    };
    let mut walk = Walk { snapshot, query, tree, found: Vec::new(), group: 0, seen: 0 };
    if let Some(low) = low {
        let slices = values.range(low, high);
        let mut rising = (direction == Direction::Ascending).then_some(slices);
        let mut falling = (direction == Direction::Descending).then(|| values.range(low, high).rev());
        let mut last = None;
        while let Some(slice) = rising.as_mut().map_or_else(|| falling.as_mut()?.next(), Iterator::next) {
            for place in 0..slice.len() {
                let place = if direction == Direction::Ascending { place } else { slice.len() - 1 - place };
                let Some((key, row)) = slice.get(place).copied() else { break };
                if last != Some(key) {
                    last = Some(key);
                    walk.end_group();
                    if walk.found.len() > limit {
                        return Some(walk.page(limit));
                    }
                }
                walk.look(row);
                if walk.seen > budget {
                    return None;
                }
                if walk.seen.is_multiple_of(TURN_ENTRIES) {
                    tokio::task::yield_now().await;
                }
            }
        }
    }
    walk.end_group();
    for row in nulls.range(0, u32::MAX).flatten() {
        if walk.found.len() > limit && walk.group == walk.found.len() {
            break;
        }
        walk.look(*row);
        if walk.seen > budget {
            return None;
        }
        if walk.seen.is_multiple_of(TURN_ENTRIES) {
            tokio::task::yield_now().await;
        }
    }
    walk.end_group();
    Some(walk.page(limit))
}

struct Walk<'a, 't, V: View> {
    snapshot: &'a Snapshot<V>,
    query: &'a CheckedQuery<'a>,
    tree: &'t Node,
    /// What was found, in order but for the last group.
    found: Vec<Ranked<'a, V>>,
    /// Where the last group begins: rows whose keys are equal, in the order of the index and not of the query.
    group: usize,
    seen: usize,
}

impl<'a, V: View> Walk<'a, '_, V> {
    fn look(&mut self, row: u32) {
        self.seen += 1;
        let Some((view, version)) = self.snapshot.rows.row(row) else { return };
        if self.tree.is_satisfied_by(view) && self.query.is_behind_start(view) {
            self.found.push(Ranked { query: self.query, view, version });
        }
    }

    fn end_group(&mut self) {
        if let Some(group) = self.found.get_mut(self.group..) {
            group.sort_unstable();
        }
        self.group = self.found.len();
    }

    fn page(mut self, limit: usize) -> (Vec<Ranked<'a, V>>, bool) {
        let is_last = self.found.len() <= limit;
        self.found.truncate(limit);
        (self.found, is_last)
    }
}
