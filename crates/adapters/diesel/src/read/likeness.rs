//! Which questions are alike: those that differ in nothing but their values.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use portolan_kernel::CheckedQuery;
use portolan_kernel::specification::{Node, Path, Test};

/// A digest of what the query asks, without the values that it asks for. Two with one digest are taken to be alike where no
/// harm comes of it.
pub(super) fn of(query: &CheckedQuery<'_>, is_counted: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    add(query.tree, &mut hasher);
    for key in &query.keys {
        add_path(key.path, &mut hasher);
        key.direction.hash(&mut hasher);
    }
    query.after.is_some().hash(&mut hasher);
    (query.rows, is_counted).hash(&mut hasher);
    hasher.finish()
}

fn add(node: &Node, hasher: &mut DefaultHasher) {
    std::mem::discriminant(node).hash(hasher);
    match node {
        Node::Everything => {}
        Node::And(nodes) | Node::Or(nodes) => {
            nodes.len().hash(hasher);
            nodes.iter().for_each(|node| add(node, hasher));
        }
        Node::Not(inner) => add(inner, hasher),
        Node::Predicate(predicate) => {
            add_path(predicate.path, hasher);
            std::mem::discriminant(&predicate.test).hash(hasher);
            if let Test::Compare(comparison, _) = &predicate.test {
                comparison.hash(hasher);
            }
        }
        Node::Quantified(quantified) => {
            quantified.quantifier.hash(hasher);
            quantified.collection.name.hash(hasher);
            add(&quantified.inner, hasher);
        }
    }
}

fn add_path(path: Path, hasher: &mut DefaultHasher) {
    path.field.name.hash(hasher);
    path.part.hash(hasher);
}
