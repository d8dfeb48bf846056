//! From the tree of a specification to conditions in SQL.
//!
//! A condition is exact, or it is wider and the node is tested again in memory; it is never narrower. A node that cannot
//! even be narrowed gives no condition. Every condition is true or false for every row, never null, so that `not` is the
//! complement here as well.
//!
//! Columns with an index are hidden from the engine's planner, except where the [plan](super::plan) asks for them.

use std::borrow::Cow;

use portolan_kernel::specification::{Node, Quantified, Quantifier};

use super::super::engine;
use super::layout::{Layout, ROW, Table};
use super::statement::{Bound, Statement};

pub(super) mod keyset;
mod predicate;

/// How many values one statement binds at the most; engines take from 32,766.
const MAX_BINDS: usize = 16_000;

/// A condition.
pub(super) struct Condition<'a> {
    pub(super) sql: Statement<'a>,
    /// Whether it holds exactly where its node does; else it holds where its node does, and elsewhere as well.
    pub(super) is_exact: bool,
}

/// Whose columns a node's paths are.
#[derive(Clone, Copy)]
struct Scope<'a> {
    table: &'a Table,
    /// Whether the planner may look for an index on these columns.
    is_seen: bool,
}

/// Makes the conditions of one statement.
pub(super) struct Translator<'a> {
    layout: &'a Layout,
    binds: usize,
}

impl<'a> Translator<'a> {
    pub(super) const fn new(layout: &'a Layout) -> Self {
        Self { layout, binds: 0 }
    }

    /// Where the node holds, or a condition that is wider.
    pub(super) fn condition(&mut self, node: &'a Node) -> Option<Condition<'a>> {
        self.node(Scope { table: &self.layout.rows, is_seen: false }, node)
    }

    /// Where the node holds, or wider, said so that an index leads to the rows; `None` where no index does.
    pub(super) fn way(&mut self, node: &'a Node) -> Option<Condition<'a>> {
        let scope = Scope { table: &self.layout.rows, is_seen: true };
        match node {
            Node::Predicate(predicate) if predicate::has_way(scope.table, predicate) => {
                self.predicate(scope, predicate)
            }
            Node::Quantified(Quantified { quantifier: Quantifier::Any, collection, inner }) => {
                let table = scope.table.child(collection)?;
                self.way_within(Scope { table, is_seen: true }, inner)
            }
            _ => None,
        }
    }

    /// As [`way`](Self::way), through the elements of a collection.
    fn way_within(&mut self, scope: Scope<'a>, inner: &'a Node) -> Option<Condition<'a>> {
        let parts = match inner {
            Node::And(parts) => parts.as_slice(),
            part => std::slice::from_ref(part),
        };
        let found = parts.iter().find_map(|part| match part {
            Node::Predicate(predicate) if predicate::has_way(scope.table, predicate) => {
                let condition = self.predicate(scope, predicate).filter(|condition| condition.is_exact)?;
                let mut sql = self.row_number().word(" in (select ").name(ROW).word(" from ");
                sql.push_name(&scope.table.name);
                sql.push_word(" where ");
                sql.push(condition.sql);
                Some(sql.word(")"))
            }
            _ => None,
        });
        found.map(|sql| Condition { sql, is_exact: parts.len() == 1 })
    }

    fn node(&mut self, scope: Scope<'a>, node: &'a Node) -> Option<Condition<'a>> {
        match node {
            Node::Everything => Some(exact(always())),
            node if node.is_nothing() => Some(exact(self.nothing(node))),
            Node::And(nodes) => {
                let parts = nodes.iter().map(|node| self.node(scope, node)).collect();
                self.all(parts)
            }
            Node::Or(nodes) => {
                let parts: Option<Vec<_>> = nodes.iter().map(|node| self.node(scope, node)).collect();
                parts.map(any)
            }
            Node::Not(inner) => self.negated(scope, inner),
            Node::Predicate(predicate) => self.predicate(scope, predicate),
            Node::Quantified(quantified) => self.quantified(scope, quantified),
        }
    }

