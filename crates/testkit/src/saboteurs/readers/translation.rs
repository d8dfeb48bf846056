//! Read models that misunderstand specifications, each as a translator into some query language has done.
//!
//! A mistake is said as another tree: what the translator's query would really select.

use portolan_kernel::specification::{
    Comparison, Node, Part, Path, Pattern, Predicate, Quantified, Test, Type, Value,
};

use super::Tamper;

/// Takes every node for what this makes of it, from the leaves up.
pub(super) struct Misunderstands(pub(super) fn(Node) -> Node);

impl Tamper for Misunderstands {
    fn misunderstand(&self, node: Node) -> Node {
        rewritten(node, self.0)
    }
}

fn rewritten(node: Node, rewrite: fn(Node) -> Node) -> Node {
    let inside = |nodes: Vec<Node>| nodes.into_iter().map(|node| rewritten(node, rewrite)).collect();
    rewrite(match node {
        Node::And(nodes) => Node::And(inside(nodes)),
        Node::Or(nodes) => Node::Or(inside(nodes)),
        Node::Not(node) => Node::Not(Box::new(rewritten(*node, rewrite))),
        Node::Quantified(Quantified { quantifier, collection, inner }) => {
            let inner = Box::new(rewritten(*inner, rewrite));
            Node::Quantified(Quantified { quantifier, collection, inner })
        }
        leaf => leaf,
    })
}

/// `<` becomes `<=`.
pub(super) fn includes_the_bound(node: Node) -> Node {
    with_test(node, |_, test| match test {
        Test::Compare(Comparison::Lt, value) => Test::Compare(Comparison::Lte, value),
        test => test,
    })
}

/// Money is compared by its minor units alone.
pub(super) fn ignores_the_currency(node: Node) -> Node {
    match node {
        Node::Predicate(Predicate { path, test: Test::Compare(comparison, Value::Money(money)) }) => {
            let path = Path { part: Part::Amount, ..path };
            Node::predicate(path, Test::Compare(comparison, Value::Integer(money.amount)))
        }
        node => node,
    }
}

/// The last part of an `and` gets lost.
pub(super) fn loses_a_conjunct(node: Node) -> Node {
    match node {
        Node::And(mut nodes) if nodes.len() > 1 => {
            nodes.pop();
            Node::and(nodes)
        }
        node => node,
    }
}

/// `not (a and b)` becomes `not a and not b`.
pub(super) fn distributes_a_negation(node: Node) -> Node {
    match node {
        Node::Not(inner) => match *inner {
            Node::And(nodes) => Node::and(nodes.into_iter().map(Node::not).collect()),
            inner => Node::not(inner),
        },
        node => node,
    }
}

/// A test of null is unknown, and so is its negation.
pub(super) fn has_three_values(node: Node) -> Node {
    match node {
        Node::Not(inner) => match *inner {
            Node::Predicate(predicate) if !matches!(predicate.test, Test::IsNull | Test::In(_)) => {
                let is_null = Node::predicate(predicate.path, Test::IsNull);
                Node::and(vec![Node::not(Node::Predicate(predicate)), Node::not(is_null)])
            }
            inner => Node::not(inner),
        },
        node => node,
    }
}

/// `in []` writes no condition.
pub(super) fn drops_an_empty_list(node: Node) -> Node {
    match node {
        Node::Predicate(Predicate { test: Test::In(members), .. }) if members.values().is_empty() => {
            Node::Everything
        }
        node => node,
    }
}

/// Neither does an empty `or`.
pub(super) fn drops_an_empty_or(node: Node) -> Node {
    if node == Node::nothing() { Node::Everything } else { node }
}

/// What it cannot translate it leaves out.
pub(super) fn leaves_out_patterns(node: Node) -> Node {
    with_node(node, |test| matches!(test, Test::Matches(_)), |_| Node::Everything)
}

/// `contains` is a `LIKE` without an escape.
pub(super) fn takes_wildcards(node: Node) -> Node {
    with_test(node, |path, test| match test {
        Test::Contains(sought) if path.value_type().is_text() => match sought.value() {
            Value::Text(text) => like(text).map_or(Test::Contains(sought), Test::Matches),
            _ => Test::Contains(sought),
        },
        test => test,
    })
}

fn like(text: &str) -> Option<Pattern> {
    let part = |character| match character {
        '%' => ".*".to_owned(),
        '_' => ".".to_owned(),
        other => literal(other),
    };
    Pattern::new(&format!("(?s){}", text.chars().map(part).collect::<String>())).ok()
}

/// The pattern of this character alone.
fn literal(character: char) -> String {
    match character {
        alphanumeric if alphanumeric.is_ascii_alphanumeric() => alphanumeric.to_string(),
        other => format!("\\x{{{:x}}}", u32::from(other)),
    }
}

/// Upper and lower case are the same.
pub(super) fn folds_case(node: Node) -> Node {
    with_test(node, |path, test| match test {
        Test::Compare(Comparison::Eq, Value::Text(text)) if path.value_type() == Type::Text => {
            let source: String = text.chars().map(literal).collect();
            let any_case = Pattern::new(&format!("(?i)^{source}$")).ok();
            any_case.map_or(Test::Compare(Comparison::Eq, Value::Text(text)), Test::Matches)
        }
        test => test,
    })
}

/// A value is spliced into the query, where a quote ends it.
pub(super) fn splices_values(node: Node) -> Node {
    with_node(
        node,
        |test| matches!(test, Test::Compare(Comparison::Eq, Value::Text(text)) if text.contains("' or ")),
        |_| Node::Everything,
    )
}

fn with_test(node: Node, change: impl FnOnce(Path, Test) -> Test) -> Node {
    match node {
        Node::Predicate(Predicate { path, test }) => {
            Node::Predicate(Predicate { path, test: change(path, test) })
        }
        node => node,
    }
}

fn with_node(node: Node, is_meant: fn(&Test) -> bool, change: fn(Predicate) -> Node) -> Node {
    match node {
        Node::Predicate(predicate) if is_meant(&predicate.test) => change(predicate),
        node => node,
    }
}
