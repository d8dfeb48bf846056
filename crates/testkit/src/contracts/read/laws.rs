//! The laws of the algebra, on the model itself.

use portolan_kernel::specification::Node;

use super::algebra::select;
use crate::specimen::random::id;
use crate::specimen::{Random, Specimen};
use crate::{ReadSubject, Verdict, ensure_eq};
use portolan_kernel::Specification;

/// R2: De Morgan and double-negation pairs agree; so do identity and absorption.
pub async fn r02_de_morgan_and_double_negation_agree(subject: &mut ReadSubject) -> Verdict {
    let mut random = Random::new(2);
    subject.collect((0..60).map(|number| random.specimen(id(number))).collect()).await?;
    for _ in 0..subject.effort(60).max(20) {
        let (one, other) = (random.node::<Specimen>(), random.node::<Specimen>());
        let and = |parts: [&Node; 2]| Node::And(parts.map(Node::clone).to_vec());
        let or = |parts: [&Node; 2]| Node::Or(parts.map(Node::clone).to_vec());
        let not = |node: &Node| Node::not(node.clone());
        let pairs = [
            (not(&and([&one, &other])), or([&not(&one), &not(&other)]), "De Morgan's `and`"),
            (not(&or([&one, &other])), and([&not(&one), &not(&other)]), "De Morgan's `or`"),
            (not(&not(&one)), one.clone(), "a double negation"),
            (and([&one, &Node::Everything]), one.clone(), "`and true`"),
            (or([&one, &Node::nothing()]), one.clone(), "`or false`"),
            (or([&one, &and([&one, &other])]), one.clone(), "absorption by `or`"),
            (and([&one, &or([&one, &other])]), one.clone(), "absorption by `and`"),
            (or([&one, &not(&one)]), Node::Everything, "a part or its complement"),
            (and([&one, &not(&one)]), Node::nothing(), "a part and its complement"),
        ];
        for (left, right, law) in pairs {
            let found = select(subject, &Specification::from_tree(left)?).await?;
            let expected = select(subject, &Specification::from_tree(right)?).await?;
            ensure_eq!(found, expected, "{law}, of `{one}` and `{other}`");
        }
    }
    Ok(())
}
