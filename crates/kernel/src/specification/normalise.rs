//! A simpler tree that selects the same candidates: what planners and translators start from.

use super::operands::Members;
use super::tree::{Comparison, Node, Predicate, Quantified, Quantifier, Test};
use super::value::Value;

impl Node {
    /// The same candidates, said shorter: no nested `and` in `and`, no double negation, no constant but alone, no
    /// child twice, no list of one. Never larger than before; children keep their order; doing it again changes
    /// nothing.
    #[must_use]
    pub fn normalised(self) -> Self {
        match self {
            Self::Everything => Self::Everything,
            Self::And(nodes) => conjunction(nodes),
            Self::Or(nodes) => disjunction(nodes),
            Self::Not(node) => negation(node.normalised()),
            Self::Predicate(predicate) => shorter(predicate),
            Self::Quantified(Quantified { quantifier, collection, inner }) => {
                match (quantifier, inner.normalised()) {
                    (Quantifier::Any, inner) if inner.is_nothing() => Self::nothing(),
                    (Quantifier::All, Self::Everything) => Self::Everything,
                    (quantifier, inner) => {
                        Self::Quantified(Quantified { quantifier, collection, inner: Box::new(inner) })
                    }
                }
            }
        }
    }
}

fn conjunction(nodes: Vec<Node>) -> Node {
    let mut kept = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node.normalised() {
            Node::Everything => {}
            Node::And(inner) => inner.into_iter().for_each(|node| push_new(&mut kept, node)),
            node if node.is_nothing() => return node,
            node => push_new(&mut kept, node),
        }
    }
    Node::and(kept)
}

fn disjunction(nodes: Vec<Node>) -> Node {
    let mut kept = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node.normalised() {
            Node::Everything => return Node::Everything,
            Node::Or(inner) => inner.into_iter().for_each(|node| push_new(&mut kept, node)),
            node if node.is_nothing() => {}
            node => push_new(&mut kept, node),
        }
    }
    Node::or(kept)
}

fn push_new(kept: &mut Vec<Node>, node: Node) {
    if !kept.contains(&node) {
        kept.push(node);
    }
}

fn negation(node: Node) -> Node {
    match node {
        Node::Everything => Node::nothing(),
        node if node.is_nothing() => Node::Everything,
        Node::Not(inner) => *inner,
        Node::Predicate(Predicate { path, test: Test::Compare(Comparison::Eq, value) }) => {
            Node::Predicate(Predicate { path, test: Test::Compare(Comparison::Neq, value) })
        }
        Node::Predicate(Predicate { path, test: Test::Compare(Comparison::Neq, value) }) => {
            Node::Predicate(Predicate { path, test: Test::Compare(Comparison::Eq, value) })
        }
        node => Node::not(node),
    }
}

fn shorter(predicate: Predicate) -> Node {
    let Predicate { path, test: Test::In(members) } = predicate else {
        return Node::Predicate(predicate);
    };
    let mut distinct: Vec<Value> = Vec::with_capacity(members.values().len());
    let mut seen = std::collections::HashSet::with_capacity(members.values().len());
    distinct.extend(members.values().iter().filter(|value| seen.insert(*value)).cloned());
    match distinct.as_slice() {
        [value] => Node::predicate(path, Test::Compare(Comparison::Eq, value.clone())),
        _ => Node::Predicate(Predicate { path, test: Test::In(Members::new(distinct)) }),
    }
}
