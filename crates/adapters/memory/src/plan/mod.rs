//! Plans: by which indexes a query is answered, judged by how many rows each way looks at.
//!
//! A plan is made from one snapshot and holds for it. What it leaves to test is tested on each row, so that a plan
//! decides how long an answer takes and never what it is.

mod access;
mod candidates;
mod explain;
#[cfg(test)]
mod tests;
mod walk;

use portolan_kernel::specification::{Node, Predicate, Quantified, Test};
use portolan_kernel::{CheckedQuery, IndexKind, Page, View};

use self::access::{Access, Ways};
use crate::read::scan;
use crate::read::table::Snapshot;

/// What a look at a row costs, in the unit of [`weight`]: in the order of the rows in memory, and out of it.
const NEXT_ROW: usize = 2;
const ANY_ROW: usize = 10;

/// What it costs to read an entry of an index and to put it in order.
const ENTRY: usize = 1;

/// How one query is answered from one snapshot.
pub(crate) struct Plan {
    /// All that is asked, in short.
    tree: Node,
    /// What is left to test on the rows that `access` leads to.
    residual: Node,
    access: Option<Access>,
    /// How many entries of indexes are read.
    entries: usize,
    /// About how many rows these lead to, or how many there are.
    rows: usize,
    /// How many rows there are.
    all: usize,
    /// The ordered index of the first sort key, where it is worth walking, and how far at the most.
    walk: Option<(usize, usize)>,
    /// Indexes that would serve and are not built yet.
    pub(crate) missing: Vec<usize>,
}

impl Plan {
    /// How to find the rows of this page.
    pub(crate) fn of<V: View>(snapshot: &Snapshot<V>, query: &CheckedQuery<'_>) -> Self {
        let mut plan = Self::to_rows(snapshot, query.tree);
        plan.choose_walk(snapshot, query);
        plan
    }

    /// How to find the rows that satisfy this, in any order.
    pub(crate) fn to_rows<V: View>(snapshot: &Snapshot<V>, tree: &Node) -> Self {
        let plan = Self::by_indexes(snapshot, tree);
        if plan.access.is_some() && plan.cost() < plan.cost_of_scan() {
            return plan;
        }
        Self { access: None, residual: plan.tree.clone(), ..plan }
    }

    /// By every index that narrows the rows, whatever that costs.
    fn by_indexes<V: View>(snapshot: &Snapshot<V>, tree: &Node) -> Self {
        let mut tree = tree.clone().normalised();
        if let Node::And(nodes) = &mut tree {
            // The cheapest first: what is left is what the next one looks at.
            nodes.sort_by_key(weight);
        }
        let mut ways = Ways { snapshot, missing: Vec::new() };
        let conjuncts = match &tree {
            Node::And(nodes) => nodes.as_slice(),
            node => std::slice::from_ref(node),
        };
        let (mut accesses, mut residual) = (Vec::new(), Vec::new());
        for node in conjuncts {
            let access = ways.by_node(node, None);
            if !access.as_ref().is_some_and(|access| access.is_exact(snapshot)) {
                residual.push(node.clone());
            }
            accesses.extend(access);
        }
        let missing = ways.missing;
        let access = if accesses.len() > 1 { Some(Access::All(accesses)) } else { accesses.pop() };
        let all = snapshot.rows.live();
        let estimate = access.as_ref().map(|access| access.estimate(snapshot));
        let (entries, rows) =
            estimate.map_or((0, all), |estimate| (estimate.entries, estimate.rows.min(all)));
        Self { tree, residual: Node::and(residual), access, entries, rows, all, walk: None, missing }
    }

    fn cost_of_scan(&self) -> usize {
        self.all * (NEXT_ROW + weight(&self.tree))
    }

    fn cost(&self) -> usize {
        match &self.access {
            Some(_) => self.entries * ENTRY + self.rows * (ANY_ROW + weight(&self.residual)),
            None => self.cost_of_scan(),
        }
    }

    /// Walks in the order of the sort where fewer rows are likely to be seen so. It is given up where the rows that
    /// are sought stand unluckily: all in all, never more than about twice the cost of the other way.
    fn choose_walk<V: View>(&mut self, snapshot: &Snapshot<V>, query: &CheckedQuery<'_>) {
        let (Some(limit), Some(first)) = (query.rows, query.keys.first()) else { return };
        let mut declared = snapshot.declared.indexes.iter();
        let index = declared.position(|index| {
            index.kind() == IndexKind::Ordered && index.within().is_none() && index.path() == first.path
        });
        let Some(index) = index else { return };
        let (each, other) = (ANY_ROW + weight(&self.tree), self.cost());
        let expected = (limit + 1).saturating_mul(self.all) / self.rows.max(1);
        if expected.saturating_mul(each) >= other {
            return;
        }
        if snapshot.built(index).is_none() {
            self.missing.push(index);
            return;
        }
        self.walk = Some((index, (other / each).max(limit)));
    }

    /// One page of the rows.
    pub(crate) async fn page<V: View>(&self, snapshot: &Snapshot<V>, query: &CheckedQuery<'_>) -> Page<V> {
        if let Some((index, budget)) = self.walk
            && let Some((found, is_last)) = walk::first(snapshot, query, &self.tree, index, budget).await
        {
            return scan::answer(snapshot, query, found, is_last).await;
        }
        match &self.access {
            None => {
                let (found, is_last) = scan::ranked(snapshot.rows.parts(), query, &self.residual).await;
                scan::answer(snapshot, query, found, is_last).await
            }
            Some(access) => {
                let numbers = candidates::rows(access, snapshot);
                let (found, is_last) =
                    scan::ranked(snapshot.rows.chosen(&numbers), query, &self.residual).await;
                scan::answer(snapshot, query, found, is_last).await
            }
        }
    }

    /// How many rows there are.
    pub(crate) async fn count<V: View>(&self, snapshot: &Snapshot<V>) -> u64 {
        match &self.access {
            None if self.tree == Node::Everything => snapshot.rows.live() as u64,
            None => scan::count(snapshot.rows.parts(), &self.residual).await,
            Some(access) => {
                let numbers = candidates::rows(access, snapshot);
                if self.residual == Node::Everything {
                    return numbers.len() as u64;
                }
                scan::count(snapshot.rows.chosen(&numbers), &self.residual).await
            }
        }
    }
}

/// About what a test of one row costs, in steps of ten nanoseconds.
fn weight(node: &Node) -> usize {
    match node {
        Node::Everything => 0,
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().map(weight).sum(),
        Node::Not(inner) => weight(inner),
        Node::Quantified(Quantified { inner, .. }) => 2 + 2 * weight(inner),
        Node::Predicate(Predicate { test, .. }) => match test {
            Test::Search(_) => 100,
            Test::Matches(_) => 10,
            Test::Contains(_) => 3,
            _ => 1,
        },
    }
}