    /// Where the node does not hold. A wider condition has no complement, so `not` goes inside until it meets exact ones.
    fn negated(&mut self, scope: Scope<'a>, node: &'a Node) -> Option<Condition<'a>> {
        let binds = self.binds;
        if let Some(Condition { sql, is_exact: true }) = self.node(scope, node) {
            return Some(exact(not(sql)));
        }
        self.binds = binds;
        match node {
            Node::Not(inner) => self.node(scope, inner),
            Node::And(nodes) => {
                let parts: Option<Vec<_>> = nodes.iter().map(|node| self.negated(scope, node)).collect();
                parts.map(any)
            }
            Node::Or(nodes) => {
                let parts = nodes.iter().map(|node| self.negated(scope, node)).collect();
                self.all(parts)
            }
            Node::Everything | Node::Predicate(_) | Node::Quantified(_) => None,
        }
    }

    fn quantified(&mut self, scope: Scope<'a>, quantified: &'a Quantified) -> Option<Condition<'a>> {
        let table = scope.table.child(quantified.collection)?;
        let inner = Scope { table, is_seen: false };
        let Condition { sql, is_exact } = self.node(inner, &quantified.inner)?;
        let sql = match quantified.quantifier {
            Quantifier::Any => self.some_element(table, sql),
            // Where every element satisfies the inner node, none fails what is wider.
            Quantifier::All => not(self.some_element(table, not(sql))),
        };
        Some(Condition { sql, is_exact })
    }

    /// That the table has an element of the row for which this holds.
    fn some_element(&self, table: &'a Table, condition: Statement<'a>) -> Statement<'a> {
        let mut sql = Statement::new("exists (select 1 from ").name(&table.name).word(" where ");
        sql.push_name(&table.name);
        sql.push_word(".");
        sql.push_name(ROW);
        sql.push_word(" = ");
        sql.push(self.row_number());
        sql.push_word(" and ");
        sql.push(condition);
        sql.word(")")
    }

    /// The number of the row that is asked about.
    fn row_number(&self) -> Statement<'a> {
        Statement::default().name(&self.layout.rows.name).word(".").name(ROW)
    }

    /// Sets so many values aside; `None` where a statement would bind too many.
    fn take_binds(&mut self, count: usize) -> Option<()> {
        let binds = self.binds.checked_add(count).filter(|binds| *binds <= MAX_BINDS)?;
        self.binds = binds;
        Some(())
    }

    fn nothing(&self, node: &'a Node) -> Statement<'a> {
        let is_list = matches!(node, Node::Predicate(_));
        if self.layout.is_bent(if is_list { Mistake::EmptyInIsAll } else { Mistake::EmptyOrIsAll }) {
            return always();
        }
        never()
    }

    /// Where all of them hold; a part without a condition is left to memory.
    fn all(&self, mut parts: Vec<Option<Condition<'a>>>) -> Option<Condition<'a>> {
        if self.layout.is_bent(Mistake::LosesTheLastConjunct) && parts.len() > 1 {
            parts.pop();
        }
        let is_exact = parts.iter().all(|part| part.as_ref().is_some_and(|part| part.is_exact));
        let parts: Vec<_> = parts.into_iter().flatten().map(|part| part.sql).collect();
        (!parts.is_empty()).then(|| Condition { sql: joined(parts, " and "), is_exact })
    }
}

/// A classic mistake of translators, that a test lets this one make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    NullUnderNot,
    WildcardsInContains,
    FoldsCase,
    EmptyInIsAll,
    EmptyOrIsAll,
    LosesTheLastConjunct,
    IgnoresCurrency,
    IncludesTheBound,
}

/// The beginning of a text, as much of it as an index holds.
fn begin(column: Statement<'_>) -> Statement<'_> {
    let mut sql = Statement::new("left(");
    sql.push(column);
    sql.push_word(", ");
    sql.push_number(engine::INDEXED_CHARACTERS as u64);
    sql.word(")")
}

/// The beginning of a value, likewise.
fn begin_of(bound: Bound<'_>) -> Bound<'_> {
    let Bound::Text(text) = bound else { return bound };
    match text.char_indices().nth(engine::INDEXED_CHARACTERS) {
        Some((end, _)) => Bound::Text(Cow::Owned(text[..end].to_owned())),
        None => Bound::Text(text),
    }
}

/// How the beginnings of two texts compare where the texts compare like this.
fn begin_sign(sign: &'static str) -> &'static str {
    match sign.trim() {
        "<" => " <= ",
        ">" => " >= ",
        _ => sign,
    }
}

const fn exact(sql: Statement<'_>) -> Condition<'_> {
    Condition { sql, is_exact: true }
}

fn always<'a>() -> Statement<'a> {
    Statement::new("1 = 1")
}

fn never<'a>() -> Statement<'a> {
    Statement::new("1 = 0")
}

fn not(sql: Statement<'_>) -> Statement<'_> {
    let mut not = Statement::new("not (");
    not.push(sql);
    not.word(")")
}

/// Where any of them holds.
fn any(parts: Vec<Condition<'_>>) -> Condition<'_> {
    let is_exact = parts.iter().all(|part| part.is_exact);
    Condition { sql: joined(parts.into_iter().map(|part| part.sql).collect(), " or "), is_exact }
}

/// The parts with a word between them, in brackets, nested no deeper than need be: engines bound the depth of an
/// expression, and a long chain is a deep one.
pub(super) fn joined<'a>(mut parts: Vec<Statement<'a>>, between: &'static str) -> Statement<'a> {
    const CHAIN: usize = 8;
    if parts.len() == 1 {
        return parts.remove(0);
    }
    if parts.len() > CHAIN {
        let right = parts.split_off(parts.len() / 2);
        return joined(vec![joined(parts, between), joined(right, between)], between);
    }
    let mut sql = Statement::new("(");
    for (place, part) in parts.into_iter().enumerate() {
        if place > 0 {
            sql.push_word(between);
        }
        sql.push(part);
    }
    sql.word(")")
}
