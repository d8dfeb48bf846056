//! Which way leads to the rows of a question.
//!
//! The engine's planner is told, where it has no statistics of its own: an index that finds few rows is looked for, every
//! other is hidden, because reading half a table through an index takes several times as long as reading it.

use portolan_kernel::specification::{Node, Predicate, Test};
use portolan_kernel::{CheckedQuery, IndexKind, SortKey};

use super::super::{Conn, Fault, engine};
use super::layout::{Layout, ROW};
use super::statement::{Shapes, Statement};
use super::translate::keyset::Order;
use super::translate::{Condition, Translator, joined};

/// An index is worth it that leads to fewer than one row in so many.
const SELECTIVE: i64 = 64;

/// Rows that are always few enough to be found by an index.
const FEW: i64 = 256;

/// How the rows of a question are found.
pub(super) struct Plan<'a> {
    layout: &'a Layout,
    /// What the store tests; `None`: nothing, every row is looked at.
    condition: Option<Statement<'a>>,
    /// What is tested in memory on each row that is found.
    pub(super) residual: Option<Node>,
    /// Whether an index finds the rows.
    has_way: bool,
}

impl<'a> Plan<'a> {
    /// For this tree, which is normalised.
    pub(super) fn of(
        layout: &'a Layout,
        tree: &'a Node,
        conn: &mut Conn,
        shapes: &Shapes,
    ) -> Result<Self, Fault> {
        let nodes = match tree {
            Node::Everything => &[][..],
            Node::And(nodes) => nodes.as_slice(),
            node => std::slice::from_ref(node),
        };
        let way = best_way(layout, nodes, conn, shapes)?;
        let mut translator = Translator::new(layout);
        let (mut conditions, mut residual) = (Vec::new(), Vec::new());
        for (place, node) in nodes.iter().enumerate() {
            let way = way.contains(&place).then(|| translator.way(node)).flatten();
            let is_said = way.as_ref().is_some_and(|way| way.is_exact);
            conditions.extend(way.map(|way| way.sql));
            if is_said {
                continue;
            }
            let Condition { sql, is_exact } = match translator.condition(node) {
                Some(condition) => condition,
                None => {
                    residual.push(node.clone());
                    continue;
                }
            };
            conditions.push(sql);
            if !is_exact {
                residual.push(node.clone());
            }
        }
        if layout.is_bent(super::translate::Mistake::LosesTheLastConjunct) && conditions.len() > 1 {
            conditions.pop();
        }
        let condition = (!conditions.is_empty()).then(|| joined(conditions, " and "));
        let residual = (!residual.is_empty()).then(|| Node::and(residual));
        Ok(Self { layout, condition, residual, has_way: !way.is_empty() })
    }

    /// The order of the query, along an index where that ends early and no other index finds the rows.
    pub(super) fn order(&self, query: &CheckedQuery<'_>) -> Result<Order<'a>, Fault> {
        let keys: &[SortKey] = &query.keys;
        Ok(Order::new(self.layout, keys, query.rows.is_some() && !self.has_way)?)
    }

    /// `from .. where ..`, with one more condition, along the index of an order.
    pub(super) fn push_from<'v>(
        &self,
        into: &mut Statement<'v>,
        order: Option<&Order<'a>>,
        also: Option<Statement<'v>>,
    ) where
        'a: 'v,
    {
        into.push_word(" from ");
        into.push_name(&self.layout.rows.name);
        if let Some(index) = order.and_then(Order::walk) {
            engine::walk(into, index);
        }
        let conditions: Vec<_> = self.condition.clone().into_iter().chain(also).collect();
        if !conditions.is_empty() {
            into.push_word(" where ");
            into.push(joined(conditions, " and "));
        }
    }
}

/// The conjuncts that are worth looking for by an index: those on one field together, because two bounds make a range.
fn best_way(layout: &Layout, nodes: &[Node], conn: &mut Conn, shapes: &Shapes) -> Result<Vec<usize>, Fault> {
    let mut ways: Vec<Vec<usize>> = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        if Translator::new(layout).way(node).is_none() {
            continue;
        }
        let same_field = |way: &&mut Vec<usize>| is_range(node) && is_same_range(&nodes[way[0]], node);
        match ways.iter_mut().find(same_field) {
            Some(way) => way.push(place),
            None => ways.push(vec![place]),
        }
    }
    // An engine that knows its rows chooses among all of them.
    if engine::KEEPS_STATISTICS {
        return Ok(ways.concat());
    }
    // What is declared for equality finds few rows; that is what it was declared for.
    let sure = ways.iter().find(|way| way.iter().any(|place| is_sure(layout, &nodes[*place])));
    if let Some(sure) = sure {
        return Ok(sure.clone());
    }
    if ways.is_empty() {
        return Ok(Vec::new());
    }
    let all = Statement::new("select coalesce(max(").name(ROW).word("), 0) from ").name(&layout.rows.name);
    let few = (all.number_of(conn, shapes)? / SELECTIVE).max(FEW);
    let mut best = (few, Vec::new());
    for way in ways {
        let mut translator = Translator::new(layout);
        let conditions = way.iter().filter_map(|place| translator.way(&nodes[*place]));
        let conditions: Vec<_> = conditions.map(|condition| condition.sql).collect();
        let mut found = Statement::new("select count(*) from (select 1 from ").name(&layout.rows.name);
        found.push_word(" where ");
        found.push(joined(conditions, " and "));
        found.push_word(" limit ");
        found.push_number(best.0.unsigned_abs());
        let found = found.word(") as found").number_of(conn, shapes)?;
        if found < best.0 {
            best = (found, way);
        }
    }
    Ok(best.1)
}

/// Whether the node is equality on a field that is indexed for that alone, or on the id.
fn is_sure(layout: &Layout, node: &Node) -> bool {
    let Node::Predicate(Predicate {
        path,
        test: Test::Compare(portolan_kernel::specification::Comparison::Eq, _),
    }) = node
    else {
        return false;
    };
    if path.field.name == "id" {
        return true;
    }
    let columns = layout.rows.columns.iter();
    let mut columns = columns.filter(|column| column.path == Some(*path));
    columns.any(|column| column.index == Some(IndexKind::Hash))
}

/// Whether the node bounds a field on one side.
fn is_range(node: &Node) -> bool {
    use portolan_kernel::specification::Comparison::{Gt, Gte, Lt, Lte};
    matches!(node, Node::Predicate(Predicate { test: Test::Compare(Lt | Lte | Gt | Gte, _), .. }))
}

fn is_same_range(left: &Node, right: &Node) -> bool {
    match (left, right) {
        (Node::Predicate(left), Node::Predicate(other)) => {
            is_range(right) && left.path == other.path && {
                let Predicate { test, .. } = left;
                matches!(test, Test::Compare(..))
            }
        }
        _ => false,
    }
}
