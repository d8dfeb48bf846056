//! Specifications against their definition: what `is_satisfied_by` says in memory.

use portolan_kernel::specification::Node;
use portolan_kernel::{PageRequest, Query, Specification};

use crate::specimen::random::id;
use crate::specimen::{Random, Specimen, SpecimenId, specimen};
use crate::{Breach, ReadSubject, Verdict, ensure_eq};

/// How many rows are asked.
const ROWS: usize = 80;

/// How many specifications are tried.
const SPECIFICATIONS: usize = 1_000;

/// So many that each operator meets each type, also with little effort.
const AT_LEAST: usize = 300;

/// R1: a thousand random specifications over random rows: the same ids as `is_satisfied_by` in memory, found and
/// counted. A breach names the seed, which `PORTOLAN_TEST_SEED` gives to the next run, and the smallest part that
/// disagrees.
pub async fn r01_random_specifications_select_what_memory_selects(subject: &mut ReadSubject) -> Verdict {
    let seed = seed();
    let mut random = Random::new(seed);
    let rows: Vec<Specimen> = (0..ROWS).map(|number| random.specimen(id(number))).collect();
    subject.collect(rows.clone()).await?;
    for number in 0..subject.effort(SPECIFICATIONS).max(AT_LEAST) {
        let node = random.node::<Specimen>();
        if let Err(breach) = agrees(subject, &rows, &node).await {
            let smallest = smallest(subject, &rows, node).await;
            return Err(Breach::new(format!(
                "seed {seed}, specification {number}; the smallest part that disagrees is `{smallest}`: {breach}"
            )));
        }
    }
    Ok(())
}

/// R4: empty `and` is all; empty `or` and `in []` are none. An unsupported part never widens the answer.
pub async fn r04_nothing_is_nothing_and_no_part_widens(subject: &mut ReadSubject) -> Verdict {
    let mut random = Random::new(4);
    let rows: Vec<Specimen> = (0..ROWS).map(|number| random.specimen(id(number))).collect();
    subject.collect(rows.clone()).await?;
    let count = |specification: Specification<Specimen>| {
        let subject = &*subject;
        async move { Verdict::Ok(select(subject, &specification).await?.len()) }
    };
    let none = || specimen::number().is_in(Vec::<i64>::new());
    ensure_eq!(count(Specification::everything()).await?, ROWS, "`true`");
    ensure_eq!(count(Specification::all_of([])).await?, ROWS, "an empty `and`");
    ensure_eq!(count(Specification::any_of([])).await?, 0, "an empty `or`");
    ensure_eq!(count(none()).await?, 0, "`in []`");
    ensure_eq!(count(!none()).await?, ROWS, "`not in []`");
    ensure_eq!(count(specimen::flag().eq(true).and(none())).await?, 0, "`in []` beside another part");
    let as_if_it_were_not_there = count(specimen::flag().eq(true)).await?;
    ensure_eq!(
        count(specimen::flag().eq(true).or(none())).await?,
        as_if_it_were_not_there,
        "`in []` or another part"
    );

    // Regular expressions and words are what stores most often leave to the process.
    let pattern = || specimen::title().matches("(?i)^lamp|\u{1f600}$");
    let words = || specimen::text().search("lamp desk");
    let one = || specimen::number().lte(0);
    let parts = [
        pattern()?,
        pattern()?.and(one()),
        one().and(pattern()?).and(words()),
        pattern()?.or(one()),
        !pattern()?,
        !pattern()?.and(one()),
        !(one() | words()),
        one().and(pattern()?.or(words())),
        one().or(pattern()?.and(words())),
        specimen::parts().any(crate::specimen::part::name().matches("[A-Z]")?),
        specimen::parts().all(!crate::specimen::part::name().search("lamp")),
        specimen::parts()
            .any(crate::specimen::part::name().matches("a")?.and(crate::specimen::part::quantity().gt(0))),
    ];
    for part in parts {
        agrees(subject, &rows, part.tree()?).await?;
    }
    Ok(())
}

/// The ids that the model finds, each once and in their order.
pub(super) async fn select(
    subject: &ReadSubject,
    specification: &Specification<Specimen>,
) -> Verdict<Vec<SpecimenId>> {
    let query = Query::new(specification.clone()).page(PageRequest::everything());
    let page = subject.specimens.repository.find(&query).await?;
    Ok(page.rows.iter().map(|row| row.view.id).collect())
}

/// The model finds and counts what memory selects, and finds the rows as they are.
pub(super) async fn agrees(subject: &ReadSubject, rows: &[Specimen], node: &Node) -> Verdict {
    let specification = Specification::<Specimen>::from_tree(node.clone())?;
    let expected: Vec<&Specimen> = rows.iter().filter(|row| node.is_satisfied_by(*row)).collect();
    let query = Query::new(specification.clone()).page(PageRequest::everything());
    let page = subject.specimens.repository.find(&query).await?;
    let ids = |rows: &mut dyn Iterator<Item = SpecimenId>| rows.collect::<Vec<_>>();
    ensure_eq!(
        ids(&mut page.rows.iter().map(|row| row.view.id)),
        ids(&mut expected.iter().map(|row| row.id)),
        "the rows with `{specification}`"
    );
    for (found, expected) in page.rows.iter().zip(&expected) {
        ensure_eq!(&*found.view, *expected, "a row with `{specification}`");
    }
    let counted = subject.specimens.repository.count(&specification).await?;
    ensure_eq!(counted, expected.len() as u64, "the count of `{specification}`");
    Ok(())
}

/// A part that disagrees and has no smaller one that does.
async fn smallest(subject: &ReadSubject, rows: &[Specimen], mut node: Node) -> Node {
    'smaller: loop {
        for part in parts(&node) {
            if agrees(subject, rows, &part).await.is_err() {
                node = part;
                continue 'smaller;
            }
        }
        return node;
    }
}

/// What is left of a tree when something is taken away.
fn parts(node: &Node) -> Vec<Node> {
    match node {
        Node::Not(inner) => vec![Node::clone(inner)],
        Node::And(nodes) | Node::Or(nodes) => {
            let without = |index: usize| {
                let mut rest = nodes.clone();
                rest.remove(index);
                if matches!(node, Node::And(_)) { Node::and(rest) } else { Node::or(rest) }
            };
            nodes.iter().cloned().chain((0..nodes.len()).map(without)).collect()
        }
        Node::Quantified(quantified) => {
            let smaller = |inner| {
                let mut part = quantified.clone();
                part.inner = Box::new(inner);
                Node::Quantified(part)
            };
            parts(&quantified.inner).into_iter().map(smaller).collect()
        }
        Node::Everything | Node::Predicate(_) => Vec::new(),
    }
}

/// Another one for each run, unless it is given.
fn seed() -> u64 {
    let given = std::env::var("PORTOLAN_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| fastrand::u64(..))
}
