//! Which way leads to the rows of a question.
//!
//! The engine's planner is told, where it has no statistics of its own: an index that finds few rows is looked for, every
//! other is hidden, because reading half a table through an index takes several times as long as reading it.

use portolan_kernel::specification::{Comparison, Node, Predicate, Test};
use portolan_kernel::{CheckedQuery, SortKey};

use super::super::{Conn, Fault, engine};
use super::Asked;
use super::layout::{Layout, ROW};
use super::members::Members;
use super::statement::{Shapes, Statement};
use super::translate::keyset::Order;
use super::translate::{Condition, Translator, joined};
use super::words::Sought;

/// An index is worth it that leads to fewer than one row in so many.
const SELECTIVE: i64 = 64;

/// Rows that are always few enough to be found by an index.
const FEW: i64 = 256;

/// How the rows of a question are found.
pub(super) struct Plan<'a> {
    pub(super) layout: &'a Layout,
    /// What the store tests; `None`: nothing, every row is looked at.
    condition: Option<Statement<'a>>,
    /// What is tested in memory on each row that is found.
    pub(super) residual: Option<Node>,
    /// The rows that are looked at, where the words of the question have found them.
    pub(super) found: Option<Members>,
    /// About how many rows there are, where that matters.
    pub(super) rows: u64,
    /// Whether an index finds the rows.
    has_way: bool,
    /// Whether it finds so few that they need no order from the store.
    pub(super) finds_few: bool,
}

impl<'a> Plan<'a> {
    /// For this tree, which is normalised.
    pub(super) fn of(asked: Asked<'a>, tree: &'a Node, conn: &mut Conn) -> Result<Self, Fault> {
        let Asked { layout, shapes, .. } = asked;
        let nodes = match tree {
            Node::Everything => &[][..],
            Node::And(nodes) => nodes.as_slice(),
            node => std::slice::from_ref(node),
        };
        let mut way = best_way(asked, nodes, conn)?;
        let sought = nodes.iter().map(|node| Sought::of(layout, node)).collect::<Vec<_>>();
        let found = found(layout, &sought, &way, conn, shapes)?;
        if found.is_some() && !engine::KEEPS_STATISTICS {
            way.places.clear();
        }
        let mut translator = Translator::new(layout);
        let (mut conditions, mut residual) = (Vec::new(), Vec::new());
        for ((place, node), sought) in nodes.iter().enumerate().zip(&sought) {
            if let Some((_, is_exact)) = sought
                && found.is_some()
            {
                residual.extend((!is_exact).then(|| node.clone()));
                continue;
            }
            let way = way.places.contains(&place).then(|| translator.way(node)).flatten();
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
        let rows = match &found {
            Some(_) => rows(asked, conn)?.unsigned_abs(),
            None => 0,
        };
        let has_way = found.is_some() || !way.places.is_empty();
        let finds_few = found.is_none() && way.rows.is_some_and(|rows| rows <= FEW);
        Ok(Self { layout, condition, residual, found, rows, has_way, finds_few })
    }

    /// Whether the store tests nothing, and every row that it finds is one.
    pub(super) const fn is_said(&self) -> bool {
        self.condition.is_none() && self.residual.is_none()
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
        if let Some(order) = order {
            order.push_walk(into);
        }
        let conditions: Vec<_> = self.condition.clone().into_iter().chain(also).collect();
        if !conditions.is_empty() {
            into.push_word(" where ");
            into.push(joined(conditions, " and "));
        }
    }
}

/// The conjuncts that are worth looking for by an index.
#[derive(Default)]
struct Way {
    places: Vec<usize>,
    /// How many rows they find, where that was counted.
    rows: Option<i64>,
}

/// The best way: conjuncts on one field together, because two bounds make a range.
fn best_way(asked: Asked<'_>, nodes: &[Node], conn: &mut Conn) -> Result<Way, Fault> {
    let Asked { layout, shapes, estimates, position } = asked;
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
        return Ok(Way { places: ways.concat(), rows: None });
    }
    if let Some(one) = ways.iter().find(|way| is_one_row(&nodes[way[0]])) {
        return Ok(Way { places: one.clone(), rows: Some(1) });
    }
    if ways.is_empty() {
        return Ok(Way::default());
    }
    let mut few = (rows(asked, conn)? / SELECTIVE).max(FEW);
    let mut best = Way::default();
    for places in ways {
        let mut translator = Translator::new(layout);
        let conditions = places.iter().filter_map(|place| translator.way(&nodes[*place]));
        let conditions: Vec<_> = conditions.map(|condition| condition.sql).collect();
        let mut found = Statement::new("select count(*) from (select 1 from ").name(&layout.rows.name);
        found.push_word(" where ");
        found.push(joined(conditions, " and "));
        found.push_word(" limit ");
        // Few different numbers, so that there are few different texts.
        found.push_number(few.unsigned_abs().next_power_of_two());
        let found = estimates.about(found.word(") as found"), position, conn, shapes)?;
        if found < few {
            few = found;
            best = Way { places, rows: Some(found) };
        }
    }
    Ok(best)
}

/// About how many rows there are.
fn rows(Asked { layout, shapes, estimates, position }: Asked<'_>, conn: &mut Conn) -> Result<i64, Fault> {
    let all = Statement::new("select coalesce(max(").name(ROW).word("), 0) from ").name(&layout.rows.name);
    estimates.about(all, position, conn, shapes)
}

/// What the words of the question find, where that is less than the way finds.
fn found(
    layout: &Layout,
    sought: &[Option<(Sought<'_>, bool)>],
    way: &Way,
    conn: &mut Conn,
    shapes: &Shapes,
) -> Result<Option<Members>, Fault> {
    let mut found: Option<Members> = None;
    if way.rows.is_some_and(|rows| rows <= FEW) {
        return Ok(found);
    }
    for (sought, _) in sought.iter().flatten() {
        let rows = sought.rows(conn, layout, shapes)?;
        let rows = match found {
            Some(found) => found.and(&rows),
            None => rows,
        };
        let is_empty = rows.is_empty();
        found = Some(rows);
        if is_empty {
            break;
        }
    }
    Ok(found.filter(|found| way.rows.is_none_or(|rows| found.len() < rows.unsigned_abs())))
}

/// Whether the node is equality on the id.
fn is_one_row(node: &Node) -> bool {
    matches!(node, Node::Predicate(Predicate { path, test: Test::Compare(Comparison::Eq, _) }) if path.field.name == "id")
}

/// Whether the node bounds a field on one side.
fn is_range(node: &Node) -> bool {
    use Comparison::{Gt, Gte, Lt, Lte};
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
